/** `read` and `wait`: builtins that block. */
import { foreverMs } from "../../core/clock.ts";
import type { Step } from "../kernel/calls.ts";
import { ExpansionProblem } from "./problems.ts";
import { jobOrPid } from "./jobs/names.ts";
import { isRunning, tellJobs } from "./jobs/table.ts";
import { reap, tellSignal } from "./jobs/children.ts";
import { usage } from "./bash/usage.ts";
import type { Shell } from "./shell.ts";
import type { FrameOf } from "./state.ts";
import type { Job } from "./jobs/job.ts";

/** Ends with a status, as its builtin. */
function done(shell: Shell, status: number, tested: boolean): undefined {
  shell.pop();
  shell.state.status = status;
  if (shell.bash && shell.controlsJobs && !shell.state.interactive) tellJobs(shell);
  shell.checkError(tested);
}

const livingPids = ({ pids, ended }: Job): number[] => pids.filter((pid) => !ended?.[pid]);

/** A `wait` under way: over when its jobs have ended or a trapped signal has come. */
export function waitsStep(shell: Shell, frame: FrameOf<"waits">): Step {
  const { state } = shell;
  const trapped = state.pendingTraps?.find((known) => state.traps[String(known)]);
  if (trapped !== undefined) return done(shell, 128 + trapped, true);
  let ended: number | undefined;
  const known: Job[] = [];
  reap(shell, (pid, status, signal) => {
    if (!frame.pids.includes(pid)) return false;
    if (frame.byPid) tellSignal(shell, signal);
    frame.pids = frame.pids.filter((one) => one !== pid);
    const job = state.jobs.find((one) => one.pids.includes(pid));
    if (!job || job.pids.at(-1) === pid) frame.status = status;
    ended = pid;
    if (job) known.push(job);
    return false;
  });
  for (const job of known) if (job.status !== undefined) job.waited = 1;
  if (frame.pidVariable !== undefined && ended !== undefined)
    shell.set(frame.pidVariable, String(ended));
  const over = frame.outOf ? frame.pids.length < frame.outOf : frame.pids.length === 0;
  if (over) return done(shell, frame.byPid ? frame.status : 0, frame.tested === 1);
  return { wait: { childEnd: true } };
}

/** `wait [pid|%job]...` */
export function startWait(
  shell: Shell,
  argv: readonly string[],
  tested: boolean,
): number | undefined {
  const { state } = shell;
  // A subshell sees its parent's jobs, but cannot wait for them.
  state.jobs = state.jobs.filter((job) => !job.inherited);
  const options = shell.bash ? waitOptions(argv) : undefined;
  if (options?.bad !== undefined) return usage(shell, options.bad);
  if (options?.next) return waitNext(shell, options, tested);
  const names = options?.names ?? argv.slice(1).filter((word) => word !== "-n");
  const known = new Set(state.jobs.filter((job) => job.status !== undefined));
  reap(shell);
  const flags = tested ? { tested: 1 as const } : {};
  if (names.length === 0) {
    const running = state.jobs.filter(isRunning).flatMap(livingPids);
    for (const job of state.jobs) if (job.status !== undefined) job.waited = 1;
    shell.push({ kind: "waits", pids: running, status: 0, ...flags });
    // All of them: the status is 0 whatever theirs is.
    if (running.length === 0) {
      shell.pop();
      return 0;
    }
    return undefined;
  }
  let status = 0;
  const running: number[] = [];
  for (const name of names) {
    const job = jobOrPid(shell, name);
    if (!job) {
      if (!/^\d+$/.test(name) && !name.startsWith("%")) {
        shell.complain(
          shell.bash ? `\`${name}': not a pid or valid job spec` : `Illegal number: ${name}`,
        );
        return shell.bash ? 1 : 2;
      }
      status = 127;
      if (shell.bash) {
        shell.command = "wait";
        shell.complain(
          name.startsWith("%")
            ? `${name}: no such job`
            : `pid ${name} is not a child of this shell`,
        );
      }
    } else if (job.status !== undefined) {
      status = job.status;
      if (!known.has(job)) tellSignal(shell, job.signal);
      job.waited = 1;
    } else running.push(...livingPids(job));
  }
  if (running.length === 0) return status;
  shell.push({ kind: "waits", pids: running, status, byPid: 1, ...flags });
  return undefined;
}

interface WaitOptions {
  /** The first that ends is enough. */
  next?: true;
  /** Variable that gets its pid. */
  into?: string;
  names: string[];
  bad?: string;
}

function waitOptions(argv: readonly string[]): WaitOptions {
  const out: WaitOptions = { names: [] };
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!) && argv[i] !== "--"; i++) {
    if (argv[i] === "-p") out.into = argv[++i] ?? "";
    else if (/^-[nf]+$/.test(argv[i]!)) {
      if (argv[i]!.includes("n")) out.next = true;
    } else out.bad = argv[i]!.slice(0, 2);
  }
  out.names = argv.slice(argv[i] === "--" ? i + 1 : i);
  return out;
}

