/** Names of files: readlink, realpath, basename, dirname, pwd, which. */
import { trimEndOf } from "../../../core/trim.ts";
import { Errno } from "../../errno.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";
import { synopses } from "../usage-facts.ts";
import { base, usage } from "../words.ts";

const readlink = tool("readlink", (io) => {
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

const realpath = tool("realpath", (io) => {
  let code = 0;
  if (io.args.length === 0) return usage(io, "realpath FILE...");
  for (const path of io.args)
    if (!io.try(path, () => io.out(`${io.sys.place(path).full}\n`))) code = 1;
  return code;
});

export const pathTools: Program[] = [
  readlink,
  realpath,
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
  tool("pwd", (io) => io.out(`${io.sys.realpath(".")}\n`)),
  tool("which", (io) => {
    let code = 0;
    const names = io.args.filter((arg) => arg !== "-a" && arg !== "--");
    if (names.length === 0) return usage(io, "which [-a] COMMAND...");
    for (const name of names)
      try {
        io.out(`${io.sys.which(name)}\n`);
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        code = 1;
      }
    return code;
  }),
];
