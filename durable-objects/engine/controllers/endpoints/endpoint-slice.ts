/** EndpointSlices of Services with a selector. k8s: pkg/controller/endpointslice, staging/src/k8s.io/endpointslice */
import type { Service } from "../../kinds/service/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type * as discovery from "kubernetes-types/discovery/v1";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey, type Change, type ObjectMeta } from "../../core/object.ts";
import type { EndpointSlice } from "../../kinds/endpoint-slice.ts";
import { endpointsPerSliceMax } from "../../core/limits.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";
import { newControllerRef } from "../workload/controller-ref.ts";
import {
  addressesOf,
  hasEndpoint,
  headlessLabel,
  hostnameOf,
  isByOthers,
  isWithoutIp,
  managedByLabel,
  nodeOf,
  noteWritten,
  podsOfService,
  portsOf,
  serviceNameLabel,
  servicesOfPod,
  wakesServices,
  triggerTime,
  withTrigger,
  type EndpointPort,
} from "./service-pods.ts";
import { isReady } from "../workload/pods.ts";

const slices = "endpointslices.discovery.k8s.io";
const manager = "endpointslice-controller.k8s.io";
const zoneLabel = "topology.kubernetes.io/zone";

type Endpoint = discovery.Endpoint & {
  hints?: { forZones?: { name: string }[]; forNodes?: { name: string }[] };
};

export const endpointSliceController: Controller = {
  name: "endpointslice",
  wakesOn: {
    services: (change) =>
      change.op === "delete" ? undefined : [objectKey(change.namespace, change.name)],
    pods: servicesOfPod,
    [slices]: serviceOfSlice,
    nodes: servicesOnNode,
  },
  reconcile(key, client) {
    if (wakesServices(client, "endpointslice", key)) return undefined;
    const { namespace, name } = splitKey(key);
    const service = client.get<Service>("services", namespace, name);
    const pods = service && podsOfService(client, service);
    if (service && pods) reconcileService(client, service, pods);
    return undefined;
  },
};

/** Only what others did to a slice of ours. */
function serviceOfSlice(change: Change): string[] | undefined {
  const labels = change.object.metadata.labels ?? {};
  const service = labels[serviceNameLabel];
  if (!service || change.op === "create") return undefined;
  const own = change.previous?.metadata.labels?.[managedByLabel] === manager;
  if (labels[managedByLabel] !== manager && !own) return undefined;
  return isByOthers(change) ? [objectKey(change.namespace, service)] : undefined;
}

/** Endpoints carry their node's zone. */
function* servicesOnNode(change: Change, reader: Reader): Iterable<string> {
  const zone = (o: Change["previous"]): string | undefined => o?.metadata.labels?.[zoneLabel];
  if (change.op === "update" && zone(change.object) === zone(change.previous)) return;
  for (const pod of reader.byIndex<Pod>("pod.node", change.name)) {
    const { namespace = "", name } = pod.metadata;
    yield* servicesOfPod(
      { ...change, op: "create", resource: "pods", namespace, name, object: pod },
      reader,
    );
  }
}

interface Group {
  ports: EndpointPort[];
  endpoints: Map<string, Endpoint>;
}

/** A slice on its way: `current` is absent for one to create. */
interface Draft {
  current: EndpointSlice | undefined;
  ports: EndpointPort[];
  endpoints: Endpoint[];
  changed: boolean;
}

function reconcileService(client: Client, service: Service, pods: readonly Pod[]): void {
  const existing = client
    .byIndex<EndpointSlice>("controller", service.metadata.uid)
    .filter((s) => s.kind === "EndpointSlice" && s.metadata.labels?.[managedByLabel] === manager);
  const present = pods.filter((pod) => hasEndpoint(pod, true));
  const families = service.spec?.ipFamilies?.length ? service.spec.ipFamilies : ["IPv4"];
  for (const family of families) {
    const current = existing.filter((s) => s.addressType === family);
    const groups = groupByPorts(client, service, present, family);
    write(client, service, present, family, planSlices(service, current, groups));
  }
  for (const slice of existing) {
    if (!families.includes(slice.addressType)) remove(client, slice);
  }
  removeForeign(client, service);
}

