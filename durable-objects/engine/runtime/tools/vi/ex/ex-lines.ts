/** Ex commands for lines: :d :y :m :t :j :> :s :pu :k :normal's kin, and what prints them. */
import { counted, registerAndCount, type ExCall, type ExCommand } from "./ex-call.ts";
import { Refused, type Editor } from "../editor.ts";
import { erase, join, put, reportLines, shift, yank, type Span } from "../operators.ts";
import { addressOf } from "../ranges.ts";
import { heldIn } from "../registers.ts";
import { separated, report, substitute, type Order } from "../substitute.ts";
import { columnOf, indentOf, shownAs } from "../characters.ts";
import { blanks } from "../operators.ts";
import { noteSearch, hitsIn, patternOf } from "../search.ts";

const rows = (from: number, to: number): Span => ({
  kind: "l",
  from: { row: from, col: 0 },
  to: { row: to, col: 0 },
});

function above(call: ExCall): void {
  if (call.from < 0) throw new Refused("E16: Invalid range");
}

function move(call: ExCall): void {
  above(call);
  const { ed, from, to } = call;
  const target = addressOf(ed, call.arg);
  if (target >= from && target < to)
    throw new Refused("E134: Cannot move a range of lines into itself");
  const lines = ed.lines.slice(from, to + 1);
  const count = lines.length;
  if (target === to || target === from - 1) return ed.goFirst(to);
  if (target > to) {
    ed.splice(from, target - from + 1, [...ed.lines.slice(to + 1, target + 1), ...lines]);
    ed.goFirst(target);
  } else {
    ed.splice(target + 1, to - target, [...lines, ...ed.lines.slice(target + 1, from)]);
    ed.goFirst(target + count);
  }
  if (count > 2) ed.say(`${count} lines moved`);
}

function copy(call: ExCall): void {
  above(call);
  const { ed, from, to } = call;
  const target = addressOf(ed, call.arg);
  const lines = ed.lines.slice(from, to + 1);
  ed.splice(target + 1, 0, lines);
  ed.goFirst(target + lines.length);
  reportLines(ed, lines.length);
}

