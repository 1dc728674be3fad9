/**
 * `Object{...}`, `Object.spec{...}` and `JSONPatch{...}`, which expressions make patches of.
 * k8s: apiserver/pkg/cel/mutation/typeresolver.go, dynamic, jsonpatch.go
 */
import { dynType, stringType, type Type } from "./types.ts";
import { MapValue, type Value } from "./values.ts";

const jsonPatch: Readonly<Record<string, Type>> = {
  op: stringType,
  path: stringType,
  from: stringType,
  value: dynType,
};

export const isPatchType = (name: string): boolean =>
  name === "JSONPatch" || name === "Object" || name.startsWith("Object.");

/** The type of a field; an object has any field. */
export function patchField(message: string, field: string): Type | undefined {
  if (message !== "JSONPatch") return dynType;
  return Object.hasOwn(jsonPatch, field) ? jsonPatch[field] : undefined;
}

/** A message as it was made: what was not set is not there. */
export class PatchValue extends MapValue {
  readonly message: string;
  readonly fields: ReadonlyMap<string, Value>;
  constructor(message: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.message = message;
    this.fields = fields;
  }
  get size(): number {
    return this.fields.size;
  }
  find(key: Value): Value | undefined {
    return typeof key === "string" ? this.fields.get(key) : undefined;
  }
  keys(): Iterable<Value> {
    return this.fields.keys();
  }
}

export const makePatchType = (name: string, fields: Map<string, Value>): Value =>
  new PatchValue(name, fields);
