/** Operators: how strongly they bind, and what they make. */
import type { Node } from "./tree.ts";

export const levels: Record<string, [level: number, assoc: "left" | "right" | "none"]> = {
  "'|'": [1, "right"],
  "','": [2, "left"],
  "//": [3, "right"],
  ...Object.fromEntries(
    ["'='", "|=", "+=", "-=", "*=", "/=", "%=", "//="].map((op) => [op, [4, "none"]]),
  ),
  or: [5, "left"],
  and: [6, "left"],
  ...Object.fromEntries(["==", "!=", "'<'", "'>'", "<=", ">="].map((op) => [op, [7, "none"]])),
  "'+'": [8, "left"],
  "'-'": [8, "left"],
  "'*'": [9, "left"],
  "'/'": [9, "left"],
  "'%'": [9, "left"],
};

export function binary(t: string, a: Node, b: Node): Node {
  const op = t.replace(/^'(.)'$/, "$1");
  switch (op) {
    case "|":
      return { k: "pipe", a, b };
    case ",":
      return { k: "comma", a, b };
    case "//":
      return { k: "alt", a, b };
    case "and":
    case "or":
      return { k: op, a, b };
    case "=":
      return { k: "assign", op: "", a, b };
    case "|=":
    case "+=":
    case "-=":
    case "*=":
    case "/=":
    case "%=":
    case "//=":
      return { k: "assign", op: op.slice(0, -1), a, b };
    default:
      return { k: "bin", op, a, b };
  }
}

/** What may stand behind a term, beside operators. */
export const behindTerm = new Set(
  "FIELD '.' '[' as '?' ')' ']' '}' ';' ':' then else elif end catch $end QQSTRING_INTERP_END".split(
    " ",
  ),
);
