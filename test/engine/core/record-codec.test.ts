/** Records with short field names on disk. */
import { describe, expect, test } from "vitest";
import { RecordCodec } from "../../../durable-objects/engine/core/record-codec.ts";

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
