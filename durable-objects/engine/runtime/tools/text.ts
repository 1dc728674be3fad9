/** Filters over lines. */
import { Errno } from "../errno.ts";
import type { Program } from "../program.ts";
import { options } from "./options.ts";
import { regex } from "./regex.ts";
import type { Step } from "../program.ts";
import type { Sys } from "../sys.ts";
import { drain, Io, stream, tool, ToolExit } from "./tool.ts";

/** `10`, `2k`, `1m`. */
export function count(io: Io, text: string): number {
  const match = /^([-+]?\d+)([bkKmMgG]?)$/.exec(text);
  if (!match) return io.fail(`invalid number '${text}'`);
  return Number(match[1]) * ({ b: 512, k: 1024, K: 1024, m: 1 << 20, M: 1 << 20, g: 2 ** 30, G: 2 ** 30 }[match[2] ?? ""] ?? 1);
}

interface HeadState {
  left: number;
  n: number;
  bytes: boolean;
  titles: boolean;
  many: boolean;
  /** Keeps all but the last lines. */
  held?: string[];
}

const head = stream<HeadState>("head", {
  raw: true,
  start(io) {
    const args = io.args.map((arg) => (/^-\d/.test(arg) ? `-n${arg.slice(1)}` : arg));
    io.args.splice(0, io.args.length, ...args);
    const opts = options(io, "n:c:qv", { lines: "n", bytes: "c" });
    const bytes = opts.has("c");
    const n = count(io, opts.value("c") ?? opts.value("n") ?? "10");
    const titles = (opts.rest.length > 1 || opts.has("v")) && !opts.has("q");
    return { files: opts.rest, state: { left: n, n, bytes, titles, many: false, ...(n < 0 ? { held: [] } : {}) } };
  },
  file(io, state, name) {
    if (state.titles) io.out(`${state.many ? "\n" : ""}==> ${name === "-" ? "standard input" : name} <==\n`);
    state.many = true;
    state.left = state.n;
  },
  data(io, state, text) {
    if (state.held) {
      const lines = ((state.held.pop() ?? "") + text).split("\n");
      const ready = [...state.held, ...lines];
      const keep = -state.n + 1;
      if (ready.length > keep) io.out(ready.splice(0, ready.length - keep).map((line) => `${line}\n`).join(""));
      state.held = ready;
      return undefined;
    }
    if (state.left <= 0) return state.titles ? undefined : 0;
    if (state.bytes) {
      io.out(text.slice(0, state.left));
      state.left -= Math.min(state.left, text.length);
    } else {
      let at = 0;
      while (state.left > 0 && at < text.length) {
        const end = text.indexOf("\n", at);
        if (end < 0) {
          at = text.length;
          break;
        }
        at = end + 1;
        state.left--;
      }
      io.out(text.slice(0, at));
    }
    return state.left <= 0 && !state.titles ? 0 : undefined;
  },
});

interface TailState {
  f: { name: string; fd: number }[];
  n: number;
  bytes: boolean;
  fromStart: boolean;
  follow: boolean;
  titles: boolean;
  retry: boolean;
  started?: true;
  last?: string;
  b?: string;
  seen?: number;
  o?: [number, string][];
  x?: number;
}

