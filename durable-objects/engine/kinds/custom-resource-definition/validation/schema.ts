/** The schema of a version. k8s: validateCustomResourceDefinitionValidation, ValidateCustomResourceDefinitionOpenAPISchema */
import {
  append,
  at,
  child,
  forbiddenField,
  invalid,
  type FieldError,
} from "../../../machinery/field.ts";
import {
  additionalOf,
  itemsOf,
  namesIn,
  propertyOf,
  type JsonSchema,
} from "../../../schema/structural/json-schema.ts";
import type { Patterns } from "../../../schema/structural/patterns.ts";
import { structuralError, structuralViolations } from "../../../schema/structural/structure.ts";
import { unsupported } from "../../checks.ts";
import { checkRules } from "../../../cel/rules/check-rules.ts";
import { checkRuleTexts } from "../../../cel/rules/rule-texts.ts";
import type { DefinitionVersion } from "../types.ts";
import { validateDefaults } from "./defaults.ts";
import { validateLists } from "./lists.ts";

/** `path`: of the `schema` field. */
export function validateSchema(
  validation: DefinitionVersion["schema"],
  hasStatus: boolean,
  path: string,
  patterns: Patterns,
): FieldError[] {
  const schema = validation?.openAPIV3Schema;
  if (!schema) return [];
  const place = child(path, "openAPIV3Schema");
  const errors = hasStatus ? validateRoot(schema, place) : [];
  if (schema.nullable)
    errors.push(forbiddenField(child(place, "nullable"), "nullable cannot be true at the root"));
  const problem = structuralError(schema);
  if (problem === undefined) {
    const violations = structuralViolations(schema, place, patterns);
    append(errors, violations.length ? violations : validateDefaults(schema, place, patterns));
  }
  append(errors, validateNode(schema, place, { isRoot: true, insideMeta: false }));
  if (errors.length > 0) return errors;
  return problem === undefined ? checkRules(schema, place) : [invalid(place, "", problem)];
}

/** By their names in Go, in its order. k8s: allowedFieldsAtRootSchema */
const rootFields: readonly [go: string, name: keyof JsonSchema][] = [
  ["Description", "description"],
  ["Type", "type"],
  ["Format", "format"],
  ["Title", "title"],
  ["Maximum", "maximum"],
  ["ExclusiveMaximum", "exclusiveMaximum"],
  ["Minimum", "minimum"],
  ["ExclusiveMinimum", "exclusiveMinimum"],
  ["MaxLength", "maxLength"],
  ["MinLength", "minLength"],
  ["Pattern", "pattern"],
  ["MaxItems", "maxItems"],
  ["MinItems", "minItems"],
  ["UniqueItems", "uniqueItems"],
  ["MultipleOf", "multipleOf"],
  ["Required", "required"],
  ["Items", "items"],
  ["Properties", "properties"],
  ["ExternalDocs", "externalDocs"],
  ["Example", "example"],
  ["XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields"],
  ["XValidations", "x-kubernetes-validations"],
];

/** A status is validated by itself, so nothing at the root may speak of it. */
function validateRoot(schema: JsonSchema, path: string): FieldError[] {
  const known = new Set<string>(rootFields.map(([, name]) => name));
  if (schema.type && schema.type !== "object")
    return [
      invalid(
        child(path, "type"),
        schema.type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  if (Object.keys(schema).every((name) => known.has(name))) return [];
  const names = rootFields.map(([go]) => go).join(" ");
  return [
    invalid(
      path,
      schema,
      `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`,
    ),
  ];
}

/** What holds for a schema by where it stands. */
interface Where {
  isRoot: boolean;
  /** Of an object's own kind, version or metadata. */
  insideMeta: boolean;
  /** Why there may be no default; undefined: there may. */
  noDefault?: string;
}

const types = ["array", "boolean", "integer", "number", "object", "string"];

function validateKeywords(schema: JsonSchema, path: string, where: Where): FieldError[] {
  const errors: FieldError[] = [];
  const not = (name: string, text = `${name} is not supported`): number =>
    errors.push(forbiddenField(child(path, name), text));
  if (schema.type && !types.includes(schema.type))
    errors.push(unsupported(child(path, "type"), schema.type, types));
  if (schema.default !== undefined && where.noDefault !== undefined)
    not("default", `must not be set ${where.noDefault}`);
  if (schema.id) not("id");
  if (schema.additionalItems !== undefined) not("additionalItems");
  if (namesIn(schema.patternProperties).length > 0) not("patternProperties");
  if (namesIn(schema.definitions).length > 0) not("definitions");
  if (schema.dependencies) not("dependencies");
  if (schema.$ref !== undefined) not("$ref");
  if (schema.type === "null")
    not("type", "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(schema.items) && schema.items.length > 0)
    not("items", "items must be a schema object and not an array");
  if (where.insideMeta && schema["x-kubernetes-embedded-resource"])
    not("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
  if (schema.uniqueItems)
    not(
      "uniqueItems",
      "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    );
  return errors;
}

const metaFields = new Set(["metadata", "kind", "apiVersion"]);

function validateNode(schema: JsonSchema, path: string, where: Where): FieldError[] {
  const errors = validateKeywords(schema, path, where);
  const inside: Where = { ...where, isRoot: false };
  const more = additionalOf(schema);
  const morePath = child(path, "additionalProperties");
  if (namesIn(schema.properties).length > 0 && (more || schema.additionalProperties === false))
    errors.push(
      forbiddenField(morePath, "additionalProperties and properties are mutual exclusive"),
    );
  if (more) {
    const noDefault = "inside additionalProperties applying to object metadata";
    append(
      errors,
      validateNode(more, morePath, where.insideMeta ? { ...inside, noDefault } : inside),
    );
  }
  append(errors, validateProperties(schema, path, where));
  if (schema.not) append(errors, validateNode(schema.not, child(path, "not"), inside));
  for (const name of ["allOf", "oneOf", "anyOf"] as const)
    schema[name]?.forEach((one, i) =>
      append(errors, validateNode(one, at(child(path, name), i), inside)),
    );
  const items = itemsOf(schema);
  if (items) append(errors, validateNode(items, child(path, "items"), inside));
  append(errors, validateLists(schema, path));
  (schema["x-kubernetes-validations"] ?? []).forEach((rule, i) =>
    append(errors, checkRuleTexts(rule, at(child(path, "x-kubernetes-validations"), i))),
  );
  return errors;
}

function validateProperties(schema: JsonSchema, path: string, where: Where): FieldError[] {
  const errors: FieldError[] = [];
  const isResource = where.isRoot || schema["x-kubernetes-embedded-resource"];
  for (const name of namesIn(schema.properties)) {
    const below = propertyOf(schema, name) as JsonSchema;
    const isMeta = Boolean(isResource) && metaFields.has(name);
    const next: Where = {
      ...where,
      isRoot: false,
      insideMeta: where.insideMeta || isMeta,
      ...(isMeta && where.isRoot ? { noDefault: `in top-level ${name}` } : {}),
    };
    append(errors, validateNode(below, at(child(path, "properties"), name), next));
  }
  return errors;
}
