/** What is told of one listener, of a Gateway or of a ListenerSet. */
import { list } from "../../kinds/gateway/lists.ts";
import type { Gateway, ListenerSet, ListenerStatus } from "../../kinds/gateway/types.ts";
import { rejection, type Attached, type ListenerState } from "../../network/gateway/listeners.ts";
import { told, withConditions } from "./conditions.ts";

interface Around {
  gateway: Gateway;
  attached: readonly Attached[];
  at: { generation: number | undefined; now: number };
}

export function listenerStatus(
  owner: Gateway | ListenerSet,
  state: ListenerState,
  { gateway, attached, at }: Around,
): ListenerStatus {
  const { listener, set, conflict, unaccepted, unresolved, supportedKinds, serves } = state;
  const before = list(owner.status?.listeners).find(({ name }) => name === listener.name);
  const programmed = serves
    ? undefined
    : {
        reason: (set && conflict?.reason) ?? "Invalid",
        message: (conflict ?? unaccepted ?? unresolved ?? rejection(gateway))?.message ?? "",
      };
  return {
    name: listener.name,
    supportedKinds,
    attachedRoutes: attached.filter((one) => one.state === state).length,
    conditions: withConditions(
      before?.conditions,
      [
        told("Accepted", conflict ?? unaccepted),
        told("Programmed", programmed),
        told("ResolvedRefs", unresolved),
        conflict
          ? { type: "Conflicted", status: "True", ...conflict }
          : {
              type: "Conflicted",
              status: "False",
              reason: "NoConflicts",
              message: "no other listener is in its way",
            },
      ],
      at,
    ),
  };
}
