import { describe, expect, test } from "vitest";
import {
  labelSelector,
  labelKeyErrors,
  parseLabelSelector,
  selectorFromSet,
} from "../../../durable-objects/engine/machinery/selectors.ts";
import {
  nodeSelectorMatches,
  parseFieldSelector,
} from "../../../durable-objects/engine/api/request/field-selectors.ts";

const failure = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

describe("label selectors, string form", () => {
  const canonical: [string, string][] = [
    ["", ""],
    ["  ", ""],
    ["x=a,y=b,z=c", "x=a,y=b,z=c"],
    ["z=c, x = a", "x=a,z=c"],
    ["x!=a,y==b", "x!=a,y==b"],
    ["x", "x"],
    ["!x", "!x"],
    ["! x , y", "!x,y"],
    ["x in (b,a,a)", "x in (a,b)"],
    ["x notin (a)", "x notin (a)"],
    ["x in ()", "x in ()"],
    ["x in (,)", "x in ()"],
    ["x in (a,)", "x in (,a)"],
    ["x in (a,,b)", "x in (,a,b)"],
    ["x=,y", "x=,y"],
    ["x>5,y<7", "x>5,y<7"],
    ["in in (in)", "in in (in)"],
    ["example.com/a=b", "example.com/a=b"],
  ];
  test.each(canonical)("%j prints as %j", (text, printed) => {
    expect(parseLabelSelector(text).toString()).toBe(printed);
  });

  const matching: [string, Record<string, string>, boolean][] = [
    ["", { a: "b" }, true],
    ["x=a", { x: "a" }, true],
    ["x=a", { x: "b" }, false],
    ["x=a", {}, false],
    ["x=", { x: "" }, true],
    ["x!=a", {}, true],
    ["x!=a", { x: "a" }, false],
    ["x in (a,b)", { x: "b" }, true],
    ["x in (a,b)", { y: "b" }, false],
    ["x notin (a,b)", { y: "b" }, true],
    ["x notin (a,b)", { x: "a" }, false],
    ["x", { x: "" }, true],
    ["!x", { x: "" }, false],
    ["!x", {}, true],
    ["x>1", { x: "2" }, true],
    ["x>1", { x: "1" }, false],
    ["x<1", { x: "-9007199254740993" }, true],
    ["x<1", { x: "one" }, false],
    ["constructor", {}, false],
    ["x=a,y=b", { x: "a", y: "c" }, false],
  ];
  test.each(matching)("%j on %j: %s", (text, labels, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected);
  });

  const name =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const errors: [string, string][] = [
    ["a,", "found '', expected: identifier after ','"],
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["a=b c", "found 'c', expected: ',' or 'end of string'"],
    ["!a=b", "found '=', expected: ',' or 'end of string'"],
    ["!", "unable to parse requirement: found '', expected: identifier"],
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a in b", "unable to parse requirement: found 'b' expected: '('"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"],
    ["a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ["a=(", "unable to parse requirement: found '(', expected: identifier"],
    ["a===b", "unable to parse requirement: found '=', expected: identifier"],
    ["-a=b", `unable to parse requirement: <nil>: Invalid value: "-a": ${name}`],
    [
      "a>b",
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      "a=b/c",
      "unable to parse requirement: values[0][a]: Invalid value: \"b/c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ];
  test.each(errors)("%j is refused", (text, message) => {
    expect(failure(() => parseLabelSelector(text))).toBe(message);
  });

  test("a refusal is a 400", () => {
    expect(() => parseLabelSelector("a,")).toThrow(expect.objectContaining({ code: 400 }));
  });

  test("equalities are what an index can answer", () => {
    const selector = parseLabelSelector("a=1,b==2,c in (3),d in (4,5),e!=6,f");
    expect(selector.equalities).toEqual({ a: "1", b: "2", c: "3" });
  });
});

describe("label selectors, object form", () => {
  test("absent selects nothing, empty everything", () => {
    expect(labelSelector(undefined).matches({ a: "b" })).toBe(false);
    expect(labelSelector(undefined).nothing).toBe(true);
    expect(labelSelector({}).matches(undefined)).toBe(true);
    expect(labelSelector({}).empty).toBe(true);
  });

  test("labels and expressions combine and print by key", () => {
    const selector = labelSelector({
      matchLabels: { tier: "web" },
      matchExpressions: [
        { key: "env", operator: "NotIn", values: ["dev", "a"] },
        { key: "app", operator: "Exists" },
        { key: "old", operator: "DoesNotExist" },
      ],
    });
    expect(selector.toString()).toBe("app,env notin (a,dev),!old,tier=web");
    expect(selector.matches({ tier: "web", app: "x" })).toBe(true);
    expect(selector.matches({ tier: "web", app: "x", env: "dev" })).toBe(false);
  });

  test.each([
    [[{ key: "a", operator: "Like" }], '"Like" is not a valid label selector operator'],
    [
      [{ key: "a", operator: "In" }],
      "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      [{ key: "a", operator: "Exists", values: ["b"] }],
      'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
    ],
  ])("%j is refused", (matchExpressions, message) => {
    expect(failure(() => labelSelector({ matchExpressions }))).toBe(message);
  });

  test("a plain label set", () => {
    expect(selectorFromSet({ b: "2", a: "1" }).toString()).toBe("a=1,b=2");
    expect(selectorFromSet({}).empty).toBe(true);
  });

  test.each([
    ["a/b/c", 1],
    ["/a", 1],
    ["Upper.Case/a", 1],
    ["a/", 2],
    ["ok.example.com/name", 0],
    ["x".repeat(64), 1],
  ])("label key %s has %i problems", (key, count) => {
    expect(labelKeyErrors(key)).toHaveLength(count);
  });
});

describe("field selectors", () => {
  test.each([
    ["b=2,a=1", "a=1,b=2"],
    ["a==1", "a=1"],
    ["a!=1", "a!=1"],
    ["a=", "a="],
    ["", ""],
    [",a=1,", "a=1"],
    ["=,a=1,==", "a=1"],
    ["a=x\\,y\\=z\\\\", "a=x\\,y\\=z\\\\"],
  ])("%j prints as %j", (text, printed) => {
    expect(parseFieldSelector(text).toString()).toBe(printed);
  });

  test("values are unescaped before they are compared", () => {
    const selector = parseFieldSelector("a=x\\,y,b!=z");
    expect(selector.matches({ a: "x,y" })).toBe(true);
    expect(selector.matches({ a: "x,y", b: "z" })).toBe(false);
    expect(selector.matches({ a: "x" })).toBe(false);
    expect(selector.equalities).toEqual({ a: "x,y" });
  });

  test("an absent field is the empty text", () => {
    expect(parseFieldSelector("spec.nodeName=").matches({})).toBe(true);
    expect(parseFieldSelector("spec.nodeName!=").matches({})).toBe(false);
  });

  test.each([
    ["a", "invalid selector: 'a'; can't understand 'a'"],
    ["b=1,a", "invalid selector: 'b=1,a'; can't understand 'a'"],
    ["a=b=c", "invalid field selector: unescaped character in value: 61"],
    ["a=\\x", "invalid field selector: invalid escape sequence: \\x"],
    ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
  ])("%j is refused", (text, message) => {
    expect(failure(() => parseFieldSelector(text))).toBe(message);
  });
});

describe("node selectors", () => {
  const labels = { zone: "a", cpus: "8" };
  const term = (key: string, operator: string, ...values: string[]) => ({
    nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
  });
  test.each([
    [term("zone", "In", "a", "b"), true],
    [term("zone", "NotIn", "a"), false],
    [term("gpu", "NotIn", "a"), true],
    [term("zone", "Exists"), true],
    [term("gpu", "DoesNotExist"), true],
    [term("cpus", "Gt", "4"), true],
    [term("cpus", "Lt", "8"), false],
    [term("zone", "Gt", "4"), false],
    [term("zone", "Unheard", "a"), false],
    [{ nodeSelectorTerms: [] }, false],
    [{ nodeSelectorTerms: [{}] }, false],
    [
      { nodeSelectorTerms: [{}, { matchExpressions: [{ key: "zone", operator: "Exists" }] }] },
      true,
    ],
    [
      {
        nodeSelectorTerms: [
          { matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] },
        ],
      },
      true,
    ],
  ])("%j: %s", (selector, expected) => {
    expect(nodeSelectorMatches(selector, labels, "node-1")).toBe(expected);
  });
});
