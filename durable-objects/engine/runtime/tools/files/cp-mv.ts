/** cp and mv: copies of files and folders, and their questions. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { ask, type Question, questionStep, wantsQuestions } from "./questions.ts";
import { options, type Options } from "../options.ts";
import { removeAll } from "./rm.ts";
import { type Io, steps } from "../tool.ts";
import { base, inFolder, usage } from "../words.ts";

interface CopyRules {
  recursive: boolean;
  preserve: boolean;
  /** Links are copied as what they name; "links": as links, also outside of folders. */
  follow: boolean | "links";
  force: boolean;
  /** Another name, or a link, in place of a copy. */
  instead?: "link" | "symlink";
}

/** Copies a file, or with `recursive` a folder. */
export function copy(io: Io, from: string, to: string, rules: CopyRules): boolean {
  const { sys } = io;
  const stat = sys.stat(
    from,
    rules.follow === true || (!rules.recursive && rules.follow !== "links"),
  );
  if (stat.type === "d") {
    if (!rules.recursive) {
      io.say(`omitting directory '${from}'`);
      return false;
    }
    if (!sys.peek(to)) sys.mkdir(to);
    let good = true;
    for (const name of sys.list(from))
      if (!copyTo(io, inFolder(from, name), inFolder(to, name), rules)) good = false;
    keep(sys, to, stat, rules.preserve);
    return good;
  }
  if (stat.type === "l") {
    if (sys.peek(to, false)) sys.unlink(to);
    sys.symlink(stat.target ?? "", to);
    return true;
  }
  if (sys.peek(to)?.ino === stat.ino) {
    io.say(`'${from}' and '${to}' are the same file`);
    return false;
  }
  if (rules.instead) {
    if (rules.force && sys.peek(to, false)) sys.unlink(to);
    if (rules.instead === "link") sys.link(from, to);
    else sys.symlink(from, to);
    return true;
  }
  const fresh = !sys.peek(to);
  copyData(sys, from, to);
  if (fresh) sys.chmod(to, stat.mode & ~(rules.preserve ? 0 : sys.umask));
  keep(sys, to, stat, rules.preserve);
  return true;
}

/** Piece by piece: a file may be larger than what a program holds. */
function copyData(sys: Sys, from: string, to: string): void {
  const input = sys.open(from, { read: true });
  try {
    const output = sys.open(to, { write: true, create: true, truncate: true });
    try {
      for (;;) {
        const data = sys.read(input) ?? "";
        if (data === "") break;
        sys.charge(data.length / 200);
        sys.write(output, data);
      }
    } finally {
      sys.close(output);
    }
  } finally {
    sys.close(input);
  }
}

function keep(
  sys: Sys,
  path: string,
  stat: { mode: number; uid: number; gid: number; mtime: number },
  preserve: boolean,
): void {
  if (!preserve) return;
  sys.chmod(path, stat.mode);
  if (sys.who.uid === 0) sys.chown(path, stat.uid, stat.gid);
  sys.utime(path, stat.mtime);
}

/** Copies a file or folder; false, with a message, where the file system refuses. */
export function copyTo(io: Io, from: string, to: string, rules: CopyRules): boolean {
  try {
    return copy(io, from, to, rules);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const source = !io.sys.peek(from, false);
    io.say(
      source ? `can't stat '${from}': ${error.message}` : `can't create '${to}': ${error.message}`,
    );
    return false;
  }
}

/** Operands of cp, mv and ln: pairs of source and target. Several go into the target, whether it is a folder or not. */
export function pairs(
  io: Io,
  rest: string[],
  into: string | undefined,
  plain: boolean,
): [string, string][] {
  const target = into ?? rest.at(-1)!;
  const sources = into === undefined ? rest.slice(0, -1) : rest;
  const folder =
    !plain && (sources.length > 1 || into !== undefined || io.sys.peek(target)?.type === "d");
  return sources.map((source) => [source, folder ? inFolder(target, base(source)) : target]);
}

interface CopyState extends Question {
  /** Pairs of source and target that are left, the next last. */
  pairs?: [string, string][];
  exitCode?: number;
  bad?: true;
}

/** Whether a pair would put something in the place of a file. */
const overwrites = (io: Io, from: string, to: string): boolean =>
  io.sys.peek(from, false) !== undefined && io.sys.peek(to) !== undefined;

