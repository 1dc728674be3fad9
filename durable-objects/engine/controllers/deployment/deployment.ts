/** Deployments make ReplicaSets and move Pods between them. k8s: pkg/controller/deployment/deployment_controller.go */
import { controllerOf, objectKey, splitKey, type Change } from "../../core/object.ts";
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";
import { claim, ownersOf, type OwnerKind } from "../workload/controller-ref.ts";
import { newSet } from "./new-replica-set.ts";
import { syncPausedCondition } from "./progress.ts";
import { recreate } from "./recreate.ts";
import { fresh, oldOf, replicaSets } from "./replica-sets.ts";
import { cleanUp } from "./revision.ts";
import { rollingUpdate } from "./rolling.ts";
import { component, isScaling, scaleAll } from "./scale.ts";
import { isRolling } from "./size.ts";
import { syncStatus } from "./status.ts";

const deployments: OwnerKind<Deployment> = {
  resource: "deployments.apps",
  kind: "Deployment",
  selector: (d) => labelSelector(d.spec.selector),
};

export const deploymentController: Controller = {
  name: "deployment",
  component,
  wakesOn: {
    [deployments.resource]: (change) => [objectKey(change.namespace, change.name)],
    [replicaSets]: (change, reader) => ownersOf(deployments, change, reader),
    pods: onPod,
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const d = client.get<Deployment>("deployments.apps", namespace, name);
    if (!d) return undefined;
    const sets = claim<ReplicaSet>(client, d, deployments.selector(d), {
      resource: replicaSets,
      kind: "ReplicaSet",
    });
    if (d.metadata.deletionTimestamp) return syncStatus(client, d, sets);
    const paused = syncPausedCondition(client, d);
    if (paused) return undefined;
    if (d.spec.paused || isScaling(d, sets)) return scaleOnly(client, d, sets);
    return isRolling(d) ? rollingUpdate(client, d, sets) : recreate(client, d, sets);
  },
};

/** Recreate waits for the last old Pod to be gone. */
function onPod(change: Change, reader: Reader): string[] | undefined {
  if (change.op !== "delete") return undefined;
  const owner = controllerOf(change.object);
  if (owner?.kind !== "ReplicaSet") return undefined;
  const set = reader.get<ReplicaSet>("replicasets.apps", change.namespace, owner.name);
  const parent = set && controllerOf(set);
  if (!parent) return undefined;
  const d = reader.get<Deployment>("deployments.apps", change.namespace, parent.name);
  return d && !isRolling(d) ? [objectKey(change.namespace, parent.name)] : undefined;
}

/** Paused or scaled: no new template rolls out, sizes follow. k8s: sync, scale */
function scaleOnly(client: Client, d: Deployment, sets: readonly ReplicaSet[]): number | undefined {
  const { current, deployment } = newSet(client, d, sets, false);
  const old = oldOf(sets, current);
  scaleAll(client, deployment, old, current);
  if (deployment.spec.paused) cleanUp(client, deployment, old);
  return syncStatus(client, deployment, fresh(client, current ? [...old, current] : old), current);
}
