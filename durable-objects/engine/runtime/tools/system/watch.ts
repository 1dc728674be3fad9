/** watch: a command run again and again. */
import type { Program } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { launch } from "../children.ts";
import { formatDate } from "./date.ts";
import { duration } from "../durations.ts";
import { options } from "../options.ts";
import { drain, Io, ToolExit, outputNames } from "../tool.ts";

interface WatchState {
  argv: string[];
  everyMs: number;
  title: boolean;
  next: number;
  pid?: number;
  exitCode?: number;
  output?: [number, string][];
}

export const watch: Program<WatchState> = {
  name: "watch",
  storedNames: { fields: outputNames },
  start(sys) {
    const io = new Io(sys);
    const state: WatchState = { argv: [], everyMs: 2000, title: true, next: sys.now };
    try {
      const opts = options(io, "n:tdx", { interval: "n", "no-title": "t" }, true);
      state.argv = opts.rest;
      const every = opts.value("n") ?? "2";
      state.everyMs = Math.max(100, duration(every) ?? io.fail(`invalid number '${every}'`));
      state.title = !opts.has("t");
      if (opts.rest.length === 0) io.fail("no command");
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.exitCode = error.code;
      state.output = io.pending;
    }
    return state;
  },
  step(sys, state): Step {
    if (state.output || state.exitCode !== undefined) {
      const stuck = drain(sys, state);
      if (stuck) return stuck;
    }
    if (state.pid !== undefined) {
      if (!sys.wait(state.pid)) return { wait: { childEnd: true } };
      delete state.pid;
      state.next = sys.now + state.everyMs;
    }
    if (sys.now < state.next) return { wait: { untilMs: state.next } };
    const command = state.argv.join(" ");
    const width = sys.terminal(1)?.cols ?? 80;
    const head = `Every ${(state.everyMs / 1000).toFixed(1)}s: ${command}`;
    const time = formatDate("%Y-%m-%d %H:%M:%S", sys.now);
    const title = state.title
      ? `${head.slice(0, Math.max(10, width - 21)).padEnd(width - time.length)}${time}\n\n`
      : "";
    sys.write(1, `\x1b[H\x1b[J${title}`);
    state.pid = launch(sys, ["sh", "-c", command], (name, why) => `watch: ${name}: ${why}\n`);
    return undefined;
  },
};
