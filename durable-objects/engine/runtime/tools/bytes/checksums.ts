/** Bytes: checksums, base64, strings. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { bytesOf, fromBase64, toBase64 } from "../../bytes.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { opened, tool } from "../tool.ts";

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

const base64 = tool("base64", (io) => {
  const opts = options(io, "diw:", { decode: "d", wrap: "w", "ignore-garbage": "i" });
  const data = io.input(opts.rest[0] ?? "-");
  if (data === undefined) return 1;
  if (opts.has("d")) {
    // What is no digit is passed over; the last group must be whole.
    const digits = data.replace(/[^A-Za-z0-9+/=]/g, "");
    const whole = digits.slice(0, digits.length - (digits.length % 4));
    io.out(fromBase64(whole) ?? "");
    return whole === digits ? 0 : io.fail("truncated input");
  }
  const text = toBase64(data);
  const width = Number(opts.value("w") ?? 76);
  if (width === 0) io.out(text);
  else io.out(text.replace(new RegExp(`.{1,${width}}`, "g"), "$&\n"));
  return 0;
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
