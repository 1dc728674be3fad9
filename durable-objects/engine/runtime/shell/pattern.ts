/** Shell patterns: `*`, `?`, `[...]`. A pattern's backslash makes the next character plain. */

import { characterClasses } from "../character-classes.ts";

/** The shell knows one class more than POSIX. */
const classes: Record<string, string> = { ...characterClasses, word: "\\w" };

/** Quotes what is special in a pattern, or within its brackets. */
export const escapePattern = (text: string): string => text.replace(/[\\*?[\]!^-]/g, "\\$&");

/** Whether a pattern holds anything special. */
export const isPattern = (pattern: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(pattern);

export const unescapePattern = (pattern: string): string => pattern.replace(/\\([^])/g, "$1");

function bracket(pattern: string, at: number): { source: string; end: number } | undefined {
  let i = at + 1;
  const negated = pattern[i] === "!" || pattern[i] === "^";
  if (negated) i++;
  let body = "";
  for (let first = true; ; first = false) {
    const c = pattern[i];
    if (c === undefined) return undefined;
    if (c === "]" && !first) break;
    const named = /^\[:(\w+):\]/.exec(pattern.slice(i, i + 12));
    if (named) {
      body += classes[named[1] ?? ""] ?? "";
      i += named[0].length;
      continue;
    }
    if (c === "\\" && pattern[i + 1] !== undefined) {
      body += `\\${(pattern[i + 1] as string).replace(/\w/, (w) => `x${w.charCodeAt(0).toString(16)}`)}`;
      i += 2;
      continue;
    }
    body += c === "-" ? "-" : c.replace(/[\\\]^[]/, "\\$&");
    i++;
  }
  if (body === "") return { source: negated ? "[^]" : "(?!)", end: i };
  // A range the wrong way round matches nothing.
  const ordered = body.replace(/([^\\])-([^\\\]])/g, (whole: string, a: string, b: string) =>
    a > b ? "" : whole,
  );
  return { source: `[${negated ? "^" : ""}${ordered}]`, end: i };
}

const cache = new Map<string, RegExp>();

/** A regular expression for a pattern. `lazy` matches as little as it can. */
export function patternSource(pattern: string, lazy = false): string {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === "*") {
      while (pattern[i + 1] === "*") i++;
      source += lazy ? "[^]*?" : "[^]*";
    } else if (c === "?") source += "[^]";
    else if (c === "\\" && i + 1 < pattern.length)
      source += (pattern[++i] as string).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    else if (c === "[") {
      const set = bracket(pattern, i);
      if (set) {
        source += set.source;
        i = set.end;
      } else source += "\\[";
    } else source += c.replace(/[\\^$.+()\]{}|/]/g, "\\$&");
  }
  return source;
}

function compile(source: string): RegExp {
  let made = cache.get(source);
  if (!made) {
    if (cache.size > 2000) cache.clear();
    made = new RegExp(source);
    cache.set(source, made);
  }
  return made;
}

export function matches(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  return compile(`^(?:${patternSource(pattern)})$`).test(text);
}

/** `${x#p}`, `##`, `%`, `%%`. */
export function strip(text: string, pattern: string, op: string): string {
  if (op === "#" || op === "##") {
    const found = compile(`^(?:${patternSource(pattern, op === "#")})`).exec(text);
    return found ? text.slice(found[0].length) : text;
  }
  const whole = compile(`^(?:${patternSource(pattern)})$`);
  const n = text.length;
  for (let i = 0; i <= n; i++) {
    const start = op === "%" ? n - i : i;
    if (whole.test(text.slice(start))) return text.slice(0, start);
  }
  return text;
}

/** `${x/p/r}`, `${x//p/r}`: longest match first. */
export function replace(text: string, pattern: string, by: string, all: boolean): string {
  if (pattern === "") return text;
  return text.replace(new RegExp(patternSource(pattern), all ? "g" : ""), () => by);
}
