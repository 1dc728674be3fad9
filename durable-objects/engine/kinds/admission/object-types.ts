/** Types of objects as expressions see them. k8s: apiserver/pkg/cel/common/schemas.go SchemaDeclType */
import type { KnownTypes } from "../../cel/admission.ts";
import { DeclaredTypes } from "../../cel/rules/declared-types.ts";
import type { Schema } from "../../cel/schema.ts";
import {
  boolType,
  bytesType,
  doubleType,
  dynType,
  intType,
  listOf,
  mapOf,
  stringType,
  structType,
  timestampType,
  type Type,
} from "../../cel/types.ts";
import { schemaNamed, type FieldType, type StructRef } from "../../schema/types.ts";

const scalars: Readonly<Record<string, Type>> = {
  string: stringType,
  bool: boolType,
  int32: intType,
  int64: intType,
  float64: doubleType,
  bytes: bytesType,
  quantity: stringType,
  duration: stringType,
  time: timestampType,
  microTime: timestampType,
};

const text: Schema = { type: "string" };

/** Types of objects by the names of their messages, which are made as they are asked for. */
export class ObjectTypes {
  readonly #messages = new Map<string, StructRef>();
  readonly #custom = new Map<string, DeclaredTypes>();

  /** The type of a whole object. */
  add(name: string, schema: StructRef): Type {
    this.#messages.set(name, schema);
    return structType(name);
  }

  /** The type of a whole custom object, which has the metadata that all have. */
  addCustom(name: string, schema: Schema): Type {
    const properties = { ...schema.properties, apiVersion: text, kind: text };
    const types = new DeclaredTypes({ ...schema, type: "object", properties }, false, name);
    this.#custom.set(name, types);
    this.add(`${name}.metadata`, schemaNamed("meta/v1.ObjectMeta"));
    return structType(name);
  }

  readonly field: KnownTypes["field"] = (message, name) => {
    const metadata = `${message}.${name}`;
    if (name === "metadata" && this.#custom.has(message)) return structType(metadata);
    for (const types of this.#custom.values()) {
      const found = types.field(message, name);
      if (found !== null) return found;
    }
    const schema = this.#messages.get(message);
    if (!schema) return null;
    const field = schema.struct.fields.get(name);
    return field && this.#typeOf(field.type, `${message}.${name}`);
  };

  #typeOf(type: FieldType, path: string): Type {
    switch (type.kind) {
      case "struct":
        return this.add(path, type);
      case "list":
        return listOf(this.#typeOf(type.of, `${path}.@idx`));
      case "map":
        return mapOf(stringType, this.#typeOf(type.of, `${path}.@elem`));
      default:
        return scalars[type.kind] ?? dynType;
    }
  }
}
