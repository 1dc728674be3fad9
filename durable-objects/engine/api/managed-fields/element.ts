/**
 * Path elements in their FieldsV1 spelling: `f:name`, `k:{"name":"a"}`, `v:"x"`, `i:0`.
 * k8s: structured-merge-diff/fieldpath/serialize-pe.go and element.go
 */
import { goQuote } from "../../machinery/field.ts";
import { goFormat, goJson, isObject } from "../../schema/patch/go-value.ts";

export const fieldElement = (name: string): string => `f:${name}`;
export const valueElement = (value: unknown): string => `v:${goJson(value)}`;

/** `pairs` sorted by name. */
export const keyElement = (pairs: readonly (readonly [string, unknown])[]): string =>
  `k:{${pairs.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(",")}}`;

const printValue = (value: unknown): string => {
  if (typeof value === "string") return goQuote(value);
  return value === null ? "null" : goFormat(value);
};

const parsed = (element: string): unknown => JSON.parse(element.slice(2));

const sortedPairs = (element: string): [string, unknown][] =>
  Object.entries(parsed(element) as Record<string, unknown>).sort(([a], [b]) =>
    a < b ? -1 : a > b ? 1 : 0,
  );

/** As paths read in messages: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
export function printElement(element: string): string {
  switch (element[0]) {
    case "f":
      return `.${element.slice(2)}`;
    case "k":
      return `[${sortedPairs(element)
        .map(([name, value]) => `${name}=${printValue(value)}`)
        .join(",")}]`;
    case "v":
      return `[=${printValue(parsed(element))}]`;
    default:
      return `[${element.slice(2)}]`;
  }
}

const TYPE_ORDER = ["number", "string", "boolean"];

/** Numbers before strings before booleans. k8s: structured-merge-diff/value Compare */
function compareScalars(a: unknown, b: unknown): number {
  const byType = TYPE_ORDER.indexOf(typeof a) - TYPE_ORDER.indexOf(typeof b);
  if (byType) return byType;
  const [left, right] = [a as string, b as string];
  return left < right ? -1 : left > right ? 1 : 0;
}

function comparePairs(a: [string, unknown][], b: [string, unknown][]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [leftName, left] = a[i] as [string, unknown];
    const [rightName, right] = b[i] as [string, unknown];
    if (leftName !== rightName) return leftName < rightName ? -1 : 1;
    const order = compareScalars(left, right);
    if (order) return order;
  }
  return a.length - b.length;
}

/** The member mark comes first, then fields, keys, values, indices. */
const CLASSES = ".fkvi";

/** k8s: structured-merge-diff/fieldpath PathElement.Compare */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0;
  const kind = a[0] as string;
  const byClass = CLASSES.indexOf(kind) - CLASSES.indexOf(b[0] as string);
  if (byClass) return byClass;
  if (kind === "k") return comparePairs(sortedPairs(a), sortedPairs(b));
  if (kind === "v") return compareScalars(parsed(a), parsed(b));
  if (kind === "i") return Number(a.slice(2)) - Number(b.slice(2));
  return a < b ? -1 : 1;
}

/** Sorts in place; a node of fields alone, the common case, needs no parsing. */
export function sortElements(elements: string[]): string[] {
  const plain = elements.every((e) => e[0] === "f" || e[0] === ".");
  return plain ? elements.sort() : elements.sort(compareElements);
}

/**
 * The canonical spelling of an element a client wrote. Undefined: of a kind unknown here, to be ignored.
 * Throws an Error for a malformed one.
 */
export function canonicalElement(element: string): string | undefined {
  if (element.length < 2) throw new Error("key must be 2 characters long:");
  if (element[1] !== ":") throw new Error(`missing colon: ${element}`);
  switch (element[0]) {
    case "f":
      return element;
    case "k": {
      if (!isObject(parsed(element))) throw new Error(`expect { or n, but found: ${element}`);
      return keyElement(sortedPairs(element));
    }
    case "v":
      return valueElement(parsed(element));
    case "i": {
      if (!/^i:[+-]?\d+$/.test(element)) {
        throw new Error(`strconv.Atoi: parsing ${goQuote(element.slice(2))}: invalid syntax`);
      }
      return `i:${Number(element.slice(2))}`;
    }
    default:
      return undefined;
  }
}
