/** Every namespace has a ServiceAccount `default`. k8s: pkg/controller/serviceaccount/serviceaccounts_controller.go */
import type { Change } from "../../core/object.ts";
import type { Namespace } from "../../kinds/namespace.ts";
import type { Controller } from "../../ports/controller.ts";

export const serviceAccountController: Controller = {
  name: "serviceaccount",
  wakesOn: {
    namespaces: (change: Change) => (change.op === "delete" ? undefined : [change.name]),
    serviceaccounts: (change) =>
      change.op === "delete" && change.name === "default" ? [change.namespace] : undefined,
  },
  reconcile(name, client) {
    const namespace = client.get<Namespace>("namespaces", "", name);
    if (!namespace || namespace.metadata.deletionTimestamp) return undefined;
    if (!client.get("serviceaccounts", name, "default")) {
      client.create("serviceaccounts", { metadata: { name: "default", namespace: name } });
    }
    return undefined;
  },
};
