/** Each kubelet tells which CSI drivers its node has: none. k8s: pkg/volume/csi/nodeinfomanager CreateCSINode */
import type { Node } from "../../kinds/node.ts";
import type { Controller } from "../../ports/controller.ts";

const csiNodes = "csinodes.storage.k8s.io";
/** Volumes of the old kind that drivers serve now. */
const migrated = "aws-ebs azure-disk azure-file cinder gce-pd portworx-volume vsphere-volume"
  .split(" ")
  .map((name) => `kubernetes.io/${name}`)
  .join(",");

export const csiNodeController: Controller = {
  name: "csinode",
  component: "kubelet",
  // Once for each Node: who deletes it sees it again when the Node is made anew.
  wakesOn: { nodes: ({ op, name }) => (op === "create" ? [name] : undefined) },
  reconcile(name, client) {
    const node = client.get<Node>("nodes", "", name);
    if (!node || client.get(csiNodes, "", name)) return undefined;
    client.create(csiNodes, {
      metadata: {
        name,
        annotations: { "storage.alpha.kubernetes.io/migrated-plugins": migrated },
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid: node.metadata.uid }],
      },
      spec: { drivers: [] },
    });
    return undefined;
  },
};
