/** Certificates that an authority with a P-256 key signs. RFC 5280; k8s: pkg/controller/certificates/authority */
import { p256 } from "@noble/curves/nist.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { calendar } from "../../core/clock.ts";
import { encodeUtf8 } from "../../core/utf8.ts";
import { bitString, der, inside, integer, objectId, readAll, sequence, tags } from "./der.ts";
import type { CertificateRequest } from "./request.ts";

export interface Authority {
  /** Of the key, 32 bytes. */
  secret: Uint8Array;
  commonName: string;
  /** Virtual ms, after which nothing it signs is good. */
  notAfter: number;
}

export interface Terms {
  /** Virtual ms. */
  notBefore: number;
  notAfter: number;
  serial: Uint8Array;
  usages: readonly string[];
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));
const boolean = (value: boolean): Uint8Array => der(0x01, Uint8Array.of(value ? 0xff : 0));

/** A moment (virtual ms) as certificates have it: before 2050 with two digits of the year. */
export function timeDer(ms: number): Uint8Array {
  const { year, month, day, hour, minute, second } = calendar(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const rest = `${[month, day, hour, minute, second].map(two).join("")}Z`;
  return year < 2050
    ? der(tags.utcTime, encodeUtf8(`${two(year % 100)}${rest}`))
    : der(tags.generalizedTime, encodeUtf8(`${year}${rest}`));
}

const nameOf = (commonName: string): Uint8Array =>
  sequence(der(tags.set, sequence(objectId("2.5.4.3"), der(tags.utf8, encodeUtf8(commonName)))));

/** An extension of a certificate; `value` is DER itself. */
export const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(objectId(id), ...(critical ? [boolean(true)] : []), der(tags.octets, value));

/** The public half of an authority's key: a SubjectPublicKeyInfo in DER. */
export const publicKeyOf = (secret: Uint8Array): Uint8Array =>
  sequence(
    sequence(objectId("1.2.840.10045.2.1"), objectId("1.2.840.10045.3.1.7")),
    bitString(p256.getPublicKey(secret, false)),
  );

/** How a key is called: the hash of its bits. RFC 5280, 4.2.1.2 */
export function keyId(publicKeyDer: Uint8Array): Uint8Array {
  const [, bits] = inside((readAll(publicKeyDer) ?? [])[0]);
  return sha1((bits?.bytes ?? new Uint8Array(1)).subarray(1));
}

/** Bits of the key usage, the first is the highest. k8s: authority/policies.go keyUsageDict */
const keyUsages: Record<string, number> = {
  signing: 0,
  "digital signature": 0,
  "content commitment": 1,
  "key encipherment": 2,
  "data encipherment": 3,
  "key agreement": 4,
  "cert sign": 5,
  "crl sign": 6,
  "encipher only": 7,
  "decipher only": 8,
};
const purpose = (n: number): string => `1.3.6.1.5.5.7.3.${n}`;
const purposes: Record<string, string> = {
  any: "2.5.29.37.0",
  "server auth": purpose(1),
  "client auth": purpose(2),
  "code signing": purpose(3),
  "email protection": purpose(4),
  "s/mime": purpose(4),
  "ipsec end system": purpose(5),
  "ipsec tunnel": purpose(6),
  "ipsec user": purpose(7),
  timestamping: purpose(8),
  "ocsp signing": purpose(9),
  "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
  "netscape sgc": "2.16.840.1.113730.4.1",
};

function usageBits(usages: readonly string[]): Uint8Array | undefined {
  const bits = [0, 0];
  let last = -1;
  for (const usage of usages) {
    const bit = keyUsages[usage];
    if (bit === undefined) continue;
    bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    last = Math.max(last, bit);
  }
  if (last < 0) return undefined;
  const bytes = bits.slice(0, (last >> 3) + 1);
  // The bits behind the last one that is set do not count.
  let unused = 0;
  while (((bytes.at(-1) ?? 0) & (1 << unused)) === 0) unused++;
  return der(tags.bitString, Uint8Array.of(unused, ...bytes));
}

function sign(body: Uint8Array, secret: Uint8Array): Uint8Array {
  const signature = p256.sign(sha256(body), secret, { prehash: false, format: "der" });
  return sequence(body, ecdsaWithSha256, bitString(signature));
}

/** The certificate that a request asks for, in DER. */
export function issue(request: CertificateRequest, authority: Authority, terms: Terms): Uint8Array {
  const bits = usageBits(terms.usages);
  const extended = [...new Set(terms.usages.flatMap((usage) => purposes[usage] ?? []))];
  const issuerKey = keyId(publicKeyOf(authority.secret));
  const extensions = [
    ...(bits ? [extension("2.5.29.15", true, bits)] : []),
    ...(extended.length > 0
      ? [extension("2.5.29.37", false, sequence(...extended.map(objectId)))]
      : []),
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.35", false, sequence(der(0x80, issuerKey))),
    ...(request.alternativeNames ? [extension("2.5.29.17", false, request.alternativeNames)] : []),
  ];
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(terms.serial),
    ecdsaWithSha256,
    nameOf(authority.commonName),
    sequence(timeDer(terms.notBefore), timeDer(Math.min(terms.notAfter, authority.notAfter))),
    request.subjectDer,
    request.publicKeyDer,
    der(0xa3, sequence(...extensions)),
  );
  return sign(body, authority.secret);
}
