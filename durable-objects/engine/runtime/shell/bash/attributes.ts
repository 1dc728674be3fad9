/** A variable's marks, as bash writes and reads them. */
import {
  exported,
  indexed,
  integer,
  lowerCase,
  mapped,
  nameReference,
  readOnly,
  traced,
  upperCase,
  type Variable,
} from "../state.ts";
import { inMapOrder } from "./map-order.ts";
import { doubleQuoted } from "./quote.ts";

/** In the order in which `declare -p` shows them. */
export const attributeLetters: readonly (readonly [letter: string, mark: number])[] = [
  ["a", indexed],
  ["A", mapped],
  ["i", integer],
  ["n", nameReference],
  ["r", readOnly],
  ["t", traced],
  ["x", exported],
  ["l", lowerCase],
  ["u", upperCase],
];

export const lettersOf = (marks: number): string =>
  attributeLetters.map(([letter, mark]) => (marks & mark ? letter : "")).join("");

/** A key as it stands in brackets. */
const keyWord = (key: string): string =>
  // eslint-disable-next-line no-control-regex
  /^[\w./@%:,+-]+$/.test(key) ? key : doubleQuoted(key);

/** `([0]="a" [1]="b")`. */
export function listWords([, marks, elements = {}]: Variable): string {
  if (!(marks & mapped))
    return `(${Object.keys(elements)
      .map((key) => `[${key}]=${doubleQuoted(elements[key]!)}`)
      .join(" ")})`;
  const keys = inMapOrder(Object.keys(elements).map((key) => key.slice(1)));
  return `(${keys.map((key) => `[${keyWord(key)}]=${doubleQuoted(elements[`.${key}`]!)} `).join("")})`;
}

/** A line of `declare -p`, without its end. */
export function declaration(name: string, variable: Variable): string {
  const [value, marks, elements] = variable;
  const letters = lettersOf(marks) || "-";
  const head = `declare -${letters} ${name}`;
  if (elements) return value === null ? head : `${head}=${listWords(variable)}`;
  return value === null ? head : `${head}=${doubleQuoted(value)}`;
}
