/** emptyDir volumes against their sizeLimit. k8s: pkg/kubelet/eviction/eviction_manager.go emptyDirLimitEviction */
import { evictionPeriodMs } from "../limits.ts";
import { newQuantity, parseQuantity, value } from "../schema/quantity.ts";
import { endPod } from "./ending.ts";
import type { Sync } from "./sync.ts";
import { podEvent, want } from "./sync.ts";

/** Looked at on the eviction manager's grid; the next moment of it is asked for only while something is over. */
export function weighVolumes(sync: Sync): void {
  for (const volume of sync.pod.spec.volumes ?? []) {
    const limit = volume.emptyDir?.sizeLimit;
    if (limit === undefined || value(limit) === 0) continue;
    const bytes = sync.runtime.volumeBytes?.(sync.context, sync.record.uid, volume.name) ?? 0;
    if (bytes <= value(limit)) continue;
    const past = (sync.now - sync.record.startedAtMs) % evictionPeriodMs;
    if (past >= 1 && past <= evictionPeriodMs - 1) {
      want(sync, sync.now - past + evictionPeriodMs);
      continue;
    }
    const text = parseQuantity(limit)?.text ?? newQuantity(value(limit)).text;
    // The trailing space is upstream's.
    const message = `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${text}". `;
    podEvent(sync, "Warning", "Evicted", message);
    sync.record.verdict = { reason: "Evicted", message, graceSeconds: 1 };
    endPod(sync);
    return;
  }
}
