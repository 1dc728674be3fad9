/**
 * metrics.k8s.io: what nodes and Pods use, computed when read and never stored. Figures are those of the last full
 * window, so they stand still between two of them. k8s: sigs.k8s.io/metrics-server/pkg/api
 */
import { parseTime, rfc3339 } from "../../core/clock.ts";
import { systemOverhead } from "../../core/machine-facts.ts";
import type { KubeObject } from "../../core/object.ts";
import { fnv32a } from "../../core/random.ts";
import { hasKubelet } from "../../kinds/node-machine.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { metricsWindowMs } from "../../core/limits.ts";
import { computedList, computedOne } from "./computed.ts";
import type { ApiContext } from "../context.ts";
import { matches, selectionOf } from "./list.ts";
import {
  metricsApiVersion,
  type NodeMetrics,
  type PodMetrics,
  type Usage,
} from "../discovery/metrics-resources.ts";
import type { Resource } from "../discovery/registry.ts";
import type { Review } from "../auth/reviews.ts";
import * as status from "../../machinery/status.ts";

interface Amount {
  cpuMilli: number;
  memoryBytes: number;
}

/** A share of up to a tenth that differs from window to window, so that figures look measured. */
function wobble(about: string, atMs: number): number {
  return 0.9 + (fnv32a(`${about} ${atMs}`) % 1000) / 10_000;
}

function usageOf(amount: Amount, about: string, atMs: number): Usage {
  const nanoCores = Math.round(amount.cpuMilli * 1e6 * wobble(about, atMs));
  return {
    cpu: nanoCores === 0 ? "0" : `${nanoCores}n`,
    memory: `${Math.ceil(amount.memoryBytes / 1024)}Ki`,
  };
}

function header(object: KubeObject, kind: string, atMs: number) {
  const { name, namespace, labels } = object.metadata;
  return {
    kind,
    apiVersion: metricsApiVersion,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      creationTimestamp: rfc3339(atMs),
      ...(labels ? { labels } : {}),
    } as KubeObject["metadata"],
    timestamp: rfc3339(atMs),
    window: `${metricsWindowMs / 1000}s`,
  };
}

function podMetrics(context: ApiContext, pod: Pod): PodMetrics | undefined {
  const found = context.podUsage(pod);
  if (!found) return undefined;
  const { atMs, containers } = found;
  return {
    ...header(pod, "PodMetrics", atMs),
    containers: containers.map(({ name, ...amount }) => ({
      name,
      usage: usageOf(amount, `${pod.metadata.uid}/${name}`, atMs),
    })),
  };
}

function nodeMetrics(context: ApiContext, node: KubeObject): NodeMetrics | undefined {
  const { reader } = context;
  const { name, creationTimestamp } = node.metadata;
  if (!hasKubelet(node) || reader.now - parseTime(creationTimestamp) < metricsWindowMs)
    return undefined;
  const atMs = reader.now - (reader.now % metricsWindowMs);
  const all = { ...systemOverhead };
  for (const pod of reader.byIndex<Pod>("pod.node", name)) {
    for (const { cpuMilli, memoryBytes } of context.podUsage(pod)?.containers ?? []) {
      all.cpuMilli += cpuMilli;
      all.memoryBytes += memoryBytes;
    }
  }
  return { ...header(node, "NodeMetrics", atMs), usage: usageOf(all, name, atMs) };
}

interface Row {
  /** What is measured, as it is stored. */
  measured: string;
  kind: string;
  of(context: ApiContext, object: KubeObject): NodeMetrics | PodMetrics | undefined;
}

const rows: Record<string, Row> = {
  nodes: { measured: "nodes", kind: "nodemetrics", of: nodeMetrics },
  pods: { measured: "pods", kind: "podmetrics", of: (c, o) => podMetrics(c, o as Pod) },
};

/** Rows for handle.ts, by `group/version/resource`. */
export const metricsKinds: Record<string, Review> = {};
for (const [plural, row] of Object.entries(rows)) {
  metricsKinds[`${metricsApiVersion}/${plural}`] = (context, request, info) => {
    const resource = context.registry.at(info.group, info.version, info.resource) as Resource;
    const call = { context, request, info, resource };
    if (info.name) {
      const namespace = resource.namespaced ? info.namespace : "";
      const object = context.reader.get(row.measured, namespace, info.name);
      const metrics = object && row.of(context, object);
      if (metrics) return computedOne(call, metrics);
      const name = namespace ? `${namespace}/${info.name}` : info.name;
      throw status.notFound({ group: info.group, plural: row.kind }, name);
    }
    const selection = selectionOf(resource, info);
    const items = context.reader
      .list(row.measured, selection.namespace || undefined)
      .filter((object) => matches(resource, selection, object))
      .flatMap((object) => row.of(context, object) ?? []);
    return computedList(call, items);
  };
}
