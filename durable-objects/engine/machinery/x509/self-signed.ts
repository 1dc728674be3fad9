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

/** In DER. `secret`: of a P-256 key; times in virtual ms. */
export function selfSigned(
  secret: Uint8Array,
  commonName: string,
  dnsNames: string[],
  notBefore: number,
  notAfter: number,
): { certificate: Uint8Array; secret: Uint8Array } {
  const name = der(tags.set, sequence(objectId("2.5.4.3"), der(tags.utf8, encodeUtf8(commonName))));
  const names = dnsNames.map((one) => der(0x82, encodeUtf8(one)));
  const request = {
    signed: new Uint8Array(),
    subjectDer: sequence(name),
    publicKeyDer: publicKeyOf(secret),
    alternativeNames: sequence(...names),
    subject: noNames,
    dnsNames,
    emailAddresses: [],
    ipAddresses: [],
    uris: [],
    algorithm: "",
    signature: new Uint8Array(),
  };
  const certificate = issue(
    request,
    { secret, commonName, notAfter },
    {
      notBefore,
      notAfter,
      serial: Uint8Array.of(1),
      usages: ["digital signature", "key encipherment", "server auth"],
    },
  );
  return { certificate, secret };
}
