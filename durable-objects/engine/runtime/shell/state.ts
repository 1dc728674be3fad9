/** A shell's memory: variables, frames, texts. Plain JSON; fork copies it. */
import { parsedCommandCharactersKeptMax, parsedCommandsKeptMax } from "../../core/limits.ts";
import type { Session } from "../kernel/state.ts";
import type { Kept, Line } from "../readline/line.ts";
import { Parser } from "./parser.ts";
import { SyntaxProblem, type Node, type Unit } from "./ast.ts";

/** Value (null: unset but marked), and marks: 1 exported, 2 read-only. */
export type Variable = [value: string | null, marks: number];
export const exported = 1;
export const readOnly = 2;

/** A node of the syntax tree: chunk, offset of the complete command, number. */
export type NodeRef = [chunk: string, offset: number, node: number];

/** A saved descriptor: where it was, and where its copy is (-1: it was closed). */
export type Saved = [fd: number, copy: number];

interface Base {
  /** Commands below are conditions: `set -e` does not look at them. */
  t?: 1;
}

export type Frame = Base &
  (
    | {
        k: "src";
        c: string;
        o: number;
        m: "c" | "f" | "in" | "eval" | "dot";
        /** Read so far. */ b?: string;
        /** Builtin `eval`, or the sourced file: who is named in complaints. */ n?: string;
        /** Syntax problem waits for the exit. */ eof?: 1;
        ln?: number;
        /** The line that is edited, and the terminal's modes before. */
        ed?: { line: Line; modes: Pick<Session, "raw" | "echo" | "noSignals"> };
      }
    | {
        k: "node";
        r: NodeRef;
        i: number;
        /** Expansion memory. */ m?: string[];
        w?: string[];
        /** Status of the last substitution. */ ss?: number;
        /** Assigned values and redirections' targets. */ a?: string[];
        d?: string[];
        x?: 1;
      }
    | {
        k: "wait";
        p: number[];
        /** Last of a pipeline. */ l: number;
        x?: number;
        /** Worst status of the others, with pipefail. */ pf?: number;
      }
    | { k: "sub"; fd: number; p: number; b: string }
    | { k: "call"; p: string[]; l: Record<string, Variable | null>; s?: Saved[]; z?: string }
    | { k: "undo"; s: Saved[]; v?: Record<string, Variable | null> }
    | { k: "trap"; st: number; x?: 1 }
    | {
        k: "read";
        a: string[];
        b: string;
        due?: number;
        raw: boolean;
        fd: number;
        n?: number;
        d: string;
        esc?: 1;
      }
    | { k: "waits"; p: number[]; x: number; /** Asked for by pid. */ y?: 1 }
  );

export type FrameOf<K extends Frame["k"]> = Extract<Frame, { k: K }>;

export interface Job {
  /** Job number. */
  n: number;
  /** Pids; the last one's status is the job's. */
  p: number[];
  x?: number;
  /** Signal that ended it. */
  s?: number;
  t: string;
  told?: 1;
  /** `wait` has returned its status: forgotten at the next fork. */
  w?: 1;
  /** The parent shell's: listed, not waited for. */
  o?: 1;
}

export interface ShellState {
  c: Record<string, string>;
  nc: number;
  f: Frame[];
  v: Record<string, Variable>;
  fn: Record<string, NodeRef>;
  st: number;
  p: string[];
  z: string;
  /** Options: letters. */
  o: string;
  tr: Record<string, string>;
  /** Signals whose traps wait. */
  pt?: number[];
  bg?: number;
  j: Job[];
  /** $$, also in subshells. */
  pid: number;
  ppid: number;
  /** Interactive. */
  ia?: 1;
  /** Runs in a child of the shell: no traps, no jobs. */
  sub?: 1;
  /** Output not taken yet. */
  po?: [number, string][];
  /** It is exiting with this. */
  x?: number;
  /** Name for complaints: a script's path. */
  script?: string;
  ln?: number;
  /** Lines before the first of a text that is part of another: what `eval` runs. */
  lb?: Record<string, number>;
  /** In a child of the shell: what its parent's complaints named, and whether lines are a sourced file's. */
  cn?: string;
  cd?: true;
  /** Bytes in variables, for the memory limit. */
  vb?: number;
  al?: Record<string, string>;
  /** Limits set by `ulimit`: soft and hard, by letter. */
  ul?: Record<string, [soft: string, hard: string]>;
  /** getopts: index within a word. */
  go?: number;
  /** How it was started, as `$-` shows it: c or s. */
  sm?: string;
  /** Flavour: differs in prompt and complaints. */
  fl?: "bash" | "dash";
  /** Lines of input read before the command that runs. */
  il?: number;
  /** What readline keeps between lines; absent: the history has not been read. */
  rl?: Kept;
  /** History of commands; whether the first line of the command that is typed is in it. */
  hi?: string[];
  hj?: 1;
}

const units = new Map<string, Unit | SyntaxProblem>();
let unitBytes = 0;

/** The complete command at an offset of a text; parsed once and kept for a while. */
export function unitAt(text: string, offset: number): Unit {
  const key = `${offset}:${text}`;
  let unit = units.get(key);
  if (!unit) {
    try {
      unit = new Parser(text, offset).unit();
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      unit = error;
    }
    unitBytes += key.length;
    if (units.size > parsedCommandsKeptMax || unitBytes > parsedCommandCharactersKeptMax) {
      units.clear();
      unitBytes = key.length;
    }
    units.set(key, unit);
  }
  if (unit instanceof SyntaxProblem) throw unit;
  return unit;
}

/** The node a reference names. */
export function nodeAt(state: ShellState, [chunk, offset, node]: NodeRef): Node {
  return unitAt(state.c[chunk] ?? "", offset).nodes[node] as Node;
}

export function addChunk(state: ShellState, text: string, linesBefore = 0): string {
  const id = String(state.nc++);
  state.c[id] = text;
  if (linesBefore) state.lb = { ...state.lb, [id]: linesBefore };
  return id;
}

/** Forgets texts that no frame and no function names. */
export function sweepChunks(state: ShellState): void {
  const used = new Set<string>();
  for (const frame of state.f) {
    if (frame.k === "src") used.add(frame.c);
    if (frame.k === "node") used.add(frame.r[0]);
  }
  for (const name in state.fn) used.add((state.fn[name] as NodeRef)[0]);
  for (const id in state.c) if (!used.has(id)) delete state.c[id];
  if (!state.lb) return;
  const kept = Object.entries(state.lb).filter(([id]) => used.has(id));
  if (kept.length) state.lb = Object.fromEntries(kept);
  else delete state.lb;
}
