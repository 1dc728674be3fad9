/** A shell's memory: variables, frames, texts. Plain JSON; fork copies it. */
import { parsedCommandCharactersKeptMax, parsedCommandsKeptMax } from "../../core/limits.ts";
import type { Grammar } from "./bash/cursor.ts";
import type { TerminalModes } from "../kernel/terminal-modes.ts";
import type { CompletionFrame, Job } from "./jobs/job.ts";
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

interface Base {
  /** Commands below are conditions: `set -e` does not look at them. */
  tested?: 1;
}

export type Frame = Base &
  /** A text whose commands run one after the other. */
  (
    | {
        kind: "src";
        /** Text: key in `chunks`; of input it is empty. */
        chunk: string;
        /** Where in the text the next command begins. */
        offset: number;
        /** Where it comes from: `-c`, a script, input, `eval` and traps, a sourced file. */
        mode: "c" | "f" | "in" | "eval" | "dot";
        /** Of input: read and not yet run. */
        unread?: string;
        /** Builtin `eval`, or the sourced file: who is named in complaints. */
        name?: string;
        /** Of input: it has ended; what is left runs before the shell does. */
        inputEnded?: 1;
        /** Of a sourced file: line of the call. Of input: a prompt stands. */
        line?: number;
        /** Of input: PROMPT_COMMAND has run. */
        promptCommandRan?: 1;
        /** The line that is edited, and the terminal's modes before. */
        editing?: { line: Line; modes: TerminalModes };
      }
    /** A command. */
    | {
        kind: "node";
        ref: NodeRef;
        /** How far it has come; each kind of command counts in its own way. */
        progress: number;
        /** What the word under way has learned so far: results of substitutions and of effects, in order. */
        memo?: string[];
        /** Fields that its words have become. */
        words?: string[];
        /** Status of the last substitution, or of a loop's last body. */
        lastStatus?: number;
        /** Assigned values; items of a loop; the word of `case`. */
        values?: string[];
        /** Redirections' targets. */
        targets?: string[];
        /** Its redirections are in place. */
        redirected?: 1;
        /** Lists that are assigned, by the number of the assignment; of arguments, by `w` and that of the word. */
        lists?: Record<string, ListItem[]>;
        /** Descriptors of `<( )` and `>( )`. */
        substitutionFds?: number[];
        debugTrapRan?: 1;
        /** Of `case`: a body has run behind which there is more. */
        fallsThrough?: 1;
      }
    /** The foreground job. */
    | {
        kind: "wait";
        /** Those that run. */
        pids: number[];
        /** Last of a pipeline. */
        lastPid: number;
        status?: number;
        /** Worst status of the others, with pipefail. */
        pipefailStatus?: number;
        /** bash: parts of a pipeline in order, and their statuses; -1: the last, which runs in the shell itself. */
        order?: number[];
        statuses?: Record<string, number>;
        lastInShell?: 1;
        /** What is said of it when a signal ends it. */
        command?: NodeRef;
        /** With job control: the job it is, and the terminal's modes before. */
        job?: number;
        modes?: TerminalModes;
        /** ^C has ended one of its processes. */
        interrupted?: true;
      }
    /** A substitution: the pipe that is read (-1: to its end), and what came. */
    | { kind: "sub"; fd: number; pid: number; output: string }
    /** A function, or a sourced file with parameters of its own. */
    | {
        kind: "call";
        /** The caller's. */
        parameters: string[];
        /** What its variables hide; null: there was none. */
        locals: Record<string, Variable | null>;
        saved?: Saved[];
        /** The function's. */
        name?: string;
        /** bash: line and source of the call, file of the function. */
        line?: number;
        file?: string;
        /** Options of the caller, which `local -` brings back. */
        callerOptions?: string;
        /** The trap for RETURN runs at its end; it has run. */
        returnTrap?: 1;
        returnTrapRan?: 1;
      }
    /** Redirections and assignments that hold for what is above it. */
    | { kind: "undo"; saved: Saved[]; variables?: Record<string, Variable | null> }
    | {
        kind: "trap";
        /** The status before, which is the status again behind it. */
        status: number;
        /** Which: ERR, DEBUG, RETURN; absent: of a signal, EXIT, PROMPT_COMMAND. */
        name?: string;
        line?: number;
        /** The shell ends behind it. */
        exits?: 1;
      }
    /** A prompt whose parameters are expanded: a here-document that holds it. */
    | { kind: "prompt"; ref: NodeRef; memo?: string[]; substitutionFds?: number[] }
    /** A pipe that is read to its end before it is sourced, under a name and with parameters. */
    | { kind: "load"; fd: number; text: string; name: string; parameters?: string[] }
    | CompletionFrame
    /** A command that is timed, from that moment on. */
    | { kind: "time"; from: number; posix?: 1 }
    /** `mapfile`: what was read and is no line yet, and as many empty texts as lines were taken. */
    | { kind: "map"; options: MapOptions; unread: string; taken: string[]; done?: 1 }
    | {
        kind: "read";
        names: string[];
        /** Read so far, with the backslashes that count. */
        text: string;
        /** When it gives up, virtual ms. */
        due?: number;
        raw: boolean;
        fd: number;
        /** Characters. */
        most?: number;
        delimiter: string;
        /** A backslash was last. */
        escaped?: 1;
        /** Fields go into an array. */
        array?: 1;
        /** Nothing but the count ends it. */
        whole?: 1;
      }
    /** The builtin `wait`. */
    | {
        kind: "waits";
        pids: number[];
        status: number;
        /** Asked for by pid. */
        byPid?: 1;
        /** The first of as many is enough. */
        outOf?: number;
        /** Variable that gets its pid. */
        pidVariable?: string;
      }
  );

