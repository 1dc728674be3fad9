/** How often containers of a node have ended, as its kubelet counts them. k8s: pkg/kubelet/status/status_manager.go checkAndRecordTerminations */
import type { ContainerState, ContainerStatus, PodStatus } from "../../kinds/pod/types.ts";
import type { Metric } from "../../machinery/prometheus.ts";
import type { Client } from "../../ports/controller.ts";
import type { Sync } from "../sync.ts";

/** By node: how many by kind of container, exit code and reason. */
const table = "kubelet-terminations";
type Counts = Record<string, number>;

const kinds = [
  ["init_container", "initContainerStatuses"],
  ["container", "containerStatuses"],
  ["ephemeral_container", "ephemeralContainerStatuses"],
] as const;

type Terminated = NonNullable<ContainerState["terminated"]>;
const nothing: readonly Terminated[] = [];

/** Those that have ended with a status, and had not before. */
function ended(
  before: readonly ContainerStatus[] = [],
  after: readonly ContainerStatus[] = [],
): readonly Terminated[] {
  let found: Terminated[] | undefined;
  for (const { name, state } of after) {
    if (!state?.terminated) continue;
    const known = before.find((one) => one.name === name)?.state?.terminated;
    if (!known) (found ??= []).push(state.terminated);
  }
  return found ?? nothing;
}

/** A Pod's status is about to be written. */
export function countTerminations(sync: Sync, old: PodStatus, status: PodStatus): void {
  const { records } = sync.client;
  let counts: Counts | undefined;
  for (const [kind, field] of kinds)
    for (const { exitCode, reason = "" } of ended(old[field], status[field])) {
      counts ??= { ...records.get<Counts>(table, sync.nodeName) };
      const key = `${kind} ${exitCode} ${reason}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  if (counts) records.put(table, sync.nodeName, counts);
}

export function terminationMetric(client: Client, node: string): Metric {
  const counts = Object.entries(client.records.get<Counts>(table, node) ?? {});
  return {
    name: "kubelet_terminated_containers_total",
    type: "counter",
    help: "[ALPHA] Cumulative number of container terminations.",
    samples: counts.map(([key, value]) => {
      const [container_type = "", exit_code = "", reason = ""] = key.split(" ");
      return { labels: { container_type, exit_code, reason }, value };
    }),
  };
}
