/** POST pods/NAME/binding. k8s: pkg/registry/core/pod/storage/storage.go assignPod, setPodHostAndAnnotations */
import type { Pod } from "../../kinds/pod/types.ts";
import { rfc3339 } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import { aggregate } from "../../machinery/field.ts";
import { withTopologyLabels } from "../admission/pod-topology-labels.ts";
import type { Operations } from "../write/operations.ts";
import type { WriteOptions } from "../write/write-options.ts";
import type { Resource } from "../discovery/registry.ts";
import * as status from "../../machinery/status.ts";
import { validateBinding } from "../../kinds/pod/validation/update.ts";

export interface BindingTarget {
  node: string;
  kind?: string;
  annotations?: Record<string, string>;
  uid?: string;
}

/** Writes a Pod's node, once. Throws what a write throws, 409 where it has one already or is being deleted among it. */
export function bindPod(
  operations: Operations,
  namespace: string,
  name: string,
  target: BindingTarget,
  options: WriteOptions,
): void {
  const resource = operations.registry.stored("pods") as Resource;
  const errors = validateBinding({
    target: { name: target.node, ...(target.kind ? { kind: target.kind } : {}) },
  });
  if (errors.length) throw status.plainError(aggregate(errors));
  const { node, kind = "Node", annotations, uid } = target;
  const binding = {
    kind: "Binding",
    apiVersion: "v1",
    metadata: { name, namespace, ...(uid ? { uid } : {}), ...(annotations ? { annotations } : {}) },
    target: { kind, name: node },
  };
  const write = { ...options, subresource: "binding" };
  operations.admitRequest("CREATE", resource, namespace, name, binding, write);
  const at = rfc3339(operations.now);
  operations.update(
    resource,
    namespace,
    name,
    (current) => {
      const pod = bound(resource, current as Pod, target, at);
      return kind === "Node" ? withTopologyLabels(pod, node, operations.reader) : pod;
    },
    write,
  );
}

function bound(resource: Resource, pod: Pod, target: BindingTarget, at: string): KubeObject {
  const { name, uid } = pod.metadata;
  if (target.uid && target.uid !== uid) {
    throw status.conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${target.uid}, UID in object meta: ${uid}`,
    );
  }
  const refuse = (problem: string): status.StatusError =>
    status.conflict({ group: "", plural: "pods/binding" }, name, problem);
  if (pod.metadata.deletionTimestamp) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec.nodeName) {
    throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  }
  if (pod.spec.schedulingGates?.length) {
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  }
  // Since 1.35 the promise of a node ends where the Pod gets one. k8s: ClearingNominatedNodeNameAfterBinding
  const { nominatedNodeName: _, ...rest } = pod.status ?? {};
  const conditions = (pod.status?.conditions ?? []).filter((c) => c.type !== "PodScheduled");
  const observed = pod.metadata.generation;
  const scheduled = {
    type: "PodScheduled",
    ...(observed === undefined ? {} : { observedGeneration: observed }),
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: at,
  };
  const annotations = target.annotations
    ? { ...pod.metadata.annotations, ...target.annotations }
    : pod.metadata.annotations;
  return {
    ...pod,
    metadata: { ...pod.metadata, ...(annotations ? { annotations } : {}) },
    spec: { ...pod.spec, nodeName: target.node },
    status: { ...rest, conditions: [...conditions, scheduled] },
  } as KubeObject;
}
