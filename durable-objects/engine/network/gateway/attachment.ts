/** Which listeners a route is attached to. k8s: gateway-api apis/v1 ParentReference, AllowedRoutes */
import { list, texts } from "../../kinds/gateway/lists.ts";
import {
  gatewayGroup,
  httpRoutes,
  isGatewayReference,
  isListenerSetReference,
  targetKey,
  type Gateway,
  type HTTPRoute,
  type ParentReference,
} from "../../kinds/gateway/types.ts";
import type { Reader } from "../../ports/controller.ts";
import { objectKeyOf } from "../addresses.ts";
import { covers, effective, hostnameOf } from "./hostnames.ts";
import type { Attached, ListenerState } from "./listeners.ts";
import type { Problem } from "./problem.ts";
import { unsupportedValue } from "./matching.ts";
import { isChosen } from "./namespaces.ts";

type Reference = Pick<Attached, "route"> & { ref: ParentReference };

/** Whether a listener is of the Gateway or the ListenerSet that a route names. */
function isNamed({ set }: ListenerState, gateway: Gateway, { route, ref }: Reference): boolean {
  const isOne = set ? isListenerSetReference : isGatewayReference;
  return isOne(ref) && targetKey(ref, route.metadata.namespace) === objectKeyOf(set ?? gateway);
}

/** Where one reference attaches a route, or why nowhere. */
export function attachmentOf(
  reader: Reader,
  gateway: Gateway,
  states: readonly ListenerState[],
  route: HTTPRoute,
  ref: ParentReference,
): Attached[] | Problem {
  const unsupported = unsupportedValue(route);
  if (unsupported) return { reason: "UnsupportedValue", message: unsupported };
  const named = states.filter(
    (state) =>
      isNamed(state, gateway, { route, ref }) &&
      (ref.sectionName === undefined || state.listener.name === ref.sectionName) &&
      (ref.port === undefined || state.listener.port === ref.port),
  );
  const parent = `${ref.kind ?? "Gateway"} ${targetKey(ref, route.metadata.namespace)}`;
  if (named.length === 0) {
    const wanted = [
      ...(ref.sectionName === undefined ? [] : [`name ${ref.sectionName}`]),
      ...(ref.port === undefined ? [] : [`port ${ref.port}`]),
    ];
    return {
      reason: "NoMatchingParent",
      message: `${parent} has no listener of ${wanted.join(" and ") || "any name"}`,
    };
  }
  const allowing = named.filter((state) => allows(reader, gateway, state, route));
  if (allowing.length === 0)
    return {
      reason: "NotAllowedByListeners",
      message: `no listener of ${parent} allows ${route.kind ?? "HTTPRoute"}s of namespace ${route.metadata.namespace}`,
    };
  const own = texts(route.spec?.hostnames);
  const attached = allowing.flatMap((state) => {
    const hostnames = effective(hostnameOf(state.listener), own);
    return hostnames.length > 0 ? [{ route, state, hostnames }] : [];
  });
  if (attached.length > 0) return attached;
  const theirs = allowing.map(({ listener }) => listener.hostname);
  return {
    reason: "NoMatchingListenerHostname",
    message: `hostnames ${own.join(", ")} have nothing in common with ${theirs.join(", ")} of the listeners`,
  };
}

function allows(
  reader: Reader,
  gateway: Gateway,
  { listener: { allowedRoutes }, set, supportedKinds }: ListenerState,
  { metadata }: HTTPRoute,
): boolean {
  const takes = supportedKinds.some(
    ({ group, kind }) => group === gatewayGroup && kind === "HTTPRoute",
  );
  const chosen = { from: "Same", ...allowedRoutes?.namespaces };
  return takes && isChosen(reader, chosen, (set ?? gateway).metadata, metadata);
}

/**
 * Every route on every listener of a Gateway; once on each, however often it names it. `host`: those alone that may answer to it, as
 * a Gateway may have many routes, and each request is for one name.
 */
export function attachedTo(
  reader: Reader,
  gateway: Gateway,
  states: readonly ListenerState[],
  host?: string,
): Attached[] {
  if (!reader.resources.stored(httpRoutes)) return [];
  const all = routesOf(reader, gateway, states);
  const key = objectKeyOf(gateway);
  const some = host === undefined ? all : all.filter((route) => mayAnswer(route, host));
  return some.flatMap((route) => {
    const found = new Map<ListenerState, Attached>();
    for (const ref of list(route.spec?.parentRefs)) {
      if (isGatewayReference(ref) && targetKey(ref, route.metadata.namespace) !== key) continue;
      const attachment = attachmentOf(reader, gateway, states, route, ref);
      for (const one of Array.isArray(attachment) ? attachment : []) found.set(one.state, one);
    }
    return [...found.values()];
  });
}

/** Those that name a Gateway, or one of the ListenerSets whose listeners are told; each once. */
function routesOf(
  reader: Reader,
  gateway: Gateway,
  states: readonly ListenerState[],
): readonly HTTPRoute[] {
  const own = reader.byIndex<HTTPRoute>("route.parent", objectKeyOf(gateway));
  const sets = new Set(states.flatMap(({ set }) => (set ? objectKeyOf(set) : [])));
  if (sets.size === 0) return own;
  const theirs = [...sets].flatMap((key) => reader.byIndex<HTTPRoute>("route.listener-set", key));
  return [...new Set([...own, ...theirs])];
}

function mayAnswer({ spec }: HTTPRoute, host: string): boolean {
  const own = texts(spec?.hostnames);
  return own.length === 0 || own.some((name) => covers(name.toLowerCase(), host));
}
