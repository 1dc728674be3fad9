/** How controllers make and take away Pods. k8s: pkg/controller/controller_utils.go RealPodControl */
import { podBytesPerReconcileMax, podsPerReconcileMax } from "../../core/limits.ts";
import type { Pod, PodTemplateSpec } from "../../kinds/pod/types.ts";
import type { KubeObject } from "../../core/object.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client } from "../../ports/controller.ts";
import { newControllerRef } from "./controller-ref.ts";

/** In a terminating namespace every creation fails: no Event, no retry. */
export const namespaceGoes = (error: StatusError): boolean =>
  error.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") ?? false;

/** A Pod as `owner` would create it. k8s: controller.GetPodFromTemplate */
export function podFromTemplate(
  owner: KubeObject,
  { metadata, spec }: PodTemplateSpec,
): PodTemplateSpec & { metadata: object } {
  const { namespace } = owner.metadata;
  const { labels, annotations, finalizers } = metadata ?? {};
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [newControllerRef(owner)],
    },
    spec,
  };
}

function createPod(
  client: Client,
  owner: KubeObject,
  component: string,
  pod: unknown,
): StatusError | undefined {
  try {
    const { metadata } = client.create<Pod>("pods", pod);
    client.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${metadata.name}`, {
      component,
    });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (namespaceGoes(error)) return undefined;
    client.event(owner, "Warning", "FailedCreate", `Error creating: ${error.message}`, {
      component,
    });
    return error;
  }
  return undefined;
}

/** How many Pods of a template one reconcile makes; `others`: objects that each Pod brings with it. */
export function podsAtOnce(template: object, others: readonly object[] = []): number {
  const bytes = JSON.stringify(template).length + JSON.stringify(others).length;
  const most = podsPerReconcileMax / (1 + others.length);
  return Math.max(1, Math.floor(Math.min(most, podBytesPerReconcileMax / bytes)));
}

/**
 * Batches of one, two, four and so on; none follows one in which a creation failed. Returns the first failure.
 * k8s: slowStartBatch
 */
export function createPods(
  client: Client,
  owner: KubeObject,
  component: string,
  pods: readonly unknown[],
): StatusError | undefined {
  let first: StatusError | undefined;
  for (let from = 0, size = 1; from < pods.length && !first; from += size, size *= 2) {
    for (const pod of pods.slice(from, from + size)) {
      const failure = createPod(client, owner, component, pod);
      first ??= failure;
    }
  }
  return first;
}

/** Deletes a Pod and records SuccessfulDelete on its owner. */
export function deletePod(
  client: Client,
  owner: KubeObject,
  component: string,
  name: string,
): void {
  client.delete("pods", owner.metadata.namespace ?? "", name);
  client.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`, { component });
}
