/** A Pod that names its node. k8s: pkg/scheduler/framework/plugins/nodename */
import { rejectedForGood, type FilterPlugin } from "../framework.ts";

const otherNode = rejectedForGood("node(s) didn't match the requested node name");

export const nodeName: FilterPlugin = {
  name: "NodeName",
  filter: ({ pod }, node) =>
    pod.spec.nodeName && pod.spec.nodeName !== node.name ? otherNode : undefined,
};
