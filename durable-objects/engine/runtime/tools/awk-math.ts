/** What awk computes with, apart from any program. */
export class AwkError extends Error {
  override name = "AwkError";
}

export function arithmetic(op: string, a: number, b: number): number {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "^":
      return a ** b;
    default:
      if (b === 0) throw new AwkError("Division by zero");
      return op === "/" ? a / b : a % b;
  }
}

/** Whether a place in an expression's source lies within a bracket. */
export function inSet(source: string, at: number): boolean {
  let inside = false;
  for (let i = 0; i < at; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "[") inside = true;
    else if (source[i] === "]") inside = false;
  }
  return inside;
}
