/** Which listeners a route is attached to. k8s: gateway-api apis/v1 ParentReference, AllowedRoutes */
import { list, texts } from "../../kinds/gateway/lists.ts";
import {
  gatewayGroup,
  httpRoutes,
  isGatewayReference,
  targetKey,
  type Gateway,
  type HTTPRoute,
  type ParentReference,
} from "../../kinds/gateway/types.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Reader } from "../../ports/controller.ts";
import { objectKeyOf } from "../addresses.ts";
import { covers, effective, hostnameOf } from "./hostnames.ts";
import type { Attached, ListenerState, Problem } from "./listeners.ts";
import { unsupportedValue } from "./matching.ts";

/** References of a route to a Gateway, in their order. */
export const parentsOf = (route: HTTPRoute, gateway: Gateway): ParentReference[] =>
  list(route.spec?.parentRefs)
    .filter(isGatewayReference)
    .filter((ref) => targetKey(ref, route.metadata.namespace) === objectKeyOf(gateway));

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
    ({ listener }) =>
      (ref.sectionName === undefined || listener.name === ref.sectionName) &&
      (ref.port === undefined || listener.port === ref.port),
  );
  if (named.length === 0) {
    const wanted = [
      ...(ref.sectionName === undefined ? [] : [`name ${ref.sectionName}`]),
      ...(ref.port === undefined ? [] : [`port ${ref.port}`]),
    ];
    return {
      reason: "NoMatchingParent",
      message: `Gateway ${objectKeyOf(gateway)} has no listener of ${wanted.join(" and ") || "any name"}`,
    };
  }
  const allowing = named.filter((state) => allows(reader, gateway, state, route));
  if (allowing.length === 0)
    return {
      reason: "NotAllowedByListeners",
      message: `no listener of Gateway ${objectKeyOf(gateway)} allows ${route.kind ?? "HTTPRoute"}s of namespace ${route.metadata.namespace}`,
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
  { metadata: { namespace } }: Gateway,
  { listener: { allowedRoutes }, supportedKinds }: ListenerState,
  { metadata }: HTTPRoute,
): boolean {
  const takes = supportedKinds.some(
    ({ group, kind }) => group === gatewayGroup && kind === "HTTPRoute",
  );
  if (!takes) return false;
  const { from = "Same", selector } = allowedRoutes?.namespaces ?? {};
  if (from === "All") return true;
  if (from === "Same") return metadata.namespace === namespace;
  if (from !== "Selector") return false;
  const home = reader.get("namespaces", "", metadata.namespace ?? "");
  return home !== undefined && selects(selector, home.metadata.labels);
}

/** One that is no selector selects nothing: the definition's schema lets operators through that do not exist. */
function selects(
  selector: Parameters<typeof labelSelector>[0],
  labels: Record<string, string> | undefined,
): boolean {
  try {
    return labelSelector(selector).matches(labels);
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
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
  const all = reader.byIndex<HTTPRoute>("route.parent", objectKeyOf(gateway));
  const some = host === undefined ? all : all.filter((route) => mayAnswer(route, host));
  return some.flatMap((route) => {
    const found = new Map<ListenerState, Attached>();
    for (const ref of parentsOf(route, gateway)) {
      const attachment = attachmentOf(reader, gateway, states, route, ref);
      for (const one of Array.isArray(attachment) ? attachment : []) found.set(one.state, one);
    }
    return [...found.values()];
  });
}

function mayAnswer({ spec }: HTTPRoute, host: string): boolean {
  const own = texts(spec?.hostnames);
  return own.length === 0 || own.some((name) => covers(name.toLowerCase(), host));
}
