/**
 * Types as values: of kinds that bring their own shape, in their file or read at run time. Such a type is a tree (it never
 * holds itself), has no protobuf form, and is written as it was given, unless a field says otherwise: what is absent stays
 * absent, zeros stay.
 */
import { assert } from "../core/assert.ts";
import { isBuiltIn, schemaNamed } from "./types.ts";
import type { Field, FieldType, ScalarKind, StructRef, StructType } from "./type-shapes.ts";

/** What a field says beyond its type; defaults are filled in, `required` is for who reads the schema. */
export interface OwnField extends Partial<
  Pick<Field, "default" | "required" | "listType" | "listMapKeys" | "mapType" | "structType">
> {
  type: FieldType;
  /** As Go's omitempty: zeros are left out. */
  omitEmpty?: true;
  /** An object: an empty one stands where there is none. */
  present?: true;
  /** For `kubectl explain`. */
  description?: string;
}

const goNames: Partial<Record<ScalarKind, string>> = { bytes: "[]uint8", any: "v1.JSON" };

/** A value without parts; `any` takes whatever comes, and is not pruned. */
export const scalar = (kind: ScalarKind): FieldType => ({ kind, go: goNames[kind] ?? kind });

export const listOf = (of: FieldType): FieldType => ({
  kind: "list",
  go: `[]${of.go}`,
  of,
  wrapped: false,
});

export const mapOf = (of: FieldType): FieldType => ({ kind: "map", go: `map[string]${of.go}`, of });

/** An object with these fields. `name`: `stable.example.com/v1.CronTabSpec`, that of no built-in type. */
export function objectOf(
  name: string,
  fields: Readonly<Record<string, OwnField>>,
  description?: string,
): StructRef {
  return structOf(
    name,
    Object.entries(fields).map(([field, own], index) => fieldOf(field, own, index)),
    description,
  );
}

/**
 * The type of a kind: these fields behind apiVersion, kind and metadata. `name`: `GROUP/VERSION.KIND`, the group as it is served
 * (`stable.example.com/v1.CronTab`).
 */
export function kindOf(
  name: string,
  fields: Readonly<Record<string, OwnField>>,
  description?: string,
): StructRef {
  // Every kind begins alike.
  const head = schemaNamed("core/v1.ConfigMap").struct.list.slice(0, 3);
  assert(head.map((field) => field.name).join() === "kind,apiVersion,metadata", "a kind's head");
  const own = Object.entries(fields).map(([field, of], i) => fieldOf(field, of, head.length + i));
  return structOf(name, [...head, ...own], description);
}

function structOf(
  name: string,
  list: readonly Field[],
  description: string | undefined,
): StructRef {
  assert(!isBuiltIn(name), `${name} is no built-in type`);
  const shortName = name.slice(name.indexOf(".", name.indexOf("/")) + 1);
  const struct: StructType = {
    name,
    shortName,
    fields: new Map(list.map((field) => [field.name, field])),
    list,
    emitted: list.filter((field) => field.whenAbsent !== undefined),
    defaulted: list.filter((field) => field.default !== undefined),
    wire: new Map(),
    atomic: false,
    description,
  };
  return { kind: "struct", go: name.slice(name.indexOf("/") + 1), name, struct };
}

function fieldOf(name: string, own: OwnField, index: number): Field {
  return {
    name,
    index,
    via: [],
    n: 0,
    type: own.type,
    pointer: !own.omitEmpty && !own.present,
    required: own.required ?? false,
    always: false,
    whenAbsent: own.present ? own.type : undefined,
    omitZero: own.omitEmpty ?? false,
    default: own.default,
    listType: own.listType,
    listMapKeys: own.listMapKeys,
    mapType: own.mapType,
    structType: own.structType,
    patchStrategy: [],
    patchMergeKey: undefined,
    description: own.description,
  };
}
