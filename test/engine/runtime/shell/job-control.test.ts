/** Job control at a prompt, beside what bash 5.2 and dash 0.5.12 show of the same keys (test/golden/jobs). */
import { describe, expect, it, test } from "vitest";
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

const typing = { ...typed, begin: ":", clear: "" };

test("a command without a shell is not stopped: nobody could send it on", () => {
  const row = { name: "", shell: ["sleep", "100"], keys: ["\x1a", "\x03"] };
  const printed = play(world, typing, row);
  expect(printed.join("")).toContain("^Z^C");
});

test("a shell that is no job's leader gives the terminal back", () => {
  const row = {
    name: "",
    shell: ["sh", "-c", "bash --norc; read x; echo $x"],
    keys: ["exit\r", "word\r"],
  };
  const printed = play(world, typing, row);
  expect(printed.at(-1)).toBe("word\r\nword\r\n");
});

test("a stopped job hears that its terminal hung up", () => {
  const row = { name: "", keys: ["sleep 4321\r", "\x1a"] };
  play(world, typing, row);
  const look = { name: "", keys: ["ps -ef | grep -c '[s]leep 4321'\r"] };
  expect(play(world, typing, look).at(-1)).toContain("\r0\r\n");
});

test("a shell in the background waits until it is brought forward", () => {
  const row = {
    name: "",
    keys: ["bash --norc &\r", "\r", "fg\r", "echo in\r", "exit\r", "jobs\r"],
  };
  const shown = screens(row, play(world, typing, row));
  expect(shown[2]).toContain("[1]+  Stopped                 bash --norc");
  expect(shown.at(-1)).toContain("\nin\n");
});
