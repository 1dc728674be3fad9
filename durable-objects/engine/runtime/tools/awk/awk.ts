/** awk: reads its program, then its input record by record as it comes. */
import { cloneJson } from "../../bytes.ts";
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { AwkProblem } from "./lexer.ts";
import { hostOf } from "./files.ts";
import { parseAwk } from "./parser.ts";
import type { AwkProgram } from "./tree.ts";
import { memoryNames, type AwkMemory, type AwkVariables } from "./host.ts";
import { AwkError } from "./math.ts";
import { AwkRun, AwkEndless, AwkExit, givenValue } from "./run.ts";
import { inputValue, toNumber, truth, type Cell } from "./values.ts";
import { callNames, noCalls, pending, unit, type Calls } from "../children.ts";
import { options } from "../options.ts";
import { matchUnitsPerRound } from "../../../core/limits.ts";
import { awkPattern } from "./patterns.ts";
import { Io, ToolExit } from "../tool.ts";
import { usage } from "../words.ts";

interface AwkState {
  program: string;
  calls: Calls;
  /** From record to record. */
  memory: AwkMemory;
  phase: "begin" | "main" | "end" | "over";
  /** Operands still to come. */
  operands: string[];
  /** Input that is no record yet. */
  unread: string;
  /** The descriptor being read. */
  fd?: number;
  /** Input is there, whole. */
  whole?: true;
  /** Some operand was a file. */
  had?: true;
  last?: string;
  exitCode: number;
  /** Computes for ever. */
  spin?: true;
}

const needInput = new (class NeedInput extends Error {
  override name = "NeedInput";
})();

/** The main input. */
class Input {
  readonly io: Io;
  readonly state: AwkState;
  constructor(io: Io, state: AwkState) {
    this.io = io;
    this.state = state;
  }

  /** Opens the next operand; false: there is none left. */
  #open(awk: AwkVariables): boolean {
    const { state } = this;
    for (;;) {
      const name = state.operands.shift();
      if (name === undefined) {
        if (state.had) return false;
        state.had = true;
        state.fd = 0;
        return true;
      }
      const given = /^([A-Za-z_]\w*)=(.*)$/s.exec(name);
      if (given) {
        awk.set(given[1]!, givenValue(given[2]!));
        continue;
      }
      state.had = true;
      awk.set("FILENAME", name);
      awk.set("FNR", 0);
      if (name === "-") {
        state.fd = 0;
        return true;
      }
      const text = this.io.input(name);
      if (text === undefined) {
        state.exitCode = 1;
        continue;
      }
      state.unread = text;
      state.whole = true;
      return true;
    }
  }

  /** Where the first record of the text ends and the next begins; undefined: more must come. */
  #cut(awk: AwkVariables): [end: number, next: number] | undefined {
    const { unread, whole } = this.state;
    const rs = awk.text("RS");
    if (rs === "") {
      const start = /^\n*/.exec(unread)![0].length;
      const end = /\n\n+/g;
      end.lastIndex = start;
      const found = end.exec(unread);
      this.state.unread = unread.slice(start);
      if (found && (whole || found.index + found[0].length < unread.length))
        return [found.index - start, found.index + found[0].length - start];
      const left = this.state.unread;
      return whole && left
        ? [left.endsWith("\n") ? left.length - 1 : left.length, left.length]
        : undefined;
    }
    if (rs.length === 1) {
      const end = unread.indexOf(rs);
      if (end >= 0) return [end, end + 1];
    } else {
      const { matching } = this.io.sys;
      const found = awkPattern(rs, matching).find(unread, matching);
      if (found && found.end > found.index && (whole || found.end < unread.length))
        return [found.index, found.end];
    }
    if (!whole || unread === "") return undefined;
    const newline = rs.length > 1 && unread.endsWith("\n") ? 1 : 0;
    return [unread.length - newline, unread.length];
  }

  next(awk: AwkVariables): string | undefined {
    const { state } = this;
    for (;;) {
      const cut = state.unread === "" ? undefined : this.#cut(awk);
      if (cut) {
        const text = state.unread.slice(0, cut[0]);
        state.unread = state.unread.slice(cut[1]);
        awk.set("NR", toNumber(awk.get("NR")) + 1);
        awk.set("FNR", toNumber(awk.get("FNR")) + 1);
        return text;
      }
      if (state.whole) {
        delete state.whole;
        state.unread = "";
      } else if (state.fd !== undefined) throw needInput;
      else if (!this.#open(awk)) return undefined;
    }
  }
}

