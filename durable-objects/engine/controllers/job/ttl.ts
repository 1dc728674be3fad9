/** Deletes finished Jobs after spec.ttlSecondsAfterFinished. k8s: pkg/controller/ttlafterfinished */
import { parseTime } from "../../core/clock.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { isFinished, type Job, jobs } from "../../kinds/batch/shape.ts";
import type { Client, Controller, Due } from "../../ports/controller.ts";

const needsCleanup = (job: Job): boolean =>
  job.spec.ttlSecondsAfterFinished !== undefined &&
  !job.metadata.deletionTimestamp &&
  isFinished(job);

export const ttlAfterFinishedController: Controller = {
  name: "ttlafterfinished",
  component: "ttl-after-finished-controller",
  wakesOn: {
    [jobs]: ({ op, namespace, name, object }) =>
      op !== "delete" && needsCleanup(object as Job) ? [objectKey(namespace, name)] : undefined,
  },
  reconcile,
};

function reconcile(key: string, client: Client): Due {
  const { namespace, name } = splitKey(key);
  const job = client.get<Job>(jobs, namespace, name);
  if (!job || !needsCleanup(job)) return undefined;
  const end = job.status?.conditions?.find(
    (c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True",
  );
  const expiresAt =
    parseTime(end?.lastTransitionTime) + (job.spec.ttlSecondsAfterFinished ?? 0) * 1000;
  if (!(expiresAt <= client.now)) return Number.isNaN(expiresAt) ? undefined : expiresAt;
  client.delete(jobs, namespace, name, {
    propagationPolicy: "Foreground",
    preconditions: { uid: job.metadata.uid },
  });
  return undefined;
}
