/** Every namespace has the ConfigMap kube-root-ca.crt. k8s: pkg/controller/certificates/rootcacertpublisher */
import { rootCertificate } from "../../bootstrap/root-certificate.ts";
import type { Change } from "../../core/object.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import type { Namespace } from "../../kinds/namespace.ts";
import type { Controller } from "../../ports/controller.ts";

const rootName = "kube-root-ca.crt";

const annotations = {
  "kubernetes.io/description":
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
};

export const rootCaCertificatePublisher: Controller = {
  name: "root-ca-certificate-publisher",
  wakesOn: {
    namespaces: (change: Change) => (change.op === "delete" ? undefined : [change.name]),
    configmaps: (change) => (change.name === rootName ? [change.namespace] : undefined),
  },
  reconcile(name, client) {
    const namespace = client.get<Namespace>("namespaces", "", name);
    if (!namespace || namespace.metadata.deletionTimestamp) return undefined;
    const data = { "ca.crt": rootCertificate };
    const current = client.get<ConfigMap>("configmaps", name, rootName);
    if (!current) {
      client.create("configmaps", {
        metadata: { name: rootName, namespace: name, annotations },
        data,
      });
    } else if (current.data?.["ca.crt"] !== rootCertificate) {
      client.update("configmaps", { ...current, data });
    }
    return undefined;
  },
};
