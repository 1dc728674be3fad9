/**
 * A value of a write beside what stood in its place before: what has not changed is not refused, though a schema would
 * refuse it now. k8s: apiserver pkg/cel/common/equality.go CorrelatedObject
 */
import { isObject } from "../decode.ts";
import { jsonEqual } from "../patch/go-value.ts";
import { additionalOf, itemsOf, propertyOf, type JsonSchema } from "./json-schema.ts";

export class Correlated {
  readonly value: unknown;
  readonly old: unknown;
  readonly schema: JsonSchema;
  #equal: boolean | undefined;
  #byKey: Map<string, unknown> | undefined;

  constructor(value: unknown, old: unknown, schema: JsonSchema) {
    this.value = value;
    this.old = old;
    this.schema = schema;
  }

  /** What lies under a key, where it did so before and the schema tells of it. */
  key(name: string): Correlated | undefined {
    const { value, old, schema } = this;
    if (!isObject(value) || !isObject(old)) return undefined;
    if (!Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined;
    const below = propertyOf(schema, name) ?? additionalOf(schema);
    return below && new Correlated(value[name], old[name], below);
  }

  /** An item of a list whose items have keys; other lists are one piece. */
  index(i: number): Correlated | undefined {
    const { value, old, schema } = this;
    if (schema["x-kubernetes-list-type"] !== "map") return undefined;
    if (!Array.isArray(value) || !Array.isArray(old)) return undefined;
    const below = itemsOf(schema);
    const before = this.#before(value[i], old);
    return below && before !== undefined ? new Correlated(value[i], before, below) : undefined;
  }

  #before(item: unknown, old: readonly unknown[]): unknown {
    this.#byKey ??= new Map(
      [...old].reverse().map((one): [string, unknown] => [this.#keysOf(one) ?? "", one]),
    );
    const keys = this.#keysOf(item);
    return keys === undefined ? undefined : this.#byKey.get(keys);
  }

  #keysOf(item: unknown): string | undefined {
    if (!isObject(item)) return undefined;
    const keys = this.schema["x-kubernetes-list-map-keys"] ?? [];
    return JSON.stringify(keys.map((key) => item[key]));
  }

  /** Items with keys may stand in another order. */
  get isUnchanged(): boolean {
    return (this.#equal ??= this.#compare());
  }

  #compare(): boolean {
    const { value, old } = this;
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false;
      if (this.schema["x-kubernetes-list-type"] !== "map") return jsonEqual(value, old);
      return value.every((_, i) => this.index(i)?.isUnchanged ?? false);
    }
    if (isObject(value) && isObject(old)) {
      const names = Object.keys(value);
      if (names.length !== Object.keys(old).length) return false;
      return names.every((name) => this.key(name)?.isUnchanged ?? false);
    }
    return jsonEqual(value, old);
  }
}
