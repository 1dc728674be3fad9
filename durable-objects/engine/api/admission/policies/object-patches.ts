/**
 * What mutations make of an object: patches that expressions give, applied to it.
 * k8s: apiserver/pkg/admission/plugin/policy/mutating/patch
 */
import { toJson } from "../../../cel/json.ts";
import { PatchValue } from "../../../cel/patch-types.ts";
import { ListValue, MapValue, type Value } from "../../../cel/values.ts";
import type { KubeObject } from "../../../core/object.ts";
import { jsonPatchOperationsMax } from "../../../core/limits.ts";
import { internalError } from "../../../machinery/status.ts";
import { decodeObject } from "../../../schema/decode.ts";
import { isObject, type JsonObject } from "../../../schema/patch/go-value.ts";
import {
  applyOperations,
  JsonPatchError,
  type JsonPatchOperation,
} from "../../../schema/patch/json-patch.ts";
import type { StructType } from "../../../schema/types.ts";
import { mergeTyped } from "../../managed-fields/merge.ts";
import { shapeOf, type Shape } from "../../managed-fields/shape.ts";
import { checkTyped, settle, shapeUnder, TypedError } from "../../managed-fields/typed-value.ts";

/** Why a patch is not applied; the failure policy decides what comes of it. */
export class PatchProblem extends Error {
  override name = "PatchProblem";
}

/** Objects made in an expression are named by the place where they are put. k8s: CheckTypeNamesMatchFieldPathNames */
function misnamed(value: Value, path: string): string[] {
  if (value instanceof PatchValue) {
    const problems =
      value.message === path
        ? []
        : [
            `unexpected type name ${JSON.stringify(value.message)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`,
          ];
    for (const [field, inner] of value.fields)
      problems.push(...misnamed(inner, `${path}.${field}`));
    return problems;
  }
  if (value instanceof ListValue) return [...value].flatMap((one) => misnamed(one, path));
  if (!(value instanceof MapValue)) return [];
  return [...value.keys()].flatMap((key) => misnamed(value.find(key)!, path));
}

function checkNames(value: PatchValue): void {
  const problems = misnamed(value, value.message);
  if (problems.length) throw new PatchProblem(`type mismatch: ${problems.join("\n")}`);
}

/** Lists, maps and structs that would be replaced whole. k8s: findAtomics */
function atomics(value: unknown, given: Shape, path: string): string[] {
  const shape = settle(given, value);
  const whole =
    given.kind === "any" && !given.granular
      ? isObject(value) || Array.isArray(value)
      : given.kind === "any" && Array.isArray(value);
  if (whole) return [path];
  if (isObject(value) && shape.kind === "map") {
    const found = shape.atomic ? [path] : [];
    for (const [key, inner] of Object.entries(value)) {
      const under = shape.fields.get(key)?.shape ?? shapeUnder(shape, key);
      if (under) found.push(...atomics(inner, under, `${path}.${key}`));
    }
    return found;
  }
  if (!Array.isArray(value) || shape.kind !== "list") return [];
  const found = shape.relation === "atomic" ? [path] : [];
  value.forEach((one, i) => found.push(...atomics(one, shape.element, `${path}[${i}]`)));
  return found;
}

/** An object with all that an apply configuration says. */
export function withConfiguration(
  object: KubeObject,
  value: Value,
  schema: StructType,
): JsonObject {
  if (!(value instanceof PatchValue)) {
    throw new PatchProblem("unsupported return type from ApplyConfiguration expression");
  }
  checkNames(value);
  const { apiVersion, kind } = object;
  const patch = { ...(toJson(value) as JsonObject), apiVersion, kind };
  const shape = shapeOf(schema);
  const failed = (why: string): PatchProblem => new PatchProblem(`error applying patch: ${why}`);
  try {
    checkTyped(patch, shape, false);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    throw failed(`failed to convert patch object to typed object: ${error.message}`);
  }
  const whole = atomics(patch, shape, "");
  if (whole.length) {
    const what = "may not mutate atomic arrays, maps or structs";
    throw failed(`invalid ApplyConfiguration: ${what}: ${whole.join(", ")}`);
  }
  try {
    return mergeTyped(object as unknown as JsonObject, patch, shape);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    throw failed(`failed to merge patch: ${error.message}`);
  }
}

/** One element of the list that an expression gives. */
function operationOf(value: Value): JsonPatchOperation {
  const fields = value instanceof PatchValue ? value.fields : new Map<string, Value>();
  const [op, path, from] = ["op", "path", "from"].map((name) => fields.get(name));
  const given = fields.get("value");
  const made: JsonPatchOperation = { op: op ?? "", path: path ?? "", ...(from ? { from } : {}) };
  if (given === undefined) return made;
  if (given instanceof PatchValue) checkNames(given);
  const json = toJson(given);
  if (json !== undefined) return { ...made, value: json };
  throw new PatchProblem(
    "JSONPath valueExpression evaluated to a type that could not marshal to JSON",
  );
}

const testFailed = /^testing value .* failed: test failed$/s;

/** An object patched; one whose test fails stays as it is. */
export function withJsonPatch(object: KubeObject, value: Value): JsonObject {
  const operations = value instanceof ListValue ? [...value].map(operationOf) : [];
  if (operations.length > jsonPatchOperationsMax) {
    throw new PatchProblem(
      `JSON Patch: the allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${operations.length}`,
    );
  }
  try {
    return applyOperations(object, operations) as JsonObject;
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    if (testFailed.test(error.message)) return object as unknown as JsonObject;
    throw new PatchProblem(`JSON Patch: ${error.message}`);
  }
}

/** What came out of a patch as an object of its kind again; throws what upstream answers where it is none. */
export function decodedPatch(
  before: KubeObject,
  patched: JsonObject,
  schema: StructType,
): KubeObject {
  if ((patched as unknown) === before) return before;
  const { object, error, problems } = decodeObject(schema, patched);
  if (error !== undefined) throw internalError(error);
  if (problems.length) throw internalError(`strict decoding error: ${problems.join(", ")}`);
  const { apiVersion, kind } = before;
  const made = { ...object, apiVersion, kind } as unknown as KubeObject;
  const { managedFields } = before.metadata;
  const metadata = { ...made.metadata, ...(managedFields ? { managedFields } : {}) };
  if (!managedFields) delete metadata.managedFields;
  return { ...made, metadata };
}
