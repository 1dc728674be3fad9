/** Functions of templates: text/template's own, and kubectl's two. Go: text/template/funcs.go */
import { goQuote } from "../../../machinery/field.ts";
import { decodeUtf8, encodeUtf8, fromBase64 } from "../../../runtime/bytes.ts";
import { Failure } from "../../errors.ts";
import { sprintf } from "./printf.ts";
import { integerOf, isTable, isTrue, sprint, text, typeName, type Value } from "./values.ts";

export interface Fn {
  /** Fewest arguments, and most; without `most` any number. */
  least: number;
  most?: number;
  /** The first argument must be a text. */
  string?: true;
  call(args: Value[]): Value;
}

function indexArgument(value: Value, size: number): number {
  if (value === undefined || value === null) throw new Failure("cannot index slice/array with nil");
  const whole = integerOf(value);
  if (whole === undefined)
    throw new Failure(`cannot index slice/array with type ${typeName(value)}`);
  const at = Number(whole);
  if (at < 0 || at > size) throw new Failure(`index out of range: ${at}`);
  return at;
}

function index([item, ...keys]: Value[]): Value {
  if (item === undefined || item === null) throw new Failure("index of untyped nil");
  let found: Value = item;
  for (const key of keys) {
    if (found === null || found === undefined) throw new Failure("index of nil pointer");
    if (Array.isArray(found) || typeof found === "string") {
      const bytes: Value[] | string = typeof found === "string" ? encodeUtf8(found) : found;
      const at = indexArgument(key, bytes.length);
      if (at >= bytes.length)
        throw new Failure(
          `reflect: ${Array.isArray(found) ? "slice" : "string"} index out of range`,
        );
      found = typeof bytes === "string" ? BigInt(bytes.charCodeAt(at)) : bytes[at];
    } else if (isTable(found)) {
      if (key === undefined || key === null)
        throw new Failure("value is nil; should be of type string");
      if (typeof key !== "string")
        throw new Failure(`value has type ${typeName(key)}; should be string`);
      found = Object.hasOwn(found, key) ? found[key] : null;
    } else throw new Failure(`can't index item of type ${typeName(found)}`);
  }
  return found;
}

function slice([item, ...given]: Value[]): Value {
  if (item === undefined || item === null) throw new Failure("slice of untyped nil");
  if (given.length > 3) throw new Failure(`too many slice indexes: ${given.length}`);
  const isText = typeof item === "string";
  if (!isText && !Array.isArray(item))
    throw new Failure(`can't slice item of type ${typeName(item)}`);
  if (isText && given.length === 3) throw new Failure("cannot 3-index slice a string");
  const whole = isText ? encodeUtf8(item) : item;
  const places = given.map((one) => indexArgument(one, whole.length));
  const from = places[0] ?? 0;
  const to = places[1] ?? whole.length;
  if (from > to) throw new Failure(`invalid slice index: ${from} > ${to}`);
  const part = whole.slice(from, to);
  return typeof part === "string" ? decodeUtf8(part) : part;
}

function length([item]: Value[]): Value {
  if (item === undefined || item === null) throw new Failure("len of nil pointer");
  if (typeof item === "string") return BigInt(encodeUtf8(item).length);
  if (Array.isArray(item)) return BigInt(item.length);
  if (isTable(item)) return BigInt(Object.keys(item).length);
  throw new Failure(`len of type ${typeName(item)}`);
}

const isBasic = (value: Value): boolean =>
  ["boolean", "string", "number", "bigint"].includes(typeof value);

function equals(a: Value, b: Value): boolean {
  const none = (value: Value): boolean => value === undefined || value === null;
  if (isBasic(a) && isBasic(b)) {
    const [x, y] = [integerOf(a), integerOf(b)];
    if (x !== undefined && y !== undefined) return x === y;
    if (typeof a !== typeof b || (x === undefined) !== (y === undefined)) throw incompatible(a, b);
    return a === b;
  }
  if (none(a) || none(b)) return none(a) && none(b);
  if (isBasic(a) !== isBasic(b)) throw incompatible(a, b);
  if (Array.isArray(a) !== Array.isArray(b))
    throw new Failure(
      `non-comparable types ${text(a)}: ${typeName(a)}, ${typeName(b)}: ${text(b)}`,
    );
  throw new Failure(`non-comparable type ${text(b)}: ${typeName(b)}`);
}

const incompatible = (a: Value, b: Value): Failure =>
  new Failure(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);

