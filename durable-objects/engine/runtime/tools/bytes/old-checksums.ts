/** Checksums of old: cksum, crc32, sum. */
import { hex32 } from "../../../core/random.ts";
import type { Program } from "../../kernel/types.ts";
import { options, type Options } from "../options.ts";
import { opened, tool } from "../tool.ts";

/** Remainders by the polynomial of Ethernet, for bytes with the high bit first or last. */
function table(reflected: boolean): Uint32Array {
  const out = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = reflected ? n : n << 24;
    for (let bit = 0; bit < 8; bit++) {
      if (reflected) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
      else c = c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1;
    }
    out[n] = c;
  }
  return out;
}
const highFirst = table(false);
const lowFirst = table(true);

/** POSIX: the length follows the bytes. */
function posixCrc(data: string): number {
  let crc = 0;
  const add = (byte: number): void => {
    crc = (crc << 8) ^ highFirst[((crc >>> 24) ^ byte) & 255]!;
  };
  for (let i = 0; i < data.length; i++) add(data.charCodeAt(i));
  for (let left = data.length; left > 0; left = Math.floor(left / 256)) add(left & 255);
  return ~crc >>> 0;
}

function crc32Of(data: string): number {
  let crc = ~0;
  for (let i = 0; i < data.length; i++)
    crc = (crc >>> 8) ^ lowFirst[(crc ^ data.charCodeAt(i)) & 255]!;
  return ~crc >>> 0;
}

function bsdSum(data: string): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++)
    sum = (((sum >>> 1) | ((sum & 1) << 15)) + data.charCodeAt(i)) & 0xffff;
  return sum;
}

const summing = (
  name: string,
  print: (data: string, file: string, opts: Options) => string,
): Program =>
  tool(name, (io) => {
    const opts = options(io, name === "sum" ? "rs" : "");
    const code = { code: 0 };
    for (const file of opts.rest.length ? opts.rest : [""]) {
      const data = opened(io, file || "-", code);
      if (data === undefined) continue;
      io.sys.charge(data.length / 20);
      io.out(print(data, file, opts));
    }
    return code.code;
  });

const named = (file: string): string => (file ? ` ${file}` : "");

export const sumTools: Program[] = [
  summing("cksum", (data, file) => `${posixCrc(data)} ${data.length}${named(file)}\n`),
  summing("crc32", (data, file) => `${hex32(crc32Of(data))}${named(file)}\n`),
  summing("sum", (data, file, opts) => {
    if (!opts.has("s")) {
      const blocks = String(Math.ceil(data.length / 1024)).padStart(5);
      const several = opts.rest.length > 1 ? named(file) : "";
      return `${String(bsdSum(data)).padStart(5, "0")} ${blocks}${several}\n`;
    }
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data.charCodeAt(i);
    const folded = (sum % 65536) + Math.floor((sum % 4294967296) / 65536);
    const checksum = (folded & 0xffff) + (folded >>> 16);
    return `${checksum} ${Math.ceil(data.length / 512)}${named(file)}\n`;
  }),
];
