/**
 * Values that change by time alone are not written but computed when read: heartbeats of Nodes and renewals of Leases.
 * The stored moment is one that really was; every later one lies a whole number of periods after it.
 */
import { parseTime, rfc3339, rfc3339Micro } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import type { Reader } from "../ports/controller.ts";
import { hasKubelet } from "./node-machine.ts";
import { leaderRenewMs, nodeLeaseRenewMs, nodeReportMs, serverRenewMs } from "../core/limits.ts";

interface Beating extends KubeObject {
  status?: { conditions?: { type: string; status: string; lastHeartbeatTime?: string }[] };
}
interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; renewTime?: string };
}

/** Conditions that a kubelet reports with each of its posts. */
const reported = new Set(["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]);

function lastBeat(text: string | undefined, periodMs: number, now: number): number | undefined {
  const base = parseTime(text);
  if (!(now - base >= periodMs)) return undefined;
  return base + Math.floor((now - base) / periodMs) * periodMs;
}

/** A Node as its kubelet last reported it. */
export function presentNode<T extends KubeObject>(object: T, now: number): T {
  const node = object as T & Beating;
  if (!node.status?.conditions || !hasKubelet(node)) return node;
  let changed = false;
  const conditions = node.status.conditions.map((condition) => {
    if (!reported.has(condition.type) || condition.status === "Unknown") return condition;
    const beat = lastBeat(condition.lastHeartbeatTime, nodeReportMs, now);
    if (beat === undefined) return condition;
    changed = true;
    return { ...condition, lastHeartbeatTime: rfc3339(beat) };
  });
  return changed ? { ...node, status: { ...node.status, conditions } } : node;
}

export const nodeLeases = "kube-node-lease";
/** Leases of the control plane's parts: each holder's name begins with its machine, or with the Lease's own. */
const systemLeases: readonly { name: RegExp; holder?: string; periodMs: number }[] = [
  {
    name: /^kube-(controller-manager|scheduler)$/,
    holder: "control-plane",
    periodMs: leaderRenewMs,
  },
  { name: /^apiserver-/, periodMs: serverRenewMs },
];

function renewalMs(lease: Lease, reader: Pick<Reader, "get">): number | undefined {
  const { namespace, name } = lease.metadata;
  const holder = lease.spec?.holderIdentity ?? "";
  if (namespace === nodeLeases) {
    const node = reader.get("nodes", "", name);
    return node && hasKubelet(node) && holder === name ? nodeLeaseRenewMs : undefined;
  }
  if (namespace !== "kube-system") return undefined;
  const row = systemLeases.find((l) => l.name.test(name));
  return row && holder.startsWith(`${row.holder ?? name}_`) ? row.periodMs : undefined;
}

/** A Lease as its holder last renewed it. */
export function presentLease<T extends KubeObject>(
  object: T,
  now: number,
  reader: Pick<Reader, "get">,
): T {
  const lease = object as T & Lease;
  const period = renewalMs(lease, reader);
  const beat = period && lastBeat(lease.spec?.renewTime, period, now);
  if (!beat) return lease;
  return { ...lease, spec: { ...lease.spec, renewTime: rfc3339Micro(beat) } };
}
