/** Endpoints of Services with a selector. k8s: pkg/controller/endpoint/endpoints_controller.go */
import type { Service } from "../../kinds/service/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type * as core from "kubernetes-types/core/v1";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import type { Endpoints } from "../../kinds/endpoints.ts";
import { endpointAddressesMax } from "../../core/limits.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import {
  addressesOf,
  hasEndpoint,
  headlessLabel,
  hostnameOf,
  isWithoutIp,
  noteWritten,
  podsOfService,
  portsOf,
  servicesOfPod,
  wakesServices,
  triggerTime,
  withTrigger,
  type EndpointPort,
} from "./service-pods.ts";
import { isReady } from "../workload/pods.ts";

const managedBy = { "endpoints.kubernetes.io/managed-by": "endpoint-controller" };
const overCapacity = "endpoints.kubernetes.io/over-capacity";

export const endpointsController: Controller = {
  name: "endpoints",
  wakesOn: {
    services: (change) => [objectKey(change.namespace, change.name)],
    pods: servicesOfPod,
    // Only a deletion is noticed: what others write into Endpoints stays until their Service or a Pod moves.
    endpoints: (change) =>
      change.op === "delete" ? [objectKey(change.namespace, change.name)] : undefined,
  },
  reconcile(key, client) {
    if (wakesServices(client, "endpoints", key)) return undefined;
    const { namespace, name } = splitKey(key);
    const service = client.get<Service>("services", namespace, name);
    if (!service) {
      if (client.get("endpoints", namespace, name)) client.delete("endpoints", namespace, name);
      return undefined;
    }
    const pods = podsOfService(client, service);
    if (pods) reconcileService(client, service, pods);
    return undefined;
  },
};

function reconcileService(client: Client, service: Service, pods: readonly Pod[]): void {
  const { namespace = "", name } = service.metadata;
  const always = Boolean(service.spec?.publishNotReadyAddresses);
  const present = pods.filter((pod) => hasEndpoint(pod, always));
  const { subsets, truncated } = truncate(subsetsOf(service, present));
  const labels = {
    ...service.metadata.labels,
    ...managedBy,
    ...(isWithoutIp(service) ? { [headlessLabel]: "" } : {}),
  };
  const current = client.get<Endpoints>("endpoints", namespace, name);
  const annotated = current?.metadata.annotations?.[overCapacity] !== undefined;
  if (
    current &&
    equal(current.subsets ?? [], subsets) &&
    equal(current.metadata.labels ?? {}, labels) &&
    annotated === truncated
  ) {
    return;
  }
  if (!current && client.get("namespaces", "", namespace)?.metadata.deletionTimestamp) return;
  const at = triggerTime(
    present,
    changedPods(current?.subsets, subsets),
    current ? undefined : service,
  );
  const annotations = withTrigger(current?.metadata.annotations, at);
  delete annotations[overCapacity];
  if (truncated) annotations[overCapacity] = "truncated";
  const { annotations: _before, ...metadata } = current?.metadata ?? { name, namespace };
  const next = {
    ...current,
    metadata: { ...metadata, labels, ...(Object.keys(annotations).length ? { annotations } : {}) },
    ...(subsets.length ? { subsets } : {}),
  };
  if (!subsets.length) delete (next as Partial<Endpoints>).subsets;
  noteWritten(
    current
      ? client.update<Endpoints>("endpoints", next as Endpoints)
      : client.create("endpoints", next),
  );
}

/** Pods that became ready or unready between the two. */
function changedPods(
  before: readonly core.EndpointSubset[] | undefined,
  after: readonly core.EndpointSubset[],
): (pod: Pod) => boolean {
  const states = (subsets: readonly core.EndpointSubset[]): Map<string | undefined, boolean> => {
    const found = new Map<string | undefined, boolean>();
    for (const { addresses, notReadyAddresses } of subsets) {
      for (const a of notReadyAddresses ?? []) found.set(a.targetRef?.uid, false);
      for (const a of addresses ?? []) found.set(a.targetRef?.uid, true);
    }
    return found;
  };
  const was = states(before ?? []);
  const is = states(after);
  return ({ metadata: { uid } }) => is.has(uid) && is.get(uid) !== was.get(uid);
}

