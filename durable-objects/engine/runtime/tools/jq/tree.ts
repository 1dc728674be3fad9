/** What a filter is parsed to, and what names are bound to. */
import type { Value } from "./values.ts";

/** `$x`, `$__loc__` or a label: told apart by identity. */
export interface Variable {
  name: string;
}

export interface Definition {
  name: string;
  params: Parameter[];
  body: Node;
  /** Exactly one output for each input; undefined while that is found out. */
  single?: boolean;
  /** Known everywhere: needs nothing of where it stands. */
  global?: true;
}

/** A parameter: a filter, and a value of the same name where it was written `$x`. */
export interface Parameter {
  name: string;
  variable?: Variable;
}

export type Pattern =
  | { k: "var"; to: Variable }
  | { k: "array"; of: Pattern[] }
  | { k: "object"; of: { key: Node; to?: Variable; value?: Pattern }[] };

/** Where a name stands in the program, for what is said of it. */
export interface Spot {
  at: number;
}

export type Target = { definition: Definition } | { parameter: Parameter } | { native: string };

/** `single`: exactly one output for each input; `opt`: an access that fails gives nothing. */
export type Node = { single?: boolean; opt?: true } & (
  | { k: "id" }
  | { k: "const"; v: Value }
  | { k: "index"; of: Node; key: Node }
  | { k: "slice"; of: Node; from?: Node | undefined; to?: Node | undefined }
  | { k: "each"; of: Node }
  | { k: "pipe"; a: Node; b: Node }
  | { k: "comma" | "and" | "or" | "alt"; a: Node; b: Node }
  | { k: "neg"; of: Node }
  | { k: "bin"; op: string; a: Node; b: Node }
  /** `op`: "" for `=`, "|", "//" or an operator of `bin`. */
  | { k: "assign"; op: string; a: Node; b: Node }
  | { k: "if"; c: Node; a: Node; b: Node }
  | { k: "try"; body: Node; handler?: Node | undefined }
  | { k: "reduce"; of: Node; to: Pattern[]; init: Node; update: Node }
  | { k: "foreach"; of: Node; to: Pattern[]; init: Node; update: Node; extract?: Node | undefined }
  | { k: "as"; of: Node; to: Pattern[]; body: Node }
  | { k: "label"; to: Variable; body: Node }
  | ({ k: "break"; name: string; to?: Variable } & Spot)
  | { k: "def"; def: Definition; rest: Node }
  | ({ k: "call"; name: string; args: Node[]; target?: Target } & Spot)
  | ({ k: "var"; name: string; to?: Variable; global?: Value } & Spot)
  | { k: "array"; of?: Node | undefined }
  | { k: "object"; pairs: [Node, Node][] }
  | { k: "text"; format: string; parts: (string | Node)[] }
  | { k: "format"; name: string }
);

/** What is wrong with a program; `at`: place of its first character that is concerned. */
export interface Complaint {
  text: string;
  at: number;
}

/** A program that cannot be run. */
export class CompileProblem extends Error {
  override name = "CompileProblem";
  readonly complaints: Complaint[];
  constructor(complaints: Complaint[]) {
    super(complaints[0]?.text ?? "");
    this.complaints = complaints;
  }
}
