/** Names of files: readlink, realpath, basename, dirname. */
import { Errno } from "../errno.ts";
import { mkfifo as makeFifo, mknod as makeNode } from "../special-files.ts";
import { options } from "./options.ts";
import { tool } from "./tool.ts";
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
  for (const path of opts.rest) {
    if (opts.has("f")) {
      const place = (() => {
        try {
          return io.sys.place(path).full;
        } catch (error) {
          if (error instanceof Errno) return undefined;
          throw error;
        }
      })();
      if (place === undefined) code = 1;
      else io.out(place + (opts.has("n") ? "" : "\n"));
    } else {
      const stat = io.sys.peek(path, false);
      if (stat?.type === "l") io.out((stat.target ?? "") + (opts.has("n") ? "" : "\n"));
      else code = 1;
    }
  }
  return code;
});

export const realpath = tool("realpath", (io) => {
  let code = 0;
  for (const path of io.args)
    if (!io.try(path, () => io.out(`${io.sys.place(path).full}\n`))) code = 1;
  return code;
});

export const pathTools = [
  tool("basename", (io) => {
    const [path = "", suffix = ""] = io.args.filter((arg) => arg !== "--");
    const name = base(path);
    io.out(
      `${suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`,
    );
  }),
  tool("dirname", (io) => {
    const path = (io.args[0] ?? "").replace(/\/+$/, "");
    const slash = path.lastIndexOf("/");
    io.out(
      `${slash < 0 ? (path === "" && io.args[0]?.startsWith("/") ? "/" : ".") : path.slice(0, slash).replace(/\/+$/, "") || "/"}\n`,
    );
  }),
];
