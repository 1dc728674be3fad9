/** What the log tells of a record that changed: only the difference, from which a start makes the same again. */
import { describe, expect, test } from "vitest";
import {
  differenceOf,
  differenceText,
  withDifference,
} from "../../../durable-objects/engine/core/record-difference.ts";
import { mulberry } from "../../helpers/dice.ts";
import { NodeShell } from "../../helpers/node-shell.ts";
import { World } from "../../helpers/world.ts";

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

const rows: [before: unknown, now: unknown, difference: unknown][] = [
  [{ a: 1, b: "x" }, { a: 1, b: "xy" }, { b: "y" }],
  [{ a: 1 }, { a: 2 }, { a: [2] }],
  [{ a: 1, b: 2 }, { b: 2 }, { a: 0 }],
  [{ a: 1 }, { a: 1, c: { d: [] } }, { c: [{ d: [] }] }],
  [
    { s: { 7: { f: [{ text: "k" }] } } },
    { s: { 7: { f: [{ text: "ku" }] } } },
    { s: { 7: { f: { 0: { text: "u" } } } } },
  ],
  [[1, 2], [1, 2, 3], { 2: [3] }],
  [[1, 2], [1], [[1]]],
  // A text from nothing, and one that is another.
  [{ a: "" }, { a: "k" }, { a: ["k"] }],
  [{ a: "ab" }, { a: "b" }, { a: ["b"] }],
  // Fields that come out in another order: told whole.
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, [{ b: 2, a: 1 }]],
  [{ a: 1, b: 2 }, { a: 1, c: 3, b: 2 }, [{ a: 1, c: 3, b: 2 }]],
  [{ 1: "x", 5: "y" }, { 1: "x", 3: "z", 5: "y" }, { 3: ["z"] }],
  [{ a: [1] }, { a: { 0: 1 } }, { a: [{ 0: 1 }] }],
  [{ a: null }, { a: 0 }, { a: [0] }],
  [{ a: undefined, b: 1 }, { b: 1 }, undefined],
];

describe("a difference", () => {
  test.each(rows)("from %j to %j", (before, now, difference) => {
    const told = differenceOf(before, now);
    expect(told).toEqual(difference);
    const made = told === undefined ? copy(before) : withDifference(copy(before), told);
    expect(JSON.stringify(made)).toBe(JSON.stringify(now));
  });

  test("of any two records makes the one of the other, with the order of its fields", () => {
    const random = mulberry(36);
    const pick = (most: number): number => Math.floor(random() * most);
    const names = ["a", "b", "7", "12", "text", "__proto__"];
    const value = (depth: number): unknown => {
      const kind = pick(depth > 3 ? 4 : 7);
      if (kind === 0) return pick(3);
      if (kind === 1) return "xyz".slice(0, pick(4));
      if (kind === 2) return null;
      if (kind === 3) return random() < 0.5;
      if (kind === 4) return Array.from({ length: pick(4) }, () => value(depth + 1));
      const made: [string, unknown][] = names
        .slice(0, 5)
        .filter(() => random() < 0.6)
        .map((name) => [name, value(depth + 1)]);
      return Object.fromEntries(random() < 0.3 ? made.reverse() : made);
    };
    for (let i = 0; i < 20_000; i++) {
      const before = { a: value(0), b: value(0), c: value(1) };
      const now = random() < 0.5 ? { ...before, b: value(0) } : { a: value(0), b: before.b };
      const told = differenceOf(before, now);
      const stored = told === undefined ? undefined : JSON.parse(JSON.stringify(told));
      const made = told === undefined ? before : withDifference(copy(before), stored);
      expect(JSON.stringify(made)).toBe(JSON.stringify(now));
    }
  });

  test("leaves a name that would set a prototype to the whole", () => {
    const now = JSON.parse('{"a":1,"__proto__":{"x":1}}') as object;
    expect(differenceOf({ a: 1 }, now)).toEqual([now]);
  });

  test("is told where it is much shorter than the whole", () => {
    const now = { text: "x".repeat(300), n: 2 };
    const text = JSON.stringify(now);
    expect(differenceText(() => ({ ...now, n: 1 }), now, text)).toBe('{"n":[2]}');
    expect(differenceText(() => ({ text: "y", n: 2 }), now, text)).toBeUndefined();
    expect(differenceText(() => "x", { n: 2 }, '{"n":2}')).toBeUndefined();
  });
});

describe("the log", () => {
  /** A story whose machine's record is changed a little by each turn; the rows as they were written, by id. */
  const play = (evicts: boolean): { world: World; rows: Map<number, string> } => {
    const world = new World();
    const rows = new Map<number, string>();
    const read = (): void => {
      for (const row of world.sql.exec("SELECT id, body FROM log ORDER BY id")) {
        const { id, body } = row as { id: number; body: string };
        if (!rows.has(id)) rows.set(id, body);
      }
    };
    Object.assign(world.engine.log.sizes, { checkpoint: 20_000, portion: 3_000, log: 60_000 });
    const shell = new NodeShell(world, "control-plane", ["bash"], true);
    for (let i = 0; i < 60; i++) {
      shell.type(i % 5 === 4 ? "\r" : `echo ${i};`);
      read();
      if (evicts) {
        const sizes = { ...world.engine.log.sizes };
        world.evict();
        Object.assign(world.engine.log.sizes, sizes);
      }
      world.advance(700);
      read();
    }
    return { world, rows };
  };

  test("has the same rows whether memory was lost or not, over checkpoints too", () => {
    const { world: plain, rows } = play(false);
    expect([...rows.values()].some((row) => row.includes('"@node/control-plane",null,{'))).toBe(
      true,
    );
    expect(plain.engine.log.meta("checkpoint")).toBeDefined();
    const { world: evicted, rows: again } = play(true);
    expect([...again]).toEqual([...rows]);
    expect(JSON.stringify(evicted.engine.snapshot(evicted.now, { pastAfter: 0 }))).toBe(
      JSON.stringify(plain.engine.snapshot(plain.now, { pastAfter: 0 })),
    );
  });

  test("makes earlier moments again out of differences", () => {
    const world = new World();
    const shell = new NodeShell(world, "control-plane", ["bash"], true);
    shell.type("touch a; kubectl create ns then\r");
    world.advance(5_000);
    shell.type("echo half");
    const then = Number(world.get("/api/v1/namespaces/then").metadata.resourceVersion);
    const at = world.engine.snapshot(world.now, { at: then });
    world.advance(5_000);
    shell.type(" and more\r");
    world.advance(5_000);
    expect(JSON.stringify(world.engine.snapshot(world.now, { at: then }).records)).toBe(
      JSON.stringify(at.records),
    );
  });
});
