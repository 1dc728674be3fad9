/** A node with what runs on it, summed up. k8s: pkg/scheduler/framework/types.go NodeInfo */
import { objectKey } from "../core/object.ts";
import { affinityClass, type AffinityClass } from "./affinity-class.ts";
import type { AffinityTerms } from "./affinity-term.ts";
import { amountOf, podRequests, type Amounts, type PodRequests } from "./requests.ts";
import { isSidecar } from "../kinds/pod/types.ts";
import { podPriority, type Container, type Node, type Pod } from "./types.ts";

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

export interface PodInfo {
  pod: Pod;
  /** `namespace/name` */
  key: string;
  priority: number;
  requests: PodRequests;
  ports: readonly HostPort[];
  terms: AffinityTerms | undefined;
  affinityClass: AffinityClass;
}

/** Pods of one class on a node; `info` is any of them. */
export interface PodsOfClass {
  info: PodInfo;
  count: number;
}

const noPorts: readonly HostPort[] = [];

/** Host ports of containers that run for good. k8s: pkg/scheduler/util GetHostPorts */
function hostPorts(pod: Pod): readonly HostPort[] {
  let ports: HostPort[] | undefined;
  const collect = (container: Container): void => {
    for (const port of container.ports ?? []) {
      if (!port.hostPort) continue;
      (ports ??= []).push({
        ip: port.hostIP || "0.0.0.0",
        protocol: port.protocol || "TCP",
        port: port.hostPort,
      });
    }
  };
  for (const container of pod.spec.containers ?? []) collect(container);
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) collect(container);
  }
  return ports ?? noPorts;
}

const memo = new WeakMap<object, PodInfo>();

/** What the scheduler needs of a Pod, worked out once per object. */
export function podInfo(pod: Pod): PodInfo {
  const known = memo.get(pod);
  if (known) return known;
  const ofPod = affinityClass(pod);
  const info: PodInfo = {
    pod,
    key: objectKey(pod.metadata.namespace, pod.metadata.name),
    priority: podPriority(pod),
    requests: podRequests(pod),
    ports: hostPorts(pod),
    terms: ofPod.terms,
    affinityClass: ofPod,
  };
  memo.set(pod, info);
  return info;
}

export const portsConflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0");

export interface Allocatable extends Amounts {
  pods: number;
}

const allocatableMemo = new WeakMap<object, Allocatable>();

/** What a node gives to Pods, in milli-CPU and bytes; kept per object. */
export function allocatable(node: Node): Allocatable {
  const texts = (node.status?.allocatable ?? node.status?.capacity) as
    | Record<string, string>
    | undefined;
  const known = texts && allocatableMemo.get(texts);
  if (known) return known;
  const scalars = new Map<string, number>();
  for (const name in texts) scalars.set(name, amountOf(name, texts[name] as string));
  const take = (name: string): number => {
    const amount = scalars.get(name) ?? 0;
    scalars.delete(name);
    return amount;
  };
  const result: Allocatable = {
    cpuMilli: take("cpu"),
    memoryBytes: take("memory"),
    ephemeralBytes: take("ephemeral-storage"),
    pods: take("pods"),
    scalars,
  };
  if (texts) allocatableMemo.set(texts, result);
  return result;
}

export class NodeInfo {
  readonly name: string;
  node: Node;
  allocatable: Allocatable;
  readonly pods = new Map<string, PodInfo>();
  readonly #classes = new Map<string, PodsOfClass>();
  /** Those of them that have affinity or anti-affinity to other Pods. */
  readonly #classesWithAffinity = new Map<string, PodsOfClass>();
  /** Those that hold host ports. */
  readonly withPorts = new Map<string, PodInfo>();
  cpuMilli = 0;
  memoryBytes = 0;
  ephemeralBytes = 0;
  scoredCpuMilli = 0;
  scoredMemoryBytes = 0;
  readonly scalars = new Map<string, number>();

  constructor(node: Node) {
    this.name = node.metadata.name;
    this.node = node;
    this.allocatable = allocatable(node);
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = allocatable(node);
  }

  add(info: PodInfo): void {
    this.pods.set(info.key, info);
    this.#join(info);
    if (info.ports.length) this.withPorts.set(info.key, info);
    this.#count(info.requests, 1);
  }

  remove(key: string): PodInfo | undefined {
    const info = this.pods.get(key);
    if (!info) return undefined;
    this.pods.delete(key);
    this.#leave(info);
    this.withPorts.delete(key);
    this.#count(info.requests, -1);
    return info;
  }

  /** Its Pods by what affinity sees of them. */
  classes(onlyWithAffinity: boolean): Iterable<PodsOfClass> {
    return (onlyWithAffinity ? this.#classesWithAffinity : this.#classes).values();
  }

  #join(info: PodInfo): void {
    const known = this.#classes.get(info.affinityClass.id);
    const pods = { info, count: (known?.count ?? 0) + 1 };
    this.#classes.set(info.affinityClass.id, pods);
    if (info.terms) this.#classesWithAffinity.set(info.affinityClass.id, pods);
  }

  #leave(info: PodInfo): void {
    const known = this.#classes.get(info.affinityClass.id);
    if (!known) return;
    known.count -= 1;
    if (known.count > 0) return;
    this.#classes.delete(info.affinityClass.id);
    this.#classesWithAffinity.delete(info.affinityClass.id);
  }

  /** A copy to try things on. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node);
    for (const info of this.pods.values()) copy.add(info);
    return copy;
  }

  #count(requests: PodRequests, sign: 1 | -1): void {
    this.cpuMilli += sign * requests.cpuMilli;
    this.memoryBytes += sign * requests.memoryBytes;
    this.ephemeralBytes += sign * requests.ephemeralBytes;
    this.scoredCpuMilli += sign * requests.scoredCpuMilli;
    this.scoredMemoryBytes += sign * requests.scoredMemoryBytes;
    for (const [name, amount] of requests.scalars) {
      this.scalars.set(name, (this.scalars.get(name) ?? 0) + sign * amount);
    }
  }
}
