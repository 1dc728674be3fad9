/** openssl x509: what is in a certificate, and certificates for requests. OpenSSL 3: apps/x509.c */
import { equalBytes } from "../../../core/equal.ts";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { lookup } from "../../../core/lookup.ts";
import { parseCertificate } from "../../../machinery/x509/certificate.ts";
import { encodePem } from "../../../machinery/x509/pem.ts";
import { parseRequest, signatureProblem } from "../../../machinery/x509/request.ts";
import { Errno } from "../../errno.ts";
import type { Io } from "../tool.ts";
import { dayMs, makeCertificate, randomSerial } from "./build.ts";
import {
  certificateText,
  digitsOf,
  fingerprintText,
  modulusOf,
  namedExtensions,
  nameText,
  readCertificate,
  readRequest,
  timeText,
  type Parsed,
  type ParsedCertificate,
} from "./certificate-text.ts";
import { extensionOf, parseConfig, type Sections } from "./extensions.ts";
import { toBytes, toNumber } from "./numbers.ts";
import { daysOf, fail, parse, read, write, type Options, type Usage } from "./options.ts";
import { publicKeyDer, readPrivateKey, type PrivateKey } from "./private-key.ts";

const verb = "x509";

const usage: Usage = {
  valued:
    "in out CA CAkey CAserial set_serial days extfile extensions signkey key checkend ext inform outform nameopt certopt copy_extensions passin",
  plain:
    "req noout text subject issuer dates startdate enddate serial fingerprint pubkey modulus CAcreateserial",
  digest: true,
  unknown: "Unknown option or message digest",
};

const hashes = { sha1, sha256, sha384, sha512 };

function fingerprint(certificate: ParsedCertificate, { values }: Options): string {
  const name = (Object.keys(hashes) as (keyof typeof hashes)[]).find((one) => values.has(one));
  const hash = hashes[name ?? "sha1"](certificate.raw);
  return `${name ?? "SHA1"} Fingerprint=${fingerprintText(hash)}\n`;
}

type Show = (certificate: ParsedCertificate, options: Options) => string;

/** In the order in which openssl prints them. */
const shown: Readonly<Record<string, Show>> = lookup({
  text: certificateText,
  serial: ({ serial }) => `serial=${digitsOf(serial)}\n`,
  subject: ({ subject }) => `subject=${nameText(subject)}\n`,
  issuer: ({ issuer }) => `issuer=${nameText(issuer)}\n`,
  dates: ({ notBefore, notAfter }) =>
    `notBefore=${timeText(notBefore)}\nnotAfter=${timeText(notAfter)}\n`,
  startdate: ({ notBefore }) => `notBefore=${timeText(notBefore)}\n`,
  enddate: ({ notAfter }) => `notAfter=${timeText(notAfter)}\n`,
  fingerprint,
  modulus: ({ publicKey }) =>
    `Modulus=${digitsOf(modulusOf(publicKey)?.modulus.bytes.subarray(1) ?? new Uint8Array())}\n`,
  pubkey: ({ publicKey }) => encodePem({ type: "PUBLIC KEY", bytes: publicKey.raw }),
} satisfies Record<string, Show>);

/** What was asked for comes in the order of the command line. */
function show(io: Io, certificate: ParsedCertificate, options: Options): number {
  let text = "";
  for (const name of options.values.keys()) {
    if (name === "ext") text += namedExtensions(certificate, options.values.get("ext") ?? "");
    text += shown[name]?.(certificate, options) ?? "";
  }
  let code = 0;
  const within = options.values.get("checkend");
  if (within !== undefined) {
    const ends = parseCertificate(certificate.raw)?.notAfter ?? 0;
    code = ends < io.sys.now + Number(within) * 1_000 ? 1 : 0;
    text += `Certificate will ${code ? "" : "not "}expire\n`;
  }
  if (!options.values.has("noout"))
    text += encodePem({ type: "CERTIFICATE", bytes: certificate.raw });
  write(io, options.values.get("out"), text);
  return code;
}

function keyFrom(io: Io, file: string, what: string): PrivateKey {
  return (
    readPrivateKey(read(io, file, what)) ?? fail(io, verb, `Could not find ${what} from ${file}`)
  );
}

