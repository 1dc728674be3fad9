/** /metrics/resource. k8s: pkg/kubelet/metrics/collectors/resource_metrics.go */
import type { Labels, Metric, Sample } from "../../machinery/prometheus.ts";
import type { MeasuredNode, Usage } from "./measured.ts";

export const podLabels = (pod: { metadata: { namespace?: string; name: string } }): Labels => ({
  namespace: pod.metadata.namespace ?? "",
  pod: pod.metadata.name,
});

const counted = [
  {
    name: "cpu_usage_seconds_total",
    type: "counter",
    help: (of: string) => `Cumulative cpu time consumed by the ${of} in core-seconds`,
    valueOf: ({ cpuSeconds }: Usage) => cpuSeconds,
  },
  {
    name: "memory_working_set_bytes",
    type: "gauge",
    help: (of: string) => `Current working set of the ${of} in bytes`,
    valueOf: ({ memoryBytes }: Usage) => memoryBytes,
  },
] as const;

/** What each of a node, its Pods and their containers uses. */
export function resourceMetrics(node: MeasuredNode): Metric[] {
  const atMs = node.nowMs;
  const containers = node.pods.flatMap(({ pod, containers: all }) =>
    all.map((one) => ({ ...one, labels: { container: one.container.name, ...podLabels(pod) } })),
  );
  const groups: [of: string, parts: (Usage & { labels?: Labels })[]][] = [
    ["container", containers],
    ["node", [node]],
    ["pod", node.pods.map((one) => ({ ...one, labels: podLabels(one.pod) }))],
  ];
  const sample = (labels: Labels | undefined, value: number): Sample => ({
    ...(labels ? { labels } : {}),
    value,
    atMs,
  });
  const usage = groups.flatMap(([of, parts]) =>
    counted.map(({ name, type, help, valueOf }): Metric => ({
      name: `${of}_${name}`,
      type,
      help: `[STABLE] ${help(of)}`,
      samples: parts.map((part) => sample(part.labels, valueOf(part))),
    })),
  );
  return [
    ...usage,
    {
      name: "container_start_time_seconds",
      type: "gauge",
      help: "[STABLE] Start time of the container since unix epoch in seconds",
      samples: containers.map((one) => sample(one.labels, one.startedAtMs / 1000)),
    },
    {
      name: "resource_scrape_error",
      type: "gauge",
      help: "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
      samples: [{ value: 0 }],
    },
  ];
}