/** Reads more of standard input; what to wait for, if there is nothing yet. */
function feed(sys: Sys, state: AwkState): Step {
  const data = sys.read(0);
  if (data === undefined) return { wait: { readable: [0] } };
  if (data === "") {
    delete state.fd;
    state.whole = true;
  } else state.unread += data;
  sys.held = state.unread.length;
  sys.charge(data.length / 50);
  return undefined;
}

/** BEGIN, one record, or END. */
function work(program: AwkProgram, state: AwkState, awk: AwkRun, input: Input): void {
  let over = false;
  const run = (stmt: Parameters<AwkRun["run"]>[0]): boolean => {
    const flow = awk.run(stmt);
    over ||= flow === "exit";
    return flow === undefined;
  };
  try {
    if (state.phase === "begin") {
      for (const stmt of program.begin) if (!over) run(stmt);
      if (!over && program.rules.length === 0 && program.end.length === 0) state.phase = "over";
      else state.phase = "main";
    } else if (state.phase === "main") {
      const record = input.next(awk);
      if (record === undefined) state.phase = "end";
      else {
        awk.setRecord(record);
        rules(program, awk, run);
        state.last = awk.record;
      }
    } else {
      state.phase = "over";
      awk.setRecord(state.last ?? "");
      for (const stmt of program.end) if (!over) run(stmt);
    }
  } catch (error) {
    if (!(error instanceof AwkExit)) throw error;
    over = true;
  }
  if (!over) return;
  state.exitCode = awk.code;
  // An exit outside END still runs END.
  state.phase = state.phase === "over" ? "over" : "end";
}

function rules(
  program: AwkProgram,
  awk: AwkRun,
  run: (stmt: Parameters<AwkRun["run"]>[0]) => boolean,
): void {
  const { ranges } = awk.memory;
  for (const [i, rule] of program.rules.entries()) {
    if (rule.to) {
      if (!ranges[i]) {
        if (!truth(awk.eval(rule.from!))) continue;
        ranges[i] = true;
      }
      if (truth(awk.eval(rule.to))) delete ranges[i];
    } else if (rule.from && !truth(awk.eval(rule.from))) continue;
    if (!rule.body) awk.host.put(1, awk.record + awk.text("ORS"));
    else if (!run(rule.body)) return;
  }
}

function closeAll(state: AwkState, awk: AwkRun): void {
  for (const name of Object.keys(state.memory.outs)) {
    const out = state.memory.outs[name]!;
    delete state.memory.outs[name];
    awk.host.close(out);
  }
}

function oneUnit(sys: Sys, io: Io, state: AwkState, program: AwkProgram): Step | "more" {
  const kept = program.asks || state.calls.answers.length ? cloneJson(state) : undefined;
  let done: boolean;
  try {
    done = unit(io, state.calls, (caller) => {
      const input = new Input(io, state);
      const awk = new AwkRun(program, state.memory, hostOf(io, caller, input));
      if (state.phase === "over") closeAll(state, awk);
      else work(program, state, awk, input);
    });
  } catch (error) {
    if (error !== needInput) throw error;
    // The record begins again when more has come; operands already opened stay so.
    if (kept) {
      state.memory = kept.memory;
      state.phase = kept.phase;
      state.unread = kept.unread;
    }
    io.pending.length = 0;
    return feed(sys, state);
  }
  if (!done && kept) {
    const { calls: _c, ...rest } = kept;
    for (const key of ["fd", "whole", "had", "last", "spin"] as const) delete state[key];
    Object.assign(state, rest);
  }
  return "more";
}

