/** The grammar of normal and visual mode: what the keys typed so far say. */

export interface Command {
  register?: string;
  count?: number;
  /** Its text is what `key` goes over; of a doubled one `key` is "line". */
  operator?: string;
  key: string;
  char?: string;
}

const operators = new Set(["d", "c", "y", "<", ">", "=", "!", "g~", "gu", "gU", "g?", "gq", "gw"]);
const prefixes = new Set(["g", "z", "Z", "[", "]", "\x17"]);
const withChar = new Set(["f", "F", "t", "T", "r", "m", "'", "`", "@", "g'", "g`"]);

class Reader {
  readonly keys: readonly string[];
  readonly command: Command = { key: "" };
  at = 0;
  #counts: number | undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** Registers and counts ahead of a key; false: more must come. */
  ahead(): boolean {
    for (;;) {
      const key = this.keys[this.at];
      if (key === undefined) return false;
      if (key === '"') {
        const name = this.keys[this.at + 1];
        if (name === undefined) return false;
        this.command.register = name;
        this.at += 2;
        continue;
      }
      if (!/^[1-9]$/.test(key)) return true;
      let digits = "";
      while (/^\d$/.test(this.keys[this.at] ?? "")) digits += this.keys[this.at++]!;
      const count = Math.min(99_999_999, Number(digits));
      this.#counts = Math.min(99_999_999, (this.#counts ?? 1) * count);
      this.command.count = this.#counts;
    }
  }

  /** A key with what belongs to it; undefined: more must come. */
  key(): string | undefined {
    const first = this.keys[this.at];
    if (first === undefined) return undefined;
    this.at++;
    if (!prefixes.has(first)) return first;
    const second = this.keys[this.at];
    if (second === undefined) return undefined;
    this.at++;
    return first + second;
  }
}

/** What keys say: a command, `undefined` while more must come, or that they are none. */
export function commandIn(keys: readonly string[], visual: boolean): Command | "none" | undefined {
  const reader = new Reader(keys);
  if (!reader.ahead()) return undefined;
  let key = reader.key();
  if (key === undefined) return undefined;
  const { command } = reader;
  let takesObject = visual;
  if (!visual && operators.has(key)) {
    command.operator = key;
    if (!reader.ahead()) return undefined;
    const operator = key;
    key = reader.key();
    if (key === undefined) return undefined;
    if (key === operator || (operator.startsWith("g") && key === operator[1]))
      return { ...command, key: "line" };
    takesObject = true;
  }
  command.key = key;
  const needsChar =
    withChar.has(key) ||
    (!visual && !command.operator && key === "q") ||
    (takesObject && (key === "i" || key === "a"));
  if (!needsChar) return command;
  const char = reader.keys[reader.at];
  if (char === undefined) return undefined;
  if (char === "esc" || char === "\x03") return "none";
  return { ...command, char };
}
/** What a key was, as the terminal sends it: for macros, and within a paste. */
const sequences: Record<string, string> = {
  esc: "\x1b",
  up: "\x1b[A",
  down: "\x1b[B",
  right: "\x1b[C",
  left: "\x1b[D",
  home: "\x1b[H",
  end: "\x1b[F",
  insert: "\x1b[2~",
  delete: "\x1b[3~",
  pageup: "\x1b[5~",
  pagedown: "\x1b[6~",
};

/** Names are longer than one character of ASCII. */
export const keyBytes = (key: string): string => {
  if (key.length === 1 || key.charCodeAt(0) >= 0x80) return key;
  return Object.hasOwn(sequences, key) ? sequences[key]! : "";
};
