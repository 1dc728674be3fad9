/** What expressions may use is bounded, whatever they say: every one of these ends with a value or in words. */
import { describe, expect, test } from "vitest";
import { compile } from "../../../durable-objects/engine/cel/compile.ts";
import { admissionField } from "../../../durable-objects/engine/cel/admission-types.ts";
import { fromJson } from "../../../durable-objects/engine/cel/json.ts";
import { ConstantProblem } from "../../../durable-objects/engine/cel/plan.ts";
import { Program } from "../../../durable-objects/engine/cel/program.ts";
import { dynType } from "../../../durable-objects/engine/cel/types.ts";
import { CelError } from "../../../durable-objects/engine/cel/values.ts";

const many = Array.from({ length: 1_000 }, (_, i) => i);
const object = fromJson({
  list: many,
  texts: many.map((i) => `text number ${i}`),
  long: "a".repeat(100_000),
  nested: many.slice(0, 200).reduce<unknown>((inner) => [inner], []),
  self: { a: 1 },
} as never);

const environment = { variables: new Map([["object", dynType]]), field: admissionField };

/** A value's kind, or the words that stand instead; and how long it took. */
function run(expr: string): { text: string; ms: number } {
  const began = performance.now();
  const told = (text: string): { text: string; ms: number } => ({
    text,
    ms: performance.now() - began,
  });
  const compiled = compile(expr, environment);
  if ("error" in compiled) return told(compiled.error);
  try {
    const { value } = new Program(compiled.e).evaluate(() => object);
    return told(value instanceof CelError ? value.text : typeof value);
  } catch (error) {
    if (error instanceof ConstantProblem) return told(error.message);
    throw error;
  }
}

const cancelled = "operation cancelled: actual cost limit exceeded";
const times = (text: string, n: number): string => text.repeat(n);
/** `let`s of macros: each binds the one before, doubled. */
const doubled = (first: string, plus: string, n: number): string =>
  Array.from({ length: n }).reduce<string>(
    (inner, _, i) => `[${inner}].map(v${i}, v${i} ${plus} v${i})[0]`,
    first,
  );

describe("costs end an evaluation", () => {
  test.each([
    [
      "loops within loops",
      "object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))",
    ],
    ["lists of lists", "object.list.map(a, object.list.map(b, object.list)).size() > 0"],
    ["a text that doubles", `${doubled("object.long", "+", 40)}.size() > 0`],
    ["a list that doubles", `${doubled("object.list", "+", 60)}.size() > 0`],
    ["texts joined", "object.list.map(i, object.long).join(object.long).size() > 0"],
    ["texts replaced", "object.long.replace('a', object.long).size() > 0"],
    ["texts split", "object.list.map(i, object.long.split('')).size() > 0"],
    [
      "lists compared",
      "object.list.all(i, object.list == object.list && object.texts == object.texts && object.list.map(x, x) == object.list)",
    ],
    ["sets of everything", "object.list.all(i, sets.equivalent(object.list, object.list))"],
  ])("%s", (_, expr) => {
    const { text, ms } = run(expr);
    expect([text, "boolean"]).toContain(text);
    expect(ms).toBeLessThan(5_000);
    if (expr.includes("object.list.all(c,")) expect(text).toBe(cancelled);
  });
});

describe("nesting", () => {
  const tooDeep = (text: string): boolean => text.includes("recursion limit exceeded");
  test.each([
    ["parentheses", `${times("(", 2_000)}1${times(")", 2_000)}`],
    ["lists", `${times("[", 2_000)}${times("]", 2_000)}`],
    ["maps", `${times("{'a': ", 2_000)}1${times("}", 2_000)}`],
    ["conditionals", `${times("true ? (", 2_000)}1${times(") : 2", 2_000)}`],
    [
      "macros",
      Array.from({ length: 400 }).reduce<string>((e, _, i) => `[1].all(x${i}, ${e})`, "true"),
    ],
  ])("%s end in words", (_, expr) => {
    expect(tooDeep(run(expr).text)).toBe(true);
  });

  test.each([
    ["negations", `${times("!", 20_001)}true`],
    ["signs", `${times("-", 20_001)}(1)`],
    ["additions", `1${times(" + 1", 20_000)}`],
    ["ands", `true${times(" && true", 11_000)}`],
    ["selections", `object${times(".self", 10_000)}`],
    ["indices", `object.nested${times("[0]", 10_000)}`],
    ["calls", `object.long${times(".lowerAscii()", 5_000)}`],
    ["optionals", `object${times(".?self", 10_000)}`],
  ])("%s in a row do not overflow the stack", (_, expr) => {
    expect(typeof run(expr).text).toBe("string");
  });
});

describe("patterns take linear time", () => {
  test.each([
    "^(a+)+$",
    "(a|aa)+$",
    "(a*)*b",
    "(.*)(.*)(.*)(.*)(.*)x",
    "(a{0,1000}){0,1000}",
    "(x+x+)+y",
  ])("%s", (pattern) => {
    const { text, ms } = run(`(object.long + 'b').matches('${pattern}')`);
    expect(typeof text).toBe("string");
    expect(ms).toBeLessThan(5_000);
  });
});

test("texts of chance never throw", () => {
  let state = 7;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  const pieces =
    "object .self .list [ ] ( ) { } , : ? ! - + * / % == != < <= && || in 'a' \"b\" b'c' 1 2u 3.5 0x1F true null .map( .all( .filter( x .size() has( .? [? optional.of( .orValue( .matches( 'x+' duration( '1h' type( int( string( dyn( `a` \\ \n é 😀 //c".split(
      " ",
    );
  for (let i = 0; i < 3_000; i++) {
    const length = 1 + next(14);
    const expr = Array.from({ length }, () => pieces[next(pieces.length)]).join("");
    expect(typeof run(expr).text).toBe("string");
  }
});
