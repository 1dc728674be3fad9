/** What the listeners of a Gateway come to: which are served, which routes they take, and why not. */
import { certificateError } from "./certificates.ts";
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
  type ObjectReference,
  type RouteGroupKind,
} from "../../kinds/gateway/types.ts";
import type { Secret } from "../../kinds/secret.ts";
import type { Reader } from "../../ports/controller.ts";
import { isGranted } from "./grants.ts";
import type { Hostname } from "./hostnames.ts";
import { setsOf } from "./listener-sets.ts";

/** Why a condition does not hold, in its words. */
export interface Problem {
  reason: string;
  message: string;
}

export interface ListenerState {
  listener: Listener;
  /** Whose listener it is, unless the Gateway's own. */
  set?: ListenerSet;
  supportedKinds: RouteGroupKind[];
  /** Another listener of the Gateway wants the same port in another way. */
  conflict?: Problem;
  unaccepted?: Problem;
  unresolved?: Problem;
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
  const states: ListenerState[] = [];
  for (const set of [undefined, ...setsOf(reader, gateway)]) {
    const before = states.filter(({ conflict }) => !conflict).map(({ listener }) => listener);
    const all = list((set ?? gateway).spec?.listeners);
    for (const listener of all) {
      // Who comes first has the port; those that come together are in each other's way.
      const conflict = conflictOf(listener, [...before, ...all]);
      states.push(stateOf(reader, gateway, listener, { set, conflict }));
    }
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
  const unresolved =
    certificateProblem(reader, set ?? gateway, listener) ??
    (kinds.invalid
      ? { reason: "InvalidRouteKinds", message: `${kinds.invalid} is not supported` }
      : undefined);
  const unaccepted =
    protocol === undefined
      ? {
          reason: "UnsupportedProtocol",
          message: `protocol ${listener.protocol} is not supported, HTTP and HTTPS are`,
        }
      : undefined;
  const serves =
    rejection(gateway) === undefined &&
    !conflict &&
    !unaccepted &&
    (!unresolved || (kinds.valid.length > 0 && unresolved.reason === "InvalidRouteKinds"));
  return {
    listener,
    supportedKinds: kinds.valid,
    serves,
    ...(set ? { set } : {}),
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

function certificateProblem(
  reader: Reader,
  owner: Gateway | ListenerSet,
  { protocol, tls }: Listener,
): Problem | undefined {
  if (protocol !== "HTTPS") return undefined;
  const refs = list(tls?.certificateRefs);
  const invalid = (message: string): Problem => ({ reason: "InvalidCertificateRef", message });
  if (refs.length === 0) return invalid("an HTTPS listener needs a certificate");
  for (const ref of refs) {
    const problem = secretProblem(reader, owner, ref);
    if (problem) return typeof problem === "string" ? invalid(problem) : problem;
  }
  return undefined;
}

function secretProblem(
  reader: Reader,
  { kind = "Gateway", metadata }: Gateway | ListenerSet,
  ref: ObjectReference,
): string | Problem | undefined {
  const own = metadata.namespace ?? "";
  const namespace = ref.namespace ?? own;
  if ((ref.group ?? "") !== "" || (ref.kind ?? "Secret") !== "Secret")
    return `certificates are Secrets, not ${ref.group ?? ""}/${ref.kind}`;
  const to = { kind: "Secret" as const, namespace, name: ref.name };
  if (!isGranted(reader, { from: { kind, namespace: own }, to }))
    return {
      reason: "RefNotPermitted",
      message: `no ReferenceGrant in namespace ${namespace} lets ${kind}s of ${own} refer to Secret ${ref.name}`,
    };
  const secret = reader.get<Secret>("secrets", namespace, ref.name);
  if (!secret) return `Secret ${namespace}/${ref.name} does not exist`;
  const problem = certificateError(secret);
  return problem === undefined ? undefined : `Secret ${namespace}/${ref.name}: ${problem}`;
}
