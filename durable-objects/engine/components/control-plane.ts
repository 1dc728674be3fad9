/**
 * Which controllers stand still because the static Pod that they are part of does not run. A cluster is born with these Pods, and as
 * long as nobody changes their manifests they run whenever anybody could tell. k8s: cmd/kube-controller-manager/app/controllermanager.go
 */
import { parseTime } from "../core/clock.ts";
import type { Change } from "../core/object.ts";
import type { Node } from "../kinds/node.ts";
import { nodeRecord } from "../kubelet/node-address.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Records, Reader } from "../ports/controller.ts";
import type { Stoppages } from "../loop/parked-work.ts";
import { managedControllers } from "./managed-controllers.ts";

const namespace = "kube-system";

/** Controllers by the static Pod that runs them; the others belong to kubelets, the API server and what comes with a cluster. */
const parts: Record<string, ReadonlySet<string>> = {
  "kube-scheduler": new Set(["scheduler"]),
  "kube-controller-manager": managedControllers,
};

const controls = ({ metadata }: Node): boolean =>
  metadata.labels?.["node-role.kubernetes.io/control-plane"] !== undefined;

/** A Pod of a later manifest than the cluster was born with comes later than its Node. */
const bornWithinMs = 60_000;

function runs(client: Reader & { records: Records }, name: string, node: Node): boolean {
  const mirror = `${name}-${node.metadata.name}`;
  const { statics } = nodeRecord(client, node.metadata.name);
  if (statics && !(`${namespace}/${mirror}` in statics)) return false;
  const pod = client.get<Pod>("pods", namespace, mirror);
  if (!pod) return true;
  const later =
    parseTime(pod.metadata.creationTimestamp ?? "") -
    parseTime(node.metadata.creationTimestamp ?? "");
  if (!(later > bornWithinMs)) return true;
  return pod.status?.containerStatuses?.some(({ state }) => state?.running) ?? false;
}

/** Which controllers stand still because the static Pod that runs them upstream is not running. */
export const stoppages = (client: Reader & { records: Records }): Stoppages => ({
  concerns: ({ resource, namespace: of, name }: Change): boolean =>
    resource === "nodes" ||
    (resource === "pods" &&
      of === namespace &&
      Object.keys(parts).some((part) => name.startsWith(part))),
  stopped() {
    const nodes = client.list<Node>("nodes").filter(controls);
    const stopped = new Set<string>();
    if (nodes.length === 0) return stopped;
    for (const [name, controllers] of Object.entries(parts)) {
      if (nodes.some((node) => runs(client, name, node))) continue;
      for (const controller of controllers) stopped.add(controller);
    }
    return stopped;
  },
});
