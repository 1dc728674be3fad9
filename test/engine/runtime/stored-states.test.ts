/**
 * What processes kept for themselves when fields of states had short names in code too (stored-states.json, by program):
 * it opens under full names, and is written as it was.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { stateCodec } from "../../../durable-objects/engine/runtime/kernel/record-codec.ts";

const states: Record<string, object[]> = JSON.parse(
  readFileSync(join(import.meta.dirname, "stored-states.json"), "utf8"),
);

test.each(Object.entries(states))("%s", (program, all) => {
  const codec = stateCodec(imageCatalog.programs.get(program));
  for (const stored of all) {
    const state = codec?.load(stored) ?? stored;
    expect(JSON.stringify(codec?.save(state) ?? state)).toBe(JSON.stringify(stored));
    for (const name of codec?.names.to.values() ?? [])
      expect(Object.keys(state)).not.toContain(name);
  }
});
