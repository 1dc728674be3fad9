/** A program of the little interpreters as a process: where it stands and its variables are its state. */
import {
  scriptOperationStepsMax,
  scriptStepsAtOnceMax,
  scriptStepsMax,
} from "../../core/limits.ts";
import type { NamesOf } from "../../core/record-codec.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { languageVersion, refuse } from "../languages.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { readProgram } from "./program.ts";
import { ScriptRun } from "./run.ts";
import { Unsupported, type Language } from "./tokens.ts";
import { Budget, ScriptError, type Value } from "./values.ts";

export interface ScriptState {
  /** Its text. */
  source?: string;
  /** Next operation. */
  at?: number;
  /** Variables, written down. */
  variables?: Record<string, unknown>;
  /** It sleeps until then. */
  wakeMs?: number;
  /** perl -l. */
  lineEnds?: true;
  /** Words behind the program. */
  words?: string[];
  exitCode?: number;
}

/** Names on disk. */
export const scriptNames: NamesOf<ScriptState> = {
  fields: { variables: "v", wakeMs: "t", lineEnds: "l", words: "w", exitCode: "x" },
};

/** Numbers that JSON has not, and what is no plain list, written down with a mark. */
function written(value: Value, budget: Budget): unknown {
  budget.take(typeof value === "string" ? value.length : 4);
  if (typeof value === "bigint") return { i: value.toString() };
  if (value === undefined) return { u: 1 };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { n: Object.is(value, -0) ? "-0" : String(value) };
  if (Array.isArray(value)) return value.map((item) => written(item, budget));
  if (value instanceof Map)
    return { m: [...value].map(([key, item]) => [key, written(item, budget)]) };
  return value;
}

function readBack(value: unknown): Value {
  if (Array.isArray(value)) return value.map(readBack);
  if (typeof value !== "object" || value === null) return value as Value;
  const marked = value as { i?: string; n?: string; m?: [string, unknown][] };
  if (marked.i !== undefined) return BigInt(marked.i);
  if (marked.n !== undefined) return Number(marked.n);
  if (marked.m) return new Map(marked.m.map(([key, item]) => [key, readBack(item)]));
  return undefined;
}

function complaint(language: Language, { kind, message }: ScriptError): string {
  switch (language) {
    case "python":
      return `Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n${kind}: ${message}\n`;
    case "perl":
      return `${message} at -e line 1.\n`;
    case "ruby":
      return `-e:1:in '<main>': ${message} (${kind})\n`;
    case "php":
      return `PHP Fatal error:  Uncaught ${kind}: ${message} in Command line code:1\n`;
  }
}

/** Takes a program's text; what is beyond us is refused. */
export function takeScript(sys: Sys, language: Language, source: string): ScriptState {
  const program = readProgram(`${language} ${decodeUtf8(source)}`);
  if (!("bad" in program)) return { source };
  refuse(sys, language, program.bad);
  return { exitCode: 1 };
}

/** Runs on, up to a pause or as far as one look at a process goes. */
export function runScript(sys: Sys, state: ScriptState, language: Language): Step {
  if (state.wakeMs !== undefined && sys.now < state.wakeMs)
    return { wait: { untilMs: state.wakeMs } };
  delete state.wakeMs;
  const program = readProgram(`${language} ${decodeUtf8(state.source ?? "")}`);
  if ("bad" in program) return { exit: 1 };
  const vars = new Map(
    Object.entries(state.variables ?? {}).map(([name, value]) => [name, readBack(value)]),
  );
  const used = { steps: 0 };
  const run = new ScriptRun(language, hostOf(sys, state, language, used), vars);
  try {
    for (let left = scriptStepsMax; left > 0 && used.steps < scriptStepsAtOnceMax; left--) {
      const op = program[state.at ?? 0];
      if (!op) return { exit: 0 };
      const { next, outcome } = run.step(op, state.at ?? 0);
      state.at = next;
      if (!outcome) continue;
      if ("exit" in outcome) return { exit: outcome.exit };
      state.wakeMs = sys.now + outcome.sleepMs;
      keepVariables(sys, state, vars);
      return { wait: { untilMs: state.wakeMs } };
    }
    keepVariables(sys, state, vars);
    return undefined;
  } catch (error) {
    return failed(sys, language, error);
  }
}

function keepVariables(sys: Sys, state: ScriptState, vars: Map<string, Value>): void {
  if (vars.size === 0) delete state.variables;
  else {
    const budget = new Budget();
    state.variables = Object.fromEntries(
      [...vars].map(([name, value]) => [name, written(value, budget)]),
    );
  }
  sys.held = state.variables ? JSON.stringify(state.variables).length : 0;
}

function failed(sys: Sys, language: Language, error: unknown): Step {
  if (error instanceof Unsupported) {
    refuse(sys, language, error.message);
    return { exit: 1 };
  }
  if (error instanceof ScriptError) {
    sys.complain(encodeUtf8(complaint(language, error)));
    return { exit: language === "perl" || language === "php" ? 255 : 1 };
  }
  // What V8 itself makes no value of: a text or number out of its range, a mixture of number types.
  if (error instanceof RangeError || error instanceof TypeError) {
    refuse(sys, language, error.message);
    return { exit: 1 };
  }
  throw error;
}

/** CPU of one evaluated step, microseconds. */
const stepCost = 0.2;

function hostOf(
  sys: Sys,
  state: ScriptState,
  language: Language,
  used: { steps: number },
): ScriptRun["host"] {
  return {
    now: sys.now,
    hostname: sys.container.hostname,
    argv: (state.words ?? []).map(decodeUtf8),
    env: Object.fromEntries(
      Object.entries(sys.env).map(([name, value]) => [name, decodeUtf8(value)]),
    ),
    version: languageVersion(sys, language),
    lineEnds: state.lineEnds === true,
    random: () => sys.random(),
    write: (fd, text) => void sys.write(fd, encodeUtf8(text)),
    charge(more = 1) {
      used.steps += more;
      if (used.steps > scriptOperationStepsMax) throw new Unsupported("so much at once");
      sys.charge(stepCost * more);
    },
  };
}
