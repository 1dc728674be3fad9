/**
 * Whether a schema is structural: each value has one type, told outside of allOf, anyOf, oneOf and not.
 * k8s: apiextensions-apiserver pkg/apiserver/schema/{convert,validation,complete}.go
 */
import {
  at,
  child,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { jsonEqual } from "../patch/go-value.ts";
import {
  additionalOf,
  itemsOf,
  namesIn,
  propertyOf,
  schemasIn,
  type JsonSchema,
} from "./json-schema.ts";
import type { Patterns } from "./patterns.ts";

/** Why it is none at all; undefined: it may be one. k8s: NewStructural */
export function structuralError(schema: JsonSchema): string | undefined {
  for (const one of schemasIn(schema)) {
    const unsupported = (name: string): string => `OpenAPIV3Schema '${name}' is not supported`;
    if (one.id) return unsupported("id");
    if (one.$schema) return unsupported("schema");
    if (one.$ref) return unsupported("$ref");
    for (const name of ["patternProperties", "dependencies", "definitions"] as const)
      if (namesIn(one[name]).length > 0) return unsupported(name);
    if (one.additionalItems !== undefined) return unsupported("additionalItems");
    if (one["x-kubernetes-preserve-unknown-fields"] === false)
      return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
    if (Array.isArray(one.items))
      return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  }
  return undefined;
}

type Level = "root" | "item" | "field";

const emptyTypes: Record<Level, string> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

const intOrString: JsonSchema[] = [{ type: "integer" }, { type: "string" }];

const isIntOrString = (anyOf: JsonSchema[] | undefined): boolean => jsonEqual(anyOf, intOrString);

/** The violations, in the order of their texts. k8s: ValidateStructural */
export function structuralViolations(
  schema: JsonSchema,
  path: string,
  patterns: Patterns,
): FieldError[] {
  const errors = [
    ...invariants(schema, "root", path, patterns),
    ...incomplete(schema, schema, path, path),
  ];
  const text = ({ field, message }: FieldError): string => `${field}: ${message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

function invariants(s: JsonSchema, level: Level, path: string, patterns: Patterns): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemsOf(s);
  if (s.type === "array" && !items)
    errors.push(required(child(path, "items"), "must be specified"));
  if (items) errors.push(...invariants(items, "item", child(path, "items"), patterns));
  for (const name of namesIn(s.properties)) {
    const place = at(child(path, "properties"), name);
    errors.push(...invariants(propertyOf(s, name) as JsonSchema, "field", place, patterns));
  }
  if (s.additionalProperties !== undefined) {
    const place = child(path, "additionalProperties");
    if (level === "root") errors.push(forbiddenField(place, "must not be used at the root"));
    const more = additionalOf(s);
    if (more) errors.push(...invariants(more, "field", place, patterns));
  }
  errors.push(...extensions(s, path));
  const [first, ...rest] = s.allOf ?? [];
  const skipsFirst = isIntOrString(first?.anyOf);
  const { anyOf: _, allOf: __, ...others } = s;
  const junctors: JsonSchema = isIntOrString(s.anyOf) ? { ...others, allOf: s.allOf ?? [] } : s;
  errors.push(
    ...values(
      skipsFirst ? { ...junctors, allOf: [withoutAnyOf(first), ...rest] } : junctors,
      path,
      patterns,
    ),
  );
  return [...errors, ...typed(s, level, path), ...metadata(s, level, path)];
}

const withoutAnyOf = ({ anyOf: _, ...rest }: JsonSchema = {}): JsonSchema => rest;

function extensions(s: JsonSchema, path: string): FieldError[] {
  if (!s["x-kubernetes-int-or-string"]) return [];
  return (["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const)
    .filter((name) => s[name])
    .map((name) =>
      invalid(child(path, name), true, "must be false if x-kubernetes-int-or-string is true"),
    );
}

function typed(s: JsonSchema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const place = child(path, "type");
  const isEmbedded = s["x-kubernetes-embedded-resource"];
  if (isEmbedded && s.type !== "object") {
    const text = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(s.type ? invalid(place, s.type, text) : required(place, text));
  } else if (
    !s.type &&
    !s["x-kubernetes-int-or-string"] &&
    !s["x-kubernetes-preserve-unknown-fields"]
  )
    errors.push(required(place, emptyTypes[level]));
  if (isEmbedded && s.additionalProperties !== undefined)
    errors.push(
      forbiddenField(
        child(path, "additionalProperties"),
        "must not be used if x-kubernetes-embedded-resource is set",
      ),
    );
  if (level === "root" && s.type && s.type !== "object")
    errors.push(invalid(place, s.type, "must be object at the root"));
  return errors;
}

/** What a schema may say of kind, apiVersion and metadata. */
function metadata(s: JsonSchema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const isEmbedded = s["x-kubernetes-embedded-resource"] ?? false;
  const checks = level === "root" || isEmbedded;
  const place = (name: string): string => at(child(path, "properties"), name);
  for (const name of ["kind", "apiVersion"]) {
    const own = propertyOf(s, name);
    if (own && checks && own.type !== "string")
      errors.push(invalid(child(place(name), "type"), own.type ?? "", "must be string"));
  }
  const own = propertyOf(s, "metadata");
  if (own && checks && own.type !== "object")
    errors.push(invalid(child(place("metadata"), "type"), own.type ?? "", "must be object"));
  if (own && level === "root" && saysMore(own))
    errors.push(
      forbiddenField(
        place("metadata"),
        "must not specify anything other than name and generateName, but metadata is implicitly specified",
      ),
    );
  if (isEmbedded && !s["x-kubernetes-preserve-unknown-fields"] && !namesIn(s.properties).length)
    errors.push(
      required(
        child(path, "properties"),
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ),
    );
  return errors;
}

function saysMore({ type: _, default: __, properties, ...rest }: JsonSchema): boolean {
  const others = namesIn(properties).filter((name) => name !== "name" && name !== "generateName");
  return others.length > 0 || Object.values(rest).some((value) => value !== undefined);
}

/** Conditions on a value: what lies in allOf, anyOf, oneOf and not, and the pattern. */
function values(v: JsonSchema, path: string, patterns: Patterns): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["anyOf", "allOf", "oneOf"] as const)
    v[name]?.forEach((one, i) => errors.push(...nested(one, at(child(path, name), i), patterns)));
  if (v.not) errors.push(...nested(v.not, child(path, "not"), patterns));
  const problem = v.pattern ? patterns.problem(v.pattern) : undefined;
  if (problem !== undefined)
    errors.push(
      invalid(
        child(path, "pattern"),
        v.pattern,
        `must be a valid regular expression, but isn't: ${problem}`,
      ),
    );
  return errors;
}

