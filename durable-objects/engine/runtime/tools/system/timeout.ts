/** timeout and time: a command watched by the clock. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { parseSignal } from "../../kernel/signals.ts";
import { duration } from "../durations.ts";

const usageText = (name: string, synopsis: string): string =>
  `BusyBox v1.37.0 () multi-call binary.\n\nUsage: ${name} ${synopsis}\n`;

/** Starts a command in a child; one that cannot be run is said to be so, and ends with 127 or 126. */
function begin(sys: Sys, name: string, words: string[]): number {
  const pid = sys.fork({});
  const child = sys.child(pid);
  try {
    child.exec(child.which(words[0]!), words, sys.env);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(`${name}: can't execute '${words[0]}': ${error.message}\n`);
    sys.kernel.exit(child.key, error.code === "ENOENT" ? 127 : 126);
  }
  return pid;
}

interface TimeoutState {
  exitCode?: number;
  due?: number;
  signal: number;
  kill?: number;
  pid: number;
  fired?: true;
}

/** Runs a command with a limit on its time: `timeout [-s SIG] [-k SECS] SECS PROG ARGS`. */
export const timeout: Program<TimeoutState> = {
  name: "timeout",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const words = sys.argv.slice(1);
    const state: TimeoutState = { signal: 15, pid: 0 };
    const wrong = (text: string): TimeoutState => {
      sys.complain(text);
      return { ...state, exitCode: 1 };
    };
    while (/^-./.test(words[0] ?? "")) {
      const word = words.shift()!;
      if (word === "--") break;
      const value = word.length > 2 ? word.slice(2) : (words.shift() ?? "");
      if (word.startsWith("-s")) {
        const signal = parseSignal(value);
        if (signal === undefined) return wrong(`timeout: unknown signal '${value}'\n`);
        state.signal = signal;
      } else if (word.startsWith("-k")) {
        const ms = duration(value);
        if (ms === undefined) return wrong(`timeout: invalid number '${value}'\n`);
        state.kill = ms;
      } else if (word === "-t") words.unshift(value);
    }
    const [limit, ...command] = words;
    if (limit === undefined || command.length === 0)
      return wrong(usageText("timeout", "[-s SIG] [-k KILL_SECS] SECS PROG ARGS"));
    const ms = duration(limit);
    if (ms === undefined) return wrong(`timeout: invalid number '${limit}'\n`);
    const pid = begin(sys, "timeout", command);
    return { ...state, pid, ...(ms > 0 ? { due: sys.now + ms } : {}) };
  },
  step(sys, state): Step {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const ended = sys.wait(state.pid);
    if (ended && ended !== "none") {
      if (ended.signal === undefined) return { exit: ended.status };
      // It was the process its parent waits for: the signal is what that hears of.
      sys.kernel.exit(sys.key, 0, ended.signal);
      return { exit: 128 + ended.signal };
    }
    if (state.due !== undefined && sys.now >= state.due) {
      sys.kill(state.pid, state.fired ? 9 : state.signal);
      state.fired = true;
      if (state.kill === undefined) delete state.due;
      else state.due = sys.now + state.kill;
      return undefined;
    }
    return { wait: { childEnd: true, ...(state.due === undefined ? {} : { untilMs: state.due }) } };
  },
};

interface TimeState {
  exitCode?: number;
  pid: number;
  /** Virtual ms. */
  began: number;
  /** As POSIX prints it. */
  plain: boolean;
}

/** `time [-p] PROG ARGS`: what it took. */
export const time: Program<TimeState> = {
  name: "time",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const words = sys.argv.slice(1);
    let plain = false;
    while (/^-./.test(words[0] ?? "")) plain = words.shift() === "-p" || plain;
    const began = sys.now;
    if (words.length === 0) {
      sys.complain(usageText("time", "[-vpa] [-o FILE] PROG ARGS"));
      return { exitCode: 1, pid: 0, began, plain };
    }
    return { pid: begin(sys, "time", words), began, plain };
  },
  step(sys, state): Step {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const ended = sys.wait(state.pid);
    if (!ended || ended === "none") return { wait: { childEnd: true } };
    const seconds = Math.max(0, sys.now - state.began) / 1000;
    const minutes = Math.floor(seconds / 60);
    const line = (name: string, value: number): string =>
      state.plain
        ? `${name} ${value.toFixed(2)}\n`
        : `${name}\t${name === "real" ? minutes : 0}m ${(value - (name === "real" ? minutes * 60 : 0)).toFixed(2)}s\n`;
    if (ended.signal !== undefined) sys.complain(`Command terminated by signal ${ended.signal}\n`);
    sys.complain(line("real", seconds) + line("user", 0) + line("sys", 0));
    return { exit: ended.status };
  },
};
