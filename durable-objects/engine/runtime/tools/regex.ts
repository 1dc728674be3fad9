/** POSIX regular expressions as JavaScript ones. Nested repetition that could run away is refused as too complex. */

const classes: Record<string, string> = {
  alpha: "a-zA-Z",
  digit: "0-9",
  alnum: "a-zA-Z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`{-~",
  xdigit: "0-9a-fA-F",
  cntrl: "\\x00-\\x1f\\x7f",
  print: " -~",
  graph: "!-~",
};

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

/** `(a*)*` and the like: exponential in a backtracking engine. */
const runaway = /\((?:[^()\\]|\\.)*[*+}](?:[^()\\]|\\.)*\)(?:[*+]|\{\d*,)/;

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
  if (runaway.test(out)) return { error: "Regular expression too big" };
  try {
    void new RegExp(out);
  } catch {
    return { error: "Invalid preceding regular expression" };
  }
  return out;
}
