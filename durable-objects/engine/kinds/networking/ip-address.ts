/** An address of a Service that is taken. k8s: pkg/registry/networking/ipaddress/strategy.go */
import type { KubeObject } from "../../core/object.ts";
import { child, required, type FieldError } from "../../machinery/field.ts";
import { validateIp } from "../../machinery/ip.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import { dns1123Subdomain, invalidEach, pathSegmentName } from "../../machinery/names.ts";
import { age, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface ParentReference {
  group?: string;
  resource?: string;
  namespace?: string;
  name?: string;
}

export interface IPAddress extends KubeObject {
  spec?: { parentRef?: ParentReference };
}

export const familyLabel = "ipaddress.kubernetes.io/ip-family";
export const managedByLabel = "ipaddress.kubernetes.io/managed-by";
export const addressManager = "ipallocator.k8s.io";

/** The object that says whose a Service's address is. k8s: ipallocator.go createIPAddress */
export const addressOf = (ip: string, service: { namespace?: string; name: string }) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "IPAddress",
  metadata: {
    name: ip,
    labels: { [familyLabel]: "IPv4", [managedByLabel]: addressManager },
  },
  spec: {
    parentRef: {
      resource: "services",
      namespace: service.namespace ?? "",
      name: service.name,
    },
  },
});

/** k8s: pkg/apis/networking/validation ValidateIPAddress */
function validate({ metadata, spec }: IPAddress): FieldError[] {
  const parent = spec?.parentRef;
  const path = "spec.parentRef";
  const errors = validateIp("metadata.name", metadata.name);
  if (!parent) return [...errors, required(path)];
  const { group, resource, namespace, name } = parent;
  if (group) errors.push(...invalidEach(child(path, "group"), group, dns1123Subdomain(group)));
  const needed = (field: string, value: string | undefined): FieldError[] =>
    value
      ? invalidEach(child(path, field), value, pathSegmentName(value))
      : [required(child(path, field))];
  errors.push(...needed("resource", resource), ...needed("name", name));
  return namespace ? [...errors, ...needed("namespace", namespace)] : errors;
}

export const IPAddress: Kind<IPAddress> = {
  resource: "ipaddresses.networking.k8s.io",
  apiVersion: "networking.k8s.io/v1",
  kind: "IPAddress",
  schema: schemaNamed("networking/v1.IPAddress"),
  namespaced: false,
  nameRule: "path-segment",
  hasGeneration: false,
  validateCreate: validate,
  validateUpdate: (address, old) => [
    ...validate(address),
    ...validateImmutable(address.spec?.parentRef, old.spec?.parentRef, "spec.parentRef"),
  ],
  table: {
    columns: [nameColumn, column("ParentRef", "Whose address it is.")],
    // The age stands in no column: k8s: printers.go printIPAddress
    cells: (address, now) => {
      const { group, resource = "", namespace, name = "" } = address.spec?.parentRef ?? {};
      const what = (group ? `${resource}.${group}` : resource).toLowerCase();
      const where = namespace ? `/${namespace}` : "";
      return [
        address.metadata.name,
        address.spec?.parentRef ? `${what}${where}/${name}` : "<none>",
        age(address, now),
      ];
    },
  },
};
