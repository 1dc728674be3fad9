/** head and tail; tail -f follows. */
import { tailHeldCharactersMax, wholeFileBytesMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { count } from "../counts.ts";
import { options } from "../options.ts";
import { Io, ToolExit, drain, stream, outputNames } from "../tool.ts";

/** `-5` and `+5` in the old way, as the value of -n; what another option takes is left alone. */
function oldCounts(io: Io, signs: RegExp): void {
  const args = io.args.map((arg, i) => {
    if (!signs.test(arg) || /^-[qvfF]*[ncs]$/.test(io.args[i - 1] ?? "")) return arg;
    return `-n${arg.startsWith("-") ? arg.slice(1) : arg}`;
  });
  io.args.splice(0, io.args.length, ...args);
}

interface HeadState {
  left: number;
  count: number;
  bytes: boolean;
  titles: boolean;
  many: boolean;
  /** Keeps all but the last lines. */
  held?: string[];
}

export const head = stream<HeadState>("head", {
  storedNames: { fields: { count: "n" } },
  raw: true,
  start(io) {
    oldCounts(io, /^-\d/);
    const opts = options(io, "n:c:qv", { lines: "n", bytes: "c" });
    const bytes = opts.has("c");
    const n = count(io, opts.value("c") ?? opts.value("n") ?? "10");
    const titles = (opts.rest.length > 1 || opts.has("v")) && !opts.has("q");
    return {
      files: opts.rest,
      state: { left: n, count: n, bytes, titles, many: false, ...(n < 0 ? { held: [] } : {}) },
    };
  },
  file(io, state, name) {
    if (state.titles)
      io.out(`${state.many ? "\n" : ""}==> ${name === "-" ? "standard input" : name} <==\n`);
    state.many = true;
    state.left = state.count;
  },
  data(io, state, text) {
    if (state.held && state.bytes) {
      const all = (state.held[0] ?? "") + text;
      io.out(all.slice(0, Math.max(0, all.length + state.count)));
      state.held = [all.slice(Math.max(0, all.length + state.count))];
      return undefined;
    }
    if (state.held) {
      const lines = ((state.held.pop() ?? "") + text).split("\n");
      const ready = [...state.held, ...lines];
      const keep = -state.count + 1;
      if (ready.length > keep)
        io.out(
          ready
            .splice(0, ready.length - keep)
            .map((line) => `${line}\n`)
            .join(""),
        );
      state.held = ready;
      return undefined;
    }
    if (state.left <= 0) return state.titles ? undefined : 0;
    if (state.bytes) {
      io.out(text.slice(0, state.left));
      state.left -= Math.min(state.left, text.length);
    } else {
      let at = 0;
      while (state.left > 0 && at < text.length) {
        const end = text.indexOf("\n", at);
        if (end < 0) {
          at = text.length;
          break;
        }
        at = end + 1;
        state.left--;
      }
      io.out(text.slice(0, at));
    }
    return state.left <= 0 && !state.titles ? 0 : undefined;
  },
});

interface TailState {
  /** `ino`: which file the name meant, with -F; fd -1: none now. */
  files: { name: string; fd: number; ino?: string }[];
  count: number;
  bytes: boolean;
  fromStart: boolean;
  follow: boolean;
  titles: boolean;
  retry: boolean;
  started?: true;
  last?: string;
  /** What has come of a pipe, as far as tail may print it. */
  text?: string;
  seen?: number;
  output?: [number, string][];
  exitCode?: number;
}

/** The end of a text that tail prints. */
export function tailOf(text: string, n: number, bytes: boolean, fromStart: boolean): string {
  if (bytes) return fromStart ? text.slice(Math.max(0, n - 1)) : n === 0 ? "" : text.slice(-n);
  if (fromStart) {
    let at = 0;
    for (let left = n - 1; left > 0 && at >= 0; left--) {
      const end = text.indexOf("\n", at);
      if (end < 0) return "";
      at = end + 1;
    }
    return text.slice(at);
  }
  if (n === 0) return "";
  let at = text.endsWith("\n") ? text.length - 1 : text.length;
  for (let left = n; left > 0; left--) {
    at = text.lastIndexOf("\n", at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + 1);
}

/** tail, with -f as a program that looks again every second. */
export const tail: Program<TailState> = {
  name: "tail",
  storedNames: { fields: { ...outputNames, files: "f", count: "n", text: "b" } },
  start(sys) {
    const io = new Io(sys);
    const state: TailState = {
      files: [],
      count: 10,
      bytes: false,
      fromStart: false,
      follow: false,
      titles: false,
      retry: false,
    };
    try {
      oldCounts(io, /^[-+]\d/);
      const opts = options(io, "n:c:fFqvs:", { lines: "n", bytes: "c", follow: "f" });
      const text = opts.value("c") ?? opts.value("n") ?? "10";
      state.bytes = opts.has("c");
      state.fromStart = text.startsWith("+");
      state.count = Math.abs(count(io, text));
      state.follow = opts.has("f") || opts.has("F");
      state.retry = opts.has("F");
      state.titles = opts.rest.length > 1 && !opts.has("q");
      let folders = false;
      for (const name of opts.rest.length ? opts.rest : ["-"]) {
        try {
          const fd = name === "-" ? 0 : sys.open(name, { read: true });
          if (name !== "-" && sys.stat(name).type === "d") throw new Errno("EISDIR");
          const ino = state.retry && name !== "-" ? { ino: sys.stat(name).ino } : {};
          state.files.push({ name, fd, ...ino });
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          const busybox = io.busybox ? `can't open '${name}'` : name;
          io.say(`${error.code === "EISDIR" ? "read error" : busybox}: ${error.message}`);
          folders ||= error.code === "EISDIR";
          if (state.retry && error.code === "ENOENT") state.files.push({ name, fd: -1 });
          state.exitCode = 1;
        }
      }
      if (opts.rest.length && state.files.length === 0) {
        if (!folders) io.say("no files");
        state.follow = false;
      }
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.exitCode = error.code;
      state.files = [];
      state.started = true;
    }
    if (io.pending.length) state.output = io.pending;
    return state;
  },
  step(sys, state) {
    const { exitCode, ...output } = state;
    const stuck = drain(sys, output);
    if (output.output) state.output = output.output;
    else delete state.output;
    if (stuck) return stuck;
    if (!state.started) return tailFirst(sys, state);
    if (!state.follow) return { exit: state.exitCode ?? 0 };
    return tailFollow(sys, state);
  },
  memoryBytes: (state) => 1_048_576 + (state?.seen ?? 0),
};

function tailFirst(sys: Sys, state: TailState): Step {
  const out: string[] = [];
  for (const { name, fd } of state.files) {
    if (fd < 0) continue;
    if (fd === 0 || sys.fileSize(fd) === undefined) {
      for (;;) {
        const data = sys.read(fd);
        if (data === undefined) return { wait: { readable: [fd] } };
        if (data === "") break;
        state.text = (state.text ?? "") + data;
        // What scrolled out is let go; an endless stream without lines grows until memory ends it.
        if (!state.fromStart && state.text.length > tailHeldCharactersMax)
          state.text = tailOf(
            state.text,
            state.bytes ? state.count : state.count + 1,
            state.bytes,
            false,
          );
        state.seen = (state.seen ?? 0) + (state.text.includes("\n") ? 0 : data.length * 64);
        sys.held = state.text.length;
        sys.charge(data.length / 100);
        if (state.text.length > tailHeldCharactersMax) return undefined;
      }
      if (state.titles)
        out.push(`${out.length ? "\n" : ""}==> ${name === "-" ? "standard input" : name} <==\n`);
      out.push(tailOf(state.text ?? "", state.count, state.bytes, state.fromStart));
      delete state.text;
    } else {
      if (state.titles) out.push(`${out.length ? "\n" : ""}==> ${name} <==\n`);
      const beyond = (sys.fileSize(fd) ?? 0) - wholeFileBytesMax;
      if (beyond > 0 && !state.fromStart) sys.seek(fd, beyond);
      out.push(
        tailOf(sys.read(fd, wholeFileBytesMax) ?? "", state.count, state.bytes, state.fromStart),
      );
    }
    state.last = name;
  }
  state.started = true;
  state.output = [[1, out.join("")]];
  return undefined;
}

/** With -F the name counts, not the file it once meant. */
function reopen(sys: Sys, state: TailState): void {
  const say = (text: string): void => void (state.output ??= []).push([2, `tail: ${text}\n`]);
  for (const file of state.files) {
    if (!state.retry || file.fd === 0) continue;
    const now = sys.peek(file.name);
    if (file.fd >= 0 && now?.ino === file.ino) continue;
    const had = file.fd >= 0;
    if (had) sys.close(file.fd);
    file.fd = now && now.type !== "d" ? sys.open(file.name, { read: true }) : -1;
    delete file.ino;
    if (now && file.fd >= 0) {
      file.ino = now.ino;
      say(`${file.name} has ${had ? "been replaced" : "appeared"}; following end of new file`);
    } else if (had) say(`${file.name} has become inaccessible: No such file or directory`);
  }
}

function tailFollow(sys: Sys, state: TailState): Step {
  reopen(sys, state);
  for (const file of state.files) {
    if (file.fd < 0) continue;
    sys.rewindIfCut(file.fd);
    const data = sys.read(file.fd);
    if (data === undefined || data === "") continue;
    const title = state.titles && state.last !== file.name ? `\n==> ${file.name} <==\n` : "";
    state.last = file.name;
    (state.output ??= []).push([1, title + data]);
  }
  if (state.output) return undefined;
  // /dev/null never grows, and never ends: what many containers wait with.
  const growing = state.files.filter(({ fd }) => fd < 0 || !sys.isDevice(fd));
  if (growing.length === 0) return { wait: {} };
  const pipes = growing.filter(({ fd }) => fd >= 0 && sys.fileSize(fd) === undefined);
  if (pipes.length === growing.length && growing.every(({ fd }) => sys.readable(fd)))
    return { exit: 0 };
  return {
    wait: {
      untilMs: (sys.process.localTimeMs ?? sys.now) + 1000,
      readable: pipes.map(({ fd }) => fd).filter((fd) => !sys.readable(fd)),
    },
  };
}
