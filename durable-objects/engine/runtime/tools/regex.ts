/** POSIX regular expressions as JavaScript ones. Nested repetition that could run away is refused as too complex. */

import { characterClasses as classes } from "../character-classes.ts";

/** A bracket expression from `[`; its source and the index of its `]`. */
function bracket(pattern: string, at: number): { source: string; end: number } | undefined {
  let i = at + 1;
  let source = "[";
  if (pattern[i] === "^") {
    source += "^";
    i++;
  }
  for (let first = true; ; first = false) {
    const c = pattern[i];
    if (c === undefined) return undefined;
    if (c === "]" && !first) return { source: `${source}]`, end: i };
    const named = /^\[:(\w+):\]/.exec(pattern.slice(i, i + 12));
    if (named) {
      source += classes[named[1]!] ?? "";
      i += named[0].length;
      continue;
    }
    source += c === "-" ? "-" : c.replace(/[\\\][^]/, "\\$&");
    i++;
  }
}

/** Whether every turn of a repeated group begins or ends with a sign its inner repetitions cannot take: `([0-9]+[.])+`. */
function separated(body: string): boolean {
  const first = /^(?:\\([.,:;/\- ])|([,:;/\- _]))(?![*+?{])/.exec(body);
  const last = /(?:^|[^\\])(?:\\([.,:;/\- ])|([,:;/\- _]))$/.exec(body);
  for (const [found, rest] of [
    [first, body.slice(first?.[0].length ?? 0)],
    [last, body.slice(0, last?.[1] === undefined ? -1 : -2)],
  ] as const) {
    const sign = found?.[1] ?? found?.[2];
    if (sign === undefined) continue;
    const sets = rest.replace(/\[\^[^\]]*\]/g, (set) => (set.includes(sign) ? "" : set));
    // Only sets and letters that do not hold the sign may repeat beside it.
    if (/[(|]|\[\^|\\[SWDs]|(^|[^\\])\./.test(sets)) continue;
    if (!sets.replace(/(\w)-(\w)/g, "$1$2").includes(sign)) return true;
  }
  return false;
}

/** `(a*)*` and the like, at any depth: exponential in a backtracking engine. */
function runaway(source: string): boolean {
  const open: { at: number; repeats: boolean }[] = [];
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    const top = open.at(-1);
    if (c === "\\") i++;
    else if (c === "[") {
      i++;
      while (i < source.length && source[i] !== "]") i += source[i] === "\\" ? 2 : 1;
    } else if (c === "(") open.push({ at: i + 1, repeats: false });
    else if (c === "*" || c === "+" || (c === "{" && /^\{\d*,/.test(source.slice(i, i + 8)))) {
      if (top) top.repeats = true;
    } else if (c === ")") {
      const group = open.pop();
      const again = /^(?:[*+]|\{\d*,)/.test(source.slice(i + 1, i + 10));
      const body = source.slice(group?.at ?? 0, i);
      if (again && alike(body)) return true;
      if (again && group?.repeats && !separated(body)) return true;
      const parent = open.at(-1);
      if (parent && (again || group?.repeats)) parent.repeats = true;
    }
  }
  return false;
}

/** `(a|ab)`: branches that begin alike can be told apart in many ways when repeated. */
function alike(body: string): boolean {
  const firsts = body.split("|").map((branch) => branch.replace(/^\(*/, "").slice(0, 1));
  return firsts.length > 1 && (new Set(firsts).size < firsts.length || firsts.includes("."));
}

export type Flavour = "basic" | "extended" | "fixed";

/** The source of an equal JavaScript expression, or what is wrong with the pattern. */
export function regex(pattern: string, flavour: Flavour): string | { error: string } {
  if (flavour === "fixed") return pattern.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const extended = flavour === "extended";
  let out = "";
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    const begins = out === "" || /(^|[^\\])[(|]$/.test(out) || out === "^";
    if (c === "[") {
      const set = bracket(pattern, i);
      if (!set) return { error: "Unmatched [, [^, [:, [., or [=" };
      out += set.source;
      i = set.end;
    } else if (c === "\\") {
      const next = pattern[++i];
      if (next === undefined) return { error: "Trailing backslash" };
      if (!extended && "(){}|+?".includes(next)) {
        if (next === "(") depth++;
        if (next === ")" && --depth < 0) return { error: "Unmatched ) or \\)" };
        out += next;
      } else if (next === "<") out += "\\b(?=\\w)";
      else if (next === ">") out += "\\b(?<=\\w)";
      else if (next === "`") out += "^";
      else if (next === "'") out += "$";
      else if (/[1-9wWsSbB]/.test(next)) out += `\\${next}`;
      else if (next === "n") out += "\\n";
      else if (next === "t") out += "\\t";
      else out += next.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
    } else if (c === "*") {
      if (begins) out += "\\*";
      else if (!/[*+?]$/.test(out) || /\\[*+?]$/.test(out)) out += "*";
    } else if (extended && "(){}|+?".includes(c)) {
      if (c === "(") depth++;
      if (c === ")" && depth === 0) {
        out += "\\)";
        continue;
      }
      if (c === ")") depth--;
      if ((c === "+" || c === "?") && begins) out += `\\${c}`;
      else if (c === "{" && (begins || !/^\{\d*,?\d*\}/.test(pattern.slice(i)))) out += "\\{";
      else out += c;
    } else if (!extended && "(){}|+?".includes(c)) out += `\\${c}`;
    else if (c === "^") out += begins || extended ? "^" : "\\^";
    else if (c === "$")
      out +=
        extended || i === pattern.length - 1 || /^\\[)|]/.test(pattern.slice(i + 1)) ? "$" : "\\$";
    else if (c === "/") out += "\\/";
    else out += c;
  }
  if (depth > 0) return { error: "Unmatched ( or \\(" };
  if (runaway(out)) return { error: "Regular expression too big" };
  try {
    void new RegExp(out);
  } catch {
    return { error: "Invalid preceding regular expression" };
  }
  return out;
}
