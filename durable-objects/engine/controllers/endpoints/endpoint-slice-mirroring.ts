/** Endpoints that a user wrote for a Service without a selector, as slices. k8s: pkg/controller/endpointslicemirroring */
import type { Service } from "../../kinds/service/shape.ts";
import type * as core from "kubernetes-types/core/v1";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey, type Change } from "../../core/object.ts";
import type { Endpoints } from "../../kinds/endpoints.ts";
import type { EndpointSlice } from "../../kinds/endpoint-slice.ts";
import { mirroredAddressesMax } from "../../core/limits.ts";
import { dns1123Subdomain } from "../../machinery/names.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { newControllerRef } from "../workload/controller-ref.ts";
import { managedByLabel, serviceNameLabel, triggerAnnotation } from "./service-pods.ts";

const slices = "endpointslices.discovery.k8s.io";
const manager = "endpointslicemirroring-controller.k8s.io";
const skipLabel = "endpointslice.kubernetes.io/skip-mirror";
const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader";
const source = { component: "endpoint-slice-mirroring-controller" };

const isOurs = ({ metadata }: { metadata: { labels?: Record<string, string> } }): boolean =>
  metadata.labels?.[managedByLabel] === manager;

/** A slice that somebody else changed or took away. */
function ofSlice({ namespace, object, previous }: Change): string[] | undefined {
  const known = [object, previous].find((one) => one !== undefined && isOurs(one));
  const service = known?.metadata.labels?.[serviceNameLabel];
  return service ? [objectKey(namespace, service)] : undefined;
}

export const endpointSliceMirroringController: Controller = {
  name: "endpointslicemirroring",
  wakesOn: {
    endpoints: (change) => [objectKey(change.namespace, change.name)],
    services: (change) => [objectKey(change.namespace, change.name)],
    [slices]: ofSlice,
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const endpoints = client.get<Endpoints>("endpoints", namespace, name);
    const service = client.get<Service>("services", namespace, name);
    const existing = client
      .byIndex<EndpointSlice>("slice.service", `${namespace}\0${name}`)
      .filter(isOurs);
    if (endpoints && shouldMirror(endpoints) && service && !service.spec?.selector)
      sync(client, endpoints, existing, wantedOf(client, endpoints));
    else for (const slice of existing) remove(client, slice);
    return undefined;
  },
};

const shouldMirror = ({ metadata: { labels, annotations } }: Endpoints): boolean =>
  labels?.[skipLabel] !== "true" && annotations?.[leaderAnnotation] === undefined;

interface Body {
  addressType: string;
  endpoints: object[];
  ports: object[];
}

/** One slice for each set of ports and address family; what is beyond a subset's most is told. */
function wantedOf(client: Client, endpoints: Endpoints): Body[] {
  const bodies = new Map<string, Body>();
  let skipped = 0;
  for (const subset of endpoints.subsets ?? []) {
    const ports = (subset.ports ?? []).map((p) => ({
      name: "",
      ...p,
      protocol: p.protocol ?? "TCP",
    }));
    const all = [
      ...(subset.addresses ?? []).map((a) => mirrorOf(a, true)),
      ...(subset.notReadyAddresses ?? []).map((a) => mirrorOf(a, false)),
    ];
    skipped += Math.max(0, all.length - mirroredAddressesMax);
    for (const one of all.slice(0, mirroredAddressesMax)) {
      const addressType = one.addresses[0]!.includes(":") ? "IPv6" : "IPv4";
      const key = JSON.stringify([addressType, ports]);
      let body = bodies.get(key);
      if (!body) bodies.set(key, (body = { addressType, endpoints: [], ports }));
      if (!body.endpoints.some((known) => equal(known, one))) body.endpoints.push(one);
    }
  }
  if (skipped > 0) {
    const text = `A max of ${mirroredAddressesMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
    client.event(endpoints, "Warning", "TooManyAddressesToMirror", text, source);
  }
  const made = [...bodies.values()];
  for (const body of made) body.endpoints.splice(mirroredAddressesMax);
  return made;
}

const mirrorOf = (a: core.EndpointAddress, ready: boolean) => ({
  addresses: [a.ip],
  conditions: { ready },
  ...(a.hostname ? { hostname: a.hostname } : {}),
  ...(a.targetRef ? { targetRef: a.targetRef } : {}),
  ...(a.nodeName ? { nodeName: a.nodeName } : {}),
});

const bodyOf = ({ addressType, endpoints, ports }: EndpointSlice): object => ({
  addressType,
  endpoints,
  ports,
});

function sync(
  client: Client,
  endpoints: Endpoints,
  existing: readonly EndpointSlice[],
  wanted: readonly Body[],
): void {
  const left = [...existing];
  const missing: Body[] = [];
  const take = (body: Body, fits: (slice: EndpointSlice) => boolean): boolean => {
    const place = left.findIndex((slice) => slice.addressType === body.addressType && fits(slice));
    if (place < 0) return false;
    update(client, endpoints, left.splice(place, 1)[0]!, body);
    return true;
  };
  for (const body of wanted)
    if (!take(body, (slice) => equal(slice.ports, body.ports))) missing.push(body);
  for (const body of missing)
    if (!take(body, () => true) && endpoints.metadata.deletionTimestamp === undefined)
      client.create(slices, { metadata: newMetadata(endpoints), ...body });
  for (const slice of left) remove(client, slice);
}

/** Written only where it says something else. */
function update(client: Client, endpoints: Endpoints, slice: EndpointSlice, body: Body): void {
  const own = ownMetadata(endpoints);
  const { labels = {}, annotations = {} } = slice.metadata;
  const { [triggerAnnotation]: _, ...kept } = annotations;
  const same =
    equal(bodyOf(slice), body) && equal(labels, own.labels) && equal(kept, own.annotations);
  if (same) return;
  const { annotations: _old, ...metadata } = slice.metadata;
  client.update<EndpointSlice>(slices, {
    ...slice,
    ...body,
    metadata: {
      ...metadata,
      labels: own.labels,
      ...(Object.keys(own.annotations).length > 0 ? { annotations: own.annotations } : {}),
    },
  } as EndpointSlice);
}

const remove = (client: Client, { metadata: { namespace = "", name } }: EndpointSlice): void =>
  client.delete(slices, namespace, name);

/** Labels and annotations follow those of the Endpoints. */
function ownMetadata({ metadata: { name, labels, annotations } }: Endpoints): {
  labels: Record<string, string>;
  annotations: Record<string, string>;
} {
  const kept = Object.entries(annotations ?? {}).filter(
    ([key]) =>
      key !== triggerAnnotation && key !== "kubectl.kubernetes.io/last-applied-configuration",
  );
  return {
    labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: manager },
    annotations: Object.fromEntries(kept),
  };
}

function newMetadata(endpoints: Endpoints): object {
  const { name, namespace } = endpoints.metadata;
  const { labels, annotations } = ownMetadata(endpoints);
  const prefix = `${name}-`;
  return {
    // k8s: getEndpointSlicePrefix: a name that is too long goes without its hyphen.
    generateName: dns1123Subdomain(`${prefix}a`).length > 0 ? name : prefix,
    namespace,
    labels,
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ownerReferences: [newControllerRef(endpoints)],
  };
}
