/** What machinery/ip.ts lacks: families, endpoints, warnings about CIDRs. k8s: apimachinery/pkg/util/validation/ip.go */
import { goQuote, invalid, type FieldError } from "../machinery/field.ts";
import { formatCidr, formatIp, parseCidr, parseIp, type Cidr, type Ip } from "../machinery/ip.ts";

export type IpFamily = "IPv4" | "IPv6";

/** Go counts an IPv4-mapped address as IPv4; undefined for what is no address. */
export function familyOf(text: string): IpFamily | undefined {
  const ip = parseIp(text);
  return ip && (ip.family === 4 || ip.mapped ? "IPv4" : "IPv6");
}

const hasLeadingZeros = (cidr: Cidr, text: string): boolean =>
  cidr.ip.leadingZeros || /\/0[0-9]/.test(text);

const networkOf = (cidr: Cidr): string => formatCidr(cidr).split("/")[0] ?? "";

/** True when `ip/prefix` lies wholly inside `outer`. */
export function cidrContains(outer: Cidr, ip: Ip, prefix = ip.bytes.length * 8): boolean {
  if (outer.ip.family !== ip.family || prefix < outer.prefix) return false;
  return formatCidr({ ip, prefix: outer.prefix }) === formatCidr(outer);
}

interface Range {
  text: string;
  four(a: number, b: number, c: number): boolean;
  six(bytes: readonly number[]): boolean;
}

const badEndpointRanges: readonly Range[] = [
  {
    text: "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    four: (a) => a === 127,
    six: (bytes) => bytes.every((byte, i) => byte === (i === 15 ? 1 : 0)),
  },
  {
    text: "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    four: (a, b) => a === 169 && b === 254,
    six: ([a = 0, b = 0]) => a === 0xfe && (b & 0xc0) === 0x80,
  },
  {
    text: "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
    four: (a, b, c) => a === 224 && b === 0 && c === 0,
    six: ([a = 0, b = 0]) => a === 0xff && (b & 0x0f) === 0x02,
  },
];

/** Addresses that make no sense as an endpoint. k8s: core validation ValidateEndpointIP */
export function checkEndpointIp(path: string, value: string): FieldError[] {
  const ip = parseIp(value);
  if (!ip) return [invalid(path, value, "must be a valid IP address")];
  const bytes = ip.mapped ? ip.bytes.slice(12) : ip.bytes;
  const [a = 0, b = 0, c = 0] = bytes;
  const errors: FieldError[] = [];
  if (bytes.every((byte) => byte === 0)) {
    errors.push(invalid(path, value, `may not be unspecified (${value})`));
  }
  for (const range of badEndpointRanges) {
    const hit = bytes.length === 4 ? range.four(a, b, c) : range.six(bytes);
    if (hit) errors.push(invalid(path, value, range.text));
  }
  return errors;
}

/** k8s: GetWarningsForCIDR */
export function cidrWarnings(path: string, value: string): string[] {
  const cidr = parseCidr(value);
  if (!cidr) return [];
  const warnings: string[] = [];
  const written = goQuote(value);
  const network = goQuote(formatCidr(cidr));
  if (formatIp(cidr.ip) !== networkOf(cidr)) {
    const single = goQuote(`${formatIp(cidr.ip)}/${cidr.ip.bytes.length * 8}`);
    warnings.push(
      `${path}: CIDR value ${written} is ambiguous in this context (should be ${network} or ${single}?)`,
    );
  }
  if (hasLeadingZeros(cidr, value) || cidr.ip.mapped) {
    warnings.push(`${path}: non-standard CIDR value ${written} is invalid: use ${network}`);
  }
  const canonical = `${formatIp(cidr.ip)}/${cidr.prefix}`;
  if (warnings.length === 0 && cidr.ip.family === 6 && canonical !== value) {
    warnings.push(
      `${path}: IPv6 CIDR value ${written} should be in RFC 5952 canonical format (${goQuote(canonical)})`,
    );
  }
  return warnings;
}
