/**
 * What the API server says of CustomResourceDefinitions: which names they got, whether they are served, and their end.
 * k8s: apiextensions-apiserver pkg/controller
 */
import type { Change } from "../../core/object.ts";
import {
  approvalOf,
  conditionOf,
  isProtected,
  isTrue,
  withCondition,
  type Approval,
} from "../../kinds/custom-resource-definition/conditions.ts";
import {
  definitions,
  type CustomResourceDefinition,
} from "../../kinds/custom-resource-definition/types.ts";
import { bundleProblem } from "../../machinery/x509/bundle.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";
import { finalize } from "./finalizer.ts";
import { withNames } from "./names.ts";

/** Itself, and those of its group that wait for a name. */
function* concerned(change: Change, reader: Reader): Iterable<string> {
  yield change.name;
  const { group } = (change.object as CustomResourceDefinition).spec;
  for (const other of reader.list<CustomResourceDefinition>(definitions))
    if (other.spec.group === group && !isTrue(other, "NamesAccepted")) yield other.metadata.name;
}

/** The definition of an object that goes, where that waits for it. */
function waiting({ op, resource }: Change, reader: Reader): string[] | undefined {
  if (op !== "delete" || !resource.includes(".")) return undefined;
  const definition = reader.get(definitions, "", resource);
  return definition?.metadata.deletionTimestamp ? [resource] : undefined;
}

export const customResourceDefinitionController: Controller = {
  name: "customresourcedefinition",
  wakesOn: { [definitions]: concerned, "*": waiting },
  reconcile(name, client) {
    if (!client.get(definitions, "", name)) return undefined;
    change(client, name, (definition) => withNames(definition, client));
    change(client, name, (definition) => withApproval(definition, client.now));
    change(client, name, (definition) => withEstablished(definition, client.now));
    const definition = client.get<CustomResourceDefinition>(definitions, "", name);
    return definition && finalize(definition, client);
  },
};

function change(
  client: Client,
  name: string,
  make: (definition: CustomResourceDefinition) => CustomResourceDefinition,
): void {
  client.modify<CustomResourceDefinition>(
    definitions,
    "",
    name,
    (current) => {
      const next = make(current);
      return next === current ? undefined : next;
    },
    "status",
  );
}

/** k8s: pkg/controller/establish/establishing_controller.go */
function withEstablished(
  definition: CustomResourceDefinition,
  now: number,
): CustomResourceDefinition {
  if (!isTrue(definition, "NamesAccepted") || isTrue(definition, "Established")) return definition;
  const { caBundle } = definition.spec.conversion?.webhook?.clientConfig ?? {};
  const told =
    bundleProblem(caBundle) === undefined
      ? ({
          status: "True",
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        } as const)
      : ({
          status: "False",
          reason: "InvalidCABundle",
          message: "The conversion webhook CABundle is invalid",
        } as const);
  const before = conditionOf(definition, "Established");
  if (before?.status === told.status && before.reason === told.reason) return definition;
  return withCondition(definition, { type: "Established", ...told }, now);
}

const approvals: Record<Approval, [status: "True" | "False", reason: string]> = {
  invalid: ["False", "InvalidAnnotation"],
  missing: ["False", "MissingAnnotation"],
  approved: ["True", "ApprovedAnnotation"],
  bypassed: ["False", "UnapprovedAnnotation"],
};

/** Of groups of the Kubernetes community's. k8s: pkg/controller/apiapproval/apiapproval_controller.go */
function withApproval(definition: CustomResourceDefinition, now: number): CustomResourceDefinition {
  if (!isProtected(definition.spec.group)) return definition;
  const type = "KubernetesAPIApprovalPolicyConformant";
  const { state, reason: message } = approvalOf(definition.metadata.annotations);
  const [status, reason] = approvals[state];
  const before = conditionOf(definition, type);
  const same = before?.status === status && before.reason === reason && before.message === message;
  return same ? definition : withCondition(definition, { type, status, reason, message }, now);
}
