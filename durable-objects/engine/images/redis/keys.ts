/** redis' commands about keys, strings and counters. */
import { array, bulk, bulks, fault, integer, nil, ok, simple } from "./protocol.ts";
import { notInteger, syntaxError, type Call, type Command } from "./state.ts";
import { globbed } from "./store.ts";

const integerPattern = /^-?\d{1,18}$/;

function add({ keys, args: [key = ""] }: Call, by: string): string {
  const old = keys.of(key, "string");
  if (!integerPattern.test(old?.value ?? "0") || !integerPattern.test(by)) return fault(notInteger);
  const value = BigInt(old?.value ?? "0") + BigInt(by);
  keys.set(key, { ...old, type: "string", value: String(value) });
  return `:${value}\r\n`;
}

interface SetOptions {
  expiresAtMs?: number;
  keep?: true;
  only?: "NX" | "XX";
  get?: true;
}

function setOptions(words: string[], now: number): SetOptions | undefined {
  const options: SetOptions = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i]?.toUpperCase() ?? "";
    if (word === "NX" || word === "XX") options.only = word;
    else if (word === "GET") options.get = true;
    else if (word === "KEEPTTL") options.keep = true;
    else if (["EX", "PX", "EXAT", "PXAT"].includes(word)) {
      const number = words[++i] ?? "";
      if (!integerPattern.test(number)) return undefined;
      options.expiresAtMs =
        Number(number) * (word.startsWith("E") ? 1000 : 1) + (word.endsWith("AT") ? 0 : now);
    } else return undefined;
  }
  return options;
}

function set(call: Call): string {
  const { keys, args } = call;
  const [key = "", value = ""] = args;
  const options = setOptions(args.slice(2), keys.now);
  if (!options) return fault(syntaxError);
  if (options.expiresAtMs !== undefined && options.expiresAtMs <= keys.now)
    return fault("ERR invalid expire time in 'set' command");
  const old = options.get ? keys.of(key, "string") : keys.get(key);
  const before = options.get ? bulk(old?.type === "string" ? old.value : undefined) : ok;
  if (options.only === "NX" ? old : options.only === "XX" && !old)
    return options.get ? before : nil;
  const expiresAtMs = options.keep ? old?.expiresAtMs : options.expiresAtMs;
  keys.set(key, { type: "string", value, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) });
  return before;
}

function expire(
  { keys, args: [key = "", amount = ""] }: Call,
  unit: number,
  absolute: boolean,
): string {
  if (!integerPattern.test(amount)) return fault(notInteger);
  const value = keys.get(key);
  if (!value) return integer(0);
  const expiresAtMs = Number(amount) * unit + (absolute ? 0 : keys.now);
  if (expiresAtMs <= keys.now) keys.remove(key);
  else keys.set(key, { ...value, expiresAtMs });
  return integer(1);
}

function remaining({ keys, args: [key = ""] }: Call, unit: number): string {
  const value = keys.get(key);
  if (!value) return integer(-2);
  return integer(
    value.expiresAtMs === undefined ? -1 : Math.round((value.expiresAtMs - keys.now) / unit),
  );
}

function range({ keys, args: [key = "", from = "", to = ""] }: Call): string {
  const text = keys.of(key, "string")?.value ?? "";
  const start = Number(from) < 0 ? Math.max(0, text.length + Number(from)) : Number(from);
  const end = Number(to) < 0 ? text.length + Number(to) : Number(to);
  return bulk(text.slice(start, end + 1));
}

function rename({ keys, args: [from = "", to = ""] }: Call): string {
  const value = keys.get(from);
  if (!value) return fault("ERR no such key");
  keys.remove(from);
  keys.set(to, value);
  return ok;
}

/** All at once: the cursor that comes back is always 0. */
function scan({ sys, keys, args }: Call): string {
  let match = "*";
  let type: string | undefined;
  for (let i = 1; i < args.length; i += 2) {
    const word = args[i]?.toUpperCase();
    if (word === "MATCH") match = args[i + 1] ?? "*";
    else if (word === "TYPE") type = args[i + 1];
    else if (word !== "COUNT") return fault(syntaxError);
  }
  const found = globbed(keys.names(), match, sys.matching).filter(
    (name) => !type || keys.get(name)?.type === type,
  );
  return array([bulk("0"), bulks(found)]);
}

