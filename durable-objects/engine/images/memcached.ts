/** memcached: its text protocol over TCP, with what it holds in its memory alone. */
import { memcachedBytesMax, memcachedValueBytesMax } from "../core/limits.ts";
import { Errno } from "../runtime/errno.ts";
import { buildLayer } from "../runtime/fs/layer.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../runtime/image/base-files.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { accept } from "../runtime/net/socket.ts";
import { commandEntry } from "./command-entry.ts";
import type { ImageDefinition } from "./define.ts";
import { writeAll } from "./serving/sockets.ts";
import { resolveVersion } from "./tags.ts";

interface Item {
  value: string;
  flags: number;
  /** Gone from this moment on; 0: never. */
  expiresAtMs: number;
}

interface State {
  listener?: number;
  exitCode?: number;
  /** Descriptor, and what came that is no whole command yet. */
  connections: [fd: number, text: string][];
  items: Record<string, Item>;
  bytes: number;
  gets: number;
  hits: number;
  sets: number;
}

/** memcached: memcached.h KEY_MAX_LENGTH */
const keyBytesMax = 250;
/** memcached: doc/protocol.txt; longer times are moments of Unix. */
const relativeSecondsMax = 60 * 60 * 24 * 30;

function expiry(sys: Sys, seconds: number): number {
  if (seconds === 0) return 0;
  if (seconds < 0) return sys.now;
  return seconds > relativeSecondsMax ? seconds * 1000 : sys.now + seconds * 1000;
}

function live(sys: Sys, state: State, key: string): Item | undefined {
  const item = Object.hasOwn(state.items, key) ? state.items[key] : undefined;
  if (!item || item.expiresAtMs === 0 || item.expiresAtMs > sys.now) return item;
  drop(state, key);
  return undefined;
}

const sizeOf = (key: string, item: Item): number => key.length + item.value.length + 48;

function drop(state: State, key: string): boolean {
  const item = Object.hasOwn(state.items, key) ? state.items[key] : undefined;
  if (!item) return false;
  state.bytes -= sizeOf(key, item);
  delete state.items[key];
  return true;
}

/** The oldest go where there is no room. */
function put(state: State, key: string, item: Item): void {
  drop(state, key);
  state.items[key] = item;
  state.bytes += sizeOf(key, item);
  for (const other in state.items) {
    if (state.bytes <= memcachedBytesMax) break;
    if (other !== key) drop(state, other);
  }
}

function store(sys: Sys, state: State, words: string[], value: string): string {
  const [verb = "", key = "", flags = "0", seconds = "0"] = words;
  const known = live(sys, state, key);
  if ((verb === "add" && known) || (verb !== "set" && verb !== "add" && !known))
    return "NOT_STORED\r\n";
  const joined =
    verb === "append" ? known!.value + value : verb === "prepend" ? value + known!.value : value;
  const keeps = verb === "append" || verb === "prepend";
  if (joined.length > memcachedValueBytesMax) return "SERVER_ERROR object too large for cache\r\n";
  state.sets += 1;
  put(state, key, {
    value: joined,
    flags: keeps ? known!.flags : Number(flags) || 0,
    expiresAtMs: keeps ? known!.expiresAtMs : expiry(sys, Number(seconds) || 0),
  });
  return "STORED\r\n";
}

function count(sys: Sys, state: State, [verb, key = "", by = ""]: string[]): string {
  const item = live(sys, state, key);
  if (!item) return "NOT_FOUND\r\n";
  if (!/^\d{1,15}$/.test(by)) return "CLIENT_ERROR invalid numeric delta argument\r\n";
  if (!/^\d{1,15}$/.test(item.value))
    return "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
  const sum = Number(item.value) + (verb === "incr" ? 1 : -1) * Number(by);
  put(state, key, { ...item, value: String(Math.max(0, sum)) });
  return `${Math.max(0, sum)}\r\n`;
}

function stats(sys: Sys, state: State): string {
  const rows: [string, string | number][] = [
    ["pid", sys.pid],
    ["uptime", Math.floor((sys.now - sys.process.startedAtMs) / 1000)],
    ["version", sys.container.image.version],
    ["curr_connections", state.connections.length],
    ["cmd_get", state.gets],
    ["cmd_set", state.sets],
    ["get_hits", state.hits],
    ["get_misses", state.gets - state.hits],
    ["bytes", state.bytes],
    ["curr_items", Object.keys(state.items).length],
    ["limit_maxbytes", memcachedBytesMax],
  ];
  return `${rows.map(([name, value]) => `STAT ${name} ${value}\r\n`).join("")}END\r\n`;
}

/** The answer to a command without data; undefined: the client wants to leave. */
function execute(sys: Sys, state: State, words: string[]): string | undefined {
  const [verb, key = ""] = words;
  switch (verb) {
    case "get":
    case "gets": {
      let out = "";
      for (const name of words.slice(1)) {
        const item = live(sys, state, name);
        state.gets += 1;
        if (!item) continue;
        state.hits += 1;
        out += `VALUE ${name} ${item.flags} ${item.value.length}${verb === "gets" ? " 1" : ""}\r\n${item.value}\r\n`;
      }
      return `${out}END\r\n`;
    }
    case "delete":
      return live(sys, state, key) && drop(state, key) ? "DELETED\r\n" : "NOT_FOUND\r\n";
    case "incr":
    case "decr":
      return count(sys, state, words);
    case "touch": {
      const item = live(sys, state, key);
      if (item) item.expiresAtMs = expiry(sys, Number(words[2]) || 0);
      return item ? "TOUCHED\r\n" : "NOT_FOUND\r\n";
    }
    case "flush_all":
      state.items = {};
      state.bytes = 0;
      return "OK\r\n";
    case "stats":
      return stats(sys, state);
    case "version":
      return `VERSION ${sys.container.image.version}\r\n`;
    case "quit":
      return undefined;
  }
  return "ERROR\r\n";
}

