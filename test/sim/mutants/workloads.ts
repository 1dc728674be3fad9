/** Planted faults of the controllers of Jobs, CronJobs and StatefulSets. */
import { cronJobController } from "../../../durable-objects/engine/controllers/cron-job/cron-job.ts";
import { jobController } from "../../../durable-objects/engine/controllers/job/job.ts";
import { statefulSetController } from "../../../durable-objects/engine/controllers/stateful-set/stateful-set.ts";
import type { Client, Controller } from "../../../durable-objects/engine/ports/controller.ts";
import { patch, through, type Mutant } from "./mutant.ts";
import type { Any } from "../simulation.ts";

/** A controller that reads another spec than there is. */
const reads = (controller: Controller, kind: string, change: (spec: Any) => object) =>
  through(controller, (client) => ({
    get: (resource: string, namespace: string, name: string) => {
      const object: Any = client.get(resource, namespace, name);
      return object?.kind === kind
        ? { ...object, spec: { ...object.spec, ...change(object.spec) } }
        : object;
    },
  }));

/** A controller that writes another status than it means to. */
const tells = (controller: Controller, kind: string, change: (status: Any) => object) =>
  through(controller, (client) => ({
    update: (resource: string, object: Any, subresource?: "status") =>
      client.update(
        resource,
        object.kind === kind && subresource === "status"
          ? { ...object, status: { ...object.status, ...change(object.status) } }
          : object,
        subresource,
      ),
  }));

const jobs: Mutant[] = [
  {
    name: "a Job adds what it counts to what it has counted, twice",
    by: "a Job never counts a Pod twice",
    plant: () =>
      tells(jobController, "Job", ({ failed }) => (failed ? { failed: failed + 1 } : {})),
  },
  {
    name: "a Job sees every second of its Pods only",
    by: "a Job makes no Pod too many",
    plant: () =>
      through(jobController, (client) => ({
        byIndex: (index: string, value: string) =>
          client.byIndex(index, value).filter((_, i) => i % 2 === 0),
      })),
  },
  {
    name: "a Job gives up one failure early",
    by: "a Job ends for a reason, and last",
    plant: () =>
      reads(jobController, "Job", ({ backoffLimit }) => ({ backoffLimit: backoffLimit - 1 })),
  },
  {
    name: "a Job keeps the finalizers of its Pods",
    by: "what a Job counts is there",
    plant: () => through(jobController, () => ({ modify: () => undefined })),
  },
];

const cronJobs: Mutant[] = [
  {
    name: "a CronJob's clock is fast",
    by: "a CronJob makes the Job of its latest run, once",
    plant: () => through(cronJobController, (client) => ({ now: client.now + 30_000 })),
  },
  {
    name: "a CronJob does not know how late it may be",
    by: "a CronJob makes the Job of its latest run, once",
    plant: () =>
      reads(cronJobController, "CronJob", () => ({ startingDeadlineSeconds: undefined })),
  },
  {
    name: "a CronJob is never suspended",
    by: "a CronJob makes the Job of its latest run, once",
    plant: () => reads(cronJobController, "CronJob", () => ({ suspend: false })),
  },
  {
    name: "a CronJob allows what it is to forbid",
    by: "a CronJob heeds its concurrencyPolicy",
    plant: () => reads(cronJobController, "CronJob", () => ({ concurrencyPolicy: "Allow" })),
  },
  {
    name: "a CronJob sets no timer",
    by: "a CronJob misses no run without a reason",
    plant: () =>
      patch(
        cronJobController,
        "reconcile",
        (was: Controller["reconcile"]) => (key: string, client: Client) => {
          was(key, client);
          return undefined;
        },
      ),
  },
  {
    name: "a CronJob deletes no Job",
    by: "a CronJob knows its Jobs, and keeps no more than it may",
    plant: () => through(cronJobController, () => ({ delete: () => undefined })),
  },
];

const statefulSets: Mutant[] = [
  {
    name: "a StatefulSet makes Pods of names that nobody has",
    by: "a StatefulSet never has two Pods of one ordinal",
    plant: () =>
      through(statefulSetController, (client) => ({
        create: (resource: string, object: Any) =>
          client.create(
            resource,
            resource === "pods"
              ? {
                  ...object,
                  metadata: { ...object.metadata, name: `${object.metadata.name}-again` },
                }
              : object,
          ),
      })),
  },
  {
    name: "a StatefulSet waits for nobody",
    by: "a StatefulSet starts its Pods in order",
    plant: () =>
      reads(statefulSetController, "StatefulSet", () => ({ podManagementPolicy: "Parallel" })),
  },
  {
    name: "a StatefulSet takes one Pod too many",
    by: "a StatefulSet takes no Pod that is to stay",
    plant: () =>
      reads(statefulSetController, "StatefulSet", ({ updateStrategy }) => ({
        updateStrategy:
          updateStrategy.type === "RollingUpdate"
            ? { ...updateStrategy, rollingUpdate: { partition: 0, maxUnavailable: 3 } }
            : updateStrategy,
      })),
  },
  {
    name: "a StatefulSet does not count what is ready",
    by: "a StatefulSet is as declared, or something says why",
    plant: () =>
      tells(statefulSetController, "StatefulSet", () => ({
        readyReplicas: 0,
        availableReplicas: 0,
      })),
  },
];

export const workloadMutants: readonly Mutant[] = [
  ...jobs,
  ...cronJobs.map((mutant) => ({ ...mutant, theme: "schedules" })),
  ...statefulSets.map((mutant) => ({ ...mutant, theme: "sets" })),
];
