/** The kubelet's own /metrics, as far as they follow from what it does now. k8s: pkg/kubelet/metrics/metrics.go, collectors/volume_stats.go */
import { objectKey } from "../../core/object.ts";
import type { Node } from "../../kinds/node.ts";
import { type Pod, isMirror } from "../../kinds/pod/types.ts";
import { buildInfo, type Metric, type Sample } from "../../machinery/prometheus.ts";
import type { Client } from "../../ports/controller.ts";
import { kubeletTable, type PodRecord } from "../record.ts";
import { terminationMetric } from "./terminations.ts";
import type { MeasuredNode } from "./measured.ts";

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  type: "gauge",
  help,
  samples,
});

/** By whether they come from the API server. */
function byOrigin(pods: readonly Pod[]): Sample[] {
  const fixed = pods.filter(isMirror).length;
  return [
    { labels: { static: "" }, value: pods.length - fixed },
    { labels: { static: "true" }, value: fixed },
  ];
}

function containerStates(records: readonly PodRecord[]): Sample[] {
  const counts = { created: 0, exited: 0, running: 0, unknown: 0 };
  for (const { containers } of records)
    for (const { state, id } of Object.values(containers)) {
      if (state === "waiting") continue;
      if (id !== undefined) counts[state]++;
    }
  return Object.entries(counts)
    .filter(([, value]) => value > 0)
    .map(([state, value]) => ({ labels: { container_state: state }, value }));
}

function volumeMetrics({ pods }: MeasuredNode): Metric[] {
  const claimed = pods.flatMap(({ pod, volumes }) =>
    volumes.flatMap((volume) => {
      if (volume.claim === undefined) return [];
      const { namespace = "" } = pod.metadata;
      return [{ ...volume, labels: { namespace, persistentvolumeclaim: volume.claim } }];
    }),
  );
  const samples = (of: (volume: (typeof claimed)[number]) => number): Sample[] =>
    claimed.map((volume) => ({ labels: volume.labels, value: of(volume) }));
  return [
    gauge(
      "kubelet_volume_stats_available_bytes",
      "[ALPHA] Number of available bytes in the volume",
      samples(({ capacityBytes, usedBytes }) => Math.max(capacityBytes - usedBytes, 0)),
    ),
    gauge(
      "kubelet_volume_stats_capacity_bytes",
      "[ALPHA] Capacity in bytes of the volume",
      samples(({ capacityBytes }) => capacityBytes),
    ),
    gauge(
      "kubelet_volume_stats_used_bytes",
      "[ALPHA] Number of used bytes in the volume",
      samples(({ usedBytes }) => usedBytes),
    ),
  ];
}

/** What a kubelet counts of its node. */
export function ownMetrics(client: Client, node: Node, measured: MeasuredNode): Metric[] {
  const pods = client.byIndex<Pod>("pod.node", node.metadata.name);
  const recordOf = ({ metadata }: Pod): PodRecord | undefined =>
    client.records.get(kubeletTable, objectKey(metadata.namespace, metadata.name));
  const active = pods.filter((pod) => recordOf(pod)?.done === undefined);
  const records = pods.flatMap((pod) => recordOf(pod) ?? []);
  const { kubeletVersion = "" } = node.status?.nodeInfo ?? {};
  const [major = "", minor = ""] = kubeletVersion.slice(1).split(".");
  const build = { git_version: kubeletVersion, major, minor, platform: "linux/amd64" };
  return [
    gauge(
      "kubelet_active_pods",
      "[ALPHA] The number of pods the kubelet considers active and which are being considered when admitting new pods. static is true if the pod is not from the apiserver.",
      byOrigin(active),
    ),
    gauge(
      "kubelet_desired_pods",
      "[ALPHA] The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.",
      byOrigin(pods),
    ),
    gauge(
      "kubelet_mirror_pods",
      "[ALPHA] The number of mirror pods the kubelet will try to create (one per admitted static pod)",
      [{ value: pods.filter(isMirror).length }],
    ),
    gauge("kubelet_node_name", "[ALPHA] The node's name. The count is always 1.", [
      { labels: { node: node.metadata.name }, value: 1 },
    ]),
    gauge(
      "kubelet_running_containers",
      "[BETA] Number of containers currently running",
      containerStates(records),
    ),
    gauge("kubelet_running_pods", "[BETA] Number of pods that have a running pod sandbox", [
      { value: records.filter(({ sandbox }) => sandbox).length },
    ]),
    terminationMetric(client, node.metadata.name),
    buildInfo(build),
    ...volumeMetrics(measured),
  ];
}
