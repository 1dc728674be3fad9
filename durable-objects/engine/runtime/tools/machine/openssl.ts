/** openssl x509: what is in a certificate. OpenSSL 3: crypto/x509/t_x509.c, apps/x509.c */
import { lookup } from "../../../core/lookup.ts";
import type { Program } from "../../kernel/types.ts";
import { Errno } from "../../errno.ts";
import { type Io, tool } from "../tool.ts";
import {
  type Certificate,
  type Der,
  derInside,
  identifier,
  nameText,
  readCertificate,
} from "./certificate.ts";

const hex = (bytes: string): string[] =>
  [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));

/** Bytes by colons, so many a line, each line behind a margin. */
function block(bytes: string, perLine: number, margin: string): string {
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

function publicKeyText({ publicKey }: Certificate): string {
  const [algorithm, bits] = derInside(publicKey);
  const [type, curve] = derInside(algorithm);
  const key = bits?.bytes.slice(1) ?? "";
  const margin = " ".repeat(16);
  const head = `            Public Key Algorithm: ${named(identifier(type))}\n`;
  if (identifier(curve) === "1.2.840.10045.3.1.7")
    return `${head}${margin}Public-Key: (256 bit)\n${margin}pub:\n${block(key, 15, `${margin}    `)}${margin}ASN1 OID: prime256v1\n${margin}NIST CURVE: P-256\n`;
  const [sequence] = [...derInside({ tag: 0x30, bytes: key })];
  const [modulus, exponent] = sequence ? derInside(sequence) : [];
  if (!modulus || !exponent) return head;
  const length = (modulus.bytes.length - (modulus.bytes.charCodeAt(0) === 0 ? 1 : 0)) * 8;
  const number = Number.parseInt(hex(exponent.bytes).join(""), 16);
  return `${head}${margin}Public-Key: (${length} bit)\n${margin}Modulus:\n${block(modulus.bytes, 15, `${margin}    `)}${margin}Exponent: ${number} (0x${number.toString(16)})\n`;
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
};
const colons = (bytes: string): string => hex(bytes).join(":").toUpperCase();

function alternativeName({ tag, bytes }: Der): string {
  if (tag === 0x87) return `IP Address:${[...bytes].map((byte) => byte.charCodeAt(0)).join(".")}`;
  return `${tag === 0x82 ? "DNS" : "URI"}:${bytes}`;
}

/** Of the extensions that certificates of a cluster have: title, and value of what is in the octets. */
const extensions: Record<string, [title: string, text: (value: Der) => string]> = {
  "2.5.29.14": ["X509v3 Subject Key Identifier", ({ bytes }) => colons(bytes)],
  "2.5.29.35": [
    "X509v3 Authority Key Identifier",
    (value) => colons(derInside(value).find(({ tag }) => tag === 0x80)?.bytes ?? ""),
  ],
  "2.5.29.19": [
    "X509v3 Basic Constraints",
    (value) =>
      derInside(value).some(({ tag, bytes }) => tag === 1 && bytes !== "\0")
        ? "CA:TRUE"
        : "CA:FALSE",
  ],
  "2.5.29.15": [
    "X509v3 Key Usage",
    ({ bytes }) => keyUsages.filter((_, i) => bytes.charCodeAt(1) & (128 >> i)).join(", "),
  ],
  "2.5.29.37": [
    "X509v3 Extended Key Usage",
    (value) =>
      derInside(value)
        .map((one) => extendedUsages[identifier(one)] ?? identifier(one))
        .join(", "),
  ],
  "2.5.29.17": [
    "X509v3 Subject Alternative Name",
    (value) => derInside(value).map(alternativeName).join(", "),
  ],
};

function extensionText(extension: Der): string {
  const parts = derInside(extension);
  const id = identifier(parts[0]);
  const critical = parts.some(({ tag, bytes }) => tag === 1 && bytes !== "\0");
  const octets = parts.at(-1);
  const [value] = octets ? derInside(octets) : [];
  const [title, text] = extensions[id] ?? [id, ({ bytes }: Der) => hex(bytes).join(":")];
  const margin = " ".repeat(12);
  return `${margin}${title}: ${critical ? "critical" : ""}\n${margin}    ${value ? text(value) : ""}\n`;
}

function serialText(serial: string): string {
  if (serial.length > 8) return `\n            ${hex(serial).join(":")}`;
  const number = BigInt(`0x${hex(serial).join("")}`);
  return ` ${number} (0x${number.toString(16)})`;
}

function wholeText(certificate: Certificate): string {
  const { version, serial, issuer, subject, notBefore, notAfter, signature } = certificate;
  const algorithm = named(certificate.signatureAlgorithm);
  const more = certificate.extensions.map(extensionText).join("");
  return (
    `Certificate:\n    Data:\n        Version: ${version} (0x${(version - 1).toString(16)})\n` +
    `        Serial Number:${serialText(serial)}\n        Signature Algorithm: ${algorithm}\n` +
    `        Issuer: ${nameText(issuer)}\n        Validity\n            Not Before: ${notBefore}\n` +
    `            Not After : ${notAfter}\n        Subject: ${nameText(subject)}\n` +
    `        Subject Public Key Info:\n${publicKeyText(certificate)}` +
    (more ? `        X509v3 extensions:\n${more}` : "") +
    `    Signature Algorithm: ${algorithm}\n    Signature Value:\n${block(signature, 18, "        ")}`
  );
}

const shown: Record<string, (certificate: Certificate) => string> = lookup({
  "-text": wholeText,
  "-subject": ({ subject }) => `subject=${nameText(subject)}\n`,
  "-issuer": ({ issuer }) => `issuer=${nameText(issuer)}\n`,
  "-dates": ({ notBefore, notAfter }) => `notBefore=${notBefore}\nnotAfter=${notAfter}\n`,
  "-startdate": ({ notBefore }) => `notBefore=${notBefore}\n`,
  "-enddate": ({ notAfter }) => `notAfter=${notAfter}\n`,
  "-serial": ({ serial }) => `serial=${hex(serial).join("").toUpperCase()}\n`,
});

function read(io: Io, file: string | undefined): string | undefined {
  if (file === undefined) return io.stdin();
  try {
    return io.sys.readFile(file);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.err(`Could not open file or uri for loading certificate from ${file}: ${error.message}\n`);
    return undefined;
  }
}

function x509(io: Io, words: string[]): number {
  let file: string | undefined;
  let silent = false;
  const wanted: ((certificate: Certificate) => string)[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-in") file = words.shift();
    else if (word === "-noout") silent = true;
    else if (shown[word]) wanted.push(shown[word] as (typeof wanted)[number]);
    else {
      io.err(`x509: Podyard's openssl knows no ${word}\n`);
      return 1;
    }
  }
  const text = read(io, file);
  if (text === undefined) return 1;
  const certificate = readCertificate(text);
  if (!certificate) {
    io.err(`Could not find certificate from ${file ?? "<stdin>"}\n`);
    return 1;
  }
  for (const act of wanted) io.out(act(certificate));
  const end = "-----END CERTIFICATE-----";
  if (!silent) io.out(`${text.slice(text.indexOf("-----BEGIN"), text.indexOf(end))}${end}\n`);
  return 0;
}

export const openssl: Program = tool("openssl", (io) => {
  const [verb, ...words] = io.args;
  if (verb === "x509") return x509(io, words);
  io.err(`openssl: Podyard's openssl reads certificates (x509) only, not ${verb ?? "nothing"}\n`);
  return 1;
});
