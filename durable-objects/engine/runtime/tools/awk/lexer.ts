/** Tokens of an awk program. */

export type Token =
  | { k: "number"; v: number }
  | { k: "string" | "regex" | "name" | "call" | "word" | "op" | "builtin"; v: string }
  | { k: "newline" | "end"; v: "" };

export class AwkProblem extends Error {
  override name = "AwkProblem";
}

const words = new Set(
  "BEGIN END function func if else while for do break continue next nextfile exit return delete in getline print printf".split(
    " ",
  ),
);

export const builtins = new Set(
  "length substr index split sub gsub gensub match sprintf sin cos atan2 exp log sqrt int rand srand tolower toupper system close fflush systime strftime and or xor lshift rshift compl".split(
    " ",
  ),
);

const operators = [
  "**=",
  "&&",
  "||",
  "==",
  "!=",
  "<=",
  ">=",
  "++",
  "--",
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  "^=",
  "**",
  ">>",
  "!~",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  ";",
  ",",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "!",
  ">",
  "<",
  "|",
  "?",
  ":",
  "~",
  "$",
  "=",
];

const escapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  '"': '"',
  "/": "/",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** Backslash sequences of a string or of a -v value. */
export function awkEscapes(text: string): string {
  return text.replace(/\\([0-7]{1,3}|[^])/g, (whole, c: string) =>
    /^[0-7]/.test(c) ? String.fromCharCode(parseInt(c, 8) & 255) : (escapes[c] ?? whole),
  );
}

/** Whether a slash begins an expression here, not a division. */
function beforeRegex(last: Token | undefined): boolean {
  if (!last) return true;
  if (last.k === "number" || last.k === "string" || last.k === "name" || last.k === "builtin")
    return false;
  return !(
    last.k === "op" &&
    (last.v === ")" || last.v === "]" || last.v === "$" || last.v === "++" || last.v === "--")
  );
}

function quoted(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\n") throw new AwkProblem("Unexpected token");
    at += text[at] === "\\" ? 2 : 1;
  }
  if (at >= text.length) throw new AwkProblem("Unexpected end of string");
  return at;
}

function slashed(text: string, from: number): number {
  let at = from + 1;
  let set = false;
  for (; at < text.length; at++) {
    const c = text[at];
    if (c === "\\") at++;
    else if (c === "[" && !set) {
      set = true;
      if (text[at + 1] === "^") at++;
      if (text[at + 1] === "]") at++;
    } else if (c === "]") set = false;
    else if (c === "/" && !set) return at;
    else if (c === "\n") break;
  }
  throw new AwkProblem("Unexpected end of string");
}

/** Tokens of a program. Throws AwkProblem for what is none. */
export function awkTokens(text: string): Token[] {
  const out: Token[] = [];
  for (let i = 0; i < text.length;) {
    const c = text[i]!;
    if (c === " " || c === "\t" || c === "\r") i++;
    else if (c === "\\" && /^\\\r?\n/.test(text.slice(i, i + 3))) i = text.indexOf("\n", i) + 1;
    else if (c === "#") while (i < text.length && text[i] !== "\n") i++;
    else if (c === "\n") {
      out.push({ k: "newline", v: "" });
      i++;
    } else if (c === '"') {
      const end = quoted(text, i);
      out.push({ k: "string", v: awkEscapes(text.slice(i + 1, end)) });
      i = end + 1;
    } else if (c === "/" && beforeRegex(out.at(-1))) {
      const end = slashed(text, i);
      out.push({ k: "regex", v: text.slice(i + 1, end).replaceAll("\\/", "/") });
      i = end + 1;
    } else if (/[0-9.]/.test(c)) {
      const match = /^(0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/.exec(
        text.slice(i, i + 60),
      );
      if (!match) throw new AwkProblem("Unexpected token");
      out.push({ k: "number", v: Number(match[0]) });
      i += match[0].length;
    } else if (/[A-Za-z_]/.test(c)) {
      const name = /^\w+/.exec(text.slice(i, i + 256))![0];
      i += name.length;
      if (words.has(name)) out.push({ k: "word", v: name === "func" ? "function" : name });
      else if (builtins.has(name)) out.push({ k: "builtin", v: name });
      else out.push({ k: text[i] === "(" ? "call" : "name", v: name });
    } else {
      const op = operators.find((one) => text.startsWith(one, i));
      if (!op) throw new AwkProblem("Unexpected token");
      out.push({ k: "op", v: op === "**" ? "^" : op === "**=" ? "^=" : op });
      i += op.length;
    }
  }
  out.push({ k: "end", v: "" });
  return out;
}
