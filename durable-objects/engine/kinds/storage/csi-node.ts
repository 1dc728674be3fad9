import type * as storage from "kubernetes-types/storage/v1";
import { at, child, duplicate, invalid, required, type FieldError } from "../../machinery/field.ts";
import { validateImmutable, validateNonnegative } from "../../machinery/metadata.ts";
import { byteLength, invalidEach, qualifiedName } from "../../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { validateCsiDriverName } from "../pod/validation/volumes.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type CSINode = Stored<storage.CSINode>;

/** k8s: pkg/apis/storage/validation csiNodeIDMaxLength */
const nodeIdMax = 256;

function checkDriver(path: string, driver: storage.CSINodeDriver, seen: Set<string>): FieldError[] {
  const { name = "", nodeID = "", topologyKeys = [] } = driver;
  const errors = validateCsiDriverName(name, child(path, "name"));
  const idPath = child(path, "nodeID");
  if (!nodeID) errors.push(required(idPath));
  if (byteLength(nodeID) > nodeIdMax)
    errors.push(invalid(idPath, nodeID, `must be ${nodeIdMax} characters or less`));
  const count = driver.allocatable?.count;
  errors.push(...validateNonnegative(count, child(path, "allocatable.count")));
  if (seen.has(name)) errors.push(duplicate(child(path, "name"), name));
  seen.add(name);
  const keys = new Set<string>();
  for (const key of topologyKeys) {
    if (!key) errors.push(required(path));
    if (keys.has(key)) errors.push(duplicate(path, key));
    keys.add(key);
    errors.push(...invalidEach(path, key, qualifiedName(key)));
  }
  return errors;
}

/** k8s: pkg/apis/storage/validation ValidateCSINode */
function validate(node: CSINode): FieldError[] {
  const seen = new Set<string>();
  return (node.spec?.drivers ?? []).flatMap((driver, i) =>
    checkDriver(at("spec.drivers", i), driver, seen),
  );
}

/** A driver that stays may change what it can hold, and nothing else. */
function validateUpdate(node: CSINode, old: CSINode): FieldError[] {
  const errors = validate(node);
  for (const { allocatable: _old, ...before } of old.spec?.drivers ?? [])
    for (const { allocatable: _new, ...now } of node.spec?.drivers ?? [])
      if (before.name === now.name) errors.push(...validateImmutable(now, before, "spec.drivers"));
  return errors;
}

export const CSINode: Kind<CSINode> = {
  resource: "csinodes.storage.k8s.io",
  apiVersion: "storage.k8s.io/v1",
  kind: "CSINode",
  schema: schemaNamed("storage/v1.CSINode"),
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  emptyAsNull: [["spec", "drivers"]],
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column("Drivers", "How many drivers are registered on the node.", "integer"),
      ageColumn,
    ],
    cells: (node, now) => [node.metadata.name, node.spec?.drivers?.length ?? 0, age(node, now)],
  },
};