/** `:s`, `:&`, `:&&`: what is to be replaced. */
function orderOf(call: ExCall): { order: Order; count?: number } {
  const { ed, arg, name } = call;
  const { s } = ed;
  const again = name !== "s" && !"substitute".startsWith(name);
  let [pattern, by, tail]: (string | undefined)[] = [undefined, undefined, arg];
  if (!again && arg !== "" && !/^[cegiInlpr\d\s|"]/.test(arg)) {
    const parts = separated(arg, 2);
    [pattern, by = "", tail = ""] = [parts[0]!, parts[1] ?? "", parts[2] ?? ""];
  }
  if (by === undefined) {
    if (!s.replaced) throw new Refused("E33: No previous substitute regular expression");
    ({ pattern, by } = s.replaced);
  }
  if (pattern === "") pattern = s.search?.pattern;
  if (pattern === undefined) throw new Refused("E35: No previous regular expression");
  if (by === "~" || by.includes("~"))
    by = by.replace(/(^|[^\\])~/g, (_, before: string) => before + (s.replaced?.by ?? ""));
  const found = /^([&cegiInp#lr]*)\s*(\d*)$/.exec((tail ?? "").trim());
  if (!found) throw new Refused(`E488: Trailing characters: ${(tail ?? "").trim()}`);
  let [, flags = ""] = found;
  if (flags.startsWith("&")) flags = (s.replaced?.flags ?? "") + flags.slice(1);
  if (ed.is("gdefault")) flags = flags.includes("g") ? flags.replace("g", "") : `${flags}g`;
  s.search = { pattern, forward: true, offset: "" };
  s.replaced = { pattern, by, flags };
  noteSearch(ed, pattern);
  const fold = flags.includes("I")
    ? `${pattern}\\C`
    : flags.includes("i")
      ? `${pattern}\\c`
      : pattern;
  return { order: { pattern: fold, by, flags }, ...(found[2] ? { count: Number(found[2]) } : {}) };
}

function substituteCommand(call: ExCall): void {
  above(call);
  const { ed } = call;
  const { order, count } = orderOf(call);
  const from = count === undefined ? call.from : call.to;
  const to = count === undefined ? call.to : Math.min(ed.last, call.to + count - 1);
  if (order.flags.includes("c")) return askFirst(ed, from, to, order);
  const outcome = substitute(ed, from, to, order);
  ed.s.highlighted = true;
  if (outcome.count === 0) {
    if (order.flags.includes("e")) return;
    throw new Refused(`E486: Pattern not found: ${ed.s.search!.pattern}`);
  }
  if (order.flags.includes("n")) {
    report(ed, outcome, order.flags);
    return;
  }
  ed.goFirst(outcome.row);
  if (ed.substituted) {
    ed.substituted.count += outcome.count;
    ed.substituted.lines += outcome.lines;
  } else report(ed, outcome, order.flags);
  if (/[pl#]/.test(order.flags)) ed.say(printed(ed, outcome.row, order.flags.includes("#")));
}

/** With the flag c each match is asked for (confirm.ts). */
function askFirst(ed: Editor, from: number, to: number, order: Order): void {
  const made = patternOf(ed, order.pattern);
  for (let row = from; row <= to; row++) {
    const [hit] = hitsIn(ed, row, made);
    if (!hit) continue;
    ed.s.confirm = {
      row,
      last: to,
      ...order,
      col: hit.from.col,
      done: 0,
      lines: 0,
      lastRow: -1,
      found: [hit.from.col, hit.to.row > row ? ed.lines[row]!.length : hit.to.col],
    };
    ed.s.mode = "confirm";
    ed.go(row, hit.from.col);
    return;
  }
  throw new Refused(`E486: Pattern not found: ${ed.s.search!.pattern}`);
}

/** A line as `:p` and `:#` print it. */
function printed(ed: Editor, row: number, number: boolean): string {
  const line = ed.lines[row]!;
  let text = "";
  let column = 0;
  for (let at = 0; at < Math.min(line.length, 2_000);) {
    if (line[at] === "\t") {
      const width = ed.number("tabstop") - (column % ed.number("tabstop"));
      text += " ".repeat(width);
      column += width;
      at++;
      continue;
    }
    const shown = shownAs(line, at);
    text += shown;
    column += 1;
    at +=
      shown.length > 1 && line.charCodeAt(at) < 128 ? 1 : shown.startsWith("<") ? 1 : shown.length;
  }
  return number ? `${String(row + 1).padStart(3)} ${text}` : text;
}

function print(call: ExCall): void {
  above(call);
  const { ed } = call;
  const { from, to } = counted(call);
  const number = call.name === "#" || call.name.startsWith("nu") || ed.is("number");
  const lines = ed.lines.slice(from, to + 1).map((_, i) => printed(ed, from + i, number));
  if (lines.length === 1) ed.say(lines[0]!);
  else ed.show(lines, true);
  ed.goFirst(to);
}

function sort(call: ExCall): void {
  const { ed, from, to, bang, arg } = call;
  const numeric = arg.includes("n");
  const key = (line: string): string => (arg.includes("i") ? line.toLowerCase() : line);
  const numberIn = (line: string): number => {
    const found = /-?\d+/.exec(line)?.[0];
    return found === undefined ? -Infinity : Number(found);
  };
  const compare = (a: string, b: string): number =>
    numeric ? numberIn(a) - numberIn(b) || 0 : key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
  let lines = ed.lines.slice(from, to + 1).sort(compare);
  if (bang) lines.reverse();
  if (arg.includes("u"))
    lines = lines.filter((line, i) => i === 0 || compare(line, lines[i - 1]!) !== 0);
  ed.sys.charge(lines.length);
  const gone = to - from + 1 - lines.length;
  ed.splice(from, to - from + 1, lines);
  ed.goFirst(from);
  reportLines(ed, -gone);
}

/** `:retab`: blanks as they are made now. */
function retab({ ed, from, to, bang, arg }: ExCall): void {
  const old = { ...ed.shown, list: false };
  if (/^\d+$/.test(arg) && Number(arg) > 0) ed.s.options["tabstop"] = Number(arg);
  const lines = ed.lines.slice(from, to + 1).map((line) =>
    line.replace(/[ \t]+/g, (run, at: number) => {
      if (!run.includes("\t") && !(bang && run.length > 1)) return run;
      const start = columnOf(line, at, old);
      const end = columnOf(line, at + run.length, old);
      if (at > 0 && !ed.is("expandtab")) return run;
      return blanks(ed, end - start);
    }),
  );
  ed.splice(from, lines.length, lines);
  ed.goWanted(ed.s.row);
}

export const lineCommands: ExCommand[] = [
  {
    name: "delete",
    least: 1,
    run: (call) => {
      above(call);
      const { from, to, register } = registerAndCount(call);
      erase(call.ed, rows(from, to), register);
    },
  },
  {
    name: "yank",
    least: 1,
    run: (call) => {
      above(call);
      const { from, to, register } = registerAndCount(call);
      yank(call.ed, rows(from, to), register);
    },
  },
  { name: "move", least: 1, run: move },
  { name: "copy", least: 2, run: copy },
  { name: "t", least: 1, run: copy },
  {
    name: "join",
    least: 1,
    run: (call) => {
      const { from, to } = counted(call);
      const last = from === to ? (call.given < 2 ? Math.min(to + 1, call.ed.last) : to) : to;
      if (last > from) join(call.ed, from, last, call.bang);
      call.ed.goFirst(from);
    },
  },
  {
    name: ">",
    least: 1,
    run: (call) => {
      const times = /^>*/.exec(call.arg)![0].length;
      const { from, to } = counted({ ...call, arg: call.arg.slice(times).trim() });
      shift(call.ed, from, to, times + 1);
      call.ed.goFirst(to);
    },
  },
  {
    name: "<",
    least: 1,
    run: (call) => {
      const times = /^<*/.exec(call.arg)![0].length;
      const { from, to } = counted({ ...call, arg: call.arg.slice(times).trim() });
      shift(call.ed, from, to, -times - 1);
      call.ed.goFirst(to);
    },
  },
  { name: "substitute", least: 1, run: substituteCommand },
  { name: "&", least: 1, run: substituteCommand },
  { name: "&&", least: 2, run: (call) => substituteCommand({ ...call, arg: `&${call.arg}` }) },
  { name: "print", least: 1, run: print },
  { name: "number", least: 2, run: print },
  { name: "#", least: 1, run: print },
  { name: "list", least: 1, run: print },
  {
    name: "put",
    least: 2,
    run: ({ ed, to, bang, arg }) => {
      const held = heldIn(ed, arg.trim() || '"');
      ed.s.row = Math.max(0, to);
      const text = held.text.endsWith("\n") ? held.text : `${held.text}\n`;
      const above1 = bang || to < 0;
      put(ed, { text, kind: "l" }, !above1, 1);
      const count = text.split("\n").length - 1;
      ed.goFirst(above1 ? ed.s.row + count - 1 : Math.max(0, to) + count);
    },
  },
  {
    name: "k",
    least: 1,
    run: ({ ed, to, arg }) => void (ed.s.marks[arg.trim()[0] ?? ""] = { row: to, col: 0 }),
  },
  {
    name: "mark",
    least: 2,
    run: ({ ed, to, arg }) => {
      if (arg.trim() === "") throw new Refused("E471: Argument required");
      ed.s.marks[arg.trim()[0]!] = { row: to, col: 0 };
    },
  },
  { name: "sort", least: 3, all: true, run: sort },
  { name: "retab", least: 3, all: true, run: retab },
  {
    name: "left",
    least: 2,
    run: ({ ed, from, to, arg }) => {
      const lines = ed.lines
        .slice(from, to + 1)
        .map((line) => blanks(ed, Number(arg) || 0) + line.slice(indentOf(line).length));
      ed.splice(from, lines.length, lines);
      ed.goFirst(to);
    },
  },
  {
    name: "=",
    least: 1,
    run: ({ ed, to, given }) => ed.say(String((given ? to : ed.last) + 1)),
  },
];
