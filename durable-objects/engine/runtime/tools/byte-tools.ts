/** Bytes: checksums, base64, od, hexdump, xxd, strings. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { bytesOf, fromBase64, toBase64 } from "../bytes.ts";
import type { Program } from "../program.ts";
import { count } from "./ends.ts";
import { options } from "./options.ts";
import { tool, type Io } from "./tool.ts";

const hashes = { md5sum: md5, sha1sum: sha1, sha256sum: sha256, sha512sum: sha512 };

const sum = (name: keyof typeof hashes): Program =>
  tool(name, (io) => {
    const opts = options(io, "bctsw", { check: "c", status: "s" });
    const hash = (data: string): string => {
      io.sys.charge(data.length / 10);
      return bytesToHex(hashes[name](bytesOf(data)));
    };
    const code = { code: 0 };
    const read = (file: string): string | undefined => {
      if (file === "-") return io.stdin();
      if (io.sys.peek(file)?.type === "d") {
        io.say(`read error: Is a directory`);
        code.code = 1;
        return undefined;
      }
      return opened(io, file, code);
    };
    let bad = 0;
    for (const file of opts.rest.length ? opts.rest : ["-"]) {
      const data = read(file);
      if (data === undefined) continue;
      if (!opts.has("c")) {
        io.out(`${hash(data)}  ${file}\n`);
        continue;
      }
      for (const line of data.split("\n").filter(Boolean)) {
        const [wanted = "", of = ""] = line.split(/ [ *](.*)/s);
        const content = read(of);
        const good = content !== undefined && hash(content) === wanted.toLowerCase();
        if (!opts.has("s")) io.out(`${of}: ${good ? "OK" : "FAILED"}\n`);
        if (!good) bad++;
      }
      if (bad && !opts.has("s"))
        io.say(
          `WARNING: ${bad} of ${data.split("\n").filter(Boolean).length} computed checksums did NOT match`,
        );
    }
    return bad ? 1 : code.code;
  });

/** As `input`, in the words `can't open`. */
function opened(io: Io, file: string, code: { code: number }): string | undefined {
  if (file === "-") return io.stdin();
  let data: string | undefined;
  if (!io.try(`can't open '${file}'`, () => (data = io.sys.readFile(file)))) code.code = 1;
  return data;
}

const base64 = tool("base64", (io) => {
  const opts = options(io, "diw:", { decode: "d", wrap: "w", "ignore-garbage": "i" });
  const data = io.input(opts.rest[0] ?? "-");
  if (data === undefined) return 1;
  if (opts.has("d")) {
    const text = fromBase64(opts.has("i") ? data.replace(/[^A-Za-z0-9+/=]/g, "") : data);
    if (text === undefined) return io.fail("truncated input");
    io.out(text);
    return 0;
  }
  const text = toBase64(data);
  const width = Number(opts.value("w") ?? 76);
  if (width === 0) io.out(text);
  else io.out(text.replace(new RegExp(`.{1,${width}}`, "g"), "$&\n"));
  return 0;
});

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
  const opts = options(io, "abcdoxvA:N:j:t:w:s", {}, false);
  const kinds = opts.values("t").map((text) => text.replace(/z$/, "").replace(/^c\d$/, "c"));
  for (const [letter, kind] of Object.entries({ b: "o1", c: "c", d: "u2", o: "o2", x: "x2" }))
    if (opts.has(letter)) kinds.push(kind);
  const files = opts.rest.length ? opts.rest : ["-"];
  const data = files.map((file) => opened(io, file, { code: 0 }) ?? "").join("");
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
});

const visible = (part: string): string => part.replace(/[^ -~]/g, ".");

const hexdump = (name: "hexdump" | "hd"): Program =>
  tool(name, (io) => {
    const opts = options(io, "bcCdovxn:s:e:f:");
    const data = (opts.rest.length ? opts.rest : ["-"])
      .map((file) => opened(io, file, { code: 0 }) ?? "")
      .join("");
    const skip = count(io, opts.value("s") ?? "0");
    const shown = data.slice(skip, opts.has("n") ? skip + count(io, opts.value("n")!) : undefined);
    const canonical = opts.has("C") || name === "hd";
    const line = (part: string): string => {
      const bytes = [...part].map((c) => hex(c.charCodeAt(0), 2));
      if (canonical)
        return `  ${`${bytes.slice(0, 8).join(" ").padEnd(23)}  ${bytes.slice(8).join(" ").padEnd(23)}`}  |${visible(part)}|`;
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
  });

const xxd = tool("xxd", (io) => {
  const opts = options(io, "prl:s:c:u");
  const data = opened(io, opts.rest[0] ?? "-", { code: 0 });
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
  const shown = data.slice(0, opts.has("l") ? count(io, opts.value("l")!) : undefined);
  const bytes = [...shown].map((c) => hex(c.charCodeAt(0), 2));
  if (opts.has("p")) io.out(bytes.join("").replace(/.{1,60}/g, "$&\n"));
  else
    for (let at = 0; at < shown.length; at += 16) {
      const pairs = bytes
        .slice(at, at + 16)
        .join("")
        .replace(/.{4}(?=.)/g, "$& ");
      io.out(`${hex(at, 8)}: ${pairs.padEnd(39)}  ${visible(shown.slice(at, at + 16))}\n`);
    }
  return 0;
});

const strings = tool("strings", (io) => {
  const opts = options(io, "an:o");
  for (const file of opts.rest.length ? opts.rest : ["-"])
    for (const [text] of (opened(io, file, { code: 0 }) ?? "").matchAll(
      new RegExp(`[\\t -~]{${Number(opts.value("n") ?? 4)},}`, "g"),
    ))
      io.out(`${text}\n`);
});

export const byteTools: Program[] = [
  sum("md5sum"),
  sum("sha1sum"),
  sum("sha256sum"),
  sum("sha512sum"),
  base64,
  od,
  hexdump("hexdump"),
  hexdump("hd"),
  xxd,
  strings,
];
