/** An escape that libyaml takes and YAML 1.2 has not: examples of the documentation have it. */
import { expect, test } from "vitest";
import { parseYaml } from "../../../durable-objects/engine/schema/yaml.ts";

test("a single quote behind a backslash, within double quotes", () => {
  const text = String.raw`a: ["x \'y\' \"z\"", 'b\''']` + '\nc: "d\\\'s"\n';
  expect(parseYaml(text).value).toEqual({ a: [`x 'y' "z"`, "b\\'"], c: "d's" });
});

test("other escapes that there are not stay errors", () => {
  expect(() => parseYaml('a: "\\q"')).toThrow("found unknown escape character");
});