/** `wait -n`: the next of the jobs that ends. */
function waitNext(shell: Shell, { into }: WaitOptions, tested: boolean): number | undefined {
  const { state } = shell;
  const ready = state.jobs.find((job) => job.status !== undefined && !job.waited);
  if (ready) {
    ready.waited = 1;
    if (into !== undefined) shell.set(into, String(ready.pids.at(-1)));
    return ready.status;
  }
  const running = state.jobs
    .filter((job) => job.status === undefined)
    .flatMap((job) => job.pids.slice(-1));
  if (running.length === 0) return 127;
  shell.push({
    kind: "waits",
    pids: running,
    status: 0,
    byPid: 1,
    outOf: running.length,
    ...(into === undefined ? {} : { pidVariable: into }),
    ...(tested ? { tested: 1 as const } : {}),
  });
  return undefined;
}

// read

interface ReadOptions {
  raw: boolean;
  fd: number;
  delimiter: string;
  prompt: string;
  due?: number;
  most?: number;
  array?: 1;
  whole?: 1;
}

/** Takes one option's value in; a complaint when it is none. */
function readOption(
  shell: Shell,
  into: ReadOptions,
  letter: string,
  value: string,
): string | undefined {
  const number = Number(value);
  if (letter === "t") {
    if (!/^\d*(\.\d*)?$/.test(value) || value === "" || value === ".")
      return shell.bash ? `${value}: invalid timeout specification` : "invalid timeout";
    into.due = shell.sys.now + Math.min(number * 1000, foreverMs);
  } else if (letter === "p") into.prompt = value;
  else if (letter === "d") into.delimiter = value.slice(0, 1);
  else if (letter === "n" || letter === "N") {
    if (shell.bash && !/^\d+$/.test(value)) return `${value}: invalid number`;
    if (number > 0) into.most = number;
    if (letter === "N") into.whole = 1;
  } else if (letter === "u") {
    if (shell.bash && !/^\d+$/.test(value))
      return `${value}: invalid file descriptor specification`;
    if (shell.bash && !shell.sys.isOpen(number))
      return `${value}: invalid file descriptor: Bad file descriptor`;
    into.fd = number;
  }
  return undefined;
}

/** Options of `read` and the names behind them, or a complaint and its status. */
function readOptions(
  shell: Shell,
  argv: readonly string[],
): [ReadOptions, string[]] | [complaint: string, status: number] {
  const into: ReadOptions = { raw: false, fd: 0, delimiter: "\n", prompt: "" };
  const plain = shell.bash ? "rse" : "rs";
  const valued = shell.bash ? "tpnudNai" : "tpnud";
  let array: string | undefined;
  let i = 1;
  for (; i < argv.length && /^-[a-zA-Z]/.test(argv[i]!); i++) {
    const word = argv[i]!;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (letter === "r") into.raw = true;
      if (plain.includes(letter)) continue;
      if (!valued.includes(letter)) return [`illegal option -${letter}`, 2];
      const value = word.slice(at + 1) || argv[++i];
      if (value === undefined) return [`-${letter}: option requires an argument`, 2];
      if (letter === "a") {
        array = value;
        into.array = 1;
      } else {
        const bad = readOption(shell, into, letter, value);
        if (bad) return [bad, shell.bash ? 1 : 2];
      }
      break;
    }
  }
  const rest = argv.slice(shell.bash && argv[i] === "--" ? i + 1 : i);
  return [into, array === undefined ? rest : [array]];
}

/** `read`: begins to read a line; a status where it cannot even begin. */
export function startRead(
  shell: Shell,
  argv: readonly string[],
  tested: boolean,
): number | undefined {
  const [options, words] = readOptions(shell, argv);
  if (typeof options === "string") {
    shell.complain(options);
    return words as number;
  }
  const { prompt, ...rest } = options;
  const names = words as string[];
  const valid = shell.bash ? /^[A-Za-z_]\w*(\[[^]+\])?$/ : /^[A-Za-z_]\w*$/;
  const bad = names.find((name) => !valid.test(name));
  if (bad !== undefined) {
    if (shell.bash) shell.complain(`\`${bad}': not a valid identifier`);
    else shell.say(`read: '${bad}': bad variable name`);
    return 1;
  }
  // Only whether there is something to read.
  if (shell.bash && rest.due === shell.sys.now) return shell.sys.readable(rest.fd) ? 0 : 1;
  if (prompt && shell.sys.terminal(rest.fd)) shell.write(2, prompt);
  shell.push({ kind: "read", names, text: "", ...rest, ...(tested ? { tested: 1 as const } : {}) });
  return undefined;
}

/** Microseconds. */
const usPerByteRead = 0.05;

