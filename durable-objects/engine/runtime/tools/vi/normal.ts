/** Commands of normal mode. */
import { lastCol, nextCol, prevCol } from "./characters.ts";
import { beginTyping } from "./command-line.ts";
import { Refused, type Editor } from "./editor.ts";
import { writeAndQuit } from "./ex/ex-files.ts";
import { execute } from "./ex/ex.ts";
import { fileInfo } from "./files.ts";
import type { Command } from "./grammar.ts";
import { beginInsert, openLine } from "./insert.ts";
import { keyBytes } from "./grammar.ts";
import { isMotion, motionOf } from "./motions.ts";
import { caseChanges, join, put, type Span } from "./operators.ts";
import { changeSpan, remember, runOperator } from "./operator-commands.ts";
import { heldIn, isRegister } from "./registers.ts";
import { keysOf } from "../screen/keys.ts";
import { scrollHalf, scrollLines, scrollPage, scrollTo } from "./scroll.ts";
import { substitute } from "./substitute.ts";
import { redo, undo } from "./undo.ts";

type Action = (ed: Editor, command: Command, keys: readonly string[]) => void;

/** From the cursor over characters of the line. */
function charSpan(ed: Editor, count: number, back = false): Span {
  const { row, col } = ed.s;
  let other = col;
  for (let n = count; n > 0; n--)
    other = back ? (other > 0 ? prevCol(ed.line, other) : 0) : nextCol(ed.line, other);
  const [from, to] = back ? [other, col] : [col, other];
  return { kind: "c", from: { row, col: from }, to: { row, col: to } };
}

const viaOperator =
  (operator: string, key: string): Action =>
  (ed, command, keys) =>
    runOperator(ed, { ...command, operator, key }, keys);

function replaceChars(ed: Editor, { char = "", count = 1 }: Command): void {
  const { row, col } = ed.s;
  const span = charSpan(ed, count);
  const taken = ed.line.slice(col, span.to.col);
  let there = 0;
  for (let at = col; at < span.to.col; at = nextCol(ed.line, at)) there++;
  if (there < count || taken === "") throw new Refused("");
  if (char === "\r" || char === "\n") {
    ed.splice(row, 1, [ed.line.slice(0, col), ed.line.slice(span.to.col)]);
    ed.goFirst(row + 1);
    return;
  }
  const text = (char === "esc" ? "\x1b" : char).repeat(count);
  ed.setLine(row, ed.line.slice(0, col) + text + ed.line.slice(span.to.col));
  ed.go(row, col + text.length - char.length);
}

function tilde(ed: Editor, { count = 1 }: Command): void {
  const { row, col } = ed.s;
  if (ed.line === "") throw new Refused("");
  const { to } = charSpan(ed, count);
  ed.setLine(
    row,
    ed.line.slice(0, col) + caseChanges["~"]!(ed.line.slice(col, to.col)) + ed.line.slice(to.col),
  );
  ed.go(row, Math.min(to.col, lastCol(ed.line)));
}

/** ^A and ^X: the number at the cursor or behind it. */
function addToNumber(ed: Editor, by: number): void {
  const { line, s } = ed;
  for (const found of line.matchAll(/0[xX][0-9a-fA-F]+|0[bB][01]+|-?\d+/g)) {
    const end = found.index + found[0].length;
    if (end <= s.col) continue;
    const [text] = found;
    const at = found.index;
    const isHex = /^0[xX]/.test(text);
    const isBinary = /^0[bB]/.test(text);
    const sum = BigInt(isHex || isBinary ? text : text.replace(/^(-?)0+(?=\d)/, "$1")) + BigInt(by);
    let made = String(sum);
    if (isHex || isBinary) {
      const digits = (sum < 0n ? 0n : sum).toString(isHex ? 16 : 2);
      made = text.slice(0, 2) + digits.padStart(text.length - 2, "0");
    } else if (/^-?0\d/.test(text)) {
      const sign = sum < 0n ? "-" : "";
      made = sign + String(sum).replace("-", "").padStart(text.replace("-", "").length, "0");
    }
    ed.setLine(s.row, line.slice(0, at) + made + line.slice(end));
    ed.go(s.row, at + made.length - 1);
    return;
  }
  throw new Refused("");
}