/** What a nested schema may not say, with the words for it. */
const forbidden: readonly [name: keyof JsonSchema, text: string][] = [
  ["type", "must be empty to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function nested(v: JsonSchema, path: string, patterns: Patterns): FieldError[] {
  const errors = values(v, path, patterns);
  const items = itemsOf(v);
  if (items) errors.push(...nested(items, child(path, "items"), patterns));
  for (const name of namesIn(v.properties)) {
    const place = at(child(path, "properties"), name);
    errors.push(...nested(propertyOf(v, name) as JsonSchema, place, patterns));
  }
  if (v.additionalProperties)
    errors.push(
      forbiddenField(child(path, "additionalProperties"), "must be undefined to be structural"),
    );
  for (const [name, text] of forbidden)
    if (v[name] !== undefined && v[name] !== false)
      errors.push(forbiddenField(child(path, name), text));
  if (propertyOf(v, "metadata"))
    errors.push(
      forbiddenField(
        at(child(path, "properties"), "metadata"),
        "must not be specified in a nested context",
      ),
    );
  return errors;
}

/** What a nested schema tells of must be told outside of it too. k8s: complete.go */
function incomplete(
  v: JsonSchema,
  s: JsonSchema | undefined,
  sPath: string,
  vPath: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const inside = (one: JsonSchema | undefined, place: string): void => {
    if (one) errors.push(...incompleteNested(one, s, sPath, place));
  };
  inside(v.not, child(vPath, "not"));
  for (const name of ["allOf", "anyOf", "oneOf"] as const)
    v[name]?.forEach((one, i) => inside(one, at(child(vPath, name), i)));
  return errors;
}

function incompleteNested(
  v: JsonSchema,
  s: JsonSchema | undefined,
  sPath: string,
  vPath: string,
): FieldError[] {
  if (!s) return [required(sPath, `because it is defined in ${vPath}`)];
  const errors = incomplete(v, s, sPath, vPath);
  const items = itemsOf(v);
  if (items)
    errors.push(
      ...incompleteNested(items, itemsOf(s), child(sPath, "items"), child(vPath, "items")),
    );
  for (const name of namesIn(v.properties)) {
    const [sPlace, vPlace] = [sPath, vPath].map((path) => at(child(path, "properties"), name)) as [
      string,
      string,
    ];
    errors.push(
      ...incompleteNested(propertyOf(v, name) as JsonSchema, propertyOf(s, name), sPlace, vPlace),
    );
  }
  return errors;
}
