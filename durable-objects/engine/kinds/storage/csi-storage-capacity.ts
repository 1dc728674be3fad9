import type * as storage from "kubernetes-types/storage/v1";
import { invalid, type FieldError } from "../../machinery/field.ts";
import { semanticEqual, validateLabelSelector } from "../../machinery/metadata.ts";
import { dns1123Subdomain, immutableText, invalidEach } from "../../machinery/names.ts";
import { parseQuantity } from "../../machinery/quantity.ts";
import { checkNonnegativeQuantity } from "../checks.ts";
import { column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { nodeSelectorWarnings } from "../node-labels.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type CSIStorageCapacity = Stored<storage.CSIStorageCapacity>;

/** k8s: pkg/apis/storage/validation ValidateCSIStorageCapacity */
function validate(capacity: CSIStorageCapacity): FieldError[] {
  const { nodeTopology, storageClassName = "" } = capacity;
  return [
    ...validateLabelSelector(nodeTopology, "nodeTopology"),
    ...invalidEach("storageClassName", storageClassName, dns1123Subdomain(storageClassName)),
    ...checkNonnegativeQuantity("capacity", capacity.capacity ?? "0"),
  ];
}

/** k8s: ValidateCSIStorageCapacityUpdate */
function validateUpdate(capacity: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  const errors = validate(capacity);
  if (!semanticEqual(capacity.nodeTopology, old.nodeTopology))
    errors.push(invalid("nodeTopology", capacity.nodeTopology, immutableText));
  if (capacity.storageClassName !== old.storageClassName)
    errors.push(invalid("storageClassName", capacity.storageClassName, immutableText));
  return errors;
}

export const CSIStorageCapacity: Kind<CSIStorageCapacity> = {
  resource: "csistoragecapacities.storage.k8s.io",
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIStorageCapacity",
  schema: schemaNamed("storage/v1.CSIStorageCapacity"),
  namespaced: true,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  validateCreate: validate,
  validateUpdate,
  warnings: ({ nodeTopology }) => nodeSelectorWarnings(nodeTopology, "nodeTopology"),
  table: {
    columns: [
      nameColumn,
      column("StorageClassName", "The class that has so much left."),
      column("Capacity", "How much is left."),
    ],
    cells: (c) => [
      c.metadata.name,
      c.storageClassName ?? "",
      c.capacity === undefined ? "<unset>" : (parseQuantity(c.capacity)?.text ?? c.capacity),
    ],
  },
};
