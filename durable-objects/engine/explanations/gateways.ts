/** Gateways that serve nothing, and routes that no Gateway takes or that lead nowhere. */
import { lookup } from "../core/lookup.ts";
import { list, texts } from "../kinds/gateway/lists.ts";
import { backendsOf } from "../kinds/gateway/indices.ts";
import {
  gatewayClasses,
  gatewayControllerName,
  gateways,
  httpRoutes,
  isGatewayReference,
  isListenerSetReference,
  isServiceReference,
  listenerSets,
  type BackendReference,
  type Gateway,
  type GatewayClass,
  type HTTPRoute,
  type ListenerSet,
  type ParentReference,
} from "../kinds/gateway/types.ts";
import type { Service } from "../kinds/service/shape.ts";
import { attachmentOf } from "../network/gateway/attachment.ts";
import { backendOf } from "../network/gateway/backends.ts";
import { gatewayOfSet, isAllowed, setAt } from "../network/gateway/listener-sets.ts";
import { isOurs, listenersOf, rejection } from "../network/gateway/listeners.ts";
import type { Problem } from "../network/gateway/problem.ts";
import { endpointsOf } from "../network/services.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  near,
  plural,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const decidedBy = "gateway-controller";

const classNames = ({ client }: Scope): string[] =>
  client
    .list<GatewayClass>(gatewayClasses)
    .filter(({ spec }) => spec?.controllerName === gatewayControllerName && !spec.parametersRef)
    .map(({ metadata }) => metadata.name);

const edit = (kind: string, object: Gateway | HTTPRoute | ListenerSet) =>
  mend(`Change the ${kind}`, `kubectl edit ${kind} ${object.metadata.name}${inNamespace(object)}`);

function notProgrammed(scope: Scope, gateway: Gateway): Found | undefined {
  if (!isOurs(scope.client, gateway)) return unserved(scope, gateway);
  const rejected = rejection(gateway);
  if (rejected) return refused(gateway, rejected, "spec");
  const states = listenersOf(scope.client, gateway).filter(({ set }) => !set);
  const i = states.findIndex(({ serves }) => !serves);
  const state = states[i];
  if (state) {
    const problem = state.unaccepted ?? state.conflict ?? state.unresolved;
    const { name, port } = state.listener;
    return {
      sentence: `${nameOf(gateway)}: its listener ${name} on port ${port} is not programmed, so connections to it are refused: ${problem?.message ?? ""} (${problem?.reason ?? ""}); ${states.filter(({ serves }) => serves).length} of ${plural(states.length, "listener")} ${states.length === 1 ? "is" : "are"} programmed.`,
      evidence: [
        about(gateway, `listener ${name} ${problem?.reason ?? ""}`, {
          field: `spec.listeners[${i}]`,
        }),
      ],
      mend: [edit("gateway", gateway)],
      decidedBy,
      reason: problem?.reason ?? "listener",
    };
  }
  if (list(gateway.status?.addresses).length > 0) return undefined;
  const programmed = list(gateway.status?.conditions).find(({ type }) => type === "Programmed");
  return refused(
    gateway,
    {
      reason: programmed?.reason ?? "AddressNotAssigned",
      message: programmed?.message ?? "it has no address yet",
    },
    "spec.addresses",
  );
}

const refused = (gateway: Gateway, { reason, message }: Problem, field: string): Found => ({
  sentence: `${nameOf(gateway)} is not programmed: ${message} (${reason}).`,
  evidence: [about(gateway, message, { field })],
  mend: [edit("gateway", gateway)],
  decidedBy,
  reason,
});

function unserved(scope: Scope, gateway: Gateway): Found {
  const name = String(gateway.spec?.gatewayClassName);
  const known = scope.client.get<GatewayClass>(gatewayClasses, "", name);
  const ours = classNames(scope);
  const controller = known?.spec?.controllerName ?? "";
  const why =
    known === undefined
      ? `there is no GatewayClass ${name}`
      : controller === gatewayControllerName
        ? `its class ${name} is not accepted, since it wants parameters (spec.parametersRef), which the controller does not take`
        : `its class ${name} is of controller ${controller}, which does not run in this cluster`;
  return {
    sentence: `${nameOf(gateway)} is served by nobody: ${why} (classes that are served: ${listed(ours) || "0"}).`,
    evidence: [
      about(gateway, `gatewayClassName ${name}`, { field: "spec.gatewayClassName" }),
      ...(known
        ? [
            about(known, `controllerName ${known.spec?.controllerName ?? ""}`, {
              field: "spec.controllerName",
            }),
          ]
        : []),
    ],
    mend: [
      mend(
        "Name a class that is served",
        `kubectl patch gateway ${gateway.metadata.name}${inNamespace(gateway)} --type=merge -p '{"spec":{"gatewayClassName":"${ours[0] ?? "podyard"}"}}'`,
      ),
    ],
    decidedBy,
    reason: "class",
  };
}

