/**
 * The cluster as the scheduler sees it, kept up to date change by change and rebuilt from the store after hydration.
 * Every update reads the store's present state, so a change that comes twice, late or not at all (a step that was
 * taken back) leaves the same cache behind. k8s: pkg/scheduler/backend/cache
 */
import type { Consumed } from "./devices/capacity.ts";
import type { Selector } from "../machinery/selectors.ts";
import type { Reader } from "../ports/controller.ts";
import { equal } from "../core/equal.ts";
import { splitKey, type KubeObject } from "../core/object.ts";
import type { Snapshot } from "./framework.ts";
import { NodeInfo, podInfo, type PodInfo } from "./node-info.ts";
import { PodCounters } from "./pod-counters.ts";
import { KnownDevices } from "./devices/known-devices.ts";
import type { Slices } from "./devices/pools.ts";
import { isResizing } from "./requests.ts";
import { isGated } from "./plugins/scheduling-gates.ts";
import { byText, isTerminal, specChanged, type Node, type Pod } from "./types.ts";
import { waitsFor, type Wait } from "./queueing-hints.ts";

export const schedulerName = "default-scheduler";

/** A Pod that this scheduler has to find a node for. */
export const isPending = (pod: Pod): boolean =>
  !pod.spec.nodeName &&
  pod.spec.schedulerName === schedulerName &&
  !pod.metadata.deletionTimestamp &&
  !isTerminal(pod);

export interface WaitingPod {
  info: PodInfo;
  waits: ReadonlySet<Wait>;
}

/** Whether a Pod counts for its node exactly as before: most updates only report on containers. */
const sameWeight = (a: Pod, b: Pod): boolean =>
  a.metadata.uid === b.metadata.uid &&
  !specChanged(a, b) &&
  equal(a.metadata.labels, b.metadata.labels) &&
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  !isResizing(a) &&
  !isResizing(b);

type Images = Map<string, { sizeBytes: number; nodes: Set<string> }>;

export class SchedulerCache implements Snapshot {
  reader: Reader;
  /** Pods that were tried in vain, by key. */
  readonly waiting = new Map<string, WaitingPod>();
  /** Pods without a node that use claims, by key. */
  readonly pendingWithClaims = new Map<string, PodInfo>();
  /** The same of ResourceClaims. */
  readonly pendingWithDevices = new Map<string, PodInfo>();
  readonly devices = new KnownDevices();
  #built = false;
  readonly #nodes = new Map<string, NodeInfo>();
  #sorted: NodeInfo[] | undefined;
  /** Node and info of each assigned, living Pod. */
  readonly #placed = new Map<string, { node: string; info: PodInfo }>();
  readonly #promised = new Map<string, { node: string; info: PodInfo }>();
  readonly #counters = new PodCounters();
  #withAffinity = 0;
  #images: Images | undefined;
  /** Keys of Pods that the scheduler wrote itself: read again before they are believed. */
  readonly #stale = new Set<string>();

  constructor(reader: Reader) {
    this.reader = reader;
  }

  /** Call first in every step: builds what is missing, reads again what was written last. */
  open(reader: Reader): void {
    this.reader = reader;
    if (!this.#built) {
      this.#built = true;
      for (const node of reader.list<Node>("nodes")) this.syncNode(node.metadata.name);
      for (const pod of reader.list<Pod>("pods")) this.#syncPod(podInfo(pod).key, pod);
    }
    for (const key of this.#stale) {
      const { namespace, name } = splitKey(key);
      this.#syncPod(key, reader.get<Pod>("pods", namespace, name));
    }
    this.#stale.clear();
    this.devices.readAgain(reader);
  }

  markStale(key: string): void {
    this.#stale.add(key);
  }

  syncNode(name: string): void {
    const node = this.reader.get<Node>("nodes", "", name);
    const known = this.#nodes.get(name);
    if (known?.node === node) return;
    this.#images = undefined;
    if (!node) {
      this.#nodes.delete(name);
      this.#sorted = undefined;
      if (known) for (const info of known.pods.values()) this.#leave(known, info);
    } else if (known) {
      known.setNode(node);
    } else {
      const added = new NodeInfo(node);
      this.#nodes.set(name, added);
      this.#sorted = undefined;
      for (const { node: place, info } of this.#placed.values()) {
        if (place === name) this.#arrive(added, info);
      }
    }
  }

