/** The end of a definition: its objects go first. k8s: apiextensions-apiserver pkg/controller/finalizer/crd_finalizer.go */
import { parseTime } from "../../core/clock.ts";
import { definitionCheckMs, objectsPerStepMax } from "../../core/limits.ts";
import type { KubeObject } from "../../core/object.ts";
import {
  conditionOf,
  isTrue,
  withCondition,
} from "../../kinds/custom-resource-definition/conditions.ts";
import {
  cleanupFinalizer,
  definitions,
  type CustomResourceDefinition,
  type DefinitionCondition,
} from "../../kinds/custom-resource-definition/types.ts";
import type { Client, Due } from "../../ports/controller.ts";

type Told = Pick<DefinitionCondition, "status" | "reason" | "message">;

export function finalize(definition: CustomResourceDefinition, client: Client): Due {
  const { deletionTimestamp, finalizers, name } = definition.metadata;
  if (!deletionTimestamp || !finalizers?.includes(cleanupFinalizer)) return undefined;
  const last = conditionOf(definition, "Terminating")?.reason;
  if (last !== "InstanceDeletionInProgress" && last !== "InstanceDeletionCheck")
    tell(client, name, {
      status: "True",
      reason: "InstanceDeletionInProgress",
      message: "CustomResource deletion is in progress",
    });
  if (!isTrue(definition, "Established")) {
    const message = "resource was never established";
    return release(client, name, { status: "False", reason: "NeverEstablished", message });
  }
  const goes = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp === undefined;
  const staying = client.list(name).filter(goes);
  for (const { metadata } of staying.slice(0, objectsPerStepMax))
    client.delete(name, metadata.namespace ?? "", metadata.name);
  if (staying.length > objectsPerStepMax) return client.now;
  if (client.count(name) === 0) {
    const message = "removed all instances";
    return release(client, name, { status: "False", reason: "InstanceDeletionCompleted", message });
  }
  // Finalizers keep some of them: after a minute that is said.
  const checkAt = parseTime(deletionTimestamp) + definitionCheckMs;
  if (client.now < checkAt) return checkAt;
  if (last !== "InstanceDeletionCheck")
    tell(client, name, {
      status: "True",
      reason: "InstanceDeletionCheck",
      message: "could not confirm zero CustomResources remaining: context deadline exceeded",
    });
  return undefined;
}

function tell(client: Client, name: string, told: Told): void {
  client.modify<CustomResourceDefinition>(
    definitions,
    "",
    name,
    (current) => withCondition(current, { type: "Terminating", ...told }, client.now),
    "status",
  );
}

/** Without the finalizer it is gone, unless others keep it. */
function release(client: Client, name: string, told: Told): undefined {
  client.modify<CustomResourceDefinition>(
    definitions,
    "",
    name,
    (current) => {
      const finalizers = current.metadata.finalizers?.filter((one) => one !== cleanupFinalizer);
      const metadata = { ...current.metadata, ...(finalizers ? { finalizers } : {}) };
      const next = withCondition(current, { type: "Terminating", ...told }, client.now);
      return { ...next, metadata };
    },
    "status",
  );
  return undefined;
}
