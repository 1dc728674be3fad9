/** The constant defaults that the field facts carry; defaults across fields belong to the kinds. */
import { isObject } from "./decode.ts";
import { type Field, type FieldType, type StructType } from "./types.ts";

type JsonObject = Record<string, unknown>;

/** Fields of a struct below which some default can be found, its own defaulted ones included. */
const reaching = new Map<StructType, readonly Field[]>();

function innerStruct(type: FieldType): StructType | undefined {
  if (type.kind === "list" || type.kind === "map") return innerStruct(type.of);
  return type.kind === "struct" ? type.struct : undefined;
}

/** Whether a default lies in or below `type`; `open` guards against types that contain themselves. */
function reaches(type: StructType, open: Set<StructType>): boolean {
  if (open.has(type)) return false;
  if (type.defaulted.length) return true;
  open.add(type);
  const found = type.list.some((field) => {
    const inner = innerStruct(field.type);
    return inner !== undefined && reaches(inner, open);
  });
  open.delete(type);
  return found;
}

function fieldsBelow(type: StructType): readonly Field[] {
  let fields = reaching.get(type);
  if (!fields) {
    fields = type.list.filter((field) => {
      const inner = innerStruct(field.type);
      return inner !== undefined && reaches(inner, new Set());
    });
    reaching.set(type, fields);
  }
  return fields;
}

function defaultsIn(type: FieldType, value: unknown): unknown {
  if (type.kind === "struct") return isObject(value) ? structDefaults(type.struct, value) : value;
  if (type.kind === "list" && Array.isArray(value)) {
    let out: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = defaultsIn(type.of, value[i]);
      if (item !== value[i]) (out ??= [...value])[i] = item;
    }
    return out ?? value;
  }
  if (type.kind === "map" && isObject(value)) {
    let out: JsonObject | undefined;
    for (const key of Object.keys(value)) {
      const item = defaultsIn(type.of, value[key]);
      if (item !== value[key]) (out ??= { ...value })[key] = item;
    }
    return out ?? value;
  }
  return value;
}

function structDefaults(type: StructType, object: JsonObject): JsonObject {
  let out: JsonObject | undefined;
  for (const field of type.defaulted) {
    if (object[field.name] === undefined) (out ??= { ...object })[field.name] = field.default;
  }
  for (const field of fieldsBelow(type)) {
    const value = object[field.name];
    if (value === undefined) continue;
    const next = defaultsIn(field.type, value);
    if (next !== value) (out ??= { ...object })[field.name] = next;
  }
  return out ?? object;
}

/**
 * Fills the constant defaults into every struct that is present (`protocol: TCP` of a port). Returns
 * the object itself where nothing was missing; never changes its argument.
 */
export function applyFieldDefaults<T extends object>(type: StructType, object: T): T {
  const { structural } = type;
  return (structural?.applyDefaults ?? ((given) => structDefaults(type, given)))(
    object as JsonObject,
  ) as T;
}
