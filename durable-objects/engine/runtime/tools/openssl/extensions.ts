/** Extensions that a request asks for or a certificate gets, as words. OpenSSL 3: x509v3_config(5) */
import { encodeUtf8 } from "../../../core/utf8.ts";
import { lookup } from "../../../core/lookup.ts";
import { parseIp } from "../../../machinery/ip.ts";
import { der, objectId, sequence, tags } from "../../../machinery/x509/der.ts";
import { extension, keyId } from "../../../machinery/x509/issue.ts";
import { decodeUtf8 } from "../../bytes.ts";

/** Sections of a configuration file: lines `name = value`, in order. */
export type Sections = ReadonlyMap<string, readonly (readonly [name: string, value: string])[]>;

/** Reads a configuration file. What stands before the first section is in `default`. */
export function parseConfig(text: string): Sections {
  const sections = new Map<string, [string, string][]>();
  let current: [string, string][] = [];
  sections.set("default", current);
  for (const raw of text.split("\n")) {
    const [before = ""] = raw.split("#", 1);
    const line = before.trim();
    if (line.startsWith("[") && line.endsWith("]")) {
      const name = line.slice(1, -1).trim();
      current = sections.get(name) ?? [];
      sections.set(name, current);
      continue;
    }
    const equals = line.indexOf("=");
    if (equals > 0) current.push([line.slice(0, equals).trim(), line.slice(equals + 1).trim()]);
  }
  return sections;
}

/** What the extensions of a certificate are about. */
export interface Subjects {
  publicKey: Uint8Array;
  /** Of who signs. */
  issuerKey: Uint8Array;
}

const boolean = (value: boolean): Uint8Array => der(0x01, Uint8Array.of(value ? 0xff : 0));

const usageNames = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
];

const purposeIds: Readonly<Record<string, string>> = lookup({
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  emailProtection: "1.3.6.1.5.5.7.3.4",
});

const wordsOf = (value: string): string[] =>
  value
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

function keyUsage(value: string): Uint8Array | undefined {
  let bits = 0;
  for (const word of wordsOf(value)) {
    const at = usageNames.indexOf(word);
    if (at < 0) return undefined;
    bits |= 0x80 >> at;
  }
  let unused = 0;
  while (unused < 7 && (bits & (1 << unused)) === 0) unused++;
  return der(tags.bitString, Uint8Array.of(unused, bits));
}

function extendedKeyUsage(value: string): Uint8Array | undefined {
  const ids = wordsOf(value).map((word) => purposeIds[word]);
  const known = ids.filter((id): id is string => id !== undefined);
  return known.length === ids.length ? sequence(...known.map(objectId)) : undefined;
}

function basicConstraints(value: string): Uint8Array | undefined {
  let isAuthority = false;
  let length: Uint8Array | undefined;
  for (const word of wordsOf(value)) {
    const [name = "", said = ""] = word.split(":").map((part) => part.trim());
    if (name.toUpperCase() === "CA") isAuthority = said.toUpperCase() === "TRUE";
    else if (name === "pathlen" && /^\d{1,3}$/.test(said))
      length = der(tags.integer, Uint8Array.of(Number(said) & 0x7f));
    else return undefined;
  }
  return sequence(...(isAuthority ? [boolean(true)] : []), ...(length ? [length] : []));
}

function nameOf(type: string, value: string): Uint8Array | undefined {
  const text = encodeUtf8(decodeUtf8(value));
  if (type === "DNS") return der(0x82, text);
  if (type === "email") return der(0x81, text);
  if (type === "URI") return der(0x86, text);
  if (type !== "IP") return undefined;
  const ip = parseIp(value);
  return ip && der(0x87, Uint8Array.from(ip.bytes));
}

/** `DNS:a,IP:1.2.3.4` or `@section`, whose lines are `DNS.1 = a`. */
function alternativeNames(value: string, sections: Sections): Uint8Array | undefined {
  const pairs = wordsOf(value).flatMap((word): (readonly [string, string])[] => {
    if (word.startsWith("@"))
      return (sections.get(word.slice(1)) ?? []).map(([name, of]) => [
        name.split(".", 1)[0] ?? "",
        of,
      ]);
    const colon = word.indexOf(":");
    return [[word.slice(0, Math.max(colon, 0)), word.slice(colon + 1)]];
  });
  const names = pairs.map(([type, of]) => nameOf(type.trim(), of.trim()));
  const known = names.filter((name): name is Uint8Array => name !== undefined);
  return known.length > 0 && known.length === names.length ? sequence(...known) : undefined;
}

type Make = (value: string, sections: Sections, subjects: Subjects) => Uint8Array | undefined;

const kinds: Readonly<Record<string, [id: string, make: Make]>> = lookup({
  subjectAltName: ["2.5.29.17", alternativeNames],
  keyUsage: ["2.5.29.15", keyUsage],
  extendedKeyUsage: ["2.5.29.37", extendedKeyUsage],
  basicConstraints: ["2.5.29.19", basicConstraints],
  subjectKeyIdentifier: [
    "2.5.29.14",
    (_value, _sections, { publicKey }) => der(tags.octets, keyId(publicKey)),
  ],
  authorityKeyIdentifier: [
    "2.5.29.35",
    (_value, _sections, { issuerKey }) => sequence(der(0x80, keyId(issuerKey))),
  ],
} satisfies Record<string, [string, Make]>);

/** One line's extension; a text says what is wrong with it. */
export function extensionOf(
  name: string,
  value: string,
  sections: Sections,
  subjects: Subjects,
): Uint8Array | string {
  const [id, make] = kinds[name] ?? [];
  if (!id || !make) return `Error: unknown extension name: ${name}`;
  const critical = /^critical\s*,/.test(value);
  const bytes = make(critical ? value.slice(value.indexOf(",") + 1) : value, sections, subjects);
  return bytes
    ? extension(id, critical, bytes)
    : `Error in extension section: name=${name}, value=${value}`;
}
