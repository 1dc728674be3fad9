/** Names of files: readlink, realpath, basename, dirname. */
import { trimEndOf } from "../../core/trim.ts";
import { Errno } from "../errno.ts";
import { mkfifo as makeFifo, mknod as makeNode } from "../kernel/special-files.ts";
import { options } from "./options.ts";
import { tool } from "./tool.ts";
import { synopses } from "./usage-facts.ts";
import { base, usage } from "./words.ts";

export const mkfifo = tool("mkfifo", (io) => {
  const opts = options(io, "m:");
  let code = 0;
  for (const path of opts.rest) if (!io.try(path, () => makeFifo(io.sys, path))) code = 1;
  return code;
});

export const mknod = tool("mknod", (io) => {
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

export const readlink = tool("readlink", (io) => {
  const opts = options(io, "fnvs");
  let code = 0;
  if (opts.rest.length === 0) return usage(io, "readlink [-fnv] FILE");
  const refuse = (path: string, text: string): void => {
    code = 1;
    if (opts.has("v")) io.say(`${path}: ${text}`);
  };
  for (const path of opts.rest) {
    if (opts.has("f")) {
      try {
        io.out(io.sys.place(path).full + (opts.has("n") ? "" : "\n"));
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        refuse(path, error.message);
      }
    } else {
      const stat = io.sys.peek(path, false);
      if (stat?.type === "l") io.out((stat.target ?? "") + (opts.has("n") ? "" : "\n"));
      else
        refuse(
          path,
          "cannot read link: " + (stat ? "Invalid argument" : "No such file or directory"),
        );
    }
  }
  return code;
});

export const realpath = tool("realpath", (io) => {
  let code = 0;
  if (io.args.length === 0) return usage(io, "realpath FILE...");
  for (const path of io.args)
    if (!io.try(path, () => io.out(`${io.sys.place(path).full}\n`))) code = 1;
  return code;
});

export const pathTools = [
  tool("basename", (io) => {
    const opts = options(io, "as:", {}, true);
    const many = opts.has("a") || opts.has("s");
    const [first, given, more] = opts.rest;
    if (first === undefined || (!many && more !== undefined))
      return usage(io, `basename ${synopses.basename}`);
    const suffix = opts.value("s") ?? (many ? "" : (given ?? ""));
    for (const path of many ? opts.rest : [first]) {
      const name = path === "" ? "" : base(path);
      const cut = suffix !== "" && name !== suffix && name.endsWith(suffix);
      io.out(`${cut ? name.slice(0, -suffix.length) : name}\n`);
    }
    return 0;
  }),
  tool("dirname", (io) => {
    const [given, more] = io.args.filter((arg) => arg !== "--");
    if (given === undefined || more !== undefined) return usage(io, "dirname FILENAME");
    const path = trimEndOf(given, "/");
    const slash = path.lastIndexOf("/");
    io.out(
      `${slash < 0 ? (path === "" && given.startsWith("/") ? "/" : ".") : trimEndOf(path.slice(0, slash), "/") || "/"}\n`,
    );
    return 0;
  }),
];
