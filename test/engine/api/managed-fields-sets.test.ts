import { describe, expect, test } from "vitest";
import {
  difference,
  forEachPath,
  hasPath,
  intersection,
  parseFieldSet,
  printPath,
  recursiveDifference,
  setOf,
  union,
  type FieldSet,
} from "../../../durable-objects/engine/api/managed-fields/field-set.ts";

const paths = (set: FieldSet): string[] => {
  const out: string[] = [];
  forEachPath(set, (path) => out.push(printPath(path)));
  return out;
};
/** `a.b` is the path f:a, f:b. */
const set = (...texts: string[]): FieldSet =>
  setOf(...texts.map((text) => text.split(".").map((part) => `f:${part}`)));

describe("field sets", () => {
  const cases: [string, FieldSet, string[]][] = [
    ["union", union(set("a", "b.c"), set("b", "b.d")), [".a", ".b", ".b.c", ".b.d"]],
    ["union with nothing", union(set(), set("a")), [".a"]],
    ["difference", difference(set("a", "b.c", "b.d"), set("b.c")), [".a", ".b.d"]],
    ["difference keeps children", difference(set("a", "a.b"), set("a")), [".a.b"]],
    ["difference keeps parents", difference(set("a", "a.b"), set("a.b")), [".a"]],
    ["difference of what is not there", difference(set("a"), set("a.b", "c")), [".a"]],
    ["recursive difference", recursiveDifference(set("a.b", "a.b.c", "d"), set("a.b")), [".d"]],
    ["recursive difference below", recursiveDifference(set("a", "a.b"), set("a.b")), [".a"]],
    ["intersection", intersection(set("a", "b.c", "b.d"), set("b", "b.c", "a")), [".a", ".b.c"]],
    ["empty intersection", intersection(set("a"), set("a.b")), []],
  ];
  test.each(cases)("%s", (_, actual, expected) => {
    expect(paths(actual)).toEqual(expected);
  });

  test("what changes nothing is the same object", () => {
    const a = set("a", "b.c");
    expect(union(a, set("b.c"))).toBe(a);
    expect(difference(a, set("x", "b.d"))).toBe(a);
    expect(difference(a, a)).toEqual({});
  });

  test("membership", () => {
    const s = set("a.b", "a");
    expect(hasPath(s, ["f:a"])).toBe(true);
    expect(hasPath(s, ["f:a", "f:b"])).toBe(true);
    expect(hasPath(set("a.b"), ["f:a"])).toBe(false);
    expect(hasPath(s, [])).toBe(false);
  });

  test("random sets agree with sets of strings", () => {
    let seed = 1;
    const next = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    for (let round = 0; round < 300; round++) {
      const pick = () =>
        Array.from({ length: next(8) }, () =>
          Array.from({ length: 1 + next(3) }, () => "abc"[next(3)]).join("."),
        );
      const [x, y] = [pick(), pick()];
      const inBoth = (f: (p: string) => boolean) =>
        new Set([...x, ...y].filter(f).map((p) => `.${p}`));
      const sorted = (s: FieldSet) => new Set(paths(s));
      expect(sorted(union(set(...x), set(...y)))).toEqual(inBoth(() => true));
      expect(sorted(difference(set(...x), set(...y)))).toEqual(
        inBoth((p) => x.includes(p) && !y.includes(p)),
      );
      expect(sorted(intersection(set(...x), set(...y)))).toEqual(
        inBoth((p) => x.includes(p) && y.includes(p)),
      );
      expect(sorted(recursiveDifference(set(...x), set(...y)))).toEqual(
        inBoth((p) => x.includes(p) && !y.some((q) => p === q || p.startsWith(`${q}.`))),
      );
    }
  });
});

describe("reading fieldsV1", () => {
  test("is sorted, in one spelling, without unknown elements", () => {
    const messy = {
      "v:true": {},
      'v:"b"': {},
      "v:10": {},
      "v:9": {},
      'k:{"protocol":"TCP","port":80}': { ".": {}, "f:port": {} },
      'k:{"port":9}': {},
      "f:b": { "f:y": {}, ".": {}, "f:x": {} },
      "f:a": { ".": {} },
      "x:future": {},
      "i:10": {},
      "i:2": {},
    };
    expect(JSON.stringify(parseFieldSet(messy))).toBe(
      JSON.stringify({
        "f:a": {},
        "f:b": { ".": {}, "f:x": {}, "f:y": {} },
        'k:{"port":9}': {},
        'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} },
        "v:9": {},
        "v:10": {},
        'v:"b"': {},
        "v:true": {},
        "i:2": {},
        "i:10": {},
      }),
    );
  });

  test("canonical input comes back itself", () => {
    const clean = { "f:a": { ".": {}, 'k:{"name":"x"}': { ".": {}, "f:name": {} } } };
    expect(parseFieldSet(clean)).toBe(clean);
    expect(parseFieldSet(undefined)).toEqual({});
  });

  test.each([
    { a: {} },
    { fx: {} },
    { "k:5": {} },
    { "k:{": {} },
    { "i:x": {} },
    { "f:a": 5 },
    "text",
  ])("%j is no field set", (value) => {
    expect(() => parseFieldSet(value)).toThrow();
  });

  test("paths print as messages show them", () => {
    const s = parseFieldSet({
      "f:spec": { 'k:{"containerPort":80,"protocol":"TCP"}': { "f:name": {} }, 'v:"a"': {} },
    });
    expect(paths(s)).toEqual(['.spec[="a"]', '.spec[containerPort=80,protocol="TCP"].name']);
  });
});
