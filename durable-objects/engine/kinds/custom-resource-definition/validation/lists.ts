/** Kinds of lists and maps that a schema names. k8s: ValidateCustomResourceDefinitionOpenAPISchema, validateMapListKeysMapSet */
import {
  at,
  child,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../../machinery/field.ts";
import { itemsOf, propertyOf, type JsonSchema } from "../../../schema/structural/json-schema.ts";
import { unsupported } from "../../checks.ts";

const listTypes = ["atomic", "set", "map"];
const mapTypes = ["atomic", "granular"];

export function validateLists(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = child(path, "type");
  const preserves = schema["x-kubernetes-preserve-unknown-fields"];
  if (preserves === false)
    errors.push(
      invalid(
        child(path, "x-kubernetes-preserve-unknown-fields"),
        preserves,
        "must be true or undefined",
      ),
    );
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType !== undefined) {
    const text = "must be object if x-kubernetes-map-type is specified";
    if (!schema.type) errors.push(required(type, text));
    else if (schema.type !== "object") errors.push(invalid(type, schema.type, text));
    if (!mapTypes.includes(mapType))
      errors.push(unsupported(child(path, "x-kubernetes-map-type"), mapType, mapTypes));
  }
  const listType = schema["x-kubernetes-list-type"];
  const listPath = child(path, "x-kubernetes-list-type");
  if (listType !== undefined && schema.type !== "array") {
    const text = "must be array if x-kubernetes-list-type is specified";
    errors.push(schema.type ? invalid(type, schema.type, text) : required(type, text));
  } else if (listType === "set") errors.push(...validateSet(schema, path));
  if (listType !== undefined && !listTypes.includes(listType))
    errors.push(unsupported(listPath, listType, listTypes));
  if (schema["x-kubernetes-list-map-keys"]?.length && listType !== "map") {
    const text = "must be map if x-kubernetes-list-map-keys is non-empty";
    errors.push(
      listType === undefined ? required(listPath, text) : invalid(listPath, listType, text),
    );
  }
  if (listType === "map") errors.push(...validateKeyed(schema, path));
  if (listType === "map" || listType === "set") errors.push(...validateItems(schema, path));
  return errors;
}

function validateSet(schema: JsonSchema, path: string): FieldError[] {
  const items = itemsOf(schema);
  const text = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const of = items?.["x-kubernetes-list-type"];
  const place = (name: string): string => child(child(path, "items"), name);
  if (items?.type === "array" && of !== undefined && of !== "atomic")
    return [invalid(place("x-kubernetes-list-type"), of, text)];
  if (items?.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    return [invalid(place("x-kubernetes-map-type"), of ?? null, text)];
  return [];
}

function validateKeyed(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const keysPath = child(path, "x-kubernetes-list-map-keys");
  if (keys.length === 0)
    errors.push(required(keysPath, "must not be empty if x-kubernetes-list-type is map"));
  const items = itemsOf(schema);
  const itemsPath = child(path, "items");
  if (schema.items === undefined)
    errors.push(required(itemsPath, "must have a schema if x-kubernetes-list-type is map"));
  if (!items) return errors;
  if (items.type !== "object")
    return [
      ...errors,
      invalid(
        child(itemsPath, "type"),
        items.type ?? "",
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    ];
  const seen = new Set<string>();
  for (const key of keys) {
    const below = propertyOf(items, key);
    if (!below)
      errors.push(invalid(keysPath, keys, "entries must all be names of item properties"));
    else if (below.type === "array" || below.type === "object")
      errors.push(
        invalid(
          child(at(child(itemsPath, "properties"), key), "type"),
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (seen.has(key)) errors.push(invalid(keysPath, keys, "must not contain duplicate entries"));
    seen.add(key);
  }
  return errors;
}

function validateItems(schema: JsonSchema, path: string): FieldError[] {
  const items = itemsOf(schema);
  if (!items) return [];
  const errors: FieldError[] = [];
  const listType = schema["x-kubernetes-list-type"] as string;
  const itemsPath = child(path, "items");
  if (items.nullable)
    errors.push(
      forbiddenField(
        child(itemsPath, "nullable"),
        `cannot be nullable when x-kubernetes-list-type is ${listType}`,
      ),
    );
  if (listType !== "map") return errors;
  for (const key of schema["x-kubernetes-list-map-keys"] ?? []) {
    const below = propertyOf(items, key);
    if (!below) continue;
    const place = at(child(itemsPath, "properties"), key);
    if (!items.required?.includes(key) && below.default === undefined)
      errors.push(
        required(
          child(place, "default"),
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ),
      );
    if (below.nullable)
      errors.push(
        forbiddenField(
          child(place, "nullable"),
          "this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
        ),
      );
  }
  return errors;
}
