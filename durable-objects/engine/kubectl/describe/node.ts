/** k8s: kubectl/pkg/describe describeNode */
import type { Lease } from "kubernetes-types/coordination/v1";
import type { Event, Node, NodeCondition } from "kubernetes-types/core/v1";
import { ageOf } from "../../machinery/duration.ts";
import {
  addQuantity,
  milliValue,
  parseQuantity,
  value,
  type Quantity,
} from "../../machinery/quantity.ts";
import { sumOfPod } from "../../kinds/pod/resources.ts";
import type { Pod, PodSpec } from "../../kinds/pod/types.ts";
import { byText, sortedKeys } from "../go/json.ts";
import { Failure, isReason } from "../errors.ts";
import type { Work } from "../work.ts";
import { amount } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { slicesOfNode, writeSlices } from "./node-devices.ts";
import { dateText, none, unset, type Meta, type Out, type Texts } from "./out.ts";
import { eventsAbout, orFailure, orNothing, podsOf, type Settings } from "./reach.ts";

type Sums = Record<string, Quantity>;

const rolePrefix = "node-role.kubernetes.io/";

function rolesOf(labels: Texts = {}): string[] {
  const roles = Object.keys(labels)
    .filter((key) => key.startsWith(rolePrefix))
    .map((key) => key.slice(rolePrefix.length));
  return [...new Set([...roles, labels["kubernetes.io/role"] ?? ""])]
    .filter(Boolean)
    .toSorted(byText);
}

function* readPods(settings: Settings, name: string): Work<Pod[] | undefined> {
  const fieldSelector = `spec.nodeName=${name},status.phase!=Failed,status.phase!=Succeeded`;
  try {
    return (yield* podsOf(settings, undefined, [["fieldSelector", fieldSelector]])) as Pod[];
  } catch (error) {
    if (isReason(error, "Forbidden")) return undefined;
    throw error;
  }
}

/** Events about the node: some name it by its name where others do by its UID. */
function* readEvents(settings: Settings, metadata: Meta): Work<Event[] | undefined> {
  if (!settings.showEvents) return undefined;
  const one = { kind: "Node", metadata };
  const byUid = yield* orNothing(eventsAbout(settings, one));
  return [...byUid, ...(yield* orNothing(eventsAbout(settings, one, metadata.name)))];
}

export const node: Describer<Node> = function* (settings, object, out) {
  const meta = (object.metadata ?? {}) as Meta;
  const { name = "" } = meta;
  const { spec = {}, status = {} } = object;
  const pods = yield* readPods(settings, name);
  const events = yield* readEvents(settings, meta);
  const slices = yield* slicesOfNode(settings, meta.name ?? "");
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
  const lease = yield* orFailure(settings.client.json<Lease>({ path }));
  out.field("Name", name);
  out.field("Roles", rolesOf(meta.labels).join(",") || none);
  out.labels("Labels", meta.labels);
  out.annotations("Annotations", meta.annotations);
  out.field("CreationTimestamp", dateText(meta.creationTimestamp));
  const taints = (spec.taints ?? []).toSorted((a, b) =>
    byText(`${a.effect},${a.key}`, `${b.effect},${b.key}`),
  );
  out.column(
    "Taints",
    taints.map(({ key, value: text, effect }) => `${key}${text ? `=${text}` : ""}:${effect}`),
  );
  out.field("Unschedulable", spec.unschedulable ?? false);
  writeLease(out, lease);
  writeConditions(out, status.conditions);
  out.write("Addresses:\n");
  for (const { type, address } of status.addresses ?? []) out.field(type, address, 1);
  for (const [title, list] of [
    ["Capacity", status.capacity ?? {}],
    ["Allocatable", status.allocatable ?? {}],
  ] as const) {
    const names = sortedKeys(list);
    if (names.length) out.write(`${title}:\n`);
    for (const one of names) out.field(one, amount(list[one]), 1);
  }
  writeSlices(out, slices);
  writeInfo(out, object);
  if (pods) writePods(out, object, pods, settings.now);
  else out.field("Pods", "not authorized");
  writeEvents(out, events, settings.now);
};

function writeLease(out: Out, lease: Lease | Failure): void {
  if (lease instanceof Failure) return out.field("Lease", `Failed to get lease: ${lease.message}`);
  const { holderIdentity, acquireTime, renewTime } = lease.spec ?? {};
  out.write("Lease:\n");
  out.field("HolderIdentity", holderIdentity ?? unset, 1);
  out.field("AcquireTime", acquireTime ? dateText(acquireTime) : unset, 1);
  out.field("RenewTime", renewTime ? dateText(renewTime) : unset, 1);
}

