/** Headers of tar archives: ustar, with GNU's and pax' long names read and GNU's written. */
import { tarNameCharactersMax } from "../../../core/limits.ts";
import { trimEndOf } from "../../../core/trim.ts";

export interface TarEntry {
  name: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** ms. */
  mtime: number;
  /** `0` file, `5` folder, `2` symbolic link, `1` hard link, `L` `K` long names, `x` `g` pax. */
  type: string;
  link: string;
  user: string;
  group: string;
}

export const block = 512;
export const padding = (size: number): string => "\0".repeat((block - (size % block)) % block);

const text = (header: string, at: number, length: number): string =>
  header.slice(at, at + length).split("\0")[0]!;

function number(header: string, at: number, length: number): number {
  // Sizes that do not fit octal digits are written in base 256.
  if (header.charCodeAt(at) & 0x80) {
    let value = header.charCodeAt(at) & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + header.charCodeAt(at + i);
    return value;
  }
  return parseInt(text(header, at, length).trim(), 8) || 0;
}

function checksum(header: string): number {
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : header.charCodeAt(i);
  return sum;
}

/** An entry of a header block; "end" for an empty one, undefined when it is none. */
export function readHeader(header: string): TarEntry | "end" | undefined {
  // eslint-disable-next-line no-control-regex
  if (/^\x00{512}$/.test(header)) return "end";
  if (number(header, 148, 8) !== checksum(header)) return undefined;
  const ustar = header.slice(257, 262) === "ustar";
  const prefix = header.slice(257, 263) === "ustar\0" ? text(header, 345, 155) : "";
  const name = text(header, 0, 100);
  const type = header[156]!;
  return {
    name: prefix ? `${prefix}/${name}` : name,
    mode: number(header, 100, 8) & 0o7777,
    uid: number(header, 108, 8),
    gid: number(header, 116, 8),
    size: number(header, 124, 12),
    mtime: number(header, 136, 12) * 1000,
    type: type === "\0" ? (name.endsWith("/") ? "5" : "0") : type,
    link: text(header, 157, 100),
    user: ustar ? text(header, 265, 32) : "",
    group: ustar ? text(header, 297, 32) : "",
  };
}

function header(entry: TarEntry): string {
  const octal = (value: number, length: number): string =>
    `${value
      .toString(8)
      .padStart(length - 1, "0")
      .slice(-(length - 1))}\0`;
  const field = (value: string, length: number): string =>
    value.slice(0, length).padEnd(length, "\0");
  const head =
    field(entry.name, 100) +
    octal(entry.mode, 8) +
    octal(entry.uid, 8) +
    octal(entry.gid, 8) +
    octal(entry.size, 12) +
    octal(Math.floor(entry.mtime / 1000), 12) +
    "        " +
    entry.type +
    field(entry.link, 100) +
    "ustar  \0" +
    field(entry.user, 32) +
    field(entry.group, 32) +
    "\0".repeat(183);
  const sum = `${checksum(head).toString(8).padStart(6, "0")}\0 `;
  return head.slice(0, 148) + sum + head.slice(156);
}

/** The header blocks of an entry, long names before it. */
export function writeHeader(entry: TarEntry): string {
  let out = "";
  for (const [type, value] of [
    ["K", entry.link],
    ["L", entry.name],
  ] as const) {
    if (value.length <= 100) continue;
    const long = {
      ...entry,
      name: "././@LongLink",
      type,
      size: value.length + 1,
      link: "",
      mode: 0,
      mtime: 0,
    };
    out += `${header(long)}${value}\0${padding(value.length + 1)}`;
  }
  return out + header(entry);
}

/** What lies before an entry and is about it: a long name ("L", "K"), or a pax header ("x"). */
export interface Meta {
  type: string;
  text: string;
}

export function addMeta(meta: Meta, part: string): void {
  meta.text += part.slice(0, Math.max(0, tarNameCharactersMax - meta.text.length));
}

/** What a whole one says of the next entry. */
export function takeMeta({ type, text }: Meta, next: Partial<TarEntry>): void {
  const plain = trimEndOf(text, "\0");
  if (type === "L") next.name = plain;
  else if (type === "K") next.link = plain;
  else if (type === "x") {
    const { path, linkpath, size } = paxRecords(text);
    if (path) next.name = path;
    if (linkpath) next.link = linkpath;
    if (size) next.size = Number(size);
  }
}

/** `path=...` and its kin of a pax header. */
function paxRecords(data: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (let at = 0; at < data.length;) {
    const length = parseInt(data.slice(at, at + 20), 10);
    if (!(length > 0)) break;
    const record = data.slice(at, at + length - 1);
    const equals = record.indexOf("=");
    out[record.slice(record.indexOf(" ") + 1, equals)] = record.slice(equals + 1);
    at += length;
  }
  return out;
}