function putCommand(after: boolean, follows = false): Action {
  return (ed, { register, count = 1 }) => put(ed, heldIn(ed, register), after, count, follows);
}

function insertAt(place: (ed: Editor) => void, mode: "insert" | "replace" = "insert"): Action {
  return (ed, { count = 1 }) => {
    place(ed);
    beginInsert(ed, count);
    ed.s.mode = mode;
  };
}

function jumpTo(ed: Editor, by: number): void {
  const { s } = ed;
  if (by < 0 && s.jumpAt === s.jumps.length) {
    const at = s.jumps.length;
    ed.jump();
    s.jumpAt = Math.min(at, s.jumps.length - 1);
    if (s.jumps.length === 0) throw new Refused("");
  }
  const spot = s.jumps[s.jumpAt + by];
  if (!spot) throw new Refused("");
  s.jumpAt += by;
  ed.go(spot.row, Math.min(spot.col, lastCol(ed.lines[Math.min(spot.row, ed.last)]!)));
}

function again(ed: Editor, { count }: Command): void {
  const { s } = ed;
  const { again: last } = s;
  if (!last) throw new Refused("");
  let { keys } = last;
  if (count !== undefined) {
    const first = keys[0] === '"' ? 2 : 0;
    let at = first;
    while (/^\d$/.test(keys[at] ?? "") && !(at === first && keys[at] === "0")) at++;
    keys = [...keys.slice(0, first), ...String(count), ...keys.slice(at)];
  }
  const { visual } = last;
  if (visual) {
    s.mode = "visual";
    s.visual = { kind: visual.kind, row: s.row, col: s.col };
    const row = Math.min(ed.last, s.row + visual.rows - 1);
    const col = visual.kind === "v" && visual.rows > 1 ? visual.cells : s.col + visual.cells;
    ed.go(row, Math.min(col, lastCol(ed.lines[row]!)));
  }
  ed.replaying = true;
  ed.queue.unshift(...keys);
}

function macro(ed: Editor, { char = "", count = 1 }: Command): void {
  const { s } = ed;
  const name = char === "@" ? s.lastMacro : char;
  if (name === undefined) throw new Refused("E748: No previously used register");
  const { text, kind } = heldIn(ed, name);
  s.lastMacro = name;
  if (name === ":") return void execute(ed, text);
  const typed = kind === "l" ? text.replace(/\n$/, "\r") : text;
  const keys = keysOf(typed).keys.flatMap((key) =>
    key.startsWith("M-") ? ["esc", key.slice(2)] : key,
  );
  for (let n = Math.min(count, 1_000); n > 0 && ed.queue.length + keys.length < 20_000; n--)
    ed.queue.unshift(...keys);
}