const storing = new Set(["set", "add", "replace", "append", "prepend"]);

/** Takes whole commands off what came; false: the connection ends. */
function serve(sys: Sys, state: State, connection: [number, string]): boolean {
  for (;;) {
    const [fd, text] = connection;
    const end = text.indexOf("\n");
    if (end < 0) return text.length <= memcachedValueBytesMax;
    const words = text.slice(0, end).trim().split(/ +/);
    let rest = text.slice(end + 1);
    let reply: string | undefined;
    if (storing.has(words[0] ?? "")) {
      const length = Number(words[4]);
      const bad = words.length < 5 || !Number.isInteger(length) || length < 0;
      if (bad) reply = "ERROR\r\n";
      else if ((words[1] ?? "").length > keyBytesMax)
        reply = "CLIENT_ERROR bad command line format\r\n";
      else if (length > memcachedValueBytesMax)
        reply = "SERVER_ERROR object too large for cache\r\n";
      else {
        // The data block and its end have not all come.
        if (rest.length < length + 1) return true;
        const tail = /^\r?\n/.exec(rest.slice(length));
        reply = tail
          ? store(sys, state, words, rest.slice(0, length))
          : "CLIENT_ERROR bad data chunk\r\n";
        rest = rest.slice(length + (tail?.[0].length ?? 0));
      }
    } else reply = words[0] === "" ? "ERROR\r\n" : execute(sys, state, words);
    connection[1] = rest;
    if (reply === undefined) return false;
    if (!words.includes("noreply") && !writeAll(sys, fd, reply)) return false;
  }
}

const memcached: Program<State> = {
  name: "memcached",
  storedNames: { fields: { exitCode: "x", listener: "l", connections: "c", items: "i" } },
  start(sys) {
    const state: State = { connections: [], items: {}, bytes: 0, gets: 0, hits: 0, sets: 0 };
    const words = sys.argv.join(" ").slice(0, 1000);
    if (/(^| )(-V|--version)( |$)/.test(words)) {
      sys.write(1, `memcached ${sys.container.image.version}\n`);
      return { ...state, exitCode: 0 };
    }
    const port = Number(/(?:^| )(?:-p ?|--port[= ])(\d{1,5})/.exec(words)?.[1] ?? 11_211);
    try {
      state.listener = sys.listen(port, "t");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`failed to listen on TCP port ${port}: ${error.message}\n`);
      return { ...state, exitCode: 71 };
    }
    return state;
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const { listener = 0 } = state;
    for (let taken = accept(sys, listener); taken; taken = accept(sys, listener))
      state.connections.push([taken.fd, ""]);
    state.connections = state.connections.filter((connection) => {
      const data = sys.read(connection[0]);
      if (data === undefined) return true;
      connection[1] += data;
      if (serve(sys, state, connection) && data !== "") return true;
      sys.close(connection[0]);
      return false;
    });
    sys.held = state.bytes;
    return { wait: { readable: [listener, ...state.connections.map(([fd]) => fd)] } };
  },
  handles: (state, signal) => state?.exitCode === undefined && (signal === 15 || signal === 2),
  signal(sys, _state, signal) {
    sys.complain(`Signal handled: ${signal === 2 ? "Interrupt" : "Terminated"}.\n`);
    return { exit: 0 };
  },
  memoryBytes: (state) => 2_000_000 + (state?.bytes ?? 0),
  title: (_state, argv) => argv.join(" "),
};

const base = debianFiles(debianReleases.trixie!);
const layer = buildLayer(
  base,
  {
    "/usr/local/bin/memcached": { program: "memcached" },
    "/usr/local/bin/docker-entrypoint.sh": { program: "memcached-entrypoint" },
    "/etc/passwd": `${base["/etc/passwd"] as string}memcache:x:11211:11211::/home/memcache:/bin/sh\n`,
    "/etc/group": `${base["/etc/group"] as string}memcache:x:11211:\n`,
  },
  runtimeFiles,
);

export const memcachedImage: ImageDefinition = {
  repositories: ["docker.io/library/memcached"],
  resolveTag: (tag) =>
    resolveVersion(
      {
        series: { 1: 6 },
        latest: "1.6.39",
        variants: /^(alpine|bookworm|trixie|bullseye)[\d.]*$/,
        names: { alpine: "1.6.39" },
        patchMax: 60,
      },
      tag,
    ),
  version: (version) => ({
    version,
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["memcached"],
    env: { MEMCACHED_VERSION: version },
    user: "memcache",
    layer,
    sizeBytes: 31_200_000,
  }),
  programs: [
    memcached,
    commandEntry("memcached-entrypoint", "/usr/local/bin/docker-entrypoint.sh: 9", "memcached"),
  ],
};
