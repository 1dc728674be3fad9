/** Distinguished names as `-subj` gives them. OpenSSL 3: apps/lib/apps.c parse_name */
import { encodeUtf8 } from "../../../core/utf8.ts";
import { lookup } from "../../../core/lookup.ts";
import { der, objectId, sequence, tags } from "../../../machinery/x509/der.ts";
import { decodeUtf8 } from "../../bytes.ts";

/** Attributes by their short and long names. */
const attributes: Readonly<Record<string, string>> = lookup({
  CN: "2.5.4.3",
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
  C: "2.5.4.6",
  countryName: "2.5.4.6",
  L: "2.5.4.7",
  localityName: "2.5.4.7",
  ST: "2.5.4.8",
  stateOrProvinceName: "2.5.4.8",
  street: "2.5.4.9",
  O: "2.5.4.10",
  organizationName: "2.5.4.10",
  OU: "2.5.4.11",
  organizationalUnitName: "2.5.4.11",
  emailAddress: "1.2.840.113549.1.9.1",
  UID: "0.9.2342.19200300.100.1.1",
  DC: "0.9.2342.19200300.100.1.25",
});

const countryId = "2.5.4.6";
const ia5String = 0x16;
const ia5Ids = ["1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.25"];

export type NamePart = readonly [attribute: string, value: string];

/** A part's bytes; undefined: its attribute is not known. */
function partDer([attribute, value]: NamePart): Uint8Array | undefined {
  const id = attributes[attribute];
  if (id === undefined) return undefined;
  const tag = id === countryId ? tags.printable : ia5Ids.includes(id) ? ia5String : tags.utf8;
  const text = der(tag, encodeUtf8(decodeUtf8(value)));
  return der(tags.set, sequence(objectId(id), text));
}

/** A name of parts in order, and what is to be said of those that are left out. */
export function nameDer(parts: readonly NamePart[]): { bytes: Uint8Array; skipped: string[] } {
  const skipped: string[] = [];
  const sets: Uint8Array[] = [];
  for (const part of parts) {
    if (part[1] === "") {
      skipped.push(`No value provided for subject name attribute "${part[0]}", skipped`);
      continue;
    }
    const bytes = partDer(part);
    if (bytes) sets.push(bytes);
    else skipped.push(`Skipping unknown subject name attribute "${part[0]}"`);
  }
  return { bytes: sequence(...sets), skipped };
}

/** `/CN=jane/O=dev`: its parts; a text says what is wrong. A backslash takes the meaning of what follows. */
export function parseSubject(text: string): NamePart[] | string {
  if (!text.startsWith("/"))
    return (
      "subject name is expected to be in the format /type0=value0/type1=value1/type2=... where characters may be escaped by \\. " +
      `This name is not in that format: '${text}'`
    );
  const parts: NamePart[] = [];
  for (let at = 1; at < text.length;) {
    const equals = text.indexOf("=", at);
    if (equals < 0)
      return `Missing '=' after RDN type string '${text.slice(at)}' in subject name string`;
    let value = "";
    let end = equals + 1;
    for (; end < text.length && text[end] !== "/"; end++) {
      if (text[end] === "\\") end += 1;
      value += text[end] ?? "";
    }
    parts.push([text.slice(at, equals), value]);
    at = end + 1;
  }
  return parts;
}
