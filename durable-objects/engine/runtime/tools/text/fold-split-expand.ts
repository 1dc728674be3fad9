/** Text in other shapes: fold, split, expand, shuf, pagers. */
import { shuffledNumbersMax } from "../../../core/limits.ts";
import type { Program } from "../../kernel/types.ts";
import { count } from "../counts.ts";
import { options } from "../options.ts";
import { stream, tool } from "../tool.ts";

const fold = stream<{ width: number; words: boolean }>("fold", {
  start(io) {
    const args = io.args.map((arg) => (/^-\d+$/.test(arg) ? `-w${arg.slice(1)}` : arg));
    io.args.splice(0, io.args.length, ...args);
    const opts = options(io, "bsw:");
    return {
      files: opts.rest,
      state: { width: Math.max(1, Number(opts.value("w") ?? 80)), words: opts.has("s") },
    };
  },
  data(io, { width, words }, line, ended) {
    let rest = line;
    while (rest.length > width) {
      const space = words ? rest.lastIndexOf(" ", width - 1) : -1;
      const at = space > 0 ? space + 1 : width;
      io.out(`${rest.slice(0, at)}\n`);
      rest = rest.slice(at);
    }
    io.out(rest + (ended ? "\n" : ""));
  },
});

const split = tool("split", (io) => {
  const opts = options(io, "l:b:a:d");
  const [file = "-", prefix = "x"] = opts.rest;
  const text = io.input(file);
  if (text === undefined) return 1;
  const width = Number(opts.value("a") ?? 2);
  const bytes = opts.value("b");
  const n = bytes === undefined ? Number(opts.value("l") ?? 1000) : count(io, bytes);
  if (!(n > 0)) return io.fail(`invalid number '${bytes ?? opts.value("l")}'`);
  const all = text.match(/[^\n]+\n?|\n/g) ?? [];
  const size = bytes === undefined ? all.length : text.length;
  for (let at = 0, i = 0; at < size; at += n, i++) {
    let suffix = "";
    for (let value = i, left = width; left > 0; left--, value = Math.floor(value / 26))
      suffix = String.fromCharCode(97 + (value % 26)) + suffix;
    if (i >= 26 ** width) return io.fail("suffixes exhausted");
    io.sys.writeFile(
      prefix + suffix,
      bytes === undefined ? all.slice(at, at + n).join("") : text.slice(at, at + n),
    );
  }
  return 0;
});

const expand = stream<{ every: number }>("expand", {
  start(io) {
    const opts = options(io, "it:");
    return { files: opts.rest, state: { every: Math.max(1, Number(opts.value("t") ?? 8)) } };
  },
  data(io, { every }, line, ended) {
    let out = "";
    for (const c of line) out += c === "\t" ? " ".repeat(every - (out.length % every)) : c;
    io.out(out + (ended ? "\n" : ""));
  },
});

/** Blanks at the start of lines, or with -a all, as tabs where they reach one. */
const unexpand = stream<{ every: number; all: boolean }>("unexpand", {
  start(io) {
    const opts = options(io, "aft:", { all: "a", tabs: "t", "first-only": "f" });
    const every = Math.max(1, Number(opts.value("t") ?? 8));
    const all = (opts.has("a") || opts.has("t")) && !opts.has("f");
    return { files: opts.rest, state: { every, all } };
  },
  data(io, { every, all }, line, ended) {
    let out = "";
    let column = 0;
    let blanks = "";
    for (const [i, c] of [...line].entries()) {
      const blank = c === " " || c === "\t";
      if (!blank && !all) {
        out += blanks + line.slice(i);
        blanks = "";
        break;
      }
      column = c === "\t" ? column + every - (column % every) : column + 1;
      if (!blank) {
        out += blanks + c;
        blanks = "";
      } else if (column % every === 0) {
        // A single blank before a tab stop stays what it is.
        out += c === " " && blanks === "" ? " " : "\t";
        blanks = "";
      } else blanks += " ";
    }
    io.out(out + blanks + (ended ? "\n" : ""));
  },
});

const shuf = tool("shuf", (io) => {
  const opts = options(io, "ei:n:o:z");
  const span = /^(\d+)-(\d+)$/.exec(opts.value("i") ?? "");
  const list = opts.has("e")
    ? [...opts.rest]
    : span
      ? Array.from(
          { length: Math.min(shuffledNumbersMax, Number(span[2]) - Number(span[1]) + 1) },
          (_, i) => String(i + Number(span[1])),
        )
      : (io.input(opts.rest[0] ?? "-") ?? "").replace(/\n$/, "").split("\n");
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(io.sys.random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  io.out(
    list
      .slice(0, Number(opts.value("n") ?? list.length))
      .map((line) => `${line}\n`)
      .join(""),
  );
});

export const shapeTools: Program[] = [fold, split, expand, unexpand, shuf];
