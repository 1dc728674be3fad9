/** JSONPath templates over JSON values. k8s: client-go/util/jsonpath/jsonpath.go */
import { goQuote } from "../../machinery/field.ts";
import { kubectlTemplateStepsMax } from "../../core/limits.ts";
import { encodeUtf8 } from "../../runtime/bytes.ts";
import { Failure } from "../errors.ts";
import { goJson, sortedKeys } from "../go/json.ts";
import { goSyntax, goText } from "../go/format.ts";
import { compareBasic } from "../go/compare.ts";
import { parseJsonPath, type Node } from "./jsonpath-parser.ts";

type Value = unknown;
type Table = Record<string, Value>;

const isTable = (value: Value): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const typeName = (value: Value): string =>
  isTable(value)
    ? "map[string]interface {}"
    : typeof value === "string"
      ? "string"
      : typeof value === "boolean"
        ? "bool"
        : Number.isInteger(value)
          ? "int64"
          : "float64";

export class JsonPath {
  readonly #nodes: Node[];
  readonly #allowMissing: boolean;
  #begins = 0;
  #within = 0;
  #ends = 0;
  #lastEnd: Node | undefined;
  #steps = 0;

  constructor(template: string, allowMissing: boolean) {
    this.#nodes = parseJsonPath(template);
    this.#allowMissing = allowMissing;
  }

  /** What each part of the template finds. Failure. */
  find(data: Value): Value[][] {
    return this.#results(data, this.#nodes);
  }

  #results(data: Value, nodes: readonly Node[]): Value[][] {
    const out: Value[][] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as Node;
      const results = this.#walk([data], node);
      if (this.#ends > 0 && this.#ends <= this.#within) {
        this.#ends--;
        this.#lastEnd = node;
        break;
      }
      if (this.#begins > 0) {
        this.#begins--;
        this.#within++;
        const rest = nodes.slice(i + 1);
        if (results.length > 0)
          for (const value of results) out.push(...this.#results(value, rest));
        else this.#results(null, rest);
        this.#within--;
        const end = nodes.indexOf(this.#lastEnd as Node, i + 1);
        if (end >= 0) i = end;
        continue;
      }
      out.push(results);
    }
    return out;
  }

  #list(values: Value[], nodes: readonly Node[]): Value[] {
    let current = values;
    for (const node of nodes) current = this.#walk(current, node);
    return current;
  }

  #walk(values: Value[], node: Node): Value[] {
    const found = this.#found(values, node);
    this.#steps += found.length + 1;
    if (this.#steps > kubectlTemplateStepsMax) throw new Failure(tooMany);
    return found;
  }

  #found(values: Value[], node: Node): Value[] {
    switch (node.type) {
      case "list":
        return this.#list(values, node.nodes);
      case "text":
        return [node.text];
      case "literal":
        return values.map(() => node.value);
      case "field":
        return this.#field(values, node.name);
      case "array":
        return values.flatMap((value) => slice(value, node));
      case "filter":
        return values.flatMap((value) => this.#filter(value, node));
      case "wildcard":
        return values.flatMap(inside);
      case "recursive":
        return values.flatMap((value) => descend(value));
      case "union":
        return node.lists.flatMap((list) => this.#list(values, list));
      case "identifier":
        return this.#identifier(values, node.name);
    }
  }

  #identifier(values: Value[], name: string): Value[] {
    if (name === "range") {
      this.#begins++;
      return values;
    }
    if (name !== "end") throw new Failure(`unrecognized identifier ${name}`);
    if (this.#within === 0) throw new Failure("not in range, nothing to end");
    this.#ends++;
    return [];
  }

  #field(values: Value[], name: string): Value[] {
    if (values.length === 0) return [];
    const out: Value[] = [];
    for (const value of values)
      if (isTable(value) && Object.hasOwn(value, name)) out.push(value[name]);
    if (out.length === 0 && !this.#allowMissing) throw new Failure(`${name} is not found`);
    return out;
  }

  #filter(value: Value, node: Extract<Node, { type: "filter" }>): Value[] {
    if (!Array.isArray(value))
      throw new Failure(`${goText(value)} is not array or slice and cannot be filtered`);
    const out: Value[] = [];
    for (const item of value as Value[]) if (this.#passes(item, node)) out.push(item);
    return out;
  }

  #passes(item: Value, { left, right, operator }: Extract<Node, { type: "filter" }>): boolean {
    if (operator === "exists") {
      try {
        return this.#list([item], left).length > 0;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return false;
      }
    }
    const sides = [left, right].map((nodes) => this.#list([item], nodes));
    for (const side of sides) {
      if (side.length === 0) return false;
      if (side.length > 1) throw new Failure("can only compare one element at a time");
    }
    return compares(operator, sides[0]?.[0], sides[1]?.[0]);
  }
}

