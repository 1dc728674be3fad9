/** The first turn of a cluster: its nodes and what runs on every one, as kubeadm leaves them. */
import type { Client } from "../ports/controller.ts";
import { createLeases } from "./leases.ts";
import { controlPlaneName, nodeObject, workerName } from "./nodes.ts";
import { createSystem } from "./system.ts";

export interface BirthOptions {
  nodes: number;
}

/** Makes the nodes (one more than `nodes`: the control plane), the system's Pods and the leases. */
export function birth(client: Client, options: BirthOptions): void {
  // The base's namespaces are not changes in the log, so they wake no controller.
  for (const { metadata } of client.list("namespaces")) {
    client.wake("serviceaccount", metadata.name);
    client.wake("root-ca-certificate-publisher", metadata.name);
  }
  for (let index = 0; index <= options.nodes; index++) {
    addNode(client, index === 0 ? controlPlaneName : workerName(index), index);
  }
  createSystem(client);
  createLeases(client);
}

/** Makes a Node object; `index` is the third number of its Pod range, 0 the control plane. */
export function addNode(client: Client, name: string, index: number): void {
  const hex = (): string => client.uuid().replaceAll("-", "").slice(0, 16);
  client.create("nodes", nodeObject({ name, index, at: client.now, hex }));
}
