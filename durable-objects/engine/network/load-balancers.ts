/** Addresses that a cloud's load balancers would get, for Services and Gateways: one pool for both. */
import { list } from "../kinds/gateway/lists.ts";
import { gateways, type Gateway } from "../kinds/gateway/types.ts";
import type { Service } from "../kinds/service/shape.ts";
import type { Reader } from "../ports/controller.ts";

const poolPrefix = "172.18.255.";
const poolFirst = 200;
const poolLast = 250;

const pool = Array.from(
  { length: poolLast - poolFirst + 1 },
  (_, i) => `${poolPrefix}${poolFirst + i}`,
);

export const isPooled = (ip: string): boolean => pool.includes(ip);

/** The address asked for when nobody has it, else the lowest that nobody has. */
export function freeAddress(reader: Reader, asked: string | undefined): string | undefined {
  const taken = new Set([
    ...reader
      .list<Service>("services")
      .flatMap(({ status }) => status?.loadBalancer?.ingress?.[0]?.ip ?? []),
    ...reader
      .list<Gateway>(gateways)
      .flatMap(({ status }) => list(status?.addresses).flatMap(({ value }) => value ?? [])),
  ]);
  if (asked) return taken.has(asked) ? undefined : asked;
  return pool.find((ip) => !taken.has(ip));
}
