/** Functions as operations of a machine of one stack, so that where a program stands is a number. */

/** Operation and its operand. */
export type Op = readonly [name: string, a?: unknown];

export interface Code {
  name: string;
  ops: Op[];
  /** Line of each operation. */
  lines: number[];
  arrow?: true;
  async?: true;
  /** At a prompt: what it declares stays. */
  typed?: true;
  /** Of a class: it is called with `new` alone. */
  constructs?: "base" | "derived";
  /** Parameters before the first with a value of its own. */
  length: number;
}

/** The functions of one text; the first is its whole. */
export interface Unit {
  codes: Code[];
}
