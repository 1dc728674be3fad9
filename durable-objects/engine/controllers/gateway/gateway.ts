/**
 * The controller of GatewayClass `podyard`: it tells what becomes of Gateways and routes, and gives Gateways their addresses.
 * What the network does with requests follows from the same objects (network/gateway/). Where the definitions of the Gateway
 * API are not installed, nothing wakes it.
 */
import { objectKey, splitKey, type Change, type KubeObject } from "../../core/object.ts";
import { equal } from "../../core/equal.ts";
import { list } from "../../kinds/gateway/lists.ts";
import {
  backendTlsPolicies,
  gatewayClasses,
  gateways,
  httpRoutes,
  isGatewayReference,
  isListenerSetReference,
  isServiceReference,
  listenerSets,
  referenceGrants,
  targetKey,
  type BackendTlsPolicy,
  type Gateway,
  type HTTPRoute,
  type ListenerSet,
} from "../../kinds/gateway/types.ts";
import { backendsOf, gatewayKeyOf } from "../../kinds/gateway/indices.ts";
import { setAt } from "../../network/gateway/listener-sets.ts";
import type { Controller, Reader } from "../../ports/controller.ts";
import { targetsOf } from "../../network/gateway/backend-tls.ts";
import { tellPolicy } from "./backend-tls-status.ts";
import { bear, ownClass, tellClass } from "./gateway-class.ts";
import { tellGateway } from "./gateway-status.ts";
import { tellRoute } from "./route-status.ts";

const keyOf = ({ metadata }: KubeObject): string => objectKey(metadata.namespace, metadata.name);

const serves = (reader: Reader, resource: string): boolean =>
  reader.resources.stored(resource) !== undefined;

/** Work for what is filed under a value. */
function filed(reader: Reader, what: "gateway" | "route", index: string, value: string): string[] {
  const resource = what === "gateway" ? gateways : httpRoutes;
  if (!serves(reader, resource)) return [];
  return reader.byIndex(`${what}.${index}`, value).map((one) => `${what} ${keyOf(one)}`);
}

/** Whether a change is of something else than the status. */
const isOfSpec = ({ op, object, previous }: Change): boolean =>
  op !== "update" ||
  object.metadata.generation !== previous?.metadata.generation ||
  object.metadata.deletionTimestamp !== previous?.metadata.deletionTimestamp;

const classOf = (object: KubeObject | undefined): string[] =>
  object ? [`class ${String((object as Gateway).spec?.gatewayClassName)}`] : [];

function parentsOf(object: KubeObject | undefined, reader: Reader): string[] {
  const namespace = object?.metadata.namespace;
  return list((object as HTTPRoute | undefined)?.spec?.parentRefs).flatMap((ref) => {
    if (isGatewayReference(ref)) return `gateway ${targetKey(ref, namespace)}`;
    const set = isListenerSetReference(ref) ? setAt(reader, ref, namespace) : undefined;
    return gatewaysOfSets([set]);
  });
}

/** ListenerSets are told of with their Gateways. */
const gatewaysOfSets = (sets: readonly (KubeObject | undefined)[]): string[] =>
  sets.flatMap((set) => {
    const key = set && gatewayKeyOf(set as ListenerSet);
    return key === undefined ? [] : `gateway ${key}`;
  });

/** Gateways for ListenerSets that are filed under a value. */
const filedSets = (reader: Reader, index: string, value: string): string[] =>
  serves(reader, listenerSets)
    ? gatewaysOfSets(reader.byIndex<ListenerSet>(`listener-set.${index}`, value))
    : [];

/** Routes that name a Gateway, or a ListenerSet for it. */
function routesOf(reader: Reader, gateway: string): string[] {
  const sets = serves(reader, listenerSets)
    ? reader.byIndex<ListenerSet>("listener-set.parent", gateway)
    : [];
  return [
    ...filed(reader, "route", "parent", gateway),
    ...sets.flatMap((set) => filed(reader, "route", "listener-set", keyOf(set))),
  ];
}

const specOf = (object: KubeObject | undefined): unknown =>
  (object as { spec?: unknown } | undefined)?.spec;

/** Policies about how Gateways speak to a Service, or that trust a ConfigMap. */
const filedPolicies = (reader: Reader, index: "target" | "authority", value: string): string[] =>
  serves(reader, backendTlsPolicies)
    ? reader.byIndex(`backend-tls.${index}`, value).map((one) => `policy ${keyOf(one)}`)
    : [];

