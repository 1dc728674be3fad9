/** Commands written out from their tree, laid out as bash lays functions out. bash: print_cmd.c */
import type { Arm, Node, Redirect } from "../ast.ts";

const step = 4;

export class CommandPrinter {
  readonly #nodes: readonly Node[];
  #out = "";
  #indent = 0;
  /** Commands stand beside each other, not below. */
  #inline = false;
  /** Here-documents that follow the line. */
  #documents: string[] = [];

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  /** The body of a function, braces and all, without a line end. */
  functionBody(body: number): string {
    const node = this.#nodes[body]!;
    if (node.k === "group") {
      this.#group(node.body);
      this.#redirects(node.redirs);
    } else {
      this.#out += "{ \n";
      this.#within(() => this.#node(body));
      this.#line("}");
    }
    return this.#out;
  }

  /** Any other command. */
  command(node: number): string {
    this.#inline = true;
    this.#node(node);
    return this.#out;
  }

  #group(body: number): void {
    if (this.#inline) {
      this.#out += "{ ";
      this.#node(body);
      this.#semicolon();
      this.#out += " }";
      return;
    }
    this.#out += "{ \n";
    this.#within(() => this.#node(body));
    this.#line("}");
  }

  #blank(): void {
    this.#out += " ".repeat(this.#indent);
  }

  /** A new line, behind the here-documents of the one before. */
  #line(text: string): void {
    this.#flush();
    this.#out += "\n";
    this.#blank();
    this.#out += text;
  }

  #flush(): void {
    for (const document of this.#documents.splice(0)) this.#out += `\n${document}\n`;
  }

  /** What `work` prints lies a step further in, on a line of its own. */
  #within(work: () => void): void {
    this.#indent += step;
    this.#blank();
    work();
    this.#indent -= step;
  }

  #semicolon(): void {
    if (this.#documents.length === 0 && !/[&\n]$/.test(this.#out)) this.#out += ";";
  }

  #body(open: string, body: number, close: string): void {
    this.#line(`${open}\n`);
    this.#within(() => this.#node(body));
    this.#semicolon();
    this.#line(close);
  }

  #node(at: number): void {
    const node = this.#nodes[at]!;
    switch (node.k) {
      case "list":
        return this.#list(node.items);
      case "and":
      case "or":
        this.#node(node.l);
        this.#out += node.k === "and" ? " && " : " || ";
        return this.#node(node.r);
      case "not":
        this.#out += "! ";
        return this.#node(node.body);
      case "pipe":
        return node.parts.forEach((part, i) => {
          if (i > 0) this.#out += " | ";
          this.#node(part);
        });
      case "cmd":
        this.#out += (node.raw ?? []).join(" ");
        return this.#redirects(node.redirs, (node.raw ?? []).length > 0);
      case "time":
        this.#out += node.posix ? "time -p " : "time ";
        if (node.body !== undefined) this.#node(node.body);
        return;
      case "coproc":
        this.#out += `coproc ${node.name} `;
        return this.#node(node.body);
      case "func":
        this.#out += `function ${node.name} () \n`;
        this.#blank();
        this.#out += this.#nested(node.body);
        return;
      default:
        this.#compound(node);
        this.#redirects(node.redirs);
    }
  }

  /** A function within a function. */
  #nested(body: number): string {
    const inner = new CommandPrinter(this.#nodes);
    inner.#indent = this.#indent;
    return inner.functionBody(body);
  }

  #compound(node: Extract<Node, { redirs: Redirect[] }>): void {
    switch (node.k) {
      case "sub":
        this.#out += "( ";
        this.#node(node.body);
        this.#out += " )";
        return;
      case "group":
        return this.#group(node.body);
      case "if":
        return this.#if(node);
      case "while":
      case "until":
        this.#out += `${node.k} `;
        this.#node(node.cond);
        this.#semicolon();
        this.#out += " do\n";
        this.#within(() => this.#node(node.body));
        this.#semicolon();
        return this.#line("done");
      case "for":
      case "select":
        this.#out += `${node.k} ${node.name} in ${node.raw || '"$@"'};`;
        return this.#body("do", node.body, "done");
      case "cfor":
        this.#out += `for ((${node.raw.join("; ")}))`;
        return this.#body("do", node.body, "done");
      case "case":
        return this.#case(node.raw ?? "", node.arms);
      case "cond":
      case "arith":
        this.#out += node.text;
    }
  }

  #if(node: Extract<Node, { k: "if" }>): void {
    this.#out += "if ";
    this.#node(node.cond);
    this.#semicolon();
    this.#out += " then\n";
    this.#within(() => this.#node(node.then));
    this.#semicolon();
    if (node.else !== undefined) {
      this.#line("else\n");
      const other = node.else;
      this.#within(() => this.#node(other));
      this.#semicolon();
    }
    this.#line("fi");
  }

  #case(word: string, arms: readonly Arm[]): void {
    this.#out += `case ${word} in `;
    this.#indent += step;
    for (const { raw = [], body, then = ";;" } of arms) {
      this.#line(`${raw.join(" | ")})\n`);
      if (body !== undefined) this.#within(() => this.#node(body));
      this.#line(then);
    }
    this.#indent -= step;
    this.#line("esac");
  }

  #list(items: Extract<Node, { k: "list" }>["items"]): void {
    items.forEach(({ node, bg }, i) => {
      this.#node(node);
      const last = i === items.length - 1;
      if (bg) this.#out += last ? " &" : " & ";
      else if (!last) {
        if (this.#documents.length === 0) this.#out += ";";
        if (this.#inline) this.#out += " ";
        else this.#line("");
      }
    });
  }

  #redirects(redirs: readonly Redirect[], blank = true): void {
    for (const [i, one] of redirs.entries()) {
      const { op, fd, raw } = one;
      const usual = op.startsWith("<") ? 0 : 1;
      const name = one.var === undefined ? (fd === usual ? "" : String(fd)) : `{${one.var}}`;
      if (blank || i > 0) this.#out += " ";
      if (op === "<<") {
        this.#out += `${name}<<${raw}`;
        this.#documents.push(`${one.doc ?? ""}${raw.replace(/["'\\]/g, "")}`);
      } else if (op === ">&" || op === "<&") this.#out += `${fd}${op}${raw}`;
      else this.#out += `${op.startsWith("&") ? "" : name}${op} ${raw}`;
    }
  }
}
