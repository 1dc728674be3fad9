/** Bodies that ask for more than any object has are refused by their values, not by how long they take. */
import { describe, expect, test } from "vitest";
import { countYaml, measureJson } from "../../../durable-objects/engine/schema/body-budget.ts";
import { bodyValuesMax } from "../../../durable-objects/engine/core/limits.ts";
import { World } from "../../helpers/world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const ask = (body: string, type: string): { status: number; text: string } =>
  new World({ nodes: 1 }).request("POST", maps, body, { type });
const tooLarge = `Request entity too large: limit is ${bodyValuesMax} values`;

describe("bodies", () => {
  test.each([
    ["application/json", `[${"{},".repeat(900_000)}{}]`, tooLarge],
    ["application/yaml", `[${"a,".repeat(900_000)}]`, tooLarge],
    ["application/yaml", "- ".repeat(900_000), tooLarge],
    ["application/yaml", `${"? ".repeat(450)}a`, "yaml: invalid map key"],
    ["application/json", "[".repeat(900_000), "exceeded max depth"],
    ["application/yaml", "a: &a [*a]", "anchor value contains itself"],
    ["application/json", '{"a":1e999}', "cannot unmarshal number 1e999"],
  ])("%s %#", (type, body, message) => {
    const { status, text } = ask(body, type);
    expect(status).toBe(message === tooLarge ? 413 : 400);
    expect(text).toContain(message);
  });

  test("a megabyte in a block scalar, a quoted string or a comment is one value", () => {
    const lines = "  - [a, b]: {c: d}\n".repeat(50_000);
    expect(
      countYaml(`kind: ConfigMap\ndata:\n  a: |\n${lines.replaceAll(/^/gm, "  ")}`),
    ).toBeLessThan(10);
    expect(countYaml("# a, b, [c]\n".repeat(80_000))).toBe(0);
    expect(measureJson(`{"a":"${"[,:".repeat(300_000)}"}`).values).toBe(2);
  });

  test("the copy of a parent into its child is a copy", () => {
    const world = new World({ nodes: 1 });
    const metadata = { name: "one" };
    world.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "b" } });
    const patch = [
      { op: "add", path: "/data/b", value: "c" },
      { op: "copy", from: "/data", path: "/data/k" },
    ];
    const type = "application/json-patch+json";
    expect(world.request("PATCH", `${maps}/one`, patch, { type }).status).toBe(422);
    const many = Array.from({ length: 60 }, (_, i) => ({
      op: "copy",
      from: "/data",
      path: `/data/k${i}`,
    }));
    expect(world.request("PATCH", `${maps}/one`, many, { type }).status).toBe(422);
  });
});
