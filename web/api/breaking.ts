import { ApiError, ask, askJson } from "./client.ts";
import { quoted, runIn } from "./object.ts";
import type { Sandbox } from "./sandboxes.ts";
import type { Cluster } from "./tables.ts";
import type { ObjectRef } from "../desk/desk.ts";

/** What one breaks by hand, and mends: by the objects and commands that anybody may use for it. Everything throws ApiError. */

const power = "podyard.dev/power";
/** Of a Pod that is cut off: the policy's selector. */
const cut = "podyard.dev/cut-off";
const policyName = "cut-off";

interface WireNode {
  metadata: { annotations?: Record<string, string> };
  spec?: { unschedulable?: boolean };
}

interface WirePod {
  metadata: { labels?: Record<string, string> };
  spec: { nodeName?: string };
  status?: { containerStatuses?: { name: string; containerID?: string; state?: object }[] };
}

export interface NodeState {
  stopped: boolean;
  cordoned: boolean;
}

export interface PodState {
  isCut: boolean;
  node: string;
  /** Those that run. */
  containers: { name: string; id: string }[];
}

export async function nodeState({ base, key }: Cluster, { path }: ObjectRef): Promise<NodeState> {
  const { metadata, spec } = await askJson<WireNode>(`${base}${path}`, { key });
  return {
    stopped: metadata.annotations?.[power] === "off",
    cordoned: spec?.unschedulable === true,
  };
}

export async function podState({ base, key }: Cluster, { path }: ObjectRef): Promise<PodState> {
  const { metadata, spec, status } = await askJson<WirePod>(`${base}${path}`, { key });
  const running = (status?.containerStatuses ?? []).filter(
    ({ state }) => state && "running" in state,
  );
  return {
    isCut: metadata.labels?.[cut] === "true",
    node: spec.nodeName ?? "",
    containers: running.map(({ name, containerID = "" }) => ({
      name,
      id: containerID.replace(/^\w+:\/\//, ""),
    })),
  };
}

const merge = ({ base, key }: Cluster, { path }: ObjectRef, body: object): Promise<unknown> =>
  ask(`${base}${path}`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body,
    key,
  });

/** Takes a node its power, or gives it. */
export const setPower = (cluster: Cluster, node: ObjectRef, on: boolean): Promise<unknown> =>
  merge(cluster, node, { metadata: { annotations: { [power]: on ? "on" : "off" } } });

export const setCordon = (cluster: Cluster, node: ObjectRef, cordoned: boolean): Promise<unknown> =>
  merge(cluster, node, { spec: { unschedulable: cordoned || null } });

/** By the container runtime of its node, at once, as `kill -9` would: the kubelet does what the Pod's restartPolicy says. */
export async function killContainer(sandbox: Sandbox, node: string, id: string): Promise<void> {
  await runIn(sandbox, `ssh ${quoted(node)} crictl stop --timeout 0 ${quoted(id)}`);
}

/** Lets nothing in and out of a Pod: a label, and a NetworkPolicy for all Pods that have it. */
export async function cutOff(cluster: Cluster, pod: ObjectRef, isCut: boolean): Promise<void> {
  const { base, key } = cluster;
  if (isCut) {
    const body = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: policyName },
      spec: {
        podSelector: { matchLabels: { [cut]: "true" } },
        policyTypes: ["Ingress", "Egress"],
      },
    };
    const path = `/apis/networking.k8s.io/v1/namespaces/${pod.namespace}/networkpolicies`;
    await ask(`${base}${path}`, { method: "POST", body, key }).catch((error: unknown) => {
      // Of another Pod's.
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
  }
  await merge(cluster, pod, { metadata: { labels: { [cut]: isCut ? "true" : null } } });
}
