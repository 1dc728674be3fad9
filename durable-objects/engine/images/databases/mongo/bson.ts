/** BSON, and messages of MongoDB's wire protocol. Documents are JSON; what JSON lacks is told as extended JSON tells it. */
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../../../runtime/bytes.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Doc = Record<string, Json>;

export const isDoc = (value: Json | undefined): value is Doc =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The one key of a value that is no document: `$oid`, `$date`. */
export function tagOf(value: Json | undefined): string | undefined {
  if (!isDoc(value)) return undefined;
  const [key = "", second] = Object.keys(value);
  return second === undefined && /^\$(oid|date|binary|numberLong|regularExpression)$/.test(key)
    ? key
    : undefined;
}

const int = (n: number): string =>
  String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255);
const long = (n: number): string => int(n) + int(Math.floor(n / 2 ** 32));
export const intAt = (bytes: string, at: number): number =>
  bytes.charCodeAt(at) |
  (bytes.charCodeAt(at + 1) << 8) |
  (bytes.charCodeAt(at + 2) << 16) |
  (bytes.charCodeAt(at + 3) << 24);
const longAt = (bytes: string, at: number): number =>
  intAt(bytes, at + 4) * 2 ** 32 + (intAt(bytes, at) >>> 0);

function double(n: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, n, true);
  return String.fromCharCode(...new Uint8Array(view.buffer));
}
function doubleAt(bytes: string, at: number): number {
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 8; i++) view.setUint8(i, bytes.charCodeAt(at + i));
  return view.getFloat64(0, true);
}

const text = (value: string): string => {
  const bytes = encodeUtf8(value);
  return `${int(bytes.length + 1)}${bytes}\0`;
};

const tagged: Record<string, (value: Json) => [type: number, bytes: string]> = {
  $oid: (hex) => [7, String(hex).replace(/../g, (two) => String.fromCharCode(parseInt(two, 16)))],
  $date: (at) => [9, long(Number(at))],
  $binary(value) {
    const { base64, subType } = value as Doc;
    const bytes = fromBase64(String(base64)) ?? "";
    return [5, int(bytes.length) + String.fromCharCode(Number(subType)) + bytes];
  },
  $numberLong: (value) => [18, long(Number(value))],
  $regularExpression(value) {
    const { pattern, options } = value as Doc;
    return [11, `${encodeUtf8(String(pattern))}\0${String(options)}\0`];
  },
};

function element(value: Json): [type: number, bytes: string] {
  if (value === null) return [10, ""];
  if (typeof value === "boolean") return [8, value ? "\x01" : "\0"];
  if (typeof value === "string") return [2, text(value)];
  if (typeof value === "number")
    return value === (value | 0) ? [16, int(value)] : [1, double(value)];
  const tag = tagOf(value);
  if (tag) return tagged[tag]!((value as Doc)[tag]!);
  return [Array.isArray(value) ? 4 : 3, toBson(value as Doc)];
}

export function toBson(doc: Doc | Json[]): string {
  let out = "";
  for (const [key, value] of Object.entries(doc)) {
    const [type, bytes] = element(value as Json);
    out += `${String.fromCharCode(type)}${encodeUtf8(key)}\0${bytes}`;
  }
  return `${int(out.length + 5)}${out}\0`;
}

const hex = (bytes: string): string =>
  [...bytes].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");

/** A value and where it ends. */
function valueAt(bytes: string, type: number, at: number): [Json, number] {
  switch (type) {
    case 1:
      return [doubleAt(bytes, at), at + 8];
    case 2: {
      const end = at + 4 + intAt(bytes, at);
      return [decodeUtf8(bytes.slice(at + 4, end - 1)), end];
    }
    case 3:
      return [fromBson(bytes, at), at + intAt(bytes, at)];
    case 4:
      return [Object.values(fromBson(bytes, at)), at + intAt(bytes, at)];
    case 5: {
      const end = at + 5 + intAt(bytes, at);
      return [{ $binary: { base64: toBase64(bytes.slice(at + 5, end)), subType: bytes.charCodeAt(at + 4) } }, end]; // prettier-ignore
    }
    case 7:
      return [{ $oid: hex(bytes.slice(at, at + 12)) }, at + 12];
    case 8:
      return [bytes[at] === "\x01", at + 1];
    case 9:
      return [{ $date: longAt(bytes, at) }, at + 8];
    case 11: {
      const [pattern = "", options = ""] = bytes.slice(at, at + 4096).split("\0", 2);
      return [{ $regularExpression: { pattern: decodeUtf8(pattern), options } }, at + pattern.length + options.length + 2]; // prettier-ignore
    }
    case 16:
      return [intAt(bytes, at), at + 4];
    case 17:
    case 18:
      return [longAt(bytes, at), at + 8];
    default:
      return [null, at];
  }
}

export function fromBson(bytes: string, from = 0): Doc {
  const doc: Doc = {};
  const end = Math.min(bytes.length, from + intAt(bytes, from)) - 1;
  for (let at = from + 4; at < end;) {
    const name = bytes.indexOf("\0", at + 1);
    const [value, next] = valueAt(bytes, bytes.charCodeAt(at), name + 1);
    if (name < 0) break;
    Object.defineProperty(doc, decodeUtf8(bytes.slice(at + 1, name)), { value, enumerable: true, configurable: true, writable: true }); // prettier-ignore
    at = next;
  }
  return doc;
}

/** OP_MSG with one document. */
export const message = (doc: Doc, answers = 0): string => {
  const body = `\0\0\0\0\0${toBson(doc)}`;
  return int(body.length + 16) + int(1) + int(answers) + int(2013) + body;
};

/** OP_REPLY, which drivers' first question is answered with. */
const reply = (doc: Doc, answers: number): string => {
  const body = `${int(8)}${long(0)}${int(0)}${int(1)}${toBson(doc)}`;
  return int(body.length + 16) + int(1) + int(answers) + int(1) + body;
};

/** A whole message's document, and how it is answered; undefined: it is none that is understood. */
export function opened(bytes: string): { doc: Doc; answer(doc: Doc): string } | undefined {
  const id = intAt(bytes, 4);
  const code = intAt(bytes, 12);
  if (code === 2004) {
    const name = bytes.indexOf("\0", 20);
    const doc = fromBson(bytes, name + 9);
    return { doc: { ...doc, $db: bytes.slice(20, name).split(".")[0]! }, answer: (one) => reply(one, id) }; // prettier-ignore
  }
  if (code !== 2013) return undefined;
  let doc: Doc = {};
  const end = bytes.length - (intAt(bytes, 16) & 1 ? 4 : 0);
  for (let at = 20; at < end;) {
    const size = intAt(bytes, at + 1);
    if (bytes[at] === "\0") doc = Object.assign(fromBson(bytes, at + 1), doc);
    else {
      const name = bytes.indexOf("\0", at + 5);
      const list: Json[] = [];
      for (let one = name + 1; one < at + 1 + size; one += Math.max(5, intAt(bytes, one)))
        list.push(fromBson(bytes, one));
      doc = { ...doc, [bytes.slice(at + 5, name)]: list };
    }
    at += 1 + Math.max(5, size);
  }
  return { doc, answer: (one) => message(one, id) };
}
