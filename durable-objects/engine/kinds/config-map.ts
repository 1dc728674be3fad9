import type * as core from "kubernetes-types/core/v1";
import { at, forbiddenField, invalid, tooLong, type FieldError } from "../machinery/field.ts";
import { byteLength, configMapKey, invalidEach } from "../machinery/names.ts";
import { equal } from "../core/equal.ts";
import { dataBytesMax } from "../core/limits.ts";
import { base64Length, keysOf } from "./checks.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type ConfigMap = Stored<core.ConfigMap>;

/** k8s: core validation ValidateConfigMap */
function validate(map: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key of keysOf(map.data)) {
    const path = at("data", key);
    errors.push(...invalidEach(path, key, configMapKey(key)));
    if (map.binaryData?.[key] !== undefined) {
      errors.push(invalid(path, key, "duplicate of key present in binaryData"));
    }
    bytes += byteLength(map.data?.[key] ?? "");
  }
  for (const key of keysOf(map.binaryData)) {
    errors.push(...invalidEach(at("binaryData", key), key, configMapKey(key)));
    bytes += base64Length(map.binaryData?.[key] ?? "");
  }
  if (bytes > dataBytesMax) errors.push(tooLong("[]", dataBytesMax));
  return errors;
}

/** k8s: core validation ValidateConfigMapUpdate, ValidateSecretUpdate */
export function checkFrozen(
  now: { immutable?: boolean },
  old: { immutable?: boolean },
  fields: readonly string[],
): FieldError[] {
  if (!old.immutable) return [];
  const detail = "field is immutable when `immutable` is set";
  const errors = now.immutable ? [] : [forbiddenField("immutable", detail)];
  for (const field of fields) {
    const before = (old as Record<string, unknown>)[field];
    const after = (now as Record<string, unknown>)[field];
    if (!equal(before ?? {}, after ?? {})) errors.push(forbiddenField(field, detail));
  }
  return errors;
}

export const ConfigMap: Kind<ConfigMap> = {
  resource: "configmaps",
  apiVersion: "v1",
  kind: "ConfigMap",
  schema: schemaNamed("core/v1.ConfigMap"),
  namespaced: true,
  hasGeneration: false,
  validateCreate: validate,
  validateUpdate: (map, old) => [
    ...checkFrozen(map, old, ["data", "binaryData"]),
    ...validate(map),
  ],
  table: {
    columns: [nameColumn, column("Data", "Number of its keys."), ageColumn],
    cells: (map, now) => [
      map.metadata.name,
      keysOf(map.data).length + keysOf(map.binaryData).length,
      age(map, now),
    ],
  },
};
