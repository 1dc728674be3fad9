import { decode, encode } from "@jridgewell/sourcemap-codec";
import { expect, test } from "vitest";
import { arranged } from "../../scripts/arranged.ts";
import { similarOrder } from "../../scripts/similar-order.ts";
import { statementsOf } from "../../scripts/statements.ts";

/** The order of a deployed module's statements: what is alike stands together, and it does what it did. */

/** The names of what a module declares, each with those that have to stand before it. */
function before(code: string): Record<string, string[]> {
  const statements = statementsOf(code);
  const name = (index: number): string =>
    /^(?:var|class|function) (\w+)/.exec(statements[index]!.text)?.[1] ?? `(${index})`;
  return Object.fromEntries(
    statements.map(({ after }, index) => [name(index), after.map(name).sort()] as const),
  );
}

test("what is only made waits for what it reads at once, not for what its functions read", () => {
  const code = `
    var a = 1, b = [a, () => c], c = "three";
    class D { #x = c; m() { return a; } }
    class E extends D { static s = b; }
    var f = new Map([["b", b]]), g = { h: a, [\`i\`]: 2 };`;
  expect(before(code)).toEqual({
    a: [],
    b: ["a"],
    c: [],
    D: [],
    E: ["D", "b"],
    f: ["b"],
    g: ["a"],
  });
});

test("what is called waits for all that it may reach and that stood before it", () => {
  const code = `
    var table = {}, words = "a b", used = 0;
    function outer(x) { return inner(x); }
    function inner(x) { used++; return later(), table[x]; }
    var later = () => words, far = 2;
    var made = outer(1);
    var behind = "not there yet";`;
  expect(before(code)["made"]).toEqual(["later", "table", "used", "words"]);
  expect(before(code)["behind"]).toEqual([]);
});

test("calls of a file keep their order, those of packages too, and a loop waits for everything", () => {
  const code = `
// durable-objects/a.ts
var a1 = call(), a2 = call();
// node_modules/p/index.js
var p1 = call();
// durable-objects/b.ts
var b1 = call();
// node_modules/q/index.js
var q1 = call(), text = "// durable-objects/a.ts";
// durable-objects/a.ts
for (let one of text) a1.add(one);
// durable-objects/c.ts
var c1 = call(), c2 = 1;`;
  const found = before(code);
  expect(found).toMatchObject({ a1: [], a2: ["a1"], p1: [], b1: [], q1: ["p1"], c2: [] });
  expect(found["(6)"]).toEqual(["a1", "a2", "b1", "p1", "q1", "text"]);
  expect(found["c1"]).toEqual(["(6)"]);
});

test("an arranged module does what it did", async () => {
  const code = `
// one.ts
var offset = { by: 20 }, seen = [], note = (what) => (seen.push(what), what);
function twice(x) { return note(x + x); }
var first = twice(base(1)), { length } = seen, [one = length] = [];
function base(x) { return x + offset.by; }
// two.ts
var Shape = class { static kinds = [first]; name = kind; }, kind = "shape";
var Circle = class extends Shape { #r = 2; area() { return this.#r ** 2; } };
// one.ts
var later = note(\`\${new Circle().area()}
// three.ts
two lines\`);
seen.reverse();
export { seen, first, length, one, later, Shape as default };`;
  const load = (text: string): Promise<Record<string, unknown>> =>
    import(`data:text/javascript,${encodeURIComponent(text)}`);
  const moved = arranged(code).code;
  expect(moved).not.toBe(code);
  const [was, is] = [await load(code), await load(moved)];
  expect(JSON.stringify(is)).toBe(JSON.stringify(was));
  expect((is["default"] as { kinds: unknown }).kinds).toEqual([42]);
});

test("the source map goes along", () => {
  const code = `var a = "alpha beta gamma", b = () => 1;
var c = \`two
lines\`;
function d() { return "alpha beta gamma"; }`;
  const lines = code.split("\n");
  // A segment for each word that begins a statement, and one on the template's second line.
  const places: [number, number][] = [
    [0, 4],
    [0, 28],
    [1, 4],
    [2, 0],
    [3, 0],
  ];
  const mappings = encode(
    lines.map((_, line) =>
      places.filter(([of]) => of === line).map(([of, column]) => [column, 0, of, column]),
    ),
  );
  const moved = arranged(code, { mappings });
  const after = moved.code.split("\n");
  const found = decode(moved.map!.mappings).flatMap((segments, line) =>
    segments.map(([column, , of, from]) => [
      after[line]!.slice(column, column + 4),
      lines[of!]!.slice(from, from! + 4),
    ]),
  );
  expect(found).toHaveLength(places.length);
  for (const [is, was] of found) expect(is!.slice(0, 1)).toBe(was!.slice(0, 1));
});

test("after a text comes what has most in common with it, behind all that it waits for", () => {
  const texts = ["the quick brown fox", "0123456789 12345", "a quick brown dog", "9 0123456789"];
  expect(similarOrder(texts, [[], [], [], []])).toEqual([0, 2, 1, 3]);
  expect(similarOrder(texts, [[], [], [3], []])).toEqual([0, 1, 3, 2]);
  expect(() => similarOrder(texts, [[1], [0], [], []])).toThrow("wait for each other");
});
