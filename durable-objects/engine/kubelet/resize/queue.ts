/**
 * Resizes that wait for room on their node: looked at again when a Pod there ends or shrinks, in upstream's order.
 * k8s: pkg/kubelet/allocation/allocation_manager.go sortPendingResizes, RetryPendingResizes
 */
import { objectKey, splitKey } from "../../core/object.ts";
import { nodeRecord, nodeTable } from "../node-address.ts";
import { type PodRecord, kubeletTable } from "../record.ts";
import { increases, ownOf } from "./resources.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { Sync } from "../sync.ts";

type Tools = Pick<Sync, "client" | "nodeName">;

/** Puts the Pod among those whose resize waits for room on the node. */
export function deferResize(sync: Sync): void {
  const memory = nodeRecord(sync.client, sync.nodeName);
  const waiting = memory.resizes ?? [];
  if (waiting.includes(sync.key)) return;
  sync.client.records.put(nodeTable, sync.nodeName, {
    ...memory,
    resizes: [...waiting, sync.key],
  });
}

interface Waiting {
  key: string;
  increases: boolean;
  priority: number;
  guaranteed: boolean;
  sinceMs: number;
}

function waitingOf({ client }: Tools, key: string): Waiting | undefined {
  const { namespace, name } = splitKey(key);
  const pod = client.get<Pod>("pods", namespace, name);
  const record = client.records.get<PodRecord>(kubeletTable, key);
  if (!pod || !record?.resizeWaits || !record.granted) return undefined;
  return {
    key: objectKey(namespace, name),
    increases: increases(pod.spec, record.granted, ownOf(pod.spec)),
    priority: pod.spec.priority ?? 0,
    guaranteed: pod.status?.qosClass === "Guaranteed",
    sinceMs: record.resizeWaits.sinceMs,
  };
}

/** Wakes the Pods whose resize waits for room: decreases first, then by priority, QoS class and age. */
export function retryDeferred(sync: Tools): void {
  const { client, nodeName } = sync;
  const memory = nodeRecord(client, nodeName);
  if (!memory.resizes) return;
  const waiting = memory.resizes
    .map((key) => waitingOf(sync, key))
    .filter((w) => w !== undefined)
    .sort(
      (a, b) =>
        Number(a.increases) - Number(b.increases) ||
        b.priority - a.priority ||
        Number(b.guaranteed) - Number(a.guaranteed) ||
        a.sinceMs - b.sinceMs,
    );
  const { resizes: _resizes, ...rest } = memory;
  client.records.put(nodeTable, nodeName, rest);
  for (const { key } of waiting) client.wake("kubelet", key);
}
