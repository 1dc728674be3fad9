import { presentLease } from "./heartbeats.ts";
import type * as coordination from "kubernetes-types/coordination/v1";
import { forbiddenField, invalid, notSupported, type FieldError } from "../machinery/field.ts";
import { invalidEach, qualifiedName } from "../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

/** Coordinated leader election came after 1.30. */
interface LeaseSpec extends coordination.LeaseSpec {
  strategy?: string;
  preferredHolder?: string;
}
export type Lease = Stored<Omit<coordination.Lease, "spec">> & { spec?: LeaseSpec };

/** k8s: pkg/apis/coordination/validation ValidateLeaseSpec */
function validate(lease: Lease): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = lease.spec ?? {};
  const errors: FieldError[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    const path = "spec.leaseDurationSeconds";
    errors.push(invalid(path, leaseDurationSeconds, "must be greater than 0"));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    const path = "spec.leaseTransitions";
    errors.push(invalid(path, leaseTransitions, "must be greater than or equal to 0"));
  }
  if (strategy !== undefined) errors.push(...checkStrategy(strategy));
  if (preferredHolder && !strategy) {
    const detail = "may only be specified if `strategy` is defined";
    errors.push(forbiddenField("spec.preferredHolder", detail));
  }
  return errors;
}

/** The field is named twice, as upstream does. k8s: ValidateCoordinatedLeaseStrategy */
function checkStrategy(strategy: string): FieldError[] {
  const path = "spec.strategy.strategy";
  if (strategy.includes("/")) return invalidEach(path, strategy, qualifiedName(strategy));
  if (strategy === "OldestEmulationVersion") return [];
  return [notSupported(path, strategy, ["OldestEmulationVersion"])];
}

export const Lease: Kind<Lease> = {
  resource: "leases.coordination.k8s.io",
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  schema: schemaNamed("coordination/v1.Lease"),
  present: (object, now, reader) => presentLease(object, now, reader),
  namespaced: true,
  hasGeneration: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validateCreate: validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("Holder", "Who holds it."), ageColumn],
    cells: (lease, now) => [lease.metadata.name, lease.spec?.holderIdentity ?? "", age(lease, now)],
  },
};
