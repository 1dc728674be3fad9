/** redis' commands about the server itself: settings, information, databases, replication. */
import { lookup } from "../../core/lookup.ts";
import { kernelRelease } from "../../core/machine-facts.ts";
import { array, bulk, bulks, fault, integer, ok, simple } from "./protocol.ts";
import {
  defaults,
  settingOf,
  syntaxError,
  type Call,
  type Command,
  type RedisState,
} from "./state.ts";
import { globbed, storeBytes } from "./store.ts";

/** `2mb` as bytes, where a setting is a size. */
function settingValue(name: string, text: string): string {
  const match = /^(\d+)(k|kb|m|mb|g|gb)?$/i.exec(text);
  if (!name.startsWith("maxmemory") || !match?.[1]) return text;
  const unit = (match[2] ?? "").toLowerCase();
  const base = unit.endsWith("b") ? 1024 : 1000;
  const power = unit ? "kmg".indexOf(unit[0] ?? "") + 1 : 0;
  return String(Number(match[1]) * base ** power);
}

const aliases: Record<string, string> = lookup({
  slaveof: "replicaof",
  "slave-read-only": "replica-read-only",
});

/** Takes a setting in; false when there is none of that name. */
export function applySetting(state: RedisState, given: string, words: string[]): boolean {
  const name = aliases[given.toLowerCase()] ?? given.toLowerCase();
  if (!(name in defaults)) return false;
  const old = state.conf?.[name];
  const text = words.join(" ");
  // Several `save` lines add up.
  const value = name === "save" && old && text !== "" ? `${old} ${text}` : settingValue(name, text);
  state.conf = { ...state.conf, [name]: value };
  return true;
}

