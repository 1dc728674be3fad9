/** What a node may write of what it may touch. k8s: plugin/pkg/admission/noderestriction */
import type { KubeObject } from "../../core/object.ts";
import type { CertificateSigningRequest } from "../../kinds/certificates/certificate-signing-request.ts";
import { parsedRequest } from "../../kinds/certificates/certificate-signing-request.ts";
import type { Node } from "../../kinds/node.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { mirrorAnnotation } from "../../kinds/pod/validation/annotations-and-template.ts";
import { goQuote } from "../../machinery/field.ts";
import { semanticEqual } from "../../machinery/metadata.ts";
import { nodeOf } from "../auth/node-authorizer.ts";
import { refused, type Admission, type AdmissionRule } from "./define.ts";

type Labels = Record<string, string>;
/** Why it is refused; undefined where it is not. */
type Check = (
  node: string,
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
) => string | undefined;

/** Labels that kubelets set themselves. k8s: kubelet/pkg/apis/well_known_labels.go */
const kubeletLabels = new Set(
  "kubernetes.io/hostname topology.kubernetes.io/zone topology.kubernetes.io/region failure-domain.beta.kubernetes.io/zone failure-domain.beta.kubernetes.io/region beta.kubernetes.io/instance-type node.kubernetes.io/instance-type kubernetes.io/os kubernetes.io/arch beta.kubernetes.io/os beta.kubernetes.io/arch".split(
    " ",
  ),
);

const isOf = (label: string, domain: string): boolean => {
  const prefix = label.includes("/") ? (label.split("/")[0] as string) : "";
  return prefix === domain || prefix.endsWith(`.${domain}`);
};

const isForbidden = (label: string): boolean =>
  isOf(label, "node-restriction.kubernetes.io") ||
  ((isOf(label, "kubernetes.io") || isOf(label, "k8s.io")) &&
    !kubeletLabels.has(label) &&
    !isOf(label, "kubelet.kubernetes.io") &&
    !isOf(label, "node.kubernetes.io"));

function forbiddenLabels(now: Labels = {}, before: Labels = {}): string {
  const changed = [...Object.keys(now), ...Object.keys(before)].filter(
    (key) => now[key] !== before[key],
  );
  return [...new Set(changed)].filter(isForbidden).sort().join(", ");
}

const checkNode: Check = (node, { operation }, object, old) => {
  const { name, labels, ownerReferences } = object.metadata;
  if (name !== node) return `node ${goQuote(node)} is not allowed to modify node ${goQuote(name)}`;
  if (operation === "CREATE") {
    const bad = forbiddenLabels(labels);
    return bad
      ? `node ${goQuote(node)} is not allowed to set the following labels: ${bad}`
      : undefined;
  }
  if (operation !== "UPDATE" || !old) return undefined;
  const [after, before] = [object as Node, old as Node];
  if (!semanticEqual(after.spec?.taints, before.spec?.taints))
    return `node ${goQuote(node)} is not allowed to modify taints`;
  if (!semanticEqual(ownerReferences, old.metadata.ownerReferences))
    return `node ${goQuote(node)} is not allowed to modify ownerReferences`;
  const bad = forbiddenLabels(labels, old.metadata.labels);
  return bad ? `is not allowed to modify labels: ${bad}` : undefined;
};

const checkPod: Check = (node, { operation, subresource }, object, old) => {
  const quoted = goQuote(node);
  const on = (pod: KubeObject | undefined): boolean =>
    (pod as Pod | undefined)?.spec.nodeName === node;
  if (subresource === "status") {
    if (!on(old))
      return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
    if (!semanticEqual(old?.metadata.labels, object.metadata.labels))
      return `node ${quoted} cannot update labels through pod status`;
    const [was, is] = [(old as Pod | undefined)?.status, (object as Pod).status];
    if (!semanticEqual(was?.resourceClaimStatuses, is?.resourceClaimStatuses))
      return `node ${quoted} cannot update resource claim statues`;
    return semanticEqual(was?.extendedResourceClaimStatus, is?.extendedResourceClaimStatus)
      ? undefined
      : `node ${quoted} cannot update extended resource claim status`;
  }
  if (subresource === "eviction")
    return on(object)
      ? undefined
      : `node ${node} can only evict pods with spec.nodeName set to itself`;
  if (subresource)
    return `unexpected pod subresource ${goQuote(subresource)}, only 'status' and 'eviction' are allowed`;
  if (operation === "DELETE")
    return on(object)
      ? undefined
      : `node ${quoted} can only delete pods with spec.nodeName set to itself`;
  if (operation !== "CREATE")
    return `unexpected operation "UPDATE", node ${quoted} can only create and delete mirror pods`;
  if (object.metadata.annotations?.[mirrorAnnotation] === undefined)
    return `pod does not have ${goQuote(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`;
  return on(object)
    ? undefined
    : `node ${quoted} can only create pods with spec.nodeName set to itself`;
};

const sameName =
  (what: string): Check =>
  (node, _admission, object) =>
    object.metadata.name === node
      ? undefined
      : `can only access ${what} with the same name as the requesting node`;

const checkRequest: Check = (node, { operation }, object) => {
  if (operation !== "CREATE") return undefined;
  const csr = object as CertificateSigningRequest;
  const ofKubelets = ["kubelet-serving", "kube-apiserver-client-kubelet"];
  if (!ofKubelets.some((signer) => csr.spec?.signerName === `kubernetes.io/${signer}`))
    return undefined;
  const request = parsedRequest(csr);
  if (typeof request === "string") return `unable to parse csr: ${request}`;
  const wanted = `system:node:${node}`;
  return request.subject.commonName === wanted
    ? undefined
    : `can only create a node CSR with CN=${wanted}`;
};

const checks: Record<string, Check> = {
  nodes: checkNode,
  pods: checkPod,
  "leases.coordination.k8s.io": sameName("node lease"),
  "csinodes.storage.k8s.io": sameName("CSINode"),
  "certificatesigningrequests.certificates.k8s.io": checkRequest,
};

export const nodeRestriction: AdmissionRule = {
  name: "NodeRestriction",
  resources: Object.keys(checks),
  validate(admission, object, old) {
    const node = nodeOf(admission.user);
    if (node === undefined) return;
    const problem =
      node === ""
        ? `could not determine node from user ${goQuote(admission.user.name)}`
        : checks[admission.resource]?.(node, admission, object, old);
    if (problem !== undefined) throw refused(admission, object, problem);
  },
};
