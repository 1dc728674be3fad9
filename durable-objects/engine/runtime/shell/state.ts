/** A shell's memory: variables, frames, texts. Plain JSON; fork copies it. */
import { parsedCommandCharactersKeptMax, parsedCommandsKeptMax } from "../../core/limits.ts";
import type { Grammar } from "./bash/cursor.ts";
import type { Session } from "../kernel/state.ts";
import type { Word as CompletedWord } from "../readline/completion.ts";
import type { Kept, Line } from "../readline/line.ts";
import { Parser } from "./parser.ts";
import { SyntaxProblem, type Node, type Unit } from "./ast.ts";

/**
 * Value (null: unset but marked), and marks; an array's elements, by index, or by `.` and key. An array's value is "" once
 * it has been assigned to.
 */
export type Variable = [value: string | null, marks: number, elements?: Elements];
export type Elements = Record<string, string>;
export const exported = 1;
export const readOnly = 2;
// bash's own.
export const integer = 4;
export const lowerCase = 8;
export const upperCase = 16;
export const nameReference = 32;
export const indexed = 64;
export const mapped = 128;
export const traced = 256;

/** A node of the syntax tree: chunk, offset of the complete command, number. */
export type NodeRef = [chunk: string, offset: number, node: number];

/** A saved descriptor: where it was, and where its copy is (-1: it was closed). */
export type Saved = [fd: number, copy: number];

export type TerminalModes = Pick<Session, "raw" | "echo" | "noSignals">;

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
        /** PROMPT_COMMAND has run. */
        pc?: 1;
        /** The line that is edited, and the terminal's modes before. */
        ed?: { line: Line; modes: TerminalModes };
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
        /** Lists that are assigned, by the number of the assignment; of arguments, by `w` and that of the word. */
        li?: Record<string, ListItem[]>;
        /** Descriptors of `<( )` and `>( )`. */
        ps?: number[];
        /** The trap for DEBUG has run. */
        db?: 1;
        /** Of `case`: a body has run behind which there is more. */
        nx?: 1;
      }
    | {
        k: "wait";
        p: number[];
        /** Last of a pipeline. */ l: number;
        x?: number;
        /** Worst status of the others, with pipefail. */ pf?: number;
        /** bash: parts of a pipeline in order, and their statuses; the last runs in the shell itself. */
        q?: number[];
        qs?: Record<string, number>;
        lp?: 1;
        /** The command. */
        tx?: NodeRef;
        /** With job control: the job it is, and the terminal's modes before. */
        job?: number;
        modes?: TerminalModes;
        /** ^C has ended one of its processes. */
        interrupted?: true;
      }
    | { k: "sub"; fd: number; p: number; b: string }
    | {
        k: "call";
        p: string[];
        l: Record<string, Variable | null>;
        s?: Saved[];
        z?: string;
        /** bash: line and source of the call, file of the function. */
        ln?: number;
        fs?: string;
        /** Options of the caller, which `local -` brings back. */
        lo?: string;
        /** The trap for RETURN runs at its end; it has run. */
        rt?: 1;
        rd?: 1;
      }
    | { k: "undo"; s: Saved[]; v?: Record<string, Variable | null> }
    | {
        k: "trap";
        st: number;
        x?: 1;
        /** Which: ERR, DEBUG, RETURN. */ z?: string;
        ln?: number;
        /** The shell ends behind it. */ e?: 1;
      }
    /** A prompt whose parameters are expanded: a here-document that holds it. */
    | { k: "prompt"; r: NodeRef; m?: string[]; ps?: number[] }
    /** A pipe that is read to its end before it is sourced. */
    | { k: "load"; fd: number; b: string; n: string; p?: string[] }
    /** Keys wait while a function finds out what may be completed. */
    | {
        k: "complete";
        word: CompletedWord;
        /** Whose completion it is; it may have been loaded and be asked for again. */
        spec: string;
        lists: boolean;
        again: boolean;
        tries: number;
        /** Status, last argument, statuses of the last pipeline. */
        before: { st: number; la?: string; pp?: number[] };
      }
    /** A command that is timed, from that moment on. */
    | { k: "time"; from: number; p?: 1 }
    | { k: "map"; a: MapOptions; b: string; w: string[]; done?: 1 }
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
        /** Fields go into an array; nothing but the count ends it. */
        ar?: 1;
        whole?: 1;
      }
    | {
        k: "waits";
        p: number[];
        x: number;
        /** Asked for by pid. */ y?: 1;
        /** The first of as many is enough. */ n?: number;
        /** Gets its pid. */ v?: string;
      }
  );

/** One element of a list: index or key (null: the next one), value, whether it is added to what is there. */
export type ListItem = [key: string | null, value: string, append?: 1];

