/** What operations are, and what they are about. */
import type { Chance } from "../chance.ts";
import type { Any, Simulation } from "../simulation.ts";

export type Operation = { what: string } & Record<string, Any>;

export interface OperationRow {
  what: string;
  weight: number;
  make(chance: Chance): Record<string, Any>;
  run(sim: Simulation, operation: Any): void;
}

/** What is created, and where. */
export interface Made {
  of: string;
  manifest: unknown;
}
export type Maker = (chance: Chance) => Made;

export const namespace = "lab";
export const paths: Record<string, string> = {
  pods: `/api/v1/namespaces/${namespace}/pods`,
  services: `/api/v1/namespaces/${namespace}/services`,
  quotas: `/api/v1/namespaces/${namespace}/resourcequotas`,
  controllers: `/api/v1/namespaces/${namespace}/replicationcontrollers`,
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  sets: `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  daemons: `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
  stateful: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  crons: `/apis/batch/v1/namespaces/${namespace}/cronjobs`,
  claims: `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
  images: "/apis/podyard.dev/v1/images",
  budgets: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
};
export const resources: Record<string, string> = {
  pods: "pods",
  services: "services",
  deployments: "deployments.apps",
  sets: "replicasets.apps",
  daemons: "daemonsets.apps",
  stateful: "statefulsets.apps",
  jobs: "jobs.batch",
  crons: "cronjobs.batch",
  controllers: "replicationcontrollers",
};

export const path = (of: string): string => paths[of] as string;
export const any = (chance: Chance): number => chance.below(10_000);

/** The object that a number means now. */
export function target(
  sim: Simulation,
  resource: string,
  number: number,
  own = true,
): Any | undefined {
  const list = own ? sim.all(resource, namespace) : sim.all(resource);
  return list.length ? list[number % list.length] : undefined;
}

export const ready = (pod: Any): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some((c: Any) => c.type === "Ready" && c.status === "True");
