/** The tree of an awk program. */

export type Expr =
  | { k: "num"; v: number }
  | { k: "str"; v: string }
  | { k: "re"; v: string }
  | { k: "var"; name: string }
  | { k: "item"; name: string; by: Expr[] }
  | { k: "field"; of: Expr }
  | { k: "set"; op: string; to: Expr; v: Expr }
  | { k: "step"; op: string; of: Expr; before: boolean }
  | { k: "un"; op: string; of: Expr }
  | { k: "bin"; op: string; a: Expr; b: Expr }
  | { k: "if"; test: Expr; a: Expr; b: Expr }
  | { k: "in"; by: Expr[]; name: string }
  | { k: "group"; of: Expr[] }
  | { k: "call"; name: string; args: Expr[] }
  | { k: "builtin"; name: string; args: Expr[] }
  | { k: "getline"; from: "" | "<" | "|"; source?: Expr; to?: Expr };

export type Stmt =
  | { k: "block"; of: Stmt[] }
  | { k: "expr"; of: Expr }
  | { k: "print"; args: Expr[]; how: string; to?: Expr; format: boolean }
  | { k: "if"; test: Expr; a: Stmt; b?: Stmt }
  | { k: "while"; test: Expr; body: Stmt }
  | { k: "do"; test: Expr; body: Stmt }
  | { k: "for"; first?: Stmt; test?: Expr; next?: Stmt; body: Stmt }
  | { k: "each"; name: string; of: string; body: Stmt }
  | { k: "delete"; name: string; by?: Expr[] }
  | { k: "break" | "continue" | "next" | "nextfile" }
  | { k: "exit" | "return"; v?: Expr };

export interface Rule {
  from?: Expr;
  to?: Expr;
  body?: Stmt;
}

export interface AwkProgram {
  begin: Stmt[];
  end: Stmt[];
  rules: Rule[];
  functions: Map<string, { params: string[]; body: Stmt }>;
  /** It runs commands or reads other inputs in the middle of a record. */
  asks: boolean;
}

/** How to assign to an expression; undefined when nothing can be. */
export function lvalue(expr: Expr): ((value: { op: string; v: Expr }) => Expr) | undefined {
  if (expr.k === "var" || expr.k === "item" || expr.k === "field")
    return ({ op, v }) => ({ k: "set", op, to: expr, v });
  // `!x = y` and `a && x = y`: the assignment belongs to the last operand.
  if (expr.k === "un") {
    const inner = lvalue(expr.of);
    return inner && ((value) => ({ ...expr, of: inner(value) }));
  }
  if (expr.k === "bin" && expr.op !== "concat") {
    const inner = lvalue(expr.b);
    return inner && ((value) => ({ ...expr, b: inner(value) }));
  }
  return undefined;
}

/** Binary operators, loosest first. */
export const binaryLevels: string[][] = [
  ["||"],
  ["&&"],
  ["in"],
  ["~", "!~"],
  ["<", "<=", "!=", "==", ">", ">="],
  ["concat"],
  ["+", "-"],
  ["*", "/", "%"],
];
