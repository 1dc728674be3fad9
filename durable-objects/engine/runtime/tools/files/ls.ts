/** ls. */
import { civil } from "../../civil.ts";
import { Errno } from "../../errno.ts";
import type { Stat } from "../../fs/vfs.ts";
import type { Program } from "../../kernel/types.ts";
import { formatDate } from "../system/date.ts";
import { options, type Options } from "../options.ts";
import { versionOrder } from "../text/sort.ts";
import { tool, type Io } from "../tool.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `-rwxr-xr-x`. */
export function modeText(stat: Pick<Stat, "type" | "mode">): string {
  const kind = { f: "-", d: "d", l: "l", p: "p", c: "c", b: "b", s: "s" }[stat.type];
  let text = kind;
  for (const shift of [6, 3, 0]) {
    const bits = (stat.mode >> shift) & 7;
    text += (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-") + (bits & 1 ? "x" : "-");
  }
  const special = (at: number, bit: number, letter: string): void => {
    if (!(stat.mode & bit)) return;
    const upper = text[at] === "-" ? letter.toUpperCase() : letter;
    text = text.slice(0, at) + upper + text.slice(at + 1);
  };
  special(3, 0o4000, "s");
  special(6, 0o2000, "s");
  special(9, 0o1000, "t");
  return text;
}

/** `1.5K`, as -h prints sizes. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < 5) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)}${"KMGTPE"[unit]}`;
}

function timeText(ms: number, now: number): string {
  const t = civil(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const recent = ms > now - 15_552_000_000 && ms < now + 86_400_000;
  const last = recent ? `${two(t.hour)}:${two(t.minute)}` : ` ${t.year}`;
  return `${months[t.month - 1]} ${String(t.day).padStart(2)} ${last}`;
}

interface Item {
  name: string;
  stat: Stat;
}

function shown(item: Item, opts: Options): string {
  if (!opts.has("F") && !(opts.has("p") && item.stat.type === "d")) return item.name;
  const { type, mode } = item.stat;
  const mark =
    type === "d"
      ? "/"
      : type === "l"
        ? "@"
        : type === "p"
          ? "|"
          : type === "s"
            ? "="
            : mode & 0o111 && type === "f"
              ? "*"
              : "";
  return item.name + mark;
}

function long(io: Io, item: Item, opts: Options): string {
  const { stat } = item;
  const { container } = io.sys;
  const user = opts.has("n")
    ? undefined
    : container.passwd.find((entry) => entry.uid === stat.uid)?.name;
  const group = opts.has("n")
    ? undefined
    : container.groups.find((entry) => entry.gid === stat.gid)?.name;
  const size = stat.numbers
    ? stat.numbers.map((number) => String(number).padStart(3)).join(", ")
    : opts.has("h")
      ? humanSize(stat.size)
      : String(stat.size);
  const names = `${(user ?? String(stat.uid)).padEnd(8)} ${(group ?? String(stat.gid)).padEnd(8)}`;
  const target = stat.type === "l" ? ` -> ${stat.target ?? ""}` : "";
  return `${modeText(stat)} ${String(stat.links).padStart(4)} ${names} ${size.padStart(9)} ${opts.has("K") ? formatDate("%Y-%m-%d %H:%M:%S %z", stat.mtime) : timeText(stat.mtime, io.sys.now)} ${shown(item, opts)}${target}\n`;
}

const isLong = (opts: Options): boolean =>
  ["l", "n", "g", "o", "K"].some((letter) => opts.has(letter));

function print(io: Io, items: Item[], opts: Options): void {
  const prefix = (item: Item): string =>
    (opts.has("i") ? `${String(inodeNumber(item.stat.ino)).padStart(7)} ` : "") +
    (opts.has("s") ? `${String(blocksOf(item.stat)).padStart(6)} ` : "");
  const by = (a: Item, b: Item): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const sorted = [...items].sort((a, b) => {
    if (opts.has("S")) return b.stat.size - a.stat.size || by(a, b);
    const folders = (item: Item): number => (item.stat.type === "d" ? 0 : 1);
    if (opts.has("G") && folders(a) !== folders(b)) return folders(a) - folders(b);
    if (opts.has("t")) return b.stat.mtime - a.stat.mtime || by(a, b);
    const tail = ({ name }: Item): string => (name.includes(".") ? name.replace(/^.*\./, "") : "");
    if (opts.has("X") && tail(a) !== tail(b)) return tail(a) < tail(b) ? -1 : 1;
    if (opts.has("v")) return versionOrder(a.name, b.name);
    return opts.has("U") || opts.has("f") ? 0 : by(a, b);
  });
  if (opts.has("r")) sorted.reverse();
  if (isLong(opts)) {
    for (const item of sorted) io.out(prefix(item) + long(io, item, opts));
    return;
  }
  const terminal = io.sys.terminal(1);
  const names = sorted.map((item) => prefix(item) + shown(item, opts));
  const lines = opts.has("x");
  if (opts.has("1") || (!terminal && !opts.has("C") && !lines))
    io.out(names.map((name) => `${name}\n`).join(""));
  else io.out(columns(names, Number(opts.value("w") ?? terminal?.cols ?? 80), lines));
}

/** Kilobytes on the disk; a short link has none of its own. */
const blocksOf = (stat: Stat): number =>
  stat.type === "f" || stat.type === "d" ? Math.ceil(stat.size / 4096) * 4 : 0;

/** A number for a file, the same each time. */
export function inodeNumber(ino: string): number {
  let hash = 7;
  for (let i = 0; i < ino.length; i++) hash = (hash * 31 + ino.charCodeAt(i)) % 1_000_003;
  return hash + 1000;
}

function columns(names: string[], width: number, byLines: boolean): string {
  if (names.length === 0) return "";
  const cell = Math.max(...names.map((name) => name.length)) + 2;
  const count = Math.max(1, Math.floor(width / cell));
  const rows = Math.ceil(names.length / count);
  let out = "";
  for (let row = 0; row < rows; row++) {
    const line: string[] = [];
    if (byLines) line.push(...names.slice(row * count, (row + 1) * count));
    else for (let i = row; i < names.length; i += rows) line.push(names[i]!);
    out += `${line.map((name, i) => (i === line.length - 1 ? name : name.padEnd(cell))).join("")}\n`;
  }
  return out;
}

/** Lists a folder; whether it could be opened. What went wrong below it is in `code`. */
function folder(
  io: Io,
  path: string,
  opts: Options,
  titled: boolean,
  code: { code: number },
): boolean {
  const { sys } = io;
  let names: string[];
  try {
    names = sys.list(path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.say(`can't open '${path}': ${error.message}`);
    return false;
  }
  if (titled) io.out(`${path}:\n`);
  if (opts.has("a")) names = [".", "..", ...names];
  else if (!opts.has("A")) names = names.filter((name) => !name.startsWith("."));
  const items: Item[] = [];
  for (const name of names) {
    const stat = sys.peek(`${path}/${name}`, opts.has("L"));
    if (stat) items.push({ name, stat });
  }
  if (isLong(opts) || opts.has("s"))
    io.out(`total ${items.reduce((sum, item) => sum + blocksOf(item.stat), 0)}\n`);
  print(io, items, opts);
  if (!opts.has("R")) return true;
  for (const { name, stat } of items) {
    if (stat.type !== "d" || name === "." || name === "..") continue;
    io.out("\n");
    if (!folder(io, path === "/" ? `/${name}` : `${path}/${name}`, opts, true, code))
      code.code ||= 1;
  }
  return true;
}

const ls = tool("ls", (io) => {
  const opts = options(io, "1AaCdFfghHiLlnopRrSstUvw:xcuXkKGT", {
    color: "k",
    all: "a",
    "full-time": "K",
    "group-directories-first": "G",
  });
  const code = { code: 0 };
  // GNU's tells trouble with what it was asked for (2) from trouble further down (1).
  const named = io.busybox ? 1 : 2;
  const files: Item[] = [];
  const folders: string[] = [];
  for (const path of opts.rest.length ? opts.rest : ["."]) {
    try {
      const follows = opts.has("L") || opts.has("H");
      const linkItself = !follows && (opts.has("l") || opts.has("d") || opts.has("F"));
      let stat = io.sys.stat(path, !linkItself);
      if (stat.type === "l" && path.endsWith("/")) stat = io.sys.stat(path);
      if (stat.type === "d" && !opts.has("d")) folders.push(path);
      else files.push({ name: path, stat });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      // A link to nowhere is still a name.
      const stat = io.sys.peek(path, false);
      if (stat) files.push({ name: path, stat });
      else {
        io.say(`${path}: ${error.message}`);
        code.code = named;
      }
    }
  }
  print(io, files, opts);
  const titled = opts.rest.length > 1 || opts.has("R");
  folders.sort().forEach((path, i) => {
    if (i > 0 || files.length > 0) io.out("\n");
    if (!folder(io, path, opts, titled, code)) code.code = named;
  });
  return code.code;
});

export const listingTools: Program[] = [ls];
