/** stat: what the file system knows of a file, in a format. */
import type { Stat } from "../../fs/vfs.ts";
import { formatDate } from "../system/date.ts";
import { groupName, userName } from "../system/identity.ts";
import { inodeNumber, modeText } from "./ls.ts";
import { options } from "../options.ts";
import { tool, type Io } from "../tool.ts";
import { usage } from "../words.ts";

const kinds = {
  d: "directory",
  l: "symbolic link",
  p: "fifo",
  c: "character special file",
  b: "block special file",
  s: "socket",
};

const kindOf = (stat: Stat): string =>
  stat.type === "f" ? (stat.size === 0 ? "regular empty file" : "regular file") : kinds[stat.type];

const typeBits = {
  f: 0o100000,
  d: 0o040000,
  l: 0o120000,
  p: 0o010000,
  c: 0o020000,
  b: 0o060000,
  s: 0o140000,
};
const blocks = (stat: Stat): number => Math.ceil(stat.size / 4096) * 8;
const moment = (ms: number): string => formatDate("%Y-%m-%d %H:%M:%S.%N %z", ms);

type Cell = (io: Io, path: string, stat: Stat) => string | number;

const named: Cell = (_io, path, stat) =>
  stat.type === "l" ? `'${path}' -> '${stat.target ?? ""}'` : path;

const cells: Record<string, Cell> = {
  n: (_io, path) => path,
  N: named,
  s: (_io, _p, stat) => stat.size,
  b: (_io, _p, stat) => blocks(stat),
  B: () => 512,
  o: () => 4096,
  f: (_io, _p, stat) => (typeBits[stat.type] | stat.mode).toString(16),
  a: (_io, _p, stat) => stat.mode.toString(8),
  A: (_io, _p, stat) => modeText(stat),
  u: (_io, _p, stat) => stat.uid,
  g: (_io, _p, stat) => stat.gid,
  U: (io, _p, stat) => userName(io, stat.uid) ?? "UNKNOWN",
  G: (io, _p, stat) => groupName(io, stat.gid) ?? "UNKNOWN",
  F: (_io, _p, stat) => kindOf(stat),
  h: (_io, _p, stat) => stat.links,
  i: (_io, _p, stat) => inodeNumber(stat.ino),
  d: () => 41,
  D: () => "29",
  t: (_io, _p, stat) => (stat.numbers?.[0] ?? 0).toString(16),
  T: (_io, _p, stat) => (stat.numbers?.[1] ?? 0).toString(16),
  x: (_io, _p, stat) => moment(stat.mtime),
  y: (_io, _p, stat) => moment(stat.mtime),
  z: (_io, _p, stat) => moment(stat.mtime),
  X: (_io, _p, stat) => Math.floor(stat.mtime / 1000),
  Y: (_io, _p, stat) => Math.floor(stat.mtime / 1000),
  Z: (_io, _p, stat) => Math.floor(stat.mtime / 1000),
  m: (io, path) => io.sys.existing(path, false).mount.at,
};

function full(io: Io, path: string, stat: Stat): string {
  const name = stat.type === "l" ? named(io, path, stat) : path;
  const id = (number: number, text: string | undefined): string =>
    `(${String(number).padStart(5)}/${(text ?? "UNKNOWN").padStart(8)})`;
  const time = moment(stat.mtime);
  return (
    `  File: ${name}\n` +
    `  Size: ${String(stat.size).padEnd(10)}\tBlocks: ${String(blocks(stat)).padEnd(10)} IO Block: 4096   ${kindOf(stat)}\n` +
    `Device: 29h/41d\tInode: ${String(inodeNumber(stat.ino)).padEnd(10)}  Links: ${stat.links}\n` +
    `Access: (${stat.mode.toString(8).padStart(4, "0")}/${modeText(stat)})  Uid: ${id(stat.uid, userName(io, stat.uid))}   Gid: ${id(stat.gid, groupName(io, stat.gid))}\n` +
    `Access: ${time}\nModify: ${time}\nChange: ${time}\n`
  );
}

export const stat = tool("stat", (io) => {
  const opts = options(io, "ltLfc:", { format: "c", dereference: "L", printf: "c", terse: "t" });
  if (opts.rest.length === 0) return usage(io, "stat [-ltf] [-c FMT] FILE...");
  let code = 0;
  for (const path of opts.rest) {
    const found = io.sys.peek(path, opts.has("L"));
    if (!found) {
      if (!io.try(`can't stat '${path}'`, () => void io.sys.stat(path, opts.has("L")))) code = 1;
      continue;
    }
    const format = opts.has("t") ? "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %o" : opts.value("c");
    if (opts.has("f"))
      io.out(
        `  File: "${path}"\n    ID: 0        Namelen: 255     Type: overlayfs\nBlock size: 4096      \nBlocks: Total: 24418320   Free: 18313740   Available: 18313740\nInodes: Total: 6225920    Free: 6114310\n`,
      );
    else if (format === undefined) io.out(full(io, path, found));
    else
      io.out(
        `${format.replace(
          /%[-0]*((?:[1-9]\d*)?)([a-zA-Z%])/g,
          (whole, width: string, letter: string) =>
            letter === "%"
              ? "%"
              : String(cells[letter]?.(io, path, found) ?? whole).padStart(Number(width)),
        )}\n`,
      );
  }
  return code;
});
