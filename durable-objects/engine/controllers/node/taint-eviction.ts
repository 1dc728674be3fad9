/**
 * Pods leave a Node that has a NoExecute taint: at once, after the time they tolerate it, or never. One key per Pod.
 * k8s: pkg/controller/tainteviction/taint_eviction.go
 */
import type { Taint, Toleration } from "kubernetes-types/core/v1";
import type { Node } from "../../kinds/node.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey, type Change, type KubeObject } from "../../core/object.ts";
import { tolerates } from "../../scheduler/plugins/taint-toleration.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";
import { deleteWithCondition } from "../disruption/disruption-target.ts";

const table = "taint-eviction";

/** A deletion that is marked, or done. */
interface Marked {
  uid: string;
  sinceMs: number;
  dueMs: number;
  done?: true;
}

const executing = (node: KubeObject | undefined): Taint[] =>
  ((node as Node | undefined)?.spec?.taints ?? []).filter((t) => t.effect === "NoExecute");

const keyOf = (pod: KubeObject): string => objectKey(pod.metadata.namespace, pod.metadata.name);

export const taintEvictionController: Controller = {
  name: "tainteviction",
  component: "taint-eviction-controller",
  wakesOn: {
    nodes: (change, reader) =>
      equal(executing(change.object), executing(change.previous))
        ? undefined
        : reader.byIndex("pod.node", change.name).map(keyOf),
    pods: (change, reader) => (moved(change, reader) ? [keyOf(change.object)] : undefined),
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const pod = client.get<Pod>("pods", namespace, name);
    const marked = client.records.get<Marked>(table, key);
    if (marked && marked.uid !== pod?.metadata.uid) forget(client, key, marked);
    if (!pod) return undefined;
    return judge(client, pod, key, marked?.uid === pod.metadata.uid ? marked : undefined);
  },
};

/** New on a Node that drives Pods off, with other tolerations there, or gone from there. */
function moved({ op, object, previous }: Change, reader: Reader): boolean {
  const [pod, before] = [object as Pod, previous as Pod | undefined];
  const nodeName = pod.spec.nodeName;
  if (!nodeName) return false;
  const same = op === "update" && before?.spec === pod.spec;
  if (same) return false;
  const node = reader.get("nodes", "", nodeName);
  if (op === "delete") return !node || executing(node).length > 0;
  return (
    executing(node).length > 0 &&
    (before?.spec.nodeName !== nodeName || !equal(before.spec.tolerations, pod.spec.tolerations))
  );
}

/** k8s: processPodOnNode */
function judge(
  client: Client,
  pod: Pod,
  key: string,
  marked: Marked | undefined,
): number | undefined {
  const node = client.get("nodes", "", pod.spec.nodeName ?? "");
  const taints = executing(node);
  if (node && taints.length === 0) {
    if (marked) forget(client, key, marked);
    return undefined;
  }
  if (marked?.done && pod.metadata.deletionTimestamp) return undefined;
  // A Node that is gone takes nothing back: what was marked stays marked.
  const delay = node ? toleratedMs(taints, pod.spec.tolerations ?? []) : undefined;
  if (node && delay === undefined) {
    if (marked) forget(client, key, marked);
    return undefined;
  }
  const mark = markedAnew(client, pod, key, marked, delay);
  if (!mark) return undefined;
  if (mark.dueMs > client.now) return mark.dueMs;
  evict(client, pod);
  client.records.put(table, key, { ...mark, done: true });
  return undefined;
}

/** The mark that stands: an older one keeps its moment, unless the Pod must go at once. */
function markedAnew(
  client: Client,
  pod: Pod,
  key: string,
  marked: Marked | undefined,
  delay: number | undefined,
): Marked | undefined {
  if (marked?.done && delay === undefined) return undefined;
  if (
    marked &&
    !marked.done &&
    (delay === undefined ||
      (delay > 0 && marked.sinceMs < client.now) ||
      marked.dueMs <= client.now)
  ) {
    return marked;
  }
  if (delay === undefined) return undefined;
  if (marked && marked.dueMs !== client.now + delay) forget(client, key, marked);
  const mark = { uid: pod.metadata.uid, sinceMs: client.now, dueMs: client.now + delay };
  client.records.put(table, key, mark);
  return mark;
}

/** How long all taints are tolerated: 0 not at all, undefined for ever. k8s: GetMatchingTolerations, getMinTolerationTime */
function toleratedMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): number | undefined {
  let least: number | undefined;
  for (const taint of taints) {
    const used = tolerations.find((t) => tolerates([t], taint));
    if (!used) return 0;
    if (used.tolerationSeconds === undefined) continue;
    const ms = Math.max(0, used.tolerationSeconds) * 1000;
    least = Math.min(least ?? ms, ms);
  }
  return least;
}

function evict(client: Client, pod: Pod): void {
  tell(client, pod.metadata, "Marking for deletion Pod");
  deleteWithCondition(client, pod, {
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
  });
}

function forget(client: Client, key: string, marked: Marked): void {
  client.records.delete(table, key);
  if (!marked.done) tell(client, splitKey(key), "Cancelling deletion of Pod");
}

/** Its Events name the Pod without a uid, so describe does not find them; get events does. */
function tell(client: Client, about: { namespace?: string; name: string }, text: string): void {
  const { namespace = "", name } = about;
  const metadata = { namespace, name, uid: "", resourceVersion: "", creationTimestamp: "" };
  const pod: KubeObject = { apiVersion: "v1", kind: "Pod", metadata };
  const message = `${text} ${namespace}/${name}`;
  client.event(pod, "Normal", "TaintManagerEviction", message, {
    component: "taint-eviction-controller",
  });
}
