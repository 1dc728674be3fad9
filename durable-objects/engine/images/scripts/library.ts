/** What the little interpreters bring along: functions, modules and methods of texts and lists. */
import { scriptValueMax } from "../../core/limits.ts";
import { rfc3339Milli } from "../../runtime/logs/times.ts";
import type { Runner } from "./host.ts";
import { format, piDigits, sprintf } from "./format.ts";
import { Unsupported, type Language } from "./tokens.ts";
import { arithmetic, order } from "./arithmetic.ts";
import {
  bounded,
  inspect,
  joined,
  ScriptError,
  text,
  toNumber,
  truthy,
  typeName,
  type Value,
} from "./values.ts";

export const noFunction = Symbol("no such function") as unknown as Value & { readonly none: true };

const envOf = (run: Runner): Map<string, Value> => new Map(Object.entries(run.host.env));

const iso = rfc3339Milli;

type Reading = (run: Runner) => Value;

const members: Record<Language, Record<string, Reading>> = {
  python: {
    True: () => true,
    False: () => false,
    None: () => null,
    "os.environ": envOf,
    "sys.argv": (run) => ["-c", ...run.host.argv],
    "sys.version": (run) => `${run.host.version} (main) [GCC]`,
    "sys.stderr": () => "<stderr>",
    "sys.stdout": () => "<stdout>",
    "math.pi": () => Math.PI,
    "math.e": () => Math.E,
    "os.name": () => "posix",
    __name__: () => "__main__",
  },
  perl: { "%ENV": envOf, "@ARGV": (run) => [...run.host.argv], "$]": () => "5.040001" },
  ruby: {
    true: () => true,
    false: () => false,
    nil: () => null,
    ENV: envOf,
    ARGV: (run) => [...run.host.argv],
    RUBY_VERSION: (run) => run.host.version,
    "Math::PI": () => Math.PI,
  },
  php: {
    true: () => true,
    false: () => false,
    null: () => null,
    TRUE: () => true,
    FALSE: () => false,
    NULL: () => null,
    PHP_VERSION: (run) => run.host.version,
    PHP_EOL: () => "\n",
    PHP_OS: () => "Linux",
    M_PI: () => Math.PI,
    $_ENV: envOf,
    $argv: (run) => ["-", ...run.host.argv],
  },
};

/** A variable that a language brings. */
export function member(run: Runner, name: string): { value: Value } | undefined {
  const table = members[run.language];
  return Object.hasOwn(table, name) ? { value: table[name]!(run) } : undefined;
}

type Fn = (run: Runner, args: Value[]) => Value;

export const string = (run: Runner, value: Value): string => text(run.language, value);
const whole = (run: Runner, value: number): Value =>
  run.language === "python" || run.language === "ruby" ? BigInt(Math.trunc(value)) : value;

/** The items of what a loop may walk. Throws the language's TypeError for the rest. */
export function list(run: Runner, value: Value): Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [...value];
  if (value instanceof Map) return [...value.keys()];
  throw new ScriptError("TypeError", `'${typeName(value)}' object is not iterable`);
}

export const sorted = (run: Runner, values: Value[]): Value[] =>
  [...values].sort((a, b) => order(run.language, "<", a, b));

function rangeOf(run: Runner, args: Value[]): Value {
  const [a = 0, b, by = 1] = args.map((arg) => toNumber(arg));
  const [from, to] = b === undefined ? [0, a] : [a, b];
  if (by === 0) throw new ScriptError("ValueError", "range() arg 3 must not be zero");
  const count = Math.max(0, Math.ceil((to - from) / by));
  if (count > scriptValueMax) throw new Unsupported("a range of that size");
  return Array.from({ length: count }, (_, i) => whole(run, from + i * by));
}

const roundEven = (value: number): number => {
  const floor = Math.floor(value);
  const half = value - floor;
  if (half !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
};

const toJson = (value: Value): unknown => {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, toJson(item)]));
  return value;
};

const jsonText = (value: Value): Value => bounded(JSON.stringify(toJson(value)) ?? "undefined");

