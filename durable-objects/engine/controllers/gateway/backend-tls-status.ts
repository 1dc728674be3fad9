/** What is told of a BackendTLSPolicy, for each Gateway of ours that it concerns. k8s: gateway-api apis/v1 PolicyStatus */
import { equal } from "../../core/equal.ts";
import { list } from "../../kinds/gateway/lists.ts";
import {
  backendTlsPolicies,
  gatewayControllerName,
  gatewayGroup,
  httpRoutes,
  type BackendTlsPolicy,
  type Gateway,
  type HTTPRoute,
} from "../../kinds/gateway/types.ts";
import { objectKeyOf } from "../../network/addresses.ts";
import { authoritiesOf, conflictOf, targetsOf } from "../../network/gateway/backend-tls.ts";
import type { Problem } from "../../network/gateway/problem.ts";
import { gatewayOf } from "../../network/gateway/parents.ts";
import type { Client } from "../../ports/controller.ts";
import { told, withConditions } from "./conditions.ts";

/** k8s: gateway-api apis/v1 PolicyStatus.Ancestors MaxItems */
const ancestorsMax = 16;

export function tellPolicy(client: Client, namespace: string, name: string): void {
  const policy = client.get<BackendTlsPolicy>(backendTlsPolicies, namespace, name);
  if (!policy || policy.metadata.deletionTimestamp) return;
  const before = list(policy.status?.ancestors);
  const others = before.filter((one) => one.controllerName !== gatewayControllerName);
  const { unaccepted, unresolved } = authoritiesOf(client, policy);
  const conditions = [
    told("Accepted", overruled(client, policy) ?? unaccepted),
    told("ResolvedRefs", unresolved),
  ];
  const at = { generation: policy.metadata.generation, now: client.now };
  const mine = gatewaysOf(client, policy)
    .slice(0, ancestorsMax - others.length)
    .map(({ metadata }) => {
      const old = before.find(
        ({ controllerName, ancestorRef }) =>
          controllerName === gatewayControllerName &&
          ancestorRef.name === metadata.name &&
          ancestorRef.namespace === metadata.namespace,
      );
      return {
        ancestorRef: {
          group: gatewayGroup,
          kind: "Gateway",
          namespace: metadata.namespace ?? "",
          name: metadata.name,
        },
        controllerName: gatewayControllerName,
        conditions: withConditions(old?.conditions, conditions, at),
      };
    });
  const ancestors = [...others, ...mine];
  if (equal(ancestors, before)) return;
  client.update<BackendTlsPolicy>(
    backendTlsPolicies,
    { ...policy, status: { ...policy.status, ancestors } },
    "status",
  );
}

function overruled(client: Client, policy: BackendTlsPolicy): Problem | undefined {
  const first = conflictOf(client, policy);
  if (first)
    return {
      reason: "Conflicted",
      message: `BackendTLSPolicy ${objectKeyOf(first)} has the same target and comes first`,
    };
  const { namespace = "" } = policy.metadata;
  const missing = targetsOf(policy).find((ref) => !client.get("services", namespace, ref.name));
  return missing
    ? {
        reason: "TargetNotFound",
        message: `Service ${namespace}/${missing.name} does not exist`,
      }
    : undefined;
}

/** Gateways whose routes lead to what a policy targets, in the order of their names. */
function gatewaysOf(client: Client, policy: BackendTlsPolicy): Gateway[] {
  if (!client.resources.stored(httpRoutes)) return [];
  const found = new Map<string, Gateway>();
  for (const { name } of targetsOf(policy))
    for (const route of client.byIndex<HTTPRoute>(
      "route.backend",
      `${policy.metadata.namespace}/${name}`,
    ))
      for (const ref of list(route.spec?.parentRefs)) {
        const gateway = gatewayOf(client, route, ref);
        if (gateway) found.set(objectKeyOf(gateway), gateway);
      }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, gateway]) => gateway);
}
