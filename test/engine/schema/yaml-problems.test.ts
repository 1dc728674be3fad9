import { describe, expect, test } from "vitest";
import { parseYaml } from "../../../durable-objects/engine/schema/yaml.ts";

/** What libyaml says of the mistakes that people make, each held to sigs.k8s.io/yaml 1.6.0 with go.yaml.in/yaml/v2 2.4.3. */

const here = "mapping values are not allowed in this context";
const key = "did not find expected key";
const item = "did not find expected '-' indicator";
const colon = "could not find expected ':'";
const tab = "found a tab character that violates indentation";
const node = "did not find expected node content";

describe("a text that is no YAML", () => {
  test.each([
    ["a key deeper than its sibling", "spec:\n  replicas: 1\n   paused: true\n", `line 3: ${here}`],
    ["the same, below a map", "metadata:\n  name: x\n   labels:\n    a: b\n", `line 3: ${here}`],
    ["the same, in the second line", "kind: Pod\n metadata: x\n", `line 2: ${here}`],
    ["the same, in an item", "ports:\n - port: 1\n    name: a\n", `line 3: ${here}`],
    ["a key without colon, first of all", "kind\nmetadata: x\n", `line 2: ${here}`],
    ["first of its map", "x:\n  kind\n  metadata: x\n", `line 3: ${here}`],
    ["after another key", "a: b\nkind Pod\nc: d\n", `line 3: ${colon}`],
    ["no space behind the colon", "a:\n  name:web\n  image: b\n", `line 3: ${here}`],
    ["two colons", "a:\n  b: c: d\n", `line 2: ${here}`],
    ["a quoted value, and more", "a: 'b' c: d\n", key],
    ["a list in a line", "args: - b\n", "block sequence entries are not allowed in this context"],
    ["an item's key too far left", "spec:\n  c:\n  - name: a\n   image: b\n", `line 3: ${key}`],
    ["in an indented list", "x:\n  - name: a\n   v: b\n", `line 2: ${item}`],
    ["a key among items", "a:\n  - b: c\n  d: e\n", `line 2: ${item}`],
    ["text among items", "a:\n  - b\n  c\n", `line 4: ${colon}`],
    ["an item too far right", "c:\n- a: b\n  c: d\n - e: f\n", `line 3: ${key}`],
    ["text behind a block of text", "data:\n  a: |\n    x\n   y\n  b: c\n", `line 3: ${key}`],
    ["a tab behind a value", "a:\n  b: 1\n\tc: 2\n", `line 3: ${tab}`],
    [
      "a tab behind a key",
      "spec:\n\treplicas: 1\n",
      "line 2: found character that cannot start any token",
    ],
    [
      "a tab in a block of text",
      "a: |\n\tb\n",
      "line 2: found a tab character where an indentation space is expected",
    ],
    [
      "a quote that nobody closes",
      "a:\n  b: 'x\n  c: y\n",
      "line 4: found unexpected end of stream",
    ],
    ["a quote closed by the next", 'a: "b\nc: "d"\n', `line 1: ${key}`],
    ["an escape that is none", 'a: "\\q"\n', "found unknown escape character"],
    ["a bracket, at the end", "abc: [", `line 1: ${node}`],
    ["a bracket, then a line", "a: [\n", `line 1: ${node}`],
    ["a comma, then nothing", "a: [b, ", `line 1: ${node}`],
    ["an open list", "a: [b", "line 1: did not find expected ',' or ']'"],
    ["an open map", '{"apiVersion": "v1"', "line 1: did not find expected ',' or '}'"],
    ["no comma in a list", 'a: ["b" "c"]\n', "did not find expected ',' or ']'"],
    ["no comma in a map", 'a: {b: 1 "c": 2}\n', "did not find expected ',' or '}'"],
    ["brackets too many", "a: [b,\n  c]]\n", `line 1: ${key}`],
    [
      "a template that nobody filled in",
      "name: {{ .Values.name }}\n",
      'invalid map key: map[interface {}]interface {}{".Values.name":interface {}(nil)}',
    ],
  ])("%s", (_what, text, words) => {
    const said = (): string => {
      try {
        return `no mistake: ${JSON.stringify(parseYaml(text))}`;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(said()).toBe(`error converting YAML to JSON: yaml: ${words}`);
  });
});
