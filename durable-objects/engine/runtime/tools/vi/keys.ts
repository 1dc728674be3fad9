/** A key goes to whom it is for: a page, a paste, a question, an insertion, a line that is typed, or a command. */
import { viKeysKeptMax } from "../../../core/limits.ts";
import { enterScreen } from "../screen/paint.ts";
import { Errno } from "../../errno.ts";
import { lastCol, nextCol } from "./characters.ts";
import { endTyping, pasteTyped, patternIn, typingKey } from "./command-line.ts";
import { confirmKey } from "./confirm.ts";
import { Refused, type Editor } from "./editor.ts";
import { execute } from "./ex/ex.ts";
import { commandIn, type Command } from "./grammar.ts";
import { beginInsert, insertKey, isText, paste, type } from "./insert.ts";
import { keyBytes } from "./grammar.ts";
import { endRecord, runCommand } from "./normal.ts";
import { operateOn, spanOf } from "./operator-commands.ts";
import { lookFor, noteSearch } from "./search.ts";
import { runVisual } from "./visual.ts";

/** A page that waits for a key; true: the key was for it alone. */
function pageKey(ed: Editor, key: string): boolean {
  const { s } = ed;
  const page = s.page!;
  const room = s.rows - 1;
  const isMore = page.lines.length > page.shown + room;
  if (isMore && /^(?: |\r|\n|j|f|\x06|d)$/.test(key)) {
    page.shown += /^(?:\r|\n|j)$/.test(key) ? 1 : key === "d" ? room >> 1 : room;
    return true;
  }
  if (page.printed) {
    ed.raw += enterScreen;
    s.unknown = true;
  }
  delete s.page;
  ed.say("");
  return isMore || /^(?: |\r|\n|enter|esc|\x03)$/.test(key);
}

/** A search is whole: it moves the cursor, or says what an operator goes over. */
function searched(
  ed: Editor,
  sign: "/" | "?",
  text: string,
  keys: readonly string[] | undefined,
): void {
  const { s } = ed;
  const written = patternIn(text, sign);
  const offset = text.slice(written.length + 1);
  const pattern = written === "" ? s.search?.pattern : written.replaceAll(`\\${sign}`, sign);
  if (pattern === undefined) throw new Refused("E35: No previous regular expression");
  const kept = text === "" ? (s.search?.offset ?? "") : offset;
  s.search = { pattern, forward: sign === "/", offset: kept };
  noteSearch(ed, pattern);
  const command: Command = commandOf(ed, keys);
  const found = lookFor(ed, ed.spot, sign === "/", command.count ?? 1);
  if (!found) return;
  const motion = { ...found, by: found.by ?? ("without" as const) };
  if (!command.operator) {
    ed.jump();
    if (motion.by === "line") ed.goFirst(motion.row);
    else ed.go(motion.row, motion.col);
    return;
  }
  const span = spanOf(ed, ed.spot, motion);
  if (command.operator !== "y") delete s.again;
  operateOn(ed, command.operator, span, { register: command.register });
}

function commandOf(ed: Editor, keys: readonly string[] | undefined): Command {
  const command = keys && commandIn(keys, false);
  return command && command !== "none" ? command : { key: "" };
}

function typedKey(ed: Editor, key: string): void {
  const { s } = ed;
  const done = typingKey(ed, key);
  if (done !== "done") return;
  const { sign, text, keys, from } = s.typed!;
  s.row = from.row;
  s.col = from.col;
  s.top = from.top;
  endTyping(ed);
  if (sign !== ":") return searched(ed, sign, text, keys);
  if (text.trim() === "") return;
  if (text.length <= 500)
    s.history = [...s.history.filter((line) => line !== text), text].slice(-20);
  ed.echo(`:${text}`);
  execute(ed, text);
  s.lastCommand = text.length > 1_000 ? "" : text;
  if (s.col > lastCol(ed.line)) s.col = lastCol(ed.line);
  ed.endStep();
}

/** What is pasted between the terminal's marks, as far as it has come. */
export function pasted(ed: Editor, keys: readonly string[]): void {
  const { s } = ed;
  const text = keys.map(keyBytes).join("");
  if (text === "") return;
  if (s.pasting === "command") pasteTyped(ed, text);
  else if (s.pasting === "insert" || s.pasting === "normal") {
    paste(ed, text);
    if (s.again) delete s.again;
  } else ed.beep();
}

function beginPaste(ed: Editor): void {
  const { s } = ed;
  if (s.mode === "insert" || s.mode === "replace") s.pasting = "insert";
  else if (s.mode === "command") s.pasting = "command";
  else if (s.mode !== "normal" || s.page || s.pending.length) s.pasting = "other";
  else {
    s.pasting = "normal";
    if (s.col > 0) s.col = nextCol(ed.line, s.col);
    beginInsert(ed, 1);
  }
}

