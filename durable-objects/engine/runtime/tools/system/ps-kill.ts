/** What runs: ps, kill and its kin. */
import { lookup } from "../../../core/lookup.ts";
import { Errno } from "../../errno.ts";
import type { Program } from "../../kernel/types.ts";
import { Regex, regexFor } from "../../../regex/regex.ts";
import { parseSignal, signalNames } from "../../kernel/signals.ts";
import type { Process } from "../../kernel/state.ts";
import { userName } from "./identity.ts";
import { type Io, tool } from "../tool.ts";

/** The command line `ps` shows. */
export function commandLine(io: Io, process: Process): string {
  const program = io.sys.kernel.program(process);
  if (process.exitStatus !== undefined)
    return `[${(process.args[0] ?? process.program).replace(/^.*\//, "")}]`;
  return program.title?.(process.state, process.args) ?? process.args.join(" ");
}

interface Row {
  pid: number;
  ppid: number;
  user: string;
  cpu: number;
  state: string;
  title: string;
  vsz: number;
}

export function processRows(io: Io): Row[] {
  const { sys } = io;
  const rows: Row[] = [];
  for (const process of sys.processes()) {
    const uid = sys.uidOf(process);
    const name = userName(io, uid) ?? String(uid);
    const state =
      process.exitStatus !== undefined
        ? "Z"
        : process.stopped
          ? "T"
          : process === sys.process || !process.wait
            ? "R"
            : "S";
    rows.push({
      pid: process.pid,
      ppid: sys.parentOf(process),
      user: name,
      cpu: process.cpu ?? 0,
      state,
      title: commandLine(io, process),
      vsz: Math.round(sys.kernel.memoryOf(process) / 1024),
    });
    const shadow =
      process.exitStatus === undefined
        ? sys.kernel.program(process).shadow?.(process.state)
        : undefined;
    for (const [i, { pid, user, title }] of (shadow ?? []).entries())
      rows.push({
        // On a node it has a number next to its parent's.
        pid: process.parent < 0 ? process.pid + i + 1 : pid,
        ppid: process.pid,
        user: userName(io, Number(user)) ?? user,
        cpu: 0,
        state: "S",
        title,
        vsz: 3000,
      });
  }
  return rows.sort((a, b) => a.pid - b.pid);
}

const clock = (us: number): string =>
  `${Math.floor(us / 60_000_000)}:${String(Math.floor(us / 1_000_000) % 60).padStart(2, "0")}`;

