/** Kubelets' requests for client certificates, approved where RBAC lets who asks. k8s: pkg/controller/certificates/approver */
import { authorize } from "../../api/auth/authorization.ts";
import {
  parsedRequest,
  type CertificateSigningRequest,
} from "../../kinds/certificates/certificate-signing-request.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { clientProblem } from "./kubelet-requests.ts";

const requests = "certificatesigningrequests.certificates.k8s.io";

function mayAsk(csr: CertificateSigningRequest, what: string, client: Client): boolean {
  const { username = "", groups = [] } = csr.spec ?? {};
  const attributes = {
    verb: "create",
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests",
    subresource: what,
    name: "",
    namespace: "",
  } as Parameters<typeof authorize>[1];
  return authorize({ name: username, groups }, attributes, client).allowed;
}

export const csrApprovingController: Controller = {
  name: "csrapproving",
  wakesOn: { [requests]: ({ op, name }) => (op === "create" ? [name] : undefined) },
  reconcile(name, client) {
    const csr = client.get<CertificateSigningRequest>(requests, "", name);
    const { spec, status } = csr ?? {};
    if (!csr || !spec || status?.certificate) return undefined;
    if (status?.conditions?.some(({ type }) => type === "Approved" || type === "Denied"))
      return undefined;
    if (spec.signerName !== "kubernetes.io/kube-apiserver-client-kubelet") return undefined;
    const request = parsedRequest(csr);
    if (typeof request === "string" || clientProblem(request, spec.usages ?? [])) return undefined;
    const self = spec.username === request.subject.commonName;
    const message =
      self && mayAsk(csr, "selfnodeclient", client)
        ? "Auto approving self kubelet client certificate after SubjectAccessReview."
        : mayAsk(csr, "nodeclient", client)
          ? "Auto approving kubelet client certificate after SubjectAccessReview."
          : undefined;
    if (message === undefined) return undefined;
    const condition = { type: "Approved", status: "True", reason: "AutoApproved", message };
    const conditions = [...(status?.conditions ?? []), condition];
    client.update(requests, { ...csr, status: { ...status, conditions } }, "approval");
    return undefined;
  },
};