/** Reads up to the delimiter; a file is read ahead and given back, a pipe is read byte by byte as a shell must. */
export function readStep(shell: Shell, frame: FrameOf<"read">): Step {
  const { sys, state } = shell;
  const tested = frame.tested === 1;
  const signal = state.pendingTraps?.find((known) => state.traps[String(known)]);
  if (signal !== undefined) return done(shell, 128 + signal, true);
  if (!sys.isOpen(frame.fd)) {
    shell.command = "read";
    shell.complain("read error: Bad file descriptor");
    shell.command = undefined;
    return done(shell, 1, tested);
  }
  const ahead = sys.fileSize(frame.fd) !== undefined;
  for (let count = 0; count < 2000; count++) {
    const data = sys.read(frame.fd, ahead ? 256 : 1);
    if (data === undefined) {
      if (frame.due !== undefined && sys.now >= frame.due)
        return shell.bash ? finishRead(shell, frame, 142) : done(shell, 1, tested);
      return {
        wait: { readable: [frame.fd], ...(frame.due === undefined ? {} : { untilMs: frame.due }) },
      };
    }
    if (data === "") return finishRead(shell, frame, 1);
    // Beyond what a line is long, it takes its time.
    if (count > 16) sys.charge(data.length * usPerByteRead);
    for (let i = 0; i < data.length; i++) {
      const c = data[i]!;
      if (frame.escaped) {
        delete frame.escaped;
        if (c !== "\n") frame.text += `\\${c}`;
      } else if (c === "\\" && !frame.raw) frame.escaped = 1;
      else if (!frame.whole && (c === frame.delimiter || (frame.delimiter === "" && c === "\0"))) {
        if (i + 1 < data.length) sys.unread(frame.fd, data.length - i - 1);
        return finishRead(shell, frame, 0);
      } else if (c !== "\0") frame.text += c;
      if (frame.most !== undefined && frame.text.length >= frame.most) {
        if (i + 1 < data.length) sys.unread(frame.fd, data.length - i - 1);
        return finishRead(shell, frame, 0);
      }
    }
  }
  sys.held = frame.text.length + (state.variableBytes ?? 0);
  return undefined;
}

function finishRead(shell: Shell, frame: FrameOf<"read">, status: number): undefined {
  try {
    assignRead(shell, frame);
  } catch (error) {
    if (!(error instanceof ExpansionProblem)) throw error;
    shell.command = "read";
    shell.complain(error.message);
    shell.command = undefined;
    return done(shell, 2, frame.tested === 1);
  }
  return done(shell, status, frame.tested === 1);
}

/** Splits what was read over the names. Escaped characters are no separators. */
function assignRead(shell: Shell, frame: FrameOf<"read">): void {
  const names = frame.names.length ? frame.names : ["REPLY"];
  const ifs = frame.whole ? "" : shell.ifs();
  if (frame.array) shell.setList(names[0]!, [], false);
  const characters: [c: string, plain: boolean][] = [];
  for (let i = 0; i < frame.text.length; i++) {
    if (frame.text[i] === "\\" && !frame.raw) characters.push([frame.text[++i] ?? "", false]);
    else characters.push([frame.text[i]!, true]);
  }
  const separates = ([c, plain]: [string, boolean]): boolean => plain && ifs.includes(c);
  const white = ([c, plain]: [string, boolean]): boolean =>
    plain && ifs.includes(c) && /[ \t\n]/.test(c);
  const text = (list: [string, boolean][]): string => list.map(([c]) => c).join("");
  let rest = characters;
  const skip = (): void => {
    while (rest[0] && white(rest[0])) rest = rest.slice(1);
  };
  const whole = frame.names.length === 0;
  if (!whole) skip();
  if (frame.array) {
    for (let i = 0; rest.length > 0; i++) {
      const end = rest.findIndex(separates);
      shell.setElement(names[0]!, String(i), text(end < 0 ? rest : rest.slice(0, end)));
      rest = end < 0 ? [] : rest.slice(end);
      skip();
      if (end < 0 || !rest[0] || !separates(rest[0]) || white(rest[0])) continue;
      rest = rest.slice(1);
      skip();
    }
    return;
  }
  names.forEach((name, i) => {
    if (i === names.length - 1) {
      if (!whole) rest = trimLast(rest, separates, white);
      shell.assign(name, text(rest));
      return;
    }
    const end = rest.findIndex(separates);
    const field = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? [] : rest.slice(end);
    skip();
    if (end >= 0 && rest[0] && separates(rest[0]) && !white(rest[0])) {
      rest = rest.slice(1);
      skip();
    }
    shell.assign(name, text(field));
  });
}

/** The last name takes the rest: without white space at its end, and without a single separator that only ends it. */
function trimLast(
  list: [string, boolean][],
  separates: (c: [string, boolean]) => boolean,
  white: (c: [string, boolean]) => boolean,
): [string, boolean][] {
  let out = list;
  while (out.length && white(out.at(-1)!)) out = out.slice(0, -1);
  const last = out.at(-1);
  if (last && separates(last) && !white(last) && !out.slice(0, -1).some(separates)) {
    out = out.slice(0, -1);
    while (out.length && white(out.at(-1)!)) out = out.slice(0, -1);
  }
  return out;
}
