/**
 * Typed access to the field facts of every built-in type: what decoding, patches, apply, protobuf
 * and OpenAPI are driven by. Resolved lazily, once per type.
 */
import { assert } from "../core/assert.ts";
import facts from "./facts.json" with { type: "json" };
import {
  aliases,
  emptyStructs,
  everywhere,
  groupNames,
  groupsByName,
  metaInCore,
  namedDefaults,
  olderVersions,
  packages,
  scalars,
  wrappedLists,
  zeros,
} from "./go-types.ts";
import { podyardTypes } from "./podyard-facts.ts";
import type {
  Field,
  FieldFacts,
  FieldType,
  InlineStruct,
  StructRef,
  StructType,
  TypeFacts,
} from "./type-shapes.ts";

export type {
  Decoded,
  DecodeOptions,
  Field,
  FieldFacts,
  FieldType,
  InlineStruct,
  ListType,
  MapType,
  ScalarKind,
  ScalarType,
  Structural,
  StructRef,
  StructType,
  TypeFacts,
} from "./type-shapes.ts";

const allFacts: Record<string, TypeFacts> = {
  ...(facts.types as Record<string, TypeFacts>),
  ...podyardTypes,
};
/** The constants declared for each named string type; only some of them are enums. */
export const stringConstants = facts.stringConstants as Record<string, string[]>;

/** `core/v1.Pod` -> `v1.Pod`, as Go prints a type. */
const goName = (name: string): string => name.slice(name.indexOf("/") + 1);

function qualify(text: string, group: string): string {
  const dot = text.indexOf(".");
  if (dot < 0) return `${group}.${text}`;
  const known = packages[text.slice(0, dot)];
  return known ? `${known}${text.slice(dot)}` : text;
}

const fieldTypes = new Map<string, FieldType>();

/** Reads a Go type expression without its leading pointer; `group` is where it stands. */
function fieldType(text: string, group: string): FieldType {
  const key = `${group} ${text}`;
  let type = fieldTypes.get(key);
  if (!type) {
    type = readType(text, group);
    fieldTypes.set(key, type);
  }
  return type;
}

function readType(text: string, group: string): FieldType {
  const plain = Object.hasOwn(scalars, text) ? scalars[text] : undefined;
  if (plain) return { kind: plain, go: plain === "bytes" ? "[]uint8" : text };
  if (text.startsWith("[]")) {
    const of = fieldType(text.slice(2), group);
    return { kind: "list", go: `[]${of.go}`, of, wrapped: false };
  }
  if (text.startsWith("map[")) {
    const close = text.indexOf("]");
    const of = fieldType(text.slice(close + 1), group);
    const keyText = text.slice(4, close);
    const keyGo = keyText === "string" ? keyText : goName(qualify(keyText, group));
    return { kind: "map", go: `map[${keyGo}]${of.go}`, of };
  }
  const name = qualify(text, group);
  const scalar = Object.hasOwn(scalars, name) ? scalars[name] : undefined;
  if (scalar) return { kind: scalar, go: goName(name) };
  const alias = aliases[name];
  if (alias !== undefined) {
    const of = fieldType(alias, name.slice(0, name.lastIndexOf(".")));
    return of.kind === "list"
      ? { ...of, go: goName(name), wrapped: wrappedLists.has(name) }
      : { ...of, go: goName(name) };
  }
  if (Object.hasOwn(allFacts, name) || emptyStructs.has(name)) return structRef(name);
  return { kind: "string", go: goName(name), name };
}

const schemas = new Map<string, StructRef>();

/** A built-in type by its name (`core/v1.Pod`), looked up when it is first used. */
export function schemaNamed(name: string): StructRef {
  let schema = schemas.get(name);
  if (!schema) schemas.set(name, (schema = structRef(name)));
  return schema;
}

function structRef(name: string): StructRef {
  let resolved: StructType | undefined;
  return {
    kind: "struct",
    go: goName(name),
    name,
    get struct(): StructType {
      return (resolved ??= structType(name));
    },
  };
}

function readDefault(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  return Object.hasOwn(namedDefaults, text) ? namedDefaults[text] : JSON.parse(text);
}

/** Kinds that Go writes even when zero and marked omitempty: it can not see their emptiness. */
const opaqueKinds: ReadonlySet<string> = new Set(["quantity", "duration"]);
/** Go can not tell that a time is unset either, and prints null; `creationTimestamp` alone is marked omitzero. */
const timeKinds: ReadonlySet<string> = new Set(["time", "microTime"]);

