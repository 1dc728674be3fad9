/** Shell arithmetic: C's integer operators on 64 bits, with assignment. */
import { arithmeticDepthMax } from "../../core/limits.ts";

export interface ArithmeticScope {
  /** A name, in bash also `name[subscript]`. */
  get(name: string): string;
  set(name: string, value: string): void;
  /** Of bash: elements of arrays, digits up to base 64. */
  readonly bash?: boolean;
}

/** ash's words; `bash` holds that shell's, of which expression, and what stood where it went wrong. */
export class ArithmeticProblem extends Error {
  override name = "ArithmeticProblem";
  readonly bash?: { of: string; words: string; rest: string };
  constructor(text: string, bash?: { of: string; words: string; rest: string }) {
    super(text);
    if (bash) this.bash = bash;
  }
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
  /** "bad": no token of the language; `text` says why, in bash's words. */
  kind: "number" | "name" | "op" | "end" | "bad";
  text: string;
  from: number;
}

/** Where a subscript ends that begins at `from`; -1: nothing closes it. */
function subscriptEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "[") depth++;
    else if (text[i] === "]" && --depth === 0) return i + 1;
  }
  return -1;
}

/** bash: expr.c readtok */
function bashTokens(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at++;
    const from = at;
    if (at >= text.length) break;
    const rest = text.slice(at, at + 256);
    const number = /^\d[\w#@]*/.exec(rest)?.[0];
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
    tokenPattern.lastIndex = at;
    const op = number || name ? undefined : tokenPattern.exec(text)?.[3];
    at += (number ?? name ?? op ?? "").length;
    if (number) out.push({ kind: "number", text: number, from });
    else if (op) out.push({ kind: "op", text: op, from });
    else if (name && text[at] !== "[") out.push({ kind: "name", text: name, from });
    else if (name) {
      const end = subscriptEnd(text, at);
      if (end < 0) out.push({ kind: "bad", text: "bad array subscript", from });
      if (end < 0) break;
      at = end;
      out.push({ kind: "name", text: text.slice(from, end), from });
    } else {
      const before = out.at(-1);
      const wanted = !before || (before.kind === "op" && before.text !== ")");
      const words = wanted ? "operand expected" : "invalid arithmetic operator";
      out.push({ kind: "bad", text: `syntax error: ${words}`, from });
      break;
    }
  }
  out.push({ kind: "end", text: "", from: text.length });
  return out;
}

function tokenize(text: string, bash: boolean): Token[] {
  if (bash) return bashTokens(text);
  const out: Token[] = [];
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (!match) {
      if (text.slice(at).trim() === "") break;
      throw new ArithmeticProblem("arithmetic syntax error");
    }
    const from = at;
    at = tokenPattern.lastIndex;
    if (match[1] !== undefined) out.push({ kind: "number", text: match[1], from });
    else if (match[2] !== undefined) out.push({ kind: "name", text: match[2], from });
    else out.push({ kind: "op", text: match[3] ?? "", from });
  }
  out.push({ kind: "end", text: "", from: at });
  return out;
}

const digits64 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_";

/** A number in any base up to 64; what is wrong with it otherwise. bash: expr.c strlong */
function bashNumber(text: string): bigint | string {
  const wrong = "value too great for base";
  let [base, digits] = [10, text];
  const [whole, chosen, rest] = /^(\d+)#(.*)$/.exec(text) ?? [];
  if (whole !== undefined) {
    [base, digits] = [Number(chosen), rest ?? ""];
    if (base < 2 || base > 64) return "invalid arithmetic base";
    if (digits === "") return "invalid integer constant";
  } else if (/^0[xX]/.test(text)) [base, digits] = [16, text.slice(2)];
  else if (text.startsWith("0")) base = 8;
  let value = 0n;
  for (const c of digits) {
    if (c === "#") return "invalid number";
    const digit = digits64.indexOf(base <= 36 ? c.toLowerCase() : c);
    if (digit < 0 || digit >= base) return wrong;
    value = int(value * BigInt(base) + BigInt(digit));
  }
  return value;
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
  readonly text: string;
  readonly tokens: Token[];
  readonly scope: ArithmeticScope;
  readonly depth: number;
  at = 0;
  nested = 0;
  /** Above 0: what is read is not evaluated. */
  dead = 0;

  constructor(text: string, scope: ArithmeticScope, depth: number) {
    if (depth > 32)
      throw new ArithmeticProblem("expression recursion loop detected", {
        of: text,
        words: "expression recursion level exceeded",
        rest: text,
      });
    this.text = text;
    this.tokens = tokenize(text, scope.bash === true);
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
  /** bash names the token that it read last. */
  bad(words = "syntax error: operand expected", ash = "arithmetic syntax error"): never {
    const { token } = this;
    const at = token.kind === "end" ? this.tokens[this.at - 1] : token;
    const rest = this.text.slice(at?.from ?? 0);
    const said = token.kind === "bad" ? token.text : words;
    throw new ArithmeticProblem(ash, { of: this.text.trimStart(), words: said, rest });
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
    if (this.at < this.tokens.length - 1)
      this.bad(
        /^(?:<<|>>|[-+*/%&|^])?=$/.test(this.token.text)
          ? "attempted assignment to non-variable"
          : "syntax error in expression",
      );
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
      const before = this.value(name);
      if ((op === "/" || op === "%") && right === 0n) this.zero(this.tokens.length - 2);
      return this.store(name, int((level as Record<string, Binary>)[op]!(before, right)));
    }
    return this.choice();
  }
  choice(): bigint {
    const condition = this.or();
    if (!this.accept("?")) return condition;
    const yes = this.skipUnless(condition !== 0n, () => this.comma());
    if (!this.accept(":"))
      this.bad("`:' expected for conditional expression", "malformed ?: operator");
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
  /** Division by what stands at a token, which is 0. */
  zero(divisor: number): never {
    const rest = this.text.slice(this.tokens[divisor]?.from ?? 0);
    const bash = { of: this.text.trimStart(), words: "division by 0", rest };
    throw new ArithmeticProblem("divide by zero", bash);
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
      const op = this.token.text;
      const divisor = ++this.at;
      const right = this.binary(level + 1);
      if ((op === "/" || op === "%") && right === 0n && !this.dead) this.zero(divisor);
      left = this.dead ? 0n : int(apply(left, right));
    }
  }
  power(): bigint {
    const base = this.unary();
    if (!this.accept("**")) return base;
    const exponent = this.power();
    if (this.dead) return 0n;
    if (exponent < 0n) this.bad("exponent less than 0", "exponent less than 0");
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
      if (this.scope.bash) {
        const made = bashNumber(text);
        if (typeof made === "string") this.badNumber(made, text);
        this.at++;
        return made;
      }
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
    if (!this.accept(")")) this.bad("missing `)'");
    return value;
  }
  badNumber(words: string, text: string): never {
    const { from } = this.token;
    const of = this.text.slice(0, from + text.length).trimStart();
    throw new ArithmeticProblem("arithmetic syntax error", { of, words, rest: text });
  }
}

/** The value of an expression; ArithmeticProblem carries ash's complaint. */
export function arithmetic(text: string, scope: ArithmeticScope): bigint {
  return new Evaluator(text, scope, 0).all();
}
