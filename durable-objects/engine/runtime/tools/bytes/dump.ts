/** Bytes to look at: od, hexdump, xxd. */
import type { Program } from "../../kernel/types.ts";
import { count } from "../counts.ts";
import { formatted } from "./hexdump-format.ts";
import { options } from "../options.ts";
import { tool, type Io } from "../tool.ts";

const hex = (n: number, width: number): string => n.toString(16).padStart(width, "0");

/** Lines of 16 bytes, equal ones folded to `*`. */
function dump(
  io: Io,
  data: string,
  all: boolean,
  address: (at: number) => string,
  line: (part: string) => string[],
  from = 0,
): void {
  let last = "";
  let starred = false;
  let out = "";
  for (let at = 0; at < data.length; at += 16) {
    const part = data.slice(at, at + 16);
    if (!all && part === last && part.length === 16) {
      if (!starred) out += "*\n";
      starred = true;
      continue;
    }
    starred = false;
    last = part;
    for (const [i, text] of line(part).entries())
      out += `${i === 0 ? address(from + at) : address(0).replace(/./g, " ")}${text}\n`;
  }
  const end = address(from + data.length);
  io.out(out + (end.trim() ? `${end}\n` : ""));
}

const escapes: Record<string, string> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
};
const words = (part: string, size: number): number[] => {
  const out: number[] = [];
  for (let i = 0; i < part.length; i += size) {
    let value = 0;
    for (let b = size - 1; b >= 0; b--) value = value * 256 + (part.charCodeAt(i + b) || 0);
    out.push(value);
  }
  return out;
};

/** `x1`, `o2`, `c`, `u1`, `d4`: the cells of a line. */
function odLine(part: string, kind: string): string {
  const letter = kind[0]!;
  if (letter === "c")
    return [...part]
      .map(
        (c) =>
          ` ${(escapes[c] ?? (c < " " || c > "~" ? c.charCodeAt(0).toString(8).padStart(3, "0") : c)).padStart(3)}`,
      )
      .join("");
  const size = Number(kind[1] ?? (letter === "x" || letter === "o" ? 4 : 4));
  const widths = {
    x: size * 2,
    o: { 1: 3, 2: 6, 4: 11, 8: 22 }[size] ?? 6,
    u: { 1: 3, 2: 5, 4: 10, 8: 20 }[size] ?? 5,
    d: { 1: 4, 2: 6, 4: 11, 8: 20 }[size] ?? 6,
  };
  const width = widths[letter as "x"];
  return words(part, size)
    .map((value) => {
      const limit = 256 ** size;
      if (letter === "d" || letter === "u")
        return ` ${String(letter === "d" && value >= limit / 2 ? value - limit : value).padStart(width)}`;
      return ` ${value.toString(letter === "x" ? 16 : 8).padStart(width, "0")}`;
    })
    .join("");
}

const od = tool("od", (io) => {
  const opts = options(io, "abcdioxvA:N:j:t:w:s", {}, false);
  const kinds = opts.values("t").map((text) => text.replace(/z$/, "").replace(/^c\d$/, "c"));
  for (const [letter, kind] of Object.entries({
    b: "o1",
    c: "c",
    d: "u2",
    i: "d2",
    o: "o2",
    x: "x2",
  }))
    if (opts.has(letter)) kinds.push(kind);
  const files = opts.rest.length ? opts.rest : ["-"];
  const code = { code: 0 };
  const data = files.map((file) => io.input(file, code) ?? "").join("");
  const skip = count(io, opts.value("j") ?? "0");
  const most = opts.value("N") === undefined ? Infinity : count(io, opts.value("N")!);
  const base = { n: 0, d: 10, x: 16, o: 8 }[opts.value("A") ?? "o"] ?? 8;
  const address = (at: number): string =>
    base === 0 ? "" : at.toString(base).padStart(base === 16 ? 6 : 7, "0");
  dump(
    io,
    data.slice(skip, skip + most),
    opts.has("v"),
    address,
    (part) => (kinds.length ? kinds : ["o2"]).map((kind) => odLine(part, kind)),
    skip,
  );
  return code.code;
});

/** A file as far as it is asked for: devices are large. */
function beginning(io: Io, file: string, most: number, code: { code: number }): string {
  if (file === "-" || most === Infinity) return io.input(file, code) ?? "";
  let data = "";
  const read = (): void => {
    const fd = io.sys.open(file, { read: true });
    for (let part; data.length < most && (part = io.sys.read(fd, most - data.length));)
      data += part;
    io.sys.close(fd);
  };
  if (!io.try(file, read)) code.code = 1;
  return data;
}

