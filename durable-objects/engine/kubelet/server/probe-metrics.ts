/** /metrics/probes. k8s: pkg/kubelet/prober/prober_manager.go ProberResults */
import { objectKey } from "../../core/object.ts";
import { isSidecar, type Pod, podContainers } from "../../kinds/pod/types.ts";
import type { Metric, Sample } from "../../machinery/prometheus.ts";
import type { Client } from "../../ports/controller.ts";
import { attemptsOf, specOf } from "../probes/worker.ts";
import { kubeletTable, type PodRecord, type ProbeKind } from "../record.ts";
import { podLabels } from "./resource-metrics.ts";

const titles: Record<ProbeKind, string> = {
  liveness: "Liveness",
  readiness: "Readiness",
  startup: "Startup",
};
/** As they are counted. */
const results = ["successful", "failed", "unknown"] as const;

function samplesOf(client: Client, pod: Pod): Sample[] {
  const key = objectKey(pod.metadata.namespace, pod.metadata.name);
  const record = client.records.get<PodRecord>(kubeletTable, key);
  if (!record || record.done) return [];
  const samples: Sample[] = [];
  for (const { container, kind } of podContainers(pod.spec)) {
    if (kind === "ephemeral" || (kind === "init" && !isSidecar(container, kind))) continue;
    const probes = record.containers[container.name]?.probes ?? {};
    for (const probe of Object.keys(titles) as ProbeKind[]) {
      const state = probes[probe];
      const spec = specOf(container, probe);
      if (!state || !spec) continue;
      const counts = attemptsOf(state, spec, client.now);
      for (const [i, result] of results.entries()) {
        const value = counts?.[i] ?? 0;
        const labels = {
          ...podLabels(pod),
          container: container.name,
          pod_uid: record.uid,
          probe_type: titles[probe],
          result,
        };
        if (value > 0) samples.push({ labels, value });
      }
    }
  }
  return samples;
}

/** How often each probe of a node's Pods was made. */
export const probeMetrics = (client: Client, pods: readonly Pod[]): Metric[] => [
  {
    name: "prober_probe_total",
    type: "counter",
    help: "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.",
    samples: pods.flatMap((pod) => samplesOf(client, pod)),
  },
];
