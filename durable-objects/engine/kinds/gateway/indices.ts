/** What objects of the Gateway API are filed under. Their schemas are the user's, so nothing is taken for granted here. */
import type { Kind } from "../define.ts";
import { list } from "./lists.ts";
import {
  backendTlsPolicies,
  gateways,
  httpRoutes,
  isConfigMapReference,
  isGatewayReference,
  isListenerSetReference,
  isServiceReference,
  listenerSets,
  targetKey,
  type BackendReference,
  type BackendTlsPolicy,
  type Gateway,
  type HTTPRoute,
  type ListenerSet,
  type ObjectReference,
  type ParentReference,
} from "./types.ts";

/** Everything that a route sends requests to, with the copies of them. */
export function backendsOf({ spec }: HTTPRoute): BackendReference[] {
  return list(spec?.rules).flatMap(({ backendRefs, filters }) => {
    const refs = list(backendRefs);
    const all = [...list(filters), ...refs.flatMap((ref) => list(ref.filters))];
    return [...refs, ...all.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? [])];
  });
}

export const certificatesOf = ({ spec }: Gateway | ListenerSet): ObjectReference[] => [
  ...list(spec?.listeners).flatMap(({ tls }) => list(tls?.certificateRefs)),
  ...[(spec as Gateway["spec"])?.tls?.backend?.clientCertificateRef ?? []].flat(),
];

/** ConfigMaps with the authorities of clients. */
function authoritiesOf({ spec }: Gateway | ListenerSet): ObjectReference[] {
  const { default: standard, perPort } = (spec as Gateway["spec"])?.tls?.frontend ?? {};
  const all = [standard, ...list(perPort).map(({ tls }) => tls)];
  return all
    .flatMap((tls) => list(tls?.validation?.caCertificateRefs))
    .filter(isConfigMapReference);
}

/** Other namespaces that an object refers into: what a ReferenceGrant there is about. */
const foreign = (refs: readonly ObjectReference[], own: string | undefined): string[] =>
  refs.flatMap(({ namespace }) => (namespace && namespace !== own ? [namespace] : []));

type Indices = NonNullable<Kind["indices"]>;

const selects = ({ spec }: Gateway | ListenerSet): boolean =>
  list(spec?.listeners).some(({ allowedRoutes }) => allowedRoutes?.namespaces?.from === "Selector");

/** Parents of one kind. */
const parents =
  (isOne: (ref: ParentReference) => boolean) =>
  ({ spec, metadata }: HTTPRoute): string[] =>
    list(spec?.parentRefs)
      .filter(isOne)
      .map((ref) => targetKey(ref, metadata.namespace));

/** The Gateway that a ListenerSet is for. */
export const gatewayKeyOf = ({ spec, metadata }: ListenerSet): string | undefined =>
  spec?.parentRef && isGatewayReference(spec.parentRef)
    ? targetKey(spec.parentRef, metadata.namespace)
    : undefined;

/** Secrets and foreign namespaces, of Gateways and ListenerSets alike. */
const ofCertificates = (name: string): Indices =>
  [
    {
      name: `${name}.secret`,
      values: (one: Gateway | ListenerSet) =>
        certificatesOf(one).map((ref) => targetKey(ref, one.metadata.namespace)),
    },
    {
      name: `${name}.foreign`,
      values: (one: Gateway | ListenerSet) =>
        foreign([...certificatesOf(one), ...authoritiesOf(one)], one.metadata.namespace),
    },
  ] as Indices;

/** By resource. */
export const gatewayIndices: ReadonlyMap<string, Indices> = new Map<string, Indices>([
  [
    gateways,
    [
      {
        name: "gateway.class",
        values: ({ spec }: Gateway) => [String(spec?.gatewayClassName)],
      },
      {
        name: "gateway.address",
        values: ({ status }: Gateway) =>
          list(status?.addresses).flatMap(({ value }) => value ?? []),
      },
      ...ofCertificates("gateway"),
      {
        name: "gateway.authority",
        values: (gateway: Gateway) =>
          authoritiesOf(gateway).map((ref) => targetKey(ref, gateway.metadata.namespace)),
      },
      {
        name: "gateway.selects",
        values: (gateway: Gateway) =>
          selects(gateway) || gateway.spec?.allowedListeners?.namespaces?.from === "Selector"
            ? ["namespaces"]
            : [],
      },
    ] as Indices,
  ],
  [
    listenerSets,
    [
      {
        name: "listener-set.parent",
        values: (set: ListenerSet) => [gatewayKeyOf(set) ?? []].flat(),
      },
      ...ofCertificates("listener-set"),
      {
        name: "listener-set.selects",
        values: (set: ListenerSet) => (selects(set) ? ["namespaces"] : []),
      },
    ] as Indices,
  ],
  [
    backendTlsPolicies,
    [
      {
        name: "backend-tls.target",
        values: ({ spec, metadata }: BackendTlsPolicy) =>
          list(spec?.targetRefs)
            .filter(isServiceReference)
            .map(({ name }) => targetKey({ name }, metadata.namespace)),
      },
      {
        name: "backend-tls.authority",
        values: ({ spec, metadata }: BackendTlsPolicy) =>
          list(spec?.validation?.caCertificateRefs)
            .filter(isConfigMapReference)
            .map(({ name }) => targetKey({ name }, metadata.namespace)),
      },
    ] as Indices,
  ],
  [
    httpRoutes,
    [
      {
        name: "route.parent",
        values: parents(isGatewayReference),
      },
      {
        name: "route.listener-set",
        values: parents(isListenerSetReference),
      },
      {
        name: "route.backend",
        values: (route: HTTPRoute) =>
          backendsOf(route)
            .filter(isServiceReference)
            .map((ref) => targetKey(ref, route.metadata.namespace)),
      },
      {
        name: "route.foreign",
        values: (route: HTTPRoute) => foreign(backendsOf(route), route.metadata.namespace),
      },
    ] as Indices,
  ],
]);
