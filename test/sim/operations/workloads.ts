/** What users change of Jobs, CronJobs and StatefulSets. */
import type { Any, Simulation } from "../simulation.ts";
import { any, path, resources, target, type OperationRow } from "./targets.ts";
import { policies, schedules } from "../workload-manifests.ts";

/** What the API does not let change it refuses, and nothing happens. */
function change(sim: Simulation, of: string, at: number, spec: (object: Any) => object): void {
  const object = target(sim, resources[of] as string, at);
  if (object) sim.patch(`${path(of)}/${object.metadata.name}`, { spec: spec(object) });
}

export const workloadOperations: OperationRow[] = [
  {
    what: "suspend or resume a job",
    weight: 3,
    make: (chance) => ({ at: any(chance), suspend: chance.in100(50) }),
    run: (sim, { at, suspend }) => change(sim, "jobs", at, () => ({ suspend })),
  },
  {
    what: "resize a job",
    weight: 3,
    make: (chance) => ({ at: any(chance), to: chance.below(6), elastic: chance.in100(40) }),
    run: (sim, { at, to, elastic }) =>
      change(sim, "jobs", at, ({ spec }) =>
        elastic && spec.completionMode === "Indexed"
          ? { parallelism: to, completions: to }
          : { parallelism: to },
      ),
  },
  {
    what: "give a job a deadline",
    weight: 1,
    make: (chance) => ({ at: any(chance), seconds: chance.pick([1, 60, null]) }),
    run: (sim, { at, seconds }) =>
      change(sim, "jobs", at, () => ({ activeDeadlineSeconds: seconds })),
  },
  {
    what: "change a cron job",
    weight: 4,
    make: (chance) => ({
      at: any(chance),
      spec: chance.pick([
        { suspend: true },
        { suspend: false },
        { suspend: false },
        { schedule: chance.pick(schedules) },
        { concurrencyPolicy: chance.pick(policies) },
        { successfulJobsHistoryLimit: chance.below(3), failedJobsHistoryLimit: chance.below(3) },
        { startingDeadlineSeconds: chance.pick([20, 200, null]) },
      ]),
    }),
    run: (sim, { at, spec }) => change(sim, "crons", at, () => spec),
  },
  {
    what: "change a stateful set",
    weight: 4,
    make: (chance) => ({
      at: any(chance),
      spec: chance.pick([
        { updateStrategy: { type: "OnDelete", rollingUpdate: null } },
        { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } } },
        {
          updateStrategy: {
            type: "RollingUpdate",
            rollingUpdate: { partition: chance.below(4), maxUnavailable: chance.pick([1, 2]) },
          },
        },
        { minReadySeconds: chance.pick([0, 5]) },
        { ordinals: { start: chance.below(3) } },
        {
          persistentVolumeClaimRetentionPolicy: {
            whenDeleted: "Delete",
            whenScaled: chance.pick(["Delete", "Retain"]),
          },
        },
      ]),
    }),
    run: (sim, { at, spec }) => change(sim, "stateful", at, () => spec),
  },
];
