/** Functions of maps and sequences. */
import { assign } from "./assigning.ts";
import {
  at,
  bool,
  collection,
  copyOf,
  equal,
  isNull,
  isTrue,
  numberOf,
  scalar,
  wrong,
  YqNode,
} from "./node.ts";
import type { Expr } from "./parser.ts";
import { each, forOne } from "./functions-nodes.ts";
import { ordered } from "./operators.ts";
import type { Context, Function, Machine, Nodes } from "./running.ts";
import { named } from "./traversing.ts";

/** yq's order: nulls, booleans, numbers, then texts. yq: pkg/yqlib/operator_sort.go */
function compare(a: YqNode, b: YqNode): number {
  const rank = (one: YqNode): number =>
    isNull(one) ? 0 : one.tag === "!!bool" ? 1 : numberOf(one) === undefined ? 3 : 2;
  const [x, y] = [a.real, b.real];
  if (rank(x) !== rank(y)) return rank(x) - rank(y);
  if (rank(x) === 0) return 0;
  if (rank(x) === 1) return Number(isTrue(x)) - Number(isTrue(y));
  if (x.kind !== "scalar" || y.kind !== "scalar")
    return x.value < y.value ? -1 : Number(x.value > y.value);
  return rank(x) === 2 ? ordered(x, y) : x.value < y.value ? -1 : Number(x.value > y.value);
}

function* keyed(
  m: Machine,
  context: Context,
  items: YqNode[],
  e: Expr | undefined,
): Generator<undefined, [YqNode, YqNode[]][]> {
  const out: [YqNode, YqNode[]][] = [];
  for (const item of items) out.push([item, e ? yield* forOne(m, context, e, item) : [item]]);
  return out;
}

const like = (node: YqNode, items: YqNode[], m: Machine): YqNode => {
  const out = collection(
    "seq",
    items.map((one) => copyOf(one, m)),
  );
  out.style = node.style;
  return at(out, node);
};

function sort(m: Machine, context: Context, args: Expr[]): Nodes {
  return (function* () {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const { real } = node;
      if (real.kind === "scalar")
        return wrong(`node at path [${node.place}] is not an array or map (it's a ${real.tag})`);
      const items = real.kind === "map" ? real.entries.map(([, value]) => value) : real.content;
      const pairs = yield* keyed(m, context, items, args[0]);
      pairs.sort(([, a], [, b]) => {
        m.spend(1);
        for (let i = 0; i < Math.min(a.length, b.length); i++) {
          const order = compare(a[i]!, b[i]!);
          if (order !== 0) return order;
        }
        return a.length - b.length;
      });
      if (real.kind === "map") {
        const made = collection("map");
        for (const [item] of pairs) made.add(copyOf(item, m), copyOf(item.key!, m));
        out.push(at(made, node));
      } else
        out.push(
          like(
            node,
            pairs.map(([item]) => item),
            m,
          ),
        );
    }
    return out;
  })();
}

/** Items by the text of their key, in the order of their first. */
function* grouped(
  m: Machine,
  context: Context,
  node: YqNode,
  e: Expr | undefined,
  what: string,
): Generator<undefined, YqNode[][]> {
  if (node.real.kind !== "seq") return wrong(`only arrays are supported for ${what}`);
  const groups = new Map<string, YqNode[]>();
  for (const [item, [key]] of yield* keyed(m, context, node.real.content, e)) {
    const name = key
      ? key.real.kind === "scalar"
        ? isNull(key)
          ? "null"
          : key.real.value
        : m.textOf(key)
      : "null";
    const known = groups.get(name);
    if (known) known.push(item);
    else groups.set(name, [item]);
  }
  return [...groups.values()];
}

const unique = (what: string): Function =>
  function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const groups = yield* grouped(m, context, node, args[0], what);
      out.push(
        like(
          node,
          groups.map((group) => group[0]!),
          m,
        ),
      );
    }
    return out;
  };

function entriesOf(node: YqNode, m: Machine): YqNode {
  const { real } = node;
  if (real.kind === "scalar")
    return isNull(real) ? collection("seq") : wrong(`${real.tag} has no keys`);
  const out = collection("seq");
  const pairs =
    real.kind === "map"
      ? real.entries
      : real.content.map((item, i) => [scalar(i, "!!int"), item] as [YqNode, YqNode]);
  for (const [key, value] of pairs) {
    const entry = collection("map");
    entry.add(copyOf(key, m), scalar("key"));
    entry.add(copyOf(value, m), scalar("value"));
    out.add(entry);
  }
  return at(out, node);
}

