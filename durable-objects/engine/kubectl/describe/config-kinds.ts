/** ConfigMap, Secret, ServiceAccount, Namespace, ResourceQuota, LimitRange, PriorityClass. k8s: kubectl/pkg/describe */
import type {
  ConfigMap,
  LimitRange,
  LimitRangeItem,
  Namespace,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from "kubernetes-types/core/v1";
import type { PriorityClass } from "kubernetes-types/scheduling/v1";
import { newQuantity, parseQuantity, value } from "../../machinery/quantity.ts";
import { byText, sortedKeys } from "../go/json.ts";
import { isNotFound } from "../errors.ts";
import type { Work } from "../work.ts";
import { amount } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { labelsText, none, type Meta, type Out, type Texts } from "./out.ts";
import { eventsAbout, eventsOf, listAll, type Settings } from "./reach.ts";
import { decodeUtf8, fromBase64 } from "../../runtime/bytes.ts";

const metaOf = (object: { metadata?: object }): Meta => (object.metadata ?? {}) as Meta;

export const configMap: Describer<ConfigMap> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = settings.showEvents
    ? yield* eventsAbout(settings, { kind: "ConfigMap", metadata: meta })
    : undefined;
  out.head(meta);
  out.write("\nData\n====\n");
  const { data = {}, binaryData = {} } = object;
  for (const key of sortedKeys(data)) out.write(`${key}:\n----\n${data[key]}\n\n`);
  out.write("\nBinaryData\n====\n");
  for (const key of sortedKeys(binaryData))
    out.write(`${key}: ${fromBase64(binaryData[key] as string)?.length ?? 0} bytes\n`);
  out.write("\n");
  writeEvents(out, events, settings.now);
};

export const secret: Describer<Secret> = function* (_, object, out) {
  out.head(metaOf(object));
  out.write("\n");
  out.field("Type", object.type);
  out.write("\nData\n====\n");
  const { data = {}, type } = object;
  for (const key of sortedKeys(data)) {
    const bytes = fromBase64(data[key] as string) ?? "";
    const token = key === "token" && type === "kubernetes.io/service-account-token";
    out.field(key, token ? decodeUtf8(bytes) : `${bytes.length} bytes`);
  }
  yield* [];
};

export const serviceAccount: Describer<ServiceAccount> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "ServiceAccount", metadata: meta });
  out.head(meta);
  const title = "Image pull secrets:";
  const names = (object.imagePullSecrets ?? []).map(({ name = "" }) => name);
  if (names.length === 0) out.row(0, title, none);
  names.forEach((name, i) => out.row(0, i ? " ".repeat(title.length) : title, name));
  writeEvents(out, events, settings.now);
};

export const priorityClass: Describer<PriorityClass> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "PriorityClass", metadata: meta });
  out.field("Name", meta.name);
  out.field("Value", object.value ?? 0);
  out.field("GlobalDefault", object.globalDefault ?? false);
  out.field("PreemptionPolicy", object.preemptionPolicy);
  out.field("Description", object.description);
  out.field("Annotations", labelsText(meta.annotations));
  writeEvents(out, events, settings.now);
};

// Quotas and ranges

const scopeHelp: Record<string, string> = {
  Terminating:
    "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.",
  NotTerminating:
    "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.",
  BestEffort:
    "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
  NotBestEffort:
    "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.",
};

function writeScopes(out: Out, quota: ResourceQuota, level: number, bullet: string): void {
  const scopes = (quota.spec?.scopes ?? []).toSorted(byText);
  if (scopes.length === 0) return;
  out.field("Scopes", scopes.join(", "), level);
  for (const scope of scopes)
    if (scopeHelp[scope]) out.lines(level, `${bullet}${scopeHelp[scope]}`);
}

/** What is used, in the notation of what is allowed. */
function usedText(used: string | undefined, hard: string): string {
  const [a, b] = [parseQuantity(used ?? "0"), parseQuantity(hard)];
  if (!a || !b || a.format === b.format) return amount(used);
  return newQuantity(value(used), b.format).text;
}

export const resourceQuota: Describer<ResourceQuota> = function* (_, object, out) {
  const meta = metaOf(object);
  out.field("Name", meta.name);
  out.field("Namespace", meta.namespace);
  writeScopes(out, object, 0, " * ");
  const { hard = {}, used = {} } = object.status ?? {};
  const rows = sortedKeys(hard).map((name) => [
    name,
    usedText(used[name], hard[name] as string),
    amount(hard[name]),
  ]);
  out.table(0, "Resource\tUsed\tHard", rows, "--------\t----\t----");
  yield* [];
};

const rangeHeader =
  "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";
const rangeDashes =
  "----\t--------\t---\t---\t---------------\t-------------\t-----------------------";

/** Resources in the order of their names: upstream's is that of a Go map. */
function writeLimits(out: Out, prefix: string, limits: readonly LimitRangeItem[]): void {
  for (const item of limits) {
    const { min, max, defaultRequest, default: defaultLimit, maxLimitRequestRatio: ratio } = item;
    const lists = [min, max, defaultRequest, defaultLimit, ratio].map((list) => list ?? {});
    const names = new Set(lists.flatMap((list) => Object.keys(list)));
    for (const name of [...names].toSorted(byText))
      out.row(
        0,
        `${prefix}${item.type}`,
        name,
        ...lists.map((list: Texts) => (list[name] === undefined ? "-" : amount(list[name]))),
      );
  }
}

export const limitRange: Describer<LimitRange> = function* (_, object, out) {
  const meta = metaOf(object);
  out.field("Name", meta.name);
  out.field("Namespace", meta.namespace);
  out.lines(0, rangeHeader, rangeDashes);
  writeLimits(out, "", object.spec?.limits ?? []);
  yield* [];
};

function* within<T>(settings: Settings, namespace: string, plural: string): Work<T[] | undefined> {
  try {
    return yield* listAll<T>(settings, `/api/v1/namespaces/${namespace}/${plural}`, plural);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export const namespace: Describer<Namespace> = function* (settings, object, out) {
  const meta = metaOf(object);
  const quotas = yield* within<ResourceQuota>(settings, meta.name ?? "", "resourcequotas");
  const ranges = yield* within<LimitRange>(settings, meta.name ?? "", "limitranges");
  out.head(meta, { namespaced: false });
  out.field("Status", object.status?.phase);
  const conditions = object.status?.conditions ?? [];
  if (conditions.length) {
    out.write("Conditions:\n");
    out.conditions(conditions, "----\t------\t------------------\t------\t-------");
  }
  if (quotas) writeQuotas(out, quotas);
  if (!ranges) return;
  out.write("\n");
  if (ranges.length === 0) return out.write("No LimitRange resource.\n");
  out.lines(0, "Resource Limits", ` ${rangeHeader}`, ` ${rangeDashes}`);
  for (const { spec } of ranges) writeLimits(out, " ", spec?.limits ?? []);
};

function writeQuotas(out: Out, quotas: readonly ResourceQuota[]): void {
  out.write("\n");
  if (quotas.length === 0) return out.write("No resource quota.\n");
  out.write("Resource Quotas\n");
  const name = (quota: ResourceQuota): string => metaOf(quota).name ?? "";
  for (const quota of quotas.toSorted((a, b) => byText(name(a), name(b)))) {
    out.field("Name", name(quota), 1);
    writeScopes(out, quota, 1, "* ");
    const { hard = {}, used = {} } = quota.status ?? {};
    out.table(
      1,
      "Resource\tUsed\tHard",
      sortedKeys(hard).map((one) => [one, amount(used[one]), amount(hard[one])]),
      "--------\t---\t---",
    );
  }
}
