/**
 * The access of the cluster's administrator, as kubeadm leaves it on a control plane: a kubeconfig that names the API server there.
 * It holds a token of the cluster's own key where kubeadm's holds a client certificate.
 * k8s: cmd/kubeadm/app/phases/kubeconfig/kubeconfig.go
 */
import type { TokenSigner } from "../../ports/controller.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import { encodeUtf8, toBase64 } from "../bytes.ts";
import type { RuntimeContext } from "../kernel/types.ts";

export const adminConfig = "admin.conf";

const claims = { iss: "kubernetes", sub: "kubernetes-admin", groups: ["kubeadm:cluster-admins"] };

/** Whether an `Authorization` header shows the administrator's token. */
export const isAdmin = (tokens: TokenSigner, authorization: string | undefined): boolean =>
  authorization === `Bearer ${adminToken(tokens)}`;

/** What whoever shows it is the administrator by. */
export const adminToken = (tokens: TokenSigner): string => tokens.sign(claims);

/** The text of /etc/kubernetes/admin.conf on a node. */
export function adminConfigText(context: RuntimeContext, node: string): string {
  const { reader, tokens } = context;
  const root = reader.get<ConfigMap>("configmaps", "kube-system", "kube-root-ca.crt");
  const authority = toBase64(encodeUtf8(root?.data?.["ca.crt"] ?? ""));
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${authority}
    server: https://${node}:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
users:
- name: kubernetes-admin
  user:
    token: ${tokens ? adminToken(tokens) : ""}
`;
}
