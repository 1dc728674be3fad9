import { decodeCBOR, decodePartialCBOR, type CBORType } from "@levischuck/tiny-cbor";
import { inside, readAll, tags } from "../../durable-objects/engine/machinery/x509/der.ts";
import { base64url, fromBase64url } from "../secrets.ts";

/**
 * What WebAuthn (level 3) has a server look at where any authenticator will do: whose answer it is, that the user was there and was
 * verified, and the signature. What an attestation says of the maker is passed over, as none is asked for.
 */

export interface Expected {
  challenge: string;
  origin: string;
}

/** COSE algorithms that a passkey may have: EdDSA, ES256, RS256. IANA: COSE Algorithms */
export const algorithms = [-8, -7, -257];

interface AuthenticatorData {
  rpIdHash: Uint8Array;
  flags: number;
  counter: number;
  /** Of a new one: its id, and its COSE key as it stands there. */
  credential?: { id: Uint8Array; publicKey: Uint8Array };
}

/** A new credential: section 7.1. Throws what does not hold. */
export async function newCredential(
  answer: { clientDataJSON: string; attestationObject: string },
  expected: Expected,
): Promise<{ id: string; publicKey: string; counter: number }> {
  mustAnswer(answer.clientDataJSON, "webauthn.create", expected);
  const attested = mapOf(decodeCBOR(fromBase64url(answer.attestationObject)));
  const data = authenticatorData(bytesIn(attested, "authData"));
  await mustBeVerified(data, expected);
  const { credential, counter } = data;
  if (!credential) throw new Error("no credential");
  const { id, publicKey } = credential;
  // A key that nothing could be verified with would be found out only when its owner wants to come back.
  await verifierOf(publicKey);
  return { id: base64url(id), publicKey: base64url(publicKey), counter };
}

/** The counter after this use of a credential: section 7.2. Throws what does not hold. */
export async function counterAfter(
  answer: { clientDataJSON: string; authenticatorData: string; signature: string },
  expected: Expected,
  credential: { publicKey: string; counter: number },
): Promise<number> {
  mustAnswer(answer.clientDataJSON, "webauthn.get", expected);
  const bytes = fromBase64url(answer.authenticatorData);
  const data = authenticatorData(bytes);
  await mustBeVerified(data, expected);
  const { counter } = data;
  const counts = counter > 0 || credential.counter > 0;
  if (counts && counter <= credential.counter) throw new Error("the counter does not go on");
  const verify = await verifierOf(fromBase64url(credential.publicKey));
  const clientData = await sha256(fromBase64url(answer.clientDataJSON));
  const signed = new Uint8Array([...bytes, ...clientData]);
  if (!(await verify(fromBase64url(answer.signature), signed))) throw new Error("signature");
  return counter;
}

const utf8 = new TextEncoder();

const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));

/** The browser's part: section 5.8.1. */
function mustAnswer(json: string, type: string, { challenge, origin }: Expected): void {
  const said = JSON.parse(new TextDecoder().decode(fromBase64url(json))) as Record<string, unknown>;
  if (said["type"] !== type) throw new Error(`type ${String(said["type"])}`);
  if (said["challenge"] !== challenge) throw new Error("another challenge");
  if (said["origin"] !== origin) throw new Error(`origin ${String(said["origin"])}`);
  // Named where the page is in another origin's frame, in which nobody signs in here.
  if (said["topOrigin"] !== undefined) throw new Error(`in ${String(said["topOrigin"])}`);
}

const flag = {
  present: 1 << 0,
  verified: 1 << 2,
  mayBeBackedUp: 1 << 3,
  isBackedUp: 1 << 4,
  credential: 1 << 6,
  extensions: 1 << 7,
};

/** Section 6.1. */
function authenticatorData(bytes: Uint8Array): AuthenticatorData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(32);
  const data: AuthenticatorData = {
    rpIdHash: bytes.slice(0, 32),
    flags,
    counter: view.getUint32(33),
  };
  let end = 37;
  if (flags & flag.credential) {
    // Behind the maker's id, of 16 bytes.
    const idEnd = 55 + view.getUint16(53);
    const id = bytes.slice(55, idEnd);
    end = idEnd + cborLength(bytes, idEnd);
    data.credential = { id, publicKey: bytes.slice(idEnd, end) };
  }
  if (flags & flag.extensions) end += cborLength(bytes, end);
  if (end !== bytes.length) throw new Error("authenticator data of another length");
  return data;
}

