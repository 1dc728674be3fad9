/** What certificates, requests and keys look like in words. OpenSSL 3: crypto/x509/t_x509.c, t_req.c */
import { bytesToHex } from "@noble/hashes/utils.js";
import { inside, objectIdOf, readAll, tags, type Der } from "../../../machinery/x509/der.ts";
import { decodePem } from "../../../machinery/x509/pem.ts";
import { binaryOf } from "../../bytes.ts";
import { bitLength, toNumber } from "./numbers.ts";

/** A certificate or a request, taken apart. */
export interface Parsed {
  raw: Uint8Array;
  version: number;
  subject: Der;
  publicKey: Der;
  extensions: Der[];
  signatureAlgorithm: string;
  signature: Uint8Array;
}

export interface ParsedCertificate extends Parsed {
  serial: Uint8Array;
  issuer: Der;
  notBefore: Der | undefined;
  notAfter: Der | undefined;
}

const hex = (bytes: Uint8Array): string[] => bytesToHex(bytes).match(/../g) ?? [];

function blockOf(text: string, type: string): Uint8Array | undefined {
  for (let at = 0; ;) {
    const next = decodePem(text, at);
    if (!next) return undefined;
    if (next.block.type === type) return next.block.bytes;
    at = next.end;
  }
}

/** The first certificate of a PEM text; undefined: there is none. */
export function readCertificate(text: string): ParsedCertificate | undefined {
  const raw = blockOf(text, "CERTIFICATE");
  const [whole] = (raw && readAll(raw)) ?? [];
  const [body, algorithm, signature] = inside(whole);
  const fields = inside(body);
  const version = fields[0]?.tag === 0xa0 ? inside(fields.shift())[0] : undefined;
  const [serial, , issuer, validity, subject, publicKey, ...rest] = fields;
  if (!raw || !serial || !issuer || !subject || !publicKey || !signature) return undefined;
  const [notBefore, notAfter] = inside(validity);
  return {
    raw,
    version: (version?.bytes[0] ?? 0) + 1,
    serial: serial.bytes,
    signatureAlgorithm: objectIdOf(inside(algorithm)[0]),
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKey,
    extensions: inside(inside(rest.find(({ tag }) => tag === 0xa3))[0]),
    signature: signature.bytes.subarray(1),
  };
}

/** The first request of a PEM text; undefined: there is none. */
export function readRequest(text: string): Parsed | undefined {
  const raw = blockOf(text, "CERTIFICATE REQUEST");
  const [whole] = (raw && readAll(raw)) ?? [];
  const [body, algorithm, signature] = inside(whole);
  const [version, subject, publicKey, attributes] = inside(body);
  if (!raw || !version || !subject || !publicKey || !signature) return undefined;
  const asked = inside(attributes).find(
    (one) => objectIdOf(inside(one)[0]) === "1.2.840.113549.1.9.14",
  );
  return {
    raw,
    version: (version.bytes[0] ?? 0) + 1,
    subject,
    publicKey,
    extensions: inside(inside(inside(asked)[1])[0]),
    signatureAlgorithm: objectIdOf(inside(algorithm)[0]),
    signature: signature.bytes.subarray(1),
  };
}

/** Bytes by colons, so many a line, each line behind a margin. */
export function block(bytes: Uint8Array, perLine: number, margin: string): string {
  const all = hex(bytes);
  let out = "";
  for (let at = 0; at < all.length; at += perLine) {
    const line = all.slice(at, at + perLine).join(":");
    out += `${margin}${line}${at + perLine < all.length ? ":" : ""}\n`;
  }
  return out;
}

const algorithms: Record<string, string> = {
  "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
  "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
  "1.2.840.10045.2.1": "id-ecPublicKey",
  "1.2.840.113549.1.1.1": "rsaEncryption",
};
const named = (id: string): string => algorithms[id] ?? id;

/** Of an RSA key; undefined: it is of another type. */
export function modulusOf(publicKey: Der): { modulus: Der; exponent: Der } | undefined {
  const [algorithm, bits] = inside(publicKey);
  if (objectIdOf(inside(algorithm)[0]) !== "1.2.840.113549.1.1.1") return undefined;
  const [modulus, exponent] = inside(
    (readAll(bits?.bytes.subarray(1) ?? new Uint8Array()) ?? [])[0],
  );
  return modulus && exponent && { modulus, exponent };
}