function awkStep(sys: Sys, state: AwkState): Step {
  const held = pending(sys, state.calls);
  if (held) return held;
  // Also where the program could not be parsed at all.
  if (state.phase === "over" && Object.keys(state.memory.outs).length === 0)
    return { exit: state.exitCode };
  if (state.spin) {
    sys.charge(10_000);
    return undefined;
  }
  const io = new Io(sys);
  try {
    const program = parseAwk(state.program);
    for (let n = 0; n < 300 && !state.calls.output && !state.calls.child; n++) {
      if (state.phase === "over" && Object.keys(state.memory.outs).length === 0)
        return { exit: state.exitCode };
      if (sys.matching.used > matchUnitsPerRound) break;
      sys.charge(3);
      const step = oneUnit(sys, io, state, program);
      if (step !== "more") return step;
    }
  } catch (error) {
    if (error instanceof AwkEndless) {
      state.spin = true;
      return undefined;
    }
    (state.calls.output ??= []).push(...io.pending);
    if (error instanceof AwkError)
      state.calls.output.push([2, `awk: cmd. line:1: ${error.message}\n`]);
    else if (error instanceof Errno) state.calls.output.push([2, `awk: ${error.message}\n`]);
    else if (!(error instanceof ToolExit)) throw error;
    state.phase = "over";
    state.memory.outs = {};
    state.exitCode = error instanceof ToolExit ? error.code : 1;
  }
  return pending(sys, state.calls);
}

function begin(io: Io, state: AwkState): void {
  const opts = options(io, "F:v:f:e:", { assign: "v", "field-separator": "F", file: "f" }, true);
  const rest = [...opts.rest];
  const parts = [
    ...opts.values("f").map((file) => io.input(file) ?? io.fail("no program")),
    ...opts.values("e"),
  ];
  if (parts.length === 0) {
    if (rest[0] === undefined) {
      usage(io, "awk [OPTIONS] [AWK_PROGRAM] [FILE]...");
      throw new ToolExit(1);
    }
    parts.push(rest.shift()!);
  }
  state.program = parts.join("\n");
  state.operands = rest;
  const set = (name: string, cell: Cell): void => void (state.memory.globals[`=${name}`] = cell);
  for (const [name, value] of Object.entries({
    FS: " ",
    OFS: " ",
    ORS: "\n",
    RS: "\n",
    SUBSEP: "\x1c",
    CONVFMT: "%.6g",
    OFMT: "%.6g",
  }))
    set(name, { value });
  for (const name of ["NR", "FNR", "RSTART"]) set(name, { value: 0 });
  set("RLENGTH", { value: -1 });
  const words = ["awk", ...rest];
  set("ARGC", { value: words.length });
  set("ARGV", { array: Object.fromEntries(words.map((word, i) => [`=${i}`, inputValue(word)])) });
  set("ENVIRON", {
    array: Object.fromEntries(
      Object.entries(io.sys.env).map(([name, value]) => [`=${name}`, inputValue(value)]),
    ),
  });
  const by = opts.value("F");
  if (by !== undefined) set("FS", { value: by === "t" ? "\t" : String(toText(by)) });
  for (const given of opts.values("v")) {
    const at = given.indexOf("=");
    if (at < 0) io.fail("invalid option");
    set(given.slice(0, at), { value: givenValue(given.slice(at + 1)) });
  }
  try {
    parseAwk(state.program);
  } catch (error) {
    if (!(error instanceof AwkProblem)) throw error;
    io.err(`awk: cmd. line:1: ${error.message}\n`);
    throw new ToolExit(1);
  }
}

const toText = (by: string): string => {
  const value = givenValue(by);
  return typeof value === "object" ? value.text : String(value);
};

export const awk: Program<AwkState> = {
  name: "awk",
  storedNames: {
    fields: { calls: "c", memory: "m", operands: "f", unread: "b", exitCode: "x" },
    inside: { calls: callNames, memory: memoryNames },
  },
  start(sys) {
    const io = new Io(sys);
    const state: AwkState = {
      program: "",
      calls: noCalls(),
      memory: { globals: {}, ranges: {}, seed: 1, inputs: {}, outs: {} },
      phase: "begin",
      operands: [],
      unread: "",
      exitCode: 0,
    };
    try {
      begin(io, state);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.calls.output = io.pending;
      state.phase = "over";
      state.exitCode = error.code;
    }
    return state;
  },
  step: awkStep,
  memoryBytes: (state) => 1_048_576 + (state?.unread.length ?? 0),
};
