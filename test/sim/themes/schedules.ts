/** CronJobs that are held back, changed and late: a scenario that has many of them. */
import type { Simulation } from "../simulation.ts";
import { any, path, target, type OperationRow } from "../operations/targets.ts";
import { cronJob } from "../workload-manifests.ts";
import { workloadOperations } from "../operations/workloads.ts";
import type { Theme } from "./theme.ts";

const id = "cronjobs.batch";

function suspend(sim: Simulation, at: number, suspended: boolean): void {
  const found = target(sim, id, at);
  if (!found) return;
  sim.patch(`${path("crons")}/${found.metadata.name}`, { spec: { suspend: suspended } });
}

const operations: OperationRow[] = [
  {
    what: "make a cron job",
    weight: 4,
    make: (chance) => {
      const { manifest } = cronJob(chance) as { manifest: { spec: Record<string, unknown> } };
      if (chance.in100(40)) manifest.spec["startingDeadlineSeconds"] = chance.pick([20, 40]);
      return { manifest };
    },
    run: (sim, { manifest }) => void sim.request("POST", path("crons"), manifest),
  },
  {
    what: "hold back a cron job",
    weight: 5,
    make: (chance) => ({ at: any(chance), ms: 1_000 * (5 + chance.below(150)) }),
    run: (sim, { at, ms }) => {
      suspend(sim, at, true);
      sim.advance(ms);
      suspend(sim, at, false);
    },
  },
  {
    what: "let runs pass",
    weight: 5,
    make: (chance) => ({ ms: chance.pick([5_000, 30_000, 61_000, 130_000]) + chance.below(1_000) }),
    run: (sim, { ms }) => sim.advance(ms),
  },
  ...workloadOperations
    .filter(({ what }) => what === "change a cron job")
    .map((row) => ({ ...row, weight: 5 })),
];

export const schedules: Theme = {
  name: "schedules",
  weight: 1,
  births: 2,
  operations,
  share: 50,
};
