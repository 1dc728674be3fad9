/**
 * Who must leave a Node that is not ready: NoExecute taints, one Node at a time, and none where most of a zone is
 * down, since then the fault lies elsewhere. One key for the whole cluster.
 * k8s: pkg/controller/nodelifecycle doNoExecuteTaintingPass, handleDisruption, ComputeZoneState
 */
import type { Node } from "../../kinds/node.ts";
import { lookup } from "../../core/lookup.ts";
import { rfc3339 } from "../../core/clock.ts";
import type { Change } from "../../core/object.ts";
import {
  largeZoneNodes,
  nodeEvictionMs,
  nodeEvictionSlowMs,
  unhealthyZoneShare,
} from "../../core/limits.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import {
  conditionOf,
  hasTaint,
  notReady,
  readyStatus,
  retainted,
  unreachable,
  zoneOf,
} from "./nodes.ts";

const table = "node-eviction";
const excluded = "node.kubernetes.io/exclude-disruption";
const opposite: Record<string, string> = lookup({
  [notReady]: unreachable,
  [unreachable]: notReady,
});

export const nodeEvictionController: Controller = {
  name: "nodeeviction",
  wakesOn: { nodes: (change) => (concerns(change) ? ["cluster"] : undefined) },
  reconcile(_key, client) {
    const zones = zonesOf(client);
    const allDown = zones.size > 0 && [...zones.values()].every((zone) => zone.state === "down");
    const waiting = new Map<string, Node[]>();
    for (const node of client.list<Node>("nodes")) {
      const key = taintFor(node);
      if (key === undefined || allDown) {
        untaint(client, node);
      } else if (
        hasTaint(node, opposite[key] ?? "", "NoExecute") ||
        hasTaint(node, key, "NoExecute")
      ) {
        // Driven off already: only the word for it changes.
        taint(client, node, key);
      } else {
        waiting.set(zoneOf(node), [...(waiting.get(zoneOf(node)) ?? []), node]);
      }
    }
    let next: number | undefined;
    for (const [zone, nodes] of waiting) {
      // Nodes that no zone counts are cleared like those of a healthy one.
      const counted = zones.get(zone);
      const due = driveOff(client, zone, counted ? counted.everyMs : nodeEvictionMs, nodes);
      if (due !== undefined) next = Math.min(next ?? due, due);
    }
    return next;
  },
};

function concerns({ op, object, previous }: Change): boolean {
  if (op !== "update" || !previous) return true;
  const [node, before] = [object as Node, previous as Node];
  return (
    readyStatus(node) !== readyStatus(before) ||
    node.spec?.taints !== before.spec?.taints ||
    node.metadata.labels !== before.metadata.labels
  );
}

/** The taint that a Node's state asks for. A Node of which nothing is known yet is left alone. */
function taintFor(node: Node): string | undefined {
  const status = readyStatus(node);
  return status === "False" ? notReady : status === "Unknown" ? unreachable : undefined;
}

interface Zone {
  ready: number;
  down: number;
  state: "normal" | "partial" | "down";
  /** Between two Nodes; undefined: none at all. */
  everyMs: number | undefined;
}

function zonesOf(client: Client): Map<string, Zone> {
  const zones = new Map<string, Zone>();
  for (const node of client.list<Node>("nodes")) {
    if (node.metadata.labels?.[excluded] !== undefined) continue;
    const zone = zones.get(zoneOf(node)) ?? {
      ready: 0,
      down: 0,
      state: "normal",
      everyMs: nodeEvictionMs,
    };
    if (readyStatus(node) === "True") zone.ready += 1;
    else zone.down += 1;
    zones.set(zoneOf(node), zone);
  }
  for (const zone of zones.values()) {
    const size = zone.ready + zone.down;
    if (zone.ready === 0) zone.state = "down";
    else if (zone.down > 2 && zone.down / size >= unhealthyZoneShare) {
      zone.state = "partial";
      zone.everyMs = size > largeZoneNodes ? nodeEvictionSlowMs : undefined;
    }
  }
  return zones;
}

/** Taints the Nodes of a zone one by one; returns when the next one is due. */
function driveOff(
  client: Client,
  zone: string,
  everyMs: number | undefined,
  nodes: readonly Node[],
): number | undefined {
  if (everyMs === undefined) return undefined;
  const last = client.records.get<number>(table, zone);
  const free = last === undefined ? client.now : last + everyMs;
  if (free > client.now) return free;
  const since = (node: Node): string => conditionOf(node, "Ready")?.lastTransitionTime ?? "";
  const [first, ...others] = [...nodes].sort((a, b) =>
    since(a) === since(b)
      ? Number(a.metadata.name > b.metadata.name) - Number(a.metadata.name < b.metadata.name)
      : since(a) < since(b)
        ? -1
        : 1,
  );
  const key = first && taintFor(first);
  if (!first || !key) return undefined;
  taint(client, first, key);
  client.records.put(table, zone, client.now);
  return others.length ? client.now + everyMs : undefined;
}

function taint(client: Client, node: Node, key: string): void {
  client.modify<Node>("nodes", "", node.metadata.name, (current) => {
    const timeAdded = rfc3339(client.now);
    const add = hasTaint(current, key, "NoExecute")
      ? []
      : [{ key, effect: "NoExecute", timeAdded }];
    return retainted(current, (t) => t.effect === "NoExecute" && t.key === opposite[key], add);
  });
}

function untaint(client: Client, node: Node): void {
  client.modify<Node>("nodes", "", node.metadata.name, (current) =>
    retainted(current, (t) => t.effect === "NoExecute" && opposite[t.key] !== undefined, []),
  );
}
