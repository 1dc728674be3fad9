/** Containers and sandboxes of a node as its runtime knows them, for who asks on the node itself. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { type KubeObject, objectKey } from "../../core/object.ts";
import type { NodeContext } from "./context.ts";
import { type Pod, runningUid } from "../../kinds/pod/types.ts";

export interface NodeContainer {
  id: string;
  /** Record of its Pod, and its key there. */
  pod: string;
  key: string;
  name: string;
  attempt: number;
  image: string;
  /** As the node names what it has pulled; absent: not told yet. */
  imageID?: string;
  startedAtMs: number;
  exit?: { code: number; at: number; reason: string; message?: string };
  sandbox: NodeSandbox;
}

export interface NodeSandbox {
  id: string;
  name: string;
  namespace: string;
  uid: string;
  ip: string;
  createdAtMs: number;
  ready: boolean;
  labels: Record<string, string>;
}

interface StoredContainer {
  spec: { id: string; name: string; image: string; restartCount?: number };
  startedAtMs: number;
  exit?: { code: number; at: number; reason: string; message?: string };
}
interface StoredPod {
  pod?: { uid: string; ip?: string };
  containers?: Record<string, StoredContainer>;
}

/** As in messages of the kubelet and containerd. */
const sandboxId = (uid: string): string => bytesToHex(sha256(utf8ToBytes(`sandbox ${uid}`)));

/** All containers on a node, the newest first. */
export function nodeContainers(
  { reader, records }: Pick<NodeContext, "reader" | "records">,
  node: string,
): NodeContainer[] {
  const out: NodeContainer[] = [];
  for (const pod of reader.byIndex<KubeObject>("pod.node", node) as Pod[]) {
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const stored = records.get<StoredPod>("runtime", key);
    const containers = Object.entries(stored?.containers ?? {});
    if (!stored?.pod || containers.length === 0) continue;
    const sandbox: NodeSandbox = {
      id: sandboxId(stored.pod.uid),
      name: pod.metadata.name,
      namespace: pod.metadata.namespace ?? "",
      uid: runningUid(pod),
      ip: stored.pod.ip ?? "",
      createdAtMs: Math.min(...containers.map(([, { startedAtMs }]) => startedAtMs)),
      ready: containers.some(([, { exit }]) => !exit),
      labels: pod.metadata.labels ?? {},
    };
    const { status } = pod;
    const told = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
    for (const [number, { spec, startedAtMs, exit }] of containers) {
      const imageID = told.find(({ name }) => name === spec.name)?.imageID;
      out.push({
        id: spec.id,
        pod: key,
        key: number,
        name: spec.name,
        attempt: spec.restartCount ?? 0,
        image: spec.image,
        ...(imageID ? { imageID } : {}),
        startedAtMs,
        ...(exit ? { exit } : {}),
        sandbox,
      });
    }
  }
  return out.sort((a, b) => b.startedAtMs - a.startedAtMs || (a.id < b.id ? -1 : 1));
}
