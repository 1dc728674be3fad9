/** nc and telnet: bytes to and from a port; nc -l waits for one caller. */
import { accept, connect, connectTo, lookUp, shutdown, freePort } from "../../net/socket.ts";
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { listenAt, listenerAt } from "../../kernel/special-files.ts";
import { launch } from "../children.ts";
import { options } from "../options.ts";
import { hear, tell } from "./udp.ts";
import { Io, ToolExit } from "../tool.ts";
import { connectText } from "../net/web-client.ts";

interface NcState {
  host: string;
  ports: number[];
  listen?: number;
  /** Path of a Unix socket to listen at, or to reach. */
  path?: string;
  server?: true;
  /** Answers one caller after the other. */
  many: boolean;
  scan: boolean;
  tell: number;
  waitMs?: number;
  began: number;
  lost?: number;
  udp?: boolean;
  /** Datagrams: to whom, from which port, when the line was last used. */
  ip?: string;
  from: number;
  used: number;
  exec?: string[];
  /** Of a listener of datagrams: who spoke first, and the child of -e. */
  peer?: string;
  child?: { pid: number; to: number; from: number };
  /** Listening descriptor, connection, the child of -e. */
  listener?: number;
  connection?: number;
  pid?: number;
  /** To the network, and to standard output. */
  up: string;
  down: string;
  inEnded?: true;
  exitCode?: number;
}

const portsOf = (text: string): number[] => {
  const [from = 0, to = from] = text.split("-").map(Number);
  return Array.from({ length: Math.max(0, Math.min(to - from + 1, 1024)) }, (_, i) => from + i);
};

function begin(io: Io, state: NcState): void {
  const at = io.args.findIndex((word) => word === "-e" || /^-[lkvn]*e$/.test(word));
  if (at >= 0) {
    state.exec = io.args.splice(at).slice(1);
    const flags = io.sys.argv[at + 1]!.slice(1, -1);
    if (flags) io.args.push(`-${flags}`);
  }
  const opts = options(io, "lknuvzw:p:i:s:q:N46U");
  state.many = opts.has("k");
  state.scan = opts.has("z");
  state.tell = opts.order.filter((letter) => letter === "v").length;
  if (opts.has("w")) state.waitMs = Number(opts.value("w")) * 1000;
  state.udp = opts.has("u");
  const [host, port] = opts.rest;
  if (opts.has("U") && host !== undefined) {
    state.path = host;
    if (opts.has("l")) state.server = true;
    return;
  }
  if (opts.has("l")) {
    const own = Number(opts.value("p") ?? port ?? host ?? 0);
    state.listen = own;
    return;
  }
  if (host === undefined || (port === undefined && !host.includes(":"))) {
    io.err(
      "BusyBox v1.37.0 () multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen\n",
    );
    throw new ToolExit(1);
  }
  state.host = host;
  state.ports = portsOf(port ?? "");
  if (state.ports.length === 0 || state.ports.some((one) => !(one > 0)))
    io.fail(`bad port '${port}'`);
}

