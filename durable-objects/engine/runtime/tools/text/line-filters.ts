/** Filters over lines: wc, tee, uniq, rev, tac, nl. */
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { opened, stream, tool } from "../tool.ts";

interface WcState {
  letters: string;
  /** Lines, words, characters, bytes, the longest line; then the name. */
  rows: [number[], string][];
  named: boolean;
  many: boolean;
  word?: true;
  /** Characters of the line so far. */
  now: number;
}

const wc = stream<WcState>("wc", {
  raw: true,
  start(io) {
    const opts = options(io, "clmwL", {
      lines: "l",
      words: "w",
      bytes: "c",
      chars: "m",
      "max-line-length": "L",
    });
    const letters = opts.order.join("") || "lwc";
    return {
      files: opts.rest,
      state: { letters, rows: [], named: opts.rest.length > 0, many: opts.rest.length > 1, now: 0 },
    };
  },
  file(_io, state, name) {
    state.rows.push([[0, 0, 0, 0, 0], state.named ? name : ""]);
    delete state.word;
    state.now = 0;
  },
  data(_io, state, text) {
    const [row] = state.rows.at(-1)!;
    const lines = text.split("\n");
    row[0]! += lines.length - 1;
    // Without a locale a character is a byte.
    row[2]! += text.length;
    row[3]! += text.length;
    row[1]! += (text.match(/\S+/g)?.length ?? 0) - (state.word && /^\S/.test(text) ? 1 : 0);
    if (/\S$/.test(text)) state.word = true;
    else delete state.word;
    lines[0] = " ".repeat(Math.min(state.now, 1_000_000)) + lines[0]!;
    for (const line of lines) row[4] = Math.max(row[4]!, line.length);
    state.now = lines.at(-1)!.length;
  },
  end(io, state, bad) {
    const { rows } = state;
    if (state.many)
      rows.push([
        [0, 1, 2, 3, 4].map((i) =>
          i === 4
            ? Math.max(...rows.map(([row]) => row[4]!))
            : rows.reduce((sum, [row]) => sum + row[i]!, 0),
        ),
        "total",
      ]);
    const columns = ["l", "w", "m", "c", "L"].flatMap((letter, i) =>
      state.letters.includes(letter) ? [i] : [],
    );
    const single = columns.length === 1 && !state.many;
    for (const [row, name] of rows)
      io.out(
        `${columns.map((i) => (single ? String(row[i]) : String(row[i]).padStart(9))).join(" ")}${name ? ` ${name}` : ""}\n`,
      );
    return bad ? 1 : 0;
  },
});

const tee = stream<{ fds: number[]; bad?: boolean }>("tee", {
  raw: true,
  start(io) {
    const opts = options(io, "ai");
    const fds: number[] = [];
    let bad = false;
    for (const file of opts.rest)
      bad ||= !io.try(file, () =>
        fds.push(
          io.sys.open(file, {
            write: true,
            create: true,
            ...(opts.has("a") ? { append: true } : { truncate: true }),
          }),
        ),
      );
    return { files: [], state: { fds, ...(bad ? { bad } : {}) } };
  },
  data(io, { fds }, text) {
    io.out(text);
    for (const fd of fds) io.sys.write(fd, text);
  },
  end: (_io, { bad }) => (bad ? 1 : 0),
});

const uniq = tool("uniq", (io) => {
  const opts = options(io, "cdiuf:s:w:z");
  const text = opened(io, opts.rest[0] ?? "-");
  if (text === undefined) return 1;
  const end = opts.has("z") ? "\0" : "\n";
  const lines = text.split(end);
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
      out += `${opts.has("c") ? `${String(n).padStart(7)} ` : ""}${lines[i]}${end}`;
    i += n;
  }
  if (opts.rest[1] !== undefined) io.sys.writeFile(opts.rest[1], out);
  else io.out(out);
  return 0;
});

const reverse = [
  stream<null>("rev", {
    start: (io) => ({ files: io.args, state: null }),
    data: (io, _s, line, ended) => io.out([...line].reverse().join("") + (ended ? "\n" : "")),
  }),
  tool("tac", (io) => {
    const code = { code: 0 };
    for (const file of io.args.length ? io.args : ["-"])
      io.out(
        (io.input(file, code) ?? "")
          .match(/[^\n]+\n?|\n/g)
          ?.reverse()
          .join("") ?? "",
      );
    return code.code;
  }),
  tool("nl", (io) => {
    const opts = options(io, "b:w:s:v:i:p");
    const code = { code: 0 };
    let n = Number(opts.value("v") ?? 1);
    const text = opts.rest.length
      ? opts.rest.map((file) => io.input(file, code) ?? "").join("")
      : io.stdin();
    for (const line of text.match(/[^\n]+\n?|\n/g) ?? []) {
      const numbered = opts.value("b") === "a" || line !== "\n";
      io.out(
        numbered
          ? `${String(n++).padStart(Number(opts.value("w") ?? 6))}${opts.value("s") ?? "\t"}${line}`
          : `       ${line}`,
      );
      if (!line.endsWith("\n")) io.out("\n");
    }
    return code.code;
  }),
];

export const lineTools: Program[] = [wc, tee, uniq, ...reverse];
