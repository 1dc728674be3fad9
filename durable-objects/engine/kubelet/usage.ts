/** What Pods use, as metrics-server would tell it: measured at the moment of asking, never stored. */
import { parseTime } from "../core/clock.ts";
import { objectKey } from "../core/object.ts";
import { runtimeContext, runtime } from "../cri/runtime.ts";
import { isSidecar, type Pod } from "../kinds/pod/types.ts";
import { metricsWindowMs } from "../core/limits.ts";
import type { Client } from "../ports/controller.ts";
import type { ContainerUsage, PodUsage } from "../ports/usage.ts";

/** Usage of a Pod's running containers; nothing before the first full window of each is over. */
export function podUsage(client: Client, pod: Pod): PodUsage | undefined {
  if (pod.status?.phase !== "Running") return undefined;
  const key = objectKey(pod.metadata.namespace, pod.metadata.name);
  const context = runtimeContext(client);
  const containers: ContainerUsage[] = [];
  for (const { name, state, containerID } of longRunning(pod)) {
    const startedAt = parseTime(state?.running?.startedAt);
    if (!containerID || !(client.now - startedAt >= metricsWindowMs)) return undefined;
    const id = containerID.slice(containerID.indexOf("//") + 2);
    containers.push({ name, ...runtime.usage(context, key, id) });
  }
  const atMs = client.now - (client.now % metricsWindowMs);
  return containers.length ? { containers, atMs, windowMs: metricsWindowMs } : undefined;
}

function longRunning(pod: Pod) {
  const sidecars = new Set(
    (pod.spec.initContainers ?? []).filter((c) => isSidecar(c, "init")).map((c) => c.name),
  );
  return [
    ...(pod.status?.initContainerStatuses ?? []).filter((s) => sidecars.has(s.name)),
    ...(pod.status?.containerStatuses ?? []),
  ];
}
