/** What the controllers of Endpoints and EndpointSlices both ask about Services and Pods. k8s: staging/src/k8s.io/endpointslice/util */
import { cpuUsPerEndpoint, selectorsPerChangeMax } from "../../core/limits.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, type Change, type KubeObject } from "../../core/object.ts";
import type { Service } from "../../kinds/service/shape.ts";
import type { Client, Reader } from "../../ports/controller.ts";
import { labelsKey, labelsOfKey } from "../workload/labels-key.ts";
import { isReady } from "../workload/pods.ts";

export interface EndpointPort {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

export const serviceNameLabel = "kubernetes.io/service-name";
export const managedByLabel = "endpointslice.kubernetes.io/managed-by";
export const headlessLabel = "service.kubernetes.io/headless";
export const triggerAnnotation = "endpoints.kubernetes.io/last-change-trigger-time";

/** Label maps only: a Service's selector has no expressions. */
const selects = (service: Service, labels: Record<string, string> | undefined): boolean => {
  const selector = service.spec?.selector;
  if (!selector || service.spec?.type === "ExternalName") return false;
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
};

/** Keys of the Services that a Pod's change may concern. k8s: GetPodUpdateProjectionKey, GetServicesToUpdate */
export function servicesOfPod(change: Change, reader: Reader): readonly string[] {
  if (change !== latest.change) latest = { change, keys: servicesConcerned(change, reader) };
  return latest.keys;
}

/** Several controllers ask about each change in turn. */
let latest: { change: Change | undefined; keys: readonly string[] } = {
  change: undefined,
  keys: [],
};

function servicesConcerned(change: Change, reader: Reader): readonly string[] {
  const pod = change.object as Pod;
  const before = change.previous as Pod | undefined;
  if (change.op === "update" && before && !concerns(pod, before)) return [];
  const labels = [pod.metadata.labels];
  if (before && !equal(before.metadata.labels, labels[0])) labels.push(before.metadata.labels);
  const keys: string[] = [];
  const found = new Set<string>();
  for (const each of labels) {
    if (countFiledUnder(reader, change.namespace, each) > selectorsPerChangeMax) {
      keys.push(labelsKey(change.namespace, each));
      continue;
    }
    for (const service of filedUnder(reader, change.namespace, each)) {
      if (selects(service, each)) found.add(service.metadata.name);
    }
  }
  for (const name of [...found].sort()) keys.push(objectKey(change.namespace, name));
  return keys;
}

/** Where the key means all Pods of the same labels: wakes the Services that select them, and says so. */
export function wakesServices(client: Client, controller: string, key: string): boolean {
  const group = labelsOfKey(key);
  if (!group) return false;
  const { namespace, labels } = group;
  const found = filedUnder(client, namespace, labels).filter((s) => selects(s, labels));
  const names = found.map(({ metadata }) => metadata.name).sort();
  for (const name of names) client.wake(controller, objectKey(namespace, name));
  return true;
}

function countFiledUnder(
  reader: Reader,
  namespace: string,
  labels: Record<string, string> | undefined,
): number {
  let count = 0;
  for (const entry of entriesOf(namespace, labels))
    count += reader.countByIndex("service.selector", entry);
  return count;
}

/** Services whose selector may match the labels: they are filed under its first term, those without any under none. */
const filedUnder = (
  reader: Reader,
  namespace: string,
  labels: Record<string, string> | undefined,
): Service[] =>
  entriesOf(namespace, labels).flatMap((entry) =>
    reader.byIndex<Service>("service.selector", entry),
  );

const entriesOf = (namespace: string, labels: Record<string, string> | undefined): string[] => [
  `${namespace}\0`,
  ...Object.entries(labels ?? {}).map(([name, value]) => `${namespace}\0${name}=${value}`),
];

function concerns(pod: Pod, before: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    pod.status?.phase !== before.status?.phase ||
    isReady(pod) !== isReady(before) ||
    pod.status?.podIP !== before.status?.podIP ||
    pod.spec.hostname !== before.spec.hostname ||
    pod.spec.subdomain !== before.spec.subdomain ||
    !equal(pod.metadata.labels, before.metadata.labels)
  );
}

