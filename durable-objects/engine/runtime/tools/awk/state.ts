/** What awk's own functions see of a program that runs. */
import type { Regex } from "../../../regex/regex.ts";
import type { MatchWork } from "../../match-work.ts";
import type { AwkHost, AwkMemory } from "./host.ts";
import type { Expr } from "./tree.ts";
import type { Cell, Value } from "./values.ts";

export interface Awk {
  readonly memory: AwkMemory;
  readonly host: AwkHost;
  readonly work: MatchWork;
  /** `$0` */
  readonly record: string;
  eval(expr: Expr): Value;
  assign(to: Expr, value: Value): void;
  /** A variable's value, as text. */
  text(name: string): string;
  set(name: string, value: Value): void;
  cell(name: string): Cell;
  array(name: string): Record<string, Value>;
  /** The parts of a text between separators, as FS means them. */
  split(text: string, by: string): string[];
  /** The expression an operand of `~` stands for. */
  pattern(expr: Expr): Regex;
}
