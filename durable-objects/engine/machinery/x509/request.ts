/** Requests for certificates. RFC 2986; what Go's crypto/x509 makes of them */
import { p256, p384 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { decodeUtf8 } from "../../core/utf8.ts";
import { formatIp } from "../ip.ts";
import { inside, objectIdOf, readAll, tags, type Der } from "./der.ts";
import { decodePem } from "./pem.ts";

export interface Subject {
  commonName: string;
  serialNumber: string;
  organization: string[];
  organizationalUnit: string[];
  country: string[];
  locality: string[];
  province: string[];
  streetAddress: string[];
  postalCode: string[];
}

export interface CertificateRequest {
  /** What is signed. */
  signed: Uint8Array;
  /** Subject and public key as they stand in it. */
  subjectDer: Uint8Array;
  publicKeyDer: Uint8Array;
  /** The extension of alternative names, "" where there is none. */
  alternativeNames: Uint8Array | undefined;
  subject: Subject;
  dnsNames: string[];
  emailAddresses: string[];
  ipAddresses: string[];
  uris: string[];
  algorithm: string;
  signature: Uint8Array;
}

const blockType = "CERTIFICATE REQUEST";
const malformed = "asn1: structure error: tags don't match";

/** A request in PEM, or what is wrong with it. k8s: pkg/apis/certificates/helpers.go ParseCSR */
export function parseRequest(pem: string): CertificateRequest | string {
  const found = decodePem(pem)?.block;
  if (found?.type !== blockType) return `PEM block type must be ${blockType}`;
  const all = readAll(found.bytes);
  if (!all) return "asn1: syntax error: data truncated";
  const [outer] = all;
  const [info, algorithm, signature] = inside(outer);
  const [version, subject, publicKey, attributes] = inside(info);
  if (!info || !subject || !publicKey || version?.tag !== tags.integer || !signature) {
    return malformed;
  }
  const alternativeNames = extensionOf(attributes, "2.5.29.17");
  return {
    signed: info.raw,
    subjectDer: subject.raw,
    publicKeyDer: publicKey.raw,
    alternativeNames,
    subject: subjectOf(subject),
    ...namesOf(alternativeNames),
    algorithm: objectIdOf(inside(algorithm)[0]),
    signature: signature.bytes.subarray(1),
  };
}

const textOf = ({ bytes }: Der): string => decodeUtf8(bytes);

/** The parts of a name. */
export function subjectOf(name: Der): Subject {
  const texts = new Map<string, string[]>();
  for (const set of inside(name))
    for (const pair of inside(set)) {
      const [type, value] = inside(pair);
      const id = objectIdOf(type);
      if (value) texts.set(id, [...(texts.get(id) ?? []), textOf(value)]);
    }
  const all = (id: string): string[] => texts.get(id) ?? [];
  return {
    commonName: all("2.5.4.3").at(-1) ?? "",
    serialNumber: all("2.5.4.5").at(-1) ?? "",
    country: all("2.5.4.6"),
    locality: all("2.5.4.7"),
    province: all("2.5.4.8"),
    streetAddress: all("2.5.4.9"),
    organization: all("2.5.4.10"),
    organizationalUnit: all("2.5.4.11"),
    postalCode: all("2.5.4.17"),
  };
}

/** The value of an extension that is asked for (PKCS #9 extensionRequest). */
function extensionOf(attributes: Der | undefined, id: string): Uint8Array | undefined {
  for (const attribute of inside(attributes)) {
    const [type, values] = inside(attribute);
    if (objectIdOf(type) !== "1.2.840.113549.1.9.14") continue;
    for (const extension of inside(inside(values)[0])) {
      const parts = inside(extension);
      if (objectIdOf(parts[0]) === id) return parts.at(-1)?.bytes;
    }
  }
  return undefined;
}

type Names = Pick<CertificateRequest, "dnsNames" | "emailAddresses" | "ipAddresses" | "uris">;

/** The names in a value of the extension of alternative names. */
export function namesOf(extension: Uint8Array | undefined): Names {
  const names: Names = { dnsNames: [], emailAddresses: [], ipAddresses: [], uris: [] };
  const [list] = (extension && readAll(extension)) ?? [];
  for (const name of inside(list)) {
    if (name.tag === 0x82) names.dnsNames.push(textOf(name));
    else if (name.tag === 0x81) names.emailAddresses.push(textOf(name));
    else if (name.tag === 0x86) names.uris.push(textOf(name));
    else if (name.tag === 0x87) {
      const family = name.bytes.length === 16 ? 6 : 4;
      const bytes = [...name.bytes];
      names.ipAddresses.push(formatIp({ family, bytes, leadingZeros: false, mapped: false }));
    }
  }
  return names;
}

/** Something signed, with the key that it should be signed by. */
export type Signed = Pick<
  CertificateRequest,
  "signed" | "publicKeyDer" | "algorithm" | "signature"
>;

const hashes = { sha256, sha384, sha512 };
type Hash = keyof typeof hashes;
const ecdsa: Record<string, Hash> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
};
const rsa: Record<string, Hash> = {
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
};
/** Hash algorithms as PKCS #1 names them before the hash. RFC 8017, 9.2 */
const digestHeads: Record<Hash, string> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};
/** A key with more bits costs more than a request may. k8s: Go crypto/rsa has no keys above 16384 */
const rsaBitsMax = 16_384;