/** The next connection over a Unix socket. */
function reachPath(sys: Sys, io: Io, state: NcState, path: string): Step | "go" {
  try {
    if (!state.server) {
      state.connection = connectTo(sys, listenerAt(sys, path));
      return "go";
    }
    state.listener ??= listenAt(sys, path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return io.fail(state.server ? error.message : `${path}: ${error.message}`);
  }
  const taken = accept(sys, state.listener);
  if (!taken) return { wait: { readable: [state.listener] } };
  state.connection = taken.fd;
  return "go";
}

/** The next connection: a step to wait, or nothing once there is one. */
function reach(sys: Sys, io: Io, state: NcState): Step | "go" {
  if (state.path !== undefined) return reachPath(sys, io, state, state.path);
  if (state.listen !== undefined) {
    try {
      state.listener ??= sys.listen(state.listen, "t");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return io.fail(`bind: ${error.message}`);
    }
    const taken = accept(sys, state.listener);
    if (!taken) return { wait: { readable: [state.listener] } };
    state.connection = taken.fd;
    if (state.tell)
      sys.complain(`connect to ${sys.kernel.pod.pod.ip}:${state.listen} from ${taken.from}\n`);
    if (!state.many) {
      sys.close(state.listener);
      delete state.listener;
    }
    return "go";
  }
  const port = state.ports[0];
  if (port === undefined) throw new ToolExit(state.exitCode ?? 0);
  const ips = lookUp(sys, state.host);
  if (ips === "timeout" && sys.now < (state.lost ??= sys.now + 10_000))
    return { wait: { untilMs: state.lost } };
  if (typeof ips === "string") return io.fail(`bad address '${state.host}'`);
  if (state.udp) {
    state.ip = ips[0];
    if (state.tell) sys.complain(`${state.host} (${state.ip}:${port}) open\n`);
    return state.scan ? { exit: 0 } : "go";
  }
  const connected = connect(sys, ips[0]!, port);
  const limit = state.waitMs === undefined ? Infinity : state.began + state.waitMs;
  if ("wait" in connected) {
    if (sys.now < limit) {
      const t = Math.min(connected.wait.untilMs ?? Infinity, limit);
      return { wait: { ...connected.wait, ...(t === Infinity ? {} : { untilMs: t }) } };
    }
    return missed(io, state, `${ips[0]}`, port, "timeout");
  }
  if ("error" in connected) return missed(io, state, `${ips[0]}`, port, connected.error);
  if (state.tell) sys.complain(`${state.host} (${ips[0]}:${port}) open\n`);
  if (!state.scan) {
    state.connection = connected.fd;
    return "go";
  }
  sys.close(connected.fd);
  state.ports.shift();
  state.began = sys.now;
  return state.ports.length ? undefined : { exit: 0 };
}

function missed(io: Io, state: NcState, ip: string, port: number, why: string): Step {
  if (state.tell || !state.scan)
    io.sys.complain(
      `nc: ${state.host} (${ip}:${port}): ${connectText[why] ?? new Errno("ECONNRESET").message}\n`,
    );
  state.ports.shift();
  state.began = io.sys.now;
  return state.scan && state.ports.length ? undefined : { exit: 1 };
}

/** -e: the program speaks on the connection. */
function hand(sys: Sys, state: NcState): Step {
  if (state.pid === undefined) {
    const c = state.connection!;
    state.pid = launch(
      sys,
      state.exec!,
      (command, why) => `nc: can't execute '${command}': ${why}\n`,
      (child) => {
        child.dup(c, 0);
        child.dup(c, 1);
      },
    );
    sys.close(c);
  }
  const ended = sys.wait(state.pid);
  if (!ended) return { wait: { childEnd: true } };
  if (state.many) {
    delete state.pid;
    delete state.connection;
    return undefined;
  }
  return { exit: ended === "none" ? 1 : ended.status };
}

/** Datagrams there and back, until nothing has come for the time of -w. */
function talkUdp(sys: Sys, state: NcState): Step {
  const said = { up: state.up, down: state.down };
  if (state.up === "" && !state.inEnded) {
    const data = sys.read(0);
    if (data === "") state.inEnded = true;
    else state.up = data ?? "";
  }
  if (state.up !== "") {
    const sent = tell(sys, state, state.ports[0] as number, state.up);
    if (sent === "refused") return { exit: 1 };
    if (sent !== "sent") return sent;
    state.up = "";
  }
  state.down = state.down.slice(sys.write(1, state.down));
  if (said.up !== state.up || said.down !== state.down) state.used = sys.now;
  if (state.down !== "") return { wait: { writable: [1] } };
  const t = state.used + (state.waitMs ?? Infinity);
  if (sys.now >= t) return { exit: 0 };
  return {
    wait: { readable: state.inEnded ? [] : [0], ...(t === Infinity ? {} : { untilMs: t }) },
  };
}

function hearUdp(sys: Sys, io: Io, state: NcState): Step {
  const own = `${sys.kernel.pod.pod.ip}:${state.listen}`;
  return hear(sys, state, {
    fail: (text) => io.fail(`bind: ${text}`),
    ...(state.tell ? { greeted: (from) => `connect to ${own} from ${from}\n` } : {}),
    ...(state.waitMs === undefined ? {} : { limitMs: state.waitMs }),
  });
}

/** Both ways at once. */
function talk(sys: Sys, state: NcState): Step {
  const c = state.connection!;
  const reads: number[] = [];
  if (!state.inEnded && state.up.length < 65_536) {
    const data = sys.read(0);
    if (data === "") {
      state.inEnded = true;
      if (state.up === "") shutdown(sys, c);
    } else {
      reads.push(0);
      state.up += data ?? "";
    }
  }
  if (state.up !== "") {
    const taken = sys.write(c, state.up);
    state.up = state.up.slice(taken);
    if (state.up === "" && state.inEnded) shutdown(sys, c);
  }
  if (state.down === "") {
    const data = sys.read(c);
    if (data === "") {
      sys.close(c);
      if (!state.many) return { exit: 0 };
      delete state.connection;
      return undefined;
    }
    if (data === undefined) reads.push(c);
    else state.down = data;
  }
  if (state.down !== "") {
    state.down = state.down.slice(sys.write(1, state.down));
    if (state.down !== "") return { wait: { writable: [1] } };
    return undefined;
  }
  if (state.up !== "") return { wait: { writable: [c], readable: reads } };
  return reads.length ? { wait: { readable: reads } } : undefined;
}

const program = (name: string): Program<NcState> => ({
  name,
  storedNames: { fields: { exitCode: "x", listener: "l", connection: "c" } },
  start(sys) {
    const io = new Io(sys);
    const state: NcState = {
      host: "",
      ports: [],
      many: false,
      scan: false,
      tell: 0,
      began: sys.now,
      from: freePort(sys),
      used: sys.now,
      up: "",
      down: "",
    };
    try {
      if (name === "telnet") {
        const [host = "", port = "23"] = io.args;
        Object.assign(state, { host, ports: portsOf(port), tell: 0 });
      } else begin(io, state);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      for (const [, text] of io.pending) sys.complain(text);
      state.exitCode = error.code;
    }
    return state;
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const io = new Io(sys);
    try {
      if (state.udp && state.listen !== undefined) return hearUdp(sys, io, state);
      if (state.connection === undefined && state.pid === undefined && state.ip === undefined) {
        const reached = reach(sys, io, state);
        if (reached !== "go") return reached;
        if (name === "telnet") sys.complain(`Connected to ${state.host}\n`);
      }
      if (state.udp) return talkUdp(sys, state);
      return state.exec ? hand(sys, state) : talk(sys, state);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      for (const [, text] of io.pending) sys.complain(text);
      return { exit: error.code };
    }
  },
});

export const ncTools: Program[] = [program("nc"), program("telnet")];
