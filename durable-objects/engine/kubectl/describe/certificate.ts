/** CertificateSigningRequest. k8s: kubectl/pkg/describe describeCertificateSigningRequest */
import type { CertificateSigningRequest } from "kubernetes-types/certificates/v1";
import { statusText } from "../../kinds/certificates/certificate-signing-request.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import { fromBase64 } from "../../machinery/base64.ts";
import { humanDuration } from "../../machinery/duration.ts";
import { parseRequest, type CertificateRequest } from "../../machinery/x509/request.ts";
import { Failure } from "../errors.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { dateText, labelsText, type Meta, type Out } from "./out.ts";
import { eventsOf } from "./reach.ts";

function writeList(out: Out, name: string, values: readonly string[]): void {
  if (values.length === 0) return;
  out.write(`\t${name}:\t`);
  out.write(values.join("\n\t\t"));
  out.write("\n");
}

function writeRequest(out: Out, request: CertificateRequest): void {
  const { subject } = request;
  out.write("Subject:\n");
  out.write(`\tCommon Name:\t${subject.commonName}\n`);
  out.write(`\tSerial Number:\t${subject.serialNumber}\n`);
  writeList(out, "Organization", subject.organization);
  writeList(out, "Organizational Unit", subject.organizationalUnit);
  writeList(out, "Country", subject.country);
  writeList(out, "Locality", subject.locality);
  writeList(out, "Province", subject.province);
  writeList(out, "StreetAddress", subject.streetAddress);
  writeList(out, "PostalCode", subject.postalCode);
  const { dnsNames, emailAddresses, uris, ipAddresses } = request;
  if (dnsNames.length + emailAddresses.length + uris.length + ipAddresses.length === 0) return;
  out.write("Subject Alternative Names:\n");
  writeList(out, "DNS Names", dnsNames);
  writeList(out, "Email Addresses", emailAddresses);
  writeList(out, "URIs", uris);
  writeList(out, "IP Addresses", ipAddresses);
}

export const certificateSigningRequest: Describer<CertificateSigningRequest> = function* (
  settings,
  object,
  out,
) {
  const meta = (object.metadata ?? {}) as Meta;
  const { spec } = object;
  const events = yield* eventsOf(settings, { kind: "CertificateSigningRequest", metadata: meta });
  const request = parseRequest(decodeUtf8(fromBase64(spec.request)));
  if (typeof request === "string") throw new Failure(`Error parsing CSR: ${request}`);
  out.field("Name", meta.name);
  out.field("Labels", labelsText(meta.labels));
  out.field("Annotations", labelsText(meta.annotations));
  out.field("CreationTimestamp", dateText(meta.creationTimestamp));
  out.field("Requesting User", spec.username);
  if (spec.signerName) out.field("Signer", spec.signerName);
  if (spec.expirationSeconds !== undefined)
    out.field("Requested Duration", humanDuration(spec.expirationSeconds * 1000));
  out.field("Status", statusText(object as Parameters<typeof statusText>[0]));
  writeRequest(out, request);
  writeEvents(out, events, settings.now);
};
