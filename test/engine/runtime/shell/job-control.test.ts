/** Job control at a prompt, beside what bash 5.2 and dash 0.5.12 show of the same keys (test/golden/jobs). */
import { describe, expect, it } from "vitest";
import { World } from "../../../helpers/world.ts";
import { play, readGolden, screens, type Keys } from "./terminal-rows.ts";

const typed = readGolden<Keys>("jobs/keys.json");
const recorded = readGolden<Record<string, string[]>>("jobs/screens.json");
const world = new World();

describe("jobs at a prompt", () => {
  it.for(typed.rows)("$name", (row) => {
    expect(screens(row, play(world, typed, row))).toEqual(screens(row, recorded[row.name]!));
  });
});

/** Every fifth sequence, typed anew with the object lost behind every key. */
describe("a loss of memory behind every key", () => {
  it.for(typed.rows.filter((_, i) => i % 5 === 0))("shows the same: $name", (row) => {
    const printed = play(new World(), typed, row, true);
    expect(screens(row, printed)).toEqual(screens(row, recorded[row.name]!));
  });
});
