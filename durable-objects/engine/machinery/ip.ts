/** IP addresses and CIDRs, parsed without a platform. k8s: apimachinery/pkg/util/validation/ip.go */
import { type FieldError, goQuote, invalid } from "./field.ts";

export interface Ip {
  family: 4 | 6;
  /** 4 or 16 bytes. */
  bytes: readonly number[];
  /** The text had leading zeros in a decimal part (older Go took them as decimal). */
  leadingZeros: boolean;
  /** ::ffff:a.b.c.d */
  mapped: boolean;
}

function parse4(text: string): { bytes: number[]; leadingZeros: boolean } | undefined {
  const bytes: number[] = [];
  let leadingZeros = false;
  let value = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      if (digits++ > 0 && value === 0) leadingZeros = true;
      value = value * 10 + digit;
      if (value > 255) return undefined;
    } else {
      const ends = i === text.length || text[i] === ".";
      if (!ends || digits === 0 || bytes.length === 4) return undefined;
      bytes.push(value);
      [value, digits] = [0, 0];
    }
  }
  return bytes.length === 4 ? { bytes, leadingZeros } : undefined;
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const out: number[] = [];
  for (const part of text.split(":")) {
    if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined;
    const n = Number.parseInt(part, 16);
    out.push(n >> 8, n & 255);
  }
  return out;
}

function parse6(text: string): Ip | undefined {
  let body = text;
  let tail: number[] = [];
  let leadingZeros = false;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    const v4 = parse4(text.slice(lastColon + 1));
    if (!v4) return undefined;
    tail = v4.bytes;
    leadingZeros = v4.leadingZeros;
    body = text.slice(0, lastColon);
    if (body.endsWith(":") || body === "") body += ":";
  }
  const halves = body.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "");
  const rest = halves.length === 2 ? groups(halves[1] ?? "") : [];
  if (!head || !rest) return undefined;
  const missing = 16 - head.length - rest.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = [...head, ...Array.from({ length: missing }, () => 0), ...rest, ...tail];
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
  return { family: 6, bytes, leadingZeros, mapped };
}

/** Undefined when the text is no address. Leading zeros are let through and reported. k8s: netutils.ParseIPSloppy */
export function parseIp(text: string): Ip | undefined {
  if (text.includes(":")) return parse6(text);
  const v4 = parse4(text);
  return v4
    ? { family: 4, bytes: v4.bytes, leadingZeros: v4.leadingZeros, mapped: false }
    : undefined;
}

/** Canonical text (RFC 5952); mapped addresses as plain IPv4, as Go prints them. */
export function formatIp(ip: Ip): string {
  if (ip.family === 4) return ip.bytes.join(".");
  if (ip.mapped) return ip.bytes.slice(12).join(".");
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push(((ip.bytes[i] ?? 0) << 8) | (ip.bytes[i + 1] ?? 0));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && words[i + n] === 0) n++;
    if (n > bestLength) [best, bestLength] = [i, n];
  }
  const hex = words.map((w) => w.toString(16));
  if (best < 0) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + bestLength).join(":")}`;
}

const ipText = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/**
 * For fields older than the strict rule: any spelling Go reads, but (since 1.36) no leading zeros and no mapped
 * addresses, except those in `old`. k8s: IsValidIPForLegacyField with StrictIPCIDRValidation
 */
export function validateIpLegacy(
  field: string,
  value: string,
  old: readonly string[] = [],
): FieldError[] {
  if (old.includes(value)) return [];
  const ip = parseIp(value);
  if (!ip) return [invalid(field, value, ipText)];
  if (ip.leadingZeros) return [invalid(field, value, "must not have leading 0s")];
  if (ip.mapped) return [invalid(field, value, "must not be an IPv4-mapped IPv6 address")];
  return [];
}

/** Canonical addresses only. k8s: IsValidIP */
export function validateIp(field: string, value: string): FieldError[] {
  const errors = validateIpLegacy(field, value);
  const ip = parseIp(value);
  if (errors.length > 0 || !ip) return errors;
  const canonical = formatIp(ip);
  if (canonical !== value)
    errors.push(invalid(field, value, `must be in canonical form (${goQuote(canonical)})`));
  return errors;
}

export interface Cidr {
  ip: Ip;
  prefix: number;
}

/** Address and prefix length; undefined for text that is none. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!ip || !/^[0-9]+$/.test(length)) return undefined;
  const prefix = Number(length);
  return prefix <= (ip.family === 4 ? 32 : 128) ? { ip, prefix } : undefined;
}

/** Network address of a CIDR in canonical text: `10.0.0.0/24`. */
export function formatCidr(cidr: Cidr): string {
  const bytes = cidr.ip.bytes.map((b, i) => {
    const bits = Math.min(8, Math.max(0, cidr.prefix - i * 8));
    return b & ((0xff << (8 - bits)) & 0xff);
  });
  return `${formatIp({ ...cidr.ip, bytes })}/${cidr.prefix}`;
}

/** k8s: IsValidCIDRForLegacyField with StrictIPCIDRValidation */
export function validateCidrLegacy(
  field: string,
  value: string,
  old: readonly string[] = [],
): FieldError[] {
  if (old.includes(value)) return [];
  const cidr = parseCidr(value);
  if (!cidr)
    return [
      invalid(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
    ];
  const canonical = formatCidr(cidr);
  const written = value.slice(value.indexOf("/") + 1);
  if (cidr.ip.leadingZeros || (written.length > 1 && written.startsWith("0")))
    return [invalid(field, value, "must not have leading 0s in IP or prefix length")];
  if (cidr.ip.mapped) return [invalid(field, value, "must not have an IPv4-mapped IPv6 address")];
  if (formatIp(cidr.ip) !== canonical.slice(0, canonical.indexOf("/")))
    return [invalid(field, value, "must not have bits set beyond the prefix length")];
  return [];
}

/** k8s: IsValidCIDR */
export function validateCidr(field: string, value: string): FieldError[] {
  const errors = validateCidrLegacy(field, value);
  const cidr = parseCidr(value);
  if (errors.length > 0 || !cidr) return errors;
  const canonical = formatCidr(cidr);
  if (canonical !== value)
    errors.push(invalid(field, value, `must be in canonical form (${goQuote(canonical)})`));
  return errors;
}

/** k8s: GetWarningsForIP */
export function ipWarnings(field: string, value: string): string[] {
  const ip = parseIp(value);
  if (!ip) return [];
  const canonical = formatIp(ip);
  if (ip.leadingZeros || ip.mapped)
    return [
      `${field}: non-standard IP address ${goQuote(value)} is invalid: use ${goQuote(canonical)}`,
    ];
  if (ip.family === 6 && canonical !== value)
    return [
      `${field}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`,
    ];
  return [];
}

/** Whether a text is an IP address. */
export const isAddress = (text: string): boolean => parseIp(text) !== undefined;
