/** How a StatefulSet makes, mends and takes away its Pods. k8s: pkg/controller/statefulset/stateful_pod_control.go */
import type { Pod } from "../../kinds/pod/types.ts";
import type { StatefulSet } from "../../kinds/stateful-set/shape.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client } from "../../ports/controller.ts";
import { namespaceGoes } from "../workload/pod-control.ts";
import { component, createClaims, keepRetention } from "./claims.ts";
import type { Revision } from "./history.ts";
import {
  identityLabels,
  identityMatches,
  newPod,
  podName,
  storageMatches,
  volumesOf,
} from "./identity.ts";

type Verb = "create" | "update" | "delete";

const reasons: Record<Verb, string> = { create: "Create", update: "Update", delete: "Delete" };

/** k8s: recordPodEvent */
function record(client: Client, set: StatefulSet, verb: Verb, pod: string, error?: string): void {
  const what = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name}`;
  if (error === undefined)
    client.event(set, "Normal", `Successful${reasons[verb]}`, `${what} successful`, { component });
  else
    client.event(set, "Warning", `Failed${reasons[verb]}`, `${what} failed error: ${error}`, {
      component,
    });
}

/** Whether to go on, or to try again later: nothing can be made in a namespace that goes. */
export type Outcome = "done" | "failed" | "never";

/** k8s: CreateStatefulPod */
export function createPod(
  client: Client,
  set: StatefulSet,
  revision: Revision,
  ordinal: number,
): Outcome {
  const name = podName(set, ordinal);
  const problem = createClaims(client, set, ordinal);
  if (problem !== undefined) {
    record(client, set, "create", name, problem);
    return "failed";
  }
  try {
    const template = newPod(set, revision.template, revision.name, ordinal);
    const pod = client.create<Pod>("pods", template);
    record(client, set, "create", name);
    keepRetention(client, set, pod, ordinal);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (namespaceGoes(error)) return "never";
    if (error.reason !== "AlreadyExists") record(client, set, "create", name, error.message);
    return "failed";
  }
  return "done";
}

/** Gives a Pod what one of its ordinal has: its labels, its claims. k8s: UpdateStatefulPod */
export function mendPod(client: Client, set: StatefulSet, pod: Pod, ordinal: number): Outcome {
  const { name } = pod.metadata;
  keepRetention(client, set, pod, ordinal);
  const stored = storageMatches(set, pod, ordinal);
  if (identityMatches(pod) && stored) return "done";
  const problem = stored ? undefined : createClaims(client, set, ordinal);
  if (problem !== undefined) {
    record(client, set, "update", name, problem);
    return "failed";
  }
  const labels = { ...pod.metadata.labels, ...identityLabels(name, ordinal) };
  const spec = stored
    ? pod.spec
    : { ...pod.spec, volumes: volumesOf(set, ordinal, pod.spec.volumes) };
  try {
    client.update<Pod>("pods", { ...pod, metadata: { ...pod.metadata, labels }, spec });
    record(client, set, "update", name);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    record(client, set, "update", name, error.message);
    return "failed";
  }
  return "done";
}

/** k8s: DeleteStatefulPod */
export function deletePod(client: Client, set: StatefulSet, { metadata }: Pod): void {
  client.delete("pods", metadata.namespace ?? "", metadata.name);
  record(client, set, "delete", metadata.name);
}
