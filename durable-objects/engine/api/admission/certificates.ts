/** Requests for certificates: who asks, and who may approve, sign and ask for what. k8s: plugin/pkg/admission/certificates */
import type { KubeObject } from "../../core/object.ts";
import {
  parsedRequest,
  type CertificateSigningRequest,
} from "../../kinds/certificates/certificate-signing-request.ts";
import { equal } from "../../core/equal.ts";
import type { Reader } from "../../ports/controller.ts";
import { authorize } from "../auth/authorization.ts";
import { apiServerUser } from "../write/write-options.ts";
import { refused, type Admission, type AdmissionRule } from "./define.ts";

const resources = ["certificatesigningrequests.certificates.k8s.io"];
const clientSigner = "kubernetes.io/kube-apiserver-client";

/** The signer's own name, or all of its domain. k8s: pkg/certauthorization */
function mayUse(admission: Admission, verb: string, signer: string, reader: Reader): boolean {
  if (admission.user === apiServerUser) return true;
  const domain = signer.split("/")[0] as string;
  return [signer, `${domain}/*`].some(
    (name) =>
      authorize(
        admission.user,
        {
          verb,
          group: "certificates.k8s.io",
          resource: "signers",
          subresource: "",
          name,
          namespace: "",
        } as Parameters<typeof authorize>[1],
        reader,
      ).allowed,
  );
}

const signerOf = (object: KubeObject | undefined): string =>
  (object as CertificateSigningRequest | undefined)?.spec?.signerName ?? "";

/** Upstream's strategy does this. k8s: pkg/registry/certificates/certificates/strategy.go PrepareForCreate */
export const certificateRequester: AdmissionRule = {
  name: "CertificateRequester",
  resources,
  admit({ operation, user }, object) {
    if (operation !== "CREATE") return object;
    const { spec } = object as CertificateSigningRequest;
    const { username: _n, uid: _u, groups: _g, extra: _e, ...asked } = spec ?? {};
    const who = {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: [...user.groups],
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    };
    return { ...object, spec: { ...asked, ...who } } as KubeObject;
  },
};

export const certificateApproval: AdmissionRule = {
  name: "CertificateApproval",
  resources,
  validate(admission, object, old, { reader }) {
    if (admission.operation !== "UPDATE" || admission.subresource !== "approval") return;
    const signer = signerOf(old);
    if (mayUse(admission, "approve", signer, reader)) return;
    const problem = `user not permitted to approve requests with signerName "${signer}"`;
    throw refused(admission, object, problem);
  },
};

export const certificateSigning: AdmissionRule = {
  name: "CertificateSigning",
  resources,
  validate(admission, object, old, { reader }) {
    if (admission.operation !== "UPDATE" || admission.subresource !== "status") return;
    const [now, before] = [object, old].map((one) => (one as CertificateSigningRequest)?.status);
    const same = now?.certificate === before?.certificate;
    if (same && equal(now?.conditions ?? [], before?.conditions ?? [])) return;
    const signer = signerOf(old);
    if (mayUse(admission, "sign", signer, reader)) return;
    const problem = `user not permitted to sign requests with signerName "${signer}"`;
    throw refused(admission, object, problem);
  },
};

export const certificateSubjectRestriction: AdmissionRule = {
  name: "CertificateSubjectRestriction",
  resources,
  validate(admission, object) {
    if (admission.operation !== "CREATE" || admission.subresource) return;
    if (signerOf(object) !== clientSigner) return;
    const request = parsedRequest(object as CertificateSigningRequest);
    if (typeof request === "string")
      throw refused(admission, object, `failed to parse CSR: ${request}`);
    if (request.subject.organization.includes("system:masters")) {
      const problem = `use of ${clientSigner} signer with system:masters group is not allowed`;
      throw refused(admission, object, problem);
    }
  },
};
