/** What the listeners of a Gateway come to: which are served, which routes they take, and why not. */
import { list } from "../../kinds/gateway/lists.ts";
import {
  gatewayClasses,
  gatewayControllerName,
  gatewayGroup,
  gateways,
  type Gateway,
  type GatewayClass,
  type HTTPRoute,
  type Listener,
  type ListenerSet,
  type RouteGroupKind,
} from "../../kinds/gateway/types.ts";
import type { Reader } from "../../ports/controller.ts";
import { clientsOf, type Clients } from "./frontend.ts";
import type { Hostname } from "./hostnames.ts";
import { setsOf } from "./listener-sets.ts";
import type { Problem } from "./problem.ts";
import { certificateProblem } from "./secrets.ts";

export interface ListenerState {
  listener: Listener;
  /** Whose listener it is, unless the Gateway's own. */
  set?: ListenerSet;
  supportedKinds: RouteGroupKind[];
  /** Another listener of the Gateway wants the same port in another way. */
  conflict?: Problem;
  unaccepted?: Problem;
  unresolved?: Problem;
  /** Whom clients must show that they are, where TLS ends. */
  clients?: Clients;
  /** Requests are taken. */
  serves: boolean;
}

/** A route on one listener, with the names that it answers to there. */
export interface Attached {
  route: HTTPRoute;
  state: ListenerState;
  hostnames: Hostname[];
}

/** Kinds of routes that a protocol may take; undefined: it is not served. */
const kindsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ["HTTP", ["HTTPRoute"]],
  ["HTTPS", ["HTTPRoute"]],
]);

/** Whether the controller of class `podyard` serves a Gateway: its class is of it, and wants nothing that it has not. */
export function isOurs(reader: Reader, { spec }: Gateway): boolean {
  const known = reader.get<GatewayClass>(gatewayClasses, "", String(spec?.gatewayClassName));
  return (
    known?.spec?.controllerName === gatewayControllerName && known.spec.parametersRef === undefined
  );
}

/** Why nothing of a Gateway is served. */
export function rejection({ spec }: Gateway): Problem | undefined {
  if (spec?.infrastructure?.parametersRef)
    return {
      reason: "InvalidParameters",
      message:
        "the controller takes no parameters: spec.infrastructure.parametersRef must be empty",
    };
  const odd = list(spec?.addresses).find(({ type }) => (type ?? "IPAddress") !== "IPAddress");
  if (odd)
    return {
      reason: "UnsupportedAddress",
      message: `addresses of type ${odd.type} are not supported, those of type IPAddress are`,
    };
  return undefined;
}

/** The Gateway of ours that has an address. */
export function gatewayAt(reader: Reader, ip: string): Gateway | undefined {
  if (!reader.resources.stored(gateways)) return undefined;
  return reader
    .byIndex<Gateway>("gateway.address", ip)
    .find((gateway) => isOurs(reader, gateway) && !gateway.metadata.deletionTimestamp);
}

/** Listeners of a port that take requests. */
export const listenersAt = (reader: Reader, gateway: Gateway, port: number): ListenerState[] =>
  listenersOf(reader, gateway).filter((state) => state.serves && state.listener.port === port);

/** A Gateway's own, then those of the ListenerSets that it allows. */
export function listenersOf(reader: Reader, gateway: Gateway): ListenerState[] {
  const own = list(gateway.spec?.listeners);
  const states = own.map((listener) =>
    stateOf(reader, gateway, listener, { set: undefined, conflict: conflictOf(listener, own) }),
  );
  // A Gateway's own are in each other's way; of those that are added, who comes first has the port.
  const holders = states.flatMap(({ conflict, listener }) => (conflict ? [] : listener));
  for (const set of setsOf(reader, gateway))
    for (const listener of list(set.spec?.listeners)) {
      const conflict = conflictOf(listener, holders);
      if (!conflict) holders.push(listener);
      states.push(stateOf(reader, gateway, listener, { set, conflict }));
    }
  return states;
}

function stateOf(
  reader: Reader,
  gateway: Gateway,
  listener: Listener,
  { set, conflict }: { set: ListenerSet | undefined; conflict: Problem | undefined },
): ListenerState {
  const protocol = kindsOf.get(listener.protocol);
  const kinds = supportedKinds(listener, protocol ?? []);
  const uncertified = certificateProblem(reader, set ?? gateway, listener);
  const clients =
    listener.protocol === "HTTPS" ? clientsOf(reader, gateway, listener.port) : undefined;
  const unresolved =
    uncertified ??
    clients?.unresolved ??
    (kinds.invalid
      ? { reason: "InvalidRouteKinds", message: `${kinds.invalid} is not supported` }
      : undefined);
  const unaccepted =
    protocol === undefined
      ? {
          reason: "UnsupportedProtocol",
          message: `protocol ${listener.protocol} is not supported, HTTP and HTTPS are`,
        }
      : clients?.unaccepted;
  const serves =
    rejection(gateway) === undefined &&
    !conflict &&
    !unaccepted &&
    !uncertified &&
    (kinds.invalid === undefined || kinds.valid.length > 0);
  return {
    listener,
    supportedKinds: kinds.valid,
    serves,
    ...(set ? { set } : {}),
    ...(clients ? { clients } : {}),
    ...(conflict ? { conflict } : {}),
    ...(unaccepted ? { unaccepted } : {}),
    ...(unresolved ? { unresolved } : {}),
  };
}

/** HTTP and HTTPS cannot share a port, nor two listeners a port and a hostname. */
function conflictOf(own: Listener, all: readonly Listener[]): Problem | undefined {
  const beside = all.filter((one) => one !== own && one.port === own.port);
  const other = beside.find(({ protocol }) => protocol !== own.protocol);
  if (other)
    return {
      reason: "ProtocolConflict",
      message: `listener ${other.name} uses port ${own.port} with protocol ${other.protocol}`,
    };
  const same = beside.find(({ hostname }) => (hostname ?? "") === (own.hostname ?? ""));
  if (same)
    return {
      reason: "HostnameConflict",
      message: `listener ${same.name} uses port ${own.port} with the same hostname`,
    };
  return undefined;
}

function supportedKinds(
  { allowedRoutes }: Listener,
  known: readonly string[],
): { valid: RouteGroupKind[]; invalid?: string } {
  const own = list(allowedRoutes?.kinds);
  const isKnown = ({ group, kind }: RouteGroupKind): boolean =>
    (group ?? gatewayGroup) === gatewayGroup && known.includes(kind);
  const invalid = own.find((one) => !isKnown(one));
  const valid = own.length === 0 ? known.map((kind) => ({ kind })) : own.filter(isKnown);
  return {
    valid: valid.map(({ kind }) => ({ group: gatewayGroup, kind })),
    ...(invalid ? { invalid: `${invalid.group ?? gatewayGroup}/${invalid.kind}` } : {}),
  };
}
