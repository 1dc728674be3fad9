/** Pods that a kubelet has put out: for the node's memory, or for storage beyond a limit of their own. */
import type { Node } from "../kinds/node.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Evidence, Mend } from "../kinds/podyard/explanation.ts";
import { doubled, ownerOf } from "./crash.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

interface Cause {
  sentence: string;
  evidence: Evidence[];
  mend: Mend[];
  reason: string;
}

/** By the kubelet's own message, the first that knows it. */
const causes: ((scope: Scope, pod: Pod, message: string) => Cause | undefined)[] = [
  function turnedAway(scope, pod, message) {
    const pressure = /The node had condition: \[(\w+)/.exec(message)?.[1];
    if (!pressure) return undefined;
    const node = pod.spec.nodeName ?? "";
    return {
      sentence: `was turned away by the kubelet of ${node}, which has ${pressure}: a Pod without requests may not start there then (1 node asked)`,
      evidence: onNode(scope, pod),
      mend: [
        again(pod, "Give it a memory request, and make it anew", requestFilter(pod)),
        mend("Or see who uses the memory", "kubectl top pods -A --sort-by=memory"),
      ],
      reason: pressure,
    };
  },
  function volume(_scope, pod, message) {
    const [, name, limit = ""] =
      /EmptyDir volume "([^"]*)" exceeds the limit "([^"]*)"/.exec(message) ?? [];
    if (name === undefined) return undefined;
    const index = pod.spec.volumes?.findIndex((v) => v.name === name) ?? 0;
    return {
      sentence: `was evicted by the kubelet of ${pod.spec.nodeName ?? ""}: its emptyDir ${name} holds more than its sizeLimit of ${limit}`,
      evidence: [
        about(pod, `sizeLimit of ${name} is ${limit}`, {
          field: `spec.volumes[${index}].emptyDir.sizeLimit`,
        }),
      ],
      mend: [
        change(
          pod,
          `Raise the sizeLimit, or write less into ${name}`,
          `.spec.volumes[${index}].emptyDir.sizeLimit="${doubled(limit)}"`,
        ),
      ],
      reason: `emptyDir ${name}`,
    };
  },
  function storage(_scope, pod, message) {
    const one = /^Container (\S+) exceeded its local ephemeral storage limit "([^"]*)"/.exec(
      message,
    );
    const total = /exceeds the total limit of containers (\S+)\. /.exec(message)?.[1];
    const limit = one?.[2] ?? total;
    if (limit === undefined) return undefined;
    const index = Math.max(
      0,
      pod.spec.containers.findIndex(({ name, resources }) =>
        one ? name === one[1] : resources?.limits?.["ephemeral-storage"] !== undefined,
      ),
    );
    const container = pod.spec.containers[index]?.name ?? "";
    const path = `spec.containers[${index}].resources.limits.ephemeral-storage`;
    return {
      sentence: `was evicted by the kubelet of ${pod.spec.nodeName ?? ""}: ${one ? `container ${container} writes` : "its containers and emptyDirs together hold"} more than the ephemeral-storage limit of ${limit}`,
      evidence: [about(pod, `ephemeral-storage limit ${limit}`, { field: path })],
      mend: [
        isOwned(pod)
          ? mend(
              "Raise the limit, or write less",
              `kubectl set resources ${ownerOf(pod)} -c ${container} --limits=ephemeral-storage=${doubled(limit)}${inNamespace(pod)}`,
            )
          : again(
              pod,
              "Raise the limit, or write less, and make the Pod anew",
              `.spec.containers[${index}].resources.limits["ephemeral-storage"]="${doubled(limit)}"`,
            ),
      ],
      reason: "ephemeral-storage",
    };
  },
  function memory(scope, pod, message) {
    const [, threshold, available] =
      /low on resource: memory\. Threshold quantity: (\S+), available: (\S+)\. /.exec(message) ??
      [];
    if (threshold === undefined) return undefined;
    const over = pod.spec.containers
      .filter(({ name }) => message.includes(`Container ${name} was using`))
      .map(({ name }) => name);
    const used = /was using (\S+), request is (\S+),/.exec(message);
    return {
      sentence: `was evicted by the kubelet of ${pod.spec.nodeName ?? ""} for the node's memory: memory.available was ${available ?? "0"}, below the threshold of ${threshold}. Pods over their requests go first (${over.length ? `${listed(over)} used ${used?.[1] ?? ""} and requests ${used?.[2] ?? "0"}` : "none of its containers was over"}), then those of low priority (its is ${pod.spec.priority ?? 0}), then those the furthest over`,
      evidence: onNode(scope, pod),
      mend: [
        isOwned(pod)
          ? mend(
              "Request what it uses, so that it is placed where there is room",
              `kubectl set resources ${ownerOf(pod)} --requests=memory=${used?.[1] ?? "256Mi"}${inNamespace(pod)}`,
            )
          : again(pod, "Request what it uses, and make it anew", requestFilter(pod, used?.[1])),
      ],
      reason: "MemoryPressure",
    };
  },
];

const isOwned = (pod: Pod): boolean => pod.metadata.ownerReferences?.length !== undefined;

const requestFilter = (pod: Pod, amount = "256Mi"): string =>
  `.spec.containers[${Math.max(
    0,
    pod.spec.containers.findIndex((c) => !c.resources?.requests?.["memory"]),
  )}].resources.requests.memory="${amount}"`;

/** A Pod that has ended is made anew, on whichever node is right. */
const again = (pod: Pod, text: string, filter: string): Mend =>
  mend(
    text,
    `kubectl get pod ${pod.metadata.name}${inNamespace(pod)} -o json | jq 'del(.spec.nodeName) | ${filter}' | kubectl replace --force -f -`,
  );

const change = (pod: Pod, text: string, filter: string): Mend =>
  isOwned(pod)
    ? mend(text, `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`)
    : again(pod, text, filter);

function onNode({ client }: Scope, pod: Pod): Evidence[] {
  const node = client.get<Node>("nodes", "", pod.spec.nodeName ?? "");
  if (!node) return [];
  const pressure = node.status?.conditions?.find(({ type }) => type === "MemoryPressure");
  return [
    about(node, `MemoryPressure is ${pressure?.status ?? "unknown"}: ${pressure?.message ?? ""}`, {
      field: "status.conditions",
    }),
  ];
}

function evicted(scope: Scope, pod: Pod): Found | undefined {
  if (pod.status?.phase !== "Failed" || pod.status.reason !== "Evicted") return undefined;
  const message = pod.status.message ?? "";
  for (const cause of causes) {
    const found = cause(scope, pod, message);
    if (!found) continue;
    return {
      ...found,
      sentence: `${nameOf(pod)} ${found.sentence}.`,
      evidence: [
        about(pod, message, { field: "status.message" }),
        about(pod, "evicted", { event: "Evicted" }),
        ...found.evidence,
      ],
      decidedBy: "kubelet",
    };
  }
  return undefined;
}

/** Rows about eviction. */
export const evictions: Situation[] = [{ name: "evicted", of: ["pods"], find: evicted }];
