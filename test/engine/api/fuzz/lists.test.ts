/** Long lists and maps in every place that takes one: bounded, and told of in an answer of the API's own making. */
import {
  structType,
  type FieldType,
  type StructType,
} from "../../../../durable-objects/engine/schema/types.ts";
import { expect, test, describe } from "vitest";
import {
  builtin,
  type Resource,
} from "../../../../durable-objects/engine/api/discovery/registry.ts";
import { decodeItemsMax, listItemsMax } from "../../../../durable-objects/engine/core/limits.ts";
import { decodeObject } from "../../../../durable-objects/engine/schema/decode.ts";
import { World } from "../../../helpers/world.ts";
import { sampleOf } from "./sample-objects.ts";

const items = 2_000;
const kinds: Resource[] = [...builtin.allStored()].filter((r) => r.verbs.includes("create"));
const asked = new Set<string>();

type Path = (string | number)[];

/** Every list and map of a type once, in the first kind that holds it. */
function* listsOf(
  type: FieldType,
  path: Path,
  inside: readonly StructType[],
): Generator<[Path, FieldType]> {
  if (type.kind === "struct") {
    if (inside.includes(type.struct)) return;
    for (const field of type.struct.list)
      if (field.name !== "managedFields")
        yield* listsOf(field.type, [...path, field.name], [...inside, type.struct]);
  } else if (type.kind === "list" || type.kind === "map") {
    const place = `${inside.at(-1)?.name} ${path.at(-1)}`;
    if (!asked.has(place)) {
      asked.add(place);
      yield [path, type];
    }
    yield* listsOf(type.of, [...path, type.kind === "list" ? 0 : "key"], inside);
  }
}

/** What makes an item one of its own. */
const identifying =
  /^(name|key|ip|port|containerPort|path|mountPath|devicePath|type|topologyKey|uid)$/;

function itemOf(type: FieldType, i: number, depth = 0): unknown {
  switch (type.kind) {
    case "struct": {
      const fields = depth > 0 ? [] : type.struct.list.filter((f) => identifying.test(f.name));
      return Object.fromEntries(fields.map((f) => [f.name, itemOf(f.type, i, depth + 1)]));
    }
    case "list":
      return [];
    case "map":
      return {};
    case "int32":
    case "int64":
    case "float64":
    case "intOrString":
    case "quantity":
      return 1 + i;
    case "bool":
      return true;
    default:
      return `n${i}`;
  }
}

function withValue(object: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (step === 0) {
    const list = Array.isArray(object) ? (object as unknown[]) : [];
    return [withValue(list[0], rest, value), ...list.slice(1)];
  }
  const fields = (typeof object === "object" && object !== null ? object : {}) as Record<
    string,
    unknown
  >;
  return { ...fields, [step]: withValue(fields[step], rest, value) };
}

function manyOf(type: FieldType, same: boolean): unknown {
  if (type.kind !== "list" && type.kind !== "map") return [];
  const all = Array.from({ length: items }, (_, i) => itemOf(type.of, same ? 0 : i));
  return type.kind === "list" ? all : Object.fromEntries(all.map((item, i) => [`k${i}`, item]));
}

describe("long lists", { timeout: 180_000 }, () => {
  test.for(kinds)("$id", (r) => {
    const world = new World({ nodes: 1 });
    const root = r.group ? `/apis/${r.apiVersion}` : `/api/${r.version}`;
    const url = `${root}${r.namespaced ? "/namespaces/default" : ""}/${r.plural}?dryRun=All`;
    const struct = r.schema.struct;
    const sample = sampleOf(r.apiVersion, r.kind, "f-1");
    for (const [path, type] of listsOf({ kind: "struct", go: "", name: "", struct }, [], []))
      for (const same of [false, true]) {
        const answer = world.request("POST", url, withValue(sample, path, manyOf(type, same)));
        if (answer.status >= 500) expect.fail(`${path.join(".")}: ${answer.text.slice(0, 300)}`);
      }
  });

  test("beyond the limits a body is refused", () => {
    const wrong = (object: unknown): string | undefined =>
      decodeObject(structType("core/v1.ConfigMap"), object).error;
    const keys = (n: number): object =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, ""]));
    expect(wrong({ data: keys(listItemsMax) })).toBeUndefined();
    expect(wrong({ data: keys(listItemsMax + 1) })).toBe(
      `more than ${listItemsMax} items in one list`,
    );
    const full = keys(listItemsMax);
    const metadata = { labels: full, annotations: full, finalizers: Object.keys(full) };
    expect(wrong({ data: full, metadata })).toBeUndefined();
    expect(wrong({ data: full, binaryData: { a: "" }, metadata })).toBe(
      `more than ${decodeItemsMax} list items`,
    );
  });
});
