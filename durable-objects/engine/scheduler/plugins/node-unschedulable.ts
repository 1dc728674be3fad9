/** Cordoned nodes. k8s: pkg/scheduler/framework/plugins/nodeunschedulable */
import { rejectedForGood, type FilterPlugin } from "../framework.ts";
import { tolerates } from "./taint-toleration.ts";

const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const cordoned = rejectedForGood("node(s) were unschedulable");

export const nodeUnschedulable: FilterPlugin = {
  name: "NodeUnschedulable",
  filter: ({ pod }, { node }) =>
    node.spec?.unschedulable && !tolerates(pod.spec.tolerations, taint) ? cordoned : undefined,
};
