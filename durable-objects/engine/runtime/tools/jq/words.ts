/** A program word by word, and what is said of one that is wrong. */
import { jqNestingMax } from "../../../core/limits.ts";
import { lex, type Token } from "./lexer.ts";
import { CompileProblem, type Complaint } from "./tree.ts";

const unusual = 'try .["field"] instead of .field for unusually named fields';

/** Where a mistake inside is noticed: what stands around it. */
export type Around =
  | { k: "if" | "try" | "brackets" | "break" | "field"; at: number }
  | { k: "pair"; at: number };

export class Words {
  readonly tokens: Token[];
  at = 0;
  depth = 0;
  readonly around: Around[] = [];
  /** Complaints of what is grammatical. */
  readonly found: Complaint[] = [];

  constructor(program: string) {
    this.tokens = lex(program);
  }

  get token(): Token {
    return this.tokens[this.at]!;
  }
  is(t: string): boolean {
    return this.token.kind === t;
  }
  take(t: string): boolean {
    if (!this.is(t)) return false;
    this.at++;
    return true;
  }
  expect(t: string, ...listed: string[]): Token {
    const { token } = this;
    if (token.kind !== t) this.unexpected(...listed);
    this.at++;
    return token;
  }

  /** The word that stands here is wrong; `listed`: what jq's parser says to expect. */
  unexpected(...listed: string[]): never {
    const { token } = this;
    const wanted = listed.length ? `, expecting ${listed.join(" or ")}` : "";
    const suffix = " (Unix shell quoting issues?)";
    const first = {
      text: `syntax error, unexpected ${token.kind}${wanted}${suffix}`,
      at: token.at,
    };
    throw new CompileProblem([...this.found, first, ...this.#more()]);
  }

  /** What jq adds once it has found a place to go on from. */
  #more(): Complaint[] {
    const around = this.around.at(-1);
    if (!around || around.k === "brackets") return [];
    if (around.k === "if" || around.k === "try")
      return [{ text: `Possibly unterminated '${around.k}' statement`, at: around.at }];
    if (around.k === "field") return [{ text: unusual, at: around.at }];
    if (around.k === "break")
      return [{ text: "break requires a label to break to", at: around.at }];
    for (let i = this.at; i < this.tokens.length; i++) {
      const { kind } = this.tokens[i]!;
      if (kind === "'}'") return [];
      if (kind === "':'")
        return [{ text: "May need parentheses around object key expression", at: around.at }];
    }
    return [];
  }

  within<T>(around: Around, body: () => T): T {
    this.around.push(around);
    if (this.around.length > jqNestingMax) this.tooDeep();
    const made = body();
    this.around.pop();
    return made;
  }

  tooDeep(): never {
    throw new CompileProblem([{ text: "memory exhausted", at: this.token.at }]);
  }
}
