/** dd: block by block. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { humanSize } from "../files/ls.ts";
import { Io, ToolExit } from "../tool.ts";
import { synopses } from "../usage-facts.ts";
import { usage } from "../words.ts";

interface DdState {
  in: number;
  out: number;
  ibs: number;
  count: number;
  /** Blocks of input to pass over where it cannot be sought. */
  skip: number;
  /** Bytes of the current block so far. */
  got: number;
  wait?: true;
  ended?: true;
  full: number;
  part: number;
  wrote: number;
  /** What of the report is left out: all, or the last line. */
  quiet?: "none" | "noxfer";
  began: number;
  held: string;
  exitCode?: number;
}

function size(io: Io, text: string): number {
  return text.split("x").reduce((all, part) => {
    const match = /^(\d+)(c|w|b|k|K|kB|KB|M|MB|MiB|KiB|G|GB|GiB)?$/.exec(part);
    if (!match) return io.fail(`invalid number '${text}'`);
    const unit =
      {
        c: 1,
        w: 2,
        b: 512,
        k: 1024,
        K: 1024,
        KiB: 1024,
        kB: 1000,
        KB: 1000,
        M: 1 << 20,
        MiB: 1 << 20,
        MB: 1e6,
        G: 2 ** 30,
        GiB: 2 ** 30,
        GB: 1e9,
      }[match[2] ?? "c"] ?? 1;
    return all * Number(match[1]) * unit;
  }, 1);
}

function begin(io: Io, state: DdState): void {
  const { sys } = io;
  const given: Record<string, string> = {};
  for (const word of io.args) {
    const [name = "", value] = word.split(/=(.*)/s);
    if (
      value === undefined ||
      !/^(if|of|bs|ibs|obs|count|skip|seek|conv|status|iflag|oflag)$/.test(name)
    ) {
      usage(io, `dd ${synopses.dd}`);
      throw new ToolExit(1);
    }
    const known = /^(notrunc|sync|noerror|fsync|swab)(,|$)/;
    const odd = name === "conv" ? value.split(",").find((one) => !known.test(one)) : undefined;
    if (odd !== undefined) io.fail(`invalid argument '${odd}' to 'conv'`);
    given[name] = value;
  }
  state.ibs = size(io, given.bs ?? given.ibs ?? "512");
  if (state.ibs < 1) io.fail(`number ${given.bs} is not in 1..2147483647 range`);
  if (given.count !== undefined)
    state.count = size(io, given.count) / (given.iflag?.includes("count_bytes") ? state.ibs : 1);
  if (given.status === "none") state.quiet = "none";
  if (given.status === "noxfer") state.quiet = "noxfer";
  const conv = (given.conv ?? "").split(",");
  const open = (path: string, act: () => number): number => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return io.fail(`can't open '${path}': ${error.message}`);
    }
  };
  if (given.if !== undefined) state.in = open(given.if, () => sys.open(given.if!, { read: true }));
  const seek = size(io, given.seek ?? "0") * size(io, given.bs ?? given.obs ?? "512");
  if (given.of !== undefined) {
    const keeps = conv.includes("notrunc") || seek > 0;
    state.out = open(given.of, () =>
      sys.open(given.of!, { write: true, create: true, ...(keeps ? {} : { truncate: true }) }),
    );
    if (seek > 0) {
      // A device has the size that it has.
      const device = sys.peek(given.of!)?.type === "b";
      if (!conv.includes("notrunc") && !device) sys.ftruncate(state.out, seek);
      sys.seek(state.out, seek);
    }
  }
  state.skip = size(io, given.skip ?? "0");
  if (state.skip > 0 && sys.fileSize(state.in) !== undefined) {
    sys.seek(state.in, state.skip * state.ibs);
    state.skip = 0;
  }
}

function report(state: DdState, now: number): string {
  const { full, part, wrote } = state;
  const records = `${full}+${part} records`;
  if (state.quiet === "noxfer") return `${records} in\n${records} out\n`;
  const seconds = Math.max(0.000_05, (now - state.began) / 1000);
  return `${records} in\n${records} out\n${wrote} bytes (${humanSize(wrote)}B) copied, ${seconds.toFixed(6)} seconds, ${humanSize(Math.round(wrote / seconds))}B/s\n`;
}

export const dd: Program<DdState> = {
  name: "dd",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const io = new Io(sys);
    const state: DdState = {
      in: 0,
      out: 1,
      ibs: 512,
      count: 1e15,
      skip: 0,
      got: 0,
      full: 0,
      part: 0,
      wrote: 0,
      began: sys.now,
      held: "",
    };
    try {
      begin(io, state);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      for (const [, text] of io.pending) sys.complain(text);
      state.exitCode = error.code;
    }
    return state;
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    for (let n = 0; n < 64; n++) {
      if (state.held !== "") {
        try {
          state.held = state.held.slice(sys.write(state.out, state.held));
        } catch (error) {
          if (!(error instanceof Errno) || error.code === "EPIPE") throw error;
          sys.complain(
            `dd: error writing '${outName(sys)}': ${error.message}\n${report(state, sys.now)}`,
          );
          return { exit: 1 };
        }
        if (state.held !== "") return { wait: { writable: [state.out] } };
      }
      if (state.ended || state.full + state.part >= state.count) {
        if (state.quiet !== "none") sys.complain(report(state, sys.now));
        return { exit: 0 };
      }
      move(sys, state);
      if (state.wait) {
        delete state.wait;
        return { wait: { readable: [state.in] } };
      }
    }
    return undefined;
  },
  memoryBytes: (state) => 1_048_576 + (state ? Math.min(state.ibs, 2 ** 40) : 0),
};

const outName = (sys: Sys): string =>
  sys.argv.find((word) => word.startsWith("of="))?.slice(3) ?? "standard output";

/** Reads a piece of the current block. A pipe's short read is a block of its own, a partial one. */
function move(sys: Sys, state: DdState): void {
  const wanted = Math.min(state.ibs - state.got, 65_536);
  const data = sys.read(state.in, wanted);
  if (data === undefined) {
    state.wait = true;
    return;
  }
  sys.charge(data.length / 200 + 2);
  state.got += data.length;
  const file = sys.fileSize(state.in) !== undefined;
  const short = data === "" || (!file && data.length < wanted);
  if (data === "") state.ended = true;
  else if (state.skip === 0) {
    state.held = data;
    state.wrote += data.length;
  }
  if (state.got < state.ibs && !short) return;
  if (state.got > 0) {
    if (state.skip > 0) state.skip--;
    else if (state.got === state.ibs) state.full++;
    else state.part++;
  }
  state.got = 0;
}
