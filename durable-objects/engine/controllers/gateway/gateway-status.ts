/** What is told of a Gateway: its address, its listeners, how many routes each has. */
import { parseTime } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { loadBalancerMs } from "../../core/limits.ts";
import { isAddress } from "../../machinery/ip.ts";
import { list, texts } from "../../kinds/gateway/lists.ts";
import {
  gateways,
  type Gateway,
  type GatewayAddress,
  type ListenerStatus,
} from "../../kinds/gateway/types.ts";
import { attachedTo } from "../../network/gateway/attachment.ts";
import {
  isOurs,
  listenersOf,
  rejection,
  type Attached,
  type ListenerState,
  type Problem,
} from "../../network/gateway/listeners.ts";
import { freeAddress, isPooled } from "../../network/load-balancers.ts";
import type { Client } from "../../ports/controller.ts";
import { told, withConditions, type Told } from "./conditions.ts";

/** Nobody tells of an address given back: as rarely as of Services. */
const addressRetryMs = 300_000;

interface Addressing {
  addresses: GatewayAddress[];
  problem?: Problem;
  dueAtMs?: number;
}

export function tellGateway(client: Client, namespace: string, name: string): number | undefined {
  const gateway = client.get<Gateway>(gateways, namespace, name);
  if (!gateway || gateway.metadata.deletionTimestamp || !isOurs(client, gateway)) return undefined;
  const states = listenersOf(client, gateway);
  const attached = attachedTo(client, gateway, states);
  const addressing = addressesOf(client, gateway);
  const at = { generation: gateway.metadata.generation, now: client.now };
  const status: Gateway["status"] = {
    ...gateway.status,
    addresses: addressing.addresses,
    conditions: withConditions(
      gateway.status?.conditions,
      gatewayConditions(states, gateway, addressing),
      at,
    ),
    listeners: states.map((state) => listenerStatus(gateway, state, attached, at)),
  };
  if (!equal(status, gateway.status))
    client.update<Gateway>(gateways, { ...gateway, status }, "status");
  return addressing.dueAtMs;
}

function gatewayConditions(
  states: readonly ListenerState[],
  gateway: Gateway,
  { addresses, problem }: Addressing,
): Told[] {
  const serving = states.filter(({ serves }) => serves);
  const wrong = states.filter(({ conflict, unaccepted }) => conflict ?? unaccepted);
  const names = wrong.map(({ listener }) => listener.name).join(", ");
  const rejected = rejection(gateway);
  const invalid: Problem | undefined =
    rejected ??
    (wrong.length > 0 && wrong.length === states.length
      ? { reason: "ListenersNotValid", message: `no listener is valid: ${names}` }
      : undefined);
  const programmed: Problem | undefined =
    invalid || serving.length === 0
      ? { reason: "Invalid", message: invalid?.message ?? "no listener is programmed" }
      : (problem ??
        (addresses.length === 0
          ? { reason: "AddressNotAssigned", message: "an address is being assigned" }
          : undefined));
  const accepted = told("Accepted", invalid);
  return [
    wrong.length > 0 && !invalid
      ? { ...accepted, reason: "ListenersNotValid", message: `listeners are not valid: ${names}` }
      : accepted,
    told("Programmed", programmed),
  ];
}

function listenerStatus(
  gateway: Gateway,
  state: ListenerState,
  attached: readonly Attached[],
  at: { generation: number | undefined; now: number },
): ListenerStatus {
  const { listener, conflict, unaccepted, unresolved, supportedKinds, serves } = state;
  const before = list(gateway.status?.listeners).find(({ name }) => name === listener.name);
  const programmed = serves
    ? undefined
    : {
        reason: "Invalid",
        message: (unaccepted ?? conflict ?? unresolved ?? rejection(gateway))?.message ?? "",
      };
  return {
    name: listener.name,
    supportedKinds,
    attachedRoutes: attached.filter((one) => one.state === state).length,
    conditions: withConditions(
      before?.conditions,
      [
        told("Accepted", unaccepted ?? conflict),
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

/** The address that a Gateway has or gets: one of the pool of load balancers, as soon as one would be there. */
function addressesOf(client: Client, gateway: Gateway): Addressing {
  const has = list(gateway.status?.addresses);
  if (rejection(gateway)) return { addresses: [] };
  const wanted = texts(list(gateway.spec?.addresses).map(({ value }) => value ?? "")).filter(
    (value) => value !== "",
  );
  const [asked, ...more] = wanted;
  const notUsable = (message: string): Addressing => ({
    addresses: [],
    problem: { reason: "AddressNotUsable", message },
  });
  if (more.length > 0) return notUsable("a Gateway has one address");
  if (has.length > 0 && (asked === undefined || has[0]?.value === asked))
    return { addresses: [...has] };
  if (asked !== undefined && !(isAddress(asked) && isPooled(asked)))
    return notUsable(`address ${asked} is not one of the pool of load balancers`);
  const readyAt = parseTime(gateway.metadata.creationTimestamp) + loadBalancerMs;
  if (client.now < readyAt) return { addresses: [], dueAtMs: readyAt };
  const value = freeAddress(client, asked);
  if (value !== undefined) return { addresses: [{ type: "IPAddress", value }] };
  const problem = asked
    ? { reason: "AddressNotUsable", message: `address ${asked} is taken` }
    : { reason: "AddressNotAssigned", message: "no address is left in the pool" };
  return { addresses: [], problem, dueAtMs: client.now + addressRetryMs };
}
