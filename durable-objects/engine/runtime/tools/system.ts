/** Who, where, what runs: identity, processes, time, environment. */
import { civil } from "../civil.ts";
import { Errno } from "../errno.ts";
import type { Program, Step } from "../program.ts";
import { parseSignal, signalNames } from "../signals.ts";
import type { Process } from "../state.ts";
import { echoText } from "./echo.ts";
import { usage } from "./file-tools.ts";
import { options } from "./options.ts";
import { formatPrintf } from "./printf.ts";
import { testExpression, TestProblem } from "./test.ts";
import { tool, type Io } from "./tool.ts";

const env: Program<{ x?: number; o?: [number, string][] }> = {
  name: "env",
  start(sys) {
    const words = sys.argv.slice(1);
    let vars = { ...sys.env };
    let i = 0;
    for (; i < words.length; i++) {
      const word = words[i]!;
      if (word === "-" || word === "-i") vars = {};
      else if (word === "-u") delete vars[words[++i] ?? ""];
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
      sys.write(1, Object.entries(vars).map(([name, value]) => `${name}=${value}\n`).join(""));
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
  if (io.args.length === 0) io.out(Object.entries(io.sys.env).map(([name, value]) => `${name}=${value}\n`).join(""));
  let code = 0;
  for (const name of io.args) {
    const value = io.sys.env[name];
    if (value === undefined) code = 1;
    else io.out(`${value}\n`);
  }
  return code;
});

const userName = (io: Io, uid: number): string | undefined => io.sys.container.passwd.find((entry) => entry.uid === uid)?.name;
const groupName = (io: Io, gid: number): string | undefined => io.sys.container.groups.find((entry) => entry.gid === gid)?.name;

const id = tool("id", (io) => {
  const opts = options(io, "ugGnr");
  let { uid, gid, groups } = io.sys.who;
  const asked = opts.rest[0];
  if (asked !== undefined) {
    const entry = io.sys.container.passwd.find((one) => one.name === asked || String(one.uid) === asked);
    if (!entry) return io.fail(`unknown user ${asked}`);
    ({ uid, gid } = entry);
    groups = [gid, ...io.sys.container.groups.filter((group) => group.members.includes(entry.name) && group.gid !== entry.gid).map((group) => group.gid)];
  }
  const all = [gid, ...groups.filter((one) => one !== gid)];
  const user = (n: number): string => (opts.has("n") ? (userName(io, n) ?? io.fail(`unknown ID ${n}`)) : String(n));
  const group = (n: number): string => (opts.has("n") ? (groupName(io, n) ?? io.fail(`unknown ID ${n}`)) : String(n));
  if (opts.has("u")) io.out(`${user(uid)}\n`);
  else if (opts.has("g")) io.out(`${group(gid)}\n`);
  else if (opts.has("G")) io.out(`${all.map(group).join(" ")}\n`);
  else {
    const named = (n: number, name: string | undefined): string => (name === undefined ? String(n) : `${n}(${name})`);
    const list = all.map((n) => named(n, groupName(io, n))).join(",");
    io.out(`uid=${named(uid, userName(io, uid))} gid=${named(gid, groupName(io, gid))}${all.length > 1 || groupName(io, gid) ? ` groups=${list}` : ""}\n`);
  }
  return 0;
});

const whoami = tool("whoami", (io) => {
  const { uid } = io.sys.who;
  const name = userName(io, uid);
  if (name === undefined) return io.fail(`unknown uid ${uid}`);
  io.out(`${name}\n`);
  return 0;
});

const hostname = tool("hostname", (io) => {
  const { container, kernel } = io.sys;
  const { pod } = kernel.pod;
  const opts = options(io, "sifd");
  if (opts.rest[0] !== undefined) return io.fail("sethostname: Operation not permitted");
  const domain = pod.subdomain ? `${pod.subdomain}.${pod.namespace}.svc.cluster.local` : "";
  if (opts.has("i")) io.out(`${pod.ip}\n`);
  else if (opts.has("f")) io.out(`${container.hostname}${domain && `.${domain}`}\n`);
  else if (opts.has("d")) io.out(`${domain}\n`);
  else io.out(`${opts.has("s") ? container.hostname.split(".")[0] : container.hostname}\n`);
  return 0;
});

const uname = tool("uname", (io) => {
  const opts = options(io, "asnrvmpio");
  const parts: Record<string, string> = { s: "Linux", n: io.sys.container.hostname, r: "6.12.0-podyard", v: "#1 SMP", m: "x86_64", p: "unknown", i: "unknown", o: "GNU/Linux" };
  const order = opts.has("a") ? "snrvmo" : opts.order.length ? [..."snrvmpio"].filter((letter) => opts.has(letter)).join("") : "s";
  io.out(`${[...order].map((letter) => parts[letter]).join(" ")}\n`);
});

/** The command line `ps` shows. */
export function commandLine(io: Io, process: Process): string {
  const program = io.sys.kernel.program(process);
  if (process.z !== undefined) return `[${(process.a[0] ?? process.p).replace(/^.*\//, "")}]`;
  return program.title?.(process.s, process.a) ?? process.a.join(" ");
}

interface Row {
  pid: number;
  ppid: number;
  user: string;
  cpu: number;
  state: string;
  title: string;
  vsz: number;
}

export function processRows(io: Io): Row[] {
  const { sys } = io;
  const rows: Row[] = [];
  for (const process of sys.processes()) {
    const uid = sys.kernel.pod.cs[process.c] ? sys.kernel.container(process.c).credentials(process).uid : 65_535;
    const name = userName(io, uid) ?? String(uid);
    const state = process.z !== undefined ? "Z" : process.st ? "T" : process === sys.process || !process.w ? "R" : "S";
    rows.push({ pid: process.pid, ppid: sys.kernel.process(process.pp)?.pid ?? 0, user: name, cpu: process.cpu ?? 0, state, title: commandLine(io, process), vsz: Math.round(sys.kernel.memoryOf(process) / 1024) });
    const shadow = process.z === undefined ? sys.kernel.program(process).shadow?.(process.s) : undefined;
    for (const { pid, user, title } of shadow ?? []) rows.push({ pid, ppid: process.pid, user: userName(io, Number(user)) ?? user, cpu: 0, state: "S", title, vsz: 3000 });
  }
  return rows.sort((a, b) => a.pid - b.pid);
}

const clock = (us: number): string => `${Math.floor(us / 60_000_000)}:${String(Math.floor(us / 1_000_000) % 60).padStart(2, "0")}`;

const ps = tool("ps", (io) => {
  const debian = !io.sys.peek("/bin/busybox");
  const rows = processRows(io);
  const o = io.args.indexOf("-o");
  if (o >= 0) {
    const columns = (io.args[o + 1] ?? "").split(",");
    const pick: Record<string, (row: Row) => string> = { pid: (r) => String(r.pid).padStart(5), ppid: (r) => String(r.ppid).padStart(5), user: (r) => r.user.padEnd(8), comm: (r) => (r.title.split(" ")[0] ?? "").replace(/^.*\//, "").padEnd(16), args: (r) => r.title, stat: (r) => r.state.padEnd(4), time: (r) => clock(r.cpu).padStart(6), vsz: (r) => String(r.vsz).padStart(6) };
    const titles: Record<string, string> = { pid: "  PID", ppid: " PPID", user: "USER    ", comm: "COMMAND         ", args: "COMMAND", stat: "STAT", time: "  TIME", vsz: "   VSZ" };
    const bad = columns.find((name) => !pick[name]);
    if (bad) return io.fail(`bad -o argument '${bad}', supported arguments: user,comm,args,pid,ppid,stat,time,vsz`);
    io.out(`${columns.map((name) => titles[name]).join(" ").trimEnd()}\n`);
    for (const row of rows) io.out(`${columns.map((name) => pick[name]!(row)).join(" ").trimEnd()}\n`);
    return 0;
  }
  if (debian && /[eaxuf]/.test(io.args.join(""))) {
    const full = io.args.join("").includes("u");
    io.out(full ? "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n" : "UID          PID    PPID  C STIME TTY          TIME CMD\n");
    for (const row of rows) {
      if (full) io.out(`${row.user.padEnd(8)} ${String(row.pid).padStart(7)}  0.0  0.1 ${String(row.vsz).padStart(6)} ${String(row.vsz).padStart(5)} ?        ${row.state.padEnd(4)} 00:00   ${clock(row.cpu)} ${row.title}\n`);
      else io.out(`${row.user.padEnd(8)} ${String(row.pid).padStart(7)} ${String(row.ppid).padStart(7)}  0 00:00 ?        00:00:00 ${row.title}\n`);
    }
    return 0;
  }
  io.out("PID   USER     TIME  COMMAND\n");
  for (const row of rows) io.out(`${String(row.pid).padStart(5)} ${row.user.slice(0, 8).padEnd(8)} ${clock(row.cpu).padStart(5)} ${row.title}\n`);
  return 0;
});

const kill = (name: string): Program =>
  tool(name, (io) => {
    let words = io.args;
    let signal = 15;
    if (words[0] === "-l") {
      for (let number = 1; number <= 31; number++) io.out(`${String(number).padStart(2)}) ${signalNames[number]}\n`);
      return 0;
    }
    const option = words[0] === "-s" ? words[1] : /^-\w/.test(words[0] ?? "") ? words[0]!.slice(1) : undefined;
    if (option !== undefined) {
      signal = parseSignal(option) ?? io.fail(`bad signal name '${option}'`);
      words = words.slice(words[0] === "-s" ? 2 : 1);
    }
    if (words.length === 0) return io.fail("you need to specify whom to kill");
    let code = 0;
    for (const word of words) {
      const pids = name === "kill" ? [Number(word)] : named(io, name, word);
      if (name === "kill" && !/^-?\d+$/.test(word)) io.fail(`invalid number '${word}'`);
      if (pids.length === 0) {
        if (name === "killall") io.say(`${word}: no process killed`);
        code = 1;
      }
      for (const pid of pids)
        try {
          io.sys.kill(pid, signal);
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          io.say(`can't kill pid ${pid}: ${error.message}`);
          code = 1;
        }
    }
    return code;
  });

function named(io: Io, how: string, word: string): number[] {
  return io.sys
    .processes()
    .filter((process) => process !== io.sys.process && process.z === undefined)
    .filter((process) => {
      const title = commandLine(io, process);
      const name = (title.split(/[ :]/)[0] ?? "").replace(/^.*\//, "");
      return how === "pkill" || how === "pgrep" ? new RegExp(word).test(io.args.includes("-f") ? title : name) : name === word;
    })
    .map((process) => process.pid);
}

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** strftime. */
export function formatDate(format: string, ms: number): string {
  const t = civil(ms);
  const pad = (n: number, width = 2, fill = "0"): string => String(n).padStart(width, fill);
  const one = (letter: string): string => {
    switch (letter) {
      case "Y": return String(t.year);
      case "C": return pad(Math.floor(t.year / 100));
      case "y": return pad(t.year % 100);
      case "m": return pad(t.month);
      case "d": return pad(t.day);
      case "e": return pad(t.day, 2, " ");
      case "H": return pad(t.hour);
      case "k": return pad(t.hour, 2, " ");
      case "I": return pad(t.hour % 12 || 12);
      case "l": return pad(t.hour % 12 || 12, 2, " ");
      case "M": return pad(t.minute);
      case "S": return pad(t.second);
      case "N": return pad(t.ms, 3) + "000000";
      case "p": return t.hour < 12 ? "AM" : "PM";
      case "P": return t.hour < 12 ? "am" : "pm";
      case "s": return String(Math.floor(ms / 1000));
      case "j": return pad(t.yearday, 3);
      case "u": return String(t.weekday || 7);
      case "w": return String(t.weekday);
      case "a": return days[t.weekday]!.slice(0, 3);
      case "A": return days[t.weekday]!;
      case "b": case "h": return months[t.month - 1]!.slice(0, 3);
      case "B": return months[t.month - 1]!;
      case "Z": return "UTC";
      case "z": return "+0000";
      case "n": return "\n";
      case "t": return "\t";
      case "%": return "%";
      case "D": return all("%m/%d/%y");
      case "F": return all("%Y-%m-%d");
      case "T": case "X": return all("%H:%M:%S");
      case "R": return all("%H:%M");
      case "r": return all("%I:%M:%S %p");
      case "c": return all("%a %b %e %H:%M:%S %Y");
      case "x": return all("%m/%d/%y");
      case "U": return pad(Math.floor((t.yearday + 6 - t.weekday) / 7));
      case "V": return pad(Math.floor((t.yearday - (t.weekday || 7) + 10) / 7));
      default: return `%${letter}`;
    }
  };
  const all = (text: string): string => text.replace(/%-?([a-zA-Z%])/g, (whole, letter: string) => (whole[1] === "-" ? one(letter).replace(/^[0 ]+(?=.)/, "") : one(letter)));
  return all(format);
}

/** `@123`, `2026-01-02 03:04:05`, `2026-01-02T03:04:05Z`: virtual ms. */
export function parseDate(text: string, now: number): number | undefined {
  if (/^@-?\d+/.test(text)) return Number(text.slice(1)) * 1000;
  const full = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?(?:Z| ?UTC)?$/.exec(text);
  const day = (y: number, m: number, d: number): number => {
    let at = Math.floor(now / 86_400_000);
    for (let guess = 0; guess < 4; guess++) {
      const t = civil(at * 86_400_000);
      at += (y - t.year) * 365 + (m - t.month) * 30 + (d - t.day);
    }
    for (let step = -40; step <= 40; step++) {
      const t = civil((at + step) * 86_400_000);
      if (t.year === y && t.month === m && t.day === d) return (at + step) * 86_400_000;
    }
    return NaN;
  };
  if (!full) return text === "now" ? now : undefined;
  const ms = day(Number(full[1]), Number(full[2]), Number(full[3])) + Number(full[4] ?? 0) * 3_600_000 + Number(full[5] ?? 0) * 60_000 + Number(full[6] ?? 0) * 1000;
  return Number.isNaN(ms) ? undefined : ms;
}

const date = tool("date", (io) => {
  const opts = options(io, "d:uRr:s:I:D:", { date: "d", utc: "u", "rfc-2822": "R" });
  let now = io.sys.now;
  const text = opts.value("d");
  if (text !== undefined) now = parseDate(text, now) ?? io.fail(`invalid date '${text}'`);
  const file = opts.value("r");
  if (file !== undefined) now = io.sys.stat(file).mtime;
  if (opts.has("s")) return io.fail("can't set date: Operation not permitted");
  const format = opts.rest[0];
  if (format !== undefined && !format.startsWith("+")) return io.fail(`invalid date '${format}'`);
  const iso: Record<string, string> = { seconds: "%Y-%m-%dT%H:%M:%S+00:00", s: "%Y-%m-%dT%H:%M:%S+00:00", date: "%Y-%m-%d" };
  const plain = opts.has("R") ? "%a, %d %b %Y %H:%M:%S %z" : opts.has("I") ? (iso[opts.value("I")!] ?? "%Y-%m-%d") : "%a %b %e %H:%M:%S %Z %Y";
  io.out(`${formatDate(format?.slice(1) ?? plain, now)}\n`);
  return 0;
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
  if (words.length === 0 || words.length > 3) return usage(io, "seq [-w] [-s SEP] [FIRST [INC]] LAST");
  const bad = words.find((word) => !/^-?(\d+\.?\d*|\.\d+)$/.test(word));
  if (bad !== undefined) return io.fail(`invalid number '${bad}'`);
  const last = Number(words.at(-1));
  const first = words.length > 1 ? Number(words[0]) : 1;
  const by = words.length > 2 ? Number(words[1]) : 1;
  const digits = Math.max(...words.slice(0, -1).map((word) => word.split(".")[1]?.length ?? 0), 0);
  const out: string[] = [];
  let bytes = 0;
  for (let i = 0; by !== 0; i++) {
    const value = first + i * by;
    if (by > 0 ? value > last + 1e-9 : value < last - 1e-9) break;
    const text = value.toFixed(digits);
    out.push(text);
    bytes += text.length + 1;
    if (bytes > 4_000_000) break;
  }
  io.sys.charge(out.length);
  const width = wide ? Math.max(...out.map((text) => text.length)) : 0;
  const padded = wide ? out.map((text) => (text.startsWith("-") ? `-${text.slice(1).padStart(width - 1, "0")}` : text.padStart(width, "0"))) : out;
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
    if (name !== "test" && words.pop() !== (name === "[" ? "]" : "]]")) return io.fail(`missing ${name === "[" ? "]" : "]]"}`, 2);
    try {
      return testExpression(words, io.sys, name === "[[") ? 0 : 1;
    } catch (error) {
      if (!(error instanceof TestProblem)) throw error;
      return io.fail(error.message, 2);
    }
  });

/** Runs a command with a limit on its time: `timeout [-s SIG] SECS PROG ARGS`. */
const timeout: Program<{ x?: number; due: number; signal: number; kill?: number; pid: number; fired?: true }> = {
  name: "timeout",
  start(sys) {
    const words = sys.argv.slice(1);
    let signal = 15;
    let later: number | undefined;
    while (words[0]?.startsWith("-")) {
      const word = words.shift()!;
      if (word === "-s") signal = parseSignal(words.shift() ?? "") ?? 15;
      else if (word === "-k") later = Number(words.shift()) * 1000;
      else if (word === "-t") words.unshift(words.shift() ?? "");
    }
    const limit = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(words.shift() ?? "");
    const state = { due: sys.now + Number(limit?.[1] ?? 0) * 1000 * ({ m: 60, h: 3600, d: 86_400 }[limit?.[2] ?? ""] ?? 1), signal, pid: 0, ...(later === undefined ? {} : { kill: later }) };
    const command = words[0];
    if (!limit || command === undefined) {
      sys.complain("BusyBox v1.37.0 () multi-call binary.\n\nUsage: timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS\n");
      return { ...state, x: 1 };
    }
    const pid = sys.fork({});
    const child = sys.child(pid);
    try {
      child.exec(child.which(command), words, sys.env);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`timeout: can't execute '${command}': ${error.message}\n`);
      sys.kernel.exit(child.key, 127);
    }
    return { ...state, pid };
  },
  step(sys, state) {
    if (state.x !== undefined) return { exit: state.x };
    const ended = sys.wait(state.pid);
    if (ended && ended !== "none") return { exit: state.fired ? 128 + state.signal : ended.status };
    if (sys.now >= state.due) {
      sys.kill(state.pid, state.fired ? 9 : state.signal);
      state.fired = true;
      state.due = state.kill === undefined ? Infinity : sys.now + state.kill;
      return undefined;
    }
    return { wait: { ch: true, ...(state.due === Infinity ? {} : { t: state.due }) } };
  },
};

const expr = tool("expr", (io) => {
  const words = io.args;
  let at = 0;
  const bad = (text = "syntax error"): never => io.fail(text, 2);
  const whole = (text: string): number => (/^-?\d+$/.test(text) ? Number(text) : bad("non-numeric argument"));
  const truth = (text: string): boolean => text !== "" && text !== "0";
  const primary = (): string => {
    const word = words[at++];
    if (word === undefined) return bad();
    if (word === "(") {
      const value = or();
      if (words[at++] !== ")") bad();
      return value;
    }
    if (word === "length" && at < words.length) return String(words[at++]!.length);
    if (word === "substr") {
      const [text = "", from = "", length = ""] = words.slice(at, at + 3);
      at += 3;
      return text.slice(Number(from) - 1, Number(from) - 1 + Number(length));
    }
    if (word === "index") {
      const [text = "", set = ""] = words.slice(at, at + 2);
      at += 2;
      return String([...text].findIndex((c) => set.includes(c)) + 1);
    }
    return word;
  };
  const match = (): string => {
    let left = primary();
    while (words[at] === ":") {
      at++;
      const source = posix(primary());
      const found = new RegExp(`^(?:${source})`).exec(left);
      left = source.includes("(") ? (found?.[1] ?? "") : String(found?.[0].length ?? 0);
    }
    return left;
  };
  const binary = (next: () => string, table: Record<string, (a: string, b: string) => string>): (() => string) => () => {
    let left = next();
    while (at < words.length && Object.hasOwn(table, words[at]!)) left = table[words[at++]!]!(left, next());
    return left;
  };
  const posix = (pattern: string): string => pattern.replace(/\\([()])/g, "\x00$1").replace(/[(){}|+?]/g, (c, i: number, all: string) => (all[i - 1] === "\x00" ? c : `\\${c}`)).replaceAll("\x00", "");
  const number = (f: (a: number, b: number) => number) => (a: string, b: string) => String(Math.trunc(f(whole(a), whole(b))));
  const zero = (b: number): number => (b === 0 ? bad("division by zero") : b);
  const compare = (f: (order: number) => boolean) => (a: string, b: string) => {
    const numbers = /^-?\d+$/.test(a) && /^-?\d+$/.test(b);
    const order = numbers ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
    return f(order) ? "1" : "0";
  };
  const product = binary(match, { "*": number((a, b) => a * b), "/": number((a, b) => a / zero(b)), "%": number((a, b) => a % zero(b)) });
  const sum = binary(product, { "+": number((a, b) => a + b), "-": number((a, b) => a - b) });
  const relation = binary(sum, { "<": compare((o) => o < 0), "<=": compare((o) => o <= 0), "=": compare((o) => o === 0), "==": compare((o) => o === 0), "!=": compare((o) => o !== 0), ">=": compare((o) => o >= 0), ">": compare((o) => o > 0) });
  const and = binary(relation, { "&": (a, b) => (truth(a) && truth(b) ? a : "0") });
  const or = binary(and, { "|": (a, b) => (truth(a) ? a : b) });
  if (words.length === 0) return usage(io, "expr EXPRESSION");
  const value = or();
  if (at < words.length) bad();
  io.out(`${value}\n`);
  return truth(value) ? 0 : 1;
});

export const systemTools: Program[] = [
  env, printenv, id, whoami, hostname, uname, ps, kill("kill"), kill("killall"), kill("pkill"), date, seq, yes, test("test"), test("["), test("[["), timeout, expr,
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
    for (const name of io.args)
      try {
        io.out(`${io.sys.which(name)}\n`);
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        code = 1;
      }
    return code;
  }),
  tool("groups", (io) => io.out(`${io.sys.who.groups.map((gid) => groupName(io, gid) ?? String(gid)).join(" ")}\n`)),
];
