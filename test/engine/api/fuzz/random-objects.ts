/** Structured random objects: the shape comes from the schema, so that what is wrong is deep inside. */
import { builtin } from "../../../../durable-objects/engine/api/discovery/registry.ts";
import * as fc from "fast-check";
import {
  stringConstants,
  type FieldType,
  type StructType,
} from "../../../../durable-objects/engine/schema/types.ts";

const words = fc.constantFrom(
  ...[
    "",
    "a",
    "web",
    "Web",
    "a.b",
    "a/b",
    "-x",
    "x-",
    "80",
    "http",
    "1Gi",
    "500m",
    "-1",
    "10%",
    "ü",
    "a".repeat(64),
  ],
  ...[
    "x=y",
    "nginx",
    "nginx:1.27",
    "default",
    "true",
    "2026-01-01T00:00:00Z",
    "0x1",
    "\u0000",
    "__proto__",
    "*",
    "..",
  ],
);
const numbers = fc.constantFrom(
  0,
  1,
  -1,
  2,
  7,
  80,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  1.5,
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  words,
  numbers,
  fc.constantFrom(null, true, false, [], {}, [null], { a: null }),
);

const scalars: Record<string, fc.Arbitrary<unknown>> = {
  string: words,
  bool: fc.boolean(),
  int32: numbers,
  int64: numbers,
  float64: numbers,
  bytes: fc.constantFrom("", "YQ==", "!", "YQ"),
  quantity: fc.constantFrom("1", "500m", "1Gi", "-1", "1.5e3", "x", 2, "1Ki", "0"),
  intOrString: fc.oneof(words, numbers),
  time: fc.constantFrom("2026-01-01T00:00:00Z", "yesterday", null),
  microTime: fc.constantFrom("2026-01-01T00:00:00.000000Z", "", null),
  duration: fc.constantFrom("1s", "x"),
};

function valueOf(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  if (type.kind === "struct") return structOf(type.struct, depth - 1);
  if (type.kind === "list") return fc.array(valueOf(type.of, depth), { maxLength: 2 });
  if (type.kind === "map") return fc.dictionary(words, valueOf(type.of, depth), { maxKeys: 2 });
  const constants = type.name ? stringConstants[type.name] : undefined;
  const plain = scalars[type.kind] ?? junk;
  return constants?.length
    ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...constants) }, plain)
    : plain;
}

/** Few of its fields at a time; one in thirty of the wrong type. */
function structOf(struct: StructType, depth: number): fc.Arbitrary<unknown> {
  const fields = struct.list.filter(
    (f) => depth > 0 || !["struct", "list", "map"].includes(f.type.kind),
  );
  if (fields.length === 0) return fc.constant({});
  const some = fc.uniqueArray(fc.nat(fields.length - 1), { maxLength: 5 });
  return some.chain((at) => {
    const record: Record<string, fc.Arbitrary<unknown>> = {};
    for (const i of at) {
      const field = fields[i] as StructType["list"][number];
      record[field.name] = fc.oneof(
        { weight: 30, arbitrary: fc.constant(0).chain(() => valueOf(field.type, depth)) },
        { weight: 1, arbitrary: junk },
      );
    }
    return fc.record(record);
  });
}

/** What makes an object worth looking into: without these it is refused at the door. */
const likely: Record<string, unknown> = {
  Pod: { spec: { containers: [{ name: "c", image: "nginx" }] } },
  Deployment: workload({ replicas: 1 }),
  ReplicaSet: workload({}),
  DaemonSet: workload({}),
  StatefulSet: workload({}),
  Service: { spec: { ports: [{ port: 80 }] } },
};

function workload(spec: object): unknown {
  const labels = { app: "f" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
  return { spec: { ...spec, selector: { matchLabels: labels }, template } };
}

function merged(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over;
  const out: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (key !== "__proto__") out[key] = key in base ? merged(base[key], value) : value;
  }
  return out;
}

const isObject = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && !Array.isArray(v);

export function objectOf(apiVersion: string, kind: string): fc.Arbitrary<unknown> {
  const type = builtin.ofKind(apiVersion, kind)?.schema.struct;
  if (!type) throw new Error(`no type for ${kind}`);
  const names = fc.constantFrom("f-1", "f-2", "f-3", "F", "", "a.b.c");
  const body = structOf(type, 5);
  return fc.tuple(names, body, fc.boolean()).map(([name, random, help]) => {
    const whole = help ? merged(likely[kind] ?? {}, random) : random;
    const metadata = isObject(whole) && isObject(whole["metadata"]) ? whole["metadata"] : {};
    return { ...(whole as object), apiVersion, kind, metadata: { ...metadata, name } };
  });
}

export { junk, words };
