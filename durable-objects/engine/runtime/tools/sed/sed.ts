/** sed: on standard input as it comes, or on whole files. */
import { folderOf } from "../../../core/trim.ts";
import { matchUnitsPerRound } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import { cloneJson } from "../../bytes.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { options } from "../options.ts";
import { Sed, type Line, type Lines, type SedMemory, type SedOut } from "./run.ts";
import { checkSed, parseSed, SedProblem } from "./script.ts";
import { steps, ToolExit, type Io } from "../tool.ts";
import { usage } from "../words.ts";

interface SedState {
  script: string;
  extended: boolean;
  quiet: boolean;
  /** In place; the text is the suffix of the copy kept. */
  inPlace?: string;
  files: string[];
  memory: SedMemory;
  /** Text read and not used yet. */
  unread: string;
  /** Standard input is being read. */
  reading?: true;
  /** Files of w: name to descriptor. */
  fds: Record<string, number>;
  bad?: true;
  exitCode?: number;
  output?: [number, string][];
}

const needData = new (class NeedData extends Error {
  override name = "NeedData";
})();

/** Lines of the state's files, standard input among them. */
class Source implements Lines {
  readonly sys: Sys;
  readonly io: Io;
  readonly state: SedState;
  /** Read in this cycle. */
  added = "";
  constructor(sys: Sys, io: Io, state: SedState) {
    this.sys = sys;
    this.io = io;
    this.state = state;
  }

