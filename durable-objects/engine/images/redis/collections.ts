/** redis' commands about lists, hashes, sets and sorted sets. */
import { bulk, bulks, fault, integer, nil, ok } from "./protocol.ts";
import { notInteger, type Call, type Command } from "./state.ts";

/** Start and end (exclusive) of a range with negative positions. */
function bounds(from: string, to: string, length: number): [number, number] | undefined {
  const [a, b] = [Number(from), Number(to)];
  if (!Number.isInteger(a) || !Number.isInteger(b) || from === "" || to === "") return undefined;
  return [a < 0 ? Math.max(0, length + a) : a, (b < 0 ? length + b : b) + 1];
}

function push({ keys, args: [key = "", ...values] }: Call, left: boolean, must = false): string {
  const list = keys.of(key, "list");
  if (must && !list) return integer(0);
  const old = list?.value ?? [];
  const value = left ? [...values.toReversed(), ...old] : [...old, ...values];
  keys.set(key, { ...list, type: "list", value });
  return integer(value.length);
}

function pop({ keys, args: [key = "", count] }: Call, left: boolean): string {
  const list = keys.of(key, "list");
  if (!list) return nil;
  const many = count === undefined ? 1 : Number(count);
  if (!(many >= 0)) return fault("ERR value is out of range, must be positive");
  const taken = left
    ? list.value.slice(0, many)
    : list.value.slice(list.value.length - Math.min(many, list.value.length)).toReversed();
  const value = left
    ? list.value.slice(many)
    : list.value.slice(0, Math.max(0, list.value.length - many));
  keys.set(key, { ...list, value });
  keys.tidy(key);
  return count === undefined ? bulk(taken[0]) : bulks(taken);
}

function trim({ keys, args: [key = "", from = "", to = ""] }: Call): string {
  const list = keys.of(key, "list");
  const cut = bounds(from, to, list?.value.length ?? 0);
  if (!cut) return fault(notInteger);
  if (list) keys.set(key, { ...list, value: list.value.slice(...cut) });
  keys.tidy(key);
  return ok;
}

function removeItems({ keys, args: [key = "", count = "", item = ""] }: Call): string {
  const list = keys.of(key, "list");
  if (!list) return integer(0);
  const most = Math.abs(Number(count)) || list.value.length;
  let gone = 0;
  const keep = (value: string): boolean => value !== item || gone >= most || ++gone < 0;
  const value =
    Number(count) < 0 ? list.value.toReversed().filter(keep).toReversed() : list.value.filter(keep);
  keys.set(key, { ...list, value });
  keys.tidy(key);
  return integer(gone);
}

const listCommands: Record<string, Command> = {
  lpush: { arity: -3, write: true, run: (call) => push(call, true) },
  rpush: { arity: -3, write: true, run: (call) => push(call, false) },
  lpushx: { arity: -3, write: true, run: (call) => push(call, true, true) },
  rpushx: { arity: -3, write: true, run: (call) => push(call, false, true) },
  lpop: { arity: -2, write: true, run: (call) => pop(call, true) },
  rpop: { arity: -2, write: true, run: (call) => pop(call, false) },
  llen: {
    arity: 2,
    run: ({ keys, args }) => integer(keys.of(args[0] ?? "", "list")?.value.length ?? 0),
  },
  lrange: {
    arity: 4,
    run({ keys, args: [key = "", from = "", to = ""] }) {
      const list = keys.of(key, "list")?.value ?? [];
      const cut = bounds(from, to, list.length);
      return cut ? bulks(list.slice(...cut)) : fault(notInteger);
    },
  },
  lindex: {
    arity: 3,
    run: ({ keys, args }) => bulk(keys.of(args[0] ?? "", "list")?.value.at(Number(args[1]))),
  },
  lset: {
    arity: 4,
    write: true,
    run({ keys, args: [key = "", index = "", value = ""] }) {
      const list = keys.of(key, "list");
      if (!list) return fault("ERR no such key");
      const at = Number(index) < 0 ? list.value.length + Number(index) : Number(index);
      if (!(at >= 0 && at < list.value.length)) return fault("ERR index out of range");
      keys.set(key, { ...list, value: list.value.with(at, value) });
      return ok;
    },
  },
  lrem: { arity: 4, write: true, run: removeItems },
  ltrim: { arity: 4, write: true, run: trim },
};

function hset({ keys, args: [key = "", ...pairs], name }: Call): number | string {
  if (pairs.length % 2) return fault(`ERR wrong number of arguments for '${name}' command`);
  const hash = keys.of(key, "hash");
  const fields = new Map(hash?.value ?? []);
  const before = fields.size;
  for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i] ?? "", pairs[i + 1] ?? "");
  keys.set(key, { ...hash, type: "hash", value: [...fields] });
  return fields.size - before;
}

const fieldsOf = ({ keys, args }: Call): Map<string, string> =>
  new Map(keys.of(args[0] ?? "", "hash")?.value ?? []);

function hashIncrement({ keys, args: [key = "", field = "", by = ""] }: Call): string {
  const hash = keys.of(key, "hash");
  const fields = new Map(hash?.value ?? []);
  const sum = Number(fields.get(field) ?? "0") + Number(by);
  if (!Number.isSafeInteger(sum)) return fault(notInteger);
  fields.set(field, String(sum));
  keys.set(key, { ...hash, type: "hash", value: [...fields] });
  return integer(sum);
}

