/** Programs that vi runs: `:!`, `:r !`, and filters. */
import { viFileBytesMax } from "../../../core/limits.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Sys } from "../../kernel/types.ts";
import { launch } from "../children.ts";
import { leaveScreen } from "../screen/paint.ts";
import { giveTerminal, takeTerminal } from "../screen/terminal.ts";
import { Refused, type Editor } from "./editor.ts";
import { insertLines } from "./files.ts";
import type { Child } from "./state.ts";
import { namelessFile } from "../nameless-file.ts";
import { keepText, textOf } from "./texts.ts";

/** `%` and `#` stand for file names. */
export function withNames(ed: Editor, text: string): string {
  const { s } = ed;
  return text.replace(/\\([%#!])|%(?::p)?|#/g, (sign, quoted: string | undefined) => {
    if (quoted) return quoted;
    const name = sign.startsWith("%") ? s.name : s.other;
    if (!name) {
      const which = sign.startsWith("%")
        ? "E499: Empty file name for '%' or '#', only works with \":p:h\""
        : "E194: No alternate file name to substitute for '#'";
      throw new Refused(which);
    }
    return name;
  });
}

interface Work {
  kind: Child["kind"];
  row?: number;
  last?: number;
  input?: string;
}

/** A descriptor that reads a text: of a file, as that may be long. */
function inputFile(child: Sys, text: string): number {
  const fd = namelessFile(child, ".vi");
  if (fd === undefined || child.write(fd, text) < text.length) return child.stringFd(text);
  child.seek(fd, 0);
  return fd;
}

/** Starts a shell with a command; vi waits for its end. */
export function runShell(
  ed: Editor,
  command: string,
  { kind, row = 0, last = 0, input }: Work,
): void {
  const { s, sys } = ed;
  const session = sys.terminal(0);
  if (kind === "show") {
    const warning = s.modified ? "[No write since last change]\r\n" : "";
    ed.raw += `\x1b[${s.rows};1H\r${leaveScreen}\r\n${warning}`;
    giveTerminal(sys, session, s.modes ?? {});
    s.unknown = true;
  }
  const [read, write] = kind === "show" ? [-1, -1] : sys.pipe();
  const pid = launch(
    sys,
    command === "" ? ["sh"] : ["sh", "-c", command],
    (name, why) => `vi: ${name}: ${why}\n`,
    (child) => {
      if (input !== undefined) {
        const fd = inputFile(child, input);
        child.dup(fd, 0);
        child.close(fd);
      }
      if (kind === "show") return;
      child.dup(write, 1);
      child.dup(write, 2);
      child.close(write);
      child.close(read);
    },
  );
  if (kind !== "show") sys.close(write);
  s.child = { pid, kind, parts: [], bytes: 0, row, last, ...(kind === "show" ? {} : { fd: read }) };
}

/** What a running child holds up; undefined: it is over, and what came of it is done. */
export function waitForChild(ed: Editor): Step {
  const { s, sys } = ed;
  const child = s.child!;
  for (; child.fd !== undefined;) {
    const data = sys.read(child.fd);
    if (data === undefined) return { wait: { readable: [child.fd] } };
    if (data === "") {
      sys.close(child.fd);
      delete child.fd;
    } else if (child.bytes + data.length > viFileBytesMax) child.over = true;
    else {
      child.bytes += data.length;
      child.parts.push(keepText(sys, s, data));
    }
  }
  const ended = sys.wait(child.pid);
  if (!ended) return { wait: { childEnd: true } };
  delete s.child;
  const status = ended === "none" ? 0 : ended.status;
  if (child.kind === "show") shown(ed, status);
  else {
    try {
      taken(ed, child, status);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ed.say(error.message);
    }
    ed.endStep();
  }
  return undefined;
}

function shown(ed: Editor, status: number): void {
  const { s, sys } = ed;
  const session = sys.terminal(0);
  if (session) s.modes = takeTerminal(sys, session, false);
  if (status !== 0) ed.raw += `\r\nshell returned ${status}\r\n`;
  s.page = { lines: [], shown: 0, printed: true, text: "" };
  ed.raw += "\r\nPress ENTER or type command to continue";
}

function taken(ed: Editor, child: Child, status: number): void {
  if (child.over) throw new Refused("E41: Out of memory!");
  const text = child.parts.map((part) => textOf(ed.sys, ed.s, part)).join("");
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  if (child.kind === "read") {
    insertLines(ed, lines, child.row);
    if (lines.length > 2) ed.say(`${lines.length} more lines`);
  } else {
    const count = child.last - child.row + 1;
    ed.splice(child.row, count, lines);
    ed.goFirst(child.row);
    if (count > 2) ed.say(`${count} lines filtered`);
  }
  if (status !== 0) ed.say(`shell returned ${status}`);
}
