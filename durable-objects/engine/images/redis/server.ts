/**
 * The redis server: one loop over its clients' connections. All it holds is its process's JSON state; a replica follows
 * its master over the simulated network (full synchronisation, then the master's writes as they come).
 */
import { Errno } from "../../runtime/errno.ts";
import { addLoad } from "../../runtime/http/request-load.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import { applySetting, follow } from "./admin.ts";
import { bootLines } from "./boot.ts";
import { execute } from "./execute.ts";
import { loadData, saveData } from "./files.ts";
import { runLink } from "./link.ts";
import { array, fault, ok, parseCommand, simple } from "./protocol.ts";
import { applySentinel } from "./sentinel.ts";
import { say } from "./log.ts";
import { redisNames, settingOf, type RedisClient, type RedisState } from "./state.ts";
import { snapshotOf, storeBytes } from "./store.ts";
import { bootedQuietly } from "../serving/small-server.ts";
import { accept } from "../../runtime/net/socket.ts";
import { peerOf, writeAll } from "../serving/sockets.ts";

/** Commands that are about the connection itself. Undefined: an ordinary one. */
function session(
  sys: Sys,
  state: RedisState,
  fd: number,
  client: RedisClient,
  words: string[],
): string | undefined {
  switch (words[0]?.toUpperCase()) {
    case "QUIT":
      return ok;
    case "REPLCONF":
      return ok;
    case "PSYNC":
    case "SYNC": {
      const payload = snapshotOf(state);
      client.replica = true;
      client.name = peerOf(sys, fd).replace(/:\d+$/, "");
      say(sys, "*", `Replica ${client.name}:6379 asks for synchronization`);
      say(sys, "*", `Synchronization with replica ${client.name}:6379 succeeded`);
      return `+FULLRESYNC ${"0".repeat(40)} 0\r\n$${payload.length}\r\n${payload}`;
    }
    case "SHUTDOWN":
      shutDown(sys, state, "User requested shutdown...", words[1]?.toUpperCase() === "NOSAVE");
      return "";
    case "SAVE":
    case "BGSAVE":
      saveData(sys, state);
      return words[0].toUpperCase() === "SAVE" ? ok : simple("Background saving started");
    case "MULTI":
      client.queued = [];
      return ok;
    case "DISCARD":
      if (!client.queued) return fault("ERR DISCARD without MULTI");
      delete client.queued;
      return ok;
    case "EXEC": {
      const queue = client.queued;
      if (!queue) return fault("ERR EXEC without MULTI");
      delete client.queued;
      return array(queue.map((queued) => execute(sys, state, client, queued)));
    }
    default:
      if (!client.queued) return undefined;
      client.queued.push(words);
      return simple("QUEUED");
  }
}

function serve(sys: Sys, state: RedisState, fd: number, client: RedisClient): void {
  let gone = false;
  for (;;) {
    const data = sys.read(fd);
    if (data === undefined) break;
    if (data === "") {
      gone = true;
      break;
    }
    client.unread = (client.unread ?? "") + data;
  }
  let replies = "";
  while (client.unread && !gone) {
    const parsed = parseCommand(client.unread);
    if (parsed === "more") break;
    if ("error" in parsed) {
      writeAll(sys, fd, replies + fault(parsed.error));
      gone = true;
      break;
    }
    client.unread = client.unread.slice(parsed.used);
    if (parsed.words.length === 0) continue;
    state.commands = (state.commands ?? 0) + 1;
    // About 20,000 commands a second keep one core busy.
    addLoad(sys.kernel, sys.process, 0.05);
    replies +=
      session(sys, state, fd, client, parsed.words) ?? execute(sys, state, client, parsed.words);
    if (parsed.words[0]?.toUpperCase() === "QUIT") gone = true;
  }
  if (client.unread === "") delete client.unread;
  if (replies && !writeAll(sys, fd, replies)) gone = true;
  if (!gone) return;
  delete state.clients[fd];
  if (sys.isOpen(fd)) sys.close(fd);
}

export function shutDown(sys: Sys, state: RedisState, why: string, noSave = false): void {
  say(sys, "*", why);
  if (!noSave && settingOf(state, "save") !== "" && state.unsaved) {
    say(sys, "*", "Saving the final RDB snapshot before exiting.");
    saveData(sys, state);
    say(sys, "*", "DB saved on disk");
  }
  say(sys, "#", "Redis is now ready to exit, bye bye...");
  state.exitCode = 0;
}

const isSentinel = (sys: Sys): boolean =>
  /(^|\/)redis-sentinel$/.test(sys.argv[0] ?? "") || sys.argv.includes("--sentinel");