/** Slices of an earlier Service of this name, orphaned or not yet collected, go. k8s: reconcileByAddressType ownedBy */
function removeForeign(client: Client, service: Service): void {
  const { namespace = "", name, uid } = service.metadata;
  for (const slice of client.byIndex<EndpointSlice>("slice.service", `${namespace}\0${name}`)) {
    const { labels = {}, ownerReferences = [] } = slice.metadata;
    if (labels[managedByLabel] !== manager) continue;
    if (!ownerReferences.some((ref) => ref.uid === uid)) remove(client, slice);
  }
}

function groupByPorts(
  client: Client,
  service: Service,
  pods: readonly Pod[],
  family: string,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const addresses = addressesOf(pod).filter((ip) => ip.includes(":") === (family === "IPv6"));
    const node = nodeOf(pod, client);
    if (!node && !service.spec?.publishNotReadyAddresses) continue;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { ports, endpoints: new Map() }));
    if (addresses.length === 0) continue;
    const endpoint = endpointOf(pod, service, addresses, node?.metadata);
    group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  return groups;
}

/** k8s: podToEndpoint, trafficdist ReconcileHints */
function endpointOf(
  pod: Pod,
  service: Service,
  addresses: string[],
  node: ObjectMeta | undefined,
): Endpoint {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = Boolean(service.spec?.publishNotReadyAddresses) || (serving && !terminating);
  const hostname = hostnameOf(pod, service);
  const zone = node?.labels?.[zoneLabel];
  const { namespace, name, uid } = pod.metadata;
  const endpoint: Endpoint = {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: { kind: "Pod", ...(namespace ? { namespace } : {}), name, uid },
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
  const hints = ready ? hintsOf(service, zone, pod.spec.nodeName) : undefined;
  return hints ? { ...endpoint, hints } : endpoint;
}

function hintsOf(
  service: Service,
  zone: string | undefined,
  node: string | undefined,
): Endpoint["hints"] {
  const distribution = service.spec?.trafficDistribution;
  if (!distribution) return undefined;
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  const forNodes = distribution === "PreferSameNode" && node ? { forNodes: [{ name: node }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length ? hints : undefined;
}

const endpointKey = (e: discovery.Endpoint): string =>
  [...(e.addresses ?? []), e.hostname ?? "", e.targetRef?.uid ?? ""].join("\0");

const portsKey = (ports: readonly discovery.EndpointPort[] | null | undefined): string =>
  (ports ?? [])
    .map((p) => [p.name, p.protocol, p.port, p.appProtocol].join("\0"))
    .sort()
    .join("\n");

/** The desired slices, per set of ports: kept endpoints stay where they are. k8s: reconcileByPortMapping */
function planSlices(
  service: Service,
  current: readonly EndpointSlice[],
  groups: ReadonlyMap<string, Group>,
): { drafts: Draft[]; spare: EndpointSlice[] } {
  const drafts: Draft[] = [];
  const spare: EndpointSlice[] = [];
  for (const slice of current) if (!groups.has(portsKey(slice.ports))) spare.push(slice);
  for (const [key, group] of groups) {
    const own = current.filter((slice) => portsKey(slice.ports) === key);
    const planned = planGroup(
      group,
      own,
      (slice) => !equal(slice.metadata.labels, labelsOf(service)),
    );
    drafts.push(...planned.drafts);
    spare.push(...planned.spare);
  }
  if (drafts.length === 0) {
    // A Service never goes without any: an empty slice stands in.
    const kept = spare.findIndex((slice) => !slice.endpoints?.length && !slice.ports?.length);
    const slice = kept < 0 ? undefined : spare.splice(kept, 1)[0];
    const changed = !slice || !equal(slice.metadata.labels, labelsOf(service));
    drafts.push({ current: slice, ports: [], endpoints: [], changed });
  }
  return { drafts, spare };
}

function planGroup(
  group: Group,
  own: readonly EndpointSlice[],
  relabelled: (slice: EndpointSlice) => boolean,
): { drafts: Draft[]; spare: EndpointSlice[] } {
  const left = new Map(group.endpoints);
  const drafts: Draft[] = [];
  const spare: EndpointSlice[] = [];
  for (const slice of own) {
    const endpoints: Endpoint[] = [];
    let changed = relabelled(slice);
    for (const before of slice.endpoints ?? []) {
      const key = endpointKey(before);
      const wanted = left.get(key);
      if (!wanted) {
        changed = true;
        continue;
      }
      left.delete(key);
      endpoints.push(wanted);
      changed ||= !equal(wanted, before);
    }
    if (endpoints.length === 0) spare.push(slice);
    else drafts.push({ current: slice, ports: group.ports, endpoints, changed });
  }
  fill(drafts, group.ports, [...left.values()]);
  return { drafts, spare };
}

/** Slices that are written anyway are filled first, then one that takes all the rest, then new ones. */
function fill(drafts: Draft[], ports: EndpointPort[], left: Endpoint[]): void {
  const take = (draft: Draft): void => {
    draft.endpoints.push(...left.splice(0, endpointsPerSliceMax - draft.endpoints.length));
    draft.changed = true;
  };
  const changed = drafts.filter((d) => d.changed);
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const draft of changed) if (left.length) take(draft);
  if (left.length) {
    const fitting = drafts.filter((d) => d.endpoints.length + left.length <= endpointsPerSliceMax);
    fitting.sort((a, b) => b.endpoints.length - a.endpoints.length);
    if (fitting[0]) take(fitting[0]);
  }
  while (left.length) {
    const draft: Draft = { current: undefined, ports, endpoints: [], changed: true };
    take(draft);
    drafts.push(draft);
  }
}

/** The Service's labels and our own. k8s: setEndpointSliceLabels */
function labelsOf(service: Service): Record<string, string> {
  const labels = { ...service.metadata.labels };
  delete labels[headlessLabel];
  return {
    ...labels,
    ...(isWithoutIp(service) ? { [headlessLabel]: "" } : {}),
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: manager,
  };
}

function write(
  client: Client,
  service: Service,
  pods: readonly Pod[],
  addressType: string,
  { drafts, spare }: { drafts: Draft[]; spare: EndpointSlice[] },
): void {
  for (const draft of drafts) {
    if (!draft.changed) continue;
    // A slice that would go is used again for one that would come.
    const current = draft.current ?? spare.pop();
    const before = new Map((current?.endpoints ?? []).map((e) => [e.targetRef?.uid, e]));
    const after = new Map(draft.endpoints.map((e) => [e.targetRef?.uid, e]));
    const changed = (pod: Pod): boolean => {
      const now = after.get(pod.metadata.uid);
      return (
        now !== undefined &&
        now.conditions?.serving !== before.get(pod.metadata.uid)?.conditions?.serving
      );
    };
    const at = triggerTime(pods, changed, current ? undefined : service);
    const body = { addressType, endpoints: draft.endpoints, ports: draft.ports };
    if (current) update(client, current, service, body, at);
    else if (!service.metadata.deletionTimestamp) create(client, service, body, at);
  }
  for (const slice of spare) remove(client, slice);
}

interface SliceBody {
  addressType: string;
  endpoints: Endpoint[];
  ports: EndpointPort[];
}

function create(client: Client, service: Service, body: SliceBody, at: string | undefined): void {
  const annotations = withTrigger(undefined, at);
  const slice = client.create(slices, {
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: labelsOf(service),
      ...(at ? { annotations } : {}),
      ownerReferences: [newControllerRef(service)],
    },
    ...body,
  });
  noteWritten(slice);
}

function update(
  client: Client,
  slice: EndpointSlice,
  service: Service,
  body: SliceBody,
  at: string | undefined,
): void {
  const { annotations: before, ...metadata } = slice.metadata;
  const annotations = withTrigger(before, at);
  const some = Object.keys(annotations).length > 0;
  const next = client.update<EndpointSlice>(slices, {
    ...slice,
    ...body,
    metadata: { ...metadata, labels: labelsOf(service), ...(some ? { annotations } : {}) },
  });
  noteWritten(next);
}

function remove(client: Client, slice: EndpointSlice): void {
  client.delete(slices, slice.metadata.namespace ?? "", slice.metadata.name);
}
