/** What a Pod asks for and how it ranks when resources run short. k8s: component-helpers/resource/helpers.go, core/helper/qos */
import {
  type Quantity,
  addQuantity,
  cmpQuantity,
  milliValue,
  parseQuantity,
  signQuantity,
  value,
} from "../../machinery/quantity.ts";
import { type Container, type PodSpec, isSidecar } from "./types.ts";

/** Effective requests of a Pod. */
export interface PodRequests {
  /** Thousandths of a CPU. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Bytes of local ephemeral storage. */
  ephemeral: number;
  /** Always 1: a Pod takes one of a node's slots. */
  pods: number;
  /** Every other resource (huge pages in bytes, extended ones in units); absent ones are 0. */
  extended: Readonly<Record<string, number>>;
}

type Which = "requests" | "limits";

/** Pod-level resources override those of the containers for these. k8s: IsSupportedPodLevelResource */
const isPodLevel = (name: string): boolean =>
  name === "cpu" || name === "memory" || name.startsWith("hugepages-");

const amount = (name: string, text: unknown): number =>
  name === "cpu" ? milliValue(String(text)) : value(String(text));

function add(into: Record<string, number>, list: Record<string, unknown> | undefined): void {
  for (const name in list) into[name] = (into[name] ?? 0) + amount(name, list[name]);
}

function raise(into: Record<string, number>, list: Record<string, number>): void {
  for (const name in list) into[name] = Math.max(into[name] ?? 0, list[name] ?? 0);
}

/**
 * Init containers run one by one beside the sidecars started before them, so the peak counts;
 * then all app containers run beside all sidecars.
 */
function totals(spec: PodSpec, which: Which): Record<string, number> {
  const running: Record<string, number> = {};
  for (const container of spec.containers) add(running, container.resources?.[which]);
  const sidecars: Record<string, number> = {};
  const peak: Record<string, number> = {};
  for (const container of spec.initContainers ?? []) {
    const list = container.resources?.[which];
    if (isSidecar(container)) {
      add(running, list);
      add(sidecars, list);
      raise(peak, sidecars);
    } else {
      const now = { ...sidecars };
      add(now, list);
      raise(peak, now);
    }
  }
  raise(running, peak);
  const own = spec.resources?.[which];
  for (const name in own) if (isPodLevel(name)) running[name] = amount(name, own[name]);
  return running;
}

function split(all: Record<string, number>): PodRequests {
  const { cpu = 0, memory = 0, "ephemeral-storage": ephemeral = 0, ...extended } = all;
  return { cpu, memory, ephemeral, pods: 1, extended };
}

const requestsMemo = new WeakMap<PodSpec, PodRequests>();
const limitsMemo = new WeakMap<PodSpec, PodRequests>();

/** Requests with init containers, sidecars and overhead counted in; memoised by the spec's identity. k8s: PodRequests */
export function podRequests(pod: { spec: PodSpec }): PodRequests {
  let result = requestsMemo.get(pod.spec);
  if (!result) {
    const all = totals(pod.spec, "requests");
    add(all, pod.spec.overhead);
    result = split(all);
    requestsMemo.set(pod.spec, result);
  }
  return result;
}

/** Limits likewise; overhead counts only where there is a limit. k8s: PodLimits */
export function podLimits(pod: { spec: PodSpec }): PodRequests {
  let result = limitsMemo.get(pod.spec);
  if (!result) {
    const all = totals(pod.spec, "limits");
    const overhead = pod.spec.overhead as Record<string, unknown> | undefined;
    for (const name in overhead)
      if (all[name]) all[name] = (all[name] ?? 0) + amount(name, overhead[name]);
    result = split(all);
    limitsMemo.set(pod.spec, result);
  }
  return result;
}

type Quantities = Record<string, Quantity>;

function addTo(into: Quantities, list: Record<string, unknown> | undefined): void {
  for (const name in list) {
    const quantity = parseQuantity(String(list[name]));
    if (!quantity) continue;
    const before = into[name];
    into[name] = before ? addQuantity(before, quantity) : quantity;
  }
}

function raiseTo(into: Quantities, list: Quantities): void {
  for (const name in list) {
    const now = list[name];
    const before = into[name];
    if (now && (!before || cmpQuantity(now, before) > 0)) into[name] = now;
  }
}

/** The containers' own sum as exact quantities. k8s: AggregateContainerRequests, AggregateContainerLimits */
export function sumOfContainers(spec: PodSpec, which: Which): Quantities {
  const running: Quantities = {};
  for (const container of spec.containers) addTo(running, container.resources?.[which]);
  const sidecars: Quantities = {};
  const peak: Quantities = {};
  for (const container of spec.initContainers ?? []) {
    const list = container.resources?.[which];
    const now = isSidecar(container) ? sidecars : { ...sidecars };
    addTo(now, list);
    if (isSidecar(container)) addTo(running, list);
    raiseTo(peak, now);
  }
  raiseTo(running, peak);
  return running;
}

/** The Pod's total as exact quantities: its own resources over its containers', overhead on top. k8s: PodRequests, PodLimits */
export function sumOfPod(spec: PodSpec, which: Which): Quantities {
  const sum = sumOfContainers(spec, which);
  const own = spec.resources?.[which];
  for (const name in own) {
    const quantity = isPodLevel(name) ? parseQuantity(String(own[name])) : undefined;
    if (quantity) sum[name] = quantity;
  }
  const overhead = spec.overhead as Record<string, unknown> | undefined;
  for (const name in overhead)
    if (which === "requests" || sum[name]) addTo(sum, { [name]: overhead[name] });
  return sum;
}

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const computed = ["cpu", "memory"] as const;

/** Positive cpu and memory of a list. */
function counted(list: Record<string, unknown> | undefined): Quantities {
  const out: Quantities = {};
  for (const name of computed) {
    if (list?.[name] === undefined) continue;
    const quantity = parseQuantity(String(list[name]));
    if (quantity && signQuantity(quantity) > 0) out[name] = quantity;
  }
  return out;
}

/** The class as computed from the spec; the stored one is status.qosClass. k8s: ComputePodQOS */
export function qosClass(pod: { spec: PodSpec }): QosClass {
  const { spec } = pod;
  const sources: Pick<Container, "resources">[] = spec.resources
    ? [{ resources: spec.resources }]
    : [...spec.containers, ...(spec.initContainers ?? [])];
  const requests: Quantities = {};
  const limits: Quantities = {};
  let guaranteed = true;
  for (const { resources } of sources) {
    addQuantities(requests, counted(resources?.requests));
    const found = counted(resources?.limits);
    if (!found["cpu"] || !found["memory"]) guaranteed = false;
    addQuantities(limits, found);
  }
  const names = Object.keys(requests);
  if (names.length === 0 && Object.keys(limits).length === 0) return "BestEffort";
  const matching = names.every((name) => {
    const request = requests[name];
    const limit = limits[name];
    return request && limit && cmpQuantity(request, limit) === 0;
  });
  return guaranteed && matching && names.length === Object.keys(limits).length
    ? "Guaranteed"
    : "Burstable";
}

function addQuantities(into: Quantities, list: Quantities): void {
  for (const name in list) {
    const quantity = list[name];
    const before = into[name];
    if (quantity) into[name] = before ? addQuantity(before, quantity) : quantity;
  }
}
