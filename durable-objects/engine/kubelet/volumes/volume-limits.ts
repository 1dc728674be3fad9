/** Local storage against its limits. k8s: pkg/kubelet/eviction/eviction_manager.go localStorageEviction */
import { sumOfContainers } from "../../kinds/pod/resources.ts";
import { evictionPeriodMs } from "../../core/limits.ts";
import { newQuantity, parseQuantity, value } from "../../machinery/quantity.ts";
import { endPod } from "../ending.ts";
import { type Sync, podEvent, requeueAt } from "../sync.ts";

const resource = "ephemeral-storage";

const textOf = (limit: string): string =>
  parseQuantity(limit)?.text ?? newQuantity(value(limit)).text;

const volumeBytes = (sync: Sync, name: string): number =>
  sync.runtime.volumeBytes?.(sync.context, sync.record.uid, name) ?? 0;

function containerBytes(sync: Sync, name: string): number {
  const id = sync.record.containers[name]?.id;
  return id === undefined ? 0 : (sync.runtime.containerBytes?.(sync.context, sync.key, id) ?? 0);
}

/** Trailing spaces are upstream's. */
const checks: readonly ((sync: Sync) => string | undefined)[] = [
  function volumes(sync) {
    for (const { name, emptyDir } of sync.pod.spec.volumes ?? []) {
      const limit = emptyDir?.sizeLimit;
      if (limit === undefined || value(limit) === 0 || volumeBytes(sync, name) <= value(limit))
        continue;
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${textOf(limit)}". `;
    }
    return undefined;
  },
  function pod(sync) {
    const { spec } = sync.pod;
    const limit = limited(sync) ? sumOfContainers(spec, "limits")[resource]?.text : undefined;
    if (limit === undefined) return undefined;
    const names = Object.keys(sync.record.containers);
    let used = names.reduce((sum, name) => sum + containerBytes(sync, name), 0);
    for (const { name, emptyDir } of spec.volumes ?? [])
      if (emptyDir && emptyDir.medium !== "Memory") used += volumeBytes(sync, name);
    if (used <= value(limit)) return undefined;
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
  },
  function containers(sync) {
    for (const { name, resources } of sync.pod.spec.containers) {
      const limit = resources?.limits?.[resource];
      if (limit === undefined || value(limit) === 0) continue;
      if (containerBytes(sync, name) > value(limit))
        return `Container ${name} exceeded its local ephemeral storage limit "${textOf(limit)}". `;
    }
    return undefined;
  },
];

const limited = ({ pod }: Sync): boolean =>
  [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    (c) => c.resources?.limits?.[resource] !== undefined,
  );

/** Looked at on the eviction manager's grid; the next moment of it is asked for only while something is over. */
export function weighVolumes(sync: Sync): void {
  for (const check of checks) {
    const message = check(sync);
    if (message === undefined) continue;
    const past = (sync.now - sync.record.startedAtMs) % evictionPeriodMs;
    if (past >= 1 && past <= evictionPeriodMs - 1) {
      requeueAt(sync, sync.now - past + evictionPeriodMs);
      return;
    }
    podEvent(sync, "Warning", "Evicted", message);
    sync.record.verdict = { reason: "Evicted", message, graceSeconds: 1 };
    endPod(sync);
    return;
  }
}
