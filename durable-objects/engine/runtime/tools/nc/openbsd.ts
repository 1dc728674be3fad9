/** OpenBSD's nc, as Debian and Alpine package it: what images with a "real" netcat have. */
import { lookup } from "../../../core/lookup.ts";
import { accept, connect, connectTo, freePort, lookUp, shutdown } from "../../net/socket.ts";
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { listenAt, listenerAt } from "../../kernel/special-files.ts";
import { options, type Options } from "../options.ts";
import { hear, tell } from "./udp.ts";
import { Io, ToolExit } from "../tool.ts";
import { connectText } from "../net/web-client.ts";

const usage =
  "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n" +
  "\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n" +
  "\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n" +
  "\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n" +
  "\t  [destination] [port]\n";

const services: Record<string, string> = lookup({
  "tcp/22": "ssh",
  "tcp/25": "smtp",
  "udp/53": "domain",
  "tcp/53": "domain",
  "tcp/80": "http",
  "tcp/443": "https",
  "tcp/3306": "mysql",
  "tcp/5432": "postgresql",
  "tcp/6379": "redis",
  "tcp/8080": "http-alt",
});

interface NcState {
  host: string;
  ports: number[];
  /** Any of them was reached. */
  good?: true;
  ip?: string;
  /** Own port of datagrams. */
  from: number;
  /** Of a Unix socket (-U). */
  path?: string;
  /** Of a listener of datagrams: who spoke first; it hears everybody. */
  peer?: string;
  open?: true;
  /** Port waited on; its descriptor; the connection. */
  listen?: number;
  listener?: number;
  connection?: number;
  /** When the attempt began; when the line was last used. */
  began: number;
  used: number;
  lost?: number;
  /** Probes sent to a UDP port, and when the next is due. */
  probes: number;
  probe?: number;
  talks?: true;
  up: string;
  down: string;
  inEnded?: true;
  /** With -q: when it ends after the end of input. */
  quit?: number;
  exitCode?: number;
}

const letters = "46bCDdFhklNnrStUuvzZI:i:M:m:O:P:p:q:s:T:V:W:w:X:x:";
const parse = (io: Io): Options => options(io, letters);

function begin(io: Io, state: NcState): void {
  const opts = parse(io);
  if (opts.has("h")) {
    io.err(`OpenBSD netcat (Debian patchlevel 1.229-1)\n${usage}`);
    throw new ToolExit(0);
  }
  const fail = (text: string): never => io.fail(text);
  const [first, second] = opts.rest;
  const own = opts.value("p");
  if (own !== undefined) state.from = Number(own);
  if (opts.has("U") && first !== undefined) {
    state.path = first;
    if (opts.has("l")) state.listen = 0;
    return;
  }
  if (opts.has("l")) {
    state.listen = Number(own ?? second ?? first ?? 0);
    if (!(state.listen > 0 && state.listen < 65_536)) fail("missing port");
    return;
  }
  if (first === undefined) {
    io.err(usage);
    throw new ToolExit(1);
  }
  if (second === undefined) fail("missing port number");
  state.host = first;
  const [low = 0, high = low] = (second as string).split("-").map(Number);
  if (!(low > 0 && high < 65_536)) fail(`port number invalid: ${second}`);
  const [from, to] = [Math.min(low, high), Math.max(low, high)];
  state.ports = Array.from({ length: Math.min(to - from + 1, 1024) }, (_, i) => from + i);
}

const limitOf = (opts: Options): number =>
  opts.has("w") ? Number(opts.value("w")) * 1000 : Infinity;

/** Which address the name has; a step while the name server keeps silent. */
function resolved(sys: Sys, io: Io, state: NcState): Step | "go" {
  if (state.ip !== undefined) return "go";
  const ips = lookUp(sys, state.host);
  if (ips === "timeout" && sys.now < (state.lost ??= sys.now + 10_000))
    return { wait: { untilMs: state.lost } };
  if (typeof ips !== "string") {
    state.ip = ips[0];
    return "go";
  }
  const musl = sys.peek("/lib/apk") ?? sys.peek("/etc/alpine-release");
  const words = { unknown: musl ? "Name does not resolve" : "Name or service not known" };
  const again = musl ? "Try again" : "Temporary failure in name resolution";
  const why = ips === "timeout" ? again : words.unknown;
  return io.fail(`getaddrinfo for host "${state.host}" port ${state.ports[0]}: ${why}`);
}

const named = (state: NcState): string =>
  state.ip === state.host ? state.host : `${state.host} (${state.ip})`;