/** The end of a text that tail prints. */
export function tailOf(text: string, n: number, bytes: boolean, fromStart: boolean): string {
  if (bytes) return fromStart ? text.slice(Math.max(0, n - 1)) : n === 0 ? "" : text.slice(-n);
  if (fromStart) {
    let at = 0;
    for (let left = n - 1; left > 0 && at >= 0; left--) {
      const end = text.indexOf("\n", at);
      if (end < 0) return "";
      at = end + 1;
    }
    return text.slice(at);
  }
  if (n === 0) return "";
  let at = text.endsWith("\n") ? text.length - 1 : text.length;
  for (let left = n; left > 0; left--) {
    at = text.lastIndexOf("\n", at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + 1);
}

/** tail, with -f as a program that looks again every second. */
const tail: Program<TailState> = {
  name: "tail",
  start(sys) {
    const io = new Io(sys);
    const state: TailState = { f: [], n: 10, bytes: false, fromStart: false, follow: false, titles: false, retry: false };
    try {
      io.args.splice(0, io.args.length, ...io.args.map((arg) => (/^-\d/.test(arg) ? `-n${arg.slice(1)}` : /^\+\d/.test(arg) ? `-n${arg}` : arg)));
      const opts = options(io, "n:c:fFqvs:", { lines: "n", bytes: "c", follow: "f" });
      const text = opts.value("c") ?? opts.value("n") ?? "10";
      state.bytes = opts.has("c");
      state.fromStart = text.startsWith("+");
      state.n = Math.abs(count(io, text));
      state.follow = opts.has("f") || opts.has("F");
      state.retry = opts.has("F");
      state.titles = opts.rest.length > 1 && !opts.has("q");
      for (const name of opts.rest.length ? opts.rest : ["-"]) {
        try {
          const fd = name === "-" ? 0 : sys.open(name, { read: true });
          if (name !== "-" && sys.stat(name).type === "d") throw new Errno("EISDIR");
          state.f.push({ name, fd });
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          io.say(`${name}: ${error.code === "EISDIR" ? "Is a directory" : error.message}`);
          state.x = 1;
        }
      }
      if (opts.rest.length && state.f.length === 0) {
        io.say("no files");
        state.follow = false;
      }
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.x = error.code;
      state.f = [];
      state.started = true;
    }
    if (io.pending.length) state.o = io.pending;
    return state;
  },
  step(sys, state) {
    const { x, ...output } = state;
    const stuck = drain(sys, output);
    if (output.o) state.o = output.o;
    else delete state.o;
    if (stuck) return stuck;
    if (!state.started) return tailFirst(sys, state);
    if (!state.follow) return { exit: state.x ?? 0 };
    return tailFollow(sys, state);
  },
  memoryBytes: (state) => 1_048_576 + (state?.seen ?? 0),
};

function tailFirst(sys: Sys, state: TailState): Step {
  const out: string[] = [];
  for (const { name, fd } of state.f) {
    if (fd === 0 || sys.fileSize(fd) === undefined) {
      for (;;) {
        const data = sys.read(fd);
        if (data === undefined) return { wait: { r: [fd] } };
        if (data === "") break;
        state.b = (state.b ?? "") + data;
        // What scrolled out is let go; an endless stream without lines grows until memory ends it.
        if (!state.fromStart && state.b.length > 262_144) state.b = tailOf(state.b, state.bytes ? state.n : state.n + 1, state.bytes, false);
        state.seen = (state.seen ?? 0) + (state.b.includes("\n") ? 0 : data.length * 64);
        sys.held = state.b.length;
        sys.charge(data.length / 100);
        if (state.b.length > 262_144) return undefined;
      }
      if (state.titles) out.push(`${out.length ? "\n" : ""}==> ${name === "-" ? "standard input" : name} <==\n`);
      out.push(tailOf(state.b ?? "", state.n, state.bytes, state.fromStart));
      delete state.b;
    } else {
      if (state.titles) out.push(`${out.length ? "\n" : ""}==> ${name} <==\n`);
      out.push(tailOf(sys.read(fd, 8 * 1024 * 1024) ?? "", state.n, state.bytes, state.fromStart));
    }
    state.last = name;
  }
  state.started = true;
  state.o = [[1, out.join("")]];
  return undefined;
}

function tailFollow(sys: Sys, state: TailState): Step {
  for (const file of state.f) {
    const data = sys.read(file.fd);
    if (data === undefined || data === "") continue;
    const title = state.titles && state.last !== file.name ? `\n==> ${file.name} <==\n` : "";
    state.last = file.name;
    (state.o ??= []).push([1, title + data]);
  }
  if (state.o) return undefined;
  const pipes = state.f.filter(({ fd }) => sys.fileSize(fd) === undefined);
  if (pipes.length === state.f.length && pipes.length > 0 && state.f.every(({ fd }) => sys.readable(fd))) return { exit: 0 };
  return { wait: { t: (sys.process.lt ?? sys.now) + 1000, r: pipes.map(({ fd }) => fd).filter((fd) => !sys.readable(fd)) } };
}

const wc = tool("wc", (io) => {
  const opts = options(io, "clmwL");
  const all = !["c", "l", "m", "w", "L"].some((letter) => opts.has(letter));
  const code = { code: 0 };
  const rows: [number[], string][] = [];
  for (const file of opts.rest.length ? opts.rest : ["-"]) {
    const text = io.input(file, code);
    if (text === undefined) continue;
    const lines = text.split("\n").length - 1;
    const row: number[] = [];
    if (all || opts.has("l")) row.push(lines);
    if (all || opts.has("w")) row.push(text.match(/[^\s]+/g)?.length ?? 0);
    if (opts.has("m")) row.push(text.replace(/[\x80-\xbf]/g, "").length);
    if (all || opts.has("c")) row.push(text.length);
    if (opts.has("L")) row.push(Math.max(...text.split("\n").map((line) => line.length)));
    rows.push([row, opts.rest.length ? file : ""]);
  }
  if (opts.rest.length > 1) rows.push([rows.reduce<number[]>((sum, [row]) => row.map((n, i) => n + (sum[i] ?? 0)), []), "total"]);
  const single = (rows[0]?.[0].length ?? 0) === 1 && opts.rest.length <= 1;
  for (const [row, name] of rows) io.out(`${row.map((n) => (single ? String(n) : String(n).padStart(9))).join(" ").replace(/^ {0}/, "")}${name ? ` ${name}` : ""}\n`);
  return code.code;
});

const sort = tool("sort", (io) => {
  const opts = options(io, "bcdfghik:nMo:rst:uzTmV", { reverse: "r", unique: "u", "numeric-sort": "n", key: "k" });
  const code = { code: 0 };
  const end = opts.has("z") ? "\0" : "\n";
  const lines: string[] = [];
  for (const file of opts.rest.length ? opts.rest : ["-"]) {
    const text = io.input(file, code);
    if (text === undefined) return 2;
    const parts = text.split(end);
    if (parts.at(-1) === "") parts.pop();
    lines.push(...parts);
  }
  const keys = opts.values("k").map((spec) => sortKey(spec, opts.value("t")));
  const flags = (["n", "r", "f", "h", "g", "M", "b", "d", "i", "V"] as const).filter((flag) => opts.has(flag)).join("");
  const compare = (a: string, b: string): number => {
    for (const key of keys) {
      const own = key.flags || flags;
      const order = compareBy(own, key.of(a), key.of(b));
      if (order) return own.includes("r") ? -order : order;
    }
    if (keys.length === 0) {
      const order = compareBy(flags, a, b);
      if (order) return flags.includes("r") ? -order : order;
    }
    if (opts.has("s") || opts.has("u")) return 0;
    const last = a < b ? -1 : a > b ? 1 : 0;
    return flags.includes("r") ? -last : last;
  };
  io.sys.charge(lines.length * 5);
  if (opts.has("c")) {
    const bad = lines.findIndex((line, i) => i > 0 && compare(lines[i - 1]!, line) > 0);
    return bad < 0 ? 0 : 1;
  }
  lines.sort(compare);
  const kept = opts.has("u") ? lines.filter((line, i) => i === 0 || compare(lines[i - 1]!, line) !== 0) : lines;
  const text = kept.map((line) => line + end).join("");
  const file = opts.value("o");
  if (file !== undefined) io.sys.writeFile(file, text);
  else io.out(text);
  return code.code;
});

const units: Record<string, number> = { K: 1, k: 1, M: 2, G: 3, T: 4, P: 5 };
const numeric = (text: string): number => Number(/^\s*(-?\d*\.?\d*)/.exec(text)?.[1]) || 0;

function compareBy(flags: string, a: string, b: string): number {
  const sign = (d: number): number => (d < 0 ? -1 : d > 0 ? 1 : 0);
  if (flags.includes("h")) {
    const size = (text: string): number => numeric(text) * 1024 ** (units[/\d\s*([KkMGTP])/.exec(text)?.[1] ?? ""] ?? 0);
    return sign(size(a) - size(b));
  }
  if (flags.includes("n")) return sign(numeric(a) - numeric(b));
  if (flags.includes("g")) return sign((parseFloat(a) || 0) - (parseFloat(b) || 0));
  if (flags.includes("V")) return versionOrder(a, b);
  let x = a;
  let y = b;
  if (flags.includes("b")) [x, y] = [x.trimStart(), y.trimStart()];
  if (flags.includes("d")) [x, y] = [x.replace(/[^\w\s]/g, ""), y.replace(/[^\w\s]/g, "")];
  if (flags.includes("f")) [x, y] = [x.toUpperCase(), y.toUpperCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

function versionOrder(a: string, b: string): number {
  const x = a.match(/\d+|\D+/g) ?? [];
  const y = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p = "", q = ""] = [x[i], y[i]];
    if (p === q) continue;
    if (/^\d/.test(p) && /^\d/.test(q) && Number(p) !== Number(q)) return Number(p) - Number(q);
    return p < q ? -1 : 1;
  }
  return 0;
}

/** `2,3n`, `1.2`. */
function sortKey(spec: string, separator: string | undefined): { of(line: string): string; flags: string } {
  const match = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(spec);
  const from = Number(match?.[1] ?? 1) - 1;
  const skip = Number(match?.[2] ?? 1) - 1;
  const to = match?.[4] === undefined ? Infinity : Number(match[4]);
  const upto = match?.[5] === undefined ? undefined : Number(match[5]);
  const flags = (match?.[3] ?? "") + (match?.[6] ?? "");
  return {
    flags,
    of(line) {
      const fields = separator === undefined ? (line.match(/\s*\S+/g) ?? []) : line.split(separator);
      const part = fields.slice(from, to);
      if (upto !== undefined && part.length === to - from) part[part.length - 1] = part.at(-1)!.slice(0, upto);
      const text = part.join(separator ?? "");
      return separator === undefined && /[bn]/.test(flags) ? text.trimStart().slice(skip) : text.slice(skip);
    },
  };
}

interface GrepState {
  source: string;
  flags: string;
  invert: boolean;
  mode: string;
  name: boolean;
  number: boolean;
  quiet: boolean;
  max: number;
  before: number;
  after: number;
  only: boolean;
  file: string;
  line: number;
  hits: number;
  any?: true;
  held: string[];
  more: number;
  gap?: true;
  silent: boolean;
}

function grepStart(io: Io, kind: string): { files: string[]; state: GrepState } | number {
  const opts = options(io, "A:B:C:EFHLce:f:hilm:noqrRsvwxaz", { color: "a", colour: "a", "ignore-case": "i", "extended-regexp": "E", "fixed-strings": "F", "invert-match": "v", count: "c", "line-number": "n", quiet: "q", "only-matching": "o", recursive: "r", "files-with-matches": "l", "max-count": "m", "word-regexp": "w", "no-messages": "s" });
  let patterns = opts.values("e");
  let rest = opts.rest;
  const file = opts.value("f");
  if (file !== undefined) patterns = [...patterns, ...(io.input(file) ?? "").replace(/\n$/, "").split("\n")];
  else if (patterns.length === 0) {
    if (rest[0] === undefined) {
      io.err("BusyBox v1.37.0 () multi-call binary.\n\nUsage: grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...\n");
      return 1;
    }
    patterns = [rest[0]];
    rest = rest.slice(1);
  }
  const flavour = opts.has("F") || kind === "fgrep" ? "fixed" : opts.has("E") || kind === "egrep" ? "extended" : "basic";
  const sources = patterns.flatMap((pattern) => pattern.split("\n")).map((pattern) => regex(pattern, flavour));
  const bad = sources.find((source) => typeof source === "object");
  if (typeof bad === "object") return (io.say(`bad regex '${patterns.join("\n")}': ${bad.error}`), 2);
  let source = (sources as string[]).map((one) => `(?:${one})`).join("|");
  if (opts.has("w")) source = `(?<!\\w)(?:${source})(?!\\w)`;
  if (opts.has("x")) source = `^(?:${source})$`;
  const recursive = opts.has("r") || opts.has("R");
  const files = recursive ? (rest.length ? rest : ["."]).flatMap((path) => filesUnder(io, path)) : rest;
  const mode = ["c", "l", "L"].find((letter) => opts.has(letter)) ?? "";
  const context = Number(opts.value("C") ?? 0);
  if (recursive && files.length === 0) return 1;
  return {
    files,
    state: {
      source,
      flags: opts.has("i") ? "i" : "",
      invert: opts.has("v"),
      mode,
      name: opts.has("H") || ((files.length > 1 || recursive) && !opts.has("h")),
      number: opts.has("n"),
      quiet: opts.has("q"),
      max: opts.has("m") ? Number(opts.value("m")) : Infinity,
      before: Number(opts.value("B") ?? context),
      after: Number(opts.value("A") ?? context),
      only: opts.has("o"),
      file: "",
      line: 0,
      hits: 0,
      held: [],
      more: 0,
      silent: opts.has("s"),
    },
  };
}

function filesUnder(io: Io, path: string): string[] {
  const stat = io.sys.peek(path, false);
  if (stat?.type !== "d") return [path];
  return io.sys.list(path).flatMap((name) => filesUnder(io, path === "/" ? `/${name}` : `${path}/${name}`));
}

function grepEndFile(io: Io, state: GrepState): void {
  const name = state.file === "-" ? "(standard input)" : state.file;
  if (state.mode === "c" && state.file) io.out(`${state.name ? `${name}:` : ""}${state.hits}\n`);
  if (state.mode === "l" && state.hits > 0) io.out(`${name}\n`);
  if (state.mode === "L" && state.hits === 0 && state.file) io.out(`${name}\n`);
}

const grep = (kind: string): Program =>
  stream<GrepState>(kind, {
    start: (io) => grepStart(io, kind),
    file(io, state, name) {
      grepEndFile(io, state);
      Object.assign(state, { file: name, line: 0, hits: 0, held: [], more: 0 });
    },
    data(io, state, line) {
      state.line++;
      const pattern = new RegExp(state.source, state.flags);
      const hit = state.source !== "" ? pattern.test(line) !== state.invert : !state.invert;
      const name = state.file === "-" ? "(standard input)" : state.file;
      const head = (mark: string, number: number): string => (state.name ? name + mark : "") + (state.number ? number + mark : "");
      if (!hit) {
        if (state.more > 0) {
          state.more--;
          io.out(`${head("-", state.line)}${line}\n`);
        } else if (state.before > 0) state.held = [...state.held, line].slice(-state.before);
        return undefined;
      }
      state.hits++;
      state.any = true;
      if (state.quiet) return 0;
      if (state.mode === "") {
        if (state.only && !state.invert) for (const [text] of line.matchAll(new RegExp(state.source, `g${state.flags}`))) text && io.out(`${head(":", state.line)}${text}\n`);
        else {
          state.held.forEach((held, i) => io.out(`${head("-", state.line - state.held.length + i)}${held}\n`));
          io.out(`${head(":", state.line)}${line}\n`);
        }
        state.held = [];
        state.more = state.after;
      }
      return state.hits >= state.max || state.mode === "l" ? nextFile(io, state) : undefined;
    },
    end(io, state, bad) {
      grepEndFile(io, state);
      return state.any ? (bad && !state.quiet ? 2 : 0) : bad ? 2 : 1;
    },
  });

/** Enough of this file; with a single one that is all. */
function nextFile(_io: Io, state: GrepState): undefined {
  state.source = state.max === Infinity ? state.source : "(?!)";
}

const tr = stream<{ from: string; to: string; remove: boolean; squeeze: string; not: boolean; last: string }>("tr", {
  raw: true,
  start(io) {
    const opts = options(io, "cCds", {}, true);
    const [from, to] = opts.rest;
    if (from === undefined) return usageOf(io, "tr [-cds] STRING1 [STRING2]");
    const remove = opts.has("d");
    const set1 = expandSet(from);
    const set2 = to === undefined ? "" : expandSet(to);
    const squeeze = opts.has("s") ? (to === undefined ? set1 : set2) : "";
    return { files: [], state: { from: set1, to: remove ? "" : set2, remove, squeeze, not: opts.has("c") || opts.has("C"), last: "" } };
  },
  data(io, state, text) {
    let out = "";
    const { from, to } = state;
    const squeezeNot = state.not && to === "" && state.squeeze !== "";
    for (const c of text) {
      const at = from.indexOf(c);
      const hit = state.not ? at < 0 : at >= 0;
      let made = c;
      if (hit && state.remove) continue;
      if (hit && to !== "") made = state.not ? to.at(-1)! : (to[at] ?? to.at(-1)!);
      const squeezed = squeezeNot ? !state.squeeze.includes(made) : state.squeeze.includes(made);
      if (squeezed && state.last === made) continue;
      state.last = made;
      out += made;
    }
    io.out(out);
  },
});

function usageOf(io: Io, text: string): number {
  io.err(`BusyBox v1.37.0 () multi-call binary.\n\nUsage: ${text}\n`);
  return 1;
}

const span = (a: string, b: string): string => {
  let out = "";
  for (let code = a.charCodeAt(0); code <= b.charCodeAt(0); code++) out += String.fromCharCode(code);
  return out;
};
const setClasses: Record<string, string> = {
  alpha: span("A", "Z") + span("a", "z"), digit: span("0", "9"), upper: span("A", "Z"), lower: span("a", "z"),
  space: "\t\n\v\f\r ", blank: "\t ", punct: span("!", "/") + span(":", "@") + span("[", "`") + span("{", "~"),
  xdigit: span("0", "9") + span("A", "F") + span("a", "f"), cntrl: span("\0", "\x1f") + "\x7f", print: span(" ", "~"), graph: span("!", "~"),
};
setClasses.alnum = setClasses.digit! + setClasses.alpha!;

function expandSet(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i);
    const named = /^\[:(\w+):\]/.exec(rest);
    if (named && setClasses[named[1]!]) {
      out += setClasses[named[1]!];
      i += named[0].length - 1;
      continue;
    }
    let c = text[i]!;
    if (c === "\\" && i + 1 < text.length) {
      const octal = /^\\([0-7]{1,3})/.exec(rest);
      if (octal) {
        c = String.fromCharCode(parseInt(octal[1]!, 8));
        i += octal[0].length - 1;
      } else {
        const next = text[++i]!;
        c = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" }[next] ?? next;
      }
    }
    if (text[i + 1] === "-" && text[i + 2] !== undefined && text[i + 2]! >= c) {
      out += span(c, text[i + 2]!);
      i += 2;
    } else out += c;
  }
  return out;
}

