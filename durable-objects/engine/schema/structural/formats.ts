/** Formats of strings that are checked; others say nothing. k8s: kube-openapi pkg/validation/strfmt */
import { decodeBase64Error } from "../../machinery/base64.ts";

type Check = (text: string) => boolean;

const every =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

const timeOfDay = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/;

function isDateTime(text: string): boolean {
  const [date = "", time = "", ...rest] = text.toLowerCase().split("t");
  if (rest.length > 0 && !time) return false;
  const parts = isDate(date) ? timeOfDay.exec(time) : null;
  if (!parts) return false;
  const [hours = "", minutes = "", seconds = ""] = parts.slice(1);
  return hours <= "23" && minutes <= "59" && seconds <= "59";
}

const goDuration = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const spans = ["ns", "us", "µs", "ms", "s", "m", "h", "d", "w"];
const longSpans = /^(nano|micro|milli|sec|min|hour|hr|day|week|wk)/;

/** Go's, or a number and a word anywhere in the text. */
function isDuration(text: string): boolean {
  if (goDuration.test(text)) return true;
  for (const [, unit = ""] of text.matchAll(/\d\s*([A-Za-zµ]+)/g)) {
    const name = unit.toLowerCase();
    if (spans.includes(name) || longSpans.test(name)) return true;
  }
  return false;
}

/** Leading zeros are let pass, as before Go 1.17. */
function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^\d{1,16}$/.test(part) && Number(part) <= 255)
  );
}

function isIPv6(text: string): boolean {
  if (!text.includes(":")) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  const hasIPv4 = last.includes(".");
  if (hasIPv4 && !isIPv4(last)) return false;
  const hex = hasIPv4 ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  const count = hex.length + (hasIPv4 ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  if (isIPv4(address)) return Number(bits) <= 32;
  return isIPv6(address) && Number(bits) <= 128;
}

/** Of 6, 8 or 20 bytes. k8s: Go net.ParseMAC */
const isMac: Check = (text) =>
  [":", "-"].some((sign) => {
    const parts = text.split(sign);
    return (
      [6, 8, 20].includes(parts.length) && parts.every((part) => /^[0-9A-Fa-f]{2}$/.test(part))
    );
  }) ||
  (() => {
    const parts = text.split(".");
    return (
      [3, 4, 10].includes(parts.length) && parts.every((part) => /^[0-9A-Fa-f]{4}$/.test(part))
    );
  })();

const digitsOf = (text: string): number[] => [...text].map(Number);

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "");
  const shape =
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
  if (!shape.test(digits)) return false;
  const sum = digitsOf(digits)
    .reverse()
    .reduce((total, digit, i) => {
      const doubled = i % 2 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
}

const bareIsbn = (text: string): string => text.replace(/[\s-]+/g, "");

function isIsbn10(text: string): boolean {
  const bare = bareIsbn(text);
  if (!/^\d{9}[\dX]$/.test(bare)) return false;
  const sum = [...bare].reduce((total, c, i) => total + (i + 1) * (c === "X" ? 10 : Number(c)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const bare = bareIsbn(text);
  if (!/^\d{13}$/.test(bare)) return false;
  const sum = digitsOf(bare).reduce((total, digit, i) => total + digit * (i % 2 ? 3 : 1), 0);
  return sum % 10 === 0;
}

const hostLabel = /^[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$/u;

function isHostname(text: string): boolean {
  if (text.length > 255) return false;
  const labels = text.split(".");
  const last = labels.at(-1) as string;
  if (!labels.every((label) => label.length <= 63 && hostLabel.test(label))) return false;
  return labels.length === 1 || /^[a-zA-Z\p{L}]{2,63}$/u.test(last);
}

/** An absolute address or path, as Go's url.ParseRequestURI takes it. */
function isUri(text: string): boolean {
  if (text === "") return false;
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f ]/.test(text)) return false;
  if (text === "*" || text.startsWith("/"))
    return /^(?:[^%]|%[0-9A-Fa-f]{2})*$/.test(text.split("?")[0] ?? "");
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text);
  if (!scheme) return false;
  const rest = text.slice(scheme[0].length);
  if (!rest.startsWith("/")) return rest !== "";
  const host = /^\/\/([^/?]*)/.exec(rest)?.[1] ?? "";
  const port = /:([^:\]]*)$/.exec(host.slice(host.lastIndexOf("@") + 1))?.[1];
  return (port === undefined || /^\d*$/.test(port)) && !/[<>"^`{|}\\]/.test(host);
}

/** An address as RFC 5322 has it, with or without a name before it. */
function isEmail(text: string): boolean {
  const [before = "", bracketed, ...rest] = text.trim().split("<");
  if (
    rest.length > 0 ||
    (bracketed !== undefined && (!bracketed.endsWith(">") || before.includes("@")))
  )
    return false;
  const found = (bracketed?.slice(0, -1) ?? before).trim();
  const at = found.lastIndexOf("@");
  if (at <= 0) return false;
  const atom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+$/;
  const local = found.slice(0, at);
  const domain = found.slice(at + 1);
  const isQuoted = /^"(?:[^"\\]|\\.)*"$/.test(local);
  const atoms = (part: string): boolean => part.split(".").every((one) => atom.test(one));
  return (isQuoted || atoms(local)) && (/^\[.+\]$/.test(domain) || atoms(domain));
}

const uuid = (version: string, variant: string): Check =>
  every(
    new RegExp(
      `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`,
      "i",
    ),
  );

const shortName = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const colour = "(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])";

/** By their names without dashes. */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["bsonobjectid", every(/^[0-9A-Fa-f]{24}$/)],
  ["uri", isUri],
  ["email", isEmail],
  ["hostname", isHostname],
  ["ipv4", isIPv4],
  ["ipv6", isIPv6],
  ["cidr", isCidr],
  ["mac", isMac],
  ["uuid", uuid("[0-9a-f]", "[0-9a-f]")],
  ["uuid3", uuid("3", "[0-9a-f]")],
  ["uuid4", uuid("4", "[89ab]")],
  ["uuid5", uuid("5", "[89ab]")],
  ["isbn", (text) => isIsbn10(text) || isIsbn13(text)],
  ["isbn10", isIsbn10],
  ["isbn13", isIsbn13],
  ["creditcard", isCreditCard],
  ["ssn", every(/^\d{3}[- ]\d{2}[- ]\d{4}$/)],
  ["hexcolor", every(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  [
    "rgbcolor",
    every(new RegExp(`^rgb\\(\\s*${colour}\\s*,\\s*${colour}\\s*,\\s*${colour}\\s*\\)$`)),
  ],
  ["byte", (text) => text !== "" && !/\s/.test(text) && decodeBase64Error(text) === undefined],
  ["password", () => true],
  ["date", isDate],
  ["duration", isDuration],
  ["datetime", isDateTime],
  ["k8sshortname", (text) => text.length <= 63 && shortName.test(text)],
  [
    "k8slongname",
    (text) => text.length <= 253 && text.split(".").every((part) => shortName.test(part)),
  ],
]);

const bare = (format: string): string => format.replaceAll("-", "");

export const formatKnown = (format: string): boolean => checks.has(bare(format));

/** True of a format that is not known. */
export const matchesFormat = (format: string, text: string): boolean =>
  checks.get(bare(format))?.(text) ?? true;
