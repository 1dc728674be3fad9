/** `set -x`: commands as they are about to run. */
import { SyntaxProblem, type Assign, type Node } from "../ast.ts";
import { reusable, doubleQuoted, quotedIfNeeded } from "./quote.ts";
import { traceLevel } from "../expanding.ts";
import { Expander } from "../expand.ts";
import { Parser } from "../parser.ts";
import { ExpansionProblem, NeedSubstitution } from "../problems.ts";
import { promptText } from "../typing/prompt.ts";
import type { Shell } from "../shell.ts";
import type { FrameOf, ListItem } from "../state.ts";
import { quoted } from "../variable-builtins.ts";

/** A word as bash traces it: unprintable ones in `$'...'` only where nothing else asks for quotes. */
function traced(word: string): string {
  if (word === "") return "''";
  if (/[ \t\n'"\\|&;()<>!{}*[?\]^$`]|^[~#]|[=:]~/.test(word))
    return word === "'" ? "\\'" : `'${word.replaceAll("'", "'\\''")}'`;
  return quotedIfNeeded(word);
}

/** PS4, whose first character stands there once more for each level. */
export function traceHead(shell: Shell): string {
  const ps4 = shell.get("PS4") ?? "+ ";
  return shell.bash ? ps4.slice(0, 1).repeat(traceLevel(shell)) + expandedPrompt(shell, ps4) : ps4;
}

/** Parameters in PS4. Substitutions, which would have to run first, stay as they are. */
function expandedPrompt(shell: Shell, ps4: string): string {
  const text = promptText(shell, ps4);
  if (!/[$`]/.test(text)) return text;
  try {
    const word = new Parser(text, 0, { bash: true, ext: false }).quoted("", "string");
    return new Expander(shell, []).text(word);
  } catch (error) {
    if (
      error instanceof NeedSubstitution ||
      error instanceof SyntaxProblem ||
      error instanceof ExpansionProblem
    )
      return text;
    throw error;
  }
}

/** One line of a trace. */
export function traceLine(shell: Shell, text: string): void {
  if (!shell.option("x")) return;
  const fd = Number(shell.bash ? (shell.get("BASH_XTRACEFD") ?? 2) : 2);
  shell.write(shell.sys.isOpen(fd) ? fd : 2, `${traceHead(shell)}${text}\n`);
}

/** `a=1`, `a=(1 2)` as bash traces them. */
export function traceAssignment(
  shell: Shell,
  { name, sub, items, append }: Assign,
  value: string,
  list: readonly ListItem[] | undefined,
): void {
  if (!shell.option("x")) return;
  const sign = append ? "+=" : "=";
  if (items) {
    const words = (list ?? []).map(([key, one]) => {
      const shown = traced(one) === one ? one : doubleQuoted(one);
      return key === null ? shown : `[${key}]=${shown}`;
    });
    return traceLine(shell, `${name}${sign}(${words.join(" ")})`);
  }
  const target = sub ? `${name}[${list?.[0]?.[0] ?? ""}]` : name;
  traceLine(shell, `${target}${sign}${value === "" ? "" : traced(value)}`);
}

/** Lists among the arguments of a declaration stand before it. */
function traceLists(shell: Shell, argv: readonly string[], frame: FrameOf<"node">): string[] {
  const out: string[] = [];
  argv.forEach((word, i) => {
    const list = frame.lists?.[`w${i}`];
    if (!list) return out.push(traced(word));
    const items = list.map(([key, one]) =>
      key === null ? reusable(one) : `[${key}]=${reusable(one)}`,
    );
    traceLine(shell, `${word}(${items.join(" ")})`);
    return out.push(word.replace(/\+?=$/, ""));
  });
  return out;
}

export function trace(
  shell: Shell,
  argv: string[],
  node: Extract<Node, { k: "cmd" }>,
  frame: FrameOf<"node">,
): void {
  if (!shell.option("x")) return;
  const values = frame.values ?? [];
  if (shell.bash) {
    // Those without a command have been told one by one.
    if (argv.length === 0) return;
    node.assigns.forEach((one, i) =>
      traceAssignment(shell, one, values[i] ?? "", frame.lists?.[i]),
    );
    return traceLine(shell, traceLists(shell, argv, frame).join(" "));
  }
  const quote = (word: string): string =>
    /[\x01-*;-?`[\\{-\uffff]/.test(word) ? quoted(word) : word;
  const assigns = node.assigns.map(({ name }, i) => `${name}=${quote(values[i] ?? "")}`);
  traceLine(shell, [...assigns, ...argv.map(quote)].join(" "));
}
