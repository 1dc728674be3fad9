/** Functions of texts, and formats. */
import { yqTextCharactersMax } from "../../../core/limits.ts";
import { fromBase64, toBase64, decodeUtf8, encodeUtf8 } from "../../bytes.ts";
import { Regex, regexFor, type Match } from "../../../regex/regex.ts";
import { at, bool, collection, Endless, isNull, scalar, wrong, type YqNode } from "./node.ts";
import type { Expr } from "./parser.ts";
import { each, forOne } from "./functions-nodes.ts";
import { splitText } from "./operators.ts";
import { oneOf } from "./reading.ts";
import type { Context, Function, Machine, Nodes } from "./running.ts";
import { tagOf } from "./tags.ts";
import { toYaml } from "./writing.ts";
import { toJson, toProps, toRows } from "./writing-other.ts";

const hint = "Hint: Most often you'll want to use '|=' over '=' for this operation";

const text = (value: string, like: YqNode): YqNode => {
  if (value.length > yqTextCharactersMax) throw new Endless();
  return at(scalar(value), like);
};

function compiled(m: Machine, pattern: string): Regex {
  const made = regexFor(m.outside.matching, pattern, pattern.replace(/^\(\?i\)/, ""), {
    syntax: "perl",
    fold: pattern.startsWith("(?i)"),
  });
  return made instanceof Regex
    ? made
    : wrong(`error parsing regexp: ${made.error}: \`${pattern}\``);
}

/** A pattern's matches in a text. */
function* matchesOf(m: Machine, regex: Regex, value: string, all: boolean): Generator<Match> {
  const search = regex.search(value, m.outside.matching);
  for (let found = search.next(0); found;) {
    m.spend(1);
    yield found;
    const next = found.end > found.index ? found.end : found.index + 1;
    if (!all || next > value.length) return;
    found = search.next(next);
  }
}

/** Texts that a function of a pattern works on, with its arguments. */
function* patterned(
  m: Machine,
  context: Context,
  args: Expr[],
  verb: string,
): Generator<undefined, [YqNode, string[]][]> {
  const out: [YqNode, string[]][] = [];
  for (const node of context.nodes) {
    const words: string[] = [];
    for (const arg of args) words.push((yield* forOne(m, context, arg, node))[0]?.value ?? "");
    if (isNull(node)) continue;
    const strings =
      verb === "substitute" ? "can only substitute strings" : "can only match strings";
    if (node.tag !== "!!str") return wrong(`cannot ${verb} with ${node.tag}, ${strings}. ${hint}`);
    out.push([node, words]);
  }
  return out;
}

function* sub(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const [node, [pattern = "", replacement = ""]] of yield* patterned(
    m,
    context,
    args,
    "substitute",
  )) {
    const regex = compiled(m, pattern);
    let made = "";
    let from = 0;
    for (const found of matchesOf(m, regex, node.value, true)) {
      made +=
        node.value.slice(from, found.index) +
        replacement.replace(/\$\{?(\d)\}?/g, (_, n: string) => found.group(Number(n)) ?? "");
      from = found.end;
      if (made.length > yqTextCharactersMax) throw new Endless();
    }
    out.push(text(made + node.value.slice(from), node));
  }
  return out;
}

function* test(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const [node, [pattern = ""]] of yield* patterned(m, context, args, "match")) {
    const regex = compiled(m, pattern);
    out.push(at(bool([...matchesOf(m, regex, node.value, false)].length > 0), node));
  }
  return out;
}

const groupNames = (pattern: string): (string | undefined)[] => {
  const out: (string | undefined)[] = [];
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "\\") i++;
    else if (pattern[i] === "(" && pattern[i + 1] !== "?") out.push(undefined);
    else if (pattern[i] === "(") {
      const name = /^\(\?P?<(\w+)>/.exec(pattern.slice(i, i + 80));
      if (name) out.push(name[1]);
    }
  }
  return out;
};

function object(pairs: [string, YqNode][]): YqNode {
  const out = collection("map");
  for (const [key, value] of pairs) out.add(value, scalar(key));
  return out;
}

const captured = (value: string | undefined, offset: number | undefined): [string, YqNode][] => [
  ["string", value === undefined ? scalar("", "!!null") : scalar(value)],
  ["offset", scalar(offset ?? -1, "!!int")],
  ["length", scalar(value === undefined ? 0 : value.length, "!!int")],
];

function* match(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const [node, [pattern = "", flags = ""]] of yield* patterned(m, context, args, "match")) {
    const names = groupNames(pattern);
    for (const found of matchesOf(m, compiled(m, pattern), node.value, flags.includes("g"))) {
      const captures = names.map((name, i) =>
        object([
          ...captured(found.group(i + 1), found.place(i + 1)),
          ...(name ? [["name", scalar(name)] as [string, YqNode]] : []),
        ]),
      );
      out.push(
        at(
          object([
            ...captured(found.group(0), found.index),
            ["captures", collection("seq", captures)],
          ]),
          node,
        ),
      );
    }
  }
  return out;
}

function* capture(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  for (const [node, [pattern = "", flags = ""]] of yield* patterned(m, context, args, "match")) {
    const names = groupNames(pattern);
    for (const found of matchesOf(m, compiled(m, pattern), node.value, flags.includes("g"))) {
      const pairs: [string, YqNode][] = [];
      names.forEach((name, i) => {
        const value = found.group(i + 1);
        if (name) pairs.push([name, value === undefined ? scalar("", "!!null") : scalar(value)]);
      });
      out.push(at(object(pairs), node));
    }
  }
  return out;
}