/** What is wrong with a request's signature; undefined where it is right, or made in a way that is not known here. */
export function signatureProblem(request: Signed): string | undefined {
  const [key] = readAll(request.publicKeyDer) ?? [];
  const [type, bits] = inside(key);
  const [algorithm, curve] = inside(type);
  const point = bits?.bytes.subarray(1) ?? new Uint8Array();
  const byCurve = ecdsa[request.algorithm];
  if (byCurve && objectIdOf(algorithm) === "1.2.840.10045.2.1") {
    const curves = { "1.2.840.10045.3.1.7": p256, "1.3.132.0.34": p384 } as const;
    const known = curves[objectIdOf(curve) as keyof typeof curves];
    if (!known) return undefined;
    const hash = hashes[byCurve](request.signed);
    return isSigned(known, request.signature, hash, point)
      ? undefined
      : "x509: ECDSA verification failure";
  }
  const byModulus = rsa[request.algorithm];
  if (!byModulus) return undefined;
  return isRsaSigned(byModulus, request, point) ? undefined : "crypto/rsa: verification error";
}

function isSigned(
  curve: typeof p256,
  signature: Uint8Array,
  hash: Uint8Array,
  point: Uint8Array,
): boolean {
  try {
    const how = { prehash: false, lowS: false, format: "der" } as const;
    return curve.verify(signature, hash, point, how);
  } catch {
    return false;
  }
}

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function isRsaSigned(hash: Hash, request: Signed, key: Uint8Array): boolean {
  const [modulus, exponent] = inside((readAll(key) ?? [])[0]);
  if (!modulus || !exponent || modulus.bytes.length * 8 > rsaBitsMax + 8) return false;
  if (exponent.bytes.length > 4) return false;
  const n = BigInt(`0x${hex(modulus.bytes)}`);
  const length = n.toString(16).length + (n.toString(16).length % 2);
  let power = Number.parseInt(hex(exponent.bytes), 16);
  let base = BigInt(`0x${hex(request.signature) || "0"}`) % n;
  let result = 1n;
  for (; power > 0; power = Math.floor(power / 2)) {
    if (power % 2 === 1) result = (result * base) % n;
    base = (base * base) % n;
  }
  return result.toString(16).padStart(length, "0") === paddedDigest(hash, request.signed, length);
}

/** What an RSA signature holds, in as many hexadecimal digits. RFC 8017, 9.2 EMSA-PKCS1-v1_5 */
export function paddedDigest(hash: Hash, signed: Uint8Array, digits: number): string {
  const digest = digestHeads[hash] + hex(hashes[hash](signed));
  return `0001${"f".repeat(Math.max(0, digits - digest.length - 6))}00${digest}`;
}
