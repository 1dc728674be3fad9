/** Tokens that are values. cel-go: parser/parser.go VisitInt ... */
import type { Token } from "./lexer.ts";
import { bytesOf, stringOf } from "./literals.ts";
import { Uint, type Value } from "./values.ts";

/** The value of a literal, or what is wrong with it; undefined: it is none. */
export function literalOf(
  token: Token,
  negative: boolean,
): Value | { problem: string } | undefined {
  const { text } = token;
  switch (token.kind) {
    case "int": {
      const value = negative ? -BigInt(text) : BigInt(text);
      return BigInt.asIntN(64, value) === value ? value : { problem: "invalid int literal" };
    }
    case "uint": {
      const value = BigInt(text.slice(0, -1));
      return BigInt.asUintN(64, value) === value
        ? new Uint(value)
        : { problem: "invalid uint literal" };
    }
    case "float": {
      const value = Number(text);
      if (!Number.isFinite(value)) return { problem: "invalid double literal" };
      return negative ? -value : value;
    }
    case "string": {
      const found = stringOf(text);
      return "text" in found ? found.text : found;
    }
    case "bytes": {
      const found = bytesOf(text.slice(1));
      return typeof found === "string" ? { problem: found } : found;
    }
    case "sign":
      if (text === "true" || text === "false") return text === "true";
      return text === "null" ? null : undefined;
    default:
      return undefined;
  }
}
