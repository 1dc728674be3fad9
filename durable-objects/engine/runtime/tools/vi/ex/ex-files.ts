/** Ex commands for files and for the end: :w :q :x :e :r :n and theirs. */
import type { ExCall, ExCommand } from "./ex-call.ts";
import { Refused, type Editor } from "../editor.ts";
import { runShell, withNames } from "../external.ts";
import { upTo } from "../../../../core/trim.ts";
import { edit, fileInfo, insertFile, write } from "../files.ts";
import { setForFile } from "../settings.ts";

const unwritten = "E37: No write since last change (add ! to override)";

function mayLeave(ed: Editor, bang: boolean): void {
  if (ed.s.modified && ed.is("autowrite") && !bang && ed.s.name !== "") write(ed, "");
  if (ed.s.modified && !bang) throw new Refused(unwritten);
}

export function quit(ed: Editor, bang: boolean, code = 0): void {
  const { s } = ed;
  mayLeave(ed, bang);
  const left = s.files.length - s.fileAt - 1;
  if (left > 0 && !bang && !s.quitTried && !s.hadLast) {
    s.quitTried = true;
    throw new Refused(`E173: ${left} more file${left === 1 ? "" : "s"} to edit`);
  }
  s.exitCode = code;
}

function writeCommand(call: ExCall): void {
  const { ed, given, bang } = call;
  const { from, to } = given ? call : { from: 0, to: ed.last };
  const text = call.arg.trim();
  if (text.startsWith("!")) {
    const input = `${ed.lines.slice(from, to + 1).join("\n")}\n`;
    return runShell(ed, withNames(ed, text.slice(1).trim()), { kind: "show", input });
  }
  const append = text.startsWith(">>");
  const name = withNames(ed, append ? text.slice(2).trim() : text);
  write(ed, name, { append, force: bang, ...(given ? { from, to } : {}) });
}

/** `:wq`, `:x`, ZZ. `always`: also where nothing was changed. */
export function writeAndQuit(
  ed: Editor,
  call: Pick<ExCall, "bang" | "arg">,
  always: boolean,
): void {
  if (always || ed.s.modified || call.arg.trim() !== "")
    write(ed, withNames(ed, call.arg.trim()), { force: call.bang });
  quit(ed, call.bang);
}

function editCommand({ ed, arg, bang }: ExCall): void {
  const { s } = ed;
  const text = arg.trim();
  const at = text.startsWith("+") ? upTo(text, " \t") : undefined;
  const name = text.slice(at?.length ?? 0).trimStart();
  const wanted = name === "#" ? s.other : withNames(ed, name);
  if (wanted === undefined) throw new Refused("E23: No alternate file");
  const target = wanted || s.name;
  if (target === "") throw new Refused("E32: No file name");
  mayLeave(ed, bang);
  if (target !== s.name) delete s.options["readonly"];
  const { row } = s;
  edit(ed, target, () => {
    if (target === s.name && !wanted) ed.goFirst(row);
    if (at) ed.goFirst(at === "+" ? ed.last : Number(at.slice(1)) - 1 || 0);
  });
  setForFile(ed);
}

function toFile(ed: Editor, at: number, bang: boolean): void {
  const { s } = ed;
  if (s.files.length < 2) throw new Refused("E163: There is only one file to edit");
  if (at < 0) throw new Refused("E164: Cannot go before first file");
  if (at >= s.files.length) throw new Refused("E165: Cannot go beyond last file");
  mayLeave(ed, bang);
  s.fileAt = at;
  delete s.quitTried;
  if (at === s.files.length - 1) s.hadLast = true;
  delete s.options["readonly"];
  edit(ed, s.files[at]!);
  setForFile(ed);
}

function readCommand(call: ExCall): void {
  const { ed, to, given } = call;
  const text = call.bang ? `!${call.arg}` : call.arg.trim();
  const row = given ? to : ed.s.row;
  if (text.startsWith("!"))
    return runShell(ed, withNames(ed, text.slice(1).trim()), { kind: "read", row });
  const name = withNames(ed, text) || ed.s.name;
  if (name === "") throw new Refused("E32: No file name");
  insertFile(ed, name, row);
}

