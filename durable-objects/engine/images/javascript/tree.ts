/** What JavaScript's text says, as a tree. */

/** A function: arrows have no `this` of their own; `line` is where it stands. */
export interface Fn {
  name: string;
  params: Node[];
  body: Statement[];
  arrow?: true;
  async?: true;
  line: number;
}

export interface Property {
  key: Node;
  value: Node;
  spread?: true;
}

export interface Member {
  key: Node;
  isStatic: boolean;
  /** A method, or a field's value. */
  method?: Fn;
  value?: Node;
}

export interface ClassNode {
  name: string;
  parent?: Node;
  members: Member[];
  line: number;
}

export type Node =
  | { t: "value"; v: string | number | boolean | null | undefined }
  | { t: "template"; texts: string[]; values: Node[] }
  | { t: "regex"; pattern: string; flags: string }
  | { t: "name"; n: string; line: number }
  | { t: "this" }
  | { t: "super" }
  | { t: "list"; items: (Node | null)[] }
  | { t: "object"; properties: Property[] }
  | { t: "fn"; fn: Fn }
  | { t: "class"; c: ClassNode }
  | { t: "unary"; op: string; e: Node }
  | { t: "update"; op: string; before: boolean; e: Node }
  | { t: "binary"; op: string; l: Node; r: Node }
  | { t: "logic"; op: string; l: Node; r: Node }
  | { t: "assign"; op: string; l: Node; r: Node }
  | { t: "choice"; c: Node; a: Node; b: Node }
  | { t: "call"; f: Node; args: Node[]; maybe?: true; line: number }
  | { t: "new"; f: Node; args: Node[]; line: number }
  | { t: "member"; o: Node; k: Node; maybe?: true; line: number }
  /** Ends with undefined where one of its `?.` finds nothing. */
  | { t: "chain"; e: Node }
  | { t: "sequence"; items: Node[] }
  | { t: "spread"; e: Node }
  | { t: "await"; e: Node; line: number };

export type Statement =
  | { s: "expression"; e: Node }
  | { s: "declare"; kind: "var" | "let" | "const"; list: [Node, Node | null][] }
  | { s: "fn"; fn: Fn }
  | { s: "class"; c: ClassNode }
  | { s: "return"; e: Node | null }
  | { s: "if"; c: Node; a: Statement; b: Statement | null }
  | {
      s: "for";
      init: Statement | null;
      c: Node | null;
      step: Node | null;
      body: Statement;
    }
  | {
      s: "each";
      of: boolean;
      kind: "var" | "let" | "const" | undefined;
      to: Node;
      e: Node;
      body: Statement;
    }
  | { s: "while"; c: Node; body: Statement; first: boolean }
  | { s: "leave"; word: "break" | "continue" }
  | { s: "throw"; e: Node; line: number }
  | {
      s: "try";
      body: Statement[];
      name: Node | null;
      handler: Statement[] | null;
      last: Statement[] | null;
    }
  | { s: "block"; body: Statement[] }
  | { s: "switch"; e: Node; cases: [Node | null, Statement[]][] };
