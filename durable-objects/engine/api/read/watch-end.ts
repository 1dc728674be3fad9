/** What a watch still tells when its kind is served no longer: a definition's objects went with it. */
import type { Log, LogEntry } from "../../core/log.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import type { Subscription } from "../../ports/request.ts";
import { parseFieldSelector } from "../request/field-selectors.ts";
import { partial } from "./table.ts";

/** Deletions since the subscription's revision. Columns went with the definition, so that of Tables nothing is told. */
export function lastLines(log: Log, subscription: Subscription): string[] {
  const { resource, as, apiVersion } = subscription;
  const [group = "", , plural = ""] = resource.split("/");
  const lines: string[] = [];
  if (as === "table") return lines;
  for (const entry of log.since(subscription.rv) ?? []) {
    if (entry.resource !== `${plural}.${group}` || !isLost(subscription, entry)) continue;
    const object = as === "partial" ? partial(entry.object) : { ...entry.object, apiVersion };
    lines.push(`{"type":"DELETED","object":${JSON.stringify(object)}}\n`);
  }
  subscription.rv = log.head;
  return lines;
}

function isLost(subscription: Subscription, entry: LogEntry): boolean {
  const { namespace, labelSelector, fieldSelector } = subscription;
  if (entry.op !== "delete" || (namespace && namespace !== entry.namespace)) return false;
  const labels = labelSelector ? parseLabelSelector(labelSelector) : undefined;
  if (labels && !labels.matches(entry.previousLabels ?? {})) return false;
  const fields = fieldSelector ? parseFieldSelector(fieldSelector) : undefined;
  if (!fields) return true;
  const own = { "metadata.name": entry.name, "metadata.namespace": entry.namespace };
  return fields.matches({ ...entry.previousFields, ...own });
}