const hashCommands: Record<string, Command> = {
  hset: {
    arity: -4,
    write: true,
    run(call) {
      const added = hset(call);
      return typeof added === "number" ? integer(added) : added;
    },
  },
  hmset: {
    arity: -4,
    write: true,
    run(call) {
      const added = hset(call);
      return typeof added === "number" ? ok : added;
    },
  },
  hsetnx: {
    arity: 4,
    write: true,
    run(call) {
      if (fieldsOf(call).has(call.args[1] ?? "")) return integer(0);
      hset(call);
      return integer(1);
    },
  },
  hget: { arity: 3, run: (call) => bulk(fieldsOf(call).get(call.args[1] ?? "")) },
  hmget: {
    arity: -3,
    run(call) {
      const fields = fieldsOf(call);
      return bulks(call.args.slice(1).map((name) => fields.get(name)));
    },
  },
  hgetall: { arity: 2, run: (call) => bulks([...fieldsOf(call)].flat()) },
  hkeys: { arity: 2, run: (call) => bulks([...fieldsOf(call).keys()]) },
  hvals: { arity: 2, run: (call) => bulks([...fieldsOf(call).values()]) },
  hlen: { arity: 2, run: (call) => integer(fieldsOf(call).size) },
  hexists: { arity: 3, run: (call) => integer(fieldsOf(call).has(call.args[1] ?? "") ? 1 : 0) },
  hincrby: { arity: 4, write: true, run: hashIncrement },
  hdel: {
    arity: -3,
    write: true,
    run({ keys, args: [key = "", ...names] }) {
      const hash = keys.of(key, "hash");
      if (!hash) return integer(0);
      const value = hash.value.filter(([name]) => !names.includes(name));
      keys.set(key, { ...hash, value });
      keys.tidy(key);
      return integer(hash.value.length - value.length);
    },
  },
};

const setCommands: Record<string, Command> = {
  sadd: {
    arity: -3,
    write: true,
    run({ keys, args: [key = "", ...members] }) {
      const old = keys.of(key, "set");
      const value = [...new Set([...(old?.value ?? []), ...members])];
      keys.set(key, { ...old, type: "set", value });
      return integer(value.length - (old?.value.length ?? 0));
    },
  },
  srem: {
    arity: -3,
    write: true,
    run({ keys, args: [key = "", ...members] }) {
      const old = keys.of(key, "set");
      if (!old) return integer(0);
      const value = old.value.filter((member) => !members.includes(member));
      keys.set(key, { ...old, value });
      keys.tidy(key);
      return integer(old.value.length - value.length);
    },
  },
  smembers: {
    arity: 2,
    run: ({ keys, args }) => bulks(keys.of(args[0] ?? "", "set")?.value ?? []),
  },
  scard: {
    arity: 2,
    run: ({ keys, args }) => integer(keys.of(args[0] ?? "", "set")?.value.length ?? 0),
  },
  sismember: {
    arity: 3,
    run: ({ keys, args }) =>
      integer(keys.of(args[0] ?? "", "set")?.value.includes(args[1] ?? "") ? 1 : 0),
  },
};

const scoreText = (score: number): string =>
  Number.isFinite(score) ? String(score) : score > 0 ? "inf" : "-inf";

function zadd({ keys, args: [key = "", ...pairs] }: Call): string {
  const old = keys.of(key, "zset");
  const scores = new Map(old?.value ?? []);
  const before = scores.size;
  if (pairs.length % 2) return fault("ERR syntax error");
  for (let i = 0; i < pairs.length; i += 2) {
    const score = Number(pairs[i]);
    if (Number.isNaN(score)) return fault("ERR value is not a valid float");
    scores.set(pairs[i + 1] ?? "", score);
  }
  const value = [...scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  keys.set(key, { ...old, type: "zset", value });
  return integer(scores.size - before);
}

function zrange(
  { keys, args: [key = "", from = "", to = "", ...options] }: Call,
  reverse: boolean,
): string {
  const all = keys.of(key, "zset")?.value ?? [];
  const words = options.map((word) => word.toUpperCase());
  const list = reverse || words.includes("REV") ? all.toReversed() : all;
  const cut = bounds(from, to, list.length);
  if (!cut) return fault(notInteger);
  const part = list.slice(...cut);
  return bulks(
    words.includes("WITHSCORES")
      ? part.flatMap(([m, s]) => [m, scoreText(s)])
      : part.map(([m]) => m),
  );
}

const sortedCommands: Record<string, Command> = {
  zadd: { arity: -4, write: true, run: zadd },
  zrange: { arity: -4, run: (call) => zrange(call, false) },
  zrevrange: { arity: -4, run: (call) => zrange(call, true) },
  zcard: {
    arity: 2,
    run: ({ keys, args }) => integer(keys.of(args[0] ?? "", "zset")?.value.length ?? 0),
  },
  zscore: {
    arity: 3,
    run({ keys, args }) {
      const found = keys.of(args[0] ?? "", "zset")?.value.find(([member]) => member === args[1]);
      return bulk(found && scoreText(found[1]));
    },
  },
  zincrby: {
    arity: 4,
    write: true,
    run(call) {
      const [key = "", by = "", member = ""] = call.args;
      const old = call.keys.of(key, "zset")?.value.find(([name]) => name === member)?.[1] ?? 0;
      const sum = scoreText(old + Number(by));
      const problem = zadd({ ...call, args: [key, sum, member] });
      return problem.startsWith("-") ? problem : bulk(sum);
    },
  },
  zrem: {
    arity: -3,
    write: true,
    run({ keys, args: [key = "", ...members] }) {
      const old = keys.of(key, "zset");
      if (!old) return integer(0);
      const value = old.value.filter(([member]) => !members.includes(member));
      keys.set(key, { ...old, value });
      keys.tidy(key);
      return integer(old.value.length - value.length);
    },
  },
};

export const collectionCommands: Record<string, Command> = {
  ...listCommands,
  ...hashCommands,
  ...setCommands,
  ...sortedCommands,
};