  /** Gets more text; false at the end of all. */
  #fill(): boolean {
    const { state } = this;
    if (state.reading) {
      const data = this.sys.read(0);
      if (data === undefined) throw needData;
      state.unread += data;
      this.added += data;
      this.sys.held = state.unread.length;
      if (data === "") delete state.reading;
      return true;
    }
    const file = state.files.shift();
    if (file === undefined) return false;
    if (file === "-") state.reading = true;
    else {
      const text = this.io.input(file);
      if (text === undefined) state.bad = true;
      else {
        state.unread += text;
        this.added += text;
      }
    }
    return true;
  }

  next(): Line | undefined {
    const { state } = this;
    for (;;) {
      const end = state.unread.indexOf("\n");
      if (end >= 0) {
        const text = state.unread.slice(0, end);
        state.unread = state.unread.slice(end + 1);
        return { text, ended: true };
      }
      if (state.unread !== "" && !state.reading) {
        const text = state.unread;
        state.unread = "";
        return { text, ended: state.files.length > 0 };
      }
      if (!this.#fill()) return undefined;
    }
  }

  isLast(): boolean {
    while (this.state.unread === "") if (!this.#fill()) return true;
    return false;
  }
}

function outputs(sys: Sys, io: Io, state: SedState, put: (text: string) => void): SedOut {
  return {
    put,
    file(name, text) {
      state.fds[name] ??= sys.open(name, { write: true, create: true, truncate: true });
      io.pending.push([state.fds[name], text]);
    },
    read: (name) => (sys.peek(name)?.type === "f" ? sys.readFile(name) : ""),
  };
}

/** A whole file, changed in place. */
function inPlace(sys: Sys, io: Io, state: SedState, file: string): void {
  const stat = sys.peek(file);
  const text = io.input(file);
  if (text === undefined || !stat) {
    state.bad = true;
    return;
  }
  let out = "";
  let at = 0;
  const lines: Lines = {
    next() {
      if (at >= text.length) return undefined;
      const end = text.indexOf("\n", at);
      const line = { text: text.slice(at, end < 0 ? undefined : end), ended: end >= 0 };
      at = end < 0 ? text.length : end + 1;
      return line;
    },
    isLast: () => at >= text.length,
  };
  const commands = parseSed(state.script, state.extended);
  const memory: SedMemory = { hold: "", line: 0, open: {} };
  const sed = new Sed(
    commands,
    memory,
    lines,
    outputs(sys, io, state, (part) => void (out += part)),
    { quiet: state.quiet, work: sys.matching },
  );
  let verdict: number | false | undefined;
  do {
    sys.charge(2);
    verdict = sed.cycle();
  } while (verdict === undefined);
  if (verdict !== false) out += text.slice(at);
  if (state.inPlace) sys.writeFile(file + state.inPlace, text);
  // A new file takes the old one's place, as rename does: a mounted ConfigMap refuses it.
  const fresh = `${folderOf(file)}sed${String(Math.floor(sys.random() * 1e6)).padStart(6, "0")}`;
  try {
    sys.writeFile(fresh, out);
    sys.chmod(fresh, stat.mode);
    if (sys.who.uid === 0) sys.chown(fresh, stat.uid, stat.gid);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return io.fail(`can't create temp file '${folderOf(file)}sedXXXXXX': ${error.message}`);
  }
  try {
    sys.rename(fresh, file);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.unlink(fresh);
    io.fail(`can't rename '${fresh}' to '${file}': ${error.message}`);
  }
}

function cycles(sys: Sys, io: Io, state: SedState): Step {
  const commands = parseSed(state.script, state.extended);
  const source = new Source(sys, io, state);
  const sed = new Sed(
    commands,
    state.memory,
    source,
    outputs(sys, io, state, (text) => io.out(text)),
    { quiet: state.quiet, work: sys.matching },
  );
  for (let n = 0; n < 500; n++) {
    source.added = "";
    const kept = {
      memory: cloneJson(state.memory),
      unread: state.unread,
      pending: cloneJson(io.pending),
    };
    sys.charge(2);
    try {
      const verdict = sed.cycle();
      if (verdict === false || verdict !== undefined) {
        state.exitCode = verdict === false || verdict < 0 ? (state.bad ? 1 : 0) : verdict;
        return undefined;
      }
    } catch (error) {
      if (error !== needData) throw error;
      // The cycle begins again when more has come; what it took is given back.
      state.unread = kept.unread + source.added;
      state.memory = kept.memory;
      io.pending.splice(0, io.pending.length, ...kept.pending);
      return { wait: { readable: [0] } };
    }
    if ((io.pending.length && n > 100) || sys.matching.used > matchUnitsPerRound) break;
  }
  return undefined;
}

function begin(io: Io, state: SedState): void {
  const args = io.args.map((arg) => (/^-i./.test(arg) ? `-i` : arg));
  const suffix = io.args.find((arg) => /^-i.|^--in-place/.test(arg));
  io.args.splice(0, io.args.length, ...args);
  const opts = options(io, "inrEse:f:uz", {
    "in-place": "i",
    quiet: "n",
    silent: "n",
    "regexp-extended": "E",
    expression: "e",
    file: "f",
    unbuffered: "u",
    separate: "s",
  });
  const parts: string[] = [...opts.values("e")];
  for (const file of opts.values("f"))
    parts.push(io.input(file)?.replace(/\n$/, "") ?? io.fail(`${file}`));
  const rest = [...opts.rest];
  if (parts.length === 0) {
    if (rest[0] === undefined) {
      usage(
        io,
        "sed [-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...\nor: sed [-i[SFX]] [-nrE] CMD [FILE]...",
      );
      throw new ToolExit(1);
    }
    parts.push(rest.shift()!);
  }
  state.script = parts.join("\n");
  state.extended = opts.has("r") || opts.has("E");
  state.quiet = opts.has("n") || state.script.startsWith("#n\n");
  if (opts.has("i")) state.inPlace = suffix?.replace(/^-i|^--in-place=?/, "") ?? "";
  state.files = rest.length || opts.has("i") ? rest : ["-"];
  try {
    checkSed(parseSed(state.script, state.extended), io.sys.matching);
  } catch (error) {
    if (!(error instanceof SedProblem)) throw error;
    io.fail(error.message);
  }
}

export const sed: Program<SedState> = steps<SedState>("sed", {
  storedNames: {
    fields: { files: "f", memory: "m", unread: "b" },
    inside: { memory: { fields: { line: "n" } } },
  },
  first: () => ({
    script: "",
    extended: false,
    quiet: false,
    files: [],
    memory: { hold: "", line: 0, open: {} },
    unread: "",
    fds: {},
  }),
  begin,
  step(sys, io, state) {
    try {
      if (state.inPlace === undefined) return cycles(sys, io, state);
      const file = state.files.shift();
      if (file !== undefined) inPlace(sys, io, state, file);
      else state.exitCode = state.bad ? 1 : 0;
      return undefined;
    } catch (error) {
      if (!(error instanceof SedProblem)) throw error;
      return io.fail(error.message);
    }
  },
  memoryBytes: (state) => 1_048_576 + state.unread.length,
});
