/** Records with short field names on disk. */
import { describe, expect, test } from "vitest";
import { recordCodecs } from "../../../durable-objects/engine/components/record-codecs.ts";
import {
  RecordCodec,
  type Level,
  type StoredNames,
} from "../../../durable-objects/engine/core/record-codec.ts";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";

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

describe("names that depend on what a field says", () => {
  const kinds = new RecordCodec({
    fields: { kind: "k", tested: "t" },
    by: { field: "kind", names: { one: { fields: { text: "x" } }, two: { fields: { pid: "x" } } } },
  });
  const one = { kind: "one", text: "a", tested: 1 };
  const two = { pid: 7, kind: "two" };
  const other = { kind: "constructor", x: 1, pid: 2 };

  test("are saved and loaded, wherever the field stands", () => {
    expect(JSON.stringify(kinds.save(one))).toBe('{"k":"one","x":"a","t":1}');
    expect(JSON.stringify(kinds.save(two))).toBe('{"x":7,"k":"two"}');
    for (const value of [one, two])
      expect(JSON.stringify(kinds.load(kinds.save(value)))).toBe(JSON.stringify(value));
  });

  test("are none where it says nothing that is known", () => {
    expect(kinds.save(other)).toEqual({ k: "constructor", x: 1, pid: 2 });
  });
});

test("a shape may hold itself", () => {
  const reply: StoredNames = { fields: { kind: "k" } };
  reply.inside = { items: { each: reply } };
  const tree = { kind: "list", items: [{ kind: "list", items: [{ kind: "text" }] }] };
  const nested = new RecordCodec(reply);
  expect(nested.save(tree)).toEqual({ k: "list", items: [{ k: "list", items: [{ k: "text" }] }] });
  expect(nested.load(nested.save(tree))).toEqual(tree);
});

/** Every object's names, those that depend on what it says included. */
function* shapes(names: StoredNames, seen = new Set<StoredNames>()): Iterable<StoredNames> {
  if (seen.has(names)) return;
  seen.add(names);
  const { by, each, fields, inside } = names;
  const more = by && typeof by.names === "object" ? Object.values(by.names) : [];
  yield names;
  for (const one of more)
    yield* shapes({ fields: { ...fields, ...one.fields }, inside: one.inside ?? {} }, seen);
  for (const inner of [...Object.values(inside ?? {}), each]) if (inner) yield* shapes(inner, seen);
}

const programs = [...imageCatalog.programs.values()].filter((program) => program.storedNames);

test.each(programs.map((program) => [program.name, program.storedNames!] as const))(
  "%s gives no two fields of its state one name",
  (_program, names) => {
    for (const { fields = {} } of shapes(names)) {
      const short = Object.values(fields);
      expect(new Set(short).size, short.join()).toBe(short.length);
      for (const name of short) expect(Object.keys(fields)).not.toContain(name);
    }
  },
);

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