function less(a: Value, b: Value): boolean {
  if (!isBasic(a) || !isBasic(b)) throw new Failure("invalid type for comparison");
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return x < y;
  if (typeof a !== typeof b || (x === undefined) !== (y === undefined)) throw incompatible(a, b);
  if (typeof a === "boolean") throw new Failure("invalid type for comparison");
  return (a as string) < (b as string);
}

const eq = ([first, ...others]: Value[]): Value => {
  if (others.length === 0) throw new Failure("missing argument for comparison");
  return others.some((one) => equals(first, one));
};

const htmlTexts: Record<string, string> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

const jsTexts: Record<string, string> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

function jsEscape(given: string): string {
  let out = "";
  for (const c of given) {
    const code = c.codePointAt(0) as number;
    if (jsTexts[c] !== undefined) out += jsTexts[c];
    else if (code < 0x20) out += `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
    else if (code >= 0x80 && !/[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(c))
      out += `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
    else out += c;
  }
  return out;
}

/** Go: funcs.go evalArgs: one text as it is, else as Sprint prints */
const joined = (args: readonly Value[]): string =>
  args.length === 1 && typeof args[0] === "string" ? args[0] : sprint(args);

const queryEscape = (given: string): string =>
  encodeURIComponent(given)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

/** k8s: client-go/util/jsonpath exists; cli-runtime/pkg/printers/template.go */
function exists([item, ...keys]: Value[]): Value {
  let found: Value = item;
  for (const key of keys) {
    if (found === null || found === undefined) return false;
    if (Array.isArray(found)) {
      const at = integerOf(key);
      if (at === undefined || at < 0n || at >= BigInt(found.length)) return false;
      found = found[Number(at)];
    } else if (isTable(found)) {
      if (typeof key !== "string") return false;
      found = Object.hasOwn(found, key) ? found[key] : null;
    } else return false;
  }
  return found !== null && found !== undefined;
}

function base64decode([given]: Value[]): Value {
  const encoded = String(given);
  const bad = encoded.search(/[^A-Za-z0-9+/=\r\n]/);
  const decoded =
    bad >= 0 || encoded.replace(/[\r\n]/g, "").length % 4 ? undefined : fromBase64(encoded);
  if (decoded === undefined)
    throw new Failure(
      `base64 decode failed: illegal base64 data at input byte ${bad >= 0 ? bad : encoded.length - (encoded.length % 4)}`,
    );
  return decodeUtf8(decoded);
}

export const functions: Readonly<Record<string, Fn>> = {
  and: { least: 1, call: (args) => args.at(-1) },
  or: { least: 1, call: (args) => args.at(-1) },
  not: { least: 1, most: 1, call: ([one]) => !isTrue(one) },
  call: {
    least: 1,
    call([fn]) {
      if (fn === undefined || fn === null) throw new Failure("call of nil");
      throw new Failure(`non-function ${text(fn)} of type ${typeName(fn)}`);
    },
  },
  html: { least: 0, call: (args) => joined(args).replace(/[\0"'&<>]/g, (c) => htmlTexts[c] ?? c) },
  js: { least: 0, call: (args) => jsEscape(joined(args)) },
  urlquery: { least: 0, call: (args) => queryEscape(joined(args)) },
  index: { least: 1, call: index },
  slice: { least: 1, call: slice },
  len: { least: 1, most: 1, call: length },
  print: { least: 0, call: (args) => sprint(args) },
  println: { least: 0, call: (args) => `${args.map(text).join(" ")}\n` },
  printf: { least: 1, string: true, call: ([format, ...args]) => sprintf(String(format), args) },
  eq: { least: 1, call: eq },
  ne: { least: 2, most: 2, call: ([a, b]) => !equals(a, b) },
  lt: { least: 2, most: 2, call: ([a, b]) => less(a, b) },
  le: { least: 2, most: 2, call: ([a, b]) => less(a, b) || equals(a, b) },
  gt: { least: 2, most: 2, call: ([a, b]) => !(less(a, b) || equals(a, b)) },
  ge: { least: 2, most: 2, call: ([a, b]) => !less(a, b) },
  exists: { least: 1, call: exists },
  base64decode: { least: 1, most: 1, string: true, call: base64decode },
};

export const isFunction = (name: string): boolean => Object.hasOwn(functions, name);

/** `"x"` as errors quote names. */
export const quoted = goQuote;
