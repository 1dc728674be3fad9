/** What kubelets may ask for. k8s: pkg/apis/certificates/helpers.go */
import type { CertificateRequest } from "../../machinery/x509/request.ts";

function sameUsages(usages: readonly string[], needed: string): boolean {
  const given = [...new Set(usages)].sort().join(",");
  return (
    given === ["digital signature", "key encipherment", needed].sort().join(",") ||
    given === ["digital signature", needed].sort().join(",")
  );
}

function problemOf(
  request: CertificateRequest,
  usages: readonly string[],
  needed: "client auth" | "server auth",
  names: () => string | undefined,
): string | undefined {
  const { organization, commonName } = request.subject;
  if (organization.length !== 1 || organization[0] !== "system:nodes")
    return "subject organization is not system:nodes";
  const problem = names();
  if (problem) return problem;
  const all = ["digital signature", "key encipherment", needed].sort();
  if (needed === "server auth") {
    if (!sameUsages(usages, needed)) return `usages did not match [${all.join(" ")}]`;
    if (!commonName.startsWith("system:node:"))
      return "subject common name does not begin with system:node:";
    return undefined;
  }
  if (!commonName.startsWith("system:node:"))
    return "subject common name does not begin with system:node:";
  return sameUsages(usages, needed) ? undefined : `usages did not match [${all.join(" ")}]`;
}

export const servingProblem = (
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined =>
  problemOf(request, usages, "server auth", () => {
    const { dnsNames, ipAddresses, emailAddresses, uris } = request;
    if (dnsNames.length === 0 && ipAddresses.length === 0)
      return "DNS or IP subjectAltName is required";
    if (emailAddresses.length > 0) return "Email subjectAltNames are not allowed";
    return uris.length > 0 ? "URI subjectAltNames are not allowed" : undefined;
  });

export const clientProblem = (
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined =>
  problemOf(request, usages, "client auth", () => {
    if (request.dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
    if (request.emailAddresses.length > 0) return "Email subjectAltNames are not allowed";
    if (request.ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
    return request.uris.length > 0 ? "URI subjectAltNames are not allowed" : undefined;
  });
