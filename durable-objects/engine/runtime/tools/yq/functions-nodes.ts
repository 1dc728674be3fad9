/** Functions about where nodes stand and how they look; and those that take nodes away or bring others. */
import { assign } from "./assigning.ts";
import {
  at,
  bool,
  collection,
  copyOf,
  isNull,
  isTrue,
  nothing,
  numberOf,
  scalar,
  wrong,
  type YqNode,
} from "./node.ts";
import { parse, type Expr } from "./parser.ts";
import { rfc3339 } from "../../../core/clock.ts";
import { oneOf } from "./reading.ts";
import type { Context, Function, Machine, Nodes } from "./running.ts";

/** A function that makes a value of each node. */
export const each = (make: (node: YqNode, m: Machine) => YqNode | YqNode[] | undefined): Function =>
  // eslint-disable-next-line require-yield
  function* (m, context) {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      m.spend(1);
      const made = make(node, m);
      if (Array.isArray(made)) out.push(...made);
      else if (made) out.push(made);
    }
    return out;
  };

/** The outputs of an argument for one node. */
export function* forOne(m: Machine, context: Context, e: Expr, node: YqNode): Nodes {
  return yield* m.run(e, m.with(context, [node]));
}

function pathNode(node: YqNode): YqNode {
  return collection(
    "seq",
    node.path.map((part) => scalar(part, typeof part === "number" ? "!!int" : "!!str")),
  );
}

function* select(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const node of context.nodes) {
    const found = yield* forOne(m, context, args[0]!, node);
    if (found.some(isTrue)) out.push(node);
  }
  return out;
}

/** Takes a node out of its parent. */
function remove(node: YqNode): void {
  const { parent } = node;
  if (!parent || node.pending) return;
  if (parent.kind === "map") {
    const place = parent.content.indexOf(node);
    if (place >= 0) parent.content.splice(node.isKey ? place : place - 1, 2);
  } else if (parent.kind === "seq") {
    const place = parent.content.indexOf(node);
    if (place >= 0) parent.content.splice(place, 1);
    parent.renumber();
  } else wrong(`cannot delete nodes from parent of tag ${parent.tag}`);
}

function* del(m: Machine, context: Context, args: Expr[]): Nodes {
  const targets = yield* m.run(args[0]!, context);
  for (const target of targets) {
    m.spend(1 + (target.parent?.content.length ?? 0) / 8);
    remove(target);
  }
  const gone = new Set(targets.filter((one) => !one.parent));
  return context.nodes.filter((one) => !gone.has(one));
}

function* withBlock(m: Machine, context: Context, args: Expr[]): Nodes {
  if (args.length < 2) return wrong("with must be given a block (;), got VALUE instead");
  for (const node of yield* m.run(args[0]!, context))
    yield* m.run(args[1]!, m.with(context, [node]));
  return context.nodes;
}

/** The file of load() and load_str(). */
function* loaded(
  m: Machine,
  context: Context,
  args: Expr[],
  make: (text: string) => YqNode,
): Nodes {
  const out: YqNode[] = [];
  for (const node of context.nodes) {
    const [name] = yield* forOne(m, context, args[0]!, node);
    if (!name || isNull(name)) return wrong("filename expression returned nil");
    let text: string;
    try {
      text = m.outside.readFile(name.value);
    } catch (error) {
      return wrong(`failed to load ${name.value}: ${(error as Error).message}`);
    }
    m.spend(text.length >> 3);
    out.push(make(text));
  }
  return out;
}

function up(node: YqNode, level: number): YqNode | undefined {
  if (level < 0) {
    const chain: YqNode[] = [];
    for (let one: YqNode | undefined = node; one; one = one.parent) chain.push(one);
    return chain.at(level);
  }
  let one: YqNode | undefined = node;
  for (let n = 0; n < level && one; n++) one = one.parent;
  return one;
}

function explodeNode(node: YqNode, m: Machine): void {
  m.spend(1);
  if (node.kind === "alias") {
    const copy = copyOf(node.real, m);
    const { parent, key } = node;
    Object.assign(node, {
      kind: copy.kind,
      tag: copy.tag,
      value: copy.value,
      style: copy.style,
      content: [],
      target: undefined,
      parent,
      key,
    });
    if (copy.kind === "map") for (const [name, value] of copy.entries) node.add(value, name);
    else for (const item of copy.content) node.add(item);
  }
  node.anchor = "";
  if (node.kind === "map" && node.entries.some(([key]) => key.tag === "!!merge")) {
    const { entries } = node;
    node.content = [];
    for (const [key, value] of entries) {
      if (key.tag !== "!!merge") {
        const known = node.get(key.value);
        if (known) assign(known, value, m);
        else node.add(value, key);
        continue;
      }
      for (const map of value.real.kind === "seq" ? value.real.content : [value])
        for (const [name, inner] of map.real.entries) {
          const known = node.get(name.value);
          if (known) assign(known, copyOf(inner, m), m);
          else node.add(copyOf(inner, m), copyOf(name, m));
        }
    }
  }
  for (const child of node.content) explodeNode(child, m);
}

