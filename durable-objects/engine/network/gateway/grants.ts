/** ReferenceGrants: which objects of a namespace those of others may name. k8s: gateway-api apis/v1beta1 ReferenceGrant */
import { list } from "../../kinds/gateway/lists.ts";
import { gatewayGroup, referenceGrants, type ReferenceGrant } from "../../kinds/gateway/types.ts";
import type { Reader } from "../../ports/controller.ts";
import type { Problem } from "./problem.ts";

export interface Reference {
  /** Kind and namespace of what refers, which is of the Gateway API's group. */
  from: { kind: string; namespace: string };
  to: { kind: "ConfigMap" | "Secret" | "Service"; namespace: string; name: string };
}

/** Within a namespace everything may name everything. */
function isGranted(reader: Reader, { from, to }: Reference): boolean {
  if (from.namespace === to.namespace) return true;
  return reader
    .list<ReferenceGrant>(referenceGrants, to.namespace)
    .some(
      ({ spec }) =>
        list(spec?.from).some(
          (one) =>
            one.group === gatewayGroup &&
            one.kind === from.kind &&
            one.namespace === from.namespace,
        ) &&
        list(spec?.to).some(
          (one) =>
            (one.group ?? "") === "" &&
            one.kind === to.kind &&
            (one.name === undefined || one.name === "" || one.name === to.name),
        ),
    );
}

/** Why what refers may not name that; `named`: it, in the words of whoever refers. */
export function grantProblem(
  reader: Reader,
  reference: Reference,
  named = `${reference.to.kind} ${reference.to.name}`,
): Problem | undefined {
  if (isGranted(reader, reference)) return undefined;
  const { from, to } = reference;
  return {
    reason: "RefNotPermitted",
    message: `no ReferenceGrant in namespace ${to.namespace} lets ${from.kind}s of ${from.namespace} refer to ${named}`,
  };
}
