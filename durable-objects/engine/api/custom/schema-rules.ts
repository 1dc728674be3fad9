/** Rules in CEL that a schema brings (`x-kubernetes-validations`). k8s: apiextensions-apiserver pkg/apiserver/schema/cel */
import { validateRules as violations } from "../../cel/rules/validate-rules.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { FieldError } from "../../machinery/field.ts";
import { schemasIn, type JsonSchema } from "../../schema/structural/json-schema.ts";

const known = new WeakMap<JsonSchema, boolean>();

/** Whether any schema within one has rules. */
export function hasRules(schema: JsonSchema): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    has = [...schemasIn(schema)].some((one) => one["x-kubernetes-validations"]?.length);
    known.set(schema, has);
  }
  return has;
}

/**
 * What a write violates. Asked after everything else holds, with the whole object as it will be, of a status write too;
 * `old`: as it was, undefined on a create: what is wrong as it was before is warned of.
 */
export function validateRules(
  schema: JsonSchema,
  object: Record<string, unknown>,
  old: Record<string, unknown> | undefined,
  { warn, charge }: Pick<WriteContext, "warn" | "charge">,
): FieldError[] {
  const { errors, cost } = violations(schema, object, old, warn);
  charge?.(cost);
  return errors;
}
