/** Jobs, CronJobs and StatefulSets that a scenario creates. */
import type { Chance } from "./chance.ts";
import type { Made, Maker } from "./operations/targets.ts";
import { apps, named, template } from "./templates.ts";

type Fields = Record<string, unknown>;

/** Ends well, badly, late or not at all; or as its index, or chance, has it. */
function script(chance: Chance, indexed: boolean): string {
  const end = chance.pick([
    "exit 0",
    "exit 0",
    "exit 0",
    "exit 1",
    "exit 3",
    indexed ? "exit $((JOB_COMPLETION_INDEX % 2))" : "exit $((RANDOM % 2))",
    "sleep 3600",
  ]);
  return `sleep ${chance.pick([0, 1, 4, 20])}; ${end}`;
}

function indexedSpec(chance: Chance, completions: number): Fields {
  const spec: Fields = { completionMode: "Indexed", completions };
  if (chance.in100(40)) {
    spec["backoffLimitPerIndex"] = chance.below(2);
    if (chance.in100(50)) spec["maxFailedIndexes"] = chance.below(completions);
  } else spec["backoffLimit"] = chance.below(4);
  if (chance.in100(25)) {
    const rules = [chance.pick([{ succeededIndexes: "0" }, { succeededCount: 1 }])];
    spec["successPolicy"] = { rules };
  }
  return spec;
}

function jobSpec(chance: Chance): Fields {
  const indexed = chance.in100(40);
  const completions = 1 + chance.below(5);
  const spec: Fields = indexed
    ? indexedSpec(chance, completions)
    : { backoffLimit: chance.below(4), ...(chance.in100(80) ? { completions } : {}) };
  if (chance.in100(70)) spec["parallelism"] = chance.below(5);
  if (chance.in100(15)) spec["activeDeadlineSeconds"] = chance.pick([5, 40]);
  if (chance.in100(20)) spec["ttlSecondsAfterFinished"] = chance.pick([0, 30]);
  const restartPolicy = chance.pick(["Never", "Never", "OnFailure"]);
  if (restartPolicy === "Never" && chance.in100(25)) {
    const actions = ["FailJob", "Ignore", "Count"];
    if (spec["backoffLimitPerIndex"] !== undefined) actions.push("FailIndex");
    const onExitCodes = { operator: "In", values: [3] };
    spec["podFailurePolicy"] = { rules: [{ action: chance.pick(actions), onExitCodes }] };
  } else if (chance.in100(25)) spec["podReplacementPolicy"] = "Failed";
  const container = {
    name: "main",
    image: "busybox:1.36",
    command: ["sh", "-c", script(chance, indexed)],
  };
  const grace = chance.pick([{}, { terminationGracePeriodSeconds: 1 }]);
  spec["template"] = {
    metadata: { labels: { app: "batch" } },
    spec: { restartPolicy, ...grace, containers: [container] },
  };
  return spec;
}

function job(chance: Chance): Made {
  const spec = jobSpec(chance);
  if (chance.in100(20)) spec["suspend"] = true;
  const metadata = { name: `j-${chance.below(3)}` };
  return { of: "jobs", manifest: { apiVersion: "batch/v1", kind: "Job", metadata, spec } };
}

/** Each fits into an hour, so that its runs are multiples of it. */
export const schedules = ["* * * * *", "* * * * *", "*/2 * * * *", "*/5 * * * *"];
export const policies = ["Allow", "Forbid", "Replace"];

export function cronJob(chance: Chance): Made {
  const spec: Fields = {
    schedule: chance.pick(schedules),
    concurrencyPolicy: chance.pick(policies),
    jobTemplate: { spec: jobSpec(chance) },
  };
  if (chance.in100(40)) spec["successfulJobsHistoryLimit"] = chance.below(3);
  if (chance.in100(40)) spec["failedJobsHistoryLimit"] = chance.below(3);
  if (chance.in100(25)) spec["startingDeadlineSeconds"] = chance.pick([20, 200]);
  if (chance.in100(15)) spec["suspend"] = true;
  const metadata = named(chance, "c");
  return { of: "crons", manifest: { apiVersion: "batch/v1", kind: "CronJob", metadata, spec } };
}

function updateStrategy(chance: Chance): Fields {
  if (chance.in100(15)) return { type: "OnDelete" };
  const rollingUpdate: Fields = {};
  if (chance.in100(30)) rollingUpdate["partition"] = chance.below(4);
  if (chance.in100(30)) rollingUpdate["maxUnavailable"] = chance.pick([2, "50%"]);
  return { type: "RollingUpdate", rollingUpdate };
}

const claimTemplate = {
  metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};

export function statefulSet(chance: Chance): Made {
  const app = chance.pick(apps);
  const metadata = named(chance, `t-${app}`);
  const labels = { app, of: metadata.name };
  const spec: Fields = {
    replicas: chance.below(5),
    serviceName: `svc-${app}-0`,
    selector: { matchLabels: labels },
    template: { ...template(chance, app), metadata: { labels } },
    updateStrategy: updateStrategy(chance),
  };
  if (chance.in100(35)) spec["podManagementPolicy"] = "Parallel";
  if (chance.in100(25)) spec["minReadySeconds"] = chance.pick([1, 10]);
  if (chance.in100(15)) spec["ordinals"] = { start: chance.pick([1, 3]) };
  if (chance.in100(20)) spec["revisionHistoryLimit"] = chance.below(3);
  if (chance.in100(25)) {
    spec["volumeClaimTemplates"] = [claimTemplate];
    const kept = (): string => chance.pick(["Retain", "Delete"]);
    spec["persistentVolumeClaimRetentionPolicy"] = { whenDeleted: kept(), whenScaled: kept() };
  }
  return {
    of: "stateful",
    manifest: { apiVersion: "apps/v1", kind: "StatefulSet", metadata, spec },
  };
}

export const workloadMakers: { weight: number; make: Maker }[] = [
  { weight: 5, make: job },
  { weight: 3, make: cronJob },
  { weight: 5, make: statefulSet },
];
