/** Requests for certificates are forgotten some time after they were decided. k8s: pkg/controller/certificates/cleaner */
import { parseTime } from "../../core/clock.ts";
import { decidedRequestKeptMs, pendingRequestKeptMs } from "../../core/limits.ts";
import type { CertificateSigningRequest } from "../../kinds/certificates/certificate-signing-request.ts";
import type { Controller } from "../../ports/controller.ts";

const requests = "certificatesigningrequests.certificates.k8s.io";

/** When a request may go, virtual ms. */
function goneAt({ metadata, status }: CertificateSigningRequest): number {
  const decided = (status?.conditions ?? []).filter(({ type }) =>
    ["Approved", "Denied", "Failed"].includes(type),
  );
  if (decided.length === 0) return parseTime(metadata.creationTimestamp) + pendingRequestKeptMs;
  // kubectl writes down its own clock's moment, which after a jump of the cluster's lies long ago.
  const made = parseTime(metadata.creationTimestamp);
  const moments = decided.map(({ lastUpdateTime }) =>
    Math.max(made, lastUpdateTime === undefined ? made : parseTime(lastUpdateTime)),
  );
  return Math.min(...moments) + decidedRequestKeptMs;
}

export const csrCleanerController: Controller = {
  name: "csrcleaner",
  wakesOn: { [requests]: ({ op, name }) => (op === "delete" ? undefined : [name]) },
  reconcile(name, client) {
    const csr = client.get<CertificateSigningRequest>(requests, "", name);
    if (!csr) return undefined;
    const due = goneAt(csr);
    if (client.now < due) return { dueAtMs: due, lazy: true };
    client.delete(requests, "", name);
    return undefined;
  },
};
