/** StatefulSets of several Pods, which are rolled over and changed: a scenario that has many of them. */
import { any, path, resources, target, type OperationRow } from "../operations/targets.ts";
import { images } from "../templates.ts";
import { statefulSet } from "../workload-manifests.ts";
import { workloadOperations } from "../operations/workloads.ts";
import type { Theme } from "./theme.ts";

/** Those that can be pulled. */
const good = images.slice(0, 4);

const operations: OperationRow[] = [
  {
    what: "make a stateful set",
    weight: 3,
    make: (chance) => {
      const { manifest } = statefulSet(chance) as { manifest: { spec: Record<string, unknown> } };
      manifest.spec["replicas"] = 2 + chance.below(3);
      return { manifest };
    },
    run: (sim, { manifest }) => void sim.request("POST", path("stateful"), manifest),
  },
  {
    what: "roll a stateful set over",
    weight: 5,
    make: (chance) => ({ at: any(chance), image: chance.pick(good) }),
    run: (sim, { at, image }) => {
      const found = target(sim, resources["stateful"] as string, at);
      if (!found) return;
      const containers = [{ name: "main", image }];
      const body = { spec: { template: { spec: { containers } } } };
      const type = "application/strategic-merge-patch+json";
      sim.patch(`${path("stateful")}/${found.metadata.name}`, body, type);
    },
  },
  {
    what: "let Pods start",
    weight: 6,
    make: (chance) => ({ ms: chance.pick([3_000, 20_000, 60_000, 120_000]) + chance.below(1_000) }),
    run: (sim, { ms }) => sim.advance(ms),
  },
  ...workloadOperations
    .filter(({ what }) => what === "change a stateful set")
    .map((row) => ({ ...row, weight: 3 })),
];

export const sets: Theme = { name: "sets", weight: 1, births: 2, operations, share: 50 };
