/** Addresses and networks. k8s: apiserver/pkg/cel/library/ip.go, cidr.go */
import { goQuote } from "../../machinery/field.ts";
import {
  formatCidr,
  formatIp,
  parseCidr,
  parseIp,
  type Cidr,
  type Ip,
} from "../../machinery/ip.ts";
import { opaqueType } from "../types.ts";
import { noOverload, OpaqueValue, type Value } from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

export const ipType = opaqueType("net.IP");
export const cidrType = opaqueType("net.CIDR");

class IpValue extends OpaqueValue {
  readonly type = ipType;
  readonly ip: Ip;
  constructor(ip: Ip) {
    super();
    this.ip = ip;
  }
  override get size(): number {
    return this.ip.bytes.length;
  }
  equals(other: this): boolean {
    return formatIp(this.ip) === formatIp(other.ip);
  }
  override toString(): string {
    return formatIp(this.ip);
  }
}

const text = ({ ip, prefix }: Cidr): string => `${formatIp(ip)}/${prefix}`;

class CidrValue extends OpaqueValue {
  readonly type = cidrType;
  readonly cidr: Cidr;
  constructor(cidr: Cidr) {
    super();
    this.cidr = cidr;
  }
  override get size(): number {
    return Math.ceil(this.cidr.prefix / 8);
  }
  equals(other: this): boolean {
    return text(this.cidr) === text(other.cidr);
  }
  override toString(): string {
    return text(this.cidr);
  }
}

/** Go's netip.ParseAddr, in its words. */
function addressProblem(raw: string): string {
  const wrong = (what: string): string => `ParseAddr(${goQuote(raw)}): ${what}`;
  if (raw.includes(":")) return wrong("unexpected character or malformed IPv6 address");
  if (!raw.includes(".")) return wrong("unable to parse IP");
  const parts = raw.split(".");
  const odd = /[^0-9.]/.exec(raw);
  if (odd) return wrong(`unexpected character (at ${goQuote(raw.slice(odd.index))})`);
  if (parts.some((part) => part === "")) {
    return wrong("IPv4 field must have at least one digit");
  }
  if (parts.some((part) => part.length > 1 && part.startsWith("0"))) {
    return wrong("IPv4 field has octet with leading zero");
  }
  if (parts.some((part) => Number(part) > 255)) return wrong("IPv4 field has value >255");
  return wrong(parts.length < 4 ? "IPv4 address too short" : "IPv4 address too long");
}

/** An address, or what is wrong with the text. */
function readIp(raw: string): Ip | string {
  const zone = raw.indexOf("%");
  const ip = parseIp(zone > 0 && raw.includes(":") ? raw.slice(0, zone) : raw);
  if (!ip || ip.leadingZeros) {
    return `IP Address ${goQuote(raw)} parse error during conversion from string: ${addressProblem(raw)}`;
  }
  if (zone > 0) return `IP address ${goQuote(raw)} with zone value is not allowed`;
  return ip.mapped ? `IPv4-mapped IPv6 address ${goQuote(raw)} is not allowed` : ip;
}

const cidrWrong = "network address parse error during conversion from string: ";

function readCidr(raw: string): Cidr | string {
  const wrong = (what: string): string => `${cidrWrong}netip.ParsePrefix(${goQuote(raw)}): ${what}`;
  const slash = raw.lastIndexOf("/");
  if (slash < 0) return wrong("no '/'");
  const ip = parseIp(raw.slice(0, slash));
  if (!ip || ip.leadingZeros) return wrong(addressProblem(raw.slice(0, slash)));
  const length = raw.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]*)$/.test(length)) {
    return wrong(`bad bits after slash: ${goQuote(length)}`);
  }
  const found = parseCidr(raw);
  if (!found) return wrong("prefix length out of range");
  return ip.mapped ? `IPv4-mapped IPv6 address ${goQuote(raw)} is not allowed` : found;
}

const covers = (a: Cidr, ip: Ip): boolean =>
  a.ip.family === ip.family && formatCidr(a) === formatCidr({ ip, prefix: a.prefix });