function* split(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  const [separator] = yield* m.run(args[0]!, context);
  for (const node of context.nodes) {
    if (isNull(node)) continue;
    if (node.tag !== "!!str") return wrong(`cannot split ${node.tag}, can only split strings`);
    out.push(splitText(node, separator?.value ?? "", m));
  }
  return out;
}

function* join(m: Machine, context: Context, args: Expr[]): Nodes {
  const out: YqNode[] = [];
  const [separator] = yield* m.run(args[0]!, context);
  for (const node of context.nodes) {
    if (node.real.kind !== "seq")
      return wrong(`cannot join with ${node.real.tag}, can only join arrays of scalars`);
    const parts = node.real.content.map((one) => (isNull(one) ? "" : m.textOf(one)));
    m.spend(parts.length);
    out.push(text(parts.join(separator?.value ?? ""), node));
  }
  return out;
}

/** `$NAME`, `${NAME}`, `${NAME:-otherwise}`. */
function substituted(value: string, env: Readonly<Record<string, string>>, flags: string): string {
  const known = (name: string): string | undefined =>
    Object.hasOwn(env, name) ? env[name] : undefined;
  return value.replace(
    /\$(\w+)|\$\{(\w+)(?:(:?[-=+])([^}$]*))?\}/g,
    (_, plain: string | undefined, name: string, sign: string | undefined, other = "") => {
      const found = known(plain ?? name);
      const some = found !== undefined && (found !== "" || !sign?.startsWith(":"));
      if (sign?.endsWith("+")) return some ? other : "";
      if (some)
        return found === "" && flags.includes("ne")
          ? wrong(`variable \${${plain ?? name}} set but empty`)
          : found;
      if (sign) return other;
      return flags.includes("nu") ? wrong(`variable \${${plain ?? name}} not set`) : "";
    },
  );
}

const strings = (verb: string, change: (value: string) => string): Function =>
  each((node) => {
    if (isNull(node)) return undefined;
    if (node.tag !== "!!str")
      return wrong(`cannot ${verb} ${node.tag}, can only operate on strings. `);
    const made = text(change(node.value), node);
    made.style = node.style;
    return made;
  });

function format(
  indent: number,
  make: (node: YqNode, m: Machine, indent: number) => string,
): Function {
  return function* (m, context, args) {
    const own = args[0]?.k === "value" ? Number(args[0].node.value) : indent;
    return yield* each((node) => text(make(node, m, own), node))(m, context, []);
  };
}

const json = (node: YqNode, m: Machine, indent: number): string =>
  `${toJson(node, indent, m)}${indent > 0 ? "\n" : ""}`;
const yaml = (node: YqNode, m: Machine, indent: number): string =>
  node.real.kind === "scalar" ? `${node.real.value}\n` : toYaml(node, { indent }, m);
const onText = (node: YqNode, verb: string): string =>
  node.kind === "scalar"
    ? node.value
    : wrong(`cannot ${verb} as ${node.tag}, can only operate on strings`);

export const textFunctions: Record<string, Function> = {
  sub,
  test,
  match,
  capture,
  split,
  join,
  upcase: strings("change case with", (value) => value.toUpperCase()),
  downcase: strings("change case with", (value) => value.toLowerCase()),
  trim: strings("trim", (value) => value.trim()),
  to_string: each((node, m) =>
    text(node.real.kind === "scalar" ? node.real.value : m.textOf(node), node),
  ),
  envsubst: function* (m, context, args) {
    const flags = args[0]?.k === "value" ? args[0].node.value : "";
    return yield* each((node) => {
      if (node.tag !== "!!str")
        return wrong(`cannot substitute with ${node.tag}, can only substitute strings. ${hint}`);
      m.spend(node.value.length >> 3);
      const made = substituted(node.value, m.outside.env, flags);
      return at(scalar(made, tagOf(made) === "!!str" ? "!!str" : node.tag, node.style), node);
    })(m, context, []);
  },
  to_yaml: format(2, yaml),
  to_json: format(2, json),
  "@json": format(0, json),
  to_props: format(0, (node, m) => toProps(node, m)),
  "@props": format(0, (node, m) => toProps(node, m)),
  to_csv: format(0, (node) => toRows(node, ",")),
  "@csv": format(0, (node) => toRows(node, ",").replace(/\n$/, "")),
  to_tsv: format(0, (node) => toRows(node, "\t")),
  "@tsv": format(0, (node) => toRows(node, "\t").replace(/\n$/, "")),
  "@base64": format(0, (node) => toBase64(encodeUtf8(onText(node, "encode base64")))),
  "@base64d": format(0, (node) => {
    const bytes = fromBase64(node.value);
    return bytes === undefined ? wrong("illegal base64 data at input byte 0") : decodeUtf8(bytes);
  }),
  "@uri": format(0, (node) => encodeURIComponent(node.value).replaceAll("%20", "+")),
  "@sh": format(0, (node) =>
    /^[\w@%+=:,./-]+$/.test(node.value) ? node.value : `'${node.value.replaceAll("'", "'\\''")}'`,
  ),
  from_yaml: each((node, m) => oneOf(node.value, m, node)),
};
