/** /metrics/cadvisor, as far as a simulated kernel counts it. cadvisor: metrics/prometheus.go; k8s: pkg/kubelet/server/server.go */
import { defaultCapacity, kernelRelease, osImage } from "../../core/machine-facts.ts";
import { milliValue, value } from "../../machinery/quantity.ts";
import type { Labels, Metric } from "../../machinery/prometheus.ts";
import { cpuShares } from "../../runtime/fs/kernel-files.ts";
import { podGroup } from "../../runtime/fs/pod-cgroups.ts";
import type { MeasuredContainer, MeasuredNode, Usage } from "./measured.ts";
import { cpuPressure, ofNode, together, type Pressure } from "./pressure.ts";

interface Group extends Usage {
  labels: Labels;
  startedAtMs: number;
  pressure: Pressure;
  own?: MeasuredContainer;
}

/** Control groups: all of the node, each Pod's, each container's. */
function groupsOf(node: MeasuredNode): Group[] {
  const whole = { container: "", image: "", name: "", namespace: "", pod: "" };
  const groups: Group[] = [{ ...node, labels: { ...whole, id: "/" }, pressure: ofNode(node) }];
  for (const measured of node.pods) {
    const { namespace = "", name: pod } = measured.pod.metadata;
    const slice = podGroup(measured.pod);
    const pressures = measured.containers.map((one) => cpuPressure(one, node.nowMs));
    const pressure = together(pressures);
    groups.push({ ...measured, labels: { ...whole, id: slice, namespace, pod }, pressure });
    for (const [i, own] of measured.containers.entries()) {
      const { id, image } = own;
      const container = own.container.name;
      const scope = `${slice}/cri-containerd-${id}.scope`;
      const labels = { container, id: scope, image, name: id, namespace, pod };
      groups.push({ ...own, labels, own, pressure: pressures[i]! });
    }
  }
  return groups;
}

/** k8s: pkg/kubelet/cm/helpers_linux.go QuotaPeriod */
const quotaPeriodUs = 100_000;

type Row = [
  name: string,
  type: "counter" | "gauge",
  help: string,
  /** Undefined: such a group has none. */
  valueOf: (group: Group, nowMs: number) => number | undefined,
];

/** Two rows for what tasks may wait for: all of them at once, and some. */
const pressureRows = (of: string, said: string, isCpu = false): Row[] =>
  (["full", "some"] as const).map((which) => [
    `container_pressure_${of}_${which === "full" ? "stalled" : "waiting"}_seconds_total`,
    "counter",
    which === "full"
      ? `Total time duration no tasks in the container could make progress due to ${said} congestion.`
      : `Total time duration tasks in the container have waited due to ${said} congestion.`,
    ({ pressure }) => (isCpu ? pressure[which] * pressure.seconds : 0),
  ]);

const rows: readonly Row[] = [
  [
    "container_last_seen",
    "gauge",
    "Last time a container was seen by the exporter",
    (_group, nowMs) => Math.floor(nowMs / 1000),
  ],
  ["container_memory_rss", "gauge", "Size of RSS in bytes.", ({ memoryBytes }) => memoryBytes],
  [
    "container_memory_usage_bytes",
    "gauge",
    "Current memory usage in bytes, including all memory regardless of when it was accessed",
    ({ memoryBytes }) => memoryBytes,
  ],
  [
    "container_memory_working_set_bytes",
    "gauge",
    "Current working set in bytes.",
    ({ memoryBytes }) => memoryBytes,
  ],
  ...pressureRows("cpu", "CPU", true),
  ...pressureRows("io", "IO"),
  ...pressureRows("memory", "memory"),
  [
    "container_spec_cpu_period",
    "gauge",
    "CPU period of the container.",
    ({ own }) => (own ? quotaPeriodUs : undefined),
  ],
  [
    "container_spec_cpu_quota",
    "gauge",
    "CPU quota of the container.",
    ({ own }) => {
      const limit = milliValue(own?.container.resources?.limits?.["cpu"]);
      return limit > 0 ? (limit * quotaPeriodUs) / 1000 : undefined;
    },
  ],
  [
    "container_spec_cpu_shares",
    "gauge",
    "CPU share of the container.",
    ({ own }) => own && cpuShares(milliValue(own.container.resources?.requests?.["cpu"])),
  ],
  [
    "container_spec_memory_limit_bytes",
    "gauge",
    "Memory limit for the container.",
    ({ own }) => own && value(own.container.resources?.limits?.["memory"]),
  ],
  [
    "container_start_time_seconds",
    "gauge",
    "Start time of the container since unix epoch in seconds.",
    ({ startedAtMs }) => Math.floor(startedAtMs / 1000),
  ],
];

function machine({ info }: MeasuredNode, name: string, help: string, amount: number): Metric {
  const labels = {
    boot_id: info.bootID,
    machine_id: info.machineID,
    system_uuid: info.systemUUID,
  };
  return { name, type: "gauge", help, samples: [{ labels, value: amount }] };
}

/** What cAdvisor tells of a node's control groups. */
export function cadvisorMetrics(node: MeasuredNode): Metric[] {
  const atMs = node.nowMs;
  const groups = groupsOf(node);
  const versions = { cadvisorRevision: "", cadvisorVersion: "", dockerVersion: "" };
  return [
    {
      name: "cadvisor_version_info",
      type: "gauge",
      help: "A metric with a constant '1' value labeled by kernel version, OS version, docker version, cadvisor version & cadvisor revision.",
      samples: [
        { labels: { ...versions, kernelVersion: kernelRelease, osVersion: osImage }, value: 1 },
      ],
    },
    {
      name: "container_cpu_usage_seconds_total",
      type: "counter",
      help: "Cumulative cpu time consumed in seconds.",
      samples: groups.map(({ labels, cpuSeconds }) => ({
        labels: { ...labels, cpu: "total" },
        value: cpuSeconds,
        atMs,
      })),
    },
    ...rows.map(([name, type, help, valueOf]): Metric => ({
      name,
      type,
      help,
      samples: groups.flatMap((group) => {
        const amount = valueOf(group, atMs);
        return amount === undefined ? [] : [{ labels: group.labels, value: amount, atMs }];
      }),
    })),
    machine(node, "machine_cpu_cores", "Number of logical CPU cores.", defaultCapacity.cpus),
    machine(
      node,
      "machine_memory_bytes",
      "Amount of memory installed on the machine.",
      node.memoryCapacityBytes,
    ),
    {
      name: "machine_scrape_error",
      type: "gauge",
      help: "1 if there was an error while getting machine metrics, 0 otherwise.",
      samples: [{ value: 0 }],
    },
  ];
}
