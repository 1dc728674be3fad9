/** Odds and ends: mktemp, truncate, nohup, stty, vi's honest word, sysctl, who. */
import { Errno, type ErrnoCode, errnoTexts } from "../errno.ts";
import { trimEndOf } from "../../core/trim.ts";
import type { Program, Sys } from "../kernel/types.ts";
import { count } from "./ends.ts";
import { options } from "./options.ts";
import { tool } from "./tool.ts";

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const mktemp = tool("mktemp", (io) => {
  const opts = options(io, "dup:qt", { directory: "d", tmpdir: "p" });
  const given = opts.rest[0];
  const folder =
    opts.value("p") ??
    (given === undefined || opts.has("t") ? (io.sys.env.TMPDIR ?? "/tmp") : undefined);
  const template = `${folder === undefined ? "" : `${folder}/`}${given ?? "tmp.XXXXXX"}`;
  if (!template.endsWith("XXXXXX")) return io.fail(`${template}: Invalid argument`);
  const stem = trimEndOf(template, "X");
  const chosen = Array.from(
    { length: template.length - stem.length },
    () => letters[Math.floor(io.sys.random() * letters.length)],
  );
  const path = stem + chosen.join("");
  const made = io.try(path, () => {
    if (opts.has("u")) return;
    if (opts.has("d")) io.sys.mkdir(path, 0o700);
    else {
      io.sys.close(io.sys.open(path, { write: true, create: true, exclusive: true }));
      io.sys.chmod(path, 0o600);
    }
  });
  if (made) io.out(`${path}\n`);
  return made ? 0 : 1;
});

const truncate = tool("truncate", (io) => {
  const opts = options(io, "cs:", { size: "s", "no-create": "c" });
  const text = opts.value("s") ?? io.fail("no size given");
  let code = 0;
  for (const path of opts.rest) {
    const old = io.sys.peek(path);
    if (!old && opts.has("c")) continue;
    const by = count(io, text.replace(/^[+-]/, ""));
    const size = text.startsWith("+")
      ? (old?.size ?? 0) + by
      : text.startsWith("-")
        ? Math.max(0, (old?.size ?? 0) - by)
        : by;
    if (!io.try(path, () => io.sys.truncate(path, size))) code = 1;
  }
  return code;
});

/** Programs that become another after arranging something. */
const becoming = (
  name: string,
  arrange: (sys: Parameters<Program["start"]>[0], words: string[]) => string[],
): Program<{ x?: number }> => ({
  name,
  start(sys) {
    const words = arrange(sys, sys.argv.slice(1));
    const command = words[0];
    if (command === undefined) {
      sys.complain(`BusyBox v1.37.0 () multi-call binary.\n\nUsage: ${name} PROG ARGS\n`);
      return { x: 1 };
    }
    try {
      sys.exec(sys.which(command), words, sys.env);
      return sys.process.s as { x?: number };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`${name}: can't execute '${command}': ${error.message}\n`);
      return { x: error.code === "ENOENT" ? 127 : 126 };
    }
  },
  step: (_sys, state) => ({ exit: state.x ?? 0 }),
});

const nohup = becoming("nohup", (sys, words) => {
  sys.process.ig = [...(sys.process.ig ?? []), 1];
  if (words.length && sys.terminal(1))
    try {
      const fd = sys.open("nohup.out", { write: true, create: true, append: true });
      sys.dup(fd, 1);
      if (sys.terminal(2)) sys.dup(fd, 2);
      sys.close(fd);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  return words;
});

const setsid = becoming("setsid", (sys, words) => {
  sys.process.pg = sys.pid;
  return words.filter((word, i) => i > 0 || !/^-[cwf]$/.test(word));
});

const nice = becoming("nice", (_sys, words) =>
  words[0] === "-n" ? words.slice(2) : /^-n?\d/.test(words[0] ?? "") ? words.slice(1) : words,
);

const stty = tool("stty", (io) => {
  const session = io.sys.terminal(0);
  if (!session) return io.fail("standard input: Inappropriate ioctl for device");
  const words = io.args.filter((word) => word !== "-F");
  if (words.includes("size")) io.out(`${session.rows ?? 24} ${session.cols ?? 80}\n`);
  else if (words.includes("-g"))
    io.out(
      "500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0\n",
    );
  else if (words.length === 0 || words.includes("-a"))
    io.out(
      `speed 38400 baud; rows ${session.rows ?? 24}; columns ${session.cols ?? 80}; line = 0;\n-brkint -imaxbel iutf8\n`,
    );
  if (words.includes("raw") || words.includes("-icanon")) session.raw = true;
  if (
    words.includes("sane") ||
    words.includes("icanon") ||
    words.includes("-raw") ||
    words.includes("cooked")
  )
    delete session.raw;
  return 0;
});

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

export const oddTools: Program[] = [
  mktemp,
  truncate,
  nohup,
  setsid,
  nice,
  stty,
  sysctl,
  // A full-screen editor needs a screen this sandbox does not draw.
  tool("vi", (io) =>
    io.fail("no full-screen editor in this sandbox: use sed -i, or cat > FILE and Ctrl-D"),
  ),
  tool("who", () => 0),
  tool("users", () => 0),
  tool("hostid", (io) => io.out("00000000\n")),
  tool("logger", () => 0),
  tool("dmesg", (io) => io.fail("klogctl: Operation not permitted")),
];