function compares(operator: string, a: Value, b: Value): boolean {
  const order = (): { equal: boolean; less: boolean } => compareBasic(a, b);
  switch (operator) {
    case "==":
      return order().equal;
    case "!=":
      return !order().equal;
    case "<":
      return compareBasic(a, b, true).less;
    case "<=":
      return compareBasic(a, b, true).less || order().equal;
    case ">":
      return !(compareBasic(a, b, true).less || order().equal);
    case ">=":
      return !compareBasic(a, b, true).less;
  }
  throw new Failure(`unrecognized filter operator ${operator}`);
}

function slice(value: Value, { params }: Extract<Node, { type: "array" }>): Value[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new Failure(`${typeName(value)} is not array or slice`);
  const { length } = value;
  let from = params[0].known ? params[0].value : 0;
  if (from < 0) from += length;
  let to = params[1].known ? params[1].value : length;
  if (to < 0 || (to === 0 && params[1].derived)) to += length;
  if (from === to) return [];
  const outside = (index: number): Failure =>
    new Failure(`array index out of bounds: index ${index}, length ${length}`);
  if (from >= length || from < 0) throw outside(from);
  if (to > length || to < 0) throw outside(to - 1);
  if (from > to) throw new Failure(`starting index ${from} is greater than ending index ${to}`);
  const step = params[2].known ? params[2].value : 1;
  if (step <= 0) throw new Failure("step must be > 0");
  const out: Value[] = [];
  for (let i = from; i < to; i += step) out.push(value[i]);
  return out;
}

/** What a value holds; of a text its bytes. */
function inside(value: Value): Value[] {
  if (Array.isArray(value)) return value as Value[];
  if (isTable(value)) return sortedKeys(value).map((key) => value[key]);
  if (typeof value === "string") return [...encodeUtf8(value)].map((c) => c.charCodeAt(0));
  return [];
}

/** A value and all that it holds, of what holds something. */
function descend(value: Value, out: Value[] = []): Value[] {
  const within = inside(value);
  if (within.length === 0) return out;
  if (out.push(value) > kubectlTemplateStepsMax) throw new Failure(tooMany);
  for (const one of within) descend(one, out);
  return out;
}

const tooMany = "the path finds too many values";

const isDeep = (value: Value): boolean => typeof value === "object" && value !== null;

function printed(results: readonly Value[], asJson: boolean): string {
  if (asJson) return `${goJson(results, "    ")}\n`;
  return results
    .map((value) => (value === null ? "null" : isDeep(value) ? goJson(value) : goText(value)))
    .join(" ");
}

/** `-o jsonpath=TEMPLATE`. Failure as the printer's, with what was looked at. */
export function printJsonPath(
  template: string,
  path: JsonPath,
  data: Value,
  asJson: boolean,
): string {
  try {
    return path
      .find(data)
      .map((results) => printed(results, asJson))
      .join("");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `error executing jsonpath ${goQuote(template)}: Error executing template: ${error.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(data)}\n\n\n`,
    );
  }
}

const relaxed = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/;

/** `metadata.name`, `.metadata.name`, `{metadata.name}` as a template. k8s: cmd/get/customcolumn.go RelaxedJSONPathExpression */
export function relaxedPath(text: string): string {
  if (text === "") return "";
  const match = relaxed.exec(text);
  if (!match)
    throw new Failure(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  return `{.${match[1] || match[2] || ""}}`;
}
