/** Bytes: checksums, base64, strings. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { bytesOf, fromBase64, toBase64 } from "../../bytes.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { opened, stream, tool } from "../tool.ts";

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

interface Base64State {
  decode: boolean;
  /** Columns of a line; 0: one line. */
  width: number;
  /** What is no whole group yet. */
  left: string;
  column: number;
}

/** Lines of the wanted width, over pieces. */
function wrapped(state: Base64State, text: string): string {
  if (state.width === 0) return text;
  let out = "";
  for (let at = 0; at < text.length;) {
    const piece = text.slice(at, at + state.width - state.column);
    at += piece.length;
    out += piece;
    state.column += piece.length;
    if (state.column < state.width) break;
    out += "\n";
    state.column = 0;
  }
  return out;
}

const base64 = stream<Base64State>("base64", {
  storedNames: { fields: { decode: "d", width: "w", left: "l", column: "c" } },
  raw: true,
  start(io) {
    const opts = options(io, "diw:", { decode: "d", wrap: "w", "ignore-garbage": "i" });
    const width = Number(opts.value("w") ?? 76);
    const state = { decode: opts.has("d"), width, left: "", column: 0 };
    return { files: opts.rest.slice(0, 1), state };
  },
  data(io, state, text) {
    // What is no digit is passed over; the last group must be whole.
    const all = state.left + (state.decode ? text.replace(/[^A-Za-z0-9+/=]/g, "") : text);
    const group = state.decode ? 4 : 3;
    const whole = all.length - (all.length % group);
    state.left = all.slice(whole);
    const ready = all.slice(0, whole);
    io.out(state.decode ? (fromBase64(ready) ?? "") : wrapped(state, toBase64(ready)));
  },
  end(io, state, bad) {
    if (!state.decode) io.out(wrapped(state, toBase64(state.left)));
    if (!state.decode && state.column > 0) io.out("\n");
    if (!state.decode || state.left === "") return bad ? 1 : 0;
    io.say("truncated input");
    return 1;
  },
});

const strings = tool("strings", (io) => {
  const opts = options(io, "an:o");
  const least = Math.max(1, Number(opts.value("n") ?? 4));
  const code = { code: 0 };
  for (const file of opts.rest.length ? opts.rest : ["-"])
    for (const text of (io.input(file, code) ?? "").split(/[^\t -~]+/))
      if (text.length >= least) io.out(`${text}\n`);
  return code.code;
});

export const byteTools: Program[] = [
  sum("md5sum"),
  sum("sha1sum"),
  sum("sha256sum"),
  sum("sha512sum"),
  base64,
  strings,
];
