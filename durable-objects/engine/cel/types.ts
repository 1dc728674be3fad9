/** Types of CEL and how they are compared. cel-go: common/types/types.go, checker/types.go, checker/format.go */

export type Kind =
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "null"
  | "duration"
  | "timestamp"
  | "dyn"
  | "error"
  | "list"
  | "map"
  | "type"
  /** A message with fields. */
  | "struct"
  /** Known by its name and parameters alone. */
  | "opaque"
  | "param";

export interface Type {
  readonly kind: Kind;
  /** As it is written: `int`, `google.protobuf.Timestamp`, `Object.spec`. */
  readonly name: string;
  readonly params: readonly Type[];
}

const none: readonly Type[] = [];
const plain = (kind: Kind, name: string): Type => ({ kind, name, params: none });

export const boolType = plain("bool", "bool");
export const intType = plain("int", "int");
export const uintType = plain("uint", "uint");
export const doubleType = plain("double", "double");
export const stringType = plain("string", "string");
export const bytesType = plain("bytes", "bytes");
export const nullType = plain("null", "null_type");
export const durationType = plain("duration", "google.protobuf.Duration");
export const timestampType = plain("timestamp", "google.protobuf.Timestamp");
export const dynType = plain("dyn", "dyn");
export const errorType = plain("error", "*error*");
export const typeType = plain("type", "type");

export const listOf = (element: Type): Type => ({ kind: "list", name: "list", params: [element] });
export const mapOf = (key: Type, value: Type): Type => ({
  kind: "map",
  name: "map",
  params: [key, value],
});
export const structType = (name: string): Type => plain("struct", name);
export const opaqueType = (name: string, ...params: Type[]): Type => ({
  kind: "opaque",
  name,
  params,
});
export const optionalOf = (of: Type): Type => opaqueType("optional_type", of);
export const paramType = (name: string): Type => plain("param", name);
export const typeOf = (of: Type): Type => ({ kind: "type", name: "type", params: [of] });

export const isOptional = (type: Type): boolean =>
  type.kind === "opaque" && type.name === "optional_type";
/** What an optional holds; other types are themselves. */
export const unwrapped = (type: Type): Type => (isOptional(type) ? type.params[0]! : type);

const shortNames: Partial<Record<Kind, string>> = {
  duration: "duration",
  timestamp: "timestamp",
  null: "null",
  error: "!error!",
};

/** As errors of the checker write it. cel-go: FormatCELType */
export function formatType(type: Type): string {
  const name = shortNames[type.kind] ?? type.name;
  return type.params.length === 0 ? name : `${name}(${type.params.map(formatType).join(", ")})`;
}

/** As Go prints it. cel-go: Type.String */
export function typeText(type: Type): string {
  return type.params.length === 0
    ? type.name
    : `${type.name}(${type.params.map(typeText).join(", ")})`;
}

export function sameType(a: Type, b: Type): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.name === b.name &&
      a.params.length === b.params.length &&
      a.params.every((one, i) => sameType(one, b.params[i]!)))
  );
}

/** What type variables stand for, by their name. */
export interface Mapping {
  get(name: string): Type | undefined;
  set(name: string, type: Type): unknown;
}

/** What a trial adds to a mapping, until it has shown that it holds: an expression has thousands of variables. */
export class TriedMapping implements Mapping {
  readonly #before: Mapping;
  readonly #added = new Map<string, Type>();
  constructor(before: Mapping) {
    this.#before = before;
  }
  get(name: string): Type | undefined {
    return this.#added.get(name) ?? this.#before.get(name);
  }
  set(name: string, type: Type): void {
    this.#added.set(name, type);
  }
  keep(): void {
    for (const [name, type] of this.#added) this.#before.set(name, type);
  }
}

function lessSpecific(a: Type, b: Type): boolean {
  if (a.kind === "dyn" || a.kind === "param") return true;
  if (b.kind === "dyn" || b.kind === "param" || a.kind !== b.kind) return false;
  if (a.kind === "type") return true;
  if (a.kind === "list" || a.kind === "map" || a.kind === "opaque") {
    return (
      a.name === b.name &&
      a.params.length === b.params.length &&
      a.params.every((one, i) => lessSpecific(one, b.params[i]!))
    );
  }
  return sameType(a, b);
}

export const mostGeneral = (a: Type, b: Type): Type => (lessSpecific(a, b) ? a : b);

const nullable = new Set<Kind>(["opaque", "struct", "duration", "timestamp"]);

function absentFrom(mapping: Mapping, variable: Type, within: Type): boolean {
  if (sameType(variable, within)) return false;
  if (within.kind === "param") {
    const known = mapping.get(within.name);
    return known === undefined || absentFrom(mapping, variable, known);
  }
  return within.params.every((one) => absentFrom(mapping, variable, one));
}

/** Whether a type can stand for a variable, and whether something did so before. */
function stands(mapping: Mapping, type: Type, variable: Type): { fits: boolean; known: boolean } {
  if (sameType(type, variable)) return { fits: true, known: true };
  const known = mapping.get(variable.name);
  if (known) {
    if (sameType(type, known)) return { fits: true, known: true };
    if (!assignableIn(mapping, type, known)) return { fits: false, known: true };
    const wider = mostGeneral(type, known);
    if (absentFrom(mapping, variable, wider)) mapping.set(variable.name, wider);
    return { fits: true, known: true };
  }
  if (!absentFrom(mapping, variable, type)) return { fits: false, known: false };
  mapping.set(variable.name, type);
  return { fits: true, known: false };
}

/** Whether one may be used for the other; notes what variables stand for. cel-go: internalIsAssignable */
export function assignableIn(mapping: Mapping, a: Type, b: Type): boolean {
  if (b.kind === "param") {
    const { fits, known } = stands(mapping, a, b);
    if (fits) return true;
    if (known) return false;
  }
  if (a.kind === "param") return stands(mapping, b, a).fits;
  if (a.kind === "dyn" || a.kind === "error" || b.kind === "dyn" || b.kind === "error") return true;
  if (a.kind === "null") return nullable.has(b.kind) || b.kind === "null";
  if (b.kind === "null") return nullable.has(a.kind);
  if (a.kind === "type") return b.kind === "type";
  if (a.kind === "list" || a.kind === "map" || a.kind === "opaque") {
    return a.kind === b.kind && a.name === b.name && allAssignableIn(mapping, a.params, b.params);
  }
  return sameType(a, b);
}

export function allAssignableIn(mapping: Mapping, a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length && a.every((one, i) => assignableIn(mapping, one, b[i]!));
}

/** With variables replaced by what they stand for; those that stand for nothing become dyn where that is asked. */
export function substitute(mapping: Mapping, type: Type, toDyn: boolean): Type {
  if (type.kind === "param") {
    const known = mapping.get(type.name);
    if (known) return substitute(mapping, known, toDyn);
    return toDyn ? dynType : type;
  }
  if (type.params.length === 0) return type;
  return { ...type, params: type.params.map((one) => substitute(mapping, one, toDyn)) };
}
