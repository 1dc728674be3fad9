/** Ex command lines: their rows, their name, and what they do; `:g` and `:v` do one for many rows. */
import { viGlobalRowsMax } from "../../../../core/limits.ts";
import type { ExCommand } from "./ex-call.ts";
import { Refused, type Editor } from "../editor.ts";
import { fileCommands } from "./ex-files.ts";
import { lineCommands } from "./ex-lines.ts";
import { otherCommands } from "./ex-other.ts";
import { rangeOf, type Range } from "../ranges.ts";
import { hitsIn, noteSearch, patternOf } from "../search.ts";
import { report, separated } from "../substitute.ts";
import { reportLines } from "../operators.ts";

const commands: ExCommand[] = [...fileCommands, ...lineCommands, ...otherCommands];

/** The first one that a name may stand for: those with short names come first. */
const named = (name: string): ExCommand | undefined =>
  commands.find((one) => one.name === name) ??
  commands
    .filter((one) => name.length >= one.least && one.name.startsWith(name))
    .sort((a, b) => a.least - b.least)[0];

/** A name, with what follows it: letters, or one sign. `s` and `k` need no blank behind them. */
function nameIn(text: string): { name: string; rest: string } {
  const found = /^(?:k(?=[a-z]$)|s(?=[^a-zA-Z])|s(?=[cegiInp]*$)|[a-zA-Z]+|&&|[#!&<>=@~*])/.exec(
    text.trimStart(),
  );
  const name = found?.[0] ?? "";
  return { name, rest: text.trimStart().slice(name.length) };
}

/** Does what one line says; several may stand between bars. */
export function execute(ed: Editor, line: string, depth = 0): void {
  const text = line.replace(/^[ \t:]+/, "");
  if (text === "" || text.startsWith('"')) return;
  const range = rangeOf(ed, text);
  const { name, rest } = nameIn(range.rest);
  if (name === "") {
    if (range.rest.trim() !== "" && !range.rest.trim().startsWith("|"))
      throw new Refused(`E492: Not an editor command: ${text}`);
    if (range.given) goTo(ed, range);
    return;
  }
  if (
    /^(?:g|gl\w*|v|vg\w*)$/.test(name) &&
    ("global".startsWith(name) || "vglobal".startsWith(name))
  )
    return global(
      ed,
      range,
      name.startsWith("v") || rest.startsWith("!"),
      rest.replace(/^!/, ""),
      depth,
    );
  const command = named(name);
  if (!command) throw new Refused(`E492: Not an editor command: ${text}`);
  const bang = name !== "!" && rest.startsWith("!");
  const [arg, next] = divided(command.name, (bang ? rest.slice(1) : rest).trimStart());
  if (range.given && command.noRange) throw new Refused("E481: No range allowed");
  if (command.noArg && arg.trim() !== "")
    throw new Refused(`E488: Trailing characters: ${arg.trim()}`);
  const { from, to, given } =
    command.all && !range.given ? { from: 0, to: ed.last, given: 0 } : range;
  command.run({ ed, from, to, given, bang, arg: arg.trimEnd(), name });
  if (next !== undefined && ed.s.exitCode === undefined && !ed.s.child) execute(ed, next, depth);
}

/** A command's argument, and the command behind a bar. */
function divided(name: string, text: string): [string, string | undefined] {
  if (name === "!" || name === "help" || (/^(?:read|write)$/.test(name) && text.startsWith("!")))
    return [text, undefined];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "|") return [text.slice(0, at), text.slice(at + 1)];
  }
  return [text, undefined];
}

function goTo(ed: Editor, { to }: Range): void {
  ed.jump();
  ed.goFirst(Math.max(0, to));
}

function global(ed: Editor, range: Range, inverted: boolean, rest: string, depth: number): void {
  if (depth > 0) throw new Refused("E147: Cannot do :global recursive with a range");
  const { s } = ed;
  if (rest === "") throw new Refused("E148: Regular expression missing from global");
  const [written = "", command = ""] = separated(rest, 1);
  const pattern = written || s.search?.pattern;
  if (pattern === undefined) throw new Refused("E35: No previous regular expression");
  s.search = { pattern, forward: true, offset: "" };
  noteSearch(ed, pattern);
  const made = patternOf(ed, pattern);
  const { from, to } = range.given ? range : { from: 0, to: ed.last };
  // Rows are known by their marks, which go with them.
  const rows: number[] = [];
  for (let row = Math.max(0, from); row <= to; row++)
    if ((hitsIn(ed, row, made).next().done === true) === inverted) rows.push(row);
  if (rows.length === 0)
    throw new Refused(
      inverted
        ? `E538: Pattern found in every line: ${pattern}`
        : `E486: Pattern not found: ${pattern}`,
    );
  if (rows.length > viGlobalRowsMax) throw new Refused("E41: Out of memory!");
  const count = ed.lines.length;
  const saved = s.marks;
  s.marks = Object.fromEntries(rows.map((row, i) => [`g${i}`, { row, col: 0 }]));
  ed.substituted = { count: 0, lines: 0 };
  forEach(ed, rows.length, command.trim() || "p");
  s.marks = saved;
  const { substituted } = ed;
  delete ed.substituted;
  report(ed, { ...substituted, row: 0 }, "");
  reportLines(ed, ed.lines.length - count);
}

function forEach(ed: Editor, count: number, command: string): void {
  const { s } = ed;
  const deletes = /^d(?:e|el|ele|elet|elete)?$/.test(command);
  // All at once, since each would move all that follow.
  if (deletes) {
    const gone = new Set(Object.values(s.marks).map(({ row }) => row));
    const rows = [...gone];
    const first = Math.min(...rows);
    const last = rows.reduce((a, b) => Math.max(a, b), 0);
    const kept = ed.lines.slice(first, last + 1).filter((_, i) => !gone.has(first + i));
    ed.setRegister('"', `${ed.lines[last]!}\n`, "l");
    ed.splice(first, last - first + 1, kept);
    ed.goFirst(Math.min(ed.last, last + 1 - rows.length));
    return;
  }
  const printed: string[] = [];
  for (let i = 0; i < count; i++) {
    const mark = s.marks[`g${i}`];
    if (!mark || mark.row > ed.last) continue;
    ed.go(mark.row, 0);
    execute(ed, command, 1);
    if (/^(?:p|nu|#|l)/.test(command)) printed.push(s.message);
  }
  if (printed.length === 1) ed.say(printed[0]!);
  else if (printed.length) {
    ed.echo(`:${s.history.at(-1) ?? ""}`);
    ed.show(printed);
  }
}
