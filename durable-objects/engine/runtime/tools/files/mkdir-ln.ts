/** Making and linking files and folders: mkdir, rmdir, ln, unlink, mkfifo, mknod. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { changeMode } from "./chmod-chown.ts";
import { mkfifo as makeFifo, mknod as makeNode } from "../../kernel/special-files.ts";
import { options } from "../options.ts";
import { usage } from "../words.ts";
import { pairs } from "./cp-mv.ts";
import { tool } from "../tool.ts";

const mkdir = tool("mkdir", (io) => {
  const opts = options(io, "m:pv", { parents: "p", mode: "m" });
  let code = 0;
  if (opts.rest.length === 0) return usage(io, "mkdir [-m MODE] [-p] DIRECTORY...");
  for (const path of opts.rest) {
    try {
      const tell = (made: string): void => {
        if (opts.has("v")) io.out(`created directory: '${made}'\n`);
      };
      if (opts.has("p")) parents(io.sys, path, tell);
      else {
        io.sys.mkdir(path);
        tell(path);
      }
      const mode = opts.value("m");
      if (mode !== undefined) io.sys.chmod(path, changeMode(mode, 0o777, true, 0) ?? 0o777);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      io.say(`can't create directory '${path}': ${error.message}`);
      code = 1;
    }
  }
  return code;
});

/** mkdir -p. */
export function parents(sys: Sys, path: string, tell?: (made: string) => void): void {
  let sofar = path.startsWith("/") ? "/" : "";
  for (const part of path.split("/").filter(Boolean)) {
    sofar = sofar === "" || sofar === "/" ? sofar + part : `${sofar}/${part}`;
    const stat = sys.peek(sofar);
    if (!stat) {
      sys.mkdir(sofar);
      tell?.(sofar === path ? sofar : `${sofar}/`);
    } else if (stat.type !== "d") throw new Errno(sofar === path ? "EEXIST" : "ENOTDIR");
  }
}

const rmdir = tool("rmdir", (io) => {
  const opts = options(io, "pvI", { parents: "p", "ignore-fail-on-non-empty": "I" });
  let code = 0;
  if (opts.rest.length === 0) return usage(io, "rmdir [-p] DIRECTORY...");
  for (const path of opts.rest) {
    let one = path;
    for (;;) {
      if (opts.has("I") && io.sys.peek(one)?.type === "d" && io.sys.list(one).length > 0) break;
      if (!io.try(`'${one}'`, () => io.sys.rmdir(one))) code = 1;
      if (!opts.has("p") || code || !one.includes("/")) break;
      one = one.slice(0, one.lastIndexOf("/"));
    }
  }
  return code;
});

const ln = tool("ln", (io) => {
  const opts = options(io, "bfnsTtv", { symbolic: "s", force: "f" });
  if (opts.rest.length === 0) return usage(io, "ln [-sfnbtv] [-S SUF] TARGET... LINK|DIR");
  const rest = opts.rest.length === 1 ? [opts.rest[0]!, "."] : opts.rest;
  const plain = opts.has("T") || (opts.has("n") && io.sys.peek(rest.at(-1)!, false)?.type === "l");
  let code = 0;
  const folder = !plain && io.sys.peek(rest.at(-1)!)?.type === "d";
  for (const [target, name] of pairs(io, rest, undefined, !folder)) {
    const lost = !opts.has("s") && !io.sys.peek(target, false);
    try {
      if (opts.has("f") && io.sys.peek(name, false)) io.sys.unlink(name);
      if (opts.has("s")) io.sys.symlink(target, name);
      else io.sys.link(target, name);
      if (opts.has("v")) io.out(`'${name}' -> '${target}'\n`);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      io.say(`${lost ? target : name}: ${error.message}`);
      code = 1;
    }
  }
  return code;
});

const mkfifo = tool("mkfifo", (io) => {
  const opts = options(io, "m:");
  let code = 0;
  for (const path of opts.rest) if (!io.try(path, () => makeFifo(io.sys, path))) code = 1;
  return code;
});

const mknod = tool("mknod", (io) => {
  const opts = options(io, "m:");
  const [path = "", type, ...numbers] = opts.rest;
  const mode = parseInt(opts.value("m") ?? "666", 8);
  if (type === undefined || numbers.length !== (type === "p" ? 0 : 2))
    return usage(io, "mknod [-m MODE] NAME TYPE [MAJOR MINOR]");
  if (type === "p") return io.try(path, () => makeFifo(io.sys, path, mode)) ? 0 : 1;
  for (const text of numbers) if (!/^\d+$/.test(text)) return io.fail(`invalid number '${text}'`);
  const [major = 0, minor = 0] = numbers.map(Number);
  const made = type === "b" ? "b" : "c";
  return io.try(path, () => makeNode(io.sys, path, made, [major, minor], mode)) ? 0 : 1;
});

export const fileTools: Program[] = [
  mkdir,
  rmdir,
  ln,
  mkfifo,
  mknod,
  tool("unlink", (io) =>
    io.try(`can't remove '${io.args[0]}'`, () => io.sys.unlink(io.args[0] ?? "")) ? 0 : 1,
  ),
];
