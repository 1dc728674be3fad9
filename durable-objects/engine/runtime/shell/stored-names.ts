/** Names of a shell's memory on disk (state.ts has the full ones). */
import type { NamesOf } from "../../core/record-codec.ts";
import type { Frame, FrameOf, MapOptions, ShellState } from "./state.ts";
import type { Job } from "./jobs/job.ts";

const mapOptions: NamesOf<MapOptions> = {
  fields: {
    delimiter: "d",
    count: "n",
    origin: "o",
    skip: "s",
    trimmed: "t",
    callback: "c",
    quantum: "q",
  },
};

const frameNames: { readonly [K in Frame["kind"]]: NamesOf<FrameOf<K>> } = {
  src: {
    fields: {
      chunk: "c",
      offset: "o",
      mode: "m",
      unread: "b",
      name: "n",
      inputEnded: "eof",
      line: "ln",
      promptCommandRan: "pc",
      editing: "ed",
    },
  },
  node: {
    fields: {
      ref: "r",
      progress: "i",
      memo: "m",
      words: "w",
      lastStatus: "ss",
      values: "a",
      targets: "d",
      redirected: "x",
      lists: "li",
      substitutionFds: "ps",
      debugTrapRan: "db",
      fallsThrough: "nx",
    },
  },
  wait: {
    fields: {
      pids: "p",
      lastPid: "l",
      status: "x",
      pipefailStatus: "pf",
      order: "q",
      statuses: "qs",
      lastInShell: "lp",
      command: "tx",
    },
  },
  sub: { fields: { pid: "p", output: "b" } },
  call: {
    fields: {
      parameters: "p",
      locals: "l",
      saved: "s",
      name: "z",
      line: "ln",
      file: "fs",
      callerOptions: "lo",
      returnTrap: "rt",
      returnTrapRan: "rd",
    },
  },
  undo: { fields: { saved: "s", variables: "v" } },
  trap: { fields: { status: "st", name: "z", line: "ln", exits: "e" } },
  prompt: { fields: { ref: "r", memo: "m", substitutionFds: "ps" } },
  load: { fields: { text: "b", name: "n", parameters: "p" } },
  complete: {},
  time: { fields: { posix: "p" } },
  map: { fields: { options: "a", unread: "b", taken: "w" }, inside: { options: mapOptions } },
  read: {
    fields: { names: "a", text: "b", most: "n", delimiter: "d", escaped: "esc", array: "ar" },
  },
  waits: { fields: { pids: "p", status: "x", byPid: "y", outOf: "n", pidVariable: "v" } },
};

const frame: NamesOf<Frame> = {
  fields: { kind: "k", tested: "t" },
  by: { field: "kind", names: frameNames },
};

const job: NamesOf<Job> = {
  fields: {
    number: "n",
    pids: "p",
    status: "x",
    signal: "s",
    text: "t",
    waited: "w",
    inherited: "o",
  },
};

export const shellNames: NamesOf<ShellState> = {
  fields: {
    chunks: "c",
    nextChunk: "nc",
    frames: "f",
    variables: "v",
    functions: "fn",
    status: "st",
    parameters: "p",
    argumentZero: "z",
    options: "o",
    traps: "tr",
    pendingTraps: "pt",
    lastBackgroundPid: "bg",
    jobs: "j",
    interactive: "ia",
    inSubshell: "sub",
    pendingOutput: "po",
    exitStatus: "x",
    line: "ln",
    linesBefore: "lb",
    complaintName: "cn",
    sourced: "cd",
    variableBytes: "vb",
    aliases: "al",
    limits: "ul",
    getoptsIndex: "go",
    startedBy: "sm",
    flavour: "fl",
    inputLines: "il",
    shopts: "so",
    extendedFrom: "xp",
    chunkFiles: "cf",
    pipeStatus: "pp",
    lastArgument: "la",
    randomState: "rs",
    secondsFromMs: "ss",
    directoryStack: "ds",
    traceDepth: "xl",
    subshellDepth: "sd",
    outerCalls: "cs",
    completions: "cc",
    disabledBuiltins: "nb",
    hashedPaths: "hp",
    exportedFunctions: "xf",
    runningCommand: "bc",
    readline: "rl",
    history: "hi",
    firstLineNoted: "hj",
  },
  inside: { frames: { each: frame }, jobs: { each: job } },
};
