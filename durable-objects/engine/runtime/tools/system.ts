/** Who, where, what runs: identity, processes, time, environment. */
import { Errno } from "../errno.ts";
import type { Program } from "../kernel/types.ts";
import type { Step } from "../kernel/calls.ts";
import { date } from "./date.ts";
import { echoText } from "./echo.ts";
import { expr } from "./expr.ts";
import { groupName, hostname, id, uname, whoami } from "./identity.ts";
import { formatPrintf } from "./printf.ts";
import { kill, named, ps } from "./process-tools.ts";
import { time, timeout } from "./timing.ts";
import { TestProblem, testExpression } from "./test.ts";
import { Io, tool } from "./tool.ts";
import { synopses } from "./usage-facts.ts";
import { usage } from "./words.ts";

const env: Program<{ x?: number; o?: [number, string][] }> = {
  name: "env",
  start(sys) {
    const words = sys.argv.slice(1);
    let vars = { ...sys.env };
    let i = 0;
    for (; i < words.length; i++) {
      const word = words[i]!;
      if (word === "-" || word === "-i") vars = {};
      else if (/^-[^iu0-]/.test(word)) {
        const io = new Io(sys);
        io.say(`invalid option -- '${word[1]}'`);
        usage(io, `env ${synopses.env}`);
        for (const [, text] of io.pending) sys.complain(text);
        return { x: 1 };
      } else if (word === "-u") delete vars[words[++i] ?? ""];
      else if (word === "--") {
        i++;
        break;
      } else break;
    }
    for (; i < words.length && words[i]!.includes("="); i++) {
      const [name, value] = words[i]!.split(/=(.*)/s);
      vars[name!] = value ?? "";
    }
    const command = words[i];
    if (command === undefined) {
      sys.write(
        1,
        Object.entries(vars)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      );
      return { x: 0 };
    }
    try {
      sys.exec(sys.which(command, vars.PATH), words.slice(i), vars);
      return sys.process.s as { x: number };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`env: can't execute '${command}': ${error.message}\n`);
      return { x: error.code === "ENOENT" ? 127 : 126 };
    }
  },
  step: (_sys, state) => ({ exit: state.x ?? 0 }),
};

const printenv = tool("printenv", (io) => {
  if (io.args.length === 0)
    io.out(
      Object.entries(io.sys.env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
  let code = 0;
  for (const name of io.args) {
    const value = io.sys.env[name];
    if (value === undefined) code = 1;
    else io.out(`${value}\n`);
  }
  return code;
});

const seq = tool("seq", (io) => {
  const words = [...io.args];
  let separator = "\n";
  let wide = false;
  for (;;) {
    if (words[0] === "-s") separator = words.splice(0, 2)[1] ?? "\n";
    else if (words[0]?.startsWith("-s")) separator = words.shift()!.slice(2);
    else if (words[0] === "-w") wide = words.shift() !== undefined;
    else break;
  }
  if (words.length === 0 || words.length > 3)
    return usage(io, "seq [-w] [-s SEP] [FIRST [INC]] LAST");
  if (words.some((word) => !/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(word)))
    return usage(io, "seq [-w] [-s SEP] [FIRST [INC]] LAST");
  const last = Number(words.at(-1));
  const first = words.length > 1 ? Number(words[0]) : 1;
  const by = words.length > 2 ? Number(words[1]) : 1;
  const digits = Math.max(...words.slice(0, -1).map((word) => word.split(".")[1]?.length ?? 0), 0);
  const out: string[] = [];
  let bytes = 0;
  for (let i = 0; ; i++) {
    if (by === 0) break;
    const value = first + i * by;
    if (by > 0 ? value > last + 1e-9 : value < last - 1e-9) break;
    const text = value.toFixed(digits);
    out.push(text);
    bytes += text.length + 1;
    if (bytes > 4_000_000) break;
  }
  io.sys.charge(out.length);
  const width = wide ? Math.max(...out.map((text) => text.length)) : 0;
  const padded = wide
    ? out.map((text) =>
        text.startsWith("-")
          ? `-${text.slice(1).padStart(width - 1, "0")}`
          : text.padStart(width, "0"),
      )
    : out;
  if (padded.length) io.out(`${padded.join(separator)}\n`);
  return 0;
});

const yes: Program<{ t: string }> = {
  name: "yes",
  start: (sys) => ({ t: `${sys.argv.slice(1).join(" ") || "y"}\n` }),
  step(sys, { t }): Step {
    const block = t.repeat(Math.max(1, Math.floor(1024 / t.length)));
    sys.charge(100);
    return sys.write(1, block) === 0 ? { wait: { w: [1] } } : undefined;
  },
};

const test = (name: string): Program =>
  tool(name, (io) => {
    const words = [...io.args];
    if (name !== "test" && words.pop() !== (name === "[" ? "]" : "]]"))
      return io.fail(`missing ${name === "[" ? "]" : "]]"}`, 2);
    try {
      return testExpression(words, io.sys, name === "[[") ? 0 : 1;
    } catch (error) {
      if (!(error instanceof TestProblem)) throw error;
      return io.fail(error.message, 2);
    }
  });

export const systemTools: Program[] = [
  env,
  printenv,
  id,
  whoami,
  hostname,
  uname,
  ps,
  kill("kill"),
  kill("killall"),
  kill("pkill"),
  date,
  seq,
  yes,
  test("test"),
  test("["),
  test("[["),
  time,
  timeout,
  expr,
  tool("pgrep", (io) => {
    const pids = named(io, "pgrep", io.args.at(-1) ?? "");
    io.out(pids.map((pid) => `${pid}\n`).join(""));
    return pids.length ? 0 : 1;
  }),
  tool("pidof", (io) => {
    const pids = io.args.flatMap((word) => named(io, "pidof", word));
    if (pids.length) io.out(`${pids.reverse().join(" ")}\n`);
    return pids.length ? 0 : 1;
  }),
  tool("echo", (io) => io.out(echoText(io.args))),
  tool("printf", (io) => {
    const { out, errors, status } = formatPrintf(io.args);
    io.out(out);
    for (const error of errors) io.say(error);
    return status;
  }),
  tool("pwd", (io) => io.out(`${io.sys.realpath(".")}\n`)),
  tool("nproc", (io) => io.out("4\n")),
  tool("tty", (io) => {
    io.out(io.sys.terminal(0) ? "/dev/pts/0\n" : "not a tty\n");
    return io.sys.terminal(0) ? 0 : 1;
  }),
  tool("sync", () => 0),
  tool("clear", (io) => io.out("\x1b[H\x1b[J")),
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
  tool("groups", (io) =>
    io.out(`${io.sys.who.groups.map((gid) => groupName(io, gid) ?? String(gid)).join(" ")}\n`),
  ),
];