const word = (ip: Ip, place: number): number =>
  ((ip.bytes[place] ?? 0) << 8) | (ip.bytes[place + 1] ?? 0);
const unspecified = (ip: Ip): boolean => ip.bytes.every((byte) => byte === 0);
const loopback = (ip: Ip): boolean =>
  ip.family === 4 ? ip.bytes[0] === 127 : ip.bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
const multicast = (ip: Ip): boolean =>
  ip.family === 4 ? (ip.bytes[0]! & 0xf0) === 0xe0 : ip.bytes[0] === 0xff;
const linkLocal = (ip: Ip): boolean =>
  ip.family === 4 ? ip.bytes[0] === 169 && ip.bytes[1] === 254 : (word(ip, 0) & 0xffc0) === 0xfe80;
const linkLocalMulticast = (ip: Ip): boolean =>
  ip.family === 4
    ? ip.bytes[0] === 224 && ip.bytes[1] === 0 && ip.bytes[2] === 0
    : (word(ip, 0) & 0xff0f) === 0xff02;
const globalUnicast = (ip: Ip): boolean =>
  !unspecified(ip) &&
  !(ip.family === 4 && ip.bytes.every((byte) => byte === 255)) &&
  !loopback(ip) &&
  !multicast(ip) &&
  !linkLocal(ip);

const ofIp =
  (run: (ip: Ip) => Value): CelFunction =>
  ([a]) =>
    a instanceof IpValue ? run(a.ip) : undefined;
const ofCidr =
  (run: (cidr: Cidr) => Value): CelFunction =>
  ([a]) =>
    a instanceof CidrValue ? run(a.cidr) : undefined;
const ofText =
  (run: (text: string) => Value): CelFunction =>
  ([a]) =>
    typeof a === "string" ? run(a) : undefined;

const containsIp: CelFunction = ([a, b]) => {
  if (!(a instanceof CidrValue)) return undefined;
  if (b instanceof IpValue) return covers(a.cidr, b.ip);
  if (typeof b !== "string") return undefined;
  const ip = readIp(b);
  return typeof ip === "string" ? noOverload : covers(a.cidr, ip);
};

const containsCidr: CelFunction = ([a, b]) => {
  if (!(a instanceof CidrValue)) return undefined;
  const inner = (of: Cidr): boolean => a.cidr.prefix <= of.prefix && covers(a.cidr, of.ip);
  if (b instanceof CidrValue) return inner(b.cidr);
  if (typeof b !== "string") return undefined;
  const found = readCidr(b);
  return typeof found === "string" ? failed(cidrWrong + found) : inner(found);
};

export const networkFunctions: CelFunctions = {
  ip: ([a]) => {
    if (a instanceof CidrValue) return new IpValue(a.cidr.ip);
    if (typeof a !== "string") return undefined;
    const found = readIp(a);
    return typeof found === "string" ? failed(found) : new IpValue(found);
  },
  isIP: ofText((raw) => typeof readIp(raw) !== "string"),
  "ip.isCanonical": ofText((raw) => {
    const found = readIp(raw);
    return typeof found === "string" ? failed(found) : formatIp(found) === raw;
  }),
  family: ofIp((ip) => BigInt(ip.family)),
  isUnspecified: ofIp(unspecified),
  isLoopback: ofIp(loopback),
  isLinkLocalMulticast: ofIp(linkLocalMulticast),
  isLinkLocalUnicast: ofIp(linkLocal),
  isGlobalUnicast: ofIp(globalUnicast),
  string: ([a]) => (a instanceof IpValue || a instanceof CidrValue ? a.toString() : undefined),
  cidr: ofText((raw) => {
    const found = readCidr(raw);
    return typeof found === "string" ? failed(cidrWrong + found) : new CidrValue(found);
  }),
  isCIDR: ofText((raw) => typeof readCidr(raw) !== "string"),
  containsIP: containsIp,
  containsCIDR: containsCidr,
  prefixLength: ofCidr(({ prefix }) => BigInt(prefix)),
  masked: ofCidr((cidr) => new CidrValue(parseCidr(formatCidr(cidr))!)),
};
