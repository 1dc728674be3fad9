import type { KubeObject, OwnerReference } from "../../durable-objects/engine/core/object.ts";
import type { Pod } from "../../durable-objects/engine/kinds/pod/pod.ts";
import type { ContainerStatus } from "../../durable-objects/engine/kinds/pod/types.ts";
import type { ObjectRef } from "../desk/desk.ts";
import { podState, type PodState } from "./pod-state.ts";

/** A Pod as the picture shows it, without a place. */

export interface Container {
  name: string;
  state: "waiting" | "running" | "ready" | "ended" | "failed";
  init: boolean;
}

export interface PodView {
  uid: string;
  ref: ObjectRef;
  /** The last five letters that tell it from its siblings. */
  label: string;
  node: string;
  /** In a namespace of the cluster's own. */
  system: boolean;
  state: PodState;
  containers: Container[];
  /** `Deployment/web`; a Pod of its own: "". */
  workload: string;
  /** What `workload` names. */
  owner?: ObjectRef;
  /** Name of the ReplicaSet or the like that made it. */
  set: string;
}

export const isSystem = (namespace: string): boolean => namespace.startsWith("kube-");

export function refOf(object: KubeObject, resource: string): ObjectRef {
  const { name, namespace = "" } = object.metadata;
  const [plural, ...group] = resource.split(".");
  const api = group.length === 0 ? "/api/v1" : `/apis/${object.apiVersion}`;
  const within = namespace === "" ? "" : `/namespaces/${namespace}`;
  return {
    resource,
    kind: object.kind,
    namespace,
    name,
    path: `${api}${within}/${plural}/${name}`,
  };
}

const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller);

export function podView(listed: Pod, sets: Map<string, KubeObject>): PodView {
  // A list's items do not say their kind.
  const pod = { ...listed, apiVersion: "v1", kind: "Pod" };
  const owner = controllerOf(pod);
  const set = owner && sets.get(owner.uid);
  const above = (set && controllerOf(set)) ?? owner;
  const isStatic = owner?.kind === "Node";
  return {
    uid: pod.metadata.uid,
    ref: refOf(pod, "pods"),
    label: labelOf(pod.metadata.name, isStatic ? `-${owner.name}` : ""),
    node: pod.spec.nodeName ?? "",
    system: isSystem(pod.metadata.namespace ?? ""),
    state: podState(pod),
    containers: containersOf(pod),
    workload: above && !isStatic ? `${above.kind}/${above.name}` : "",
    ...(above && !isStatic && { owner: ownerRef(above, pod.metadata.namespace ?? "") }),
    set: isStatic ? "" : (owner?.name ?? ""),
  };
}

/** Controllers' kinds all have a plain plural. */
function ownerRef({ apiVersion, kind, name }: OwnerReference, namespace: string): ObjectRef {
  const plural = `${kind.toLowerCase()}s`;
  const [group = "", version] = apiVersion.split("/");
  const api = version === undefined ? "/api/v1" : `/apis/${apiVersion}`;
  return {
    resource: version === undefined ? plural : `${plural}.${group}`,
    kind,
    namespace,
    name,
    path: `${api}/namespaces/${namespace}/${plural}/${name}`,
  };
}

/** `x7k2p` of `web-5d4f8c7b9-x7k2p`; of a Pod that no controller named, the last word. */
function labelOf(name: string, ending: string): string {
  const own = ending !== "" && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
  const last = own.slice(own.lastIndexOf("-") + 1);
  return last.length <= 2 ? own.slice(-5) : last.length > 9 ? last.slice(-5) : last;
}

function containersOf({ spec, status }: Pod): Container[] {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const byName = new Map(all.map((one) => [one.name, one]));
  const view = (name: string, init: boolean): Container => ({
    name,
    init,
    state: containerState(byName.get(name)),
  });
  return [
    ...(spec.initContainers ?? []).map(({ name }) => view(name, true)),
    ...spec.containers.map(({ name }) => view(name, false)),
  ];
}

function containerState(status: ContainerStatus | undefined): Container["state"] {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running) return status!.ready ? "ready" : "running";
  if (terminated) return terminated.exitCode === 0 ? "ended" : "failed";
  return waiting?.reason === "CrashLoopBackOff" ? "failed" : "waiting";
}

/** What of a Pod stands in the table, and is said where it is pointed at. */
export function podSentence({ ref, node, state }: PodView): string {
  const where = node === "" ? "on no node yet" : `on ${node}`;
  const restarts = state.restarts > 0 ? `, ${state.restarts} restarts` : "";
  const why = state.reason === "" ? "" : `. ${state.reason}`;
  return `Pod ${ref.namespace}/${ref.name} ${where}: ${state.word} (${state.status}), ${state.ready} ready${restarts}${why}`;
}

/** `3 ready, 1 crash back-off`, the healthy last. */
export function summaryOf(pods: readonly PodView[]): string {
  const counts = new Map<string, number>();
  for (const { state } of pods) {
    counts.set(state.word, (counts.get(state.word) ?? 0) + 1);
  }
  const rows = [...counts].sort(([a, n], [b, m]) => +(a === "ready") - +(b === "ready") || m - n);
  return rows.map(([word, count]) => `${count} ${word}`).join(", ");
}
