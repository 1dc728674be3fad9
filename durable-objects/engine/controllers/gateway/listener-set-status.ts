/** What is told of the ListenerSets that name a Gateway. k8s: gateway-api apis/v1 ListenerSetConditionType */
import { gatewayListenersMax } from "../../core/limits.ts";
import { equal } from "../../core/equal.ts";
import { listenerSets, type Gateway, type ListenerSet } from "../../kinds/gateway/types.ts";
import { objectKeyOf } from "../../network/addresses.ts";
import { isAllowed, setsFor } from "../../network/gateway/listener-sets.ts";
import { rejection, type Attached, type ListenerState } from "../../network/gateway/listeners.ts";
import type { Problem } from "../../network/gateway/problem.ts";
import type { Client } from "../../ports/controller.ts";
import { told, withConditions, type Told } from "./conditions.ts";
import { listenerStatus } from "./listener-status.ts";

export function tellSets(
  client: Client,
  gateway: Gateway,
  states: readonly ListenerState[],
  attached: readonly Attached[],
): void {
  for (const set of setsFor(client, gateway)) {
    const own = states.filter((state) => state.set && objectKeyOf(state.set) === objectKeyOf(set));
    const at = { generation: set.metadata.generation, now: client.now };
    const status: ListenerSet["status"] = {
      ...set.status,
      conditions: withConditions(
        set.status?.conditions,
        setConditions(gateway, own, isAllowed(client, gateway, set)),
        at,
      ),
      listeners: own.map((state) => listenerStatus(set, state, { gateway, attached, at })),
    };
    if (!equal(status, set.status))
      client.update<ListenerSet>(listenerSets, { ...set, status }, "status");
  }
}

function setConditions(
  gateway: Gateway,
  own: readonly ListenerState[],
  allowed: boolean,
): [Told, Told] {
  const parent = objectKeyOf(gateway);
  const both = (problem: Problem): [Told, Told] => [
    told("Accepted", problem),
    told("Programmed", problem),
  ];
  if (!allowed)
    return both({
      reason: "NotAllowed",
      message: `Gateway ${parent} does not allow ListenerSets of this namespace`,
    });
  const message = rejection(gateway)?.message;
  if (message !== undefined)
    return [
      told("Accepted", { reason: "ParentNotAccepted", message }),
      told("Programmed", { reason: "ParentNotProgrammed", message }),
    ];
  const wrong = own.filter(({ serves }) => !serves);
  const names = wrong.map(({ listener }) => listener.name).join(", ");
  if (own.length === 0)
    return both({
      reason: "ListenersNotValid",
      message: `Gateway ${parent} has no room for its listeners, ${gatewayListenersMax} at most`,
    });
  if (wrong.length === own.length)
    return both({ reason: "ListenersNotValid", message: `no listener is valid: ${names}` });
  const accepted = told("Accepted", undefined);
  return [
    wrong.length > 0
      ? { ...accepted, reason: "ListenersNotValid", message: `listeners are not valid: ${names}` }
      : accepted,
    told("Programmed", undefined),
  ];
}
