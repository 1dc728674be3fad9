import { RegExpParser, visitRegExpAST, type AST } from "@eslint-community/regexpp";
import { analyse } from "scslre";
import { parseSync } from "vite";
import { stepCounter, stepsMax, takes } from "./pattern-steps.ts";

/**
 * Patterns whose matching takes more than linear time for some text: V8 cannot be interrupted while it matches. scslre
 * judges by the shape; what it does not see is found by counting the steps of a backtracking matcher on repeated pieces
 * of the pattern's own text.
 */

export interface Pattern {
  line: number;
  source: string;
  flags: string;
}

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

/** Top-level constants with constant text, of the file or (by their path as imported) of others. */
export type Constants = Map<string, string>;

/** Text that stands in the source: literals, templates and sums of such, and names of constants. */
function textOf(node: Node | undefined, constants: Constants): string | undefined {
  if (!node) return undefined;
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type === "Identifier") return constants.get(String(node["name"]));
  if (node.type === "BinaryExpression" && node["operator"] === "+") {
    const left = textOf(node["left"] as Node, constants);
    const right = textOf(node["right"] as Node, constants);
    return left === undefined || right === undefined ? undefined : left + right;
  }
  if (node.type !== "TemplateLiteral") return undefined;
  const quasis = node["quasis"] as { value: { cooked: string } }[];
  const values = (node["expressions"] as Node[]).map((value) => textOf(value, constants));
  if (values.some((value) => value === undefined)) return undefined;
  return quasis.map(({ value }, i) => value.cooked + (values[i] ?? "")).join("");
}

function walk(node: unknown, visit: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && typeof node.type === "string") visit(node as Node);
  for (const value of Object.values(node)) walk(value, visit);
}

/** What of a file has to do with patterns. */
interface Parts {
  literals: Pattern[];
  /** `RegExp(...)`, with its arguments. */
  calls: { line: number; args: Node[] }[];
  /** Top-level `const NAME = ...`, where that may be text. */
  constants: { name: string; init: Node }[];
}

/** Files as they were read last: parsing the project takes seconds, and each is asked for more than once. */
const known = new Map<string, { text: string; parts: Parts }>();

function partsOf(file: string, text: string): Parts {
  const before = known.get(file);
  if (before?.text === text) return before.parts;
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const parts: Parts = { literals: [], calls: [], constants: [] };
  const lineOf = (node: Node): number => text.slice(0, node.start).split("\n").length;
  walk(program, (node) => {
    const regex = node["regex"] as { pattern: string; flags: string } | undefined;
    if (node.type === "Literal" && regex) {
      parts.literals.push({ line: lineOf(node), source: regex.pattern, flags: regex.flags });
    }
    if (node.type !== "NewExpression" && node.type !== "CallExpression") return;
    if ((node["callee"] as Node)["name"] !== "RegExp") return;
    parts.calls.push({ line: lineOf(node), args: node["arguments"] as Node[] });
  });
  for (const statement of program.body as unknown as Node[]) {
    const inner = (statement["declaration"] as Node | undefined) ?? statement;
    if (inner.type !== "VariableDeclaration") continue;
    for (const { id, init } of inner["declarations"] as { id: Node; init?: Node }[]) {
      if (init && textual.has(init.type)) parts.constants.push({ name: String(id["name"]), init });
    }
  }
  known.set(file, { text, parts });
  return parts;
}

/** Of nodes that `textOf` reads. */
const textual = new Set(["Literal", "Identifier", "BinaryExpression", "TemplateLiteral"]);

/** Regex literals of a source text, and `RegExp(...)` of constant text. `imported`: constants of other files by name. */
export function patternsOf(file: string, text: string, imported: Constants = new Map()): Pattern[] {
  const { literals, calls } = partsOf(file, text);
  if (calls.length === 0) return literals;
  const constants: Constants = new Map([...imported, ...constantsOf(file, text, imported)]);
  const made = calls.flatMap(({ line, args }) => {
    const [source, flags] = args.map((one) => textOf(one, constants));
    return source === undefined ? [] : [{ line, source, flags: flags ?? "" }];
  });
  return [...literals, ...made];
}

/** Top-level `const NAME = text` of a file. */
export function constantsOf(
  file: string,
  text: string,
  imported: Constants = new Map(),
): Constants {
  const own: Constants = new Map();
  const all: Constants = new Map(imported);
  for (const { name, init } of partsOf(file, text).constants) {
    const value = textOf(init, all);
    if (value === undefined) continue;
    own.set(name, value);
    all.set(name, value);
  }
  return own;
}