/** One element of a list: index or key (null: the next one), value, whether it is added to what is there. */
export type ListItem = [key: string | null, value: string, append?: 1];

/** Options of `mapfile`. */
export interface MapOptions {
  /** The array. */
  name: string;
  delimiter: string;
  /** Lines at most; 0: all. */
  count: number;
  /** Index of the first. */
  origin: number;
  /** Lines passed over. */
  skip: number;
  /** Delimiters go. */
  trimmed?: 1;
  fd: number;
  /** Whether the array keeps what it has. */
  keep?: 1;
  /** Command that is run for each `quantum` lines. */
  callback?: string;
  quantum: number;
}

export type FrameOf<K extends Frame["kind"]> = Extract<Frame, { kind: K }>;

/** Names on disk: stored-names.ts. */
export interface ShellState {
  /** Texts that are run, by id, and the next one's. */
  chunks: Record<string, string>;
  nextChunk: number;
  /** What is under way, the innermost last. */
  frames: Frame[];
  variables: Record<string, Variable>;
  functions: Record<string, NodeRef>;
  /** $? */
  status: number;
  /** $1 and on. */
  parameters: string[];
  /** $0 */
  argumentZero: string;
  /** Those that are on: letters. */
  options: string;
  /** Actions by signal's number, EXIT, ERR, DEBUG, RETURN; "": ignored. */
  traps: Record<string, string>;
  /** Signals whose traps wait. */
  pendingTraps?: number[];
  /** $! */
  lastBackgroundPid?: number;
  jobs: Job[];
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
  interactive?: 1;
  /** Runs in a child of the shell: no traps, no jobs. */
  inSubshell?: 1;
  /** Output not taken yet: descriptor and text. */
  pendingOutput?: [number, string][];
  /** It is exiting with this. */
  exitStatus?: number;
  /** Name for complaints: a script's path. */
  script?: string;
  /** Of the command that runs. */
  line?: number;
  /** Lines before the first of a text that is part of another: what `eval` runs. */
  linesBefore?: Record<string, number>;
  /** In a child of the shell: what its parent's complaints named, and whether lines are a sourced file's. */
  complaintName?: string;
  sourced?: true;
  /** Bytes in variables, for the memory limit. */
  variableBytes?: number;
  aliases?: Record<string, string>;
  /** Limits set by `ulimit`: soft and hard, by letter. */
  limits?: Record<string, [soft: string, hard: string]>;
  /** getopts: index within a word. */
  getoptsIndex?: number;
  /** How it was started, as `$-` shows it: c or s. */
  startedBy?: string;
  /** Differs in prompt and complaints; absent: ash. */
  flavour?: "bash" | "dash";
  /** Lines of input read before the command that runs. */
  inputLines?: number;
  /** bash: what `shopt` has changed. */
  shopts?: Record<string, boolean>;
  /** bash: texts with `@(a|b)` patterns, from which offset on. */
  extendedFrom?: Record<string, number>;
  /** Files that texts are of. */
  chunkFiles?: Record<string, string>;
  /** Statuses of the last pipeline. */
  pipeStatus?: number[];
  /** $_: last argument of the command before. */
  lastArgument?: string;
  randomState?: [seed: number, last: number];
  /** What SECONDS counts from, virtual ms. */
  secondsFromMs?: number;
  /** Folders below the current one. */
  directoryStack?: string[];
  /** Depth of what is traced, from the shells above. */
  traceDepth?: number;
  subshellDepth?: number;
  /** Functions that the shells above run. */
  outerCalls?: [name: string, line: number, file: string][];
  /** Completions by command: words of `complete`. */
  completions?: Record<string, string[]>;
  /** A completion function runs; options it has changed by `compopt`. */
  completion?: { options: Record<string, boolean> };
  /** Builtins that `enable -n` took away. */
  disabledBuiltins?: string[];
  /** Paths that `hash` has been told. */
  hashedPaths?: Record<string, string>;
  exportedFunctions?: string[];
  /** The command that runs. */
  runningCommand?: NodeRef;
  /** What readline keeps between lines; absent: the history has not been read. */
  readline?: Kept;
  /** Commands that were typed. */
  history?: string[];
  /** The first line of the command that is typed is in it. */
  firstLineNoted?: 1;
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
  if (state.flavour !== "bash") return 0;
  const from = state.extendedFrom?.[chunk];
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
  return unitAt(state.chunks[chunk] ?? "", offset, mode).nodes[node] as Node;
}

export function addChunk(state: ShellState, text: string, linesBefore = 0): string {
  const id = String(state.nextChunk++);
  state.chunks[id] = text;
  if (linesBefore) state.linesBefore = { ...state.linesBefore, [id]: linesBefore };
  return id;
}

/** Forgets texts that no frame and no function names. */
export function sweepChunks(state: ShellState): void {
  const used = new Set<string>();
  for (const frame of state.frames) {
    if (frame.kind === "src") used.add(frame.chunk);
    if (frame.kind === "node" || frame.kind === "prompt") used.add(frame.ref[0]);
  }
  if (state.runningCommand) used.add(state.runningCommand[0]);
  for (const name in state.functions) used.add((state.functions[name] as NodeRef)[0]);
  for (const id in state.chunks) if (!used.has(id)) delete state.chunks[id];
  for (const table of [state.extendedFrom, state.chunkFiles])
    for (const id in table) if (!used.has(id)) delete table[id];
  if (!state.linesBefore) return;
  const kept = Object.entries(state.linesBefore).filter(([id]) => used.has(id));
  if (kept.length) state.linesBefore = Object.fromEntries(kept);
  else delete state.linesBefore;
}
