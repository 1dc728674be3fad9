/** Requests for certificates, and certificates, made and signed. RFC 2986, RFC 5280 */
import { concat, der, integer, objectId, sequence } from "../../../machinery/x509/der.ts";
import { timeDer } from "../../../machinery/x509/issue.ts";
import { publicKeyDer, signatureAlgorithm, signedDer, type PrivateKey } from "./private-key.ts";

export const dayMs = 86_400_000;

const extensionRequest = "1.2.840.113549.1.9.14";

/** A request in DER. */
export function makeRequest(
  key: PrivateKey,
  subject: Uint8Array,
  extensions: readonly Uint8Array[],
): Uint8Array {
  const asked =
    extensions.length > 0
      ? sequence(objectId(extensionRequest), der(0x31, sequence(...extensions)))
      : new Uint8Array();
  const body = sequence(integer(Uint8Array.of(0)), subject, publicKeyDer(key), der(0xa0, asked));
  return signedDer(key, body);
}

export interface CertificateTerms {
  subject: Uint8Array;
  publicKey: Uint8Array;
  issuer: Uint8Array;
  serial: Uint8Array;
  /** Virtual ms. */
  notBefore: number;
  notAfter: number;
  /** Without any it is of version 1. */
  extensions: readonly Uint8Array[];
}

/** A certificate in DER. */
export function makeCertificate(signer: PrivateKey, terms: CertificateTerms): Uint8Array {
  const { subject, publicKey, issuer, serial, notBefore, notAfter, extensions } = terms;
  const body = concat(
    ...(extensions.length > 0 ? [der(0xa0, integer(Uint8Array.of(2)))] : []),
    integer(serial),
    signatureAlgorithm(signer),
    issuer,
    sequence(timeDer(notBefore), timeDer(notAfter)),
    subject,
    publicKey,
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  return signedDer(signer, sequence(body));
}

/** 20 random bytes, as many as a serial number may have; not negative. */
export function randomSerial(random: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: 20 }, () => Math.floor(random() * 256));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}
