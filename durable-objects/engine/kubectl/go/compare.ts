/** Comparisons of basic values as text/template makes them. Go: text/template/funcs.go eq, lt */
import { Failure } from "../errors.ts";

type Kind = "bool" | "int" | "float" | "string" | "other";

function kindOf(value: unknown): Kind {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return "other";
}

/** Whether two values are equal, and whether the first is less. Failure where they cannot be compared. */
export function compareBasic(
  a: unknown,
  b: unknown,
  ordered = false,
): { equal: boolean; less: boolean } {
  const [x, y] = [kindOf(a), kindOf(b)];
  if (x === "other" || y === "other") throw new Failure("invalid type for comparison");
  if (x !== y) throw new Failure("incompatible types for comparison");
  if (ordered && x === "bool") throw new Failure("invalid type for comparison");
  const [p, q] = [a as string, b as string];
  return { equal: p === q, less: p < q };
}
