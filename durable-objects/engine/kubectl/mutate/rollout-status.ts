/** How far a rollout is. k8s: polymorphichelpers/rollout_status.go */
import { goQuote } from "../../machinery/field.ts";
import { Failure } from "../errors.ts";
import type { KubeObject } from "../objects.ts";

type Numbers = Record<string, number | undefined>;

interface Workload {
  spec: {
    replicas?: number;
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
  };
  status?: Numbers & {
    updateRevision?: string;
    currentRevision?: string;
    conditions?: { type: string; reason?: string }[];
  };
}

export interface Progress {
  text: string;
  done: boolean;
}

const going = (text: string): Progress => ({ text: `${text}\n`, done: false });
const over = (text: string): Progress => ({ text: `${text}\n`, done: true });

/** What is said of it now. Failure where it cannot get on. */
export function rolloutProgress(object: KubeObject, revision: number): Progress {
  const workload = object as unknown as Workload;
  const [name, kind] = [goQuote(object.metadata?.name ?? ""), object.kind];
  const status = (workload.status ?? {}) as Numbers;
  const generation = object.metadata?.generation ?? 0;
  const observed = status["observedGeneration"] ?? 0;
  if (kind === "Deployment") {
    checkRevision(object, revision);
    return generation > observed
      ? going("Waiting for deployment spec update to be observed...")
      : ofDeployment(workload, name);
  }
  if (workload.spec.updateStrategy?.type !== "RollingUpdate")
    throw new Failure("rollout status is only available for RollingUpdate strategy type");
  if (kind === "StatefulSet")
    return observed === 0 || generation > observed
      ? going("Waiting for statefulset spec update to be observed...")
      : ofStatefulSet(workload);
  if (generation > observed) return going("Waiting for daemon set spec update to be observed...");
  const desired = status["desiredNumberScheduled"] ?? 0;
  const updated = status["updatedNumberScheduled"] ?? 0;
  const available = status["numberAvailable"] ?? 0;
  const waiting = `Waiting for daemon set ${name} rollout to finish:`;
  if (updated < desired)
    return going(`${waiting} ${updated} out of ${desired} new pods have been updated...`);
  if (available < desired)
    return going(`${waiting} ${available} of ${desired} updated pods are available...`);
  return over(`daemon set ${name} successfully rolled out`);
}

function checkRevision({ metadata }: KubeObject, revision: number): void {
  if (revision <= 0) return;
  const own = Number(metadata?.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  if (own !== revision)
    throw new Failure(
      `desired revision (${revision}) is different from the running revision (${own})`,
    );
}

function ofDeployment({ spec, status = {} }: Workload, name: string): Progress {
  const { conditions = [] } = status;
  if (
    conditions.some(
      (one) => one.type === "Progressing" && one.reason === "ProgressDeadlineExceeded",
    )
  )
    throw new Failure(`deployment ${name} exceeded its progress deadline`);
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status as Numbers;
  const waiting = `Waiting for deployment ${name} rollout to finish:`;
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas)
    return going(
      `${waiting} ${updatedReplicas} out of ${spec.replicas} new replicas have been updated...`,
    );
  if (replicas > updatedReplicas)
    return going(
      `${waiting} ${replicas - updatedReplicas} old replicas are pending termination...`,
    );
  if (availableReplicas < updatedReplicas)
    return going(
      `${waiting} ${availableReplicas} of ${updatedReplicas} updated replicas are available...`,
    );
  return over(`deployment ${name} successfully rolled out`);
}

function ofStatefulSet({ spec, status = {} }: Workload): Progress {
  const { updateRevision = "", currentRevision = "" } = status;
  const { readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0 } = status as Numbers;
  const { replicas = 0 } = spec;
  if (readyReplicas < replicas)
    return going(`Waiting for ${replicas - readyReplicas} pods to be ready...`);
  const rolling = spec.updateStrategy?.rollingUpdate;
  if (rolling) {
    const wanted = replicas - (rolling.partition ?? 0);
    if (rolling.partition !== undefined && updatedReplicas < wanted)
      return going(
        `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted} new pods have been updated...`,
      );
    return over(`partitioned roll out complete: ${updatedReplicas} new pods have been updated...`);
  }
  if (updateRevision !== currentRevision)
    return going(
      `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`,
    );
  return over(
    `statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...`,
  );
}