function publicKeyText({ publicKey }: Parsed): string {
  const [algorithm, bits] = inside(publicKey);
  const [type, curve] = inside(algorithm);
  const margin = " ".repeat(16);
  const head = `            Public Key Algorithm: ${named(objectIdOf(type))}\n`;
  if (objectIdOf(curve) === "1.2.840.10045.3.1.7")
    return `${head}${margin}Public-Key: (256 bit)\n${margin}pub:\n${block(bits?.bytes.subarray(1) ?? new Uint8Array(), 15, `${margin}    `)}${margin}ASN1 OID: prime256v1\n${margin}NIST CURVE: P-256\n`;
  const rsa = modulusOf(publicKey);
  if (!rsa) return head;
  const number = toNumber(rsa.exponent.bytes);
  return `${head}${margin}Public-Key: (${bitLength(toNumber(rsa.modulus.bytes))} bit)\n${margin}Modulus:\n${block(rsa.modulus.bytes, 15, `${margin}    `)}${margin}Exponent: ${number} (0x${number.toString(16)})\n`;
}

const keyUsages = [
  "Digital Signature",
  "Non Repudiation",
  "Key Encipherment",
  "Data Encipherment",
  "Key Agreement",
  "Certificate Sign",
  "CRL Sign",
];
const extendedUsages: Record<string, string> = {
  "1.3.6.1.5.5.7.3.1": "TLS Web Server Authentication",
  "1.3.6.1.5.5.7.3.2": "TLS Web Client Authentication",
  "1.3.6.1.5.5.7.3.3": "Code Signing",
  "1.3.6.1.5.5.7.3.4": "E-mail Protection",
};
const colons = (bytes: Uint8Array): string => hex(bytes).join(":").toUpperCase();

function alternativeName({ tag, bytes }: Der): string {
  if (tag === 0x87) return `IP Address:${[...bytes].join(".")}`;
  const type = tag === 0x82 ? "DNS" : tag === 0x81 ? "email" : "URI";
  return `${type}:${binaryOf(bytes)}`;
}

function constraints(value: Der): string {
  const fields = inside(value);
  const isAuthority = fields.some(({ tag, bytes }) => tag === 0x01 && bytes[0] !== 0);
  const length = fields.find(({ tag }) => tag === tags.integer);
  return `CA:${isAuthority ? "TRUE" : "FALSE"}${length ? `, pathlen:${toNumber(length.bytes)}` : ""}`;
}

/** Of the extensions that certificates of a cluster have: title, and value of what is in the octets. */
const extensions: Record<string, [title: string, text: (value: Der) => string]> = {
  "2.5.29.14": ["X509v3 Subject Key Identifier", ({ bytes }) => colons(bytes)],
  "2.5.29.35": [
    "X509v3 Authority Key Identifier",
    (value) => colons(inside(value).find(({ tag }) => tag === 0x80)?.bytes ?? new Uint8Array()),
  ],
  "2.5.29.19": ["X509v3 Basic Constraints", constraints],
  "2.5.29.15": [
    "X509v3 Key Usage",
    ({ bytes }) => keyUsages.filter((_, i) => (bytes[1] ?? 0) & (128 >> i)).join(", "),
  ],
  "2.5.29.37": [
    "X509v3 Extended Key Usage",
    (value) =>
      inside(value)
        .map((one) => extendedUsages[objectIdOf(one)] ?? objectIdOf(one))
        .join(", "),
  ],
  "2.5.29.17": [
    "X509v3 Subject Alternative Name",
    (value) => inside(value).map(alternativeName).join(", "),
  ],
};

/** The short names of `-ext`. */
const extensionNames: Record<string, string> = {
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectAltName: "2.5.29.17",
};

