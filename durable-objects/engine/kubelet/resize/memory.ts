/** Memory limits that go down while a Pod runs. */
import { value } from "../../machinery/quantity.ts";
import { effectiveLimits, restartsFor } from "./resources.ts";
import { type PodSpec, isSidecar, podContainers } from "../../kinds/pod/types.ts";
import type { Sync } from "../sync.ts";

/** Why memory limits cannot go down now. k8s: kuberuntime_manager.go validateMemoryResizeAction */
export function memoryProblems(sync: Sync, spec: PodSpec): string | undefined {
  const { record } = sync;
  let used = 0;
  let podLimit: number | undefined = 0;
  let podBefore: number | undefined = 0;
  const tight: { name: string; limit: number; used: number }[] = [];
  for (const { container, kind } of podContainers(spec)) {
    const c = record.containers[container.name];
    if (kind === "ephemeral" || (kind === "init" && !isSidecar(container, kind))) continue;
    const limit = value(effectiveLimits(container.resources, spec.resources).limits?.["memory"]);
    const before = value(
      effectiveLimits(c?.runsWith ?? container.resources, record.runsWith ?? spec.resources)
        .limits?.["memory"],
    );
    podLimit = limit && podLimit !== undefined ? podLimit + limit : undefined;
    podBefore = before && podBefore !== undefined ? podBefore + before : undefined;
    if (c?.state !== "running") continue;
    const own = sync.runtime.usage(sync.context, sync.key, c.id ?? "").memoryBytes;
    used += own;
    const lower = limit > 0 && (before === 0 || limit < before);
    if (
      lower &&
      own >= limit &&
      !restartsFor(container, c.runsWith ?? {}, container.resources ?? {})
    )
      tight.push({ name: container.name, limit, used: own });
  }
  const all: string[] = [];
  const ownPod = spec.resources?.limits?.["memory"];
  if (ownPod) podLimit = value(ownPod);
  if (record.runsWith?.limits?.["memory"]) podBefore = value(record.runsWith.limits["memory"]);
  const lower = podLimit !== undefined && (podBefore === undefined || podLimit < podBefore);
  if (podLimit !== undefined && lower && used >= podLimit)
    all.push(`attempting to set pod memory limit (${podLimit}) below current usage (${used})`);
  for (const { name, limit } of tight)
    all.push(
      `attempting to set container "${name}" memory limit (${limit}) below current usage (${used})`,
    );
  if (all.length === 0) return undefined;
  return `cannot decrease memory limits: ${all.length === 1 ? all[0] : `[${all.join(", ")}]`}`;
}
