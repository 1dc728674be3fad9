/** Resources of a Pod's containers as a resize in place compares them. Pure. */
import { milliValue, value } from "../../machinery/quantity.ts";
import {
  type Container,
  type Pod,
  type PodSpec,
  isSidecar,
  podContainers,
} from "../../kinds/pod/types.ts";

export interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

/** By container name; the Pod's own under `podLevel`. */
export type Granted = Record<string, Resources>;

/** No container has an empty name. */
export const podLevel = "";

const resizable = ["cpu", "memory"] as const;
const kinds = ["requests", "limits"] as const;
const amount = (name: string, text: string | undefined): number =>
  name === "cpu" ? milliValue(text) : value(text);

export function sameResources(a: Resources, b: Resources): boolean {
  return kinds.every((kind) =>
    resizable.every((name) => amount(name, a[kind]?.[name]) === amount(name, b[kind]?.[name])),
  );
}

export function sameGrant(wanted: Granted, granted: Granted): boolean {
  return Object.keys(wanted).every((name) =>
    sameResources(wanted[name] ?? {}, granted[name] ?? {}),
  );
}

/** What the spec asks for. */
export function ownOf(spec: PodSpec): Granted {
  const own: Granted = {};
  if (spec.resources) own[podLevel] = spec.resources;
  for (const { container, kind } of podContainers(spec))
    if (kind !== "ephemeral") own[container.name] = container.resources ?? {};
  return own;
}

/** What the last status says was granted; a container that was never made takes what is asked now. */
export function grantedByStatus(pod: Pod, wanted: Granted): Granted {
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ];
  const granted: Granted = {};
  for (const name in wanted) {
    const told =
      name === podLevel
        ? pod.status?.resources
        : (statuses.find((s) => s.name === name)?.resources as Resources | undefined);
    granted[name] = told ?? wanted[name] ?? {};
  }
  return granted;
}

/** The spec with the resources that the node has granted, which may differ from those asked for. */
export function withGranted(spec: PodSpec, granted: Granted): PodSpec {
  const each = (container: Container): Container => {
    const own = granted[container.name];
    return own ? { ...container, resources: own } : container;
  };
  const own = granted[podLevel];
  return {
    ...spec,
    containers: spec.containers.map(each),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(each) } : {}),
    ...(spec.resources && own ? { resources: own } : {}),
  };
}

/** A container's resources with the Pod's limits where it has none of its own. k8s: pkg/kubelet/util GetLimits */
export function effectiveLimits(own: Resources = {}, pod: Resources = {}): Resources {
  const limits = { ...own.limits };
  for (const name of resizable)
    if (amount(name, limits[name]) === 0 && pod.limits?.[name]) limits[name] = pod.limits[name];
  return { ...own, limits };
}

/** Limits as the runtime takes them. */
export function amountsOf(limits: Record<string, string> | undefined): {
  cpuMilliLimit?: number;
  memoryBytesLimit?: number;
} {
  const { cpu, memory } = limits ?? {};
  return {
    ...(cpu ? { cpuMilliLimit: milliValue(cpu) } : {}),
    ...(memory ? { memoryBytesLimit: value(memory) } : {}),
  };
}

/** Whether the container's resizePolicy asks for a restart on this change. */
export function restartsFor(container: Container, old: Resources, now: Resources): boolean {
  return resizable.some((name) => {
    const differs = kinds.some(
      (kind) => amount(name, old[kind]?.[name]) !== amount(name, now[kind]?.[name]),
    );
    const policy = container.resizePolicy?.find((p) => p.resourceName === name);
    return differs && policy?.restartPolicy === "RestartContainer";
  });
}

/** Whether the Pod asks for more cpu or memory than it did. */
export function increases(spec: PodSpec, granted: Granted, wanted: Granted): boolean {
  const total = (list: Granted, name: string): number => {
    const own = list[podLevel]?.requests?.[name];
    if (own) return amount(name, own);
    let sum = 0;
    for (const { container, kind } of podContainers(spec))
      if (kind === "app" || isSidecar(container, kind))
        sum += amount(name, list[container.name]?.requests?.[name]);
    return sum;
  };
  return resizable.some((name) => total(wanted, name) > total(granted, name));
}

interface Summarised {
  name: string;
  resources: Resources;
}

const sorted = (list: Record<string, string> | undefined): Record<string, string> | undefined =>
  list && Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** k8s: pkg/kubelet/events/resize.go makeResourceSummaryFromSpec */
export function summary(spec: PodSpec, generation: number, error?: string): string {
  const each = ({ name, resources }: Container): Summarised => {
    const limits = sorted(resources?.limits);
    const requests = sorted(resources?.requests);
    return {
      name,
      resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
    };
  };
  return JSON.stringify({
    ...(spec.initContainers?.length ? { initContainers: spec.initContainers.map(each) } : {}),
    containers: spec.containers.map(each),
    generation,
    ...(error ? { error } : {}),
  });
}