export const keyCommands: Record<string, Command> = {
  get: { arity: 2, run: ({ keys, args }) => bulk(keys.of(args[0] ?? "", "string")?.value) },
  set: { arity: -3, write: true, run: set },
  setnx: {
    arity: 3,
    write: true,
    run: (call) => integer(set({ ...call, args: [...call.args, "NX"] }) === ok ? 1 : 0),
  },
  setex: {
    arity: 4,
    write: true,
    run: (call) =>
      set({ ...call, args: [call.args[0] ?? "", call.args[2] ?? "", "EX", call.args[1] ?? ""] }),
  },
  getset: { arity: 3, write: true, run: (call) => set({ ...call, args: [...call.args, "GET"] }) },
  getdel: {
    arity: 2,
    write: true,
    run({ keys, args: [key = ""] }) {
      const value = keys.of(key, "string");
      keys.remove(key);
      return bulk(value?.value);
    },
  },
  mget: {
    arity: -2,
    run: ({ keys, args }) =>
      bulks(
        args.map((key) => {
          const value = keys.get(key);
          return value?.type === "string" ? value.value : undefined;
        }),
      ),
  },
  mset: {
    arity: -3,
    write: true,
    run({ keys, args }) {
      if (args.length % 2) return fault("ERR wrong number of arguments for 'mset' command");
      for (let i = 0; i < args.length; i += 2)
        keys.set(args[i] ?? "", { type: "string", value: args[i + 1] ?? "" });
      return ok;
    },
  },
  append: {
    arity: 3,
    write: true,
    run({ keys, args: [key = "", tail = ""] }) {
      const old = keys.of(key, "string");
      keys.set(key, { ...old, type: "string", value: (old?.value ?? "") + tail });
      return integer((old?.value.length ?? 0) + tail.length);
    },
  },
  strlen: {
    arity: 2,
    run: ({ keys, args }) => integer(keys.of(args[0] ?? "", "string")?.value.length ?? 0),
  },
  getrange: { arity: 4, run: range },
  incr: { arity: 2, write: true, run: (call) => add(call, "1") },
  decr: { arity: 2, write: true, run: (call) => add(call, "-1") },
  incrby: { arity: 3, write: true, run: (call) => add(call, call.args[1] ?? "") },
  decrby: {
    arity: 3,
    write: true,
    run: (call) =>
      add(
        call,
        integerPattern.test(call.args[1] ?? "") ? String(-BigInt(call.args[1] ?? "0")) : "x",
      ),
  },
  del: {
    arity: -2,
    write: true,
    run: ({ keys, args }) => integer(args.filter((key) => keys.remove(key)).length),
  },
  unlink: {
    arity: -2,
    write: true,
    run: ({ keys, args }) => integer(args.filter((key) => keys.remove(key)).length),
  },
  exists: {
    arity: -2,
    run: ({ keys, args }) => integer(args.filter((key) => keys.get(key)).length),
  },
  touch: {
    arity: -2,
    run: ({ keys, args }) => integer(args.filter((key) => keys.get(key)).length),
  },
  type: { arity: 2, run: ({ keys, args }) => simple(keys.get(args[0] ?? "")?.type ?? "none") },
  keys: {
    arity: 2,
    run: ({ sys, keys, args }) => bulks(globbed(keys.names(), args[0] ?? "", sys.matching)),
  },
  scan: { arity: -2, run: scan },
  randomkey: {
    arity: 1,
    run({ keys, sys }) {
      const names = keys.names();
      return bulk(names[Math.floor(sys.random() * names.length)]);
    },
  },
  rename: { arity: 3, write: true, run: rename },
  expire: { arity: -3, write: true, run: (call) => expire(call, 1000, false) },
  pexpire: { arity: -3, write: true, run: (call) => expire(call, 1, false) },
  expireat: { arity: -3, write: true, run: (call) => expire(call, 1000, true) },
  pexpireat: { arity: -3, write: true, run: (call) => expire(call, 1, true) },
  ttl: { arity: 2, run: (call) => remaining(call, 1000) },
  pttl: { arity: 2, run: (call) => remaining(call, 1) },
  persist: {
    arity: 2,
    write: true,
    run({ keys, args: [key = ""] }) {
      const value = keys.get(key);
      if (value?.expiresAtMs === undefined) return integer(0);
      const { expiresAtMs: _x, ...rest } = value;
      keys.set(key, rest);
      return integer(1);
    },
  },
};
