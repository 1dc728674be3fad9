/** What the Tables of many kinds share. k8s: pkg/printers/internalversion/printers.go */
import { ageOf } from "../machinery/duration.ts";
import type { KubeObject } from "../core/object.ts";
import type { Column } from "./define.ts";

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name of the object, unique among its kind in its namespace.",
  priority: 0,
};

/** A column that is always shown. */
export const column = (
  name: string,
  description: string,
  type: Column["type"] = "string",
): Column => ({ name, type, format: "", description, priority: 0 });

/** A column of -o wide. */
export const wideColumn = (name: string, description: string): Column => ({
  ...column(name, description),
  priority: 1,
});

export const ageColumn = column("Age", "Time since the object was created.");

export const age = (object: KubeObject, now: number): string =>
  ageOf(object.metadata.creationTimestamp, now);

/** `a=1,b=2` in key order, `<none>` when empty. k8s: apimachinery/pkg/labels FormatLabels */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.map((key) => `${key}=${labels?.[key]}`).join(",") || "<none>";
}

/** The first `max` of a list and how many more there are. k8s: listWithMoreString */
export function firstOf(items: readonly string[], max: number, empty: string): string {
  if (items.length > max) {
    return `${items.slice(0, max).join(",")} + ${items.length - max} more...`;
  }
  return items.join(",") || empty;
}

/** IPs or host names of a load balancer, sorted. k8s: loadBalancerStatusStringer, wide rows are never cut */
export function loadBalancerAddresses(
  ingress: readonly { ip?: string; hostname?: string }[] | undefined,
): string {
  const names = (ingress ?? []).map((i) => i.ip || i.hostname || "").filter((n) => n !== "");
  return [...new Set(names)].sort().join(",");
}
