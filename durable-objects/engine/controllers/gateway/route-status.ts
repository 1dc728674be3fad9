/** What is told of a route, for each of its parents that is a Gateway of ours. */
import { equal } from "../../core/equal.ts";
import { list } from "../../kinds/gateway/lists.ts";
import {
  gatewayControllerName,
  gateways,
  httpRoutes,
  isGatewayReference,
  isListenerSetReference,
  type Gateway,
  type HTTPRoute,
  type ParentReference,
  type RouteParentStatus,
} from "../../kinds/gateway/types.ts";
import { attachmentOf } from "../../network/gateway/attachment.ts";
import { gatewayOfSet, setAt } from "../../network/gateway/listener-sets.ts";
import { unresolved } from "../../network/gateway/backends.ts";
import { isOurs, listenersOf } from "../../network/gateway/listeners.ts";
import type { Client } from "../../ports/controller.ts";
import { told, withConditions } from "./conditions.ts";

export function tellRoute(client: Client, namespace: string, name: string): void {
  const route = client.get<HTTPRoute>(httpRoutes, namespace, name);
  if (!route || route.metadata.deletionTimestamp) return;
  const before = list(route.status?.parents);
  const others = before.filter((one) => one.controllerName !== gatewayControllerName);
  const mine = list(route.spec?.parentRefs).flatMap((ref) => {
    const gateway = gatewayOf(client, route, ref);
    if (!gateway) return [];
    const old = before.find(
      (one) => one.controllerName === gatewayControllerName && equal(one.parentRef, ref),
    );
    return [parentStatus(client, route, gateway, ref, old)];
  });
  const parents = [...others, ...mine];
  if (equal(parents, before)) return;
  client.update<HTTPRoute>(
    httpRoutes,
    { ...route, status: { ...route.status, parents } },
    "status",
  );
}

function gatewayOf(
  client: Client,
  { metadata }: HTTPRoute,
  ref: ParentReference,
): Gateway | undefined {
  if (!client.resources.stored(gateways)) return undefined;
  const gateway = namedGateway(client, metadata.namespace, ref);
  return gateway && isOurs(client, gateway) ? gateway : undefined;
}

function namedGateway(
  client: Client,
  own: string | undefined,
  ref: ParentReference,
): Gateway | undefined {
  if (isGatewayReference(ref))
    return client.get<Gateway>(gateways, ref.namespace ?? own ?? "", ref.name);
  const set = isListenerSetReference(ref) ? setAt(client, ref, own) : undefined;
  return set && gatewayOfSet(client, set);
}

function parentStatus(
  client: Client,
  route: HTTPRoute,
  gateway: Gateway,
  ref: ParentReference,
  before: RouteParentStatus | undefined,
): RouteParentStatus {
  const attachment = attachmentOf(client, gateway, listenersOf(client, gateway), route, ref);
  const problem = Array.isArray(attachment) ? undefined : attachment;
  return {
    parentRef: ref,
    controllerName: gatewayControllerName,
    conditions: withConditions(
      before?.conditions,
      [told("Accepted", problem), told("ResolvedRefs", unresolved(client, route))],
      { generation: route.metadata.generation, now: client.now },
    ),
  };
}
