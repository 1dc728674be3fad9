/** What a program's values are: JavaScript's own plain ones, and objects and scopes of the machine's. */

import { civil, monthNames } from "../../runtime/civil.ts";

/** A plain value, or an object. */
export type Value = undefined | null | boolean | number | string | Obj;

export type ObjKind = "object" | "array" | "function" | "error" | "map" | "set" | "date" | "regex";

/** Objects and scopes are numbered as they are made, by which they are stored. */
export abstract class Kept {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

export class Scope extends Kept {
  readonly names = new Map<string, Value>();
  constants?: Set<string>;
  readonly up: Scope | undefined;
  constructor(id: number, up: Scope | undefined) {
    super(id);
    this.up = up;
  }
}

export class Obj extends Kept {
  readonly kind: ObjKind;
  proto: Obj | null;
  readonly props = new Map<string, Value>();
  /** Names that are not listed. */
  hidden?: Set<string>;
  /** Of an array. */
  items: Value[] = [];
  /** Of a map or set. */
  table?: Map<Value, Value>;
  /** Of a function of the program: its text's name, its number there, where it was made. */
  unit?: string;
  code?: number;
  scope?: Scope | undefined;
  /** The object whose method it is, for `super`. */
  home?: Obj;
  /** Fields of a class. */
  fields?: [key: string, make: Obj][];
  /** A function of the machine's. */
  native?: string;
  /** What a native one was bound to; a date's moment; a pattern and its flags. */
  data?: unknown;
  constructor(id: number, kind: ObjKind, proto: Obj | null) {
    super(id);
    this.kind = kind;
    this.proto = proto;
  }
}

/** A value thrown by the program, or by what it does. */
export class Thrown extends Error {
  override name = "Thrown";
  readonly value: Value;
  constructor(value: Value) {
    super("thrown");
    this.value = value;
  }
}

/** A loop's place in a list. */
export interface Iteration {
  list: Value[];
  at: number;
}

/** What lies on the stack. */
export type Slot = Value | Value[] | Iteration;

/** A function that runs. */
export interface Frame {
  unit: string;
  code: number;
  at: number;
  stack: Slot[];
  scope: Scope;
  guards: { at: number; height: number; scope: Scope }[];
  /** The function, and what it makes when called with `new`. */
  fn: Obj | undefined;
  made?: Obj;
  /** Of an async function: who is told its end. */
  settle?: Obj;
  /** Its result is not asked for. */
  forgets?: boolean;
  /** Of a field's value: where it goes. */
  field?: [on: Obj, key: string];
}

export const isNil = (value: Slot): value is null | undefined =>
  value === null || value === undefined;

export const isFn = (value: Slot): value is Obj => value instanceof Obj && value.kind === "function"; // prettier-ignore

export function typeName(value: Slot): string {
  if (value === null) return "object";
  if (isFn(value)) return "function";
  return value instanceof Obj ? "object" : typeof value;
}

/** A property's key. */
export const keyOf = (value: Value): string => (value instanceof Obj ? textOf(value) : String(value)); // prettier-ignore

/** As String() has it; methods of the program's own are not asked. */
export function textOf(value: Value, depth = 0): string {
  if (!(value instanceof Obj)) return String(value);
  if (depth > 20) return "";
  if (value.kind === "array")
    return value.items
      .map((item) => (isNil(item) ? "" : textOf(item, depth + 1)))
      .join(",")
      .slice(0, 1_000_000);
  if (value.kind === "function")
    return value.native === undefined
      ? `function ${String(value.props.get("name") ?? "")}() { ... }`
      : `function ${String(value.props.get("name") ?? "")}() { [native code] }`;
  if (value.kind === "date") return dateText(Number(value.data));
  if (value.kind === "regex") {
    const [pattern, flags] = value.data as [string, string];
    return `/${pattern}/${flags}`;
  }
  if (value.kind === "error") {
    const name = textOf(property(value, "name"), depth + 1);
    const message = textOf(property(value, "message") ?? "", depth + 1);
    return message === "" ? name : `${name}: ${message}`;
  }
  // Bytes are their text.
  const text = value.hidden?.has("text") ? value.props.get("text") : undefined;
  return typeof text === "string" ? text : "[object Object]";
}

/** A property of the object itself or of those that it is made after. */
export function property(from: Obj, key: string): Value {
  let steps = 0;
  for (let one: Obj | null = from; one && steps < 1000; one = one.proto, steps++)
    if (one.props.has(key)) return one.props.get(key);
  return undefined;
}

export function numberOf(value: Value): number {
  if (!(value instanceof Obj)) return Number(value);
  if (value.kind === "date") return Number(value.data);
  if (value.kind === "array") return Number(textOf(value));
  return NaN;
}

const two = (n: number): string => String(n).padStart(2, "0");
const days = "Sun Mon Tue Wed Thu Fri Sat".split(" ");

/** ISO form of a moment; undefined: it is none. */
export function dateIso(ms: number): string | undefined {
  if (!Number.isFinite(ms)) return undefined;
  const at = civil(ms);
  return `${at.year}-${two(at.month)}-${two(at.day)}T${two(at.hour)}:${two(at.minute)}:${two(at.second)}.${String(at.ms).padStart(3, "0")}Z`;
}

/** Dates are told in UTC, as containers have it. */
export function dateText(ms: number): string {
  if (!Number.isFinite(ms)) return "Invalid Date";
  const { year, month, day, hour, minute, second, weekday } = civil(ms);
  return `${days[weekday]} ${monthNames[month - 1]?.slice(0, 3)} ${two(day)} ${year} ${two(hour)}:${two(minute)}:${two(second)} GMT+0000 (Coordinated Universal Time)`;
}
