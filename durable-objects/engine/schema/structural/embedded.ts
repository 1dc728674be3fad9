/** Objects within a custom resource: their own kind, version and metadata. k8s: apiserver/schema/objectmeta/validation.go */
import { at, child, invalid, required, type FieldError } from "../../machinery/field.ts";
import { validateObjectMeta } from "../../machinery/metadata.ts";
import { nameRules } from "../../machinery/names.ts";
import type { ObjectMeta } from "../../core/object.ts";
import { isObject } from "../decode.ts";
import { additionalOf, itemsOf, propertyOf, type JsonSchema } from "./json-schema.ts";

/** `whole`: the value itself counts as one, whatever the schema says. */
export function validateEmbedded(
  schema: JsonSchema | undefined,
  value: unknown,
  path = "",
  whole = false,
): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value))
    return value.flatMap((item, i) => validateEmbedded(itemsOf(schema), item, at(path, i)));
  if (!isObject(value)) return [];
  const errors =
    whole || schema["x-kubernetes-embedded-resource"] ? validateResource(value, path) : [];
  const more = additionalOf(schema);
  for (const key of Object.keys(value)) {
    const known = propertyOf(schema, key);
    const place = known ? child(path, key) : at(path, key);
    errors.push(...validateEmbedded(known ?? more, value[key], place));
  }
  return errors;
}

function validateResource(object: Record<string, unknown>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["apiVersion", "kind"])
    if (!Object.hasOwn(object, name)) errors.push(required(child(path, name)));
  const { apiVersion, kind, metadata } = object;
  if (apiVersion !== undefined)
    errors.push(...validateVersion(apiVersion, child(path, "apiVersion")));
  if (kind !== undefined) errors.push(...validateKind(kind, child(path, "kind")));
  if (isObject(metadata)) {
    const { name, namespace } = metadata as unknown as ObjectMeta;
    const named = { ...metadata, name: name || "fakename" } as unknown as ObjectMeta;
    errors.push(
      ...validateObjectMeta(
        named,
        Boolean(namespace),
        "path-segment",
        child(path, "metadata"),
        true,
      ),
    );
  }
  return errors;
}

function validateVersion(version: unknown, path: string): FieldError[] {
  if (typeof version !== "string") return [invalid(path, version, "must be a string")];
  if (version === "") return [invalid(path, version, "must not be empty")];
  return version.split("/").length <= 2
    ? []
    : [invalid(path, version, `unexpected GroupVersion string: ${version}`)];
}

function validateKind(kind: unknown, path: string): FieldError[] {
  if (typeof kind !== "string") return [invalid(path, kind, "must be a string")];
  if (kind === "") return [invalid(path, kind, "must not be empty")];
  const problems = nameRules.dns1035(kind.toLowerCase(), false);
  const text = "may have mixed case, but should otherwise match: ";
  return problems.length ? [invalid(path, kind, text + problems.join(","))] : [];
}
