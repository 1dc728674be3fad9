/**
 * Types and sizes that a structural schema gives to what its rules look at.
 * k8s: apiserver/pkg/cel/common/schemas.go SchemaDeclType, apiserver/pkg/cel/limits.go
 */
import { byteLength } from "../../machinery/names.ts";
import { escapeName, isReserved } from "../escaping.ts";
import { between, type Range } from "../range.ts";
import { additionalOf, hasObjectMeta, itemsOf, type Schema } from "../schema.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  stringType,
  structType,
  timestampType,
  type Type,
} from "../types.ts";

export interface Declared {
  readonly type: Type;
  /** Elements, entries or characters at most; 0 of what has none. */
  readonly sizeMax: number;
  /** Bytes of JSON at least. */
  readonly bytesMin: number;
  /** By escaped name. */
  readonly fields?: ReadonlyMap<string, Declared>;
  /** Of a list's elements, or a map's values. */
  readonly element?: Declared;
}

/** k8s: apiserver/pkg/apis/cel/config.go MaxRequestSizeBytes */
export const requestBytesMax = 3 * 1024 * 1024;

const simple = (type: Type, bytesMin: number, sizeMax = 0): Declared => ({
  type,
  sizeMax,
  bytesMin,
});

const key = simple(stringType, 2);

function stringLength(schema: Schema): number {
  if (schema.maxLength !== undefined) return Math.max(0, schema.maxLength) * 4;
  if (schema.enum?.length && !schema["x-kubernetes-int-or-string"]) {
    const texts = schema.enum.filter((one): one is string => typeof one === "string");
    return Math.max(0, ...texts.map(byteLength));
  }
  return requestBytesMax - 2;
}

function declaredString(schema: Schema): Declared {
  switch (schema.format) {
    case "byte": {
      const { maxLength } = schema;
      const length = maxLength === undefined ? requestBytesMax - 2 : Math.max(0, maxLength);
      return simple(bytesType, 2, length);
    }
    case "duration":
      return simple(durationType, 3, 32);
    case "date":
      return simple(timestampType, 12, 12);
    case "date-time":
      return simple(timestampType, 21, 32);
    default:
      return simple(stringType, 2, stringLength(schema));
  }
}

/** Types of one schema; messages are known by the path at which they lie. */
export class DeclaredTypes {
  readonly #messages = new Map<string, Declared>();
  /** Undefined: expressions do not see it. */
  readonly root: Declared | undefined;

  constructor(schema: Schema, isRoot: boolean, name = "selfType") {
    this.root = this.#declared(schema, isRoot, name);
  }

  /**
   * A message's field; null: there is no such message. A field that is called as a reserved word may be written without
   * escapes too. k8s: apiserver/pkg/cel/types.go FindStructFieldType
   */
  readonly field = (message: string, name: string): Type | undefined | null => {
    const known = this.#messages.get(message);
    if (!known) return null;
    const found = known.fields?.get(name) ?? (isReserved(name) && known.fields?.get(`__${name}__`));
    return found ? found.type : undefined;
  };

  /** The size that is allowed at a path from `self` or `oldSelf` on. */
  readonly sizeAt = (path: readonly string[]): Range | undefined => {
    let at = this.root;
    for (const step of path.slice(1)) {
      if (step === "@items" || step === "@values") at = at?.element;
      else if (step === "@keys") at = at?.type.kind === "map" ? key : undefined;
      else at = at?.fields?.get(step);
      if (!at) return undefined;
    }
    return at && between(0, at.sizeMax);
  };

  #declared(given: Schema, isRoot: boolean, path: string): Declared | undefined {
    if (given["x-kubernetes-int-or-string"]) return simple(dynType, 1, stringLength(given));
    const schema = isRoot ? hasObjectMeta(given) : given;
    switch (schema.type) {
      case "array":
        return this.#list(schema, path);
      case "object":
        return additionalOf(schema) ? this.#map(schema, path) : this.#object(schema, path);
      case "string":
        return declaredString(schema);
      case "boolean":
        return simple(boolType, 4);
      case "number":
        return simple(doubleType, 1);
      case "integer":
        return simple(intType, 1);
      default:
        return undefined;
    }
  }

  #within(schema: Schema, path: string): Declared | undefined {
    return this.#declared(schema, schema["x-kubernetes-embedded-resource"] === true, path);
  }

  #list(schema: Schema, path: string): Declared | undefined {
    const items = itemsOf(schema);
    const element = items && this.#within(items, `${path}.@idx`);
    if (!element) return undefined;
    const sizeMax =
      schema.maxItems === undefined
        ? Math.trunc((requestBytesMax - 2) / (element.bytesMin + 1))
        : Math.max(0, schema.maxItems);
    return { type: listOf(element.type), sizeMax, bytesMin: 2, element };
  }

  #map(schema: Schema, path: string): Declared | undefined {
    const element = this.#within(additionalOf(schema)!, `${path}.@elem`);
    if (!element) return undefined;
    const sizeMax =
      schema.maxProperties === undefined
        ? Math.trunc((requestBytesMax - 2) / (element.bytesMin + 6))
        : Math.max(0, schema.maxProperties);
    return { type: mapOf(stringType, element.type), sizeMax, bytesMin: 2, element };
  }

  #object(schema: Schema, path: string): Declared {
    const fields = new Map<string, Declared>();
    const required = new Set(schema.required ?? []);
    let bytesMin = 2;
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const escaped = escapeName(name);
      const field = this.#within(property, `${path}.${escaped ?? name}`);
      if (!field) continue;
      if (escaped !== undefined) fields.set(escaped, field);
      if (required.has(name) && property.default === undefined) {
        bytesMin += name.length + field.bytesMin + 4;
      }
    }
    const made = { type: structType(path), sizeMax: 0, bytesMin, fields };
    this.#messages.set(path, made);
    return made;
  }
}