/** Bytes of the map that begins there. */
function cborLength(bytes: Uint8Array, at: number): number {
  const [value, length] = decodePartialCBOR(bytes.slice(at), 0);
  mapOf(value);
  return length;
}

async function mustBeVerified(
  { rpIdHash, flags }: AuthenticatorData,
  { origin }: Expected,
): Promise<void> {
  const wanted = await sha256(utf8.encode(new URL(origin).hostname));
  if (base64url(rpIdHash) !== base64url(wanted)) throw new Error("for another host");
  if (!(flags & flag.present)) throw new Error("the user was not there");
  if (!(flags & flag.verified)) throw new Error("the user was not verified");
  if (flags & flag.isBackedUp && !(flags & flag.mayBeBackedUp)) throw new Error("backup flags");
}

type Verifier = (signature: Uint8Array, signed: Uint8Array) => Promise<boolean>;

/** Labels of a COSE key. RFC 9052 section 7.1, RFC 9053 section 7, RFC 8230 section 4 */
const label = { type: 1, algorithm: 3, curve: -1, x: -2, y: -3, n: -1, e: -2 };

/** Throws where the key is none of an algorithm that a passkey may have. */
async function verifierOf(coseKey: Uint8Array): Promise<Verifier> {
  const key = mapOf(decodeCBOR(coseKey.slice()));
  const kind = [label.type, label.algorithm].map((name) => key.get(name)).join(" ");
  const curve = key.get(label.curve);
  const part = (name: number): string => base64url(bytesIn(key, name));
  if (kind === "2 -7" && curve === 1) {
    const jwk = { kty: "EC", crv: "P-256", x: part(label.x), y: part(label.y) };
    const verify = await imported(jwk, { name: "ECDSA", namedCurve: "P-256" });
    return (signature, signed) => verify(plainSignature(signature), signed);
  }
  if (kind === "1 -8" && curve === 6) {
    return imported({ kty: "OKP", crv: "Ed25519", x: part(label.x) }, { name: "Ed25519" });
  }
  if (kind === "3 -257") {
    return imported(
      { kty: "RSA", n: part(label.n), e: part(label.e) },
      { name: "RSASSA-PKCS1-v1_5" },
    );
  }
  throw new Error(`a key of type and algorithm ${kind}`);
}

async function imported(
  jwk: JsonWebKey,
  algorithm: { name: string; namedCurve?: string },
): Promise<Verifier> {
  const whole = { ...algorithm, hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", jwk, whole, false, ["verify"]);
  return (signature, signed) =>
    crypto.subtle.verify(whole, key, signature as BufferSource, signed as BufferSource);
}

/** Two numbers of a DER sequence, as the platform wants them: 32 bytes each. Section 6.5.5 */
function plainSignature(der: Uint8Array): Uint8Array {
  const [whole, ...more] = readAll(der) ?? [];
  const numbers = inside(whole);
  if (whole?.tag !== tags.sequence || more.length > 0 || numbers.length !== 2) throw malformed();
  const plain = new Uint8Array(64);
  for (const [i, { tag, bytes }] of numbers.entries()) {
    // Leading zeros keep a number from being negative.
    const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    if (tag !== tags.integer || digits.length > 32) throw malformed();
    plain.set(digits, 32 * (i + 1) - digits.length);
  }
  return plain;
}

const malformed = (): Error => new Error("no ECDSA signature");

function mapOf(value: CBORType): Map<string | number, CBORType> {
  if (value instanceof Map) return value;
  throw new Error("no CBOR map");
}

function bytesIn(map: Map<string | number, CBORType>, name: string | number): Uint8Array {
  const value = map.get(name);
  if (value instanceof Uint8Array) return value;
  throw new Error(`no bytes at ${name}`);
}
