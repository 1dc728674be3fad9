/** journalctl: the node's journal. systemd: src/journal/journalctl.c */
import type { Program } from "../../kernel/types.ts";
import { journalLines, type JournalLine } from "../../node/journal.ts";
import { systemdTime } from "../../node/systemd-time.ts";
import { unitNamed } from "../../node/units.ts";
import { formatDate } from "../system/date.ts";
import { options } from "../options.ts";
import { type Io, steps } from "../tool.ts";

/** As journalctl's `short` form begins a line. */
const shortTime = (ms: number): string => formatDate("%b %d %H:%M:%S", ms);

/** One line in the `short` form. */
export const shortLine = (line: JournalLine, host: string): string =>
  `${shortTime(line.ms)} ${host} ${line.identifier}[${line.pid}]: ${line.text}`;

interface JournalState {
  units: string[];
  follow: boolean;
  cat: boolean;
  reverse: boolean;
  /** Lines of a while alone, virtual ms. */
  sinceMs?: number;
  untilMs?: number;
  /** Lines from the end; absent: all. */
  last?: number;
  /** Lines that were shown, of all there were; absent: it has shown none. */
  seen?: string;
  output?: [number, string][];
  exitCode?: number;
}

/** What tells a line from the others. */
const mark = (line: JournalLine): string => `${line.ms} ${line.pid} ${line.text}`;

const long = {
  unit: "u",
  follow: "f",
  lines: "n",
  "no-pager": "P",
  output: "o",
  reverse: "r",
  "pager-end": "e",
  catalog: "x",
  boot: "b",
  quiet: "q",
  since: "S",
  until: "U",
  identifier: "t",
};

/** `-n` and `-b` may stand without a value. */
function withValues(args: string[]): string[] {
  return args.flatMap((word, i) => {
    if (word === "-n" || word === "--lines")
      return /^(\d+|all)$/.test(args[i + 1] ?? "") ? ["-n"] : ["-n", "10"];
    return [word];
  });
}

function show(io: Io, state: JournalState): void {
  const { kernel } = io.sys;
  const { node } = kernel.pod.pod;
  const all = journalLines(kernel.context, node).filter(
    ({ unit, ms }) =>
      (state.units.length === 0 || state.units.includes(unit)) &&
      ms >= (state.sinceMs ?? -Infinity) &&
      ms <= (state.untilMs ?? Infinity),
  );
  let lines = all;
  if (state.seen !== undefined) {
    const at = all.findLastIndex((line) => mark(line) === state.seen);
    lines = all.slice(at + 1);
  } else if (state.last !== undefined) lines = state.last === 0 ? [] : all.slice(-state.last);
  const newest = all.at(-1);
  const first = state.seen === undefined;
  state.seen = newest ? mark(newest) : "";
  if (first && all.length === 0 && !state.follow) io.out("-- No entries --\n");
  for (const line of state.reverse ? lines.toReversed() : lines)
    io.out(`${state.cat ? line.text : shortLine(line, node)}\n`);
}

export const journalctl: Program<JournalState> = steps<JournalState>("journalctl", {
  first: () => ({ units: [], follow: false, cat: false, reverse: false }),
  begin(io, state) {
    const args = withValues(io.args);
    io.args.splice(0, io.args.length, ...args);
    const opts = options(io, "u:fn:Po:rexbqS:U:t:", long);
    state.units = opts.values("u").map((name) => unitNamed(name)?.name ?? name);
    state.follow = opts.has("f");
    state.cat = opts.value("o") === "cat";
    state.reverse = opts.has("r");
    const asked = opts.value("n");
    if (asked !== undefined && asked !== "all") {
      if (!/^\d+$/.test(asked)) io.fail(`Failed to parse lines '${asked}'`);
      state.last = Number(asked);
    } else if (asked === undefined && state.follow) state.last = 10;
    else if (asked === undefined && opts.has("e")) state.last = 1000;
    const time = (letter: string): number | undefined => {
      const text = opts.value(letter);
      if (text === undefined) return undefined;
      const ms = systemdTime(text, io.sys.now);
      return ms ?? io.fail(`Failed to parse timestamp: ${text}`);
    };
    const [since, until] = [time("S"), time("U")];
    if (since !== undefined) state.sinceMs = since;
    if (until !== undefined) state.untilMs = until;
  },
  step(sys, io, state) {
    show(io, state);
    if (!state.follow) return { exit: 0 };
    // It looks every second, as lines come from outside its machine's processes.
    return { wait: { untilMs: sys.now + 1_000 } };
  },
});
