/** What is told of a Gateway: its address, its listeners, how many routes each has. */
import { parseTime } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { cpuUsPerRouteLooked, loadBalancerMs } from "../../core/limits.ts";
import { isAddress } from "../../machinery/ip.ts";
import { list, texts } from "../../kinds/gateway/lists.ts";
import { gateways, type Gateway, type GatewayAddress } from "../../kinds/gateway/types.ts";
import { objectKeyOf } from "../../network/addresses.ts";
import { attachedTo } from "../../network/gateway/attachment.ts";
import { setsFor } from "../../network/gateway/listener-sets.ts";
import {
  isOurs,
  listenersOf,
  rejection,
  type ListenerState,
} from "../../network/gateway/listeners.ts";
import type { Problem } from "../../network/gateway/problem.ts";
import { shownToBackends } from "../../network/gateway/secrets.ts";
import { freeAddress, isPooled } from "../../network/load-balancers.ts";
import type { Client } from "../../ports/controller.ts";
import { told, withConditions, type Told } from "./conditions.ts";
import { listenerStatus } from "./listener-status.ts";
import { tellSets } from "./listener-set-status.ts";

/** Nobody tells of an address given back: as rarely as of Services. */
const addressRetryMs = 300_000;

interface Addressing {
  addresses: GatewayAddress[];
  problem?: Problem;
  dueAtMs?: number;
}

/** What is told of a Gateway, and of the ListenerSets that name it. */
export function tellGateway(client: Client, namespace: string, name: string): number | undefined {
  const gateway = client.get<Gateway>(gateways, namespace, name);
  if (!gateway || gateway.metadata.deletionTimestamp || !isOurs(client, gateway)) return undefined;
  const states = listenersOf(client, gateway);
  const attached = attachedTo(client, gateway, states);
  client.spend?.(cpuUsPerRouteLooked * (states.length + attached.length));
  tellSets(client, gateway, states, attached);
  const addressing = addressesOf(client, gateway);
  const at = { generation: gateway.metadata.generation, now: client.now };
  const status: Gateway["status"] = {
    ...gateway.status,
    addresses: addressing.addresses,
    conditions: withConditions(
      list(gateway.status?.conditions).filter(({ type }) => !occasional.includes(type)),
      [...gatewayConditions(states, gateway, addressing), ...tlsConditions(client, gateway)],
      { ...at, before: gateway.status?.conditions },
    ),
    listeners: states
      .filter(({ set }) => !set)
      .map((state) => listenerStatus(gateway, state, { gateway, attached, at })),
    ...attachedSets(client, gateway, states),
  };
  if (!equal(status, gateway.status))
    client.update<Gateway>(gateways, { ...gateway, status }, "status");
  return addressing.dueAtMs;
}

/** Those that only some Gateways have. */
const occasional = ["ResolvedRefs", "InsecureFrontendValidationMode"];

function tlsConditions(client: Client, gateway: Gateway): Told[] {
  const { default: standard, perPort } = gateway.spec?.tls?.frontend ?? {};
  const all = [standard, ...list(perPort).map(({ tls }) => tls)];
  const insecure = all.some((tls) => tls?.validation?.mode === "AllowInsecureFallback");
  const shown = shownToBackends(client, gateway);
  return [
    ...(shown ? [told("ResolvedRefs", "problem" in shown ? shown.problem : undefined)] : []),
    ...(insecure
      ? [
          {
            type: "InsecureFrontendValidationMode",
            status: "True",
            reason: "ConfigurationChanged",
            message: "clients are let in whatever they show",
          } as const,
        ]
      : []),
  ];
}

function gatewayConditions(
  states: readonly ListenerState[],
  gateway: Gateway,
  { addresses, problem }: Addressing,
): Told[] {
  const serving = states.filter(({ serves }) => serves);
  const own = states.filter(({ set }) => !set);
  const wrong = own.filter(({ conflict, unaccepted }) => conflict ?? unaccepted);
  const names = wrong.map(({ listener }) => listener.name).join(", ");
  const rejected = rejection(gateway);
  const invalid: Problem | undefined =
    rejected ??
    (wrong.length > 0 && wrong.length === own.length
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

/** How many ListenerSets are served; not told where their definition, or its field, is not there to tell of. */
const attachedSets = (
  client: Client,
  gateway: Gateway,
  states: readonly ListenerState[],
): Pick<NonNullable<Gateway["status"]>, "attachedListenerSets"> =>
  setsFor(client, gateway).length === 0 && !gateway.status?.attachedListenerSets
    ? {}
    : {
        attachedListenerSets: new Set(
          states.flatMap(({ set, serves }) => (set && serves ? objectKeyOf(set) : [])),
        ).size,
      };

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