const visible = (part: string): string => part.replace(/[^ -~]/g, ".");

const hexdump = (name: "hexdump" | "hd"): Program =>
  tool(name, (io) => {
    const opts = options(io, "bcCdovxn:s:e:f:");
    const code = { code: 0 };
    const skip = Math.max(0, count(io, opts.value("s") ?? "0"));
    const end = opts.has("n") ? skip + Math.max(0, count(io, opts.value("n")!)) : Infinity;
    let data = "";
    for (const file of opts.rest.length ? opts.rest : ["-"])
      data += beginning(io, file, end - data.length, code);
    const shown = data.slice(skip, end);
    const formats = opts.values("e");
    if (formats.length > 0) {
      const text = formats.map((one) => formatted(one, shown, opts.has("v"), skip));
      const bad = formats[text.indexOf(undefined)];
      if (bad !== undefined) return io.fail(`bad format {${bad}}`);
      io.out(text.join(""));
      return code.code;
    }
    const canonical = opts.has("C") || name === "hd";
    const line = (part: string): string => {
      const bytes = [...part].map((c) => hex(c.charCodeAt(0), 2));
      if (canonical)
        return `  ${`${bytes.slice(0, 8).join(" ").padEnd(23)}  ${bytes.slice(8).join(" ").padEnd(23)}`}  |${visible(part)}|`;
      if (opts.has("c")) return odLine(part, "c").padEnd(64);
      if (opts.has("b"))
        return [...part]
          .map((c) => ` ${c.charCodeAt(0).toString(8).padStart(3, "0")}`)
          .join("")
          .padEnd(64);
      if (opts.has("d") || opts.has("o"))
        return words(part, 2)
          .map((value) =>
            opts.has("d")
              ? `   ${String(value).padStart(5, "0")}`
              : `  ${value.toString(8).padStart(6, "0")}`,
          )
          .join("")
          .padEnd(64);
      const cells = words(part, 2).map((value) =>
        opts.has("x") ? `    ${hex(value, 4)}` : ` ${hex(value, 4)}`,
      );
      return cells.join("").padEnd(opts.has("x") ? 64 : 40);
    };
    dump(
      io,
      shown,
      opts.has("v"),
      (at) => hex(at, canonical ? 8 : 7),
      (part) => [line(part)],
      skip,
    );
    return code.code;
  });

const xxd = tool("xxd", (io) => {
  const opts = options(io, "prl:s:c:g:n:o:u");
  const data = io.input(opts.rest[0] ?? "-");
  if (data === undefined) return 1;
  if (opts.has("r")) {
    const digits = opts.has("p")
      ? data.replace(/\s/g, "")
      : data
          .split("\n")
          .map((line) =>
            line
              .replace(/^[0-9a-f]+: /, "")
              .split("  ")[0]!
              .replace(/ /g, ""),
          )
          .join("");
    io.out(
      (digits.match(/../g) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join(""),
    );
    return 0;
  }
  const number = (letter: string, otherwise: number): number =>
    opts.has(letter) ? count(io, opts.value(letter)!) : otherwise;
  const skip = number("s", 0);
  const from = skip < 0 ? Math.max(0, data.length + skip) : skip;
  const shown = data.slice(from, from + number("l", number("n", Infinity)));
  const bytes = [...shown].map((c) => hex(c.charCodeAt(0), 2));
  const plain = opts.has("p");
  const columns = Math.max(1, number("c", plain ? 30 : 16));
  const group = number("g", 2) || columns;
  if (plain) {
    for (let at = 0; at < bytes.length; at += columns)
      io.out(`${bytes.slice(at, at + columns).join("")}\n`);
    return 0;
  }
  const width = columns * 2 + Math.ceil(columns / group) - 1;
  for (let at = 0; at < shown.length; at += columns) {
    const cells = bytes
      .slice(at, at + columns)
      .join("")
      .replace(new RegExp(`.{${group * 2}}(?=.)`, "g"), "$& ");
    const place = hex(from + at + number("o", 0), 8);
    io.out(`${place}: ${cells.padEnd(width)}  ${visible(shown.slice(at, at + columns))}\n`);
  }
  return 0;
});

export const dumpTools: Program[] = [od, hexdump("hexdump"), hexdump("hd"), xxd];
