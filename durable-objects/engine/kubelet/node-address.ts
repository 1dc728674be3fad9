/** Addresses: the node's own, and Pod addresses out of its range. */
import type { Client, Reader } from "../ports/controller.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";

export const nodeTable = "kubelet-node";

/** What the kubelet remembers of its node, key NODE. */
export interface NodeRecord {
  /** Offset in the Pod range at which the next search begins. */
  nextIp?: number;
  /** Static Pods by key: hash of the manifest each was made from. */
  statics?: Record<string, string>;
  down?: boolean;
  /** Pods whose resize waits for room. */
  resizes?: string[];
  evictedAtMs?: number;
  pressureSinceMs?: number;
  pressureSeenMs?: number;
  /** When the node's status is written next, while it is not as it should be. */
  statusDueMs?: number;
}

/** What the kubelet of a node remembers; empty for one that remembers nothing. */
export function nodeRecord(client: Pick<Client, "records">, node: string): NodeRecord {
  return client.records.get<NodeRecord>(nodeTable, node) ?? {};
}

/** Address of a node: InternalIP. */
export function hostIP(node: Node): string {
  const addresses = node.status?.addresses ?? [];
  return (addresses.find((a) => a.type === "InternalIP") ?? addresses[0])?.address ?? "";
}

const toNumber = (ip: string): number =>
  ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (n: number): string =>
  [n / 2 ** 24, n / 2 ** 16, n / 2 ** 8, n].map((part) => Math.floor(part) % 256).join(".");

function taken(reader: Reader, ip: string): boolean {
  return reader
    .byIndex<Pod>("pod.ip", ip)
    .some((pod) => pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed");
}

/** The next free address of the node's range, in turn as host-local IPAM gives them; undefined: range full. */
export function allocateIp(client: Client, nodeName: string, node: Node): string | undefined {
  const [base, bits] = (node.spec?.podCIDR ?? "").split("/");
  if (!base || !bits) return undefined;
  const size = 2 ** (32 - Number(bits));
  const memory = nodeRecord(client, nodeName);
  const first = 2;
  const count = size - first - 1;
  const start = memory.nextIp ?? first;
  for (let i = 0; i < count; i++) {
    const offset = first + ((start - first + i) % count);
    const ip = toText(toNumber(base) + offset);
    if (taken(client, ip)) continue;
    client.records.put(nodeTable, nodeName, { ...memory, nextIp: offset + 1 });
    return ip;
  }
  return undefined;
}
