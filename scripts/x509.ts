import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from "node:crypto";
import { isIP } from "node:net";

/** X.509 certificates with P-256 keys, as far as a server on one's own machine needs them. RFC 5280. */

export interface Certificate {
  /** PEM. */
  key: string;
  certificate: string;
}

export interface Asked {
  commonName: string;
  /** Wall ms. */
  notBefore: number;
  notAfter: number;
  /** DNS names and addresses of a server; absent: an authority. */
  names?: string[];
}

/** A new key and its certificate, signed by `issuer`, or by itself. */
export function makeCertificate(
  asked: Asked,
  issuer?: Certificate & { commonName: string },
): Certificate {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = issuer ? createPrivateKey(issuer.key) : own.privateKey;
  const body = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    nameOf(issuer?.commonName ?? asked.commonName),
    sequence(time(asked.notBefore), time(asked.notAfter)),
    nameOf(asked.commonName),
    own.publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...extensions(asked, own.publicKey, createPublicKey(signer)))),
  );
  const signature = sign("sha256", body, { key: signer, dsaEncoding: "der" });
  return {
    key: own.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    certificate: pem(sequence(body, ecdsaWithSha256, bitString(signature))),
  };
}

function extensions({ names }: Asked, own: KeyObject, signer: KeyObject): Buffer[] {
  const digitalSignature = Buffer.of(0x03, 0x02, 0x07, 0x80);
  const certificatesAndLists = Buffer.of(0x03, 0x02, 0x01, 0x06);
  const serverAuthentication = objectId("1.3.6.1.5.5.7.3.1");
  const shared = [
    extension("2.5.29.14", false, der(0x04, keyIdOf(own))),
    extension("2.5.29.35", false, sequence(der(0x80, keyIdOf(signer)))),
  ];
  if (names === undefined) {
    return [
      extension("2.5.29.19", true, sequence(der(0x01, Buffer.of(0xff)))),
      extension("2.5.29.15", true, certificatesAndLists),
      ...shared,
    ];
  }
  return [
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.15", true, digitalSignature),
    extension("2.5.29.37", false, sequence(serverAuthentication)),
    extension("2.5.29.17", false, sequence(...names.map(alternativeName))),
    ...shared,
  ];
}

const alternativeName = (name: string): Buffer =>
  isIP(name) ? der(0x87, addressBytes(name)) : der(0x82, Buffer.from(name, "latin1"));

/** Of IPv4 4 bytes, of IPv6 16. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes every form of an address in groups of hexadecimal digits.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [head = [], tail = []] = groups.map((part) => part.split(":").filter(Boolean));
  const middle = Array<string>(8 - head.length - tail.length).fill("0");
  const bytes = [...head, ...middle, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return Buffer.from(bytes);
}

/** The first 160 bits of a hash of the key. RFC 7093 */
function keyIdOf(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return createHash("sha256").update(point).digest().subarray(0, 20);
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const mark = critical ? [der(0x01, Buffer.of(0xff))] : [];
  return sequence(objectId(id), ...mark, der(0x04, value));
}

const nameOf = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(objectId("2.5.4.3"), der(0x0c, Buffer.from(commonName)))));

/** GeneralizedTime; UTCTime where RFC 5280 wants it, before 2050. */
function time(ms: number): Buffer {
  const text = `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
  return new Date(ms).getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(text.slice(2)))
    : der(0x18, Buffer.from(text));
}

/** A number greater than zero, in as few bytes as it needs. */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const value = bytes.subarray(Math.max(first, 0));
  return der(0x02, value[0]! & 0x80 ? Buffer.concat([Buffer.of(0), value]) : value);
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

const bitString = (value: Buffer): Buffer => der(0x03, Buffer.concat([Buffer.of(0), value]));
const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const tagged = (number: number, value: Buffer): Buffer => der(0xa0 | number, value);

function der(tag: number, value: Buffer): Buffer {
  if (value.length < 0x80) return Buffer.concat([Buffer.of(tag, value.length), value]);
  const hex = value.length.toString(16);
  const length = Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, value]);
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
