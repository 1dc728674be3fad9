/** Functions over texts, and types. */
import { encodeUtf8 } from "../../bytes.ts";
import { typed } from "./access.ts";
import { splitText } from "./arithmetic.ts";
import { formatOf, textOf } from "./formats.ts";
import { JsonProblem, parseJson } from "./json-parser.ts";
import { toText } from "./json-text.ts";
import type { Native } from "./native.ts";
import { fail, JqError, kindOf, type Value } from "./values.ts";

function parsed(text: string): Value {
  try {
    return parseJson(encodeUtf8(text));
  } catch (error) {
    throw error instanceof JsonProblem ? new JqError(error.message) : error;
  }
}

const characterOf = (code: Value): string => {
  if (typeof code !== "number") return fail("Unicode codepoint must be numeric");
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return String.fromCodePoint(valid ? Math.trunc(code) : 0xfffd);
};

export const textNatives: Record<string, Native> = {
  "type/0": { one: (_, value) => kindOf(value) },
  "tostring/0": { one: (_, value) => textOf(value) },
  "tojson/0": { one: (_, value) => toText(value) },
  "fromjson/0": {
    one: (_, value) =>
      typeof value === "string"
        ? parsed(value)
        : fail(`${typed(value)} only strings can be parsed`),
  },
  "tonumber/0": {
    one(_, value) {
      if (typeof value === "number") return value;
      if (typeof value !== "string") return fail(`${typed(value)} cannot be parsed as a number`);
      return parsed(value);
    },
  },
  "format/1": { one: (_, value, [format]) => formatOf(value, format!) },
  "explode/0": {
    one: (_, value) =>
      typeof value === "string"
        ? [...value].map((c) => c.codePointAt(0)!)
        : fail("explode input must be a string"),
  },
  "implode/0": {
    one: (_, value) =>
      Array.isArray(value)
        ? value.map(characterOf).join("")
        : fail("implode input must be an array"),
  },
  "utf8bytelength/0": {
    one: (_, value) =>
      typeof value === "string"
        ? encodeUtf8(value).length
        : fail(`${typed(value)} only strings have UTF-8 byte length`),
  },
  "startswith/1": {
    one: (_, value, [part]) =>
      typeof value === "string" && typeof part === "string"
        ? value.startsWith(part)
        : fail("startswith() requires string inputs"),
  },
  "endswith/1": {
    one: (_, value, [part]) =>
      typeof value === "string" && typeof part === "string"
        ? value.endsWith(part)
        : fail("endswith() requires string inputs"),
  },
  "ltrimstr/1": {
    one: (_, value, [part]) =>
      typeof value === "string" && typeof part === "string" && value.startsWith(part)
        ? value.slice(part.length)
        : value,
  },
  "rtrimstr/1": {
    one: (_, value, [part]) =>
      typeof value === "string" && typeof part === "string" && value.endsWith(part)
        ? value.slice(0, value.length - part.length)
        : value,
  },
  "split/1": {
    one(machine, value, [by]) {
      if (typeof value !== "string" || typeof by !== "string")
        return fail("split input and separator must be strings");
      const parts = splitText(value, by);
      machine.spend(parts.length);
      return parts;
    },
  },
};