/** Settings of a file and of `--name value` arguments. Returns a complaint, or nothing. */
function configure(sys: Sys, state: RedisState): string | undefined {
  const words = sys.argv.slice(1).filter((word) => word !== "--sentinel");
  const sentinel = isSentinel(sys);
  if (sentinel) {
    applySetting(state, "port", ["26379"]);
    state.masters = {};
  }
  if (words[0] !== undefined && !words[0].startsWith("--")) {
    const path = words.shift() ?? "";
    let text: string;
    try {
      text = path === "-" ? "" : sys.readFile(path);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return `Fatal error, can't open config file '${path}': ${error.message}`;
    }
    for (const [i, line] of text.split("\n").entries()) {
      const [name, ...rest] = line.trim().split(/\s+/);
      if (!name || name.startsWith("#")) continue;
      const values = rest.map((word) => word.replace(/^["'](.*)["']$/, "$1"));
      if (sentinel && name === "sentinel" && applySentinel(state, values)) continue;
      if (
        !applySetting(state, name, values) &&
        !/^(daemonize|pidfile|logfile|include|cluster-|rename-command|client-|hll-|proto-|gopher-|stop-writes|rdb|aof-|auto-aof|no-appendfsync|appendfilename|user |masterauth|lazyfree|hz|dynamic-hz|activerehashing|repl-|replica-|slave-|supervised|always-show|set-|list-|hash-|zset-|slowlog|latency|notify|lua-|unixsocket|io-|jemalloc|loadmodule|appenddirname|save|proc-title|propagation-|oom-score|disable-thp|locale|enable-|crash-|tls-|tracking-|stream-|sanitize-|shutdown-|tcp-|timeout|port|bind|protected-mode|databases|maxmemory|maxclients|syslog-|min-replicas|min-slaves|replicaof|slaveof|masteruser|primaryauth|acl|requirepass|dbfilename|dir|loglevel|active-|lfu-|close-|debug-|ignore-warnings|server_cpulist|bio_cpulist|hide-user|busy-|socket-mark|availability-zone|key-|activedefrag|jemalloc)/.test(
          name,
        )
      )
        return `\n*** FATAL CONFIG FILE ERROR (Redis ${sys.container.image.version}) ***\nReading the configuration file, at line ${i + 1}\n>>> '${line.trim()}'\nBad directive or wrong number of arguments`;
    }
  }
  for (let i = 0; i < words.length; i++) {
    const name = (words[i] ?? "").replace(/^--/, "");
    const values: string[] = [];
    while (i + 1 < words.length && !words[i + 1]?.startsWith("--")) values.push(words[++i] ?? "");
    applySetting(state, name, values);
  }
  return undefined;
}

export const redisServer: Program<RedisState> = {
  name: "redis-server",
  storedNames: redisNames,
  start(sys) {
    const state: RedisState = { clients: {}, databases: {} };
    const bad = configure(sys, state);
    const plain = sys.argv.length === 1;
    if (bad) {
      sys.complain(`${bad}\n`);
      return { ...state, exitCode: 1 };
    }
    const port = Number(settingOf(state, "port"));
    try {
      state.listener = sys.listen(port, "t");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      say(
        sys,
        "#",
        `Warning: Could not create server TCP listening socket *:${port}: bind: ${error.message}`,
      );
      say(sys, "#", "Failed listening on port 6379 (tcp), aborting.".replace("6379", String(port)));
      return { ...state, exitCode: 1 };
    }
    const { version } = sys.container.image;
    const lines = bootLines(version, sys.now, plain ? undefined : port);
    if (!plain || !bootedQuietly(sys, lines.length))
      for (const { text } of lines) sys.write(1, `${text}\n`);
    if (isSentinel(sys))
      say(
        sys,
        "#",
        "this sandbox's sentinel answers, and fails nothing over: roles stay as they are set",
      );
    const master = settingOf(state, "replicaof").split(" ");
    if (master.length === 2) follow(state, master[0] ?? "", master[1] ?? "");
    loadData(sys, state);
    return state;
  },
  step(sys, state): Step {
    if (state.listener !== undefined)
      for (let taken = accept(sys, state.listener); taken; taken = accept(sys, state.listener)) {
        state.clients[taken.fd] = {};
        state.connections = (state.connections ?? 0) + 1;
      }
    for (const fd of Object.keys(state.clients)) {
      const client = state.clients[fd];
      if (client && state.exitCode === undefined) serve(sys, state, Number(fd), client);
    }
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const link = runLink(sys, state);
    sys.held = storeBytes(state);
    return {
      wait: {
        ...link,
        readable: [
          state.listener ?? 0,
          ...Object.keys(state.clients).map(Number),
          ...(link.readable ?? []),
        ],
      },
    };
  },
  handles: (state, signal) => state?.exitCode === undefined && (signal === 15 || signal === 2),
  signal(sys, state, signal) {
    const name = signal === 2 ? "SIGINT" : "SIGTERM";
    sys.write(
      1,
      `${sys.pid}:signal-handler (${Math.floor(sys.now / 1000)}) Received ${name} scheduling shutdown...\n`,
    );
    shutDown(sys, state, "User requested shutdown...");
    return { exit: 0 };
  },
  memoryBytes: (state) => 8_000_000 + (state ? storeBytes(state) : 0),
  idleCpuMilli: () => 2,
  title: (_state, argv) => {
    const at = argv.indexOf("--port");
    return `${argv[0] ?? "redis-server"} *:${at < 0 ? 6379 : argv[at + 1]}`;
  },
};
