/** `!!`, `!$`, `!n`, `!-n`, `!str`, `!?str?`, `^a^b^`: history expansion. readline: histexpand.c */
import { lastWord, wordsOf } from "./words.ts";

function chosen(entry: string, designator: string): string | undefined {
  const words = wordsOf(entry);
  if (designator === "$") return lastWord(entry);
  if (designator === "^") return words[1];
  if (designator === "*") return words.slice(1).join(" ");
  const range = /^(\d+)(?:-(\d+|\$))?$/.exec(designator);
  if (!range) return undefined;
  const from = Number(range[1]);
  if (from >= words.length) return undefined;
  const to = range[2] === undefined ? from : range[2] === "$" ? words.length - 1 : Number(range[2]);
  return to >= words.length ? undefined : words.slice(from, to + 1).join(" ");
}

function eventOf(history: readonly string[], name: string): string | undefined {
  if (name === "!" || name === "") return history.at(-1);
  if (/^-?\d+$/.test(name)) {
    const number = Number(name);
    return number < 0 ? history[history.length + number] : history[number - 1];
  }
  if (name.startsWith("?")) {
    const words = name.slice(1).replace(/\?$/, "");
    return history.findLast((entry) => entry.includes(words));
  }
  return history.findLast((entry) => entry.startsWith(name));
}

/** `:s/a/b/`, `:gs/a/b/`, `:h`, `:t`, `:r`, `:e`, `:p` and the like are rare: h, t, r, e alone are known. */
function modified(text: string, modifier: string): string {
  if (modifier === "h") return text.replace(/\/[^/]*$/, "");
  if (modifier === "t") return text.replace(/^.*\//, "");
  if (modifier === "r") return text.replace(/\.[^./]*$/, "");
  return modifier === "e" ? (/\.[^./]*$/.exec(text)?.[0] ?? "") : text;
}

const reference =
  /^!(?:(!|-?\d+|\?[^?\n]*\??|[^\s!=():;&|<>"'$^*0-9-][^\s:;&|<>"'()!]*)?(?::?([$^*])|:(\d+(?:-(?:\d+|\$))?))?((?::[htre])*))/;

/** The line with the history's words in it. `before`: what was typed of the command above, whose quotes may be open. */
export function expandHistory(
  line: string,
  history: readonly string[],
  before = "",
): { text: string } | { error: string } {
  const swap = /^\^([^^\n]+)\^([^^\n]*)(?:\^(.*))?$/.exec(line);
  if (swap) {
    const last = history.at(-1) ?? "";
    if (!last.includes(swap[1]!)) return { error: ":s" + line.slice(0) + ": substitution failed" };
    return { text: last.replace(swap[1]!, () => swap[2]!) + (swap[3] ?? "") };
  }
  if (!line.includes("!")) return { text: line };
  let single = (before.match(/'/g)?.length ?? 0) % 2 === 1;
  let double = false;
  let out = "";
  for (let at = 0; at < line.length;) {
    const c = line[at]!;
    if (c === "\\" && !single) {
      out += line.slice(at, at + 2);
      at += 2;
      continue;
    }
    if (c === "'" && !double) single = !single;
    else if (c === '"' && !single) double = !double;
    const next = line[at + 1];
    const plain = next === undefined || /[\s=(]/.test(next) || (double && next === '"');
    if (
      c !== "!" ||
      single ||
      plain ||
      out.endsWith("$") ||
      out.endsWith("[") ||
      out.endsWith("${")
    ) {
      out += c;
      at++;
      continue;
    }
    const match = reference.exec(line.slice(at));
    if (!match || match[0] === "!") {
      out += c;
      at++;
      continue;
    }
    const [whole, name = "", sign, numbers, modifiers = ""] = match;
    const event = eventOf(history, name);
    if (event === undefined) return { error: `${whole}: event not found` };
    const designator = sign ?? numbers;
    let words = designator === undefined ? event : chosen(event, designator);
    if (words === undefined) return { error: `:${designator}: bad word specifier` };
    for (const modifier of modifiers.split(":").filter(Boolean)) words = modified(words, modifier);
    out += words;
    at += whole.length;
  }
  return { text: out };
}
