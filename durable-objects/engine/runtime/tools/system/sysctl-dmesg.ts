/** The machine below the container: sysctl, nproc, sync, dmesg, logger, who. */
import { Errno, type ErrnoCode, errnoTexts } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";

/** Writes one setting; the error it met. */
function setSysctl(sys: Sys, path: string, value: string): ErrnoCode | undefined {
  try {
    const fd = sys.open(path, { write: true });
    try {
      sys.write(fd, value);
    } finally {
      sys.close(fd);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return error.code;
  }
}

const sysctl = tool("sysctl", (io) => {
  const opts = options(io, "neaqpw");
  let code = 0;
  for (const word of opts.rest) {
    const [given = "", value] = word.split(/=(.*)/s);
    const name = given.replaceAll("/", ".");
    const path = `/proc/sys/${name.replaceAll(".", "/")}`;
    if (value !== undefined) {
      const failed = setSysctl(io.sys, path, value);
      if (failed === undefined) {
        if (!opts.has("q")) io.out(opts.has("n") ? `${value}\n` : `${name} = ${value}\n`);
        continue;
      }
      io.say(
        failed === "ENOENT"
          ? `error: '${name}' is an unknown key`
          : `error setting key '${name}': ${errnoTexts[failed]}`,
      );
      code = 1;
      continue;
    }
    const text = io.sys.peek(path) ? io.sys.readFile(path).trimEnd() : undefined;
    if (text === undefined) {
      io.say(`error: '${name}' is an unknown key`);
      code = 1;
    } else io.out(opts.has("n") ? `${text}\n` : `${name} = ${text}\n`);
  }
  return code;
});

export const machineTools: Program[] = [
  sysctl,
  tool("nproc", (io) => io.out("4\n")),
  tool("sync", () => 0),
  tool("who", () => 0),
  tool("users", () => 0),
  tool("hostid", (io) => io.out("00000000\n")),
  tool("logger", () => 0),
  tool("dmesg", (io) => io.fail("klogctl: Operation not permitted")),
];
