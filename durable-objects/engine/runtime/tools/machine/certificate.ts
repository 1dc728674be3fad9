/** X.509 certificates, as far as their text form needs. RFC 5280, X.690 (DER) */
import { fromBase64 } from "../../bytes.ts";

/** One value: its tag, its bytes, and what it is made of where it holds others. */
export interface Der {
  tag: number;
  bytes: string;
}

/** Reads the values that follow each other in a text of bytes; undefined: it is not DER. */
export function derValues(bytes: string): Der[] | undefined {
  const out: Der[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.charCodeAt(at);
    let length = bytes.charCodeAt(at + 1);
    at += 2;
    if (length > 127) {
      let more = length & 127;
      if (more > 4) return undefined;
      for (length = 0; more > 0; more--) length = length * 256 + bytes.charCodeAt(at++);
    }
    if (!(at + length <= bytes.length)) return undefined;
    out.push({ tag, bytes: bytes.slice(at, at + length) });
    at += length;
  }
  return out;
}

export interface Certificate {
  version: number;
  serial: string;
  signatureAlgorithm: string;
  issuer: Der;
  notBefore: string;
  notAfter: string;
  subject: Der;
  publicKey: Der;
  extensions: Der[];
  signature: string;
}

const inside = (value: Der | undefined): Der[] => (value ? (derValues(value.bytes) ?? []) : []);

/** Object identifier in its dotted form. */
export function identifier(value: Der | undefined): string {
  const bytes = value?.bytes ?? "";
  const first = bytes.charCodeAt(0);
  const parts = [Math.floor(first / 40), first % 40];
  let number = 0;
  for (let i = 1; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    number = number * 128 + (byte & 127);
    if (byte < 128) {
      parts.push(number);
      number = 0;
    }
  }
  return parts.join(".");
}

/** The first certificate of a PEM text; undefined: there is none. */
export function readCertificate(text: string): Certificate | undefined {
  const begin = "-----BEGIN CERTIFICATE-----";
  const from = text.indexOf(begin);
  const to = text.indexOf("-----END CERTIFICATE-----", from);
  if (from < 0 || to < 0) return undefined;
  const bytes = fromBase64(text.slice(from + begin.length, to).replace(/\s/g, ""));
  const [whole] = (bytes && derValues(bytes)) || [];
  const [body, algorithm, signature] = inside(whole);
  const fields = inside(body);
  const version = fields[0]?.tag === 0xa0 ? inside(fields.shift())[0] : undefined;
  const [serial, , issuer, validity, subject, publicKey, ...rest] = fields;
  if (!serial || !issuer || !subject || !publicKey || !signature) return undefined;
  const [notBefore, notAfter] = inside(validity);
  const extensions = rest.find(({ tag }) => tag === 0xa3);
  return {
    version: (version?.bytes.charCodeAt(0) ?? 0) + 1,
    serial: serial.bytes,
    signatureAlgorithm: identifier(inside(algorithm)[0]),
    issuer,
    notBefore: timeText(notBefore),
    notAfter: timeText(notAfter),
    subject,
    publicKey,
    extensions: inside(inside(extensions)[0]),
    signature: signature.bytes.slice(1),
  };
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** UTCTime or GeneralizedTime as OpenSSL prints it: `Oct 27 22:35:09 2126 GMT`. */
function timeText(value: Der | undefined): string {
  const digits = value?.bytes ?? "";
  // RFC 5280: two digits of a year below 50 are of this century.
  const full =
    value?.tag === 0x17 ? `${Number(digits.slice(0, 2)) < 50 ? "20" : "19"}${digits}` : digits;
  const [year, month, day] = [full.slice(0, 4), full.slice(4, 6), String(Number(full.slice(6, 8)))];
  const time = `${full.slice(8, 10)}:${full.slice(10, 12)}:${full.slice(12, 14)}`;
  return `${months[Number(month) - 1]} ${day.padStart(2)} ${time} ${year} GMT`;
}

const names: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};

/** A distinguished name: `O = kubeadm:cluster-admins, CN = kubernetes-admin`. */
export function nameText(name: Der): string {
  return inside(name)
    .flatMap((set) => inside(set))
    .map((pair) => {
      const [type, value] = inside(pair);
      const id = identifier(type);
      return `${names[id] ?? id} = ${value?.bytes ?? ""}`;
    })
    .join(", ");
}

export const derInside = inside;