function endPaste(ed: Editor): void {
  const { s } = ed;
  const was = s.pasting;
  delete s.pasting;
  if (was === "normal") insertKey(ed, "esc");
}

function inserted(ed: Editor, key: string): void {
  const { s } = ed;
  if (s.again && !ed.replaying) {
    if (s.again.keys.length >= viKeysKeptMax) delete s.again;
    else s.again.keys.push(key);
  }
  try {
    if (insertKey(ed, key) && s.again?.visual === undefined && ed.replaying) ed.replaying = false;
  } finally {
    if (ed.queue.length === 0) ed.replaying = false;
  }
}

/** The command of ^O is done: on with the insertion. */
function backToInsert(ed: Editor): void {
  const { s } = ed;
  if (s.insertion?.next !== "once" || s.mode !== "normal" || s.pending.length) return;
  delete s.insertion.next;
  s.mode = "insert";
  s.insertion.at = ed.spot;
  s.insertion.count = 1;
}

function normalKey(ed: Editor, key: string): void {
  const { s } = ed;
  if (s.macro && key === "q" && s.pending.length === 0 && s.mode === "normal") {
    s.macro.keys.pop();
    return endRecord(ed);
  }
  s.pending.push(key);
  const visual = s.mode === "visual";
  // An escape gives up what was begun.
  if (
    (key === "esc" || key === "\x03") &&
    s.pending.length > 1 &&
    !/[rft]/i.test(s.pending.at(-2)!)
  ) {
    s.pending = [];
    if (s.insertion?.next === "once") backToInsert(ed);
    return;
  }
  const command = commandIn(s.pending, visual);
  if (command === undefined) return;
  const keys = s.pending;
  s.pending = [];
  if (command === "none") return;
  const { row } = s;
  const { col } = s;
  const before = ed.line;
  const changes = s.undoNumber;
  try {
    if (visual) runVisual(ed, command, keys);
    else runCommand(ed, command, keys);
  } finally {
    if (s.mode !== "insert" && s.mode !== "replace" && !s.child) ed.endStep();
    if (s.undoNumber !== changes && (s.line?.row !== row || command.key === "dd"))
      s.line = { row, text: before, col };
    backToInsert(ed);
    if (ed.queue.length === 0) ed.replaying = false;
  }
}

function dispatch(ed: Editor, key: string): void {
  const { s } = ed;
  if (key === "unknown") return;
  if (s.page && pageKey(ed, key)) return;
  if (s.mode === "confirm") return confirmKey(ed, key);
  if (s.mode === "command") return typedKey(ed, key);
  if (s.mode === "insert" || s.mode === "replace") return inserted(ed, key);
  normalKey(ed, key);
}

/** A key, and all that it makes vi type by itself. What is refused is said, and drops the rest. */
function one(ed: Editor, key: string): void {
  const { s } = ed;
  try {
    dispatch(ed, key);
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Errno)) throw error;
    ed.queue = [];
    ed.replaying = false;
    ed.beep();
    if (error instanceof Errno && error.code === "ENOMEM")
      ed.say("E363: pattern uses more memory than 'maxmempattern'");
    else if (error.message !== "")
      ed.say(error instanceof Errno ? `E484: ${error.message}` : error.message);
    if (s.mode === "command" && s.typed) endTyping(ed);
  }
  ed.settle();
}

/** Plain text that is typed on, at once: how many of the keys from a place on are such. */
export function plainRun(ed: Editor, keys: readonly string[], from: number): number {
  const { s } = ed;
  if (s.mode !== "insert" || s.page || s.insertion?.next || s.macro || ed.queue.length) return 0;
  if (ed.number("textwidth") > 0 || ed.is("smartindent")) return 0;
  let at = from;
  while (at < keys.length && isText(keys[at]!)) at++;
  return at - from;
}

/** Types such a run. */
export function feedRun(ed: Editor, keys: readonly string[]): void {
  const { s } = ed;
  if (s.again) {
    if (s.again.keys.length + keys.length > viKeysKeptMax) delete s.again;
    else s.again.keys.push(...keys);
  }
  delete s.insertion!.indent;
  type(ed, keys.join(""));
}

export function feed(ed: Editor, key: string): void {
  const { s } = ed;
  if (s.macro) {
    s.macro.keys.push(key);
    if (s.macro.keys.length > viKeysKeptMax) delete s.macro;
  }
  if (key === "paste-begin") return beginPaste(ed);
  if (key === "paste-end") return endPaste(ed);
  // A bracket of escape and a key that were typed apart.
  const keys = key.startsWith("M-") ? ["esc", key.slice(2)] : [key];
  for (const each of keys) {
    one(ed, each);
    for (
      let left = 100_000;
      ed.queue.length > 0 && left > 0 && s.exitCode === undefined && !s.child;
      left--
    )
      one(ed, ed.queue.shift()!);
  }
}