function record(ed: Editor, { char = "" }: Command): void {
  const { s } = ed;
  if (!/^[a-zA-Z0-9"]$/.test(char)) throw new Refused("");
  s.macro = { register: char, keys: [] };
  ed.say("");
}

/** q again: the recording is over. Its last key is that q. */
export function endRecord(ed: Editor): void {
  const { s } = ed;
  const { register, keys } = s.macro!;
  delete s.macro;
  const old = /[A-Z]/.test(register) ? (ed.register(register.toLowerCase())?.text ?? "") : "";
  ed.setRegister(register.toLowerCase(), old + keys.map(keyBytes).join(""), "c");
}

function undoLine(ed: Editor): void {
  const { s } = ed;
  const { line } = s;
  if (!line || line.row > ed.last) throw new Refused("");
  const now = ed.lines[line.row]!;
  const col = s.row === line.row ? s.col : line.col;
  ed.setLine(line.row, line.text);
  s.line = { row: line.row, text: now, col };
  ed.go(line.row, line.col);
}

/** & and g&: the last substitution again. */
function substituteAgain(all: boolean): Action {
  return (ed) => {
    const { replaced } = ed.s;
    ed.echo(all ? ":s//~/&" : ":s");
    if (!replaced) throw new Refused("E33: No previous substitute regular expression");
    const [from, to] = all ? [0, ed.last] : [ed.s.row, ed.s.row];
    const order = { ...replaced, flags: all ? replaced.flags.replace("c", "") : "" };
    const { count, row } = substitute(ed, from, to, order);
    if (count === 0) throw new Refused(`E486: Pattern not found: ${replaced.pattern}`);
    ed.goFirst(row);
  };
}

function colon(ed: Editor, { count }: Command): void {
  beginTyping(ed, ":", count === undefined ? "" : count === 1 ? "." : `.,.+${count - 1}`);
}

function joinCommand(plain: boolean): Action {
  return (ed, { count = 2 }) => {
    const to = ed.s.row + Math.max(2, count) - 1;
    if (ed.s.row === ed.last) throw new Refused("");
    join(ed, ed.s.row, Math.min(to, ed.last), plain);
  };
}

const removeChars =
  (back: boolean): Action =>
  (ed, command, keys) => {
    const { s } = ed;
    if (back ? s.col === 0 : ed.line === "") throw new Refused("");
    runOperator(ed, { ...command, operator: "d", key: back ? "h" : "l" }, keys);
  };

const actions: Record<string, Action> = {
  x: removeChars(false),
  delete: removeChars(false),
  X: removeChars(true),
  D: viaOperator("d", "$"),
  C: viaOperator("c", "$"),
  Y: viaOperator("y", "line"),
  S: viaOperator("c", "line"),
  s: (ed, { count = 1, register }) => changeSpan(ed, charSpan(ed, count), register),
  r: replaceChars,
  R: insertAt(() => undefined, "replace"),
  J: joinCommand(false),
  gJ: joinCommand(true),
  p: putCommand(true),
  P: putCommand(false),
  gp: putCommand(true, true),
  gP: putCommand(false, true),
  "]p": putCommand(true),
  "~": tilde,
  i: insertAt(() => undefined),
  insert: insertAt(() => undefined),
  a: insertAt((ed) => ed.go(ed.s.row, nextCol(ed.line, ed.s.col))),
  I: insertAt((ed) => ed.go(ed.s.row, /^[ \t]*/.exec(ed.line)![0].length)),
  gI: insertAt((ed) => ed.go(ed.s.row, 0)),
  A: insertAt((ed) => ed.go(ed.s.row, ed.line.length)),
  gi: insertAt((ed) => {
    const spot = ed.s.marks["^"];
    if (spot) ed.go(spot.row, Math.min(spot.col + 1, (ed.lines[spot.row] ?? "").length));
  }),
  o: (ed, { count = 1 }) => openLine(ed, true, count),
  O: (ed, { count = 1 }) => openLine(ed, false, count),
  u: (ed, { count = 1 }) => undo(ed, count),
  "\x12": (ed, { count = 1 }) => redo(ed, count),
  U: undoLine,
  ".": again,
  "&": substituteAgain(false),
  "g&": substituteAgain(true),
  "\x01": (ed, { count = 1 }) => addToNumber(ed, count),
  "\x18": (ed, { count = 1 }) => addToNumber(ed, -count),
  v: (ed) => select(ed, "v"),
  V: (ed) => select(ed, "V"),
  "\x16": (ed) => select(ed, "b"),
  gv: (ed) => {
    const { s } = ed;
    if (!s.lastVisual) throw new Refused("");
    const { kind, from, to, end, atFrom } = s.lastVisual;
    s.mode = "visual";
    s.visual = { kind, ...(atFrom ? to : from), ...(end ? { end } : {}) };
    const at = atFrom ? from : to;
    ed.go(at.row, at.col);
    ed.say("");
  },
  ":": colon,
  "/": (ed, command, keys) => beginTyping(ed, "/", "", [...keys]),
  "?": (ed, command, keys) => beginTyping(ed, "?", "", [...keys]),
  m: (ed, { char = "" }) => {
    if (!/^[a-zA-Z'`[\]<>]$/.test(char)) throw new Refused("");
    ed.s.marks[char === "`" ? "'" : char] = ed.spot;
  },
  q: record,
  "@": macro,
  "\x04": (ed, { count }) => scrollHalf(ed, true, count),
  "\x15": (ed, { count }) => scrollHalf(ed, false, count),
  "\x06": (ed, { count = 1 }) => scrollPage(ed, true, count),
  pagedown: (ed, { count = 1 }) => scrollPage(ed, true, count),
  "S-down": (ed, { count = 1 }) => scrollPage(ed, true, count),
  "\x02": (ed, { count = 1 }) => scrollPage(ed, false, count),
  pageup: (ed, { count = 1 }) => scrollPage(ed, false, count),
  "S-up": (ed, { count = 1 }) => scrollPage(ed, false, count),
  "\x05": (ed, { count = 1 }) => scrollLines(ed, true, count),
  "\x19": (ed, { count = 1 }) => scrollLines(ed, false, count),
  "\x07": (ed) => ed.say(fileInfo(ed)),
  "\x0c": (ed) => {
    ed.say("");
    ed.s.unknown = true;
  },
  "\x0f": (ed, { count = 1 }) => jumpTo(ed, -count),
  "\t": (ed, { count = 1 }) => jumpTo(ed, count),
  ZZ: (ed) => writeAndQuit(ed, { bang: false, arg: "" }, false),
  ZQ: (ed) => void (ed.s.exitCode = 0),
  "\x1a": (ed) => void (ed.suspends = true),
  "\x03": (ed) => {
    ed.say("Type  :qa!  and press <Enter> to abandon all changes and exit Vim");
    if (!ed.s.modified) ed.say("Type  :qa  and press <Enter> to exit Vim");
  },
  esc: (ed) => ed.beep(),
  ga: (ed) => {
    const code = ed.line.charCodeAt(ed.s.col);
    if (Number.isNaN(code)) return ed.say("NUL");
    const sign = ed.line[ed.s.col]!;
    ed.say(
      `<${sign}>  ${code},  Hex ${code.toString(16).padStart(2, "0")},  Oct ${code.toString(8).padStart(3, "0")}`,
    );
  },
  "g\x07": (ed) => ed.say(fileInfo(ed)),
  f1: () => {
    throw new Refused("E433: No help here: this vi has none of vim's help files");
  },
};

/** Commands that . does again. */
const repeatable = new Set(
  "x X delete D C S s r R J gJ p P gp gP ]p ~ i insert a I gI A gi o O & \x01 \x18".split(" "),
);

export function select(ed: Editor, kind: "v" | "V" | "b"): void {
  const { s } = ed;
  s.mode = "visual";
  s.visual = { kind, row: s.row, col: s.col };
  ed.say("");
}

export function moveBy(ed: Editor, { key, count, char }: Command): void {
  const { s } = ed;
  const visual = s.mode === "visual";
  const motion = motionOf(ed, {
    key,
    visual,
    ...(count === undefined ? {} : { count }),
    ...(char === undefined ? {} : { char }),
  });
  if (!motion) {
    const text = s.message.startsWith("E20") ? s.message : "";
    throw new Refused(text);
  }
  if (motion.jumps) ed.jump();
  const { want } = s;
  ed.go(motion.row, motion.col);
  if (motion.want === "kept") s.want = want;
  if (motion.want === "end") s.want = 2 ** 31;
  if (s.visual?.kind === "b") {
    if (motion.want === "end") s.visual.end = true;
    else if (motion.want !== "kept") delete s.visual.end;
  }
}

/** Does a command of normal mode; `keys`: what was typed for it. */
export function runCommand(ed: Editor, command: Command, keys: readonly string[]): void {
  const { key, operator, register } = command;
  if (register !== undefined && !isRegister(register)) throw new Refused("");
  if (operator) return runOperator(ed, command, keys);
  const action = Object.hasOwn(actions, key) ? actions[key] : undefined;
  if (action) {
    action(ed, command, keys);
    if (repeatable.has(key)) remember(ed, keys);
    return;
  }
  if (isMotion(key)) return moveBy(ed, command);
  if (key.startsWith("z") && scrollTo(ed, key, command.count)) return;
  throw new Refused("");
}