function fromEntries(node: YqNode, m: Machine): YqNode {
  if (node.real.kind !== "seq") return wrong("from entries only runs against arrays");
  const out = collection("map");
  node.real.content.forEach((entry, i) => {
    const key = named(entry, "key", false, m)[0];
    if (!key) return wrong(`expected to find one 'key' entry but found 0 in position ${i}`);
    const value =
      named(entry, "value", false, m)[0] ??
      wrong(`expected to find one 'value' entry but found 0 in position ${i}`);
    out.add(copyOf(value, m), copyOf(key, m));
  });
  return at(out, node);
}

function* withEntries(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const node of context.nodes) {
    const list = entriesOf(node, m);
    const made: YqNode[] = [];
    for (const entry of list.content) made.push(...(yield* forOne(m, context, args[0]!, entry)));
    const map = fromEntries(collection("seq", made), m);
    out.push(at(map, node));
  }
  return out;
}

function* map(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const node of context.nodes) {
    const { real } = node;
    const items = real.kind === "map" ? real.entries.map(([, value]) => value) : real.content;
    const made: YqNode[] = [];
    for (const item of items) made.push(...(yield* forOne(m, context, args[0]!, item)));
    out.push(like(node, made, m));
  }
  return out;
}

function* mapValues(m: Machine, context: Context, args: Expr[]): Nodes {
  for (const node of context.nodes) {
    const { real } = node;
    const items = real.kind === "map" ? real.entries.map(([, value]) => value) : real.content;
    for (const item of [...items]) {
      const [value] = yield* forOne(m, context, args[0]!, item);
      if (value) assign(item, copyOf(value, m), m);
    }
  }
  return context.nodes;
}

function flattened(items: YqNode[], depth: number, m: Machine): YqNode[] {
  m.spend(1 + items.length);
  return depth === 0
    ? items
    : items.flatMap((one) =>
        one.real.kind === "seq" ? flattened(one.real.content, depth - 1, m) : [one],
      );
}

function contains(a: YqNode, b: YqNode, m: Machine): boolean {
  m.spend(1);
  const [x, y] = [a.real, b.real];
  if (x.kind !== y.kind) return wrong(`${y.tag} cannot check contained in ${x.tag}`);
  if (x.kind === "seq")
    return y.content.every((one) =>
      x.content.some((item) => (item.real.kind === one.real.kind ? contains(item, one, m) : false)),
    );
  if (x.kind === "map")
    return y.entries.every(([key, value]) => {
      const found = x.get(key.value);
      return (
        found !== undefined && found.real.kind === value.real.kind && contains(found, value, m)
      );
    });
  if (x.tag === "!!str" && y.tag === "!!str") return x.value.includes(y.value);
  return equal(x, y, m);
}

function* has(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  const [key] = yield* m.run(args[0]!, context);
  for (const node of context.nodes) {
    const { real } = node;
    const number = key && numberOf(key);
    const found =
      real.kind === "map"
        ? real.get(key?.value ?? "") !== undefined
        : real.kind === "seq" &&
          number !== undefined &&
          number < real.content.length &&
          number >= 0;
    out.push(at(bool(found), node));
  }
  return out;
}

function* judged(m: Machine, context: Context, args: Expr[], name: "any" | "all"): Nodes {
  const out: YqNode[] = [];
  for (const node of context.nodes) {
    if (node.real.kind !== "seq")
      return wrong(`${name} only supports arrays, was ${node.real.tag}`);
    const verdicts: boolean[] = [];
    for (const item of node.real.content)
      verdicts.push((args[0] ? yield* forOne(m, context, args[0], item) : [item]).some(isTrue));
    out.push(at(bool(name === "any" ? verdicts.some(Boolean) : verdicts.every(Boolean)), node));
  }
  return out;
}

