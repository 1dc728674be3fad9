/**
 * The paths of printer columns and selectable fields: `.spec.x`, `.status.conditions[?(@.type=="Ready")].status`,
 * `.metadata.annotations.a\.b`, `[0]`, `[-1:]`, `[*]`, `..name`. k8s: client-go/util/jsonpath
 */
import { jsonPathStepsMax } from "../../core/limits.ts";
import { isObject } from "../../schema/decode.ts";

type Step =
  | { type: "field"; name: string }
  | { type: "all" | "descend" }
  | { type: "slice"; from: number | undefined; to: number | undefined; step: number; one: boolean }
  | { type: "filter"; left: Operand; operator: string; right: Operand }
  | { type: "union"; paths: Step[][] };

/** A path below the item, or a value. */
type Operand = { path: Step[] } | { value: unknown };

/** Thrown for a text that is no path, and where a path cannot go on; caught by `parsePath` and `find`. */
class NoPath extends Error {}

export type JsonPath = readonly Step[];

/** Undefined: it is none. */
export function parsePath(text: string): JsonPath | undefined {
  try {
    return new Parser(text).all();
  } catch (error) {
    if (error instanceof NoPath) return undefined;
    throw error;
  }
}

const nameEnd = /[\s.[\](){}|,?@$&"'=<>!]/;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Step[] {
    const steps = this.#steps();
    if (this.#at < this.#text.length) throw new NoPath();
    return steps;
  }

  #steps(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      const c = this.#text[this.#at];
      if (c === ".") {
        this.#at++;
        if (this.#text[this.#at] === ".") {
          this.#at++;
          steps.push({ type: "descend" });
        }
        const next = this.#text[this.#at];
        if (next === "[" || next === undefined) continue;
        if (next === "*") {
          this.#at++;
          steps.push({ type: "all" });
        } else steps.push({ type: "field", name: this.#name() });
      } else if (c === "[") {
        this.#at++;
        steps.push(this.#bracket());
      } else return steps;
    }
  }

  #name(): string {
    let name = "";
    for (;;) {
      const c = this.#text[this.#at];
      if (c === "\\") {
        const escaped = this.#text[this.#at + 1];
        if (escaped === undefined) throw new NoPath();
        name += escaped;
        this.#at += 2;
      } else if (c === undefined || nameEnd.test(c)) break;
      else {
        name += c;
        this.#at++;
      }
    }
    if (name === "") throw new NoPath();
    return name;
  }

  #bracket(): Step {
    if (this.#text.startsWith("?(", this.#at)) return this.#filter();
    const end = this.#text.indexOf("]", this.#at);
    const c = this.#text[this.#at];
    if (c === "'" || c === '"') {
      const names: Step[][] = [];
      do names.push([{ type: "field", name: this.#quoted() }]);
      while (this.#takes(","));
      if (!this.#takes("]")) throw new NoPath();
      return names.length === 1 ? (names[0]?.[0] as Step) : { type: "union", paths: names };
    }
    if (end < 0) throw new NoPath();
    const inner = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    if (inner === "*") return { type: "all" };
    const parts = inner.split(",").map(sliceOf);
    return parts.length === 1
      ? (parts[0] as Step)
      : { type: "union", paths: parts.map((part) => [part]) };
  }

  #takes(text: string): boolean {
    while (this.#text[this.#at] === " ") this.#at++;
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    while (this.#text[this.#at] === " ") this.#at++;
    return true;
  }

  #quoted(): string {
    const quote = this.#text[this.#at++];
    let out = "";
    for (;;) {
      const c = this.#text[this.#at++];
      if (c === undefined) throw new NoPath();
      if (c === quote) return out;
      out += c === "\\" ? (this.#text[this.#at++] ?? "") : c;
    }
  }

  #filter(): Step {
    this.#at += 2;
    const left = this.#operand();
    const operator = ["==", "!=", "<=", ">=", "<", ">"].find((sign) => this.#takes(sign));
    const right = operator === undefined ? { value: undefined } : this.#operand();
    if (!this.#takes(")") || !this.#takes("]")) throw new NoPath();
    return { type: "filter", left, operator: operator ?? "exists", right };
  }

  #operand(): Operand {
    this.#takes("");
    const c = this.#text[this.#at];
    if (c === "@") {
      this.#at++;
      return { path: this.#steps() };
    }
    if (c === "'" || c === '"') return { value: this.#quoted() };
    const word = /^[-+.\w]+/.exec(this.#text.slice(this.#at))?.[0];
    if (word === undefined) throw new NoPath();
    this.#at += word.length;
    if (word === "true" || word === "false") return { value: word === "true" };
    if (!Number.isFinite(Number(word))) throw new NoPath();
    return { value: Number(word) };
  }
}

function sliceOf(text: string): Step {
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length > 3 || !parts.every((part) => /^-?\d*$/.test(part))) throw new NoPath();
  const [from, to, step] = parts.map((part) => (part === "" ? undefined : Number(part)));
  if (parts.length === 1 && from === undefined) throw new NoPath();
  return { type: "slice", from, to, step: step ?? 1, one: parts.length === 1 };
}

/** What a path finds; undefined where it cannot be followed: an index beyond a list, a filter of what is no list. */
export function find(
  path: JsonPath,
  value: unknown,
  budget: Budget = { left: jsonPathStepsMax },
): unknown[] | undefined {
  try {
    return follow(path, [value], budget);
  } catch (error) {
    if (error instanceof NoPath) return undefined;
    throw error;
  }
}

/** Values that may still be come by. */
export interface Budget {
  left: number;
}

function follow(path: JsonPath, values: unknown[], budget: Budget): unknown[] {
  let found = values;
  for (const step of path) {
    found = found.flatMap((value) => next(step, value, budget));
    budget.left -= found.length + 1;
    if (budget.left < 0) throw new NoPath();
  }
  return found;
}

function next(step: Step, value: unknown, budget: Budget): unknown[] {
  switch (step.type) {
    case "field":
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case "all":
      return inside(value);
    case "descend":
      return descend(value, [], budget);
    case "slice":
      return slice(step, value);
    case "union":
      return step.paths.flatMap((path) => follow(path, [value], budget));
    case "filter":
      if (!Array.isArray(value)) throw new NoPath();
      return value.filter((item) => passes(step, item, budget));
  }
}

const inside = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value as unknown[];
  return isObject(value)
    ? Object.keys(value)
        .sort()
        .map((key) => value[key])
    : [];
};

function descend(value: unknown, out: unknown[], budget: Budget): unknown[] {
  const within = inside(value);
  if (within.length === 0) return out;
  if (--budget.left < 0) throw new NoPath();
  out.push(value);
  for (const one of within) descend(one, out, budget);
  return out;
}

function slice(
  { from, to, step, one }: Extract<Step, { type: "slice" }>,
  value: unknown,
): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new NoPath();
  const { length } = value;
  const at = (index: number): number => (index < 0 ? index + length : index);
  const start = at(from ?? 0);
  const end = one ? start + 1 : at(to ?? length);
  if (!one && start === end) return [];
  if (start < 0 || start >= length || end < 0 || end > length || start > end || step <= 0)
    throw new NoPath();
  return value.slice(start, end).filter((_, i) => i % step === 0);
}

function passes(
  { left, operator, right }: Extract<Step, { type: "filter" }>,
  item: unknown,
  budget: Budget,
): boolean {
  const valuesOf = (operand: Operand): unknown[] =>
    "path" in operand ? follow(operand.path, [item], budget) : [operand.value];
  const [a, ...more] = valuesOf(left);
  if (operator === "exists") return a !== undefined;
  const [b, ...others] = valuesOf(right);
  if (a === undefined || b === undefined) return false;
  if (more.length > 0 || others.length > 0) throw new NoPath();
  if (operator === "==") return a === b;
  if (operator === "!=") return a !== b;
  if (typeof a !== typeof b || typeof a === "boolean") throw new NoPath();
  const [l, r] = [a as string, b as string];
  return { "<": l < r, "<=": l <= r, ">": l > r, ">=": l >= r }[operator] ?? false;
}
