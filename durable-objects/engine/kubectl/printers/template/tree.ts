/** The tree of a template, and its nodes as errors show them. Go: text/template/parse/node.go */
import { goQuote } from "../../../machinery/field.ts";
import type { TokenType } from "./lexer.ts";

export type Operand =
  | { node: "dot"; at: number }
  | { node: "nil"; at: number }
  | { node: "bool"; at: number; value: boolean }
  | { node: "number"; at: number; text: string; value: bigint | number }
  | { node: "string"; at: number; quoted: string; text: string }
  | { node: "field"; at: number; names: string[] }
  | { node: "variable"; at: number; names: string[] }
  | { node: "identifier"; at: number; name: string }
  | { node: "chain"; at: number; of: Operand; names: string[] }
  | Pipe;

export interface Command {
  at: number;
  args: Operand[];
}

export interface Pipe {
  node: "pipe";
  at: number;
  declared: string[];
  assigns: boolean;
  commands: Command[];
}

export type Node =
  | { node: "text"; at: number; text: string }
  | { node: "action"; at: number; pipe: Pipe }
  | { node: "if" | "with" | "range"; at: number; pipe: Pipe; list: Node[]; otherwise?: Node[] }
  | { node: "template"; at: number; name: string; pipe?: Pipe }
  | { node: "break" | "continue"; at: number };

/** An operand as it is written. */
export function operandText(one: Operand): string {
  switch (one.node) {
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(one.value);
    case "number":
      return one.text;
    case "string":
      return one.quoted;
    case "field":
      return one.names.map((name) => `.${name}`).join("");
    case "variable":
      return one.names.join(".");
    case "identifier":
      return one.name;
    case "chain": {
      const of = one.of.node === "pipe" ? `(${pipeText(one.of)})` : operandText(one.of);
      return of + one.names.map((name) => `.${name}`).join("");
    }
    case "pipe":
      return pipeText(one);
  }
}

export const commandText = ({ args }: Command): string =>
  args.map((arg) => (arg.node === "pipe" ? `(${pipeText(arg)})` : operandText(arg))).join(" ");

export function pipeText({ declared, assigns, commands }: Pipe): string {
  const before = declared.length ? `${declared.join(", ")} ${assigns ? "=" : ":="} ` : "";
  return before + commands.map(commandText).join(" | ");
}

export function nodeText(one: Node): string {
  switch (one.node) {
    case "text":
      return goQuote(one.text);
    case "action":
      return `{{${pipeText(one.pipe)}}}`;
    case "template":
      return `{{template ${goQuote(one.name)}${one.pipe ? ` ${pipeText(one.pipe)}` : ""}}}`;
    case "break":
    case "continue":
      return `{{${one.node}}}`;
  }
  const otherwise = one.otherwise ? `{{else}}${one.otherwise.map(nodeText).join("")}` : "";
  return `{{${one.node} ${pipeText(one.pipe)}}}${one.list.map(nodeText).join("")}${otherwise}{{end}}`;
}

/** Words that operands begin with. */
export const operandTypes = new Set<TokenType>([
  "bool",
  "char-constant",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "raw",
  "string",
  "variable",
  "open",
]);
/** No commands but at the front of a pipeline. */
export const values = new Set(["bool", "dot", "nil", "number", "string"]);

export interface Template {
  /** As it was parsed, for places in errors. */
  text: string;
  name: string;
  /** Trees by name. */
  trees: Map<string, Node[]>;
}

/** Nothing but blanks. */
export const isEmpty = (list: readonly Node[]): boolean =>
  list.every((one) => one.node === "text" && one.text.trim() === "");