/** Policies about what a route leads to. */
const policiesOf = (route: KubeObject | undefined, reader: Reader): string[] =>
  route
    ? backendsOf(route as HTTPRoute)
        .filter(isServiceReference)
        .flatMap((ref) => filedPolicies(reader, "target", targetKey(ref, route.metadata.namespace)))
    : [];

/** A policy, and others with one of its targets. */
const besides = (policy: KubeObject | undefined, reader: Reader): string[] =>
  policy
    ? targetsOf(policy as BackendTlsPolicy).flatMap(({ name }) =>
        filedPolicies(reader, "target", `${policy.metadata.namespace}/${name}`),
      )
    : [];

/** Gateways of a class, and their routes. */
const ofClass = (reader: Reader, name: string): string[] =>
  filed(reader, "gateway", "class", name).flatMap((work) => [
    work,
    ...routesOf(reader, work.slice("gateway ".length)),
  ]);

export const gatewayController: Controller = {
  name: "gateway",
  component: "gateway-controller",
  wakesOn: {
    "customresourcedefinitions.apiextensions.k8s.io": ({ name, op }) =>
      name === gatewayClasses && op !== "delete" ? ["definition"] : undefined,
    [gatewayClasses]: (change, reader) => [
      `class ${change.name}`,
      ...(change.name === ownClass && change.op === "delete" ? ["definition"] : []),
      ...(isOfSpec(change) ? ofClass(reader, change.name) : []),
    ],
    [gateways]: (change, reader) => [
      `gateway ${change.key}`,
      ...(isOfSpec(change)
        ? [...classOf(change.object), ...classOf(change.previous), ...routesOf(reader, change.key)]
        : []),
    ],
    [listenerSets]: (change, reader) => {
      const own = gatewaysOfSets([change.object, change.previous]);
      // Its listeners may stand in the way of those of other ListenerSets.
      return isOfSpec(change)
        ? own.flatMap((work) => [
            work,
            ...filed(reader, "route", "listener-set", change.key),
            ...routesOf(reader, work.slice("gateway ".length)),
          ])
        : own;
    },
    [httpRoutes]: (change, reader) =>
      isOfSpec(change)
        ? [
            `route ${change.key}`,
            ...parentsOf(change.object, reader),
            ...parentsOf(change.previous, reader),
            ...policiesOf(change.object, reader),
            ...policiesOf(change.previous, reader),
          ]
        : [`route ${change.key}`, ...policiesOf(change.object, reader)],
    [backendTlsPolicies]: (change, reader) =>
      isOfSpec(change)
        ? [
            `policy ${change.key}`,
            ...besides(change.object, reader),
            ...besides(change.previous, reader),
          ]
        : [`policy ${change.key}`],
    configmaps: ({ key }, reader) => [
      ...filed(reader, "gateway", "authority", key),
      ...filedPolicies(reader, "authority", key),
    ],
    [referenceGrants]: ({ namespace }, reader) => [
      ...filed(reader, "gateway", "foreign", namespace),
      ...filedSets(reader, "foreign", namespace),
      ...filed(reader, "route", "foreign", namespace),
    ],
    secrets: ({ key }, reader) => [
      ...filed(reader, "gateway", "secret", key),
      ...filedSets(reader, "secret", key),
    ],
    services: ({ op, key, object, previous }, reader) =>
      op === "update" && equal(specOf(object), specOf(previous))
        ? undefined
        : [...filed(reader, "route", "backend", key), ...filedPolicies(reader, "target", key)],
    namespaces: ({ op, object, previous }, reader) => {
      if (op !== "update" || equal(object.metadata.labels, previous?.metadata.labels))
        return undefined;
      const selecting = [
        ...filed(reader, "gateway", "selects", "namespaces"),
        ...filedSets(reader, "selects", "namespaces"),
      ];
      return selecting.flatMap((work) => [
        work,
        ...routesOf(reader, work.slice("gateway ".length)),
      ]);
    },
  },
  reconcile(work, client) {
    const [what = "", key = ""] = work.split(" ");
    if (!serves(client, gatewayClasses)) return undefined;
    if (what === "definition") {
      bear(client);
      for (const { metadata } of client.list(gatewayClasses))
        client.wake("gateway", `class ${metadata.name}`);
      return undefined;
    }
    const { namespace, name } = splitKey(key);
    if (what === "class") tellClass(client, name);
    else if (what === "gateway" && serves(client, gateways))
      return tellGateway(client, namespace, name);
    else if (what === "route" && serves(client, httpRoutes)) tellRoute(client, namespace, name);
    else if (what === "policy" && serves(client, backendTlsPolicies))
      tellPolicy(client, namespace, name);
    return undefined;
  },
};
