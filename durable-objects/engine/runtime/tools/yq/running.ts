/** What running an expression is made of. */
import type { CompileBudget } from "../../../regex/regex.ts";
import type { Work, YqNode } from "./node.ts";
import type { Expr } from "./parser.ts";

export interface Context {
  nodes: YqNode[];
  variables: ReadonlyMap<string, YqNode[]>;
  /** All documents at once: operators see all nodes together. */
  together: boolean;
}

export type Nodes = Generator<undefined, YqNode[]>;

/** What expressions ask of the process they run in. */
export interface Surroundings {
  env: Readonly<Record<string, string>>;
  /** A file's text. YqError. */
  readFile(path: string): string;
  nowMs: number;
  matching: CompileBudget;
}

/** Who runs expressions, as functions see it. */
export interface Machine extends Work {
  readonly outside: Surroundings;
  run(e: Expr, context: Context): Nodes;
  with(context: Context, nodes: YqNode[]): Context;
  textOf(node: YqNode): string;
}

export type Function = (m: Machine, context: Context, args: Expr[]) => Nodes;