const parser = new RegExpParser();

/** What is wrong with a pattern; undefined: it is linear as far as can be seen. Throws SyntaxError. */
export function ambiguity({ source, flags }: Omit<Pattern, "line">): string | undefined {
  const mode = { unicode: flags.includes("u"), unicodeSets: flags.includes("v") };
  const pattern = parser.parsePattern(source, 0, source.length, mode);
  const { reports } = analyse({ pattern, flags: parser.parseFlags(flags) });
  const [report] = reports;
  if (report) {
    const where = report.type === "Trade" ? report.startQuant : report.quant;
    return `${report.exponential ? "exponential" : "polynomial"} at ${where.raw}`;
  }
  const steps = stepCounter(pattern, flags);
  for (const { prefix, pump, suffix } of attacks(pattern, flags)) {
    const cost = (times: number): number => steps(prefix + pump.repeat(times) + suffix);
    const middle = cost(32);
    const grows = middle >= stepsMax || middle > growthMax * cost(16);
    // Seen twice: what only starts beyond some length grows once.
    if (grows && (middle >= stepsMax || cost(64) > growthMax * middle))
      return `more than linear on ${JSON.stringify(`${prefix}${pump}${pump}...${suffix}`)}`;
  }
  return undefined;
}

/** Twice the text may cost twice the steps, a little more while constants still weigh. */
const growthMax = 2.8;

interface Attack {
  prefix: string;
  pump: string;
  suffix: string;
}

const letters = [..."a0 /-.\n\t\"'=<,:;AZ_%é!"];

/** Texts made of the pattern's own pieces: a way into it, something to repeat, and an end that does not fit. */
function* attacks(pattern: AST.Pattern, flags: string): Generator<Attack> {
  const samples = sampler(pattern, flags);
  const prefixes = new Set([""]);
  const pumps = new Set<string>();
  let repeats = false;
  visitRegExpAST(pattern, {
    onQuantifierEnter(node) {
      if (node.max < 10) return;
      repeats = true;
      const before = samples.before(node);
      prefixes.add(before);
      pumps.add(before);
      for (const one of samples.all(node.element)) {
        pumps.add(one);
        pumps.add(before + one);
      }
    },
    onAlternativeEnter(node) {
      if (node.parent.type !== "Pattern" && node.parent.parent.type === "Quantifier")
        pumps.add(samples.of(node));
    },
  });
  for (const one of samples.all(pattern)) pumps.add(one);
  pumps.delete("");
  // At the end of a line `$` holds, and after it `^`.
  if (flags.includes("m")) for (const pump of [...pumps]) pumps.add(`${pump}\n`);
  if (!repeats) return;
  for (const prefix of prefixes)
    for (const pump of pumps) for (const suffix of ["", "\0", "\n"]) yield { prefix, pump, suffix };
}

function sampler(pattern: AST.Pattern, flags: string) {
  const own: string[] = [];
  visitRegExpAST(pattern, {
    onCharacterEnter: ({ value }) => own.push(String.fromCodePoint(value)),
  });
  const alphabet = [...new Set([...letters, ...own])];
  const known = new Map<AST.Node, string[]>();
  /** Some texts that an element takes: for one character up to three, else the shortest of each alternative. */
  const all = (node: AST.Node): string[] => {
    const before = known.get(node);
    if (before) return before;
    const found = make(node);
    known.set(node, found);
    return found;
  };
  const of = (node: AST.Node): string => all(node)[0] ?? "";
  const make = (node: AST.Node): string[] => {
    switch (node.type) {
      case "Pattern":
      case "Group":
      case "CapturingGroup":
        return node.alternatives.map(of);
      case "Alternative":
        return [node.elements.map(of).join("")];
      case "Quantifier":
        return [of(node.element).repeat(Math.max(node.min, Math.min(1, node.max)))];
      case "Assertion":
        return [""];
      case "Backreference":
        return [of([node.resolved].flat()[0] as AST.Node)];
      default: {
        const taken = alphabet.filter(takes(node as AST.Element, flags));
        return [...taken.slice(0, 2), ...taken.filter((c) => own.includes(c)).slice(0, 2)];
      }
    }
  };
  /** What leads to a node: samples of all that stands before it, outwards. */
  const before = (node: AST.Node): string => {
    const parent = node.parent as AST.Node | null;
    if (!parent) return "";
    const here =
      parent.type === "Alternative"
        ? parent.elements
            .slice(0, parent.elements.indexOf(node as AST.Element))
            .map(of)
            .join("")
        : "";
    return before(parent) + here;
  };
  return { all, of, before };
}
