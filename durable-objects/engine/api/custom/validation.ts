/** Whether a custom resource fits its version. k8s: apiextensions-apiserver pkg/registry/customresource/{strategy,status_strategy,validator}.go */
import type { KubeObject } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { ScaleSubresource } from "../../kinds/custom-resource-definition/types.ts";
import { goQuote, invalid, type FieldError } from "../../machinery/field.ts";
import { qualifiedName } from "../../machinery/names.ts";
import { isObject } from "../../schema/decode.ts";
import { goFormat, goType } from "../../schema/patch/go-value.ts";
import { Correlated } from "../../schema/structural/correlated.ts";
import { validateEmbedded } from "../../schema/structural/embedded.ts";
import { propertyOf, type JsonSchema } from "../../schema/structural/json-schema.ts";
import { validateListTypes } from "../../schema/structural/list-types.ts";
import { schemaPatterns } from "../../schema/structural/patterns.ts";
import { validateValue } from "../../schema/structural/validate.ts";
import { hasRules, validateRules } from "./schema-rules.ts";

type Json = Record<string, unknown>;

export interface Validator {
  create(object: KubeObject, context: WriteContext): FieldError[];
  update(object: KubeObject, old: KubeObject, context: WriteContext): FieldError[];
  status(object: KubeObject, old: KubeObject, context: WriteContext): FieldError[];
}

/** Nothing at all where the version has no schema. */
export function validator(
  schema: JsonSchema | undefined,
  scale: ScaleSubresource | undefined,
): Validator {
  return {
    create: (object, context) => {
      if (!schema) return validateScale(object, scale, true);
      const value = json(object);
      return withRules(schema, value, undefined, context, [
        ...validateValue(schema, value, "", schemaPatterns()),
        ...validateScale(object, scale, true),
        ...validateEmbedded(schema, value),
        ...validateListTypes(schema, value),
      ]);
    },
    update: (object, old, context) => {
      if (!schema) return validateScale(object, scale, true);
      const [value, before] = [json(object), json(old)];
      const lists = validateListTypes(schema, before).length
        ? []
        : validateListTypes(schema, value);
      return withRules(schema, value, before, context, [
        ...validateValue(
          schema,
          value,
          "",
          schemaPatterns(),
          new Correlated(value, before, schema),
        ),
        ...validateScale(object, scale, true),
        ...validateEmbedded(schema, value),
        ...lists,
      ]);
    },
    status: (object, old, context) => {
      if (!schema) return validateScale(object, scale, false);
      const [value, before] = [json(object), json(old)];
      const lists = validateListTypes(schema, before).length
        ? []
        : validateListTypes(schema, value);
      return withRules(schema, value, before, context, [
        ...validateStatus(schema, value["status"], before["status"]),
        ...validateScale(object, scale, false),
        ...lists,
      ]);
    },
  };
}

const json = (object: KubeObject): Json => object as unknown as Json;

function validateStatus(schema: JsonSchema, status: unknown, old: unknown): FieldError[] {
  const own = propertyOf(schema, "status");
  if (status === undefined || !own) return [];
  return validateValue(own, status, "status", schemaPatterns(), new Correlated(status, old, own));
}

/** After these rules are not asked. k8s: strategy.go hasBlockingErr */
const blocking = new Set<FieldError["type"]>([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

function withRules(
  schema: JsonSchema,
  object: Json,
  old: Json | undefined,
  context: WriteContext,
  errors: FieldError[],
): FieldError[] {
  if (!hasRules(schema)) return errors;
  if (!errors.some(({ type }) => blocking.has(type)))
    return [...errors, ...validateRules(schema, object, old, context)];
  const text =
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
  return [...errors, invalid("<nil>", null, text)];
}

/** k8s: Go's math.MaxInt32 */
const int32Most = 2_147_483_647;

function validateScale(
  object: KubeObject,
  scale: ScaleSubresource | undefined,
  isWhole: boolean,
): FieldError[] {
  if (!scale) return [];
  const errors: FieldError[] = [];
  if (isWhole) errors.push(...validateReplicas(object, scale.specReplicasPath));
  errors.push(...validateReplicas(object, scale.statusReplicasPath));
  const { labelSelectorPath: path } = scale;
  const selector = path ? nested(object, path, "string") : {};
  if (path && "error" in selector) errors.push(invalid(path, "", selector.error as string));
  return errors;
}

function validateReplicas(object: KubeObject, path: string): FieldError[] {
  const found = nested(object, path, "int64");
  if ("error" in found) return [invalid(path, 0, found.error)];
  const replicas = (found.value as number | undefined) ?? 0;
  if (replicas < 0) return [invalid(path, replicas, "should be a non-negative integer")];
  if (replicas <= int32Most) return [];
  return [invalid(path, replicas, `should be less than or equal to ${int32Most}`)];
}

/** k8s: apimachinery meta/v1/unstructured/helpers.go NestedInt64, NestedString */
function nested(
  object: unknown,
  path: string,
  wanted: "string" | "int64",
): { value: unknown } | { error: string } {
  const names = path.replace(/^\./, "").split(".");
  const fail = (at: number, value: unknown, expected: string): { error: string } => ({
    error: `.${names.slice(0, at).join(".")} accessor error: ${goFormat(value)} is of the type ${goType(value)}, expected ${expected}`,
  });
  let value = object;
  for (let i = 0; i < names.length; i++) {
    if (value === undefined) return { value };
    if (!isObject(value)) return fail(i, value, "map[string]interface{}");
    const name = names[i] as string;
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  }
  if (value === undefined) return { value };
  const fits = wanted === "string" ? typeof value === "string" : Number.isInteger(value);
  return fits ? { value } : fail(names.length, value, wanted);
}

const standardFinalizers = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

/** k8s: validator.go validateKubeFinalizerName */
export function finalizerWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const before = new Set(old?.metadata.finalizers);
  const added = new Set(object.metadata.finalizers?.filter((name) => !before.has(name)));
  return [...added].sort().flatMap((name) => {
    const head = `metadata.finalizers: ${goQuote(name)}: `;
    const texts = qualifiedName(name).map((text) => head + text);
    if (name.includes("/") || standardFinalizers.has(name)) return texts;
    const what = name.includes(".")
      ? "prefer a domain-qualified finalizer name including a path (/)"
      : "prefer a domain-qualified finalizer name";
    return [...texts, `${head}${what} to avoid accidental conflicts with other finalizer writers`];
  });
}