function notAccepted(scope: Scope, route: HTTPRoute): Found | undefined {
  for (const [i, ref] of list(route.spec?.parentRefs).entries()) {
    const namespace = ref.namespace ?? route.metadata.namespace ?? "";
    const field = `spec.parentRefs[${i}]`;
    const gateway = parentOf(scope, ref, namespace);
    if (gateway === "unknown") continue;
    if (!gateway) return noParent(scope, route, ref, { namespace, field });
    if (!isOurs(scope.client, gateway)) return unserved(scope, gateway);
    const states = listenersOf(scope.client, gateway);
    const attachment = attachmentOf(scope.client, gateway, states, route, ref);
    if (Array.isArray(attachment)) continue;
    const shown = states.map(
      ({ listener: { name, port, hostname } }) =>
        `${name} (port ${port}, ${hostname || "any host"})`,
    );
    return {
      sentence: `${nameOf(route)} is not accepted by ${ref.kind === "ListenerSet" ? `ListenerSet ${ref.name} of ` : ""}${nameOf(gateway)}, so its requests get 404: ${attachment.message} (${attachment.reason}); listeners: ${listed(shown)}.`,
      evidence: [
        about(route, `hostnames ${listed(texts(route.spec?.hostnames)) || "any"}`, { field }),
        about(gateway, `listeners ${listed(shown)}`, { field: "spec.listeners" }),
      ],
      mend: [edit("httproute", route), edit("gateway", gateway)],
      decidedBy,
      reason: attachment.reason,
    };
  }
  return undefined;
}

/** The Gateway that a route names, itself or by a ListenerSet; "unknown": nothing may be said of it. */
function parentOf(
  { client, mayRead }: Scope,
  ref: ParentReference,
  namespace: string,
): Gateway | "unknown" | undefined {
  const named = isGatewayReference(ref)
    ? gateways
    : isListenerSetReference(ref)
      ? listenerSets
      : undefined;
  if (!named || !mayRead(named, namespace, ref.name)) return "unknown";
  if (named === gateways) return client.get<Gateway>(gateways, namespace, ref.name);
  const set = setAt(client, ref, namespace);
  const gateway = set && gatewayOfSet(client, set);
  if (!gateway) return undefined;
  const { metadata } = gateway;
  return mayRead(gateways, metadata.namespace ?? "", metadata.name) ? gateway : "unknown";
}

const allowed: Record<string, string> = lookup({
  None: "no ListenerSets (spec.allowedListeners)",
  Same: "ListenerSets of its own namespace alone",
  Selector: "ListenerSets of namespaces with other labels",
});

/** A ListenerSet that its Gateway does not take, or of which it serves nothing. */
function setNotAccepted(scope: Scope, set: ListenerSet): Found | undefined {
  const gateway = gatewayOfSet(scope.client, set);
  const { namespace = "", name = "" } = gateway?.metadata ?? {};
  if (!gateway || !scope.mayRead(gateways, namespace, name)) return undefined;
  if (!isOurs(scope.client, gateway)) return unserved(scope, gateway);
  const from = gateway.spec?.allowedListeners?.namespaces?.from ?? "None";
  if (!isAllowed(scope.client, gateway, set))
    return {
      sentence: `${nameOf(set)} is not taken by ${nameOf(gateway)}, which allows ${allowed[from] ?? allowed["None"]} (NotAllowed).`,
      evidence: [
        about(gateway, `allowedListeners from ${from}`, { field: "spec.allowedListeners" }),
      ],
      mend: [edit("gateway", gateway)],
      decidedBy,
      reason: "NotAllowed",
    };
  const states = listenersOf(scope.client, gateway).filter(
    (state) => state.set?.metadata.uid === set.metadata.uid,
  );
  const i = states.findIndex(({ serves }) => !serves);
  const state = states[i];
  if (!state) return undefined;
  const problem = state.conflict ?? state.unaccepted ?? state.unresolved;
  const { reason, message } = problem ?? { reason: "listener", message: "its Gateway is not" };
  return {
    sentence: `${nameOf(set)}: its listener ${state.listener.name} on port ${state.listener.port} is not programmed by ${nameOf(gateway)}: ${message} (${reason}).`,
    evidence: [
      about(set, `listener ${state.listener.name} ${reason}`, { field: `spec.listeners[${i}]` }),
    ],
    mend: [edit("listenerset", set)],
    decidedBy,
    reason,
  };
}

