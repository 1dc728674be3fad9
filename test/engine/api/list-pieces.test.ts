/** Long lists may be written piece by piece after the turn, and are what they would have been at once. */
import { beforeAll, describe, expect, test } from "vitest";
import { listPieceItems } from "../../../durable-objects/engine/core/limits.ts";
import type { EngineResponse, Reply } from "../../../durable-objects/engine/ports/request.ts";
import { World } from "../../helpers/world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const count = 2 * listPieceItems + 7;
const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const partials = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

let world: World;

beforeAll(() => {
  world = new World({ nodes: 1 });
  for (let i = 0; i < count; i++) {
    const data = { text: `line\nbreak "${i}" \u2028 é`, empty: "" };
    const metadata = { name: `m${i}`, labels: { half: i % 2 ? "one" : "other" } };
    world.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
  }
});

const ask = (
  headers: Record<string, string>,
  query: string,
  takesPieces: boolean,
): EngineResponse =>
  world.engine.handle({ method: "GET", path: maps, query, headers, takesPieces }, world.now);

describe("a long list in pieces", () => {
  test.each([
    ["JSON", { accept: "application/json" }, ""],
    ["JSON for people", { accept: "application/json", "user-agent": "curl/8.5.0" }, ""],
    ["JSON, asked to be indented", {}, "pretty=true"],
    ["a Table", { accept: table }, ""],
    ["a Table with objects", { accept: table }, "includeObject=Object"],
    ["a Table for people", { accept: table, "user-agent": "curl/8.5.0" }, ""],
    ["metadata alone", { accept: partials }, ""],
    ["a page", {}, `limit=${listPieceItems + 1}`],
  ])("is the same to the byte: %s", (_, headers, query) => {
    const whole = ask(headers, query, false) as Reply;
    const answer = ask(headers, query, true);
    if (answer.type !== "pieces") throw new Error(`it is a ${answer.type}`);
    const pieces = [...answer.pieces(false)];
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe(whole.body);
    expect([answer.status, answer.headers]).toEqual([whole.status, whole.headers]);
    // It can be taken again.
    expect([...answer.pieces(false)]).toEqual(pieces);
  });

  test.each([
    ["a short one", { accept: "application/json" }, `limit=${listPieceItems}`],
    ["one in YAML", { accept: "application/yaml" }, ""],
    ["one in protobuf", { accept: "application/vnd.kubernetes.protobuf" }, ""],
    ["a selection", {}, "fieldSelector=metadata.name%3Dm1"],
  ])("none is made of %s", (_, headers, query) => {
    expect(ask(headers, query, true)).toEqual(ask(headers, query, false));
  });

  test("shows the moment of the answer, whatever is written before it is taken", () => {
    const before = (ask({}, "", false) as Reply).body;
    const answer = ask({}, "", true);
    if (answer.type !== "pieces") throw new Error(`it is a ${answer.type}`);
    let text = "";
    let i = 0;
    for (const piece of answer.pieces(false)) {
      text += piece;
      world.patch(`${maps}/m${count - 1 - i++}`, { data: { text: "changed" } });
      world.delete(`${maps}/m${300 + i}`);
    }
    expect(i).toBeGreaterThan(1);
    expect(text).toBe(before);
    expect((ask({}, "", false) as Reply).body).not.toBe(before);
  });
});
