/**
 * The addresses that Services can have: those of every ServiceCIDR that is ready. What is taken is asked of the index
 * `service.ip` and of IPAddresses, which anybody may write. The cluster is single-stack IPv4.
 * k8s: pkg/registry/core/service/ipallocator/{cidrallocator,ipallocator}.go
 */
import { formatIp, parseCidr, parseIp } from "../../machinery/ip.ts";
import type { Reader } from "../../ports/controller.ts";
import { serviceIpStaticBandMax } from "../../core/limits.ts";
import { addressManager, managedByLabel } from "../networking/ip-address.ts";
import type { ServiceCIDR } from "../networking/service-cidr.ts";

/** kubeadm's default, and what its ServiceCIDR is called. */
export const serviceCidr = "10.96.0.0/12";
export const defaultRange = "kubernetes";
export const serviceCidrFinalizer = "networking.k8s.io/service-cidr-finalizer";
/** k8s: ipallocator.go calculateRangeOffset: of a range the band is a sixteenth, within these */
const staticBandMin = 16;
const staticBandShare = 16;

interface Range {
  /** Its first address as a number, which no Service has. */
  base: number;
  /** How many follow it before the broadcast address. */
  size: number;
  /** Lowest addresses that are given out by chance only when all others are taken. */
  band: number;
}

const numberOf = (bytes: readonly number[]): number =>
  bytes.reduce((sum, byte) => sum * 256 + byte, 0);

function rangeOf(text: string): Range | undefined {
  const cidr = parseCidr(text);
  if (!cidr || cidr.ip.family !== 4) return undefined;
  const all = 2 ** (32 - cidr.prefix);
  const base = Math.floor(numberOf(cidr.ip.bytes) / all) * all;
  const share = Math.min(serviceIpStaticBandMax, Math.floor(all / staticBandShare));
  const band = all <= staticBandMin ? 0 : Math.max(staticBandMin, share);
  return { base, size: Math.max(0, all - 2), band };
}

/** Ready unless it says otherwise. k8s: cidrallocator.go isReady */
export const isReady = ({ metadata, status }: ServiceCIDR): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "True") === "True";

/** The default one first: upstream's order is that of a Go map. */
function rangesOf(reader: Reader): Range[] {
  const all = reader.list<ServiceCIDR>("servicecidrs.networking.k8s.io").filter(isReady);
  const first = all.filter(({ metadata }) => metadata.name === defaultRange);
  return [...first, ...all.filter((one) => !first.includes(one))].flatMap(({ spec }) =>
    (spec?.cidrs ?? []).flatMap((cidr) => rangeOf(cidr) ?? []),
  );
}

/** An address that the allocator wrote goes with its Service: upstream in the same write, here in the same turn. */
function isTaken(ip: string, reader: Reader): boolean {
  if (reader.countByIndex("service.ip", ip) > 0) return true;
  const address = reader.get("ipaddresses.networking.k8s.io", "", ip);
  return address !== undefined && address.metadata.labels?.[managedByLabel] !== addressManager;
}

/** Why a Service cannot have an address. */
export function ipProblem(text: string, reader: Reader): string | undefined {
  const ip = parseIp(text);
  const at = ip?.family === 4 ? numberOf(ip.bytes) : -1;
  const inside = rangesOf(reader).some(({ base, size }) => at - base >= 1 && at - base <= size);
  if (!inside) return "the provided network does not match the current range";
  return isTaken(text, reader) ? "provided IP is already allocated" : undefined;
}

const ipAt = (n: number): string => {
  const bytes = [n / 2 ** 24, n / 2 ** 16, n / 2 ** 8, n].map((part) => Math.floor(part) % 256);
  return formatIp({ family: 4, bytes, leadingZeros: false, mapped: false });
};

/** A random one above the band, then one of the band; undefined where all ranges are full. */
export function freeIp(context: { reader: Reader; random(): number }): string | undefined {
  for (const { base, size, band } of rangesOf(context.reader)) {
    const upper = size - band;
    const start = Math.floor(context.random() * upper);
    for (let i = 0; i < size; i++) {
      const offset = i < upper ? band + 1 + ((start + i) % upper) : i - upper + 1;
      const ip = ipAt(base + offset);
      if (!isTaken(ip, context.reader)) return ip;
    }
  }
  return undefined;
}
