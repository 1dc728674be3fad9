/** ServiceCIDRs become ready, and stay until no Service needs them. k8s: pkg/controller/servicecidrs */
import type { Condition } from "kubernetes-types/meta/v1";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import type { Change } from "../../core/object.ts";
import { serviceCidrGraceMs } from "../../core/limits.ts";
import { cidrContains } from "../../kinds/ip-families.ts";
import {
  addressManager,
  managedByLabel,
  type IPAddress,
} from "../../kinds/networking/ip-address.ts";
import type { ServiceCIDR } from "../../kinds/networking/service-cidr.ts";
import { serviceCidrFinalizer } from "../../kinds/service/ranges.ts";
import { parseCidr, parseIp } from "../../machinery/ip.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";

const ranges = "servicecidrs.networking.k8s.io";
const addresses = "ipaddresses.networking.k8s.io";

/** Those that go wait for others of either kind. */
function* going(_change: Change, reader: Reader): Iterable<string> {
  for (const { metadata } of reader.list<ServiceCIDR>(ranges))
    if (metadata.deletionTimestamp !== undefined) yield metadata.name;
}

function* ofRange(change: Change, reader: Reader): Iterable<string> {
  if (change.op !== "delete") yield change.name;
  yield* going(change, reader);
}

function contains(outer: string, address: string): boolean {
  const range = parseCidr(outer);
  const ip = parseIp(address);
  return range !== undefined && ip !== undefined && cidrContains(range, ip);
}

function within(outer: string, inner: string): boolean {
  const [range, part] = [parseCidr(outer), parseCidr(inner)];
  return range !== undefined && part !== undefined && cidrContains(range, part.ip, part.prefix);
}

/** No address would be left without a range. k8s: canDeleteCIDR */
function isFree(client: Client, range: ServiceCIDR): boolean {
  const others = client
    .list<ServiceCIDR>(ranges)
    .filter((one) => one.metadata.name !== range.metadata.name)
    .flatMap(({ spec }) => spec?.cidrs ?? []);
  const own = range.spec?.cidrs ?? [];
  if (own.every((cidr) => others.some((other) => within(other, cidr)))) return true;
  return !client
    .list<IPAddress>(addresses)
    .some(
      ({ metadata: { name, labels } }) =>
        labels?.[managedByLabel] === addressManager &&
        own.some((cidr) => contains(cidr, name)) &&
        !others.some((cidr) => contains(cidr, name)),
    );
}

function tell(
  client: Client,
  range: ServiceCIDR,
  told: Omit<Condition, "lastTransitionTime">,
): void {
  const conditions = range.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === told.type);
  const { status, reason, message } = told;
  if (before?.status === status && before.reason === reason && before.message === message) return;
  const since = before?.status === status ? before.lastTransitionTime : rfc3339(client.now);
  const next = [
    ...conditions.filter((one) => one !== before),
    { ...told, lastTransitionTime: since },
  ];
  client.update<ServiceCIDR>(ranges, { ...range, status: { conditions: next } }, "status");
}

function leave(client: Client, range: ServiceCIDR): number | undefined {
  if (!isFree(client, range)) {
    const message =
      "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
    tell(client, range, { type: "Ready", status: "False", reason: "Terminating", message });
    return undefined;
  }
  const due = parseTime(range.metadata.deletionTimestamp) + serviceCidrGraceMs;
  if (client.now < due) return due;
  const finalizers = (range.metadata.finalizers ?? []).filter((f) => f !== serviceCidrFinalizer);
  client.update<ServiceCIDR>(ranges, { ...range, metadata: { ...range.metadata, finalizers } });
  return undefined;
}

export const serviceCidrController: Controller = {
  name: "servicecidr",
  component: "service-cidr-controller",
  wakesOn: { [ranges]: ofRange, [addresses]: going },
  reconcile(name, client) {
    const range = client.get<ServiceCIDR>(ranges, "", name);
    if (!range) return undefined;
    const { metadata } = range;
    const finalizers = metadata.finalizers ?? [];
    if (metadata.deletionTimestamp !== undefined) {
      return finalizers.includes(serviceCidrFinalizer) ? leave(client, range) : undefined;
    }
    let current = range;
    if (!finalizers.includes(serviceCidrFinalizer)) {
      const kept = { ...metadata, finalizers: [...finalizers, serviceCidrFinalizer] };
      current = client.update<ServiceCIDR>(ranges, { ...range, metadata: kept });
    }
    const message = "Kubernetes Service CIDR is ready";
    tell(client, current, { type: "Ready", status: "True", reason: "", message });
    return undefined;
  },
};