function reached(sys: Sys, opts: Options, state: NcState, protocol: "tcp" | "udp"): Step | "go" {
  const port = state.ports[0] as number;
  state.good = true;
  state.used = sys.now;
  if (opts.has("v") || opts.has("z")) {
    const service = opts.has("n") ? "*" : (services[`${protocol}/${port}`] ?? "*");
    const shown = opts.has("n") ? state.host : named(state);
    if (opts.has("v"))
      sys.complain(`Connection to ${shown} ${port} port [${protocol}/${service}] succeeded!\n`);
  }
  if (!opts.has("z")) {
    state.talks = true;
    return "go";
  }
  if (state.connection !== undefined) sys.close(state.connection);
  delete state.connection;
  return next(sys, state);
}

function missed(sys: Sys, opts: Options, state: NcState, error: string): Step {
  const protocol = opts.has("u") ? "udp" : "tcp";
  const late = error === "limit";
  const why = late
    ? "Operation now in progress"
    : (connectText[error] ?? "Connection reset by peer");
  if (opts.has("v") && protocol === "tcp")
    sys.complain(
      `nc: connect to ${named(state)} port ${state.ports[0]} (${protocol}) ${late ? "timed out" : "failed"}: ${why}\n`,
    );
  return next(sys, state);
}

/** On to the next port; with none left, how it went. */
function next(sys: Sys, state: NcState): Step {
  state.ports.shift();
  state.began = sys.now;
  state.probes = 0;
  delete state.probe;
  return state.ports.length ? undefined : { exit: state.good ? 0 : 1 };
}

function dialTcp(sys: Sys, opts: Options, state: NcState): Step | "go" {
  const connected = connect(sys, state.ip as string, state.ports[0] as number);
  if ("error" in connected) return missed(sys, opts, state, connected.error);
  if ("fd" in connected) {
    state.connection = connected.fd;
    return reached(sys, opts, state, "tcp");
  }
  const limit = state.began + limitOf(opts);
  if (sys.now >= limit) return missed(sys, opts, state, "limit");
  const t = Math.min(connected.wait.untilMs ?? Infinity, limit);
  return { wait: { ...connected.wait, ...(t === Infinity ? {} : { untilMs: t }) } };
}

/** A UDP port is only known to be closed when it says so: with -v and -z a few bytes go ahead, a second apart. */
function dialUdp(sys: Sys, opts: Options, state: NcState): Step | "go" {
  if (!opts.has("v") && !opts.has("z")) return reached(sys, opts, state, "udp");
  const seconds = opts.has("w") ? Number(opts.value("w")) : 3;
  if (sys.now < (state.probe ?? 0)) return { wait: { untilMs: state.probe } };
  if (state.probes > seconds) return reached(sys, opts, state, "udp");
  const bytes = "X".repeat(state.probes === 0 ? 2 : 1);
  const sent = tell(sys, state, state.ports[0] as number, bytes);
  if (sent === "refused") return missed(sys, opts, state, "refused");
  if (typeof sent === "object") return sent;
  state.probes++;
  state.probe = sys.now + 1_000;
  return { wait: { untilMs: state.probe } };
}

function talkUdp(sys: Sys, opts: Options, state: NcState): Step {
  if (state.down !== "") {
    state.down = state.down.slice(sys.write(1, state.down));
    state.used = sys.now;
    return state.down === "" ? undefined : { wait: { writable: [1] } };
  }
  if (state.up === "" && !state.inEnded) {
    const data = opts.has("d") ? "" : sys.read(0);
    if (data === "") state.inEnded = true;
    else if (data !== undefined) state.up = data;
  }
  if (state.up !== "") {
    const sent = tell(sys, state, state.ports[0] as number, state.up);
    if (sent === "refused") return { exit: 1 };
    if (sent !== "sent") return sent;
    state.up = "";
    state.used = sys.now;
    return undefined;
  }
  return idle(sys, opts, state, state.inEnded ? [] : [0]);
}

/** Nothing to do: until something can be read, or one of the time limits is reached. */
function idle(sys: Sys, opts: Options, state: NcState, reads: number[]): Step {
  if (state.inEnded && opts.has("q") && Number(opts.value("q")) >= 0)
    state.quit ??= sys.now + Number(opts.value("q")) * 1000;
  const t = Math.min(state.used + limitOf(opts), state.quit ?? Infinity);
  if (sys.now >= t) return { exit: 0 };
  return { wait: { readable: reads, ...(t === Infinity ? {} : { untilMs: t }) } };
}

function listenTcp(sys: Sys, io: Io, opts: Options, state: NcState): Step | "go" {
  try {
    state.listener ??= state.path
      ? listenAt(sys, state.path)
      : sys.listen(state.listen as number, "t");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return io.fail(error.message);
  }
  if (opts.has("v") && state.began >= 0) {
    sys.complain(`Listening on ${state.path ?? `0.0.0.0 ${state.listen}`}\n`);
    state.began = -1;
  }
  const taken = accept(sys, state.listener);
  if (!taken) return { wait: { readable: [state.listener] } };
  state.connection = taken.fd;
  state.used = sys.now;
  if (opts.has("v")) sys.complain(`Connection received on ${taken.from.replace(":", " ")}\n`);
  if (!opts.has("k")) {
    sys.close(state.listener);
    delete state.listener;
  }
  return "go";
}

