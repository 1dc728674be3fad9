/** Ex commands beside files and lines: :set :noh :reg :! :u and the rest. */
import { Errno } from "../../../errno.ts";
import type { ExCall, ExCommand } from "./ex-call.ts";
import { Refused } from "../editor.ts";
import { runShell, withNames } from "../external.ts";
import { listed } from "../registers.ts";
import { set, settingLine } from "../settings.ts";
import { redo, undo } from "../undo.ts";

function setCommand({ ed, arg }: ExCall): void {
  const error = set(ed, arg);
  if (error) throw new Refused(error);
}

function marks({ ed }: ExCall): void {
  const lines = Object.entries(ed.s.marks)
    .filter(([name]) => /^['a-z.^[\]]$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, { row, col }]) =>
        ` ${name} ${String(row + 1).padStart(6)} ${String(col).padStart(4)} ${(ed.lines[row] ?? "").trim().slice(0, ed.s.cols - 16)}`,
    );
  ed.show(["mark line  col file/text", ...lines]);
}

function shell({ ed, arg, given, from, to, bang }: ExCall): void {
  let text = (bang ? `!${arg}` : arg).trim();
  if (text.startsWith("!")) {
    const last = ed.s.lastShell;
    if (last === undefined) throw new Refused("E34: No previous command");
    text = last + text.slice(1);
  }
  const command = withNames(ed, text);
  ed.s.lastShell = command;
  if (given === 0) return runShell(ed, command, { kind: "show" });
  const input = `${ed.lines.slice(from, to + 1).join("\n")}\n`;
  runShell(ed, command, { kind: "filter", row: from, last: to, input });
}

function source({ ed, arg }: ExCall): void {
  const name = withNames(ed, arg.trim()).replace(/^~\//, `${ed.sys.env["HOME"] ?? ""}/`);
  if (name === "") throw new Refused("E471: Argument required");
  try {
    for (const line of ed.sys.readFile(name).split("\n")) {
      const error = settingLine(ed, line);
      if (error) throw new Refused(error);
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    throw new Refused(`E484: Can't open file ${name}`);
  }
}

/** Known, and not here: vim says this of what it was built without. */
const missing =
  "split:2 vsplit:2 new:3 vnew:3 tabnew:4 tabedit:4 buffer:1 buffers:7 ls:2 map:3 nmap:2 vmap:2 imap:2 noremap:2 nnoremap:2 inoremap:3 vnoremap:2 abbreviate:2 command:3 function:2 let:3 if:2 call:3 execute:3 normal:4 diffthis:5 make:3 grep:2 vimgrep:3 copen:3 recover:3 mksession:3 fold:2 terminal:3";

const nothing = (name: string, least: number): ExCommand => ({ name, least, run: () => undefined });

export const otherCommands: ExCommand[] = [
  { name: "set", least: 2, noRange: true, run: setCommand },
  { name: "setlocal", least: 4, noRange: true, run: setCommand },
  { name: "setglobal", least: 4, noRange: true, run: setCommand },
  { name: "nohlsearch", least: 3, noRange: true, run: ({ ed }) => void (ed.s.highlighted = false) },
  { name: "undo", least: 1, noRange: true, noArg: true, run: ({ ed }) => undo(ed, 1) },
  { name: "redo", least: 3, noRange: true, noArg: true, run: ({ ed }) => redo(ed, 1) },
  {
    name: "registers",
    least: 3,
    noRange: true,
    run: ({ ed, arg }) => ed.show(listed(ed, arg.replaceAll(" ", ""))),
  },
  {
    name: "display",
    least: 2,
    noRange: true,
    run: ({ ed, arg }) => ed.show(listed(ed, arg.replaceAll(" ", ""))),
  },
  { name: "marks", least: 5, run: marks },
  { name: "!", least: 1, run: shell },
  { name: "shell", least: 2, noRange: true, run: ({ ed }) => runShell(ed, "", { kind: "show" }) },
  { name: "source", least: 2, noRange: true, run: source },
  {
    name: "help",
    least: 1,
    noRange: true,
    run: () => {
      throw new Refused("E433: No help here: this vi has none of vim's help files");
    },
  },
  { name: "version", least: 2, run: ({ ed }) => ed.say("VIM - Vi IMproved 9.0 (a subset of it)") },
  {
    name: "history",
    least: 3,
    run: ({ ed }) =>
      ed.show([
        "      #  cmd history",
        ...ed.s.history.map((line, i) => `${String(i + 1).padStart(7)}  ${line}`),
      ]),
  },
  {
    name: "echo",
    least: 2,
    noRange: true,
    run: ({ ed, arg }) => ed.say(/^(["'])(.*)\1$/.exec(arg.trim())?.[2] ?? arg.trim()),
  },
  { name: "stop", least: 2, noRange: true, run: ({ ed }) => void (ed.suspends = true) },
  { name: "suspend", least: 3, noRange: true, run: ({ ed }) => void (ed.suspends = true) },
  nothing("syntax", 2),
  nothing("filetype", 5),
  nothing("colorscheme", 4),
  nothing("highlight", 2),
  nothing("redraw", 4),
  nothing("autocmd", 2),
  ...missing.split(" ").map((word): ExCommand => {
    const [name = "", least = "1"] = word.split(":");
    return {
      name,
      least: Number(least),
      run: () => {
        throw new Refused("E319: Sorry, the command is not available in this version");
      },
    };
  }),
];