/** Pods behind a Service in name order; undefined where nobody but its author fills the endpoints in. */
export function podsOfService(client: Client, service: Service): readonly Pod[] | undefined {
  const selector = service.spec?.selector;
  if (!selector || service.spec?.type === "ExternalName") return undefined;
  const namespace = service.metadata.namespace ?? "";
  const pods =
    Object.keys(selector).length === 0
      ? client.list<Pod>("pods", namespace)
      : client.podsMatching<Pod>(namespace, selector);
  client.spend?.(pods.length * cpuUsPerEndpoint);
  return pods;
}

/** k8s: ShouldPodBeInEndpoints */
export function hasEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  const { phase, podIP } = pod.status ?? {};
  if (phase === "Succeeded" || phase === "Failed" || !podIP) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

export const addressesOf = (pod: Pod): string[] =>
  pod.status?.podIPs?.flatMap(({ ip }) => ip ?? []) ??
  (pod.status?.podIP ? [pod.status.podIP] : []);

/** k8s: ShouldSetHostname */
export const hostnameOf = (pod: Pod, service: Service): string | undefined =>
  pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined;

/** The Pod's port behind each port of the Service; ports whose name the Pod does not have are left out. k8s: FindPort */
export function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const found: EndpointPort[] = [];
  for (const { name = "", protocol = "TCP", targetPort, appProtocol, port } of service.spec
    ?.ports ?? []) {
    const target = targetPort ?? port;
    const number = typeof target === "number" ? target : namedPort(pod, String(target), protocol);
    if (number === undefined) continue;
    found.push({ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) });
  }
  return found;
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  const sidecars = pod.spec.initContainers?.filter((c) => c.restartPolicy === "Always") ?? [];
  for (const container of [...(pod.spec.containers ?? []), ...sidecars]) {
    for (const port of container.ports ?? []) {
      if (port.name === name && (port.protocol ?? "TCP") === protocol) return port.containerPort;
    }
  }
  return undefined;
}

/** k8s: helper.IsServiceIPSet, turned round */
export const isWithoutIp = (service: Service): boolean =>
  !service.spec?.clusterIP || service.spec.clusterIP === "None";

export const nodeOf = (pod: Pod, reader: Reader): KubeObject | undefined =>
  pod.spec.nodeName ? reader.get("nodes", "", pod.spec.nodeName) : undefined;

/**
 * When what is about to be written was caused: the earliest readiness change among the Pods that are new or differ.
 * k8s: endpointslice/trigger_time_tracker.go; told from the written objects here, so that nothing need be remembered.
 */
export function triggerTime(
  pods: readonly Pod[],
  changed: (pod: Pod) => boolean,
  createdFor?: Service,
): string | undefined {
  let earliest = createdFor ? parseTime(createdFor.metadata.creationTimestamp) : Number.NaN;
  for (const pod of pods) {
    if (!changed(pod)) continue;
    const ready = pod.status?.conditions?.find((c) => c.type === "Ready");
    const at = parseTime(ready?.lastTransitionTime);
    if (!(at >= earliest)) earliest = Number.isNaN(at) ? earliest : at;
  }
  return Number.isNaN(earliest) ? undefined : rfc3339(earliest);
}

/** Annotations with the trigger time set, or taken away where there is none. */
export function withTrigger(
  annotations: Record<string, string> | undefined,
  at: string | undefined,
): Record<string, string> {
  const { [triggerAnnotation]: _before, ...others } = annotations ?? {};
  return at ? { ...others, [triggerAnnotation]: at } : others;
}

/**
 * Objects that these controllers wrote themselves: their changes need no second look. Only spares work: who is not
 * found here (after an eviction) is looked at once more and left as it is.
 */
const written = new WeakSet<object>();

/** Marks an object as this controller's own write, so that the change does not wake it. */
export function noteWritten(object: object): void {
  written.add(object);
}

export const isByOthers = (change: Change): boolean =>
  change.op === "delete" || !written.has(change.object);
