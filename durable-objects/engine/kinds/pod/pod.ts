/** Pod. k8s: pkg/registry/core/pod/strategy.go */
import { podIndices } from "./indices.ts";
import { validatePodCreate } from "./validation/annotations-and-template.ts";
import { validatePodStatusUpdate } from "./validation/status-update.ts";
import { validateEphemeralUpdate, validatePodUpdate, validateResize } from "./validation/update.ts";
import type { Kind } from "../define.ts";
import { admitPod } from "./admission.ts";
import { withPodDefaults } from "./defaults.ts";
import { preparePod, preparePodUpdate } from "./prepare.ts";
import { podTable } from "./table.ts";
import type * as types from "./types.ts";
import { warningsOfPod } from "./warnings.ts";
import { schemaNamed } from "../../schema/types.ts";

export type Pod = types.Pod;

/**
 * Seconds a deleted Pod may still run: what was asked for, else its own grace period; none when nothing runs.
 * k8s: CheckGracefulDelete
 */
function graceSeconds(pod: Pod, requested: number | undefined): number {
  const { phase } = pod.status ?? {};
  if (!pod.spec.nodeName || phase === "Failed" || phase === "Succeeded") return 0;
  const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return period < 0 ? 1 : period;
}

/** The checks of a write to the Pod itself and to its subresources. */
const updateChecks: Record<string, typeof validatePodUpdate> = {
  "": validatePodUpdate,
  ephemeralcontainers: validateEphemeralUpdate,
  resize: validateResize,
  // Binding sets what the API checked already; an eviction only writes conditions.
  binding: () => [],
  eviction: () => [],
};

export const Pod: Kind<Pod> = {
  resource: "pods",
  apiVersion: "v1",
  kind: "Pod",
  schema: schemaNamed("core/v1.Pod"),
  indices: podIndices,
  statusResets: ["metadata.deletionTimestamp", "metadata.ownerReferences"],
  namespaced: true,
  statusWritesMetadata: ["labels", "annotations", "finalizers"],
  applyDefaults: withPodDefaults,
  admit: admitPod,
  prepareForCreate: preparePod,
  prepareForUpdate: (pod, old, context) => preparePodUpdate(pod, old, context.subresource),
  validateCreate: validatePodCreate,
  validateUpdate: (pod, old, context) =>
    (updateChecks[context.subresource] ?? validatePodUpdate)(pod, old),
  validateStatusUpdate: validatePodStatusUpdate,
  warnings: (pod, old) => (old ? [] : warningsOfPod(pod.spec, pod.metadata)),
  fields: (pod) => ({
    "spec.nodeName": pod.spec.nodeName ?? "",
    "spec.restartPolicy": pod.spec.restartPolicy ?? "",
    "spec.schedulerName": pod.spec.schedulerName ?? "",
    "spec.serviceAccountName": pod.spec.serviceAccountName ?? "",
    "spec.hostNetwork": String(pod.spec.hostNetwork ?? false),
    "status.phase": pod.status?.phase ?? "",
    "status.podIP": pod.status?.podIPs?.[0]?.ip ?? "",
    "status.podIPs": pod.status?.podIPs?.[0]?.ip ?? "",
    "status.nominatedNodeName": pod.status?.nominatedNodeName ?? "",
  }),
  graceSeconds,
  table: podTable,
};
