/**
 * What apply has to know of a type: where ownership splits into parts and where it does not.
 * Made from the field facts, once per type.
 */
import {
  structType,
  type Field,
  type FieldType,
  type ScalarKind,
  type StructType,
} from "../../schema/types.ts";
import {
  additionalOf,
  itemsOf,
  namesIn,
  propertyOf,
  type JsonSchema,
} from "../../schema/structural/json-schema.ts";
import { fieldElement } from "./element.ts";

export type ScalarClass = "string" | "numeric" | "boolean" | "untyped";

export interface ScalarShape {
  readonly kind: "scalar";
  readonly scalar: ScalarClass;
}
/** Free JSON: a list is one piece, an object too unless `granular`. */
export interface AnyShape {
  readonly kind: "any";
  readonly granular: boolean;
}
export interface MapShape {
  readonly kind: "map";
  readonly atomic: boolean;
  /** Declared fields of a struct; empty for a plain map. */
  readonly fields: ReadonlyMap<string, FieldShape>;
  /** Shape under undeclared keys; undefined: there may be none. */
  readonly element: Shape | undefined;
  /** Fields that Go writes even when unset. */
  readonly filled: readonly FieldShape[];
}
export interface ListShape {
  readonly kind: "list";
  readonly relation: "atomic" | "set" | "map";
  /** Sorted, as elements spell them. */
  readonly keys: readonly string[];
  readonly keyDefaults: readonly unknown[];
  /** The keys as declared, for messages. */
  readonly declaredKeys: readonly string[];
  readonly element: Shape;
}
export type Shape = ScalarShape | AnyShape | MapShape | ListShape;

export interface FieldShape {
  readonly name: string;
  /** `f:name` */
  readonly key: string;
  readonly shape: Shape;
  /**
   * What an unset field counts as within a present struct: Go has no absent structs, and prints
   * fields without omitempty as null or zero. Undefined: absent is absent.
   */
  readonly fill: unknown;
}

const scalar = (of: ScalarClass): ScalarShape => ({ kind: "scalar", scalar: of });
const SCALARS = {
  string: scalar("string"),
  numeric: scalar("numeric"),
  boolean: scalar("boolean"),
  untyped: scalar("untyped"),
};
export const ATOMIC_ANY: AnyShape = { kind: "any", granular: false };
export const GRANULAR_ANY: AnyShape = { kind: "any", granular: true };

/** Times and quantities are untyped: their OpenAPI format is not that of a plain string. */
const SCALAR_CLASSES: Record<ScalarKind, Shape> = {
  string: SCALARS.string,
  bytes: SCALARS.string,
  bool: SCALARS.boolean,
  int32: SCALARS.numeric,
  int64: SCALARS.numeric,
  float64: SCALARS.numeric,
  quantity: SCALARS.untyped,
  intOrString: SCALARS.untyped,
  time: SCALARS.untyped,
  microTime: SCALARS.untyped,
  duration: SCALARS.string,
  rawExtension: ATOMIC_ANY,
  fieldsV1: ATOMIC_ANY,
  any: ATOMIC_ANY,
};

const NO_FIELDS: ReadonlyMap<string, FieldShape> = new Map();
const FILL_STRUCT = Object.freeze({});

/** A struct's shape; its fields are resolved on first use, since types contain themselves. */
class StructShape implements MapShape {
  readonly kind = "map" as const;
  readonly atomic: boolean;
  readonly element = undefined;
  private readonly type: StructType;
  private resolved: ReadonlyMap<string, FieldShape> | undefined;
  private unset: readonly FieldShape[] | undefined;
  constructor(type: StructType, atomic: boolean) {
    this.type = type;
    this.atomic = atomic;
  }
  get fields(): ReadonlyMap<string, FieldShape> {
    if (!this.resolved) {
      const fields = new Map<string, FieldShape>();
      for (const field of this.type.list) {
        // The records of ownership are never owned themselves.
        if (this.type.name === "meta/v1.ObjectMeta" && field.name === "managedFields") continue;
        fields.set(field.name, fieldShape(field));
      }
      this.resolved = fields;
    }
    return this.resolved;
  }
  get filled(): readonly FieldShape[] {
    return (this.unset ??= [...this.fields.values()].filter((f) => f.fill !== undefined));
  }
}

function fillOf(field: Field): unknown {
  if (field.pointer) return field.always ? null : undefined;
  if (field.type.kind === "struct") return FILL_STRUCT;
  if (field.whenAbsent !== undefined) return field.whenAbsent;
  return field.always ? null : undefined;
}

function fieldShape(field: Field): FieldShape {
  return {
    name: field.name,
    key: fieldElement(field.name),
    shape: shapeOfField(field),
    fill: fillOf(field),
  };
}

function shapeOfField(field: Field): Shape {
  const { type } = field;
  if (type.kind === "list") return listShape(field, type.of);
  if (type.kind === "map") return mapShape(shapeOfType(type.of), field.mapType === "atomic");
  if (type.kind === "struct" && field.structType) {
    return structShape(type.struct, field.structType === "atomic");
  }
  return shapeOfType(type);
}

function shapeOfType(type: FieldType): Shape {
  switch (type.kind) {
    case "struct":
      return structShape(type.struct, type.struct.atomic);
    case "map":
      return mapShape(shapeOfType(type.of), false);
    case "list":
      return atomicList(shapeOfType(type.of));
    default:
      return SCALAR_CLASSES[type.kind];
  }
}