function noParent(
  scope: Scope,
  route: HTTPRoute,
  ref: ParentReference,
  { namespace, field }: { namespace: string; field: string },
): Found {
  const all = scope.client.resources.stored(gateways)
    ? scope.client.list<Gateway>(gateways).map(({ metadata }) => metadata)
    : [];
  const others = all
    .filter((one) => scope.mayRead(gateways, one.namespace ?? "", one.name))
    .map((one) => `${one.namespace}/${one.name}`);
  return {
    sentence: `${nameOf(route)} is served by nobody: its parent, ${ref.kind ?? "Gateway"} ${namespace}/${ref.name}, ${ref.kind === "ListenerSet" ? "or the Gateway of it, does not exist" : "does not exist"} (Gateways: ${listed(others) || "0"}).`,
    evidence: [about(route, `parentRef ${namespace}/${ref.name}`, { field })],
    mend: [edit("httproute", route)],
    decidedBy,
    reason: "no parent",
  };
}

function backends(scope: Scope, route: HTTPRoute): Found | undefined {
  for (const ref of backendsOf(route)) {
    const namespace = ref.namespace ?? route.metadata.namespace ?? "";
    if (isServiceReference(ref) && !scope.mayRead("services", namespace, ref.name)) continue;
    const backend = backendOf(scope.client, route, ref);
    if ("reason" in backend) return unresolved(scope, route, ref, backend);
    const { service, port } = backend;
    const why = scope.ask("services", service);
    const ready = endpointsOf(scope.client, service, port).filter((one) => one.ready).length;
    if (why)
      return {
        ...why,
        sentence: `${nameOf(route)} leads to Service ${ref.name} with ${plural(ready, "ready endpoint")}${ready === 0 ? ", so requests get 503" : ""}. ${why.sentence}`,
        evidence: [
          about(route, `backendRef ${ref.name}:${ref.port ?? ""}`, { field: "spec.rules" }),
          ...why.evidence,
        ],
      };
  }
  return undefined;
}

function unresolved(
  scope: Scope,
  route: HTTPRoute,
  ref: BackendReference,
  { reason, message }: Problem,
): Found {
  const namespace = ref.namespace ?? route.metadata.namespace ?? "";
  const service = scope.client.get<Service>("services", namespace, ref.name);
  const others = near(
    ref.name,
    scope.client
      .list("services", namespace)
      .map(({ metadata }) => metadata.name)
      .filter((name) => scope.mayRead("services", namespace, name)),
  );
  const ports = listed((service?.spec?.ports ?? []).map((one) => String(one.port)));
  const hint = service
    ? reason === "BackendNotFound"
      ? ` (it has ${ports})`
      : ""
    : others.length > 0
      ? ` (there is ${listed(others)})`
      : "";
  return {
    sentence: `${nameOf(route)}: requests that its backend ${ref.name}:${ref.port ?? ""} would get are answered 500: ${message}${hint} (${reason}).`,
    evidence: [about(route, `backendRef ${namespace}/${ref.name}`, { field: "spec.rules" })],
    mend: [edit("httproute", route)],
    decidedBy,
    reason,
  };
}

/** Rows about the Gateway API's objects. */
export const gatewayRows: Situation[] = [
  { name: "not programmed", of: [gateways], find: notProgrammed },
  { name: "not taken", of: [listenerSets], find: setNotAccepted },
  { name: "not accepted", of: [httpRoutes], find: notAccepted },
  { name: "backend of a route", of: [httpRoutes], find: backends },
];
