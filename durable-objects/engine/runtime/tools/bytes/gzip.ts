/** gzip, gunzip, zcat: whole streams, their output bounded. */
import { Gunzip, gzipSync } from "fflate";
import { unpackedBytesMax } from "../../../core/limits.ts";
import { binaryOf, bytesOf } from "../../bytes.ts";
import { Errno } from "../../errno.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { tool, type Io } from "../tool.ts";

export const isGzip = (data: string): boolean => data.startsWith("\x1f\x8b");

/** Undefined: it is damaged. "too big": it would not end. */
export function gunzip(data: string): { text: string } | "bad" | "too big" {
  const parts: string[] = [];
  let size = 0;
  try {
    const stream = new Gunzip((chunk) => {
      size += chunk.length;
      if (size > unpackedBytesMax) throw new RangeError("too big");
      parts.push(binaryOf(chunk));
    });
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length; at += 16_384)
      stream.push(bytes.subarray(at, at + 16_384), at + 16_384 >= bytes.length);
  } catch (error) {
    return error instanceof RangeError && error.message === "too big" ? "too big" : "bad";
  }
  return { text: parts.join("") };
}

export const gzip = (data: string, level = 6, mtime = 0): string =>
  binaryOf(gzipSync(bytesOf(data), { level: level as 6, mtime }));

interface Rules {
  unpack: boolean;
  toStdout: boolean;
  keep: boolean;
  force: boolean;
  test: boolean;
  level: number;
}

function convert(io: Io, data: string, rules: Rules): string | undefined {
  io.sys.charge(data.length / 20);
  if (!rules.unpack) return gzip(data, rules.level);
  if (!isGzip(data)) {
    if (rules.force && rules.toStdout) return data;
    io.say("invalid magic");
    return undefined;
  }
  const made = gunzip(data);
  if (typeof made === "object") return made.text;
  io.say(made === "bad" ? "corrupted data" : new Errno("ENOSPC").message);
  return undefined;
}

/** One file; false: it failed. */
function one(io: Io, file: string, rules: Rules): boolean {
  const { sys } = io;
  const stat = sys.peek(file);
  if (stat?.type === "d") {
    io.say(`${file}: is a directory, ignored`);
    return false;
  }
  const suffix = /\.(gz|tgz|Z)$/.exec(file)?.[0];
  if (rules.unpack && !suffix && !rules.toStdout && !rules.test && stat) {
    io.say(`${file}: unknown suffix - ignored`);
    return false;
  }
  const target = rules.unpack
    ? file.replace(/\.tgz$/, ".tar").replace(/\.(gz|Z)$/, "")
    : `${file}.gz`;
  const data = io.input(file);
  if (data === undefined) return false;
  if (!rules.toStdout && !rules.test && sys.peek(target) && !rules.force) {
    io.say(`can't open '${target}': File exists`);
    return false;
  }
  const made = convert(io, data, rules);
  if (made === undefined) return false;
  if (rules.test) return true;
  if (rules.toStdout) {
    io.out(made);
    return true;
  }
  sys.writeFile(target, made);
  if (stat) {
    sys.chmod(target, stat.mode);
    sys.utime(target, stat.mtime);
  }
  if (!rules.keep) sys.unlink(file);
  return true;
}

const gzipTool = (name: "gzip" | "gunzip" | "zcat"): Program =>
  tool(name, (io) => {
    const opts = options(io, "cdfkqtv123456789n", {
      stdout: "c",
      decompress: "d",
      force: "f",
      keep: "k",
      test: "t",
      best: "9",
      fast: "1",
    });
    const level = [..."123456789"].find((digit) => opts.has(digit));
    const rules: Rules = {
      unpack: name !== "gzip" || opts.has("d") || opts.has("t"),
      toStdout: name === "zcat" || opts.has("c"),
      keep: opts.has("k"),
      force: opts.has("f"),
      test: opts.has("t"),
      level: Number(level ?? 6),
    };
    let code = 0;
    for (const file of opts.rest) {
      if (file === "-") {
        const made = convert(io, io.stdin(), rules);
        if (made === undefined) code = 1;
        else io.out(made);
      } else if (!one(io, file, rules)) code = 1;
    }
    if (opts.rest.length > 0) return code;
    if (!rules.unpack && io.sys.terminal(1) && !rules.force)
      return io.fail("compressed data not written to terminal");
    const made = convert(io, io.stdin(), rules);
    if (made === undefined) return 1;
    if (!rules.test) io.out(made);
    return 0;
  });

export const gzipTools: Program[] = [gzipTool("gzip"), gzipTool("gunzip"), gzipTool("zcat")];
