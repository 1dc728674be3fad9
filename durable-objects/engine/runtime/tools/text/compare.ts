/** Two files side by side: diff, cmp, comm, paste. */
import { comparedLinesMax } from "../../../core/limits.ts";
import type { Program } from "../../kernel/types.ts";
import { options, type Options } from "../options.ts";
import { tool, type Io } from "../tool.ts";
import { inFolder } from "../words.ts";

const lines = (text: string): string[] => text.match(/[^\n]+\n?|\n/g) ?? [];

type Edit = [op: " " | "-" | "+", line: string];

/** Longest common subsequence; in large files only up to a point, what is left then counts as replaced. */
function edits(a: string[], b: string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end++;
  const x = a.slice(start, a.length - end);
  const y = b.slice(start, b.length - end);
  const out: Edit[] = a.slice(0, start).map((line): Edit => [" ", line]);
  if (x.length * y.length > comparedLinesMax)
    out.push(...x.map((line): Edit => ["-", line]), ...y.map((line): Edit => ["+", line]));
  else out.push(...middle(x, y));
  return [...out, ...a.slice(a.length - end).map((line): Edit => [" ", line])];
}

function middle(x: string[], y: string[]): Edit[] {
  const width = y.length + 1;
  const best = new Uint16Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i--)
    for (let j = y.length - 1; j >= 0; j--)
      best[i * width + j] =
        x[i] === y[j]
          ? best[(i + 1) * width + j + 1]! + 1
          : Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!);
  const out: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      out.push([" ", x[i]!]);
      i++;
      j++;
    } else if (
      i < x.length &&
      (j >= y.length || best[(i + 1) * width + j]! >= best[i * width + j + 1]!)
    )
      out.push(["-", x[i++]!]);
    else out.push(["+", y[j++]!]);
  }
  return out;
}

const range = (from: number, count: number): string =>
  count === 1 ? String(from) : `${count === 0 ? from - 1 : from},${count}`;

/** Unified hunks with so many lines around them. */
function unified(list: Edit[], context: number): string {
  let out = "";
  let at = 0;
  let [a, b] = [1, 1];
  while (at < list.length) {
    const first = list.findIndex(([op], i) => i >= at && op !== " ");
    if (first < 0) break;
    const from = Math.max(at, first - context);
    let to = first;
    for (let quiet = 0, i = first; i < list.length && quiet <= context * 2; i++) {
      if (list[i]![0] === " ") quiet++;
      else {
        quiet = 0;
        to = i;
      }
    }
    const end = Math.min(list.length, to + 1 + context);
    for (; at < from; at++) [a, b] = [a + 1, b + 1];
    const hunk = list.slice(from, end);
    const [inA, inB] = [
      hunk.filter(([op]) => op !== "+").length,
      hunk.filter(([op]) => op !== "-").length,
    ];
    out += `@@ -${range(a, inA)} +${range(b, inB)} @@\n`;
    for (const [op, line] of hunk)
      out += op + (line.endsWith("\n") ? line : `${line}\n\\ No newline at end of file\n`);
    [a, b, at] = [a + inA, b + inB, end];
  }
  return out;
}

/** GNU's names its own command line before each pair of files of two folders. */
function pairLine(io: Io, opts: Options, left: string, right: string): string {
  if (io.busybox) return "";
  const given = io.sys.argv.slice(1).filter((word) => !opts.rest.includes(word));
  return `${["diff", ...given, left, right].join(" ")}\n`;
}