function makeField(name: string, f: FieldFacts, group: string, index: number): Field {
  const pointer = f.type.startsWith("*");
  const type = fieldType(pointer ? f.type.slice(1) : f.type, group);
  const always = f.always ?? false;
  const opaque = opaqueKinds.has(type.kind);
  let whenAbsent: unknown;
  if (!pointer && type.kind === "struct") whenAbsent = type;
  else if (!pointer && timeKinds.has(type.kind)) {
    if (name !== "creationTimestamp") whenAbsent = null;
  } else if (!pointer && (always || opaque)) whenAbsent = zeros[type.kind];
  return {
    name,
    index,
    via: [],
    n: f.n ?? 0,
    type,
    pointer,
    required: f.required ?? false,
    always,
    whenAbsent,
    omitZero: !pointer && !always && !opaque && type.kind !== "struct",
    default: readDefault(f.default),
    listType: f.listType as Field["listType"],
    listMapKeys: f.listMapKeys,
    mapType: f.mapType as Field["mapType"],
    structType: f.structType as Field["structType"],
    patchStrategy: f.patchStrategy ? f.patchStrategy.split(",") : [],
    patchMergeKey: f.patchMergeKey,
  };
}

const hasVisibleDefault = (f: Field): boolean =>
  f.default !== undefined && !(f.omitZero && f.default === zeros[f.type.kind]);

/** A field's number on the wire where the facts name none: TypeMeta has none, as it is in the envelope. */
const numberAfter = (last: number, key: string): number =>
  key.endsWith("TypeMeta)") ? 0 : last + 1;

const structs = new Map<string, StructType>();

function buildStruct(name: string): StructType {
  const own = allFacts[name] ?? (emptyStructs.has(name) ? { fields: {} } : undefined);
  assert(own, `schema: unknown type ${name}`);
  const group = name.slice(0, name.lastIndexOf("."));
  const fields = new Map<string, Field>();
  const wire = new Map<number, Field | InlineStruct>();
  let last = 0;
  for (const [key, { n = numberAfter(last, key), ...f }] of Object.entries(own.fields)) {
    if (key === "-") continue;
    last = n;
    if (key.startsWith("(inline ")) {
      const inline = structType(qualify(f.type, group));
      for (const field of inline.list) {
        const via = [inline.shortName, ...field.via];
        fields.set(field.name, { ...field, via, index: fields.size });
      }
      if (n) wire.set(n, { n, inline });
      continue;
    }
    const field = makeField(key, { n, ...f }, group, fields.size);
    fields.set(key, field);
    if (field.n) wire.set(field.n, field);
  }
  const list = [...fields.values()];
  return {
    name,
    shortName: name.slice(name.lastIndexOf(".") + 1),
    fields,
    list,
    emitted: list.filter((f) => f.whenAbsent !== undefined),
    defaulted: list.filter(hasVisibleDefault),
    wire,
    atomic: own.atomic ?? false,
  };
}

/** The struct of a name such as `core/v1.Pod`; asserts that it is known. */
export function structType(name: string): StructType {
  let type = structs.get(name);
  if (!type) {
    type = buildStruct(name);
    structs.set(name, type);
  }
  return type;
}

/** Whether a name is that of a type of the facts; others are values that their kind brings. */
export const isBuiltIn = (name: string): boolean => hasType(name) || emptyStructs.has(name);

export const hasType = (name: string): boolean => Object.hasOwn(allFacts, name);

/** Every type name known, facts' order. */
export const typeNames = (): string[] => Object.keys(allFacts);

/** The type of an apiVersion and kind (`apps/v1`, `Deployment`); undefined when it is not built in. */
export function typeForKind(apiVersion: string, kind: string): StructType | undefined {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const short = Object.hasOwn(groupNames, group) ? groupNames[group] : undefined;
  if (short === undefined) return undefined;
  const name = `${short}/${apiVersion.slice(slash + 1)}.${kind}`;
  if (hasType(name)) return structType(name);
  if (everywhere.has(kind)) return structType(`meta/v1.${kind}`);
  if (apiVersion === "v1" && (metaInCore.has(kind) || kind === "List")) {
    return structType(`meta/v1.${kind}`);
  }
  const older = olderVersions[`${apiVersion} ${kind}`];
  return older === undefined ? undefined : structType(older);
}

/** `apps/v1.Deployment` -> group, version and name as served; group is undefined for helpers. */
export function splitTypeName(name: string): { group: string; version: string; kind: string } {
  const slash = name.indexOf("/");
  const dot = name.indexOf(".", slash);
  const short = name.slice(0, slash);
  return {
    group: groupsByName.get(short) ?? short,
    version: name.slice(slash + 1, dot),
    kind: name.slice(dot + 1),
  };
}
