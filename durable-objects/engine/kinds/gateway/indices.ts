/** What objects of the Gateway API are filed under. Their schemas are the user's, so nothing is taken for granted here. */
import type { Kind } from "../define.ts";
import { list } from "./lists.ts";
import {
  gateways,
  httpRoutes,
  isGatewayReference,
  isServiceReference,
  targetKey,
  type BackendReference,
  type Gateway,
  type HTTPRoute,
  type ObjectReference,
} from "./types.ts";

/** Everything that a route sends requests to, with the copies of them. */
export function backendsOf({ spec }: HTTPRoute): BackendReference[] {
  return list(spec?.rules).flatMap(({ backendRefs, filters }) => {
    const refs = list(backendRefs);
    const all = [...list(filters), ...refs.flatMap((ref) => list(ref.filters))];
    return [...refs, ...all.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? [])];
  });
}

export const certificatesOf = ({ spec }: Gateway): ObjectReference[] =>
  list(spec?.listeners).flatMap(({ tls }) => list(tls?.certificateRefs));

/** Other namespaces that an object refers into: what a ReferenceGrant there is about. */
const foreign = (refs: readonly ObjectReference[], own: string | undefined): string[] =>
  refs.flatMap(({ namespace }) => (namespace && namespace !== own ? [namespace] : []));

type Indices = NonNullable<Kind["indices"]>;

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
      {
        name: "gateway.secret",
        values: (gateway: Gateway) =>
          certificatesOf(gateway).map((ref) => targetKey(ref, gateway.metadata.namespace)),
      },
      {
        name: "gateway.foreign",
        values: (gateway: Gateway) => foreign(certificatesOf(gateway), gateway.metadata.namespace),
      },
      {
        name: "gateway.selects",
        values: ({ spec }: Gateway) =>
          list(spec?.listeners).some(
            ({ allowedRoutes }) => allowedRoutes?.namespaces?.from === "Selector",
          )
            ? ["namespaces"]
            : [],
      },
    ] as Indices,
  ],
  [
    httpRoutes,
    [
      {
        name: "route.parent",
        values: ({ spec, metadata }: HTTPRoute) =>
          list(spec?.parentRefs)
            .filter(isGatewayReference)
            .map((ref) => targetKey(ref, metadata.namespace)),
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
