/** Recreate: new Pods come when all old ones are gone. k8s: pkg/controller/deployment/recreate.go */
import type { Pod } from "../../kinds/pod/types.ts";
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client, Due } from "../../ports/controller.ts";
import { hasEnded } from "../workload/pods.ts";
import { newSet, retry } from "./new-replica-set.ts";
import { syncRolloutStatus } from "./progress.ts";
import { active, findNew, fresh, oldOf, sumOf } from "./replica-sets.ts";
import { cleanUp } from "./revision.ts";
import { scaleSet } from "./scale.ts";
import { isComplete } from "./status.ts";

/** k8s: rolloutRecreate */
export function recreate(client: Client, d: Deployment, sets: readonly ReplicaSet[]): Due {
  const existing = findNew(d, sets);
  const old = oldOf(sets, existing);
  let scaled = false;
  for (const rs of active(old)) scaled = scaleSet(client, d, rs, 0) || scaled;
  const found = newSet(client, d, sets, false);
  if (scaled || oldPodsLeft(client, old)) {
    return syncRolloutStatus(client, found.deployment, fresh(client, sets), found.current);
  }
  // The first look may have annotated the set: the second must not write from an old copy.
  const { current, deployment, failed } = newSet(
    client,
    found.deployment,
    fresh(client, sets),
    true,
  );
  if (!current) return failed ? retry : undefined;
  scaleSet(client, deployment, current, deployment.spec.replicas);
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(client, deployment, old);
  return syncRolloutStatus(client, deployment, fresh(client, [...old, current]), current);
}

function oldPodsLeft(client: Client, old: readonly ReplicaSet[]): boolean {
  if (sumOf(old, (rs) => rs.status?.replicas) > 0) return true;
  return old.some((rs) =>
    client.byIndex<Pod>("controller", rs.metadata.uid).some((pod) => !hasEnded(pod)),
  );
}
