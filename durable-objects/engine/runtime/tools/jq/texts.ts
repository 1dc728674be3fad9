/** Texts of a program, with the expressions in them, and what is imported by them. */
import { CompileProblem, type Node } from "./tree.ts";
import { Words } from "./words.ts";

export const text = (v: string): Node => ({ k: "const", v });

export abstract class Texts extends Words {
  abstract expression(level: number): Node;

  importing(): void {
    const include = this.is("include");
    this.at++;
    if (!this.is("QQSTRING_START")) this.unexpected("FORMAT", "QQSTRING_START");
    const path = this.string();
    if (!include) {
      this.expect("as", "as");
      const variable = this.take("'$'");
      this.expect("IDENT", ...(variable ? ["IDENT"] : ["IDENT", "'$'"]));
    }
    this.expect("';'");
    const name = path.k === "const" ? String(path.v) : "";
    throw new CompileProblem([{ text: `module not found: ${name}\n`, at: -1 }]);
  }

  string(): Node {
    const format = this.is("FORMAT") ? this.token.text.slice(1) : "text";
    if (this.take("FORMAT") && !this.is("QQSTRING_START")) this.unexpected("QQSTRING_START");
    this.expect("QQSTRING_START");
    const parts: (string | Node)[] = [];
    for (;;) {
      const { token } = this;
      if (this.take("QQSTRING_END")) break;
      if (this.take("QQSTRING_TEXT")) parts.push(token.value as string);
      else if (this.take("QQSTRING_INTERP_START")) {
        parts.push(this.expression(1));
        this.expect("QQSTRING_INTERP_END");
      } else this.unexpected("QQSTRING_TEXT", "QQSTRING_INTERP_START", "QQSTRING_END");
    }
    if (parts.every((part) => typeof part === "string")) return text(parts.join(""));
    return { k: "text", format, parts };
  }
}
