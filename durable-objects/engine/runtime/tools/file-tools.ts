/** Making, copying, moving and removing files. */
import { Errno } from "../errno.ts";
import type { Program } from "../program.ts";
import type { Sys } from "../sys.ts";
import { changeMode, chmod, chown } from "./mode-tools.ts";
import { options } from "./options.ts";
import { base, inFolder, usage } from "./words.ts";
import { mkfifo, mknod, pathTools, readlink, realpath } from "./path-tools.ts";
import { type Io, tool } from "./tool.ts";
import { touch } from "./touch.ts";

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

const rm = tool("rm", (io) => {
  const opts = options(io, "firRv", { recursive: "r", force: "f" });
  const recursive = opts.has("r") || opts.has("R");
  let code = 0;
  if (opts.rest.length === 0 && !opts.has("f")) return usage(io, "rm [-irf] FILE...");
  for (const path of opts.rest) {
    const name = base(path);
    if (name === "." || name === "..") {
      io.say("can't remove '.' or '..'");
      code = 1;
      continue;
    }
    try {
      const stat = io.sys.stat(path, false);
      if (stat.type === "d" && !recursive) {
        io.say(`'${path}' is a directory`);
        code = 1;
      } else if (!removeAll(io, path, opts.has("v"))) code = 1;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (opts.has("f") && (error.code === "ENOENT" || error.code === "ENOTDIR")) continue;
      io.say(`can't remove '${path}': ${error.message}`);
      code = 1;
    }
  }
  return code;
});

