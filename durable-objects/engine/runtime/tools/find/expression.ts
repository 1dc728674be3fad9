/** The expression of find: parsed to a tree, with one row per primary. */
import { lookup } from "../../../core/lookup.ts";
import { matches } from "../../shell/pattern.ts";
import type { Stat } from "../../fs/vfs.ts";
import type { Caller } from "../children.ts";
import { inodeNumber } from "../files/ls.ts";
import { Regex, regexFor, type RegexOptions } from "../../../regex/regex.ts";
import { ToolExit, type Io } from "../tool.ts";

/** The file an expression is asked about. */
export interface Found {
  io: Io;
  caller: Caller;
  path: string;
  name: string;
  depth: number;
  stat: Stat;
  prune(): void;
  quit(): void;
  /** Collects a path for `-exec ... +`. */
  collect(argv: string[]): void;
}

export type Test = (found: Found) => boolean;

export interface Expression {
  test: Test;
  minDepth: number;
  maxDepth: number;
  depthFirst: boolean;
  follow: boolean;
  xdev: boolean;
}

/** `+N`, `-N`, `N` against a number. */
function counted(io: Io, text: string): (value: number) => boolean {
  const match = /^([-+]?)(\d+)$/.exec(text);
  if (!match) io.fail(`invalid number '${text}'`);
  const n = Number(match?.[2]);
  if (match?.[1] === "+") return (value) => value > n;
  return match?.[1] === "-" ? (value) => value < n : (value) => value === n;
}

const named = (io: Io, pattern: string, text: string): boolean =>
  matches(pattern, text, io.sys.matching);
const folded = (io: Io, pattern: string, text: string): boolean =>
  named(io, pattern.toLowerCase(), text.toLowerCase());

function sizeTest(io: Io, text: string): Test {
  const match = /^([-+]?\d+)([bckMGw]?)$/.exec(text);
  if (!match) io.fail(`invalid number '${text}'`);
  const unit = { c: 1, w: 2, k: 1024, M: 1 << 20, G: 2 ** 30 }[match?.[2] ?? ""] ?? 512;
  const fits = counted(io, match?.[1] ?? "");
  return ({ stat }) => fits(Math.ceil(stat.size / unit));
}

function permTest(io: Io, text: string): Test {
  const match = /^([-+/]?)([0-7]+)$/.exec(text);
  if (!match) return symbolicPerm(io, text);
  const mask = parseInt(match[2]!, 8);
  if (match[1] === "-") return ({ stat }) => (stat.mode & mask) === mask;
  if (match[1] === "") return ({ stat }) => (stat.mode & 0o7777) === mask;
  return ({ stat }) => mask === 0 || (stat.mode & mask) !== 0;
}

function symbolicPerm(io: Io, text: string): Test {
  const match = /^([-/+]?)([ugoa]*)[=+]([rwx]+)$/.exec(text);
  if (!match) return io.fail(`invalid mode '${text}'`);
  const who = match[2] === "" || match[2]!.includes("a") ? "ugo" : match[2]!;
  let mask = 0;
  for (const one of who)
    for (const letter of match[3]!)
      mask |= { r: 4, w: 2, x: 1 }[letter as "r"] << { u: 6, g: 3, o: 0 }[one as "u"];
  if (match[1] === "-") return ({ stat }) => (stat.mode & mask) === mask;
  return ({ stat }) => (stat.mode & mask) !== 0;
}

function owner(io: Io, text: string, kind: "user" | "group"): Test {
  const { passwd, groups } = io.sys.container;
  const known =
    kind === "user"
      ? passwd.find((one) => one.name === text)?.uid
      : groups.find((one) => one.name === text)?.gid;
  const id = known ?? (/^\d+$/.test(text) ? Number(text) : io.fail(`unknown ${kind} ${text}`));
  return ({ stat }) => (kind === "user" ? stat.uid : stat.gid) === id;
}

function age(io: Io, text: string, unitMs: number): Test {
  const fits = counted(io, text);
  return ({ stat }) => fits(Math.floor((io.sys.now - stat.mtime) / unitMs));
}

function newer(io: Io, text: string): Test {
  const other = io.sys.peek(text);
  if (!other) return io.fail(`can't stat '${text}': No such file or directory`);
  return ({ stat }) => stat.mtime > other.mtime;
}

function regexTest(io: Io, text: string, more: Partial<RegexOptions>): Test {
  const { matching } = io.sys;
  const options: RegexOptions = { syntax: "basic", within: "whole", ...more };
  const whole = regexFor(matching, `${options.fold} ${text}`, text, options);
  if (!(whole instanceof Regex)) return io.fail(`bad regex '${text}': ${whole.error}`);
  return ({ path }) => whole.test(path, matching);
}

/** Primaries with one argument. */
const withArgument: Record<string, (io: Io, text: string) => Test> = lookup({
  name: (io, text) => (f) => named(io, text, f.name),
  iname: (io, text) => (f) => folded(io, text, f.name),
  path: (io, text) => (f) => named(io, text, f.path),
  wholename: (io, text) => (f) => named(io, text, f.path),
  ipath: (io, text) => (f) => folded(io, text, f.path),
  regex: (io, text) => regexTest(io, text, {}),
  iregex: (io, text) => regexTest(io, text, { fold: true }),
  size: sizeTest,
  perm: permTest,
  user: (io, text) => owner(io, text, "user"),
  group: (io, text) => owner(io, text, "group"),
  uid: (io, text) => owner(io, text, "user"),
  gid: (io, text) => owner(io, text, "group"),
  mtime: (io, text) => age(io, text, 86_400_000),
  atime: (io, text) => age(io, text, 86_400_000),
  ctime: (io, text) => age(io, text, 86_400_000),
  mmin: (io, text) => age(io, text, 60_000),
  amin: (io, text) => age(io, text, 60_000),
  cmin: (io, text) => age(io, text, 60_000),
  newer,
  links: (io, text) =>
    (
      (fits) =>
      ({ stat }: Found) =>
        fits(stat.links)
    )(counted(io, text)),
  inum: (io, text) =>
    (
      (fits) =>
      ({ stat }: Found) =>
        fits(inodeNumber(stat.ino))
    )(counted(io, text)),
  samefile:
    (io, text) =>
    ({ stat }) =>
      io.sys.peek(text)?.ino === stat.ino,
  type(io, text) {
    if (!/^[fdlpcbs](,[fdlpcbs])*$/.test(text)) io.fail(`invalid argument '${text}' to '-type'`);
    return ({ stat }) => text.includes(stat.type);
  },
});

