/** What a Pod takes of a node in the scheduler's books. */
import { podRequests as requestsOf } from "../kinds/pod/resources.ts";
import { milliValue, value } from "../machinery/quantity.ts";
import type { Container, Pod, PodSpec } from "./types.ts";

/** Amounts: cpu in thousandths, all else in whole units (bytes). */
export interface Amounts {
  cpuMilli: number;
  memoryBytes: number;
  ephemeralBytes: number;
  /** Extended resources and huge pages, by name. */
  scalars: ReadonlyMap<string, number>;
}

export interface PodRequests extends Amounts {
  /** With upstream's 100m and 200Mi for every container that asks for none: what scores count. */
  scoredCpuMilli: number;
  scoredMemoryBytes: number;
}

/** k8s: pkg/scheduler/util/pod_resources.go DefaultMilliCPURequest, DefaultMemoryRequest */
const unstated = { cpu: "100m", memory: "200Mi" };

type Texts = Record<string, string>;

/** A quantity as the scheduler counts it: milli-CPU, for everything else the value itself. */
export function amountOf(resource: string, text: string): number {
  return resource === "cpu" ? milliValue(text) : value(text);
}

function larger(a: Texts, b: Texts | undefined): Texts {
  const result = { ...a };
  for (const name in b) {
    const [mine, theirs] = [a[name], b[name] as string];
    if (mine === undefined || amountOf(name, theirs) > amountOf(name, mine)) result[name] = theirs;
  }
  return result;
}

function withRequests(spec: PodSpec, change: (container: Container) => Texts | undefined): PodSpec {
  const each = <T extends Container>(container: T): T => {
    const requests = change(container);
    return requests ? { ...container, resources: { ...container.resources, requests } } : container;
  };
  const result = { ...spec, containers: spec.containers.map(each) };
  if (spec.initContainers) result.initContainers = spec.initContainers.map(each);
  return result;
}

/** Whether a resize in place is under way: then what is held may differ from what is wanted. */
export const isResizing = (pod: Pod): boolean =>
  pod.status?.conditions?.some((c) => c.type.startsWith("PodResize")) ?? false;

/** The largest of desired, allocated and actual resources counts; desired ones that the node cannot give do not. k8s: UseStatusResources */
function whileResizing(pod: Pod): PodSpec {
  const infeasible = pod.status?.conditions?.some(
    (c) => c.type === "PodResizePending" && c.reason === "Infeasible",
  );
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ] as { name: string; allocatedResources?: Texts; resources?: { requests?: Texts } }[];
  return withRequests(pod.spec, (container) => {
    const status = statuses.find((s) => s.name === container.name);
    if (!status?.resources) return undefined;
    const held = larger(status.resources.requests ?? {}, status.allocatedResources);
    return infeasible ? held : larger(held, container.resources?.requests as Texts | undefined);
  });
}

const noScalars: ReadonlyMap<string, number> = new Map();

/** By the containers, which a Pod's revisions share: what they and the rest of the spec asked for when it was worked out. */
const known = new WeakMap<object, { of: PodSpec; requests: PodRequests }>();

const asksTheSame = (a: PodSpec, b: PodSpec): boolean =>
  a.initContainers === b.initContainers && a.resources === b.resources && a.overhead === b.overhead;

/** Effective requests of a Pod: init containers, sidecars, Pod-level resources and overhead counted. */
export function podRequests(pod: Pod): PodRequests {
  if (isResizing(pod)) return requestsIn(whileResizing(pod));
  const { spec } = pod;
  const before = known.get(spec.containers);
  if (before && asksTheSame(before.of, spec)) return before.requests;
  const requests = requestsIn(spec);
  known.set(spec.containers, { of: spec, requests });
  return requests;
}

function requestsIn(spec: PodSpec): PodRequests {
  const stated = requestsOf({ spec });
  const complete = spec.containers.every(
    (c) => c.resources?.requests?.["cpu"] && c.resources.requests["memory"],
  );
  const scored =
    complete && !spec.initContainers
      ? stated
      : requestsOf({
          spec: withRequests(spec, (c) => ({ ...unstated, ...(c.resources?.requests as Texts) })),
        });
  const extended = Object.entries(stated.extended);
  return {
    cpuMilli: stated.cpu,
    memoryBytes: stated.memory,
    ephemeralBytes: stated.ephemeral,
    scalars: extended.length ? new Map(extended) : noScalars,
    scoredCpuMilli: scored.cpu,
    scoredMemoryBytes: scored.memory,
  };
}
