/** Shell arithmetic: C's integer operators on 64 bits, with assignment. */
import { arithmeticDepthMax } from "../../core/limits.ts";

export interface ArithmeticScope {
  get(name: string): string;
  set(name: string, value: string): void;
}

export class ArithmeticProblem extends Error {
  override name = "ArithmeticProblem";
}

const int = (value: bigint): bigint => BigInt.asIntN(64, value);
/** A number as written: too large a one counts as 0. */
const literal = (value: bigint): bigint => (value >> 64n ? 0n : int(value));
const truth = (value: boolean): bigint => (value ? 1n : 0n);

type Binary = (a: bigint, b: bigint) => bigint;

function divide(a: bigint, b: bigint, rest: boolean): bigint {
  if (b === 0n) throw new ArithmeticProblem("divide by zero");
  return rest ? a % b : a / b;
}

/** By precedence, weakest first. && and || stand apart, for they may leave their right side alone. */
const levels: Record<string, Binary>[] = [
  { "|": (a, b) => a | b },
  { "^": (a, b) => a ^ b },
  { "&": (a, b) => a & b },
  { "==": (a, b) => truth(a === b), "!=": (a, b) => truth(a !== b) },
  {
    "<=": (a, b) => truth(a <= b),
    ">=": (a, b) => truth(a >= b),
    "<": (a, b) => truth(a < b),
    ">": (a, b) => truth(a > b),
  },
  { "<<": (a, b) => a << (b & 63n), ">>": (a, b) => a >> (b & 63n) },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => divide(a, b, false), "%": (a, b) => divide(a, b, true) },
];

