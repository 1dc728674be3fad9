/** k8s: pkg/registry/networking/servicecidr/strategy.go */
import type { Condition } from "kubernetes-types/meta/v1";
import type { KubeObject } from "../../core/object.ts";
import { at, invalid, required, type FieldError } from "../../machinery/field.ts";
import { validateCidr } from "../../machinery/ip.ts";
import { immutableText } from "../../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface ServiceCIDR extends KubeObject {
  spec?: { cidrs?: string[] };
  status?: { conditions?: Condition[] };
}

const path = "spec.cidrs";
const familyOf = (cidr: string): number => (cidr.includes(":") ? 6 : 4);

/** k8s: pkg/apis/networking/validation validateServiceCIDRSpec */
function validate({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(path, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalid(path, { cidrs }, "may only hold up to 2 values")];
  const errors = cidrs.flatMap((cidr, i) => validateCidr(at(path, i), cidr));
  const [first = "", second] = cidrs;
  if (second !== undefined && errors.length === 0 && familyOf(first) === familyOf(second)) {
    const detail =
      "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
    errors.push(invalid(path, cidrs, detail));
  }
  return errors;
}

/** The one way in which it may grow is by the other family. k8s: ValidateServiceCIDRUpdate */
function validateUpdate(range: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const [now, before] = [range.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
  const grows = before.length === 1 && now.length === 2;
  if (!grows && now.length !== before.length) return [invalid(path, now, immutableText)];
  const errors = before.flatMap((cidr, i) =>
    now[i] === cidr ? [] : [invalid(at(path, i), now[i], immutableText)],
  );
  return grows ? [...errors, ...validate(range)] : errors;
}

export const ServiceCIDR: Kind<ServiceCIDR> = {
  resource: "servicecidrs.networking.k8s.io",
  apiVersion: "networking.k8s.io/v1",
  kind: "ServiceCIDR",
  schema: schemaNamed("networking/v1.ServiceCIDR"),
  namespaced: false,
  hasGeneration: false,
  prepareForCreate: (range) => ({ ...range, status: {} }),
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [nameColumn, column("CIDRs", "What addresses it gives."), ageColumn],
    cells: (range, now) => [
      range.metadata.name,
      range.spec?.cidrs?.join(",") ?? "",
      age(range, now),
    ],
  },
};
