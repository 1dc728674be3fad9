/** An artefact of each format that ever was is kept for ever (test/artefacts), and every version opens them all. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { artefactFormat } from "../../../durable-objects/engine/snapshots/artefact.ts";
import { Engine, openArtefact } from "../../../durable-objects/engine/index.ts";
import { root } from "../../../scripts/root.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { start, World } from "../../helpers/world.ts";

const folder = path.join(root, "test/artefacts");
const formats = Array.from({ length: artefactFormat }, (_, i) => i + 1);

test("there is one of each format", () => {
  const files = formats.map((format) => `format-${format}.bin`);
  expect(readdirSync(folder).sort()).toEqual(files.sort());
});

test.each(formats)("format %i opens, and its cluster goes on", (format) => {
  const bytes = readFileSync(path.join(folder, `format-${format}.bin`));
  expect(bytes.readUInt16BE(12)).toBe(format);
  const opened = openArtefact(bytes);
  if ("reason" in opened) throw new Error(opened.reason);
  expect(opened.createdBy).toBe(format === 1 ? "" : "podyard 0.1.0");
  const identity = { id: "test", secret: "of this world's tokens" };
  const sql = new NodeSql();
  Engine.restore(sql, opened.snapshot, { nowMs: start, identity });
  const world = new World({ identity }, sql);
  const log = (): string[] =>
    world.request("GET", "/api/v1/namespaces/default/pods/loop/log").text.trim().split("\n");
  const before = log();
  // The shell counts one further each second.
  expect(before.length).toBeGreaterThan(20);
  expect(before).toEqual(before.map((_, i) => String(i + 1)));
  world.advance(10_000);
  expect(log().length).toBe(before.length + 10);
  expect(world.get("/api/v1/namespaces/default/secrets/s").data).toEqual({ k: "dmFsdWUtMQ==" });
  expect(world.get("/api/v1/nodes").items).toHaveLength(2);
});