/** The next number of a file beside the authority's certificate, or a random one. */
function serialOf(io: Io, { values }: Options, authority: string): Uint8Array {
  const given = values.get("set_serial");
  if (given !== undefined) {
    if (!/^(0x[0-9a-fA-F]+|\d{1,40})$/.test(given)) fail(io, verb, `Bad number ${given}`);
    return toBytes(BigInt(given));
  }
  const random = randomSerial(() => io.sys.random());
  const file = values.get("CAserial") ?? authority.replace(/\.[^./]{0,255}$/, "").concat(".srl");
  const kept = hexIn(io, file);
  if (kept === undefined && !values.has("CAcreateserial")) return random;
  const serial = kept === undefined ? random : toBytes(toNumber(kept) + 1n);
  write(io, file, `${digitsOf(serial)}\n`);
  return serial;
}

function hexIn(io: Io, file: string): Uint8Array | undefined {
  try {
    const text = io.sys.readFile(file).trim();
    return /^[0-9A-Fa-f]{1,40}$/.test(text) ? toBytes(BigInt(`0x${text}`)) : undefined;
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

interface Signer {
  key: PrivateKey;
  /** DER of its name. */
  name: Uint8Array;
}

function signerOf(io: Io, { values }: Options, request: Parsed): Signer {
  const own = values.get("signkey") ?? values.get("key");
  if (own !== undefined) return { key: keyFrom(io, own, "private key"), name: request.subject.raw };
  const file = values.get("CA");
  if (file === undefined)
    fail(
      io,
      verb,
      "We need a private key to sign with, use -key or -CAkey or -CA with private key",
    );
  const authority = readCertificate(read(io, file, "CA certificate"));
  if (!authority) fail(io, verb, `Could not find CA certificate from ${file}`);
  const key = keyFrom(io, values.get("CAkey") ?? file, "CA private key");
  if (!equalBytes(publicKeyDer(key), authority.publicKey.raw))
    fail(io, verb, "CA certificate and CA private key do not match");
  return { key, name: authority.subject.raw };
}

/** A certificate for a request. */
function signRequest(io: Io, options: Options): number {
  const { values } = options;
  const file = values.get("in");
  const text = file === undefined ? io.stdin() : read(io, file, "certificate request input");
  const request = readRequest(text);
  if (!request)
    fail(io, verb, `Unable to load X509 request${file === undefined ? "" : ` from ${file}`}`);
  const parsed = parseRequest(encodePem({ type: "CERTIFICATE REQUEST", bytes: request.raw }));
  if (typeof parsed === "string" || signatureProblem(parsed) !== undefined)
    fail(io, verb, "Certificate request self-signature did not match the contents");
  io.err(`Certificate request self-signature ok\nsubject=${nameText(request.subject)}\n`);
  const { key, name } = signerOf(io, options, request);
  const publicKey = request.publicKey.raw;
  const extfile = values.get("extfile");
  const sections: Sections =
    extfile === undefined ? new Map() : parseConfig(read(io, extfile, "config file"));
  const lines = sections.get(values.get("extensions") ?? "default") ?? [];
  const made = lines.map(([extension, value]) => {
    const subjects = { publicKey, issuerKey: publicKeyDer(key) };
    const bytes = extensionOf(extension, value, sections, subjects);
    return typeof bytes === "string" ? fail(io, verb, bytes) : bytes;
  });
  const copied = /^copy/.test(values.get("copy_extensions") ?? "")
    ? request.extensions.map(({ raw }) => raw)
    : [];
  const days = daysOf(io, verb, options);
  const { now } = io.sys;
  const bytes = makeCertificate(key, {
    subject: request.subject.raw,
    publicKey,
    issuer: name,
    serial: serialOf(io, options, values.get("CA") ?? file ?? "certificate"),
    notBefore: now,
    notAfter: now + days * dayMs,
    extensions: [...made, ...copied],
  });
  const certificate = readCertificate(encodePem({ type: "CERTIFICATE", bytes }));
  return certificate ? show(io, certificate, options) : 1;
}

export function x509(io: Io): number {
  const options = parse(io, verb, io.args.slice(1), usage);
  if (options.values.has("req")) return signRequest(io, options);
  const file = options.values.get("in");
  const text = file === undefined ? io.stdin() : read(io, file, "certificate");
  const certificate = readCertificate(text);
  if (!certificate) {
    io.err(`Could not find certificate from ${file ?? "<stdin>"}\n`);
    return 1;
  }
  return show(io, certificate, options);
}