/** Columns of `ps -o`: title and cell. */
const columns: Record<string, [title: string, cell: (row: Row) => string]> = lookup({
  pid: ["  PID", (r) => String(r.pid).padStart(5)],
  ppid: [" PPID", (r) => String(r.ppid).padStart(5)],
  user: ["USER    ", (r) => r.user.padEnd(8)],
  comm: ["COMMAND         ", (r) => (r.title.split(" ")[0] ?? "").replace(/^.*\//, "").padEnd(16)],
  args: ["COMMAND", (r) => r.title],
  stat: ["STAT", (r) => r.state.padEnd(4)],
  time: ["  TIME", (r) => clock(r.cpu).padStart(6)],
  vsz: ["   VSZ", (r) => String(r.vsz).padStart(6)],
});

function psColumns(io: Io, rows: Row[], names: string[]): number {
  const bad = names.find((name) => !columns[name]);
  const all = "user,comm,args,pid,ppid,stat,time,vsz";
  if (bad) return io.fail(`bad -o argument '${bad}', supported arguments: ${all}`);
  const line = (cell: (name: string) => string): void =>
    io.out(`${names.map(cell).join(" ").trimEnd()}\n`);
  line((name) => columns[name]![0]);
  for (const row of rows) line((name) => columns[name]![1](row));
  return 0;
}

/** procps' `ps aux` and `ps -ef`, where busybox is not. */
function psFull(io: Io, rows: Row[], aux: boolean): number {
  io.out(
    aux
      ? "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
      : "UID          PID    PPID  C STIME TTY          TIME CMD\n",
  );
  for (const row of rows) {
    const head = `${row.user.padEnd(8)} ${String(row.pid).padStart(7)}`;
    const size = `${String(row.vsz).padStart(6)} ${String(row.vsz).padStart(5)}`;
    const rest = aux
      ? `  0.0  0.1 ${size} ?        ${row.state.padEnd(4)} 00:00   ${clock(row.cpu)} ${row.title}`
      : ` ${String(row.ppid).padStart(7)}  0 00:00 ?        00:00:00 ${row.title}`;
    io.out(`${head}${rest}\n`);
  }
  return 0;
}

const ps = tool("ps", (io) => {
  const rows = processRows(io);
  const letters = io.args.join("");
  const o = io.args.indexOf("-o");
  if (o >= 0) return psColumns(io, rows, (io.args[o + 1] ?? "").split(","));
  if (!io.sys.peek("/bin/busybox") && /[eaxuf]/.test(letters))
    return psFull(io, rows, letters.includes("u"));
  io.out("PID   USER     TIME  COMMAND\n");
  for (const { pid, user, cpu, title } of rows)
    io.out(
      `${String(pid).padStart(5)} ${user.slice(0, 8).padEnd(8)} ${clock(cpu).padStart(5)} ${title}\n`,
    );
  return 0;
});

const kill = (name: string): Program =>
  tool(name, (io) => {
    let words = io.args;
    let signal = 15;
    if (words[0] === "-l") {
      for (let number = 1; number <= 31; number++)
        io.out(`${String(number).padStart(2)}) ${signalNames[number]}\n`);
      return 0;
    }
    const option =
      words[0] === "-s" ? words[1] : /^-\w/.test(words[0] ?? "") ? words[0]!.slice(1) : undefined;
    if (option !== undefined) {
      signal = parseSignal(option) ?? io.fail(`bad signal name '${option}'`);
      words = words.slice(words[0] === "-s" ? 2 : 1);
    }
    if (words.length === 0) return io.fail("you need to specify whom to kill");
    let code = 0;
    for (const word of words) {
      const pids = name === "kill" ? [Number(word)] : named(io, name, word);
      if (name === "kill" && !/^-?\d+$/.test(word)) io.fail(`invalid number '${word}'`);
      if (pids.length === 0) {
        if (name === "killall") io.say(`${word}: no process killed`);
        code = 1;
      }
      for (const pid of pids)
        try {
          io.sys.kill(pid, signal);
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          io.say(`can't kill pid ${pid}: ${error.message}`);
          code = 1;
        }
    }
    return code;
  });

function named(io: Io, how: string, word: string): number[] {
  const { matching } = io.sys;
  const pattern =
    how === "pkill" || how === "pgrep"
      ? regexFor(matching, `pgrep ${word}`, word, { syntax: "extended" })
      : undefined;
  if (pattern && !(pattern instanceof Regex))
    return io.fail(`bad regex '${word}': ${pattern.error}`);
  return io.sys
    .processes()
    .filter((process) => process !== io.sys.process && process.exitStatus === undefined)
    .filter((process) => {
      const title = commandLine(io, process);
      const name = (title.split(/[ :]/)[0] ?? "").replace(/^.*\//, "");
      return pattern
        ? pattern.test(io.args.includes("-f") ? title : name, matching)
        : name === word;
    })
    .map((process) => process.pid);
}

export const processTools: Program[] = [
  ps,
  kill("kill"),
  kill("killall"),
  kill("pkill"),
  tool("pgrep", (io) => {
    const pids = named(io, "pgrep", io.args.at(-1) ?? "");
    io.out(pids.map((pid) => `${pid}\n`).join(""));
    return pids.length ? 0 : 1;
  }),
  tool("pidof", (io) => {
    const pids = io.args.flatMap((word) => named(io, "pidof", word));
    if (pids.length) io.out(`${pids.reverse().join(" ")}\n`);
    return pids.length ? 0 : 1;
  }),
];