const ranges = (io: Io, text: string): [number, number][] =>
  text.split(",").map((part) => {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (!match || part === "-" || part === "") return io.fail(`invalid range ${text}`);
    const from = match[1] === "" ? 1 : Number(match[1]);
    return [from, match[2] === "" ? from : match[3] === "" ? Infinity : Number(match[3])];
  });

const cut = stream<{ list: [number, number][]; by: string; d: string; only: boolean; o: string }>("cut", {
  start(io) {
    const opts = options(io, "b:c:f:d:nsO:", { delimiter: "d", fields: "f", "output-delimiter": "O" });
    const by = ["b", "c", "f"].find((letter) => opts.has(letter));
    if (by === undefined) return (io.say("expected a list of bytes, characters, or fields"), 1);
    const list = ranges(io, opts.value(by)!).map(([a, b]) => [a, b === Infinity ? 1e9 : b] as [number, number]);
    const d = opts.value("d") ?? "\t";
    return { files: opts.rest, state: { list, by, d, only: opts.has("s"), o: opts.value("O") ?? d } };
  },
  data(io, { list, by, d, only, o }, line) {
    const inside = (n: number): boolean => list.some(([from, to]) => n >= from && n <= to);
    if (by !== "f") io.out(`${[...line].filter((_, i) => inside(i + 1)).join("")}\n`);
    else if (!line.includes(d)) only || io.out(`${line}\n`);
    else io.out(`${line.split(d).filter((_, i) => inside(i + 1)).join(o)}\n`);
  },
});

