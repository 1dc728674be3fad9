/** Endpoints that a user wrote for a Service without a selector, as slices. k8s: pkg/controller/endpointslicemirroring */
import type { Service } from "../../kinds/service/shape.ts";
import type * as core from "kubernetes-types/core/v1";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import type { Endpoints } from "../../kinds/endpoints.ts";
import type { EndpointSlice } from "../../kinds/endpoint-slice.ts";
import { endpointsPerSliceMax, mirroredAddressesMax } from "../../core/limits.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { newControllerRef } from "../workload/controller-ref.ts";
import { managedByLabel, serviceNameLabel, triggerAnnotation } from "./service-pods.ts";

const slices = "endpointslices.discovery.k8s.io";
const manager = "endpointslicemirroring-controller.k8s.io";
const skipLabel = "endpointslice.kubernetes.io/skip-mirror";

export const endpointSliceMirroringController: Controller = {
  name: "endpointslicemirroring",
  wakesOn: {
    endpoints: (change) => [objectKey(change.namespace, change.name)],
    services: (change) => [objectKey(change.namespace, change.name)],
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const endpoints = client.get<Endpoints>("endpoints", namespace, name);
    if (!endpoints) return undefined;
    const service = client.get<Service>("services", namespace, name);
    const mirrored =
      service && !service.spec?.selector && endpoints.metadata.labels?.[skipLabel] !== "true";
    const wanted = mirrored ? (endpoints.subsets?.flatMap((s) => sliceBodies(s)) ?? []) : [];
    sync(client, endpoints, wanted);
    return undefined;
  },
};

interface Body {
  addressType: string;
  endpoints: object[];
  ports: object[];
}

/** One slice per subset and address family. */
function sliceBodies(subset: core.EndpointSubset): Body[] {
  const ports = (subset.ports ?? []).map((p) => ({
    name: "",
    ...p,
    protocol: p.protocol ?? "TCP",
  }));
  const all = [
    ...(subset.addresses ?? []).map((a) => mirrorOf(a, true)),
    ...(subset.notReadyAddresses ?? []).map((a) => mirrorOf(a, false)),
  ].slice(0, mirroredAddressesMax);
  const bodies: Body[] = [];
  for (const addressType of ["IPv4", "IPv6"]) {
    const own = all.filter(
      (e) => (e.addresses[0] as string).includes(":") === (addressType === "IPv6"),
    );
    for (let i = 0; i < own.length; i += endpointsPerSliceMax) {
      bodies.push({ addressType, endpoints: own.slice(i, i + endpointsPerSliceMax), ports });
    }
  }
  return bodies;
}

const mirrorOf = (a: core.EndpointAddress, ready: boolean) => ({
  addresses: [a.ip],
  conditions: { ready },
  ...(a.hostname ? { hostname: a.hostname } : {}),
  ...(a.targetRef ? { targetRef: a.targetRef } : {}),
  ...(a.nodeName ? { nodeName: a.nodeName } : {}),
});

function sync(client: Client, endpoints: Endpoints, wanted: readonly Body[]): void {
  const existing = client
    .byIndex<EndpointSlice>("controller", endpoints.metadata.uid)
    .filter((s) => s.kind === "EndpointSlice" && s.metadata.labels?.[managedByLabel] === manager);
  const left = [...existing];
  const missing: Body[] = [];
  for (const body of wanted) {
    const same = left.findIndex(({ addressType, endpoints: e, ports }) =>
      equal({ addressType, endpoints: e, ports }, body),
    );
    if (same < 0) missing.push(body);
    else left.splice(same, 1);
  }
  for (const body of missing) {
    const reuse = left.findIndex((s) => s.addressType === body.addressType);
    const slice = reuse < 0 ? undefined : left.splice(reuse, 1)[0];
    if (slice) client.update<EndpointSlice>(slices, { ...slice, ...body } as EndpointSlice);
    else client.create(slices, { metadata: metadataOf(endpoints), ...body });
  }
  for (const slice of left)
    client.delete(slices, slice.metadata.namespace ?? "", slice.metadata.name);
}

function metadataOf(endpoints: Endpoints): object {
  const { name, namespace, labels, annotations } = endpoints.metadata;
  const kept = Object.entries(annotations ?? {}).filter(
    ([key]) =>
      key !== triggerAnnotation && key !== "kubectl.kubernetes.io/last-applied-configuration",
  );
  return {
    generateName: `${name}-`,
    namespace,
    labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: manager },
    ...(kept.length ? { annotations: Object.fromEntries(kept) } : {}),
    ownerReferences: [newControllerRef(endpoints)],
  };
}