function extensionText(extension: Der, margin: string): string {
  const parts = inside(extension);
  const id = objectIdOf(parts[0]);
  const critical = parts.some(({ tag, bytes }) => tag === 0x01 && bytes[0] !== 0);
  const octets = parts.at(-1);
  const [value] = (octets && readAll(octets.bytes)) ?? [];
  const [title, text] = extensions[id] ?? [id, ({ bytes }: Der) => hex(bytes).join(":")];
  return `${margin}${title}: ${critical ? "critical" : ""}\n${margin}    ${value ? text(value) : ""}\n`;
}

/** What `-ext` prints of a list of short names. */
export function namedExtensions(of: Parsed, names: string): string {
  const ids = names.split(",").map((name) => extensionNames[name.trim()]);
  const found = of.extensions.filter((one) => ids.includes(objectIdOf(inside(one)[0])));
  return found.map((one) => extensionText(one, "")).join("");
}

function serialText(serial: Uint8Array): string {
  if (serial.length > 8) return `\n            ${hex(serial).join(":")}`;
  const number = toNumber(serial);
  return ` ${number} (0x${number.toString(16)})`;
}

const signatureText = ({ signatureAlgorithm, signature }: Parsed): string =>
  `    Signature Algorithm: ${named(signatureAlgorithm)}\n    Signature Value:\n${block(signature, 18, "        ")}`;

const versionText = ({ version }: Parsed): string => `${version} (0x${(version - 1).toString(16)})`;

export function certificateText(certificate: ParsedCertificate): string {
  const { serial, issuer, subject, notBefore, notAfter } = certificate;
  const algorithm = named(certificate.signatureAlgorithm);
  const more = certificate.extensions.map((one) => extensionText(one, " ".repeat(12))).join("");
  return (
    `Certificate:\n    Data:\n        Version: ${versionText(certificate)}\n` +
    `        Serial Number:${serialText(serial)}\n        Signature Algorithm: ${algorithm}\n` +
    `        Issuer: ${nameText(issuer)}\n        Validity\n            Not Before: ${timeText(notBefore)}\n` +
    `            Not After : ${timeText(notAfter)}\n        Subject: ${nameText(subject)}\n` +
    `        Subject Public Key Info:\n${publicKeyText(certificate)}` +
    (more ? `        X509v3 extensions:\n${more}` : "") +
    signatureText(certificate)
  );
}

export function requestText(request: Parsed): string {
  const more = request.extensions.map((one) => extensionText(one, " ".repeat(16))).join("");
  return (
    `Certificate Request:\n    Data:\n        Version: ${versionText(request)}\n` +
    `        Subject: ${nameText(request.subject)}\n` +
    `        Subject Public Key Info:\n${publicKeyText(request)}` +
    `        Attributes:\n${more ? "" : "            (none)\n"}            Requested Extensions:\n${more}` +
    signatureText(request)
  );
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** UTCTime or GeneralizedTime as OpenSSL prints it: `Oct 27 22:35:09 2126 GMT`. */
export function timeText(value: Der | undefined): string {
  const digits = binaryOf(value?.bytes ?? new Uint8Array());
  // RFC 5280: two digits of a year below 50 are of this century.
  const full =
    value?.tag === tags.utcTime
      ? `${Number(digits.slice(0, 2)) < 50 ? "20" : "19"}${digits}`
      : digits;
  const [year, month, day] = [full.slice(0, 4), full.slice(4, 6), String(Number(full.slice(6, 8)))];
  const time = `${full.slice(8, 10)}:${full.slice(10, 12)}:${full.slice(12, 14)}`;
  return `${months[Number(month) - 1]} ${day.padStart(2)} ${time} ${year} GMT`;
}

const names: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "street",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "1.2.840.113549.1.9.1": "emailAddress",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
};

/** A distinguished name: `O = kubeadm:cluster-admins, CN = kubernetes-admin`. */
export function nameText(name: Der): string {
  return inside(name)
    .flatMap((set) => inside(set))
    .map((pair) => {
      const [type, value] = inside(pair);
      const id = objectIdOf(type);
      return `${names[id] ?? id} = ${binaryOf(value?.bytes ?? new Uint8Array())}`;
    })
    .join(", ");
}

/** `AB:CD:...` of a hash. */
export const fingerprintText = colons;
/** `0A1B`: a number's bytes without marks between them. */
export const digitsOf = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();
