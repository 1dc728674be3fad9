/** RESP, redis' wire format: commands in, replies out. Everything is bytes. */

import { redisArgumentBytesMax } from "../../core/limits.ts";
import type { NamesOf } from "../../core/record-codec.ts";

export const ok = "+OK\r\n";
export const nil = "$-1\r\n";
export const simple = (text: string): string => `+${text}\r\n`;
export const integer = (value: number): string => `:${value}\r\n`;
export const bulk = (value: string | undefined): string =>
  value === undefined ? nil : `$${value.length}\r\n${value}\r\n`;
export const array = (items: readonly string[]): string => `*${items.length}\r\n${items.join("")}`;
export const bulks = (values: readonly (string | undefined)[]): string => array(values.map(bulk));
export const fault = (text: string): string => `-${text}\r\n`;

/** A command as clients send it. */
export const command = (words: readonly string[]): string => bulks(words);

/** Words of a line typed by hand; undefined: its quotes do not close. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\')*)'|([^\s"']+))(?=\s|$)/gy;
  let at = 0;
  while (at < line.trimEnd().length) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (!match) return undefined;
    at = pattern.lastIndex;
    const escaped = match[1]?.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) =>
      code.length === 3
        ? String.fromCharCode(parseInt(code.slice(1), 16))
        : ({ n: "\n", r: "\r", t: "\t" }[code] ?? code),
    );
    words.push(escaped ?? match[2]?.replaceAll("\\'", "'") ?? match[3] ?? "");
  }
  return words;
}

/** One command at the front of a stream. */
export function parseCommand(
  data: string,
): { words: string[]; used: number } | "more" | { error: string } {
  const end = data.indexOf("\r\n");
  if (data[0] !== "*") {
    const line = data.indexOf("\n");
    if (line < 0)
      return data.length > 65_536
        ? { error: "ERR Protocol error: too big inline request" }
        : "more";
    const words = splitWords(data.slice(0, line).replace(/\r$/, ""));
    return words
      ? { words, used: line + 1 }
      : { error: "ERR Protocol error: unbalanced quotes in request" };
  }
  if (end < 0) return "more";
  const count = Number(data.slice(1, end));
  if (!(count <= 1024 * 1024)) return { error: "ERR Protocol error: invalid multibulk length" };
  const words: string[] = [];
  let at = end + 2;
  for (let i = 0; i < count; i++) {
    const line = data.indexOf("\r\n", at);
    if (line < 0) return "more";
    if (data[at] !== "$") return { error: `ERR Protocol error: expected '$', got '${data[at]}'` };
    const length = Number(data.slice(at + 1, line));
    if (!(length >= 0 && length <= redisArgumentBytesMax))
      return { error: "ERR Protocol error: invalid bulk length" };
    if (data.length < line + 2 + length + 2) return "more";
    words.push(data.slice(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
  return { words, used: at };
}

export type Reply =
  | { kind: "simple" | "error" | "bulk"; text: string }
  | { kind: "int"; text: string }
  | { kind: "nil" }
  | { kind: "array"; items: Reply[] };

/** Names on disk. */
export const replyNames: NamesOf<Reply> = { fields: { kind: "k" }, inside: {} };
replyNames.inside = { items: { each: replyNames } };

/** One reply at the front of a stream. */
export function parseReply(data: string, from = 0): { reply: Reply; used: number } | "more" {
  const end = data.indexOf("\r\n", from);
  if (end < 0) return "more";
  const line = data.slice(from + 1, end);
  const used = end + 2;
  switch (data[from]) {
    case "+":
      return { reply: { kind: "simple", text: line }, used };
    case "-":
      return { reply: { kind: "error", text: line }, used };
    case ":":
      return { reply: { kind: "int", text: line }, used };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: { kind: "nil" }, used };
      if (data.length < used + length + 2) return "more";
      return {
        reply: { kind: "bulk", text: data.slice(used, used + length) },
        used: used + length + 2,
      };
    }
    default: {
      const items: Reply[] = [];
      let at = used;
      if (Number(line) < 0) return { reply: { kind: "nil" }, used };
      for (let i = 0; i < Number(line); i++) {
        const item = parseReply(data, at);
        if (item === "more") return "more";
        items.push(item.reply);
        at = item.used;
      }
      return { reply: { kind: "array", items }, used: at };
    }
  }
}