interface Packed {
  ports: EndpointPort[];
  ready: core.EndpointAddress[];
  notReady: core.EndpointAddress[];
}

/** Addresses that have the same ports share a subset. k8s: RepackSubsets */
function subsetsOf(service: Service, pods: readonly Pod[]): core.EndpointSubset[] {
  const headlessWithoutPorts = !service.spec?.ports?.length && service.spec?.clusterIP === "None";
  const packed = new Map<string, Packed>();
  const family = service.spec?.ipFamilies?.[0] ?? "IPv4";
  for (const pod of pods) {
    const ports = portsOf(service, pod);
    if (ports.length === 0 && !headlessWithoutPorts) continue;
    const ip = addressesOf(pod).find((a) => a.includes(":") === (family === "IPv6"));
    if (!ip) continue;
    const key = JSON.stringify(ports);
    let subset = packed.get(key);
    if (!subset) packed.set(key, (subset = { ports, ready: [], notReady: [] }));
    const ready = Boolean(service.spec?.publishNotReadyAddresses) || isReady(pod);
    (ready ? subset.ready : subset.notReady).push(addressOf(pod, service, ip));
  }
  return [...packed.values()].map(({ ports, ready, notReady }) => ({
    ...(ready.length ? { addresses: inIpOrder(ready) } : {}),
    ...(notReady.length ? { notReadyAddresses: inIpOrder(notReady) } : {}),
    ...(ports.length ? { ports: ports.map(withoutEmptyName) } : {}),
  }));
}

const withoutEmptyName = ({ name, ...port }: EndpointPort): core.EndpointPort =>
  name ? { name, ...port } : port;

function addressOf(pod: Pod, service: Service, ip: string): core.EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameOf(pod, service);
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: "Pod", ...(namespace ? { namespace } : {}), name, uid },
  };
}

/** By number, each address taken apart once. */
function inIpOrder(addresses: readonly core.EndpointAddress[]): core.EndpointAddress[] {
  const keyed = addresses.map((address): [number, core.EndpointAddress] => {
    const parts = address.ip.split(".");
    return [parts.reduce((sum, part) => sum * 256 + (Number(part) || 0), 0), address];
  });
  keyed.sort(([a, { ip: x }], [b, { ip: y }]) => a - b || (x < y ? -1 : x > y ? 1 : 0));
  return keyed.map(([, address]) => address);
}

/** Ready addresses come first when not all fit. k8s: truncateEndpoints */
function truncate(subsets: core.EndpointSubset[]): {
  subsets: core.EndpointSubset[];
  truncated: boolean;
} {
  const count = (of: "addresses" | "notReadyAddresses"): number =>
    subsets.reduce((sum, s) => sum + (s[of]?.length ?? 0), 0);
  const ready = count("addresses");
  const notReady = count("notReadyAddresses");
  if (ready + notReady <= endpointAddressesMax) return { subsets, truncated: false };
  const field = ready > endpointAddressesMax ? "addresses" : "notReadyAddresses";
  const most = field === "addresses" ? endpointAddressesMax : endpointAddressesMax - ready;
  const total = field === "addresses" ? ready : notReady;
  let left = most;
  const cut = subsets.map((subset) => {
    const list = subset[field] ?? [];
    const share = Math.min(left, Math.ceil((list.length / total) * most));
    left -= Math.min(share, list.length);
    const next = { ...subset, [field]: list.slice(0, share) };
    if (field === "addresses" || share === 0) delete next.notReadyAddresses;
    return next;
  });
  return {
    subsets: cut.filter((s) => s.addresses?.length || s.notReadyAddresses?.length),
    truncated: true,
  };
}
