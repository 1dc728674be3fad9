/**
 * What is looked at once all types are known: constants that cannot be what they are used for.
 * cel-go: cel/validator.go, ext/formatting.go stringFormatValidator
 */
import { partsOf, type Call, type Expr } from "./ast.ts";
import { clausesOf, wrongFor } from "./functions/format-string.ts";
import type { Issue } from "./issues.ts";
import { re2 } from "../regex/re2.ts";
import { durationOf, timestampOf } from "./time.ts";
import { formatType, unwrapped, type Kind, type Type } from "./types.ts";

const constants: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => durationOf(text) !== undefined,
  timestamp: (text) => timestampOf(text) !== undefined,
  matches: (text) => !("error" in re2(text)),
};

function checkConstant(e: Call, issues: Issue[]): void {
  const holds = Object.hasOwn(constants, e.fn) ? constants[e.fn] : undefined;
  const arg = e.args[0];
  if (!holds || arg?.k !== "literal" || typeof arg.value !== "string") return;
  if (!holds(arg.value)) issues.push({ at: arg.at, text: `invalid ${e.fn} argument` });
}

const kinds: Readonly<Record<string, readonly Kind[]>> = {
  s: "list map int uint double bool string timestamp bytes duration type null".split(" ") as Kind[],
  d: ["int", "uint"],
  f: ["double", "string"],
  e: ["double", "string"],
  b: ["int", "uint", "bool"],
  x: ["int", "uint", "string", "bytes"],
  o: ["int", "uint"],
};

/** The part of an argument that a clause cannot show. */
function unshown(e: Expr, letter: string): Expr | undefined {
  const { kind } = e.type!;
  if (kind !== "dyn" && !kinds[letter]!.includes(kind)) return e;
  if (letter !== "s") return undefined;
  const parts =
    e.k === "list"
      ? e.elements
      : e.k === "map"
        ? e.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const part of parts) {
    const bad = unshown(part, letter);
    if (bad) return bad;
  }
  return undefined;
}

function checkFormat(e: Call, issues: Issue[]): void {
  const [args] = e.args;
  if (e.fn !== "format" || e.target?.k !== "literal" || args?.k !== "list") return;
  if (typeof e.target.value !== "string" || e.args.length !== 1) return;
  const clauses = clausesOf(e.target.value, args.elements.length);
  if (typeof clauses === "string") {
    issues.push({ at: e.at, text: clauses });
    return;
  }
  let count = 0;
  for (const clause of clauses) {
    if (typeof clause === "string") continue;
    const letter = clause.letter.toLowerCase();
    const bad = unshown(args.elements[count++]!, letter);
    if (!bad) continue;
    const text = `error during formatting: ${wrongFor[letter]}${bad.type!.name}`;
    issues.push({ at: bad.at, text });
    return;
  }
  if (args.elements.length > count) {
    const text = `too many arguments supplied to string.format (expected ${count}, got ${args.elements.length})`;
    issues.push({ at: e.at, text });
  }
}

/** Types that are as good as the same: variables count for anything. */
function equivalent(a: Type, b: Type): boolean {
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((one, i) => equivalent(one, b.params[i]!))
  );
}

function checkSame(parts: readonly { e: Expr; type: Type }[], all: boolean, issues: Issue[]): void {
  const first = parts[0]?.type;
  for (const { e, type } of parts) {
    if (equivalent(first!, type)) continue;
    const text = `expected type '${formatType(first!)}' but found '${formatType(type)}'`;
    issues.push({ at: e.at, text });
    if (!all) return;
  }
}

const typed = (e: Expr, optional: boolean): { e: Expr; type: Type } => ({
  e,
  type: optional ? unwrapped(e.type!) : e.type!,
});

/** Adds what is wrong; a list among the arguments of `format` may be of anything. */
export function validate(e: Expr, issues: Issue[], exempt = false): void {
  if (e.k === "call") {
    checkConstant(e, issues);
    checkFormat(e, issues);
  }
  if (e.k === "list" && !exempt) {
    checkSame(
      e.elements.map((one, i) => typed(one, e.optional.has(i))),
      false,
      issues,
    );
  }
  if (e.k === "map" && !exempt) {
    checkSame(
      e.entries.map(({ key }) => typed(key, false)),
      true,
      issues,
    );
    checkSame(
      e.entries.map(({ value, optional }) => typed(value, optional)),
      true,
      issues,
    );
  }
  const within = exempt || (e.k === "call" && e.fn === "format");
  for (const part of partsOf(e)) validate(part, issues, within);
}
