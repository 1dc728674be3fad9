/** Filters over lines. */
import type { Program } from "../program.ts";
import { cut, tr } from "./characters.ts";
import { head, tail } from "./ends.ts";
import { grep } from "./grep.ts";
import { options } from "./options.ts";
import { sort } from "./sort.ts";
import { stream, tool } from "./tool.ts";

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
  if (opts.rest.length > 1)
    rows.push([
      rows.reduce<number[]>((sum, [row]) => row.map((n, i) => n + (sum[i] ?? 0)), []),
      "total",
    ]);
  const single = (rows[0]?.[0].length ?? 0) === 1 && opts.rest.length <= 1;
  for (const [row, name] of rows)
    io.out(
      `${row
        .map((n) => (single ? String(n) : String(n).padStart(9)))
        .join(" ")
        .replace(/^ {0}/, "")}${name ? ` ${name}` : ""}\n`,
    );
  return code.code;
});

const tee = stream<{ fds: number[] }>("tee", {
  raw: true,
  start(io) {
    const opts = options(io, "ai");
    const fds: number[] = [];
    for (const file of opts.rest)
      io.try(file, () =>
        fds.push(
          io.sys.open(file, {
            write: true,
            create: true,
            ...(opts.has("a") ? { append: true } : { truncate: true }),
          }),
        ),
      );
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
  for (let i = 0; i < lines.length;) {
    let n = 1;
    while (i + n < lines.length && key(lines[i + n]!) === key(lines[i]!)) n++;
    if (!(opts.has("d") && n === 1) && !(opts.has("u") && n > 1))
      out += `${opts.has("c") ? `${String(n).padStart(7)} ` : ""}${lines[i]}\n`;
    i += n;
  }
  if (opts.rest[1] !== undefined) io.sys.writeFile(opts.rest[1], out);
  else io.out(out);
  return 0;
});

export const reverse = [
  stream<null>("rev", {
    start: (io) => ({ files: io.args, state: null }),
    data: (io, _s, line, ended) => io.out([...line].reverse().join("") + (ended ? "\n" : "")),
  }),
  tool("tac", (io) => {
    for (const file of io.args.length ? io.args : ["-"])
      io.out(
        (io.input(file) ?? "")
          .match(/[^\n]*\n|[^\n]+$/g)
          ?.reverse()
          .join("") ?? "",
      );
  }),
  tool("nl", (io) => {
    const opts = options(io, "b:w:s:v:i:p");
    let n = Number(opts.value("v") ?? 1);
    const text = opts.rest.length
      ? opts.rest.map((file) => io.input(file) ?? "").join("")
      : io.stdin();
    for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const numbered = opts.value("b") === "a" || line !== "\n";
      io.out(
        numbered
          ? `${String(n++).padStart(Number(opts.value("w") ?? 6))}${opts.value("s") ?? "\t"}${line}`
          : `       ${line}`,
      );
    }
  }),
];

export const textTools: Program[] = [
  head,
  tail,
  wc,
  sort,
  grep("grep"),
  grep("egrep"),
  grep("fgrep"),
  tr,
  cut,
  tee,
  uniq,
  ...reverse,
];