const tokenPattern =
  /\s*(?:(0[xX][0-9a-fA-F]+|\d+#[0-9a-zA-Z]+|\d+)|([A-Za-z_]\w*)|(<<=|>>=|\*\*|\+\+|--|&&|\|\||<<|>>|<=|>=|==|!=|[-+*/%&|^]=|[-+*/%&|^<>=!~?:(),]))/y;

interface Token {
  kind: "number" | "name" | "op" | "end";
  text: string;
}

function tokenize(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (!match) {
      if (text.slice(at).trim() === "") break;
      throw new ArithmeticProblem("arithmetic syntax error");
    }
    at = tokenPattern.lastIndex;
    if (match[1] !== undefined) out.push({ kind: "number", text: match[1] });
    else if (match[2] !== undefined) out.push({ kind: "name", text: match[2] });
    else out.push({ kind: "op", text: match[3] ?? "" });
  }
  out.push({ kind: "end", text: "" });
  return out;
}

function number(text: string): bigint {
  if (/^0[xX]/.test(text)) return literal(BigInt(text));
  const based = /^(\d+)#(.*)$/.exec(text);
  if (based) {
    const base = BigInt(based[1] ?? "10");
    let value = 0n;
    for (const digit of based[2] ?? "") {
      const d = BigInt(parseInt(digit, 36));
      if (d >= base) throw new ArithmeticProblem("arithmetic syntax error");
      value = value * base + d;
    }
    return int(value);
  }
  if (/^0\d/.test(text)) {
    if (/[89]/.test(text)) throw new ArithmeticProblem("arithmetic syntax error");
    return literal(BigInt(`0o${text.slice(1)}`));
  }
  return literal(BigInt(text));
}

class Evaluator {
  readonly tokens: Token[];
  readonly scope: ArithmeticScope;
  readonly depth: number;
  at = 0;
  nested = 0;
  /** Above 0: what is read is not evaluated. */
  dead = 0;

  constructor(text: string, scope: ArithmeticScope, depth: number) {
    if (depth > 32) throw new ArithmeticProblem("expression recursion loop detected");
    this.tokens = tokenize(text);
    this.scope = scope;
    this.depth = depth;
  }

  get token(): Token {
    return this.tokens[this.at] as Token;
  }
  is(op: string): boolean {
    return this.token.kind === "op" && this.token.text === op;
  }
  accept(op: string): boolean {
    if (!this.is(op)) return false;
    this.at++;
    return true;
  }
  bad(): never {
    throw new ArithmeticProblem("arithmetic syntax error");
  }

  value(name: string): bigint {
    if (this.dead) return 0n;
    const text = this.scope.get(name).trim();
    if (text === "") return 0n;
    if (/^-?\d+$/.test(text) && !/^-?0\d/.test(text)) return int(BigInt(text));
    return new Evaluator(text, this.scope, this.depth + 1).all();
  }
  store(name: string, value: bigint): bigint {
    if (!this.dead) this.scope.set(name, String(value));
    return value;
  }

  all(): bigint {
    if (this.token.kind === "end") return 0n;
    const value = this.comma();
    if (this.at < this.tokens.length - 1) this.bad();
    return value;
  }
  comma(): bigint {
    let value = this.assignment();
    while (this.accept(",")) value = this.assignment();
    return value;
  }
  assignment(): bigint {
    const next = this.tokens[this.at + 1];
    if (
      this.token.kind === "name" &&
      next?.kind === "op" &&
      /^(<<|>>|[-+*/%&|^])?=$/.test(next.text)
    ) {
      const name = this.token.text;
      this.at += 2;
      const right = this.assignment();
      if (next.text === "=") return this.store(name, right);
      const op = next.text.slice(0, -1);
      const level = levels.find((known) => known[op]);
      if (this.dead) return 0n;
      return this.store(name, int((level as Record<string, Binary>)[op]!(this.value(name), right)));
    }
    return this.choice();
  }
  choice(): bigint {
    const condition = this.or();
    if (!this.accept("?")) return condition;
    const yes = this.skipUnless(condition !== 0n, () => this.comma());
    if (!this.accept(":")) throw new ArithmeticProblem("malformed ?: operator");
    const no = this.skipUnless(condition === 0n, () => this.choice());
    return condition === 0n ? no : yes;
  }
  skipUnless(live: boolean, read: () => bigint): bigint {
    if (!live) this.dead++;
    const value = read();
    if (!live) this.dead--;
    return value;
  }
  or(): bigint {
    let left = this.and();
    while (this.accept("||")) {
      const right = this.skipUnless(left === 0n, () => this.and());
      left = truth(left !== 0n || right !== 0n);
    }
    return left;
  }
  and(): bigint {
    let left = this.binary(0);
    while (this.accept("&&")) {
      const right = this.skipUnless(left !== 0n, () => this.binary(0));
      left = truth(left !== 0n && right !== 0n);
    }
    return left;
  }
  binary(level: number): bigint {
    const table = levels[level];
    if (!table) return this.power();
    let left = this.binary(level + 1);
    for (;;) {
      const apply =
        this.token.kind === "op" && Object.hasOwn(table, this.token.text)
          ? table[this.token.text]
          : undefined;
      if (!apply) return left;
      this.at++;
      const right = this.binary(level + 1);
      left = this.dead ? 0n : int(apply(left, right));
    }
  }
  power(): bigint {
    const base = this.unary();
    if (!this.accept("**")) return base;
    const exponent = this.power();
    if (this.dead) return 0n;
    if (exponent < 0n) throw new ArithmeticProblem("exponent less than 0");
    return exponent > 4096n ? 0n : int(base ** exponent);
  }
  unary(): bigint {
    if (++this.nested > arithmeticDepthMax) throw new ArithmeticProblem("expression too deep");
    const value = this.signed();
    this.nested--;
    return value;
  }
  signed(): bigint {
    if (this.accept("!")) return truth(this.unary() === 0n);
    if (this.accept("~")) return ~this.unary();
    for (const [op, by] of [
      ["++", 1n],
      ["--", -1n],
    ] as const) {
      if (!this.is(op)) continue;
      const next = this.tokens[this.at + 1];
      if (next?.kind !== "name") continue;
      this.at += 2;
      return this.store(next.text, int(this.value(next.text) + by));
    }
    if (this.accept("++") || this.accept("+")) return this.unary();
    if (this.accept("--")) return this.unary();
    if (this.accept("-")) return int(-this.unary());
    return this.primary();
  }
  primary(): bigint {
    const { kind, text } = this.token;
    if (kind === "number") {
      this.at++;
      return number(text);
    }
    if (kind === "name") {
      this.at++;
      const value = this.value(text);
      if (this.accept("++")) this.store(text, int(value + 1n));
      else if (this.accept("--")) this.store(text, int(value - 1n));
      return value;
    }
    if (!this.accept("(")) this.bad();
    const value = this.comma();
    if (!this.accept(")")) this.bad();
    return value;
  }
}

/** The value of an expression; ArithmeticProblem carries ash's complaint. */
export function arithmetic(text: string, scope: ArithmeticScope): bigint {
  return new Evaluator(text, scope, 0).all();
}
