/** Lists whose items are a set, or have keys: no two may be alike. k8s: apiextensions-apiserver pkg/apiserver/schema/listtype */
import { at, child, duplicate, invalid, type FieldError } from "../../machinery/field.ts";
import { isObject } from "../decode.ts";
import { goJson } from "../patch/go-value.ts";
import { additionalOf, itemsOf, propertyOf, type JsonSchema } from "./json-schema.ts";

/** Of a whole object: `path` is "". */
export function validateListTypes(
  schema: JsonSchema | undefined,
  value: unknown,
  path = "",
): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) return ofList(schema, value, path);
  if (!isObject(value)) return [];
  const more = additionalOf(schema);
  return Object.keys(value).flatMap((key) => {
    const known = propertyOf(schema, key);
    if (known) return validateListTypes(known, value[key], child(path, key));
    return more ? validateListTypes(more, value[key], at(path, key)) : [];
  });
}

function ofList(schema: JsonSchema, list: readonly unknown[], path: string): FieldError[] {
  const kind = schema["x-kubernetes-list-type"];
  const errors: FieldError[] = [];
  if (kind === "set") for (const i of repeated(list)) errors.push(duplicate(at(path, i), list[i]));
  if (kind === "map") errors.push(...ofKeyed(schema, list, path));
  const of = itemsOf(schema);
  if (of) list.forEach((item, i) => errors.push(...validateListTypes(of, item, at(path, i))));
  return errors;
}

/** Where a value stands for the second time. */
function repeated(list: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  const found: number[] = [];
  list.forEach((item, i) => {
    const text = goJson(item);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    if (times === 1) found.push(i);
  });
  return found;
}

function ofKeyed(schema: JsonSchema, list: readonly unknown[], path: string): FieldError[] {
  const wrong = list.findIndex((item) => item !== null && !isObject(item));
  if (wrong >= 0)
    return [
      invalid(at(path, wrong), list[wrong], "must be an object for an array of list-type map"),
    ];
  const names = schema["x-kubernetes-list-map-keys"] ?? [];
  const keys = list.map((item) =>
    Object.fromEntries(
      names
        .filter((name) => isObject(item) && Object.hasOwn(item, name))
        .map((name) => [name, (item as Record<string, unknown>)[name]]),
    ),
  );
  return repeated(keys).map((i) => duplicate(at(path, i), keys[i]));
}