const chosen = (keep: boolean): Function =>
  function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const [list] = yield* forOne(m, context, args[0]!, node);
      const keys = new Set(list?.content.map((one) => one.value));
      const { real } = node;
      if (real.kind === "scalar")
        return wrong(
          `cannot ${keep ? "pick" : "omit"} indices from type ${real.tag} (${node.place})`,
        );
      const made = collection(real.kind === "map" ? "map" : "seq");
      if (real.kind === "map" && keep) {
        for (const key of keys) {
          const value = real.get(key);
          if (value) made.add(copyOf(value, m), copyOf(value.key!, m));
        }
      } else if (real.kind === "map") {
        for (const [key, value] of real.entries)
          if (!keys.has(key.value)) made.add(copyOf(value, m), copyOf(key, m));
      } else
        real.content.forEach(
          (item, i) => keys.has(String(i)) === keep && made.add(copyOf(item, m)),
        );
      made.style = node.style;
      out.push(at(made, node));
    }
    return out;
  };

function sortKeys(node: YqNode, m: Machine): void {
  m.spend(1 + node.content.length);
  if (node.kind !== "map") return;
  const pairs = node.entries.sort(([a], [b]) =>
    a.value < b.value ? -1 : Number(a.value > b.value),
  );
  node.content = [];
  for (const [key, value] of pairs) node.add(value, key);
}

const extreme = (sign: number): Function =>
  each((node, m) => {
    if (node.real.kind !== "seq")
      return wrong(`only arrays are supported for ${sign > 0 ? "max" : "min"}`);
    m.spend(node.real.content.length);
    return node.real.content.reduce<YqNode | undefined>(
      (best, one) => (best && compare(one, best) * sign <= 0 ? best : one),
      undefined,
    );
  });

export const collectionFunctions: Record<string, Function> = {
  keys: each((node, m) => {
    const { real } = node;
    if (real.kind === "scalar")
      return wrong(`cannot get keys of ${real.tag}, keys only works for maps and arrays`);
    const keys =
      real.kind === "map"
        ? real.entries.map(([key]) => copyOf(key, m))
        : real.content.map((_, i) => scalar(i, "!!int"));
    return at(collection("seq", keys), node);
  }),
  to_entries: each(entriesOf),
  from_entries: each(fromEntries),
  with_entries: withEntries,
  map,
  map_values: mapValues,
  sort,
  sort_by: sort,
  group_by: function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const groups = yield* grouped(m, context, node, args[0], "group by");
      out.push(
        at(
          collection(
            "seq",
            groups.map((group) => like(new YqNode(), group, m)),
          ),
          node,
        ),
      );
    }
    return out;
  },
  unique: unique("unique"),
  unique_by: unique("unique"),
  reverse: each((node, m) =>
    node.real.kind === "seq"
      ? like(node, node.real.content.toReversed(), m)
      : wrong(`node at path [${node.place}] is not an array (it's a ${node.real.tag})`),
  ),
  flatten: function* (m, context, args) {
    const depth = args[0]?.k === "value" ? Number(args[0].node.value) : -1;
    return yield* each((node) =>
      node.real.kind === "seq"
        ? like(node, flattened(node.real.content, depth, m), m)
        : wrong("only arrays are supported for flatten"),
    )(m, context, []);
  },
  first: function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const items =
        node.real.kind === "map" ? node.real.entries.map(([, value]) => value) : node.real.content;
      for (const item of items) {
        const found = args[0] ? (yield* forOne(m, context, args[0], item)).some(isTrue) : true;
        if (!found) continue;
        out.push(item);
        break;
      }
    }
    return out;
  },
  has,
  contains: function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes)
      for (const one of yield* forOne(m, context, args[0]!, node))
        out.push(at(bool(contains(node, one, m)), node));
    return out;
  },
  any: (m, context, args) => judged(m, context, args, "any"),
  any_c: (m, context, args) => judged(m, context, args, "any"),
  all: (m, context, args) => judged(m, context, args, "all"),
  all_c: (m, context, args) => judged(m, context, args, "all"),
  pick: chosen(true),
  omit: chosen(false),
  min: extreme(-1),
  max: extreme(1),
  sort_keys: function* (m, context, args) {
    for (const node of yield* m.run(args[0]!, context)) sortKeys(node, m);
    return context.nodes;
  },
  collect: function* (m, context) {
    yield undefined;
    return [
      collection(
        "seq",
        context.nodes.map((one) => copyOf(one, m)),
      ),
    ];
  },
};