function writeConditions(out: Out, conditions: readonly NodeCondition[] = []): void {
  if (conditions.length === 0) return;
  out.write("Conditions:\n");
  const rows = conditions.map((one) => [
    `${one.type} `,
    `${one.status} `,
    `${dateText(one.lastHeartbeatTime)} `,
    `${dateText(one.lastTransitionTime)} `,
    `${one.reason ?? ""} `,
    one.message,
  ]);
  out.table(
    1,
    "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage",
    rows,
    "----\t------\t-----------------\t------------------\t------\t-------",
  );
}

function writeInfo(out: Out, { spec = {}, status }: Node): void {
  const info = (status?.nodeInfo ?? {}) as unknown as Texts;
  out.write("System Info:\n");
  for (const [label, key] of [
    ["Machine ID", "machineID"],
    ["System UUID", "systemUUID"],
    ["Boot ID", "bootID"],
    ["Kernel Version", "kernelVersion"],
    ["OS Image", "osImage"],
    ["Operating System", "operatingSystem"],
    ["Architecture", "architecture"],
    ["Container Runtime Version", "containerRuntimeVersion"],
    ["Kubelet Version", "kubeletVersion"],
  ] as const)
    out.field(label, info[key], 1);
  if (spec.podCIDR) out.field("PodCIDR", spec.podCIDR);
  if (spec.podCIDRs?.length) out.field("PodCIDRs", spec.podCIDRs.join(","));
  if (spec.providerID) out.field("ProviderID", spec.providerID);
}

function sumsOf(spec: PodSpec, which: "requests" | "limits"): Sums {
  const sums: Sums = { ...sumOfPod(spec, which) };
  const overhead = (spec.overhead ?? {}) as Texts;
  for (const name of Object.keys(overhead)) {
    const more = parseQuantity(overhead[name] as string);
    if (!more || (which === "limits" && !sums[name])) continue;
    sums[name] = sums[name] ? addQuantity(sums[name], more) : more;
  }
  return sums;
}

/** `100m (5%)` */
function share(name: string, sum: Quantity | undefined, allocatable: Texts): string {
  const number = name === "cpu" ? milliValue : value;
  const all = number(allocatable[name]);
  const text = sum?.text ?? "0";
  return `${text} (${all === 0 ? 0 : Math.trunc((number(text) / all) * 100)}%)`;
}

function writePods(out: Out, object: Node, pods: readonly Pod[], now: number): void {
  const { capacity = {}, allocatable: given = {} } = object.status ?? {};
  const allocatable = Object.keys(given).length ? given : capacity;
  out.field("Non-terminated Pods", `(${pods.length} in total)`);
  const totals: Record<"requests" | "limits", Sums> = { requests: {}, limits: {} };
  const rows = pods.map(({ metadata, spec }) => {
    const requests = sumsOf(spec, "requests");
    const limits = sumsOf(spec, "limits");
    addInto(totals.requests, requests);
    addInto(totals.limits, limits);
    return [
      metadata.namespace,
      metadata.name,
      "",
      ...["cpu", "memory"].flatMap((name) => [
        share(name, requests[name], allocatable),
        share(name, limits[name], allocatable),
      ]),
      ageOf(metadata.creationTimestamp, now),
    ];
  });
  out.table(
    1,
    "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
    rows,
    "---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
  );
  out.write(
    "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n",
  );
  out.table(1, "Resource\tRequests\tLimits", []);
  const shared = (name: string): void =>
    out.row(
      1,
      name,
      share(name, totals.requests[name], allocatable),
      share(name, totals.limits[name], allocatable),
    );
  const standard = ["cpu", "memory", "ephemeral-storage"];
  const names = sortedKeys(allocatable).filter((name) => ![...standard, "pods"].includes(name));
  standard.forEach(shared);
  const isHuge = (name: string): boolean => name.startsWith("hugepages-");
  names.filter(isHuge).forEach(shared);
  for (const name of names.filter((one) => !isHuge(one)))
    out.row(1, name, totals.requests[name]?.text ?? "0", totals.limits[name]?.text ?? "0");
}

function addInto(total: Sums, more: Sums): void {
  for (const name of Object.keys(more)) {
    const by = more[name] as Quantity;
    total[name] = total[name] ? addQuantity(total[name], by) : by;
  }
}
