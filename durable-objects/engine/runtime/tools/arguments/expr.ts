/** expr. */
import { Regex, regexFor } from "../../../regex/regex.ts";
import { tool, type Io } from "../tool.ts";

type Binary = (a: string, b: string, io: Io) => string;

const truth = (text: string): boolean => text !== "" && text !== "0";

function whole(io: Io, text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : io.fail("non-numeric argument", 2);
}

const number =
  (f: (a: number, b: number) => number): Binary =>
  (a, b, io) =>
    String(Math.trunc(f(whole(io, a), whole(io, b))));

const ratio =
  (f: (a: number, b: number) => number): Binary =>
  (a, b, io) =>
    whole(io, b) === 0 ? io.fail("division by zero", 2) : number(f)(a, b, io);

const compare =
  (f: (order: number) => boolean): Binary =>
  (a, b) => {
    const numbers = /^-?\d+$/.test(a) && /^-?\d+$/.test(b);
    const order = numbers ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
    return f(order) ? "1" : "0";
  };

/** `text : pattern`: what the first group matched, or how many characters. */
const match: Binary = (text, pattern, io) => {
  const { matching } = io.sys;
  const made = regexFor(matching, `expr ${pattern}`, pattern, { syntax: "basic", within: "start" });
  if (!(made instanceof Regex)) return io.fail(made.error, 2);
  const found = made.find(text, matching);
  return made.groups > 0 ? (found?.group(1) ?? "") : String(found ? found.end : 0);
};

/** Weakest first. */
const levels: Record<string, Binary>[] = [
  { "|": (a, b) => (truth(a) ? a : b) },
  { "&": (a, b) => (truth(a) && truth(b) ? a : "0") },
  {
    "<": compare((o) => o < 0),
    "<=": compare((o) => o <= 0),
    "=": compare((o) => o === 0),
    "==": compare((o) => o === 0),
    "!=": compare((o) => o !== 0),
    ">=": compare((o) => o >= 0),
    ">": compare((o) => o > 0),
  },
  { "+": number((a, b) => a + b), "-": number((a, b) => a - b) },
  { "*": number((a, b) => a * b), "/": ratio((a, b) => a / b), "%": ratio((a, b) => a % b) },
  { ":": match },
];

class Expression {
  readonly io: Io;
  at = 0;
  constructor(io: Io) {
    this.io = io;
  }

  level(n: number): string {
    const table = levels[n];
    if (!table) return this.primary();
    let left = this.level(n + 1);
    for (;;) {
      const word = this.io.args[this.at];
      if (word === undefined || !Object.hasOwn(table, word)) return left;
      this.at++;
      left = table[word]!(left, this.level(n + 1), this.io);
    }
  }

  primary(): string {
    const words = this.io.args;
    const word = words[this.at++];
    if (word === undefined) return this.io.fail("syntax error", 2);
    if (word === "(") {
      const value = this.level(0);
      if (words[this.at++] !== ")") this.io.fail("syntax error", 2);
      return value;
    }
    if (word === "length" && this.at < words.length) return String(words[this.at++]!.length);
    if (word === "substr") {
      const [text = "", from = "", length = ""] = words.slice(this.at, this.at + 3);
      this.at += 3;
      return text.slice(Number(from) - 1, Number(from) - 1 + Number(length));
    }
    if (word === "match") {
      const [text = "", pattern = ""] = words.slice(this.at, this.at + 2);
      this.at += 2;
      return match(text, pattern, this.io);
    }
    if (word === "index") {
      const [text = "", set = ""] = words.slice(this.at, this.at + 2);
      this.at += 2;
      return String([...text].findIndex((c) => set.includes(c)) + 1);
    }
    return word;
  }
}

export const expr = tool("expr", (io) => {
  if (io.args.length === 0) return io.fail("too few arguments", 2);
  const expression = new Expression(io);
  const value = expression.level(0);
  if (expression.at < io.args.length) io.fail("syntax error", 2);
  io.out(`${value}\n`);
  return truth(value) ? 0 : 1;
});