function config(call: Call): string {
  const { args, state, sys } = call;
  const what = args[0]?.toUpperCase();
  if (what === "GET") {
    const all = Object.keys(defaults);
    const asked = new Set(
      args.slice(1).flatMap((glob) => globbed(all, glob.toLowerCase(), sys.matching)),
    );
    const names = all.filter((name) => asked.has(name));
    return bulks(names.flatMap((name) => [name, settingOf(state, name)]));
  }
  if (what === "SET") {
    const [, name = "", value = ""] = args;
    if (["port", "databases", "appendfilename"].includes(name.toLowerCase()))
      return fault(
        `ERR CONFIG SET failed (possibly related to argument '${name}') - can't set immutable config`,
      );
    if (name.toLowerCase() === "save") state.conf = { ...state.conf, save: "" };
    return applySetting(state, name, value.split(" "))
      ? ok
      : fault(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`);
  }
  if (what === "RESETSTAT") return ok;
  if (what === "REWRITE") return fault("ERR The server is running without a config file");
  return fault(`ERR unknown subcommand '${args[0] ?? ""}'. Try CONFIG HELP.`);
}

export const isReplica = (state: RedisState): boolean => state.link !== undefined;

const replicas = (state: RedisState): string[] =>
  Object.keys(state.clients).filter((fd) => state.clients[fd]?.replica);

const human = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(2)}K` : `${(bytes / 1024 ** 2).toFixed(2)}M`;

function replicationInfo(state: RedisState): string[] {
  const { link } = state;
  const fds = replicas(state);
  const own = link
    ? [
        "role:slave",
        `master_host:${link.host}`,
        `master_port:${link.port}`,
        `master_link_status:${link.up ? "up" : "down"}`,
        "master_sync_in_progress:0",
        "slave_read_repl_offset:0",
        "slave_priority:100",
        `slave_read_only:${settingOf(state, "replica-read-only") === "no" ? 0 : 1}`,
      ]
    : ["role:master"];
  return [
    ...own,
    `connected_slaves:${fds.length}`,
    ...fds.map(
      (fd, i) =>
        `slave${i}:ip=${state.clients[fd]?.name ?? ""},port=6379,state=online,offset=0,lag=0`,
    ),
    "master_failover_state:no-failover",
    "second_repl_offset:-1",
  ];
}

function sections({ sys, state, keys }: Call): Record<string, string[]> {
  const uptime = Math.floor((sys.now - sys.process.startedAtMs) / 1000);
  const used = 900_000 + storeBytes(state);
  const spaces = Object.keys(state.databases).map((index) => {
    const all = Object.values(state.databases[index] ?? {});
    return `db${index}:keys=${all.length},expires=${all.filter((value) => value.expiresAtMs !== undefined).length},avg_ttl=0`;
  });
  return {
    Server: [
      `redis_version:${sys.container.image.version}`,
      "redis_mode:standalone",
      `os:Linux ${kernelRelease} x86_64`,
      "arch_bits:64",
      `process_id:${sys.pid}`,
      `tcp_port:${settingOf(state, "port")}`,
      `uptime_in_seconds:${uptime}`,
      `uptime_in_days:${Math.floor(uptime / 86_400)}`,
      "executable:/data/redis-server",
      "config_file:",
    ],
    Clients: [
      `connected_clients:${Object.keys(state.clients).length - replicas(state).length}`,
      "blocked_clients:0",
    ],
    Memory: [
      `used_memory:${used}`,
      `used_memory_human:${human(used)}`,
      `used_memory_rss:${used + 6_000_000}`,
      `maxmemory:${settingOf(state, "maxmemory")}`,
      `maxmemory_policy:${settingOf(state, "maxmemory-policy")}`,
    ],
    Persistence: [
      "loading:0",
      `rdb_changes_since_last_save:${state.unsaved ?? 0}`,
      "rdb_bgsave_in_progress:0",
      "rdb_last_bgsave_status:ok",
      `aof_enabled:${settingOf(state, "appendonly") === "yes" ? 1 : 0}`,
    ],
    Stats: [
      `total_connections_received:${state.connections ?? 0}`,
      `total_commands_processed:${state.commands ?? 0}`,
    ],
    Replication: replicationInfo(state),
    CPU: [`used_cpu_user:${((sys.process.cpu ?? 0) / 1_000_000).toFixed(6)}`],
    Cluster: ["cluster_enabled:0"],
    Keyspace: keys ? spaces : [],
  };
}

function info(call: Call): string {
  const wanted = call.args.map((name) => name.toLowerCase());
  const all =
    wanted.length === 0 || wanted.some((name) => ["all", "default", "everything"].includes(name));
  const text = Object.entries(sections(call))
    .filter(([name]) => all || wanted.includes(name.toLowerCase()))
    .map(([name, lines]) => `# ${name}\r\n${lines.map((line) => `${line}\r\n`).join("")}`);
  return bulk(text.join("\r\n"));
}

/** Begins or ends following a master; the server's loop does the rest. */
export function follow(state: RedisState, host: string, port: string): string {
  if (host.toLowerCase() === "no" && port.toLowerCase() === "one") {
    delete state.link;
    return ok;
  }
  if (!/^\d+$/.test(port)) return fault("ERR Invalid master port");
  state.link = { host, port: Number(port) };
  return ok;
}

function role({ state }: Call): string {
  const { link } = state;
  if (link)
    return array([
      bulk("slave"),
      bulk(link.host),
      integer(link.port),
      bulk(link.up ? "connected" : "connect"),
      integer(0),
    ]);
  return array([
    bulk("master"),
    integer(0),
    array(replicas(state).map((fd) => bulks([state.clients[fd]?.name, "6379", "0"]))),
  ]);
}

function clientCommand({ args, client, sys }: Call): string {
  switch (args[0]?.toUpperCase()) {
    case "SETNAME":
      client.name = args[1] ?? "";
      return ok;
    case "GETNAME":
      return bulk(client.name);
    case "ID":
      return integer(sys.pid);
    case "SETINFO":
      return ok;
    default:
      return fault(`ERR unknown subcommand '${args[0] ?? ""}'. Try CLIENT HELP.`);
  }
}

function auth({ args, state, client }: Call): string {
  const password = settingOf(state, "requirepass");
  if (password === "")
    return fault(
      "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    );
  if (args.at(-1) !== password)
    return fault("WRONGPASS invalid username-password pair or user is disabled.");
  client.authenticated = true;
  return ok;
}

export const adminCommands: Record<string, Command> = {
  ping: { arity: -1, run: ({ args }) => (args[0] === undefined ? simple("PONG") : bulk(args[0])) },
  echo: { arity: 2, run: ({ args }) => bulk(args[0]) },
  info: { arity: -1, run: info },
  config: { arity: -2, run: config },
  auth: { arity: -2, run: auth },
  select: {
    arity: 2,
    run({ args, client }) {
      const index = Number(args[0]);
      if (!Number.isInteger(index)) return fault("ERR value is not an integer or out of range");
      if (index < 0 || index > 15) return fault("ERR DB index is out of range");
      if (index === 0) delete client.database;
      else client.database = index;
      return ok;
    },
  },
  dbsize: { arity: 1, run: ({ keys }) => integer(keys.names().length) },
  flushdb: {
    arity: -1,
    write: true,
    run({ keys }) {
      keys.clear();
      return ok;
    },
  },
  flushall: {
    arity: -1,
    write: true,
    run({ state }) {
      state.databases = {};
      return ok;
    },
  },
  time: {
    arity: 1,
    run: ({ sys }) => bulks([String(Math.floor(sys.now / 1000)), String((sys.now % 1000) * 1000)]),
  },
  role: { arity: 1, run: role },
  replicaof: { arity: 3, run: ({ state, args }) => follow(state, args[0] ?? "", args[1] ?? "") },
  slaveof: { arity: 3, run: ({ state, args }) => follow(state, args[0] ?? "", args[1] ?? "") },
  client: { arity: -2, run: clientCommand },
  command: {
    arity: -1,
    run: ({ args }) => (args[0]?.toUpperCase() === "COUNT" ? integer(241) : array([])),
  },
  wait: { arity: 3, run: ({ state }) => integer(replicas(state).length) },
  lastsave: { arity: 1, run: ({ sys }) => integer(Math.floor(sys.process.startedAtMs / 1000)) },
  memory: {
    arity: -2,
    run({ args, keys }) {
      if (args[0]?.toUpperCase() !== "USAGE") return fault(syntaxError);
      const value = keys.get(args[1] ?? "");
      return value ? integer(56 + JSON.stringify(value.value).length) : bulk(undefined);
    },
  },
};
