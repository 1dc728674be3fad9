/** What awk computes with, apart from any program. */
export class AwkError extends Error {
  override name = "AwkError";
}

/** One operation on two numbers. Throws AwkError for a division by zero. */
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