const tee = stream<{ fds: number[] }>("tee", {
  raw: true,
  start(io) {
    const opts = options(io, "ai");
    const fds: number[] = [];
    for (const file of opts.rest) io.try(file, () => fds.push(io.sys.open(file, { write: true, create: true, ...(opts.has("a") ? { append: true } : { truncate: true }) })));
    return { files: [], state: { fds } };
  },
  data(io, { fds }, text) {
    io.out(text);
    for (const fd of fds) io.sys.write(fd, text);
  },
});

const uniq = tool("uniq", (io) => {
  const opts = options(io, "cdiuf:s:w:");
  const text = io.input(opts.rest[0] ?? "-");
  if (text === undefined) return 1;
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const key = (line: string): string => {
    let part = line;
    for (let n = Number(opts.value("f") ?? 0); n > 0; n--) part = part.replace(/^\s*\S+/, "");
    part = part.slice(Number(opts.value("s") ?? 0));
    if (opts.has("w")) part = part.slice(0, Number(opts.value("w")));
    return opts.has("i") ? part.toLowerCase() : part;
  };
  let out = "";
  for (let i = 0; i < lines.length; ) {
    let n = 1;
    while (i + n < lines.length && key(lines[i + n]!) === key(lines[i]!)) n++;
    if (!(opts.has("d") && n === 1) && !(opts.has("u") && n > 1)) out += `${opts.has("c") ? `${String(n).padStart(7)} ` : ""}${lines[i]}\n`;
    i += n;
  }
  if (opts.rest[1] !== undefined) io.sys.writeFile(opts.rest[1], out);
  else io.out(out);
  return 0;
});

const reverse = [
  stream<null>("rev", { start: (io) => ({ files: io.args, state: null }), data: (io, _s, line, ended) => io.out([...line].reverse().join("") + (ended ? "\n" : "")) }),
  tool("tac", (io) => {
    for (const file of io.args.length ? io.args : ["-"]) io.out((io.input(file) ?? "").match(/[^\n]*\n|[^\n]+$/g)?.reverse().join("") ?? "");
  }),
  tool("nl", (io) => {
    const opts = options(io, "b:w:s:v:i:p");
    let n = Number(opts.value("v") ?? 1);
    const text = opts.rest.length ? opts.rest.map((file) => io.input(file) ?? "").join("") : io.stdin();
    for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const numbered = opts.value("b") === "a" || line !== "\n";
      io.out(numbered ? `${String(n++).padStart(Number(opts.value("w") ?? 6))}${opts.value("s") ?? "\t"}${line}` : `       ${line}`);
    }
  }),
];

export const textTools: Program[] = [head, tail, wc, sort, grep("grep"), grep("egrep"), grep("fgrep"), tr, cut, tee, uniq, ...reverse];
