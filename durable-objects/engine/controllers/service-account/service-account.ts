/** Every namespace has a ServiceAccount `default` and the ConfigMap kube-root-ca.crt. k8s: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher */
import type { ConfigMap } from "../../kinds/config-map.ts";
import type { Namespace } from "../../kinds/namespace.ts";
import type { Change } from "../../core/object.ts";
import { rootCertificate } from "../../bootstrap/certificate.ts";
import type { Controller } from "../../ports/controller.ts";

const rootName = "kube-root-ca.crt";

export const serviceAccountController: Controller = {
  name: "serviceaccount",
  wakesOn: {
    namespaces: (change: Change) => (change.op === "delete" ? undefined : [change.name]),
    serviceaccounts: (change) =>
      change.op === "delete" && change.name === "default" ? [change.namespace] : undefined,
    configmaps: (change) => (change.name === rootName ? [change.namespace] : undefined),
  },
  reconcile(name, client) {
    const namespace = client.get<Namespace>("namespaces", "", name);
    if (!namespace || namespace.metadata.deletionTimestamp) return undefined;
    if (!client.get("serviceaccounts", name, "default")) {
      client.create("serviceaccounts", { metadata: { name: "default", namespace: name } });
    }
    const wanted = { "ca.crt": rootCertificate };
    const current = client.get<ConfigMap>("configmaps", name, rootName);
    if (!current) {
      client.create("configmaps", {
        metadata: {
          name: rootName,
          namespace: name,
          annotations: {
            "kubernetes.io/description":
              "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
          },
        },
        data: wanted,
      });
    } else if (current.data?.["ca.crt"] !== rootCertificate) {
      client.update("configmaps", { ...current, data: wanted });
    }
    return undefined;
  },
};
