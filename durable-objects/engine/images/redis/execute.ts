/** Running redis' commands: whether one may, what it gives back, and who else has to know of it. */
import { redisBytesMax } from "../../core/limits.ts";
import { lookup } from "../../core/lookup.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { adminCommands, isReplica } from "./admin.ts";
import { collectionCommands } from "./collections.ts";
import { keyCommands } from "./keys.ts";
import { sentinel } from "./sentinel.ts";
import { command, fault } from "./protocol.ts";
import { say } from "./log.ts";
import { settingOf, type Call, type Command, type RedisClient, type RedisState } from "./state.ts";
import { Keys, storeBytes, WrongType } from "./store.ts";
import { writeAll } from "../serving/sockets.ts";

export const commandsPath = "/data/appendonlydir/appendonly.aof.1.incr.aof";

const commands = lookup<Command>({ ...adminCommands, ...keyCommands, ...collectionCommands });
const sentinelCommands = lookup<Command>({ ...commands, sentinel: { arity: -2, run: sentinel } });

/** Data structures cost more than their text: what a `maxmemory` beyond this asks for, no sandbox gives. */
const memoryLimit = (state: RedisState): number =>
  Math.min(Number(settingOf(state, "maxmemory")) || redisBytesMax, redisBytesMax);

/** Why a command may not run; undefined: it may. */
function refusal(call: Call, found: Command | undefined): string | undefined {
  const { name, args, state, client } = call;
  if (!found) {
    const quoted = args.map((arg) => `'${arg.slice(0, 128)}' `).join("");
    return `ERR unknown command '${name}', with args beginning with: ${quoted}`;
  }
  const words = args.length + 1;
  if (found.arity > 0 ? words !== found.arity : words < -found.arity)
    return `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
  if (call.inside) return undefined;
  if (
    settingOf(state, "requirepass") !== "" &&
    !client.authenticated &&
    name.toLowerCase() !== "auth"
  )
    return "NOAUTH Authentication required.";
  if (!found.write) return undefined;
  if (isReplica(state) && settingOf(state, "replica-read-only") !== "no")
    return "READONLY You can't write against a read only replica.";
  const frees = [
    "del",
    "unlink",
    "flushall",
    "flushdb",
    "expire",
    "lpop",
    "rpop",
    "ltrim",
    "hdel",
    "srem",
  ];
  if (!frees.includes(name.toLowerCase()) && storeBytes(state) > memoryLimit(state))
    return makeRoom(call) ? undefined : "OOM command not allowed when used memory > 'maxmemory'.";
  return undefined;
}

/** allkeys-*: the keys that came first go; volatile-*: those that expire soonest. */
function makeRoom({ state, keys }: Call): boolean {
  const policy = settingOf(state, "maxmemory-policy");
  if (policy === "noeviction") return false;
  let names = keys.names();
  if (policy.startsWith("volatile"))
    names = names
      .filter((name) => keys.get(name)?.expiresAtMs !== undefined)
      .sort((a, b) => (keys.get(a)?.expiresAtMs ?? 0) - (keys.get(b)?.expiresAtMs ?? 0));
  for (const name of names) {
    if (storeBytes(state) <= memoryLimit(state)) return true;
    keys.remove(name);
  }
  return storeBytes(state) <= memoryLimit(state);
}

/** Runs one command and gives its reply; writes go on to replicas and the file of commands. */
export function execute(
  sys: Sys,
  state: RedisState,
  client: RedisClient,
  words: string[],
  inside?: true,
): string {
  const [name = "", ...args] = words;
  const found = (state.masters ? sentinelCommands : commands)[name.toLowerCase()];
  const keys = new Keys(state, client.database ?? 0, sys.now);
  const call: Call = { name, args, keys, sys, state, client, ...(inside ? { inside } : {}) };
  const no = refusal(call, found);
  if (no) return fault(no);
  let reply: string;
  try {
    reply = (found as Command).run(call);
  } catch (error) {
    // A pattern of KEYS that takes too much.
    if (error instanceof Errno && error.code === "ENOMEM") return fault("ERR out of memory");
    if (!(error instanceof WrongType)) throw error;
    return fault("WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  if (found?.write && !reply.startsWith("-")) {
    state.unsaved = (state.unsaved ?? 0) + 1;
    propagate(sys, state, client.database ?? 0, words);
    if (inside !== true && settingOf(state, "appendonly") === "yes")
      logCommand(sys, client.database ?? 0, words);
  }
  return reply;
}

function propagate(sys: Sys, state: RedisState, database: number, words: string[]): void {
  const bytes =
    (database ? command(["SELECT", String(database)]) : "") +
    command(words) +
    (database ? command(["SELECT", "0"]) : "");
  for (const fd in state.clients) if (state.clients[fd]?.replica) writeAll(sys, Number(fd), bytes);
}

function logCommand(sys: Sys, database: number, words: string[]): void {
  const bytes =
    (database ? command(["SELECT", String(database)]) : "") +
    command(words) +
    (database ? command(["SELECT", "0"]) : "");
  const folder = commandsPath.slice(0, commandsPath.lastIndexOf("/"));
  try {
    if (!sys.peek(folder)) sys.mkdir(folder);
    sys.writeFile(commandsPath, bytes, { append: true });
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    say(sys, "#", `Error writing to the AOF file: ${error.message}`);
  }
}
