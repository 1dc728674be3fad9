/** Approved requests get their certificate from the cluster's authority. k8s: pkg/controller/certificates/signer */
import { signingAuthority } from "../../api/auth/client-certificates.ts";
import type { SigningKey } from "../../api/auth/tokens.ts";
import { rfc3339 } from "../../core/clock.ts";
import { encodeUtf8 } from "../../core/utf8.ts";
import {
  parsedRequest,
  type CertificateSigningRequest,
} from "../../kinds/certificates/certificate-signing-request.ts";
import { toBase64 } from "../../machinery/base64.ts";
import { issue, type Authority } from "../../machinery/x509/issue.ts";
import { encodePem } from "../../machinery/x509/pem.ts";
import type { CertificateRequest } from "../../machinery/x509/request.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { clientProblem, servingProblem } from "./kubelet-requests.ts";

const requests = "certificatesigningrequests.certificates.k8s.io";
/** k8s: --cluster-signing-duration; signer.go sign, duration */
const lifetimeMs = 8760 * 3_600_000;
const lifetimeMsMin = 600_000;
const backdateMs = 300_000;
const shortMs = 8 * 3_600_000;
type Check = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

/** k8s: validAPIServerClientUsages */
const userProblem: Check = (_request, usages) => {
  const known = ["digital signature", "key encipherment", "client auth"];
  const other = usages.find((usage) => !known.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes("client auth")
    ? undefined
    : "missing required usage for client certificate: client auth";
};

const signers: Record<string, Check> = {
  "kubernetes.io/kube-apiserver-client": userProblem,
  "kubernetes.io/kube-apiserver-client-kubelet": clientProblem,
  "kubernetes.io/kubelet-serving": servingProblem,
};

function lifetimeOf(seconds: number | undefined): number {
  const asked = seconds === undefined ? lifetimeMs : seconds * 1000;
  return Math.max(lifetimeMsMin, Math.min(lifetimeMs, asked));
}

function serial(client: Client): Uint8Array {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(client.random() * 256));
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes;
}

function certificateFor(
  client: Client,
  authority: Authority,
  request: CertificateRequest,
  { usages = [], expirationSeconds }: NonNullable<CertificateSigningRequest["spec"]>,
): string {
  const lifetime = lifetimeOf(expirationSeconds);
  const end = client.now + lifetime - (lifetime < shortMs ? 0 : backdateMs);
  const terms = {
    notBefore: client.now - backdateMs,
    notAfter: end,
    serial: serial(client),
    usages,
  };
  const bytes = issue(request, authority, terms);
  return toBase64(encodeUtf8(encodePem({ type: "CERTIFICATE", bytes })));
}

export const createCsrSigning = (key: SigningKey): Controller => ({
  name: "csrsigning",
  wakesOn: { [requests]: ({ op, name }) => (op === "delete" ? undefined : [name]) },
  reconcile(name, client) {
    const csr = client.get<CertificateSigningRequest>(requests, "", name);
    const { spec, status } = csr ?? {};
    const check = signers[spec?.signerName ?? ""];
    if (!csr || !spec || !check || status?.certificate) return undefined;
    const conditions = status?.conditions ?? [];
    const has = (type: string): boolean => conditions.some((one) => one.type === type);
    if (!has("Approved") || has("Denied") || has("Failed")) return undefined;
    const request = parsedRequest(csr);
    if (typeof request === "string") return undefined;
    const message = check(request, spec.usages ?? []);
    const failed = {
      type: "Failed",
      status: "True",
      reason: "SignerValidationFailure",
      message: message ?? "",
      lastUpdateTime: rfc3339(client.now),
      lastTransitionTime: rfc3339(client.now),
    };
    const next =
      message === undefined
        ? { ...status, certificate: certificateFor(client, signingAuthority(key), request, spec) }
        : { ...status, conditions: [...conditions, failed] };
    client.update<CertificateSigningRequest>(requests, { ...csr, status: next }, "status");
    return undefined;
  },
});