  syncPod(namespace: string, name: string): void {
    this.#syncPod(`${namespace}/${name}`, this.reader.get<Pod>("pods", namespace, name));
  }

  get nodes(): readonly NodeInfo[] {
    return (this.#sorted ??= [...this.#nodes.values()].sort((a, b) => byText(a.name, b.name)));
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** Work of attempts: see the Snapshot. */
  compared = 0;
  triedDevices = 0;

  isAllocated(device: string): boolean {
    return this.devices.isAllocated(device, this.reader);
  }

  sharesOf(device: string): readonly Consumed[] {
    return this.devices.sharesOf(device, this.reader);
  }

  get slices(): Slices {
    return this.devices.slices(this.reader);
  }

  get anyAffinity(): boolean {
    return this.#withAffinity > 0;
  }

  get images(): Images {
    return (this.#images ??= imagesOf(this.nodes));
  }

  matching(node: NodeInfo, namespace: string, selector: Selector): number {
    return this.#counters.count(node, namespace, selector, this.#nodes.values());
  }

  namespaceLabels(namespace: string): Record<string, string> | undefined {
    return this.reader.get<KubeObject>("namespaces", "", namespace)?.metadata.labels;
  }

  nominated(node: string): readonly PodInfo[] {
    if (this.#promised.size === 0) return none;
    const infos = [...this.#promised.values()].filter((p) => p.node === node).map((p) => p.info);
    return infos.sort((a, b) => byText(a.key, b.key));
  }

  #syncPod(key: string, pod: Pod | undefined): void {
    this.#place(key, pod);
    const open = pod && isPending(pod) && !isGated(pod) ? pod : undefined;
    const node = open?.status?.nominatedNodeName;
    if (open && node) this.#promised.set(key, { node, info: podInfo(open) });
    else this.#promised.delete(key);
    const waits = open && waitsFor(open);
    if (open && waits) this.waiting.set(key, { info: podInfo(open), waits });
    else this.waiting.delete(key);
    if (open?.spec?.volumes?.some((v) => v.persistentVolumeClaim || v.ephemeral)) {
      this.pendingWithClaims.set(key, podInfo(open));
    } else {
      this.pendingWithClaims.delete(key);
    }
    if (open?.spec?.resourceClaims?.length || open?.status?.extendedResourceClaimStatus)
      this.pendingWithDevices.set(key, podInfo(open));
    else this.pendingWithDevices.delete(key);
  }

  #place(key: string, pod: Pod | undefined): void {
    const before = this.#placed.get(key);
    if (before && before.info.pod === pod) return;
    const name = pod && !isTerminal(pod) ? pod.spec.nodeName : undefined;
    if (before && name === before.node && pod && sameWeight(before.info.pod, pod)) {
      before.info.pod = pod;
      return;
    }
    if (before) {
      this.#placed.delete(key);
      const node = this.#nodes.get(before.node);
      if (node?.remove(key)) this.#leave(node, before.info);
    }
    if (!pod || !name) return;
    // Its own copy: `pod` in it follows later revisions.
    const info = { ...podInfo(pod) };
    this.#placed.set(key, { node: name, info });
    const node = this.#nodes.get(name);
    if (node) this.#arrive(node, info);
  }

  #arrive(node: NodeInfo, info: PodInfo): void {
    node.add(info);
    if (info.terms) this.#withAffinity++;
    this.#counters.change(info.pod, node.name, 1);
  }

  #leave(node: NodeInfo, info: PodInfo): void {
    if (info.terms) this.#withAffinity--;
    this.#counters.change(info.pod, node.name, -1);
  }
}

const none: readonly PodInfo[] = [];

function imagesOf(nodes: readonly NodeInfo[]): Images {
  const images: Images = new Map();
  for (const { name, node } of nodes) {
    for (const image of node.status?.images ?? []) {
      for (const tag of image.names ?? []) {
        const known = images.get(tag);
        if (known) known.nodes.add(name);
        else images.set(tag, { sizeBytes: image.sizeBytes ?? 0, nodes: new Set([name]) });
      }
    }
  }
  return images;
}
