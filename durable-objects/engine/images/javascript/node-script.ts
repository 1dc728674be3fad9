/** Node.js programs as processes: begun, run on, asked by requests and signals. */
import { nodeHeapBytesMax, scriptStepsAtOnceMax } from "../../core/limits.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { Errno } from "../../runtime/errno.ts";
import type { HttpAnswer, Step } from "../../runtime/kernel/calls.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { languageVersion, refuse } from "../languages.ts";
import { readUnit } from "./compile.ts";
import { inspect } from "./inspect.ts";
import { NodeProcess, type OwnLibrary, type StoredNode } from "./node-host.ts";
import { Refused } from "./tokens.ts";
import { Obj, textOf, type Value } from "./values.ts";

export interface NodeState {
  /** A program that is run operation by operation. */
  node?: StoredNode;
  nodeWords?: string[];
  nodeVersion?: string;
  exitCode?: number;
}

/** CPU of one operation, microseconds. */
const stepCost = 0.1;

/** A program that has not paused for so many operations has no end that is worth following in full: each costs it more. */
const busySteps = 500_000;
const busyCost = 10;

/** And of a byte that it holds, which is written down after each look at it. */
const byteCost = 0.02;

/** V8's last words. node: src/api/environment.cc, V8 FatalProcessOutOfMemory */
function heapFull(sys: Sys): Step {
  sys.complain("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"); // prettier-ignore
  return { exit: 134 };
}

/** Processes as they run, by what they are stored as: only to save reading that back. */
const live = new WeakMap<StoredNode, NodeProcess>();

function processOf(sys: Sys, state: NodeState, own?: OwnLibrary): NodeProcess {
  const stored = state.node as StoredNode;
  const known = live.get(stored);
  if (known) {
    known.sys = sys;
    known.machine.matching = sys.matching;
    return known;
  }
  const argv = ["/usr/local/bin/node", ...(state.nodeWords ?? []).map(decodeUtf8)];
  const made = new NodeProcess(sys, argv, state.nodeVersion ?? "", stored.units, own);
  made.restore(stored);
  return made;
}

function keepProcess(sys: Sys, state: NodeState, process: NodeProcess): void {
  state.node = process.store();
  live.set(state.node, process);
  sys.held = JSON.stringify(state.node).length;
}

const fileOf = (units: Record<string, string>): string => Object.keys(units)[0] ?? "[eval]";

function lineOf(text: string, line: number): string {
  return text.split("\n")[line - 1] ?? "";
}

/**
 * Takes a program's text. A text that is none is told as Node.js does; what the machine does not know is refused.
 * `path` is "[eval]" for a text of the command line.
 */
export function takeNode(
  sys: Sys,
  path: string,
  source: string,
  words: readonly string[],
  own?: OwnLibrary,
): NodeState {
  const text = decodeUtf8(source);
  const version = languageVersion(sys, "node");
  const unit = readUnit(text);
  if (unit instanceof Refused) {
    const { beyond, line, message } = unit;
    if (beyond) refuse(sys, "node", message);
    else
      sys.complain(encodeUtf8(`${path}:${line}\n${lineOf(text, line)}\n^\n\nSyntaxError: ${message}\n\nNode.js v${version}\n`)); // prettier-ignore
    return { exitCode: 1 };
  }
  const state: NodeState = {
    node: { units: { [path]: text }, servers: [], pending: [], heard: [] },
    nodeWords: [...(path === "[eval]" ? [] : [path]), ...words],
    nodeVersion: version,
  };
  const process = processOf(sys, state, own);
  process.begin(path);
  keepProcess(sys, state, process);
  return state;
}

/** What an uncaught error is told as. */
function complaint(process: NodeProcess, value: Value, unit: string, line: number): string {
  const path = unit === "library" || unit === "" ? fileOf(process.units) : unit;
  const at = Math.max(1, unit === "library" ? 1 : line);
  const where = `${path}:${at}`;
  const source = lineOf(process.units[path] ?? "", at);
  const end = `\n\nNode.js v${process.version}\n`;
  if (!(value instanceof Obj) || value.kind !== "error")
    return `${where}\n${source}\n^\n${inspect(value, 2, false)}\n(Use \`node --trace-uncaught ...\` to show where the exception was thrown)${end}`;
  const stack = textOf(value.props.get("stack") ?? "");
  if (!stack.includes("\n    at")) value.props.set("stack", `${stack}\n    at <anonymous>`);
  const told = inspect(value).replace("at <anonymous>", `at ${where}:1`);
  return `${where}\n${source}\n^\n\n${told}${end}`;
}

/** Runs on as far as one look at a process goes. */
export function runNode(sys: Sys, state: NodeState, own?: OwnLibrary): Step {
  const process = processOf(sys, state, own);
  const { machine } = process;
  const before = machine.steps;
  try {
    const step = advance(process, before);
    const made = machine.steps - before;
    process.busy = step && "wait" in step ? 0 : process.busy + made;
    sys.charge(made * (process.busy > busySteps ? busyCost : stepCost));
    if (step && "exit" in step) return step;
    keepProcess(sys, state, process);
    sys.charge(sys.held * byteCost);
    return sys.held > nodeHeapBytesMax ? heapFull(sys) : step;
  } catch (error) {
    // What V8 itself makes no value of, and a pattern that finds no more memory.
    if (!(error instanceof RangeError) && !(error instanceof Errno)) throw error;
    sys.complain(`node: this sandbox cannot run so much at once: ${error.message}\n`);
    return { exit: 1 };
  }
}

function advance(process: NodeProcess, before: number): Step {
  const { machine } = process;
  for (;;) {
    const left = scriptStepsAtOnceMax - (machine.steps - before);
    if (left <= 0) return undefined;
    const done = machine.run(left);
    if (process.exit !== undefined) return { exit: process.exit };
    if (machine.failure) {
      const { value, unit, line } = machine.failure;
      process.sys.complain(encodeUtf8(complaint(process, value, unit, line)));
      return { exit: 1 };
    }
    if (!done) return undefined;
    if (process.happen()) continue;
    const wait = process.wait();
    if (wait) return { wait };
    const own = machine.globals.names.get("process");
    const code = own instanceof Obj ? own.props.get("exitCode") : undefined;
    return { exit: typeof code === "number" ? code & 255 : 0 };
  }
}

const names: Record<number, string> = { 1: "SIGHUP", 2: "SIGINT", 10: "SIGUSR1", 12: "SIGUSR2", 15: "SIGTERM" }; // prettier-ignore

export const nodeHandles = (state: NodeState, signal: number): boolean =>
  state.node?.heard.includes(names[signal] ?? "") ?? false;

/** A signal that the program has a handler for. */
export function nodeSignal(sys: Sys, state: NodeState, signal: number): Step {
  const process = processOf(sys, state);
  const fn = process.machine.globals.names.get("$took") as Obj;
  process.machine.jobs.push({ fn, args: [names[signal] ?? ""] });
  keepProcess(sys, state, process);
  return undefined;
}

export function nodeHttp(
  sys: Sys,
  state: NodeState,
  request: HttpRequest,
): HttpAnswer | "pending" | "reset" {
  const { pending } = state.node as StoredNode;
  const id = request.id ?? 0;
  const at = pending.findIndex((one) => one.id === id);
  const known = pending[at];
  if (known?.response) {
    pending.splice(at, 1);
    sys.kernel.touch();
    return { response: known.response };
  }
  if (!known) {
    pending.push({ id, request });
    delete sys.process.wait;
    sys.kernel.touch();
  }
  return "pending";
}
