/** What a Job is made of. k8s: staging/src/k8s.io/api/batch/v1/types.go */
import type * as batch from "kubernetes-types/batch/v1";
import type { KubeObject } from "../../core/object.ts";
import type { PodTemplateSpec } from "../pod/types.ts";

/** As stored: defaulted and valid. */
export interface JobSpec extends Omit<batch.JobSpec, "template"> {
  parallelism: number;
  backoffLimit: number;
  template: PodTemplateSpec;
}
export type JobStatus = batch.JobStatus;
export type JobCondition = batch.JobCondition;
export type PodFailurePolicy = batch.PodFailurePolicy;
export type SuccessPolicy = batch.SuccessPolicy;
export interface Job extends KubeObject {
  spec: JobSpec;
  status?: JobStatus;
}

export const jobs = "jobs.batch";

export const jobNameLabel = "batch.kubernetes.io/job-name";
export const controllerUidLabel = "batch.kubernetes.io/controller-uid";
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
/** Of Pods: an annotation and a label of one name. */
export const completionIndexKey = "batch.kubernetes.io/job-completion-index";
/** The controller that looks after Jobs whose spec.managedBy says nothing else. */
export const jobControllerName = "kubernetes.io/job-controller";

export const isIndexed = ({ completionMode }: { completionMode?: string | undefined }): boolean =>
  completionMode === "Indexed";

export const hasCondition = (status: JobStatus | undefined, type: string): boolean =>
  status?.conditions?.some((c) => c.type === type && c.status === "True") ?? false;

/** k8s: pkg/controller/job/util IsJobFinished */
export const isFinished = ({ status }: Job): boolean =>
  hasCondition(status, "Complete") || hasCondition(status, "Failed");