const mapShape = (element: Shape, atomic: boolean): MapShape => ({
  kind: "map",
  atomic,
  fields: NO_FIELDS,
  element,
  filled: [],
});

const atomicList = (element: Shape): ListShape => ({
  kind: "list",
  relation: "atomic",
  keys: [],
  keyDefaults: [],
  declaredKeys: [],
  element,
});

/** Without a list type the patch strategy decides. k8s: kube-openapi/pkg/schemaconv getListElementRelationship */
function listShape(field: Field, of: FieldType): ListShape {
  const element = shapeOfType(of);
  let relation = field.listType ?? "atomic";
  let declared: readonly string[] = field.listMapKeys ?? [];
  if (!field.listType && field.patchStrategy.includes("merge")) {
    relation = field.patchMergeKey ? "map" : "set";
    if (field.patchMergeKey) declared = [field.patchMergeKey];
  }
  if (relation === "atomic") return atomicList(element);
  const keys = [...declared].sort();
  const fields = of.kind === "struct" ? of.struct.fields : undefined;
  return {
    kind: "list",
    relation,
    keys,
    keyDefaults: keys.map((key) => fields?.get(key)?.default),
    declaredKeys: declared,
    element,
  };
}

const structShapes = new Map<string, StructShape>();

function structShape(type: StructType, atomic: boolean): StructShape {
  const id = `${type.name} ${atomic}`;
  let shape = structShapes.get(id);
  if (!shape) {
    shape = new StructShape(type, atomic);
    structShapes.set(id, shape);
  }
  return shape;
}

let untypedObject: MapShape | undefined;

/** The shape of a type's objects, or of a custom resource without one: metadata is always typed. */
export function shapeOf(schema: StructType | undefined): MapShape {
  if (schema?.structural?.schema) return customShape(schema, schema.structural.schema);
  if (schema && !schema.structural) return structShape(schema, false);
  const metadata = structShape(structType("meta/v1.ObjectMeta"), false);
  return (untypedObject ??= {
    kind: "map",
    atomic: false,
    fields: new Map([
      ["apiVersion", plainField("apiVersion", SCALARS.string)],
      ["kind", plainField("kind", SCALARS.string)],
      ["metadata", { ...plainField("metadata", metadata), fill: FILL_STRUCT }],
    ]),
    element: GRANULAR_ANY,
    filled: [],
  });
}

const plainField = (name: string, shape: Shape): FieldShape => ({
  name,
  key: fieldElement(name),
  shape,
  fill: undefined,
});

const customShapes = new WeakMap<StructType, MapShape>();

function customShape(type: StructType, schema: JsonSchema): MapShape {
  let shape = customShapes.get(type);
  if (!shape) {
    const preserves = schema["x-kubernetes-preserve-unknown-fields"] ?? false;
    customShapes.set(type, (shape = objectShape(schema, preserves, true)));
  }
  return shape;
}

/** k8s: kube-openapi pkg/schemaconv/openapi.go. `preserves`: unknown fields are kept here, as above. */
function schemaShape(schema: JsonSchema, above: boolean): Shape {
  const preserves = above || schema["x-kubernetes-preserve-unknown-fields"] === true;
  switch (schema.type ?? "") {
    case "object":
      return objectShape(schema, preserves, schema["x-kubernetes-embedded-resource"] ?? false);
    case "array":
      return arrayShape(schema, preserves);
    case "integer":
    case "number":
      return SCALARS.numeric;
    case "boolean":
      return SCALARS.boolean;
    case "string":
      return !schema.format || schema.format === "byte" ? SCALARS.string : SCALARS.untyped;
    default:
      return schema.properties ? objectShape(schema, preserves, false) : GRANULAR_ANY;
  }
}

function objectShape(schema: JsonSchema, preserves: boolean, isResource: boolean): MapShape {
  const fields = new Map<string, FieldShape>();
  for (const name of namesIn(schema.properties)) {
    const shape = schemaShape(propertyOf(schema, name) as JsonSchema, preserves);
    fields.set(name, plainField(name, shape));
  }
  if (isResource) {
    for (const name of ["apiVersion", "kind"]) fields.set(name, plainField(name, SCALARS.string));
    const metadata = structShape(structType("meta/v1.ObjectMeta"), false);
    fields.set("metadata", plainField("metadata", metadata));
  }
  return {
    kind: "map",
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    fields,
    element: elementShape(schema, preserves, fields.size === 0),
    filled: [],
  };
}

function elementShape(schema: JsonSchema, preserves: boolean, isFree: boolean): Shape | undefined {
  const more = additionalOf(schema);
  if (more) return schemaShape(more, preserves);
  if (schema.additionalProperties !== undefined)
    return schema.additionalProperties ? GRANULAR_ANY : undefined;
  return preserves || isFree ? GRANULAR_ANY : undefined;
}

function arrayShape(schema: JsonSchema, preserves: boolean): ListShape {
  const items = itemsOf(schema);
  const element = items ? schemaShape(items, preserves) : ATOMIC_ANY;
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return atomicList(element);
  const declaredKeys = type === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : [];
  const keys = [...declaredKeys].sort();
  return {
    kind: "list",
    relation: type,
    keys,
    keyDefaults: keys.map((key) => (items && propertyOf(items, key)?.default) ?? undefined),
    declaredKeys,
    element,
  };
}