const comment = (text: string): YqNode =>
  scalar(
    text
      .split("\n")
      .map((line) => line.replace(/^# ?/, ""))
      .join("\n"),
  );
const keyed = (node: YqNode): YqNode | undefined =>
  node.parent?.kind === "map" && !node.isKey ? node.key : undefined;
const kinds = { map: "map", seq: "seq", scalar: "scalar", alias: "alias" };

export const nodeFunctions: Record<string, Function> = {
  select,
  filter: function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const kept = yield* select(m, m.with(context, node.real.content), args);
      out.push(
        at(
          collection(
            "seq",
            kept.map((one) => copyOf(one, m)),
          ),
          node,
        ),
      );
    }
    return out;
  },
  del,
  with: withBlock,
  not: each((node) => at(bool(!isTrue(node)), node)),
  tag: each((node) => at(scalar(node.kind === "alias" ? "alias" : node.tag), node)),
  kind: each((node) => at(scalar(kinds[node.kind]), node)),
  style: each((node) => at(scalar(node.style), node)),
  anchor: each((node) => at(scalar(node.anchor), node)),
  alias: each((node) => at(scalar(node.kind === "alias" ? node.value : ""), node)),
  line_comment: each((node) =>
    comment(node.line || (node.kind === "scalar" ? "" : (keyed(node)?.line ?? ""))),
  ),
  head_comment: each((node) =>
    comment(
      keyed(node)?.head ||
        node.head ||
        (node.kind === "map" && !node.parent ? (node.content[0]?.head ?? "") : ""),
    ),
  ),
  foot_comment: each((node) => comment(keyed(node)?.foot || node.foot)),
  path: each((node) => at(pathNode(node), node)),
  key: each((node) => (node.key ? copyKey(node.key) : undefined)),
  is_key: each((node) => bool(node.isKey)),
  parent: function* (m, context, args) {
    const level = args[0]?.k === "value" ? Number(args[0].node.value) : 1;
    return yield* each((node) => up(node, level))(m, context, []);
  },
  root: each((node) => up(node, -1)),
  parents: each((node) => {
    const out: YqNode[] = [];
    for (let one = node.parent; one; one = one.parent) out.push(one);
    return collection(
      "seq",
      out.map((one) => Object.assign(collection("seq"), one)),
    );
  }),
  document_index: each((node) => scalar(node.origin.document, "!!int")),
  file_index: each((node) => scalar(node.origin.file, "!!int")),
  filename: each((node) => at(scalar(node.origin.fileName), node)),
  split_doc: each((node) => {
    node.parent = undefined;
    return node;
  }),
  explode: function* (m, context, args) {
    for (const node of yield* m.run(args[0]!, context)) explodeNode(node, m);
    return context.nodes;
  },
  load: (m, context, args) => loaded(m, context, args, (text) => oneOf(text, m)),
  load_str: (m, context, args) => loaded(m, context, args, (text) => scalar(text)),
  error: function* (m, context, args) {
    const [text] = yield* m.run(args[0]!, context);
    return wrong(text ? text.value : "");
  },
  eval: function* (m, context, args) {
    const out: YqNode[] = [];
    for (const node of context.nodes)
      for (const text of yield* forOne(m, context, args[0]!, node))
        out.push(...(yield* m.run(parse(text.value), m.with(context, [node]))));
    return out;
  },
  now: each((node, m) => at(scalar(rfc3339(m.outside.nowMs), "!!timestamp"), node)),
  to_number: each((node) => {
    if (numberOf(node) !== undefined) return node;
    const text = node.value.trim();
    if (node.kind !== "scalar")
      return wrong(`cannot convert node at path ${node.place} of tag ${node.tag} to number`);
    if (!/^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text))
      return wrong(
        `cannot convert node value [${node.value}] at path ${node.place} of tag ${node.tag} to number`,
      );
    return at(scalar(text, /^[-+]?\d+$/.test(text) ? "!!int" : "!!float"), node);
  }),
  length: each((node) => {
    const { real } = node;
    const count =
      real.kind === "map"
        ? real.content.length / 2
        : real.kind === "seq"
          ? real.content.length
          : isNull(real)
            ? 0
            : [...real.value].length;
    return at(scalar(count, "!!int"), node);
  }),
};

const copyKey = (key: YqNode): YqNode =>
  Object.assign(nothing(), { tag: key.tag, value: key.value, isKey: true });
