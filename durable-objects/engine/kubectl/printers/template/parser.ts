/** Templates as trees. Go: text/template/parse/parse.go */
import { goQuote } from "../../../machinery/field.ts";
import { kubectlTemplateDepthMax } from "../../../core/limits.ts";
import { Failure } from "../../errors.ts";
import { unquote } from "../../go/unquote.ts";
import { Lexer, tokenText, type Token, type TokenType } from "./lexer.ts";
import { isFunction } from "./functions.ts";
import { characterOf, numberOf } from "./constants.ts";
import {
  isEmpty,
  operandText,
  operandTypes,
  values,
  type Command,
  type Node,
  type Operand,
  type Pipe,
  type Template,
} from "./tree.ts";

type End = { end: "end" | "else"; at: number };

class Parser {
  readonly #lexer: Lexer;
  readonly #name: string;
  readonly trees = new Map<string, Node[]>();
  #ahead: Token[] = [];
  /** The line of the token read last. */
  #line = 1;
  #actionLine = 0;
  #variables = ["$"];
  #ranges = 0;
  #depth = 0;
  #nested = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#lexer = new Lexer(text);
  }

  #next(): Token {
    const token = this.#ahead.shift() ?? this.#lexer.next();
    this.#line = token.line;
    return token;
  }
  #back(...tokens: Token[]): void {
    this.#ahead.unshift(...tokens);
  }
  #peek(): Token {
    const token = this.#next();
    this.#back(token);
    return token;
  }
  #nextWord(): Token {
    for (;;) {
      const token = this.#next();
      if (token.type !== "space") return token;
    }
  }
  #peekWord(): Token {
    const token = this.#nextWord();
    this.#back(token);
    return token;
  }

  #fail(text: string): never {
    throw new Failure(`template: ${this.#name}:${this.#line}: ${text}`);
  }
  #unexpected(token: Token, context: string): never {
    if (token.type !== "error") return this.#fail(`unexpected ${tokenText(token)} in ${context}`);
    let extra = "";
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      extra = ` in action started at ${this.#name}:${this.#actionLine}`;
      if (token.text.endsWith(" action")) extra = extra.slice(" in action".length);
    }
    return this.#fail(token.text + extra);
  }
  #expect(type: TokenType, context: string): Token {
    const token = this.#nextWord();
    return token.type === type ? token : this.#unexpected(token, context);
  }

  // Nodes

  parse(): void {
    const root: Node[] = [];
    while (this.#peek().type !== "eof") {
      const first = this.#peek();
      if (first.type === "left") {
        const delimiter = this.#next();
        const word = this.#nextWord();
        if (word.type === "keyword" && word.text === "define") {
          this.#definition();
          continue;
        }
        this.#back(delimiter, word);
      }
      const one = this.#textOrAction();
      if ("end" in one) this.#fail(`unexpected {{${one.end}}}`);
      else root.push(one);
    }
    this.#add(this.#name, root);
  }

  #add(name: string, list: Node[]): void {
    const known = this.trees.get(name);
    if (!known || isEmpty(known)) this.trees.set(name, list);
    else if (!isEmpty(list))
      this.#fail(`template: multiple definition of template ${goQuote(name)}`);
  }

  #definition(): void {
    const context = "define clause";
    const name = this.#templateName(this.#nextWord(), context);
    this.#expect("right", context);
    this.#add(
      name,
      this.#within(() => this.#body(context)),
    );
  }

  /** Another template's body: its variables and loops are its own. */
  #within<T>(body: () => T): T {
    const [variables, ranges] = [this.#variables, this.#ranges];
    this.#variables = ["$"];
    this.#ranges = 0;
    const made = body();
    this.#variables = variables;
    this.#ranges = ranges;
    return made;
  }

  #body(context: string): Node[] {
    const { list, end } = this.#list();
    if (end.end !== "end") this.#fail(`unexpected {{${end.end}}} in ${context}`);
    return list;
  }

  #list(): { list: Node[]; end: End } {
    const list: Node[] = [];
    while (this.#peekWord().type !== "eof") {
      const one = this.#textOrAction();
      if ("end" in one) return { list, end: one };
      list.push(one);
    }
    return this.#fail("unexpected EOF");
  }

  #textOrAction(): Node | End {
    const token = this.#nextWord();
    if (token.type === "text") return { node: "text", at: token.at, text: token.text };
    if (token.type !== "left") return this.#unexpected(token, "input");
    this.#actionLine = token.line;
    const one = this.#action();
    this.#actionLine = 0;
    return one;
  }

  #action(): Node | End {
    const token = this.#nextWord();
    if (token.type === "keyword") return this.#keyword(token);
    this.#back(token);
    return { node: "action", at: token.at, pipe: this.#pipeline("command", "right") };
  }

  #keyword(token: Token): Node | End {
    switch (token.text) {
      case "if":
      case "with":
      case "range":
        return this.#control(token.text);
      case "template":
        return this.#template();
      case "block":
        return this.#block();
      case "end":
        return { end: "end", at: this.#expect("right", "end").at };
      case "else":
        return this.#else();
      case "break":
      case "continue":
        return this.#jump(token);
    }
    return this.#unexpected(token, "command");
  }

  #jump({ text, at }: Token): Node {
    const token = this.#nextWord();
    if (token.type !== "right") this.#unexpected(token, `{{${text}}}`);
    if (this.#ranges === 0) this.#fail(`{{${text}}} outside {{range}}`);
    return { node: text as "break", at };
  }

  #else(): End {
    const next = this.#peekWord();
    const chained = next.type === "keyword" && (next.text === "if" || next.text === "with");
    return { end: "else", at: chained ? next.at : this.#expect("right", "else").at };
  }

  #control(kind: "if" | "with" | "range"): Node {
    if (this.#nested++ >= kubectlTemplateDepthMax) this.#fail("max nesting depth exceeded");
    const variables = this.#variables.length;
    const pipe = this.#pipeline(kind, "right");
    if (kind === "range") this.#ranges++;
    const { list, end } = this.#list();
    if (kind === "range") this.#ranges--;
    const made: Node = { node: kind, at: pipe.at, pipe, list };
    if (end.end === "else") made.otherwise = this.#otherwise(kind);
    this.#variables.length = variables;
    this.#nested--;
    return made;
  }

  #otherwise(kind: string): Node[] {
    const next = this.#peek();
    if (kind !== "range" && next.type === "keyword" && next.text === kind) {
      this.#next();
      return [this.#control(kind as "if")];
    }
    const { list, end } = this.#list();
    if (end.end !== "end") this.#fail(`expected end; found {{${end.end}}}`);
    return list;
  }

  #templateName(token: Token, context: string): string {
    if (token.type !== "string" && token.type !== "raw") return this.#unexpected(token, context);
    return this.#unquoted(token.text);
  }
  #unquoted(text: string): string {
    return unquote(text) ?? this.#fail("invalid syntax");
  }

  #template(): Node {
    const context = "template clause";
    const token = this.#nextWord();
    const name = this.#templateName(token, context);
    const next = this.#nextWord();
    if (next.type === "right") return { node: "template", at: token.at, name };
    this.#back(next);
    return { node: "template", at: token.at, name, pipe: this.#pipeline(context, "right") };
  }

  #block(): Node {
    const context = "block clause";
    const token = this.#nextWord();
    const name = this.#templateName(token, context);
    const pipe = this.#pipeline(context, "right");
    this.#add(
      name,
      this.#within(() => this.#body(context)),
    );
    return { node: "template", at: token.at, name, pipe };
  }

  // Pipelines

  #pipeline(context: string, end: TokenType): Pipe {
    const pipe: Pipe = {
      node: "pipe",
      at: this.#peekWord().at,
      declared: [],
      assigns: false,
      commands: [],
    };
    this.#declarations(pipe, context);
    for (;;) {
      const token = this.#nextWord();
      if (token.type === end) {
        this.#check(pipe, context);
        return pipe;
      }
      if (!operandTypes.has(token.type)) this.#unexpected(token, context);
      this.#back(token);
      pipe.commands.push(this.#command());
    }
  }

  #declarations(pipe: Pipe, context: string): void {
    for (;;) {
      const variable = this.#peekWord();
      if (variable.type !== "variable") return;
      this.#nextWord();
      const after = this.#peek();
      const next = this.#peekWord();
      if (next.type === "assign" || next.type === "declare") {
        pipe.assigns = next.type === "assign";
        this.#nextWord();
        this.#declare(pipe, variable.text);
        return;
      }
      if (next.type !== "char" || next.text !== ",") {
        this.#back(...(after.type === "space" ? [variable, after] : [variable]));
        return;
      }
      this.#nextWord();
      this.#declare(pipe, variable.text);
      if (context !== "range" || pipe.declared.length >= 2)
        this.#fail(`too many declarations in ${context}`);
      if (!["variable", "right", "close"].includes(this.#peekWord().type))
        this.#fail("range can only initialize variables");
    }
  }
  #declare(pipe: Pipe, name: string): void {
    pipe.declared.push(name);
    this.#variables.push(name);
  }

  #check({ commands }: Pipe, context: string): void {
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    commands.slice(1).forEach(({ args }, i) => {
      if (values.has((args[0] as Operand).node))
        this.#fail(`non executable command in pipeline stage ${i + 2}`);
    });
  }

  #command(): Command {
    const command: Command = { at: this.#peekWord().at, args: [] };
    for (;;) {
      this.#peekWord();
      const operand = this.#operand();
      if (operand) command.args.push(operand);
      const token = this.#next();
      if (token.type === "space") continue;
      if (token.type === "right" || token.type === "close") this.#back(token);
      else if (token.type !== "pipe") this.#unexpected(token, "operand");
      break;
    }
    if (command.args.length === 0) this.#fail("empty command");
    return command;
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (!term || this.#peek().type !== "field") return term;
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().type === "field") names.push(this.#next().text.slice(1));
    if (term.node === "field") return { node: "field", at, names: [...term.names, ...names] };
    if (term.node === "variable") return { node: "variable", at, names: [...term.names, ...names] };
    if (values.has(term.node)) this.#fail(`unexpected . after term ${goQuote(operandText(term))}`);
    return { node: "chain", at, of: term, names };
  }

  #term(): Operand | undefined {
    const token = this.#nextWord();
    const { at, text } = token;
    switch (token.type) {
      case "identifier":
        if (!isFunction(text)) this.#fail(`function ${goQuote(text)} not defined`);
        return { node: "identifier", at, name: text };
      case "dot":
        return { node: "dot", at };
      case "nil":
        return { node: "nil", at };
      case "variable":
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${goQuote(text)}`);
        return { node: "variable", at, names: [text] };
      case "field":
        return { node: "field", at, names: [text.slice(1)] };
      case "bool":
        return { node: "bool", at, value: text === "true" };
      case "char-constant":
      case "number":
        return { node: "number", at, text, value: this.#number(token) };
      case "open":
        return this.#parenthesized();
      case "string":
      case "raw":
        return { node: "string", at, quoted: text, text: this.#unquoted(text) };
    }
    this.#back(token);
    return undefined;
  }

  #number({ type, text }: Token): bigint | number {
    const value = type === "number" ? numberOf(text) : characterOf(text);
    if (value !== undefined) return value;
    return this.#fail(
      type === "number"
        ? `bad number syntax: ${goQuote(text)}`
        : `malformed character constant: ${text}`,
    );
  }

  #parenthesized(): Pipe {
    if (this.#depth >= kubectlTemplateDepthMax) this.#fail("max expression depth exceeded");
    this.#depth++;
    const pipe = this.#pipeline("parenthesized pipeline", "close");
    this.#depth--;
    return pipe;
  }
}

/** A template. Failure: `template: output:1: unexpected "}" in operand`. */
export function parse(name: string, text: string): Template {
  const parser = new Parser(name, text);
  parser.parse();
  return { text, name, trees: parser.trees };
}