/** 0: the same, 1: they differ, 2: one cannot be read. `head`: said before what differs. */
function two(io: Io, opts: Options, a: string, b: string, head = ""): number {
  const [stat, other] = [
    a === "-" ? undefined : io.sys.peek(a),
    b === "-" ? undefined : io.sys.peek(b),
  ];
  if (stat?.type === "d" && other?.type === "d") return folders(io, opts, a, b);
  for (const [path, known] of [
    [a, stat],
    [b, other],
  ] as const)
    // With -N one that is not there counts as empty.
    if (path !== "-" && !known && !(opts.has("N") && (stat ?? other))) {
      io.say(`can't stat '${path}': No such file or directory`);
      return 2;
    }
  const left = stat?.type === "d" ? inFolder(a, b.replace(/^.*\//, "")) : a;
  const right = other?.type === "d" ? inFolder(b, a.replace(/^.*\//, "")) : b;
  const read = (path: string): string | undefined =>
    opts.has("N") && path !== "-" && !io.sys.peek(path) ? "" : io.input(path);
  const x = read(left);
  const y = x === undefined ? undefined : read(right);
  if (x === undefined || y === undefined) return 2;
  const plain = (text: string): string => {
    let made = text;
    if (opts.has("i")) made = made.toLowerCase();
    if (opts.has("w")) made = made.replace(/[ \t]+/g, "");
    if (opts.has("b")) made = made.replace(/[ \t]+/g, " ").replace(/ \n/g, "\n");
    return made;
  };
  if (plain(x) === plain(y)) {
    if (opts.has("s")) io.out(`Files ${left} and ${right} are identical\n`);
    return 0;
  }
  if (opts.has("q")) io.out(`Files ${left} and ${right} differ\n`);
  else if (/\0/.test(x + y)) io.out(`Binary files ${left} and ${right} differ\n`);
  else {
    io.sys.charge((x.length + y.length) / 10);
    io.out(
      `${head}--- ${opts.values("L")[0] ?? left}\n+++ ${opts.values("L")[1] ?? right}\n${unified(edits(lines(x), lines(y)), Number(opts.value("U") ?? 3))}`,
    );
  }
  return 1;
}

function folders(io: Io, opts: Options, a: string, b: string): number {
  let code = 0;
  const [x, y] = [io.sys.list(a), io.sys.list(b)];
  for (const name of [...new Set([...x, ...y])].sort()) {
    const [isLeft, isRight] = [x.includes(name), y.includes(name)];
    const isFolder = io.sys.peek(inFolder(isLeft ? a : b, name))?.type === "d";
    if ((!isLeft || !isRight) && (isFolder || !opts.has("N"))) {
      io.out(`Only in ${isLeft ? a : b}: ${name}\n`);
      code = Math.max(code, 1);
      continue;
    }
    const [left, right] = [inFolder(a, name), inFolder(b, name)];
    if (isFolder && !opts.has("r")) io.out(`Common subdirectories: ${left} and ${right}\n`);
    else code = Math.max(code, two(io, opts, left, right, pairLine(io, opts, left, right)));
  }
  return code;
}

const diff = tool("diff", (io) => {
  const opts = options(io, "abBdiL:NqrsTtuU:wS:", {
    unified: "u",
    brief: "q",
    recursive: "r",
    "new-file": "N",
    label: "L",
    color: "u",
  });
  const [a, b] = opts.rest;
  if (a === undefined || b === undefined) {
    io.err(
      "BusyBox v1.37.0 () multi-call binary.\n\nUsage: diff [-abBdiNqrTstw] [-L LABEL] [-S FILE] [-U LINES] FILE1 FILE2\n",
    );
    return 2;
  }
  return two(io, opts, a, b);
});

const cmp = tool("cmp", (io) => {
  const opts = options(io, "lsn:");
  const [a = "-", b = "-"] = opts.rest;
  const x = io.input(a);
  const y = io.input(b);
  if (x === undefined || y === undefined) return 2;
  const least = Math.min(x.length, y.length);
  for (let i = 0; i < least; i++) {
    if (x[i] === y[i]) continue;
    const line = x.slice(0, i).split("\n").length;
    if (!opts.has("s")) io.out(`${a} ${b} differ: char ${i + 1}, line ${line}\n`);
    return 1;
  }
  if (x.length === y.length) return 0;
  if (!opts.has("s")) io.say(`EOF on ${x.length < y.length ? a : b}`);
  return 1;
});

const comm = tool("comm", (io) => {
  const opts = options(io, "123");
  const [a = "-", b = "-"] = opts.rest;
  const x = io.input(a);
  const y = io.input(b);
  if (x === undefined || y === undefined) return 1;
  const [left, right] = [x, y].map((text) => lines(text).map((line) => line.replace(/\n$/, "")));
  const tabs = (column: number): string =>
    "\t".repeat([1, 2].filter((one) => one < column && !opts.has(String(one))).length);
  const put = (column: number, line: string): void => {
    if (!opts.has(String(column))) io.out(`${tabs(column)}${line}\n`);
  };
  let [i, j] = [0, 0];
  while (i < left!.length || j < right!.length) {
    const [p, q] = [left![i], right![j]];
    if (q === undefined || (p !== undefined && p < q)) put(1, left![i++]!);
    else if (p === undefined || p > q) put(2, right![j++]!);
    else {
      put(3, p);
      i++;
      j++;
    }
  }
  return 0;
});

const paste = tool("paste", (io) => {
  const opts = options(io, "d:s", { delimiters: "d", serial: "s" });
  const marks = [
    ...(opts.value("d") ?? "\t").replace(
      /\\([nt0\\])/g,
      (_w, c: string) => ({ n: "\n", t: "\t", 0: "" })[c] ?? "\\",
    ),
  ];
  const mark = (i: number): string => marks[i % (marks.length || 1)] ?? "";
  const names = opts.rest.length ? opts.rest : ["-"];
  const input = names.includes("-") ? io.stdin() : "";
  const stdin = lines(input).map((line) => line.replace(/\n$/, ""));
  const shared = names.filter((name) => name === "-").length;
  let turn = 0;
  const texts: string[][] = [];
  for (const name of names) {
    if (name === "-") {
      // Several `-` share the lines in turn.
      const own = turn++;
      texts.push(opts.has("s") ? stdin : stdin.filter((_line, i) => i % shared === own));
      continue;
    }
    const text = io.input(name);
    if (text === undefined) return 1;
    texts.push(lines(text).map((line) => line.replace(/\n$/, "")));
  }
  const join = (cells: string[]): string =>
    cells.map((cell, i) => (i ? mark(i - 1) : "") + cell).join("");
  if (opts.has("s")) io.out(texts.map((list) => `${join(list)}\n`).join(""));
  else
    for (let i = 0; i < Math.max(...texts.map((list) => list.length)); i++)
      io.out(`${join(texts.map((list) => list[i] ?? ""))}\n`);
  return 0;
});

export const compareTools: Program[] = [diff, cmp, comm, paste];