/** Removes a file, or a folder with its content; says what it cannot. */
export function removeAll(io: Io, path: string, tell = false): boolean {
  const { sys } = io;
  let good = true;
  try {
    if (sys.stat(path, false).type === "d") {
      for (const name of sys.list(path))
        if (!removeAll(io, inFolder(path, name), tell)) good = false;
      if (!good) return false;
      sys.rmdir(path);
      if (tell) io.out(`removed directory: '${path}'\n`);
    } else {
      sys.unlink(path);
      if (tell) io.out(`removed '${path}'\n`);
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.say(`can't remove '${path}': ${error.message}`);
    return false;
  }
  return good;
}

interface CopyRules {
  recursive: boolean;
  preserve: boolean;
  /** Links are copied as what they name; "links": as links, also outside of folders. */
  follow: boolean | "links";
  force: boolean;
  /** Another name, or a link, in place of a copy. */
  instead?: "link" | "symlink";
}

/** Copies a file, or with `recursive` a folder. */
export function copy(io: Io, from: string, to: string, rules: CopyRules): boolean {
  const { sys } = io;
  const stat = sys.stat(
    from,
    rules.follow === true || (!rules.recursive && rules.follow !== "links"),
  );
  if (stat.type === "d") {
    if (!rules.recursive) {
      io.say(`omitting directory '${from}'`);
      return false;
    }
    if (!sys.peek(to)) sys.mkdir(to);
    let good = true;
    for (const name of sys.list(from))
      if (!copyTo(io, inFolder(from, name), inFolder(to, name), rules)) good = false;
    keep(sys, to, stat, rules.preserve);
    return good;
  }
  if (stat.type === "l") {
    if (sys.peek(to, false)) sys.unlink(to);
    sys.symlink(stat.target ?? "", to);
    return true;
  }
  if (sys.peek(to)?.ino === stat.ino) {
    io.say(`'${from}' and '${to}' are the same file`);
    return false;
  }
  if (rules.instead) {
    if (rules.force && sys.peek(to, false)) sys.unlink(to);
    if (rules.instead === "link") sys.link(from, to);
    else sys.symlink(from, to);
    return true;
  }
  const data = sys.readFile(from);
  const fresh = !sys.peek(to);
  sys.writeFile(to, data);
  if (fresh) sys.chmod(to, stat.mode & ~(rules.preserve ? 0 : sys.umask));
  keep(sys, to, stat, rules.preserve);
  return true;
}

function keep(
  sys: Sys,
  path: string,
  stat: { mode: number; uid: number; gid: number; mtime: number },
  preserve: boolean,
): void {
  if (!preserve) return;
  sys.chmod(path, stat.mode);
  if (sys.who.uid === 0) sys.chown(path, stat.uid, stat.gid);
  sys.utime(path, stat.mtime);
}

export function copyTo(io: Io, from: string, to: string, rules: CopyRules): boolean {
  try {
    return copy(io, from, to, rules);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const source = !io.sys.peek(from, false);
    io.say(
      source ? `can't stat '${from}': ${error.message}` : `can't create '${to}': ${error.message}`,
    );
    return false;
  }
}

/** Operands of cp, mv and ln: pairs of source and target. Several go into the target, whether it is a folder or not. */
function pairs(
  io: Io,
  rest: string[],
  into: string | undefined,
  plain: boolean,
): [string, string][] {
  const target = into ?? rest.at(-1)!;
  const sources = into === undefined ? rest.slice(0, -1) : rest;
  const folder =
    !plain && (sources.length > 1 || into !== undefined || io.sys.peek(target)?.type === "d");
  return sources.map((source) => [source, folder ? inFolder(target, base(source)) : target]);
}

const cp = tool("cp", (io) => {
  const opts = options(io, "adfilHLnpPrRsTt:uv", { recursive: "r", archive: "a" });
  if (opts.rest.length < (opts.has("t") ? 1 : 2))
    return usage(
      io,
      "cp [-arPLHpfinlsTu] SOURCE DEST\nor: cp [-arPLHpfinlsu] SOURCE... { -t DIRECTORY | DIRECTORY }",
    );
  const archive = opts.has("a");
  const rules: CopyRules = {
    recursive: archive || opts.has("r") || opts.has("R"),
    preserve: archive || opts.has("p"),
    follow: opts.has("L") || (opts.has("d") || opts.has("P") ? "links" : false),
    force: opts.has("f"),
    ...(opts.has("s") ? { instead: "symlink" } : opts.has("l") ? { instead: "link" } : {}),
  };
  let code = 0;
  for (const [from, to] of pairs(io, opts.rest, opts.value("t"), opts.has("T"))) {
    const there = io.sys.peek(to);
    if (opts.has("n") && there) continue;
    if (opts.has("u") && there && there.mtime >= (io.sys.peek(from)?.mtime ?? Infinity)) continue;
    if (!copyTo(io, from, to, rules)) code = 1;
    else if (opts.has("v")) io.out(`'${from}' -> '${to}'\n`);
  }
  return code;
});

const mv = tool("mv", (io) => {
  const opts = options(io, "finTt:v");
  if (opts.rest.length < (opts.has("t") ? 1 : 2))
    return usage(
      io,
      "mv [-finT] SOURCE DEST\nor: mv [-fin] SOURCE... { -t DIRECTORY | DIRECTORY }",
    );
  let code = 0;
  for (const [from, to] of pairs(io, opts.rest, opts.value("t"), opts.has("T"))) {
    if (opts.has("n") && io.sys.peek(to)) continue;
    try {
      io.sys.rename(from, to);
      if (opts.has("v")) io.out(`'${from}' -> '${to}'\n`);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const rules = { recursive: true, preserve: true, follow: false, force: true };
      if (error.code === "EXDEV") {
        // Another file system: copied, then removed.
        if (!copyTo(io, from, to, rules) || !removeAll(io, from)) code = 1;
        continue;
      }
      io.say(`can't rename '${from}': ${error.message}`);
      code = 1;
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

export const fileTools: Program[] = [
  touch,
  mkdir,
  rmdir,
  rm,
  cp,
  mv,
  ln,
  chmod,
  chown("chown"),
  chown("chgrp"),
  mkfifo,
  mknod,
  readlink,
  realpath,
  ...pathTools,
  tool("unlink", (io) =>
    io.try(`can't remove '${io.args[0]}'`, () => io.sys.unlink(io.args[0] ?? "")) ? 0 : 1,
  ),
];
