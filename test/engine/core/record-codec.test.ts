/** Records with short field names on disk. */
import { describe, expect, test } from "vitest";
import { recordCodecs } from "../../../durable-objects/engine/components/record-codecs.ts";
import { RecordCodec, type Level } from "../../../durable-objects/engine/core/record-codec.ts";

const codec = new RecordCodec({
  fields: { containers: "cs", startedAtMs: "t" },
  inside: {
    containers: {
      each: { fields: { exitCode: "x" }, inside: { probes: { each: { fields: { idle: "c" } } } } },
    },
  },
});

const full = {
  startedAtMs: 5,
  containers: {
    cs: { exitCode: 1, own: { exitCode: 2 }, probes: [{ idle: true }, { last: 1 }] },
    b: {},
  },
  name: "p",
};
const short = {
  t: 5,
  cs: { cs: { x: 1, own: { exitCode: 2 }, probes: [{ c: true }, { last: 1 }] }, b: {} },
  name: "p",
};

describe("a codec", () => {
  test("saves under short names, in the same order, and leaves alone what it does not name", () => {
    expect(JSON.stringify(codec.save(full))).toBe(JSON.stringify(short));
  });

  test("loads what it saved", () => {
    expect(JSON.stringify(codec.load(short))).toBe(JSON.stringify(full));
  });

  test("changes nothing in place, and makes no fields", () => {
    const before = JSON.stringify(full);
    codec.save(full);
    expect(JSON.stringify(full)).toBe(before);
    expect(codec.save({})).toEqual({});
    expect(codec.save(undefined)).toBeUndefined();
  });
});

test.each(Object.entries(recordCodecs))("of %s gives no two fields one name", (_table, codec) => {
  const check = (level: Level): void => {
    const short = [...level.to.values()];
    expect(new Set(short).size).toBe(short.length);
    for (const name of short) expect(level.to.has(name), name).toBe(false);
    for (const inner of level.inside.values()) check(inner);
    if (level.each) check(level.each);
  };
  check(codec.names);
});