/** A copier: `one` deals with a pair, after a question where the target exists. */
const copier = (
  name: "cp" | "mv",
  read: (io: Io) => Options,
  synopsis: string,
  one: (io: Io, from: string, to: string, opts: Options) => boolean | [string, string][],
): Program =>
  steps<CopyState>(name, {
    storedNames: { fields: { answer: "q", pairs: "t" } },
    first: () => ({}),
    begin: () => undefined,
    step(_sys, io, state) {
      const opts = read(io);
      if (opts.rest.length < (opts.has("t") ? 1 : 2)) {
        state.exitCode = usage(io, synopsis);
        return undefined;
      }
      state.pairs ??= pairs(io, opts.rest, opts.value("t"), opts.has("T")).reverse();
      const questions = wantsQuestions(opts, "fn");
      for (let pair = state.pairs.at(-1); pair; pair = state.pairs.at(-1)) {
        const [from, to] = pair;
        const folder = io.sys.peek(from)?.type === "d" && io.sys.peek(to)?.type === "d";
        if (questions && overwrites(io, from, to) && !(name === "cp" && folder)) {
          const answer = ask(io, state, `${name}: overwrite '${to}'? `);
          if (typeof answer === "string") return questionStep(answer);
          state.pairs.pop();
          if (!answer) continue;
        } else state.pairs.pop();
        const more = one(io, from, to, opts);
        if (Array.isArray(more)) state.pairs.push(...more.reverse());
        else if (!more) state.bad = true;
      }
      state.exitCode = state.bad ? 1 : 0;
      return undefined;
    },
  });

function copyRules(opts: Options): CopyRules {
  const archive = opts.has("a");
  return {
    recursive: archive || opts.has("r") || opts.has("R"),
    preserve: archive || opts.has("p"),
    follow: opts.has("L") || (opts.has("d") || opts.has("P") ? "links" : false),
    force: opts.has("f"),
    ...(opts.has("s") ? { instead: "symlink" } : opts.has("l") ? { instead: "link" } : {}),
  };
}

/** What `--update=WHEN` stands for among the letters. coreutils: 9.3's cp */
const updates = new Map([
  ["--update", "-u"],
  ["--update=older", "-u"],
  ["--update=none", "-n"],
  ["--update=none-fail", "-n"],
  ["--update=all", "-f"],
]);

export const cp = copier(
  "cp",
  (io) => {
    io.args.forEach((word, i) => (io.args[i] = updates.get(word) ?? word));
    return options(io, "adfilHLnpPrRsTt:uv", {
      recursive: "r",
      archive: "a",
      "no-clobber": "n",
      verbose: "v",
    });
  },
  "cp [-arPLHpfinlsTu] SOURCE DEST\nor: cp [-arPLHpfinlsu] SOURCE... { -t DIRECTORY | DIRECTORY }",
  (io, from, to, opts) => {
    const rules = copyRules(opts);
    const there = io.sys.peek(to);
    if (opts.has("n") && there && !wantsQuestions(opts, "fn")) return true;
    if (opts.has("u") && there && there.mtime >= (io.sys.peek(from)?.mtime ?? Infinity))
      return true;
    // With questions a folder that is there is gone through, since each of its files may be asked about.
    if (wantsQuestions(opts, "fn") && rules.recursive && there?.type === "d") {
      if (io.sys.peek(from, false)?.type === "d")
        return io.sys.list(from).map((name) => [inFolder(from, name), inFolder(to, name)]);
    }
    const good = copyTo(io, from, to, rules);
    if (good && opts.has("v")) io.out(`'${from}' -> '${to}'\n`);
    return good;
  },
);

export const mv = copier(
  "mv",
  (io) => options(io, "finTt:v"),
  "mv [-finT] SOURCE DEST\nor: mv [-fin] SOURCE... { -t DIRECTORY | DIRECTORY }",
  (io, from, to, opts) => {
    if (opts.has("n") && io.sys.peek(to) && !wantsQuestions(opts, "fn")) return true;
    try {
      io.sys.rename(from, to);
      if (opts.has("v")) io.out(`'${from}' -> '${to}'\n`);
      return true;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const rules = { recursive: true, preserve: true, follow: false, force: true };
      // Another file system: copied, then removed.
      if (error.code === "EXDEV") return copyTo(io, from, to, rules) && removeAll(io, from);
      io.say(`can't rename '${from}': ${error.message}`);
      return false;
    }
  },
);