/** Primaries without one. */
const plain: Record<string, Test> = lookup({
  print: ({ io, path }) => (io.out(`${path}\n`), true),
  print0: ({ io, path }) => (io.out(`${path}\0`), true),
  prune: (f) => (f.prune(), true),
  quit: (f) => (f.quit(), true),
  true: () => true,
  false: () => false,
  executable: ({ io, path }) => io.sys.access(path, 1),
  readable: ({ io, path }) => io.sys.access(path, 4),
  writable: ({ io, path }) => io.sys.access(path, 2),
  empty: ({ io, path, stat }) =>
    stat.type === "d" ? io.sys.list(path).length === 0 : stat.type === "f" && stat.size === 0,
  delete({ io, caller, path, stat }) {
    if (path === ".") return true;
    return (
      caller.once(() =>
        io.try(path, () => (stat.type === "d" ? io.sys.rmdir(path) : io.sys.unlink(path))) ? 1 : 0,
      ) === 1
    );
  },
  ls: ({ io, path, stat }) => (io.out(`${stat.size} ${path}\n`), true),
});

const actions = new Set(["print", "print0", "delete", "exec", "ok", "quit", "ls", "execdir"]);

class Parser {
  readonly io: Io;
  readonly words: string[];
  at = 0;
  acts = false;
  readonly made: Expression = {
    test: () => true,
    minDepth: 0,
    maxDepth: 1_000,
    depthFirst: false,
    follow: false,
    xdev: false,
  };
  constructor(io: Io, words: string[]) {
    this.io = io;
    this.words = words;
  }

  or(): Test {
    let left = this.and();
    while (["-o", "-or"].includes(this.words[this.at] ?? "")) {
      this.at++;
      const [a, b] = [left, this.and()];
      left = (f) => a(f) || b(f);
    }
    return left;
  }

  and(): Test {
    let left = this.not();
    for (;;) {
      const word = this.words[this.at];
      if (word === undefined || word === ")" || word === "-o" || word === "-or") return left;
      if (word === "-a" || word === "-and") this.at++;
      const [a, b] = [left, this.not()];
      left = (f) => a(f) && b(f);
    }
  }

  not(): Test {
    const word = this.words[this.at];
    if (word === "!" || word === "-not") {
      this.at++;
      const inner = this.not();
      return (f) => !inner(f);
    }
    if (word !== "(") return this.primary();
    this.at++;
    const inner = this.or();
    if (this.words[this.at++] !== ")") this.io.fail("unpaired '('");
    return inner;
  }

  argument(name: string): string {
    const value = this.words[this.at++];
    return value ?? this.io.fail(`-${name} requires an argument`);
  }

  primary(): Test {
    const word = this.words[this.at++] ?? "";
    const name = word.replace(/^-/, "");
    if (actions.has(name)) this.acts = true;
    if (word.startsWith("-")) {
      const simple = plain[name];
      if (name === "delete") this.made.depthFirst = true;
      if (simple) return simple;
      const made = withArgument[name];
      if (made) return made(this.io, this.argument(name));
      if (name === "exec" || name === "ok" || name === "execdir") return this.exec();
      if (this.setting(name)) return () => true;
    }
    this.io.say(`unrecognized: ${word}`);
    this.io.err(
      "BusyBox v1.37.0 () multi-call binary.\n\nUsage: find [-HL] [PATH]... [OPTIONS] [ACTIONS]\n",
    );
    throw new ToolExit(1);
  }

  setting(name: string): boolean {
    const { made } = this;
    if (name === "maxdepth" || name === "mindepth") {
      const text = this.argument(name);
      if (!/^\d+$/.test(text)) this.io.fail(`invalid number '${text}'`);
      made[name === "maxdepth" ? "maxDepth" : "minDepth"] = Number(text);
    } else if (name === "depth") made.depthFirst = true;
    else if (name === "follow") made.follow = true;
    else if (name === "xdev" || name === "mount") made.xdev = true;
    else return false;
    return true;
  }

  exec(): Test {
    const from = this.at;
    while (this.at < this.words.length && this.words[this.at] !== ";") {
      if (this.words[this.at] === "+" && this.words[this.at - 1] === "{}") break;
      this.at++;
    }
    const argv = this.words.slice(from, this.at);
    const end = this.words[this.at++];
    if (end === undefined || argv.length === 0) this.io.fail("-exec requires an argument");
    if (end === "+") return (f) => (f.collect(argv), true);
    return (f) => f.caller.run(argv.map((word) => word.replaceAll("{}", f.path))) === 0;
  }
}

/** The expression of find's words behind its paths. */
export function findExpression(io: Io, words: string[]): Expression {
  const parser = new Parser(io, words);
  if (words.length > 0) parser.made.test = parser.or();
  if (parser.at < words.length) io.fail("unpaired ')'");
  if (!parser.acts) {
    const inner = parser.made.test;
    parser.made.test = (f) => inner(f) && plain.print!(f);
  }
  return parser.made;
}
