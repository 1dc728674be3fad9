/** What is told of a route, for each of its parents that is a Gateway of ours. */
import { cpuUsPerRouteLooked } from "../../core/limits.ts";
import { equal } from "../../core/equal.ts";
import { list } from "../../kinds/gateway/lists.ts";
import {
  gatewayControllerName,
  httpRoutes,
  type Gateway,
  type HTTPRoute,
  type ParentReference,
  type RouteParentStatus,
} from "../../kinds/gateway/types.ts";
import { attachmentOf } from "../../network/gateway/attachment.ts";
import { unresolved } from "../../network/gateway/backends.ts";
import { listenersOf, type ListenerState } from "../../network/gateway/listeners.ts";
import { gatewayOf } from "../../network/gateway/parents.ts";
import type { Client } from "../../ports/controller.ts";
import { told, withConditions } from "./conditions.ts";

export function tellRoute(client: Client, namespace: string, name: string): void {
  const route = client.get<HTTPRoute>(httpRoutes, namespace, name);
  if (!route || route.metadata.deletionTimestamp) return;
  const before = list(route.status?.parents);
  const others = before.filter((one) => one.controllerName !== gatewayControllerName);
  const known = new Map<Gateway, ListenerState[]>();
  const mine = list(route.spec?.parentRefs).flatMap((ref) => {
    const gateway = gatewayOf(client, route, ref);
    if (!gateway) return [];
    const states = known.get(gateway) ?? listenersOf(client, gateway);
    known.set(gateway, states);
    client.spend?.(cpuUsPerRouteLooked * (1 + states.length));
    const old = before.find(
      (one) => one.controllerName === gatewayControllerName && equal(one.parentRef, ref),
    );
    return [parentStatus(client, route, { gateway, states }, ref, old)];
  });
  const parents = [...others, ...mine];
  if (equal(parents, before)) return;
  client.update<HTTPRoute>(
    httpRoutes,
    { ...route, status: { ...route.status, parents } },
    "status",
  );
}

function parentStatus(
  client: Client,
  route: HTTPRoute,
  { gateway, states }: { gateway: Gateway; states: readonly ListenerState[] },
  ref: ParentReference,
  before: RouteParentStatus | undefined,
): RouteParentStatus {
  const attachment = attachmentOf(client, gateway, states, route, ref);
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
