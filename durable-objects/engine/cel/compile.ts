/** From a text to what can be run, or to what is wrong with it. */
import { partsOf, type Expr } from "./ast.ts";
import { check, type Environment } from "./checker.ts";
import { issuesText, type Issue } from "./issues.ts";
import { parse } from "./parser.ts";
import { validate } from "./validators.ts";
import type { Type } from "./types.ts";

export interface Checked {
  readonly e: Expr;
  readonly type: Type;
}

/** The checked expression, or its errors as upstream prints them. */
export function compile(text: string, environment: Environment): Checked | { error: string } {
  const issues: Issue[] = [];
  const e = parse(text, issues, environment.binds);
  if (e && issues.length === 0) check(e, environment, issues, partsOf);
  if (e && issues.length === 0) validate(e, issues);
  return e && issues.length === 0 ? { e, type: e.type! } : { error: issuesText(text, issues) };
}