function dialPath(sys: Sys, io: Io, state: NcState, path: string): void {
  try {
    state.connection = connectTo(sys, listenerAt(sys, path));
    state.talks = true;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.fail(`${path}: ${error.message}`);
  }
}

/** Both ways at once. The end of input ends nothing but with -N or -q. */
function talkTcp(sys: Sys, opts: Options, state: NcState): Step {
  const c = state.connection as number;
  const reads: number[] = [];
  if (!state.inEnded && state.up.length < 16_384) {
    const data = opts.has("d") ? "" : sys.read(0);
    if (data !== "") {
      reads.push(0);
      state.up += data ?? "";
    } else {
      state.inEnded = true;
      if (state.up === "" && halfCloses(opts)) shutdown(sys, c);
    }
  }
  if (state.up !== "") {
    const taken = sys.write(c, opts.has("C") ? state.up.replace(/\r?\n/g, "\r\n") : state.up);
    if (taken > 0) state.used = sys.now;
    state.up = opts.has("C") && taken > 0 ? "" : state.up.slice(taken);
    if (state.up === "" && state.inEnded && halfCloses(opts)) shutdown(sys, c);
  }
  if (state.down === "") {
    const data = sys.read(c);
    if (data === "") return ended(sys, opts, state);
    if (data === undefined) reads.push(c);
    else state.down = data;
  }
  if (state.down !== "") {
    state.down = state.down.slice(sys.write(1, state.down));
    state.used = sys.now;
    return state.down === "" ? undefined : { wait: { writable: [1] } };
  }
  if (state.up !== "") return { wait: { writable: [c], readable: reads } };
  return idle(sys, opts, state, reads);
}

const halfCloses = (opts: Options): boolean =>
  opts.has("N") || (opts.has("q") && Number(opts.value("q")) >= 0);

function ended(sys: Sys, opts: Options, state: NcState): Step {
  sys.close(state.connection as number);
  delete state.connection;
  if (!opts.has("k")) return { exit: 0 };
  delete state.inEnded;
  return undefined;
}

/** -k takes datagrams of everybody. */
function hearUdp(sys: Sys, io: Io, opts: Options, state: NcState): Step {
  if (opts.has("d")) state.inEnded = true;
  if (opts.has("k")) state.open = true;
  return hear(sys, state, {
    fail: (text) => io.fail(text),
    limitMs: limitOf(opts),
    ...(opts.has("v")
      ? {
          bound: `Bound on 0.0.0.0 ${state.listen}\n`,
          greeted: (from) => `Connection received on ${from.replace(":", " ")}\n`,
        }
      : {}),
  });
}

function ncStep(sys: Sys, io: Io, state: NcState): Step {
  const opts = parse(io);
  if (state.listen !== undefined) {
    if (opts.has("u")) return hearUdp(sys, io, opts, state);
    const taken = state.connection === undefined ? listenTcp(sys, io, opts, state) : "go";
    return taken === "go" ? talkTcp(sys, opts, state) : taken;
  }
  const udp = opts.has("u");
  if (state.path !== undefined && !state.talks) dialPath(sys, io, state, state.path);
  if (!state.talks) {
    const known = resolved(sys, io, state);
    if (known !== "go") return known;
    const dialled = udp ? dialUdp(sys, opts, state) : dialTcp(sys, opts, state);
    if (dialled !== "go") return dialled;
  }
  return udp ? talkUdp(sys, opts, state) : talkTcp(sys, opts, state);
}

/** Runs a part of the tool; what it complains of, and how it ends. */
function guarded(sys: Sys, run: (io: Io) => Step): Step {
  const io = new Io(sys);
  try {
    return run(io);
  } catch (error) {
    if (!(error instanceof ToolExit)) throw error;
    for (const [, text] of io.pending) sys.complain(text);
    return { exit: error.code };
  }
}

export const ncOpenbsd: Program<NcState> = {
  name: "nc.openbsd",
  storedNames: { fields: { exitCode: "x", listener: "l", connection: "c" } },
  start(sys) {
    const state: NcState = {
      host: "",
      ports: [],
      from: freePort(sys),
      began: sys.now,
      used: sys.now,
      probes: 0,
      up: "",
      down: "",
    };
    const over = guarded(sys, (io) => {
      begin(io, state);
      return undefined;
    });
    if (over && "exit" in over) state.exitCode = over.exit;
    return state;
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    return guarded(sys, (io) => ncStep(sys, io, state));
  },
};
