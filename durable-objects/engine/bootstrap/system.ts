/** What runs in kube-system from a cluster's first moment, as kubeadm leaves it. Objects that run nothing: system-base.ts. */
import type { Client } from "../ports/controller.ts";
import { nodeFilesTable } from "../runtime/node/kubelet-configuration.ts";
import { controlPlaneName } from "./nodes.ts";
import { controlPlaneManifests } from "./system-manifests.ts";
import { coreDns, kubeProxy } from "./system-workloads.ts";

export function createSystem(client: Client): void {
  client.records.put(nodeFilesTable, controlPlaneName, controlPlaneManifests());
  client.wake("kubelet", `@node/${controlPlaneName}`);
  client.create("daemonsets.apps", kubeProxy);
  client.create("deployments.apps", coreDns);
}
