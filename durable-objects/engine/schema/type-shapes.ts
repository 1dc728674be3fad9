/** What the facts say of a type, and what becomes of it: a struct, a list, a map or a scalar. */
import type { JsonSchema } from "./structural/json-schema.ts";

export interface DecodeOptions {
  /** What `parseJson` found doubled; those below unknown fields are passed over, as upstream does. */
  duplicates?: readonly string[] | undefined;
  /** As the parser has them. */
  places?: ReadonlyMap<string, number> | undefined;
}

export interface Decoded {
  /** Canonical: Go's field order, quantities and times rewritten, empty fields dropped. */
  object: Record<string, unknown>;
  /** `duplicate field "spec.x"`, `unknown field "spec.x"`, each once, in document order. */
  problems: string[];
  /** Go's text for a wrong type, quantity or time; `object` is empty then. */
  error?: string;
}

/** A type that an OpenAPI schema describes: its values are trees of JSON, which the schema prunes and fills. */
export interface Structural {
  /** Undefined: of a version that has none. */
  readonly schema: JsonSchema | undefined;
  readonly listKind: string;
  /** `spec.host`: what field selectors may name. */
  readonly selectableFields: readonly string[];
  decode(value: unknown, options: DecodeOptions): Decoded;
  applyDefaults(object: Record<string, unknown>): Record<string, unknown>;
}

export interface FieldFacts {
  /** On the wire; absent: one more than that of the field before. 0: it has none. */
  n?: number;
  type: string;
  required?: boolean;
  always?: boolean;
  default?: string;
  listType?: string;
  listMapKeys?: string[];
  mapType?: string;
  structType?: string;
  patchStrategy?: string;
  patchMergeKey?: string;
}
export interface TypeFacts {
  atomic?: boolean;
  fields: Record<string, FieldFacts>;
}

export type ScalarKind =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "float64"
  | "bytes"
  | "quantity"
  | "intOrString"
  | "time"
  | "microTime"
  | "duration"
  | "rawExtension"
  | "fieldsV1"
  | "any";

/** `go` is the type's name as Go prints it in errors: `v1.Protocol`, `[]v1.Container`. */
export interface ScalarType {
  readonly kind: ScalarKind;
  readonly go: string;
  /** Named string types: the facts' name, `core/v1.Protocol`; a key of `stringConstants`. */
  readonly name?: string;
}
export interface StructRef {
  readonly kind: "struct";
  readonly go: string;
  readonly name: string;
  readonly struct: StructType;
}
export interface ListType {
  readonly kind: "list";
  readonly go: string;
  readonly of: FieldType;
  /** Named lists (ExtraValue, Verbs) are a message of their own in protobuf. */
  readonly wrapped: boolean;
}
export interface MapType {
  readonly kind: "map";
  readonly go: string;
  readonly of: FieldType;
}
export type FieldType = ScalarType | StructRef | ListType | MapType;

export interface Field {
  readonly name: string;
  /** Position among the struct's JSON fields, Go's order. */
  readonly index: number;
  /** Go names of the embedded structs it comes from; Go's type errors print them. */
  readonly via: readonly string[];
  /** Protobuf field number within its own message; 0 where the type has no protobuf form. */
  readonly n: number;
  readonly type: FieldType;
  readonly pointer: boolean;
  readonly required: boolean;
  /** No omitempty: written even when empty. */
  readonly always: boolean;
  /** What is written when the field is absent; undefined: nothing. A struct: `{}` and its own. */
  readonly whenAbsent: unknown;
  /** Left out when zero (omitempty on a scalar that is no pointer). */
  readonly omitZero: boolean;
  readonly default: unknown;
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly listMapKeys: readonly string[] | undefined;
  readonly mapType: "atomic" | "granular" | undefined;
  readonly structType: "atomic" | "granular" | undefined;
  readonly patchStrategy: readonly string[];
  readonly patchMergeKey: string | undefined;
  /** For `kubectl explain`, where the type brings its own. */
  readonly description?: string | undefined;
}

/** A struct spread into its parent in JSON, a message of its own in protobuf where n > 0. */
export interface InlineStruct {
  readonly n: number;
  readonly inline: StructType;
}

export interface StructType {
  /** `core/v1.PodSpec` */
  readonly name: string;
  /** `PodSpec` */
  readonly shortName: string;
  /** By JSON name, in Go's order, inline structs spread. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly list: readonly Field[];
  /** Fields written even when absent. */
  readonly emitted: readonly Field[];
  /** Fields whose default in the facts shows; zero where zeros are left out does not. */
  readonly defaulted: readonly Field[];
  /** By protobuf number, as the message has them. */
  readonly wire: ReadonlyMap<number, Field | InlineStruct>;
  readonly atomic: boolean;
  /** Of custom resources: `fields` are then only those that every one has. */
  readonly structural?: Structural | undefined;
  /** As a field's. */
  readonly description?: string | undefined;
}
