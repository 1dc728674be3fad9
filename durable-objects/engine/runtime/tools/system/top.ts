/** top: what runs, drawn again and again. */
import { defaultCapacity } from "../../../core/machine-facts.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { duration } from "../durations.ts";
import { options } from "../options.ts";
import { processRows } from "./ps-kill.ts";
import type { TerminalModes } from "../../kernel/terminal-modes.ts";
import { giveTerminal, sizeOf, takeTerminal } from "../screen/terminal.ts";
import { drain, Io, outputNames, ToolExit } from "../tool.ts";

interface TopState {
  everyMs: number;
  left: number;
  next: number;
  batch: boolean;
  /** CPU of every process at the last look, microseconds. */
  seen: Record<string, number>;
  at: number;
  modes?: TerminalModes;
  exitCode?: number;
  output?: [number, string][];
}

function screen(sys: Sys, state: TopState): string {
  const io = new Io(sys);
  const rows = processRows(io);
  const total = defaultCapacity.memoryBytes / 1024;
  const used = 1_258_291 + rows.reduce((sum, row) => sum + row.vsz, 0);
  const since = Math.max(1, sys.now - state.at) * 1000 * defaultCapacity.cpus;
  const share = (pid: number, cpu: number): number =>
    state.at ? Math.min(100, Math.round(((cpu - (state.seen[pid] ?? cpu)) * 100) / since)) : 0;
  const list = rows
    .map((row) => ({ ...row, percent: share(row.pid, row.cpu) }))
    .sort((a, b) => b.percent - a.percent || b.vsz - a.vsz);
  const busy = Math.min(
    100,
    list.reduce((sum, row) => sum + row.percent, 0),
  );
  state.seen = Object.fromEntries(rows.map((row) => [row.pid, row.cpu]));
  state.at = sys.now;
  const percent = (n: number): string => `${String(n).padStart(3)}%`;
  let out = `Mem: ${used}K used, ${total - used}K free, 0K shrd, 104857K buff, 1048576K cached\n`;
  out += `CPU: ${percent(busy)} usr   0% sys   0% nic ${percent(100 - busy)} idle   0% io   0% irq   0% sirq\n`;
  out += `Load average: 0.08 0.03 0.01 1/${rows.length} ${sys.pid}\n  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n`;
  for (const { pid, ppid, user, state: stat, vsz, percent: cpu, title } of list)
    out += `${String(pid).padStart(5)} ${String(ppid).padStart(5)} ${user.slice(0, 8).padEnd(8)} ${stat.padEnd(4)} ${String(vsz).padStart(5)} ${percent(Math.round((vsz * 100) / total))}   0 ${percent(cpu)} ${title}\n`;
  return state.batch ? out : `\x1b[H\x1b[J${fitted(sys, out)}`;
}

/** As much as the terminal shows. */
function fitted(sys: Sys, text: string): string {
  const { cols, rows } = sizeOf(sys.terminal(1));
  const lines = text.split("\n").filter((line) => line !== "");
  return lines
    .slice(0, Math.max(1, rows - 1))
    .map((line) => `${line.slice(0, cols)}\n`)
    .join("");
}

/** The terminal is again as it was. */
function end(sys: Sys, state: TopState, code: number): Step {
  if (state.modes) giveTerminal(sys, sys.terminal(0), state.modes);
  delete state.modes;
  return { exit: code };
}

export const top: Program<TopState> = {
  name: "top",
  storedNames: { fields: outputNames },
  start(sys) {
    const io = new Io(sys);
    const state: TopState = {
      everyMs: 5000,
      left: 1e9,
      next: sys.now,
      batch: false,
      seen: {},
      at: 0,
    };
    try {
      const opts = options(io, "bn:d:mHc");
      state.batch = opts.has("b") || !sys.terminal(1);
      state.left = Number(opts.value("n") ?? 1e9);
      const every = opts.value("d") ?? "5";
      state.everyMs = Math.max(100, duration(every) ?? io.fail(`bad delay interval '${every}'`));
      const session = sys.terminal(0);
      // Keys come one by one: q ends it.
      if (session && !state.batch) state.modes = takeTerminal(sys, session, true);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.exitCode = error.code;
      state.output = io.pending;
    }
    return state;
  },
  step(sys, state) {
    if (state.output || state.exitCode !== undefined) {
      const stuck = drain(sys, state);
      if (stuck) return stuck;
    }
    const session = state.batch ? undefined : sys.terminal(0);
    if (session && sys.readable(0)) {
      const keys = sys.read(0) ?? "";
      if (keys === "" || /[qQ\x04]/.test(keys)) {
        return end(sys, state, 0);
      }
    }
    if (sys.now < state.next)
      return { wait: { untilMs: state.next, ...(session ? { readable: [0] } : {}) } };
    state.output = [[1, screen(sys, state)]];
    state.next = sys.now + state.everyMs;
    if (--state.left <= 0) {
      if (state.modes) giveTerminal(sys, session, state.modes);
      delete state.modes;
      state.exitCode = 0;
    }
    return drain(sys, state);
  },
  handles: (state, signal) =>
    state?.modes !== undefined && (signal === 2 || signal === 15 || signal === 28),
  signal(sys, state, signal) {
    if (signal !== 28) return end(sys, state, signal === 2 ? 0 : 143);
    state.next = sys.now;
    return undefined;
  },
};
