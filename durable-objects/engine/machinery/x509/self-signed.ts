/** A certificate that its own key has signed, as servers make for themselves. Go: client-go/util/cert GenerateSelfSignedCertKey */
import { encodeUtf8 } from "../../core/utf8.ts";
import { der, objectId, sequence, tags } from "./der.ts";
import { issue, publicKeyOf } from "./issue.ts";

const noNames = {
  commonName: "",
  serialNumber: "",
  organization: [],
  organizationalUnit: [],
  country: [],
  locality: [],
  province: [],
  streetAddress: [],
  postalCode: [],
};

/** Times in virtual ms. */
interface SelfSigned {
  /** The one attribute of its subject: its object's id, and its text. */
  subject: readonly [id: string, text: string];
  /** As whom the key signs. */
  issuer: string;
  dnsNames: string[];
  notBefore: number;
  notAfter: number;
  serial: Uint8Array;
}

/** In DER. `secret`: of a P-256 key. */
export function selfSigned(
  secret: Uint8Array,
  { subject: [id, text], issuer, dnsNames, notBefore, notAfter, serial }: SelfSigned,
): Uint8Array {
  const name = der(tags.set, sequence(objectId(id), der(tags.utf8, encodeUtf8(text))));
  const request = {
    signed: new Uint8Array(),
    subjectDer: sequence(name),
    publicKeyDer: publicKeyOf(secret),
    alternativeNames: sequence(...dnsNames.map((one) => der(0x82, encodeUtf8(one)))),
    subject: noNames,
    dnsNames,
    emailAddresses: [],
    ipAddresses: [],
    uris: [],
    algorithm: "",
    signature: new Uint8Array(),
  };
  const usages = ["digital signature", "key encipherment", "server auth"];
  const signer = { secret, commonName: issuer, notAfter };
  return issue(request, signer, { notBefore, notAfter, serial, usages });
}