/** Does it only where nothing hinders: several files in one window are edited one after the other. */
export const fileCommands: ExCommand[] = [
  { name: "write", least: 1, run: writeCommand },
  {
    name: "update",
    least: 2,
    run: (call) => (call.ed.s.modified ? writeCommand(call) : undefined),
  },
  { name: "quit", least: 1, noRange: true, noArg: true, run: ({ ed, bang }) => quit(ed, bang) },
  { name: "close", least: 3, noRange: true, noArg: true, run: ({ ed, bang }) => quit(ed, bang) },
  {
    name: "quitall",
    least: 5,
    noRange: true,
    noArg: true,
    run: ({ ed, bang }) => quitAll(ed, bang),
  },
  { name: "qall", least: 2, noRange: true, noArg: true, run: ({ ed, bang }) => quitAll(ed, bang) },
  { name: "cquit", least: 2, noArg: true, run: ({ ed }) => void (ed.s.exitCode = 1) },
  { name: "wq", least: 2, run: (call) => writeAndQuit(call.ed, call, true) },
  { name: "wqall", least: 3, run: (call) => allWritten(call) },
  { name: "xit", least: 1, run: (call) => writeAndQuit(call.ed, call, false) },
  { name: "exit", least: 3, run: (call) => writeAndQuit(call.ed, call, false) },
  { name: "xall", least: 2, run: (call) => allWritten(call) },
  {
    name: "wall",
    least: 2,
    run: ({ ed, bang }) => (ed.s.modified ? write(ed, "", { force: bang }) : undefined),
  },
  { name: "edit", least: 1, noRange: true, run: editCommand },
  { name: "ex", least: 2, noRange: true, run: editCommand },
  {
    name: "enew",
    least: 3,
    noArg: true,
    run: ({ ed, bang }) => {
      mayLeave(ed, bang);
      edit(ed, "");
    },
  },
  {
    name: "view",
    least: 3,
    run: (call) => {
      editCommand(call);
      call.ed.s.options["readonly"] = true;
    },
  },
  { name: "read", least: 1, run: readCommand },
  { name: "next", least: 1, run: ({ ed, bang }) => toFile(ed, ed.s.fileAt + 1, bang) },
  {
    name: "wnext",
    least: 2,
    run: ({ ed, bang }) => (write(ed, ""), toFile(ed, ed.s.fileAt + 1, bang)),
  },
  { name: "previous", least: 4, run: ({ ed, bang }) => toFile(ed, ed.s.fileAt - 1, bang) },
  { name: "Next", least: 1, run: ({ ed, bang }) => toFile(ed, ed.s.fileAt - 1, bang) },
  {
    name: "bnext",
    least: 2,
    run: ({ ed, bang }) => toFile(ed, (ed.s.fileAt + 1) % ed.s.files.length, bang),
  },
  {
    name: "bprevious",
    least: 2,
    run: ({ ed, bang }) =>
      toFile(ed, (ed.s.fileAt + ed.s.files.length - 1) % ed.s.files.length, bang),
  },
  { name: "first", least: 3, run: ({ ed, bang }) => toFile(ed, 0, bang) },
  { name: "rewind", least: 3, run: ({ ed, bang }) => toFile(ed, 0, bang) },
  { name: "last", least: 2, run: ({ ed, bang }) => toFile(ed, ed.s.files.length - 1, bang) },
  {
    name: "args",
    least: 2,
    run: ({ ed }) =>
      ed.say(ed.s.files.map((name, i) => (i === ed.s.fileAt ? `[${name}]` : name)).join(" ")),
  },
  {
    name: "file",
    least: 1,
    run: ({ ed, arg }) => {
      if (arg.trim()) {
        if (ed.s.name) ed.s.other = ed.s.name;
        ed.s.name = withNames(ed, arg.trim());
        ed.s.readAtMs = -1;
      }
      ed.say(fileInfo(ed));
    },
  },
  { name: "pwd", least: 2, run: ({ ed }) => ed.say(ed.sys.cwd) },
  {
    name: "cd",
    least: 2,
    run: ({ ed, arg }) => ed.sys.chdir(arg.trim() || (ed.sys.env["HOME"] ?? "/")),
  },
];

function quitAll(ed: Editor, bang: boolean): void {
  mayLeave(ed, bang);
  ed.s.exitCode = 0;
}

function allWritten({ ed, bang }: ExCall): void {
  if (ed.s.modified) write(ed, "", { force: bang });
  ed.s.exitCode = 0;
}