/** Options of `mapfile`: array, delimiter, count, origin, lines passed over, whether delimiters go, descriptor. */
export interface MapOptions {
  name: string;
  d: string;
  n: number;
  o: number;
  s: number;
  t?: 1;
  fd: number;
  /** Whether the array keeps what it has. */
  keep?: 1;
  c?: string;
  q: number;
}

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
  /** Its process group; absent: it was started without job control. */
  group?: number;
  /** The shell waits for it, and it has the terminal. */
  foreground?: true;
  /** What ended before the whole has: status and signal, by pid. */
  ended?: Record<string, [status: number, signal?: number]>;
  /** Which of its processes are stopped, and the signal, once all are. */
  stopped?: number[];
  stopSignal?: number;
  /** How it stands has been told. */
  notified?: true;
  /** Commands of a pipeline's processes. */
  parts?: string[];
  /** Folder it was started in. */
  folder?: string;
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
  /** Numbers of the current job and the previous one. */
  currentJob?: number;
  previousJob?: number;
  /** The last command was `exit`, which stopped jobs kept from ending the shell, or `jobs`. */
  knowsOfJobs?: true;
  /** Group that had the terminal before a shell that controls jobs. */
  groupBefore?: number;
  /** In a child of an interactive shell. */
  interactiveAbove?: true;
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
  /** Of bash: what `shopt` has changed; texts with `@(a|b)` patterns, from which offset on. */
  so?: Record<string, boolean>;
  xp?: Record<string, number>;
  /** Files that texts are of. */
  cf?: Record<string, string>;
  /** Statuses of the last pipeline. */
  pp?: number[];
  /** Last argument of the command before. */
  la?: string;
  /** Seed of RANDOM, and the last number; what SECONDS counts from. */
  rs?: [seed: number, last: number];
  ss?: number;
  /** Stack of folders below the current one. */
  ds?: string[];
  /** Depth of what is traced, from the shells above. */
  xl?: number;
  /** Depth of subshells; functions that the shells above them run. */
  sd?: number;
  cs?: [name: string, line: number, file: string][];
  /** Completions by command: words of `complete`. */
  cc?: Record<string, string[]>;
  /** A completion function runs; options it has changed by `compopt`. */
  completion?: { options: Record<string, boolean> };
  /** Builtins that `enable -n` took away. */
  nb?: string[];
  /** Paths that `hash` has been told. */
  hp?: Record<string, string>;
  /** Functions that are exported. */
  xf?: string[];
  /** The command that runs. */
  bc?: NodeRef;
  /** What readline keeps between lines; absent: the history has not been read. */
  rl?: Kept;
  /** History of commands; whether the first line of the command that is typed is in it. */
  hi?: string[];
  hj?: 1;
}

/** By text, then by grammar and offset: a text is long, and what it is known by is worked out once. */
const units = new Map<string, Map<string, Unit | SyntaxProblem>>();
let unitCount = 0;
let unitBytes = 0;

/** Which grammar a text is read by: POSIX's, bash's, bash's with extended patterns. */
export type Mode = 0 | 1 | 2;

export const grammars: readonly Grammar[] = [
  { bash: false, ext: false },
  { bash: true, ext: false },
  { bash: true, ext: true },
];

export function modeOf(state: ShellState, chunk: string, offset: number): Mode {
  if (state.fl !== "bash") return 0;
  const from = state.xp?.[chunk];
  return from !== undefined && offset >= from ? 2 : 1;
}

/** The complete command at an offset of a text; parsed once and kept for a while. */
export function unitAt(text: string, offset: number, mode: Mode = 0): Unit {
  const key = `${mode}${offset}`;
  let unit = units.get(text)?.get(key);
  if (!unit) {
    try {
      unit = new Parser(text, offset, { ...grammars[mode]! }).unit();
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      unit = error;
    }
    unitCount++;
    unitBytes += text.length;
    if (unitCount > parsedCommandsKeptMax || unitBytes > parsedCommandCharactersKeptMax) {
      units.clear();
      unitCount = 1;
      unitBytes = text.length;
    }
    let known = units.get(text);
    if (!known) units.set(text, (known = new Map()));
    known.set(key, unit);
  }
  if (unit instanceof SyntaxProblem) throw unit;
  return unit;
}

/** The node a reference names. */
export function nodeAt(state: ShellState, [chunk, offset, node]: NodeRef): Node {
  const mode = modeOf(state, chunk, offset);
  return unitAt(state.c[chunk] ?? "", offset, mode).nodes[node] as Node;
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
    if (frame.k === "node" || frame.k === "prompt") used.add(frame.r[0]);
  }
  if (state.bc) used.add(state.bc[0]);
  for (const name in state.fn) used.add((state.fn[name] as NodeRef)[0]);
  for (const id in state.c) if (!used.has(id)) delete state.c[id];
  for (const table of [state.xp, state.cf])
    for (const id in table) if (!used.has(id)) delete table[id];
  if (!state.lb) return;
  const kept = Object.entries(state.lb).filter(([id]) => used.has(id));
  if (kept.length) state.lb = Object.fromEntries(kept);
  else delete state.lb;
}
