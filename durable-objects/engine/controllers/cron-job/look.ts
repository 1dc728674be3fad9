/** What one look at a CronJob has in hands. */
import type { CronJob, CronJobStatus } from "../../kinds/batch/cron-job.ts";
import type { Client } from "../../ports/controller.ts";

/** Of Events. k8s: cronjob_controllerv2.go NewControllerV2 */
export const component = "cronjob-controller";

/** `status` is a draft of the next one. */
export interface Look {
  client: Client;
  cron: CronJob;
  status: CronJobStatus;
}

export const tell = (
  { client, cron }: Look,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
): void => client.event(cron, type, reason, message, { component });
