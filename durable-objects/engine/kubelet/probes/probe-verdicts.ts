/** Probes of a whole Pod, and what follows from a failed one. */
import { beginKill } from "../kill.ts";
import { runProbes } from "./worker.ts";
import { shouldRestart } from "../restart.ts";
import { podContainers } from "../../kinds/pod/types.ts";
import type { Sync } from "../sync.ts";

/** Runs due probes; a failed liveness or startup probe ends its container. */
export function probe(sync: Sync, dying: boolean): void {
  const { spec } = sync.pod;
  for (const { container, kind } of podContainers(spec)) {
    const record = sync.record.containers[container.name];
    if (!record) continue;
    const verdict = runProbes(sync, container, kind, record, dying);
    if (!verdict) continue;
    const failed = verdict === "liveness" ? container.livenessProbe : container.startupProbe;
    const restart = shouldRestart(container, kind, spec, 137);
    beginKill(sync, container, kind, record, {
      message: `Container ${container.name} failed ${verdict} probe${restart ? ", will be restarted" : ""}`,
      graceSeconds:
        failed?.terminationGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30,
      restart,
    });
  }
}