const pythonFunctions: Record<string, Fn> = {
  str: (run, [value = ""]) => string(run, value),
  repr: (run, [value]) => inspect(run.language, value ?? null),
  int(run, [value = 0n, base]) {
    if (typeof value !== "string") return BigInt(Math.trunc(toNumber(value)));
    const plain = value.trim();
    if (base !== undefined) return BigInt(parseInt(plain, Number(base)));
    if (!/^[+-]?\d{1,4000}$/.test(plain))
      throw new ScriptError(
        "ValueError",
        `invalid literal for int() with base 10: ${inspect("python", value)}`,
      );
    return BigInt(plain);
  },
  float: (run, [value = 0]) => Number(string(run, value)),
  bool: (run, [value]) => truthy(run.language, value),
  len: (run, [value]) =>
    BigInt(value instanceof Map ? value.size : list(run, value ?? null).length),
  abs: (run, [value = 0n]) => (toNumber(value) < 0 ? arithmetic("python", "-", 0n, value) : value),
  min: (run, args) => sorted(run, args.length === 1 ? list(run, args[0]) : args)[0],
  max: (run, args) => sorted(run, args.length === 1 ? list(run, args[0]) : args).at(-1),
  sum: (run, [values]) =>
    list(run, values).reduce((a, b) => arithmetic("python", "+", a, b), 0n as Value),
  round: (run, [value = 0, digits]) => {
    if (digits === undefined) return BigInt(roundEven(toNumber(value)));
    return Number(toNumber(value).toFixed(Math.min(100, Math.max(0, toNumber(digits)))));
  },
  pow: (_run, [a, b]) => arithmetic("python", "**", a, b),
  sorted: (run, [values]) => sorted(run, list(run, values)),
  reversed: (run, [values]) => [...list(run, values)].reverse(),
  list: (run, [values = []]) => [...list(run, values)],
  enumerate: (run, [values]) => list(run, values).map((value, i) => [BigInt(i), value]),
  range: rangeOf,
  type: (_run, [value]) => `<class '${typeName(value)}'>`,
  chr: (run, [value]) => String.fromCodePoint(toNumber(value)),
  ord: (run, [value]) => BigInt(string(run, value).codePointAt(0) ?? 0),
  hex: (run, [value]) => `0x${toNumber(value).toString(16)}`,
  bin: (run, [value]) => `0b${toNumber(value).toString(2)}`,
  "os.getenv": (run, [name, otherwise = null]) => run.host.env[string(run, name)] ?? otherwise,
  "os.environ.get": (run, [name, otherwise = null]) => run.host.env[string(run, name)] ?? otherwise,
  "os.getpid": () => 1n,
  "os.uname": (run) => new Map([["nodename", run.host.hostname]]),
  "socket.gethostname": (run) => run.host.hostname,
  "platform.node": (run) => run.host.hostname,
  "platform.python_version": (run) => run.host.version,
  "time.time": (run) => run.host.now / 1000,
  "datetime.datetime.now": (run) => `${iso(run.host.now).slice(0, 23).replace("T", " ")}000`,
  "datetime.now": (run) => `${iso(run.host.now).slice(0, 23).replace("T", " ")}000`,
  "random.random": (run) => run.host.random(),
  "random.randint": (run, [a, b]) =>
    BigInt(toNumber(a) + Math.floor(run.host.random() * (toNumber(b) - toNumber(a) + 1))),
  "math.sqrt": (run, [value]) => Math.sqrt(toNumber(value)),
  "math.floor": (run, [value]) => BigInt(Math.floor(toNumber(value))),
  "math.ceil": (run, [value]) => BigInt(Math.ceil(toNumber(value))),
  "math.factorial": (run, [value]) => {
    const n = toNumber(value);
    if (n > 1000) throw new Unsupported("a number of that size");
    let out = 1n;
    for (let i = 2n; i <= n; i++) out *= i;
    return out;
  },
  "json.dumps": (_run, [value]) =>
    (JSON.stringify(toJson(value)) ?? "null")
      .replace(/":/g, '": ')
      .replace(/,(?=["\d[{tfn-])/g, ", "),
};

const shared: Record<string, Fn> = {
  length: (run, [value]) => string(run, value).length,
  uc: (run, [value]) => string(run, value).toUpperCase(),
  lc: (run, [value]) => string(run, value).toLowerCase(),
  abs: (run, [value]) => Math.abs(toNumber(value)),
  int: (run, [value]) => Math.trunc(toNumber(value)),
  sqrt: (run, [value]) => Math.sqrt(toNumber(value)),
  time: (run) => Math.floor(run.host.now / 1000),
  hostname: (run) => run.host.hostname,
  join: (run, [by, ...values]) =>
    joined(
      values.flat().map((value) => string(run, value)),
      string(run, by),
    ),
  reverse: (_run, args) => args.flat().reverse(),
  bpi: (run, [digits = 40]) => piDigits(toNumber(digits)),
};

const phpFunctions: Record<string, Fn> = {
  strlen: (run, [value]) => string(run, value).length,
  strtoupper: (run, [value]) => string(run, value).toUpperCase(),
  strtolower: (run, [value]) => string(run, value).toLowerCase(),
  strrev: (run, [value]) => [...string(run, value)].reverse().join(""),
  str_repeat: (run, [value, times]) => arithmetic("perl", "x", value, toNumber(times)),
  implode: (run, [by, values]) =>
    joined(
      list(run, values).map((value) => string(run, value)),
      string(run, by),
    ),
  explode: (run, [by, value]) => string(run, value).split(string(run, by)),
  count: (run, [values]) => list(run, values).length,
  array_sum: (run, [values]) => list(run, values).reduce<number>((a, b) => a + toNumber(b), 0),
  range: (run, [a, b]) => rangeOf(run, [a, toNumber(b) + 1]),
  max: (run, args) => sorted(run, args.length === 1 ? list(run, args[0]) : args).at(-1),
  min: (run, args) => sorted(run, args.length === 1 ? list(run, args[0]) : args)[0],
  intdiv: (run, [a, b]) => Math.trunc(toNumber(a) / toNumber(b)),
  intval: (run, [value]) => Math.trunc(toNumber(value)),
  floor: (run, [value]) => Math.floor(toNumber(value)),
  ceil: (run, [value]) => Math.ceil(toNumber(value)),
  round: (run, [value, digits = 0]) =>
    Number(toNumber(value).toFixed(Math.min(100, Math.max(0, toNumber(digits))))),
  sqrt: (run, [value]) => Math.sqrt(toNumber(value)),
  abs: (run, [value]) => Math.abs(toNumber(value)),
  pi: () => Math.PI,
  getenv: (run, [name]) => run.host.env[string(run, name)] ?? false,
  gethostname: (run) => run.host.hostname,
  phpversion: (run) => run.host.version,
  time: (run) => Math.floor(run.host.now / 1000),
  json_encode: (_run, [value]) => jsonText(value),
};

const functions: Record<Language, Record<string, Fn>> = {
  python: pythonFunctions,
  perl: shared,
  ruby: {
    Integer: pythonFunctions["int"] as Fn,
    Float: pythonFunctions["float"] as Fn,
    String: pythonFunctions["str"] as Fn,
    "#upto": (run, [count]) => rangeOf(run, [0n, count]),
    "Socket.gethostname": (run) => run.host.hostname,
    "ENV.fetch": (run, [name, otherwise = null]) => run.host.env[string(run, name)] ?? otherwise,
    "Math.sqrt": (run, [value]) => Math.sqrt(toNumber(value)),
  },
  php: phpFunctions,
};

/** Characters and items that a call may go over. */
export function sizeOf(values: readonly Value[]): number {
  let size = 1;
  for (const value of values)
    if (typeof value === "string") size += value.length >> 4;
    else if (Array.isArray(value)) size += value.length;
    else if (value instanceof Map) size += value.size;
  return size;
}

/** A call of a function by its full name; noFunction: there is none of that name. */
export function callFunction(run: Runner, name: string, args: Value[]): Value {
  if (name === "sprintf") return sprintf(run, args);
  if (name === "format") return run.language === "python" ? format(run, args) : sprintf(run, args);
  if (name === "#range")
    return rangeOf(run, [
      args[0],
      arithmetic(run.language, "+", args[1], run.language === "ruby" ? 1n : 1),
    ]);
  const table = functions[run.language];
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  run.host.charge(sizeOf(args));
  return found ? found(run, args) : noFunction;
}
