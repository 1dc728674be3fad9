/** Words of yq's expressions. yq: pkg/yqlib/lexer_participle.go */
import { bool, scalar, wrong, type YqNode } from "./node.ts";

export type Token =
  | { t: "value"; node: YqNode; text: string }
  /** A text with \(...) in it. */
  | { t: "text"; text: string }
  | { t: "path"; name: string; optional: boolean; text: string }
  /** An operator, a bracket or a name. */
  | { t: "op"; text: string; flags: string }
  | { t: "var"; name: string; text: string }
  | { t: "env"; name: string; plain: boolean; text: string }
  | { t: "call"; name: string; arg: string; text: string };

const spelled: Record<string, string> = {
  splitDoc: "split_doc",
  splitdoc: "split_doc",
  fi: "file_index",
  fileIndex: "file_index",
  fileindex: "file_index",
  di: "document_index",
  documentIndex: "document_index",
  fileName: "filename",
  file_name: "filename",
  ascii_upcase: "upcase",
  ascii_downcase: "downcase",
  "@yaml": "to_yaml",
  "@yamld": "from_yaml",
  "@jsond": "from_yaml",
  from_json: "from_yaml",
  str_load: "load_str",
  strload: "load_str",
};

/** Names of functions and keywords, each way that they are written. */
const names =
  "length line column eval to_number map_values map filter pick omit flatten now error sort_keys to_yaml from_yaml from_json to_json to_props load_str load split_doc select has unique_by unique group_by explode or and not ireduce join sub match capture test sort_by sort first reverse any_c any all_c all contains split parents parent keys key is_key filename file_name file_index fi path set_path del_paths to_entries from_entries with_entries with collect del kind comments document_index di upcase downcase ascii_upcase ascii_downcase trim to_string envsubst min max style tag anchor alias line_comment head_comment foot_comment as ref if then elif else end root to_csv to_tsv".split(
    " ",
  );
const known = new Map<string, string>();
for (const name of names)
  for (const written of [
    name,
    name.replaceAll("_", ""),
    name.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
  ])
    known.set(written, spelled[written] ?? spelled[name] ?? name);
for (const [written, name] of Object.entries(spelled)) known.set(written, name);
for (const name of ["@json", "@props", "@csv", "@tsv", "@base64", "@base64d", "@uri", "@sh"])
  known.set(name, name);

const rules: [RegExp, (m: RegExpExecArray) => Token][] = [
  [
    /(env|strenv)\(([^)]+)\)/y,
    (m) => ({ t: "env", name: m[2]!, plain: m[1] === "env", text: m[0] }),
  ],
  [
    /(flatten|parent|to_?yaml|to_?json|envsubst)\((-?\d+|[neuf, ]+)\)/y,
    (m) => ({ t: "call", name: known.get(m[1]!)!, arg: m[2]!, text: m[0] }),
  ],
  [/\.\.\.|\.\./y, (m) => ({ t: "op", text: m[0], flags: "" })],
  [/\."([^ "]+)"(\??)/y, (m) => ({ t: "path", name: m[1]!, optional: m[2] === "?", text: m[0] })],
  [
    /\.([^ ;}{:[\],|.()=\n!]+)/y,
    (m) => ({
      t: "path",
      name: m[1]!.replace(/\?$/, ""),
      optional: m[1]!.endsWith("?"),
      text: m[0],
    }),
  ],
  [/\.\[/y, () => ({ t: "op", text: ".[", flags: "" })],
  [/\$([\w-]+)/y, (m) => ({ t: "var", name: m[1]!, text: m[0] })],
  [/"((?:[^"\\]|\\.)*)"/sy, (m) => ({ t: "text", text: m[1]! })],
  [/0[xX][\dA-Fa-f]+/y, (m) => ({ t: "value", node: scalar(m[0], "!!int"), text: m[0] })],
  [
    /-?[1-9](\.\d+)?[Ee][-+]?\d+|-?\d+\.\d+/y,
    (m) => ({ t: "value", node: scalar(m[0], "!!float"), text: m[0] }),
  ],
  [/-?\d+/y, (m) => ({ t: "value", node: scalar(m[0], "!!int"), text: m[0] })],
  [/(true|false)\b/iy, (m) => ({ t: "value", node: bool(/t/i.test(m[0][0]!)), text: m[0] })],
  [/null\b|~/iy, (m) => ({ t: "value", node: scalar(m[0], "!!null"), text: m[0] })],
  [/(\*=?)([+|?cdn]*)/y, (m) => ({ t: "op", text: m[1]!, flags: m[2]! })],
  [/(==|!=|>=|<=|\|=|\+=|-=|\/\/|\/=)(c*)/y, (m) => ({ t: "op", text: m[1]!, flags: m[2]! })],
  [/\]\??/y, (m) => ({ t: "op", text: "]", flags: m[0].slice(1) })],
  [/=(c*)/y, (m) => ({ t: "op", text: "=", flags: m[1]! })],
  [/[()[{}:;|,.+\-/%<>]/y, (m) => ({ t: "op", text: m[0], flags: "" })],
];
const word = /@?[A-Za-z_0-9]+/y;
const gap = /(?:[\s]|#[^\n]*)+/y;

/** The tokens of an expression. YqError. */
export function tokensOf(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  const next = (): Token | undefined => {
    word.lastIndex = at;
    const name = word.exec(text)?.[0];
    for (const [pattern, make] of rules) {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (!found) continue;
      at += found[0].length;
      return make(found);
    }
    // The longest name that a word begins with.
    for (let end = name?.length ?? 0; end > 0; end--) {
      const full = known.get(name!.slice(0, end));
      if (full === undefined) continue;
      at += end;
      return { t: "op", text: full, flags: name!.slice(0, end) };
    }
    return undefined;
  };
  while (at < text.length) {
    gap.lastIndex = at;
    const space = gap.exec(text);
    if (space) at += space[0].length;
    if (at >= text.length) break;
    const token = next();
    if (!token) {
      const before = text.slice(0, at).split("\n");
      const rest = text.slice(at);
      const shown = rest.length > 16 ? `${rest.slice(0, 16)}...` : rest;
      return wrong(
        `${before.length}:${before.at(-1)!.length + 1}: lexer: invalid input text ${JSON.stringify(shown)}`,
      );
    }
    out.push(token);
  }
  return out;
}
