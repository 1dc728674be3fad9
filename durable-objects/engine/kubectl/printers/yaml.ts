/**
 * YAML as sigs.k8s.io/yaml writes it: go.yaml.in/yaml v2 over what is in the JSON. Keys in its order, its choice of quotes, and
 * its folding of long texts. yaml: encode.go, resolve.go, emitterc.go, sorter.go
 */
import { encodeUtf8 } from "../../runtime/bytes.ts";
import { formatG } from "../go/float.ts";

/** Lines are folded at the first blank behind this column. yaml: emitterc.go, best_width of a new emitter */
const width = 80;
/** Longer keys are written with a `?`. yaml: emitterc.go yaml_emitter_check_simple_key */
const simpleKeyBytes = 128;

const isLetter = (c: string): boolean => /\p{L}/u.test(c);
const isDigit = (c: string): boolean => c >= "0" && c <= "9";

/** Numbers inside keys are compared as numbers. yaml: sorter.go keyList.Less */
export function compareKeys(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  const common = Math.min(x.length, y.length);
  for (let i = 0; i < common; i++) {
    const [p, q] = [x[i] as string, y[i] as string];
    if (p === q) continue;
    const [pl, ql] = [isLetter(p), isLetter(q)];
    if (pl && ql) return p < q ? -1 : 1;
    if (pl || ql) return ql ? -1 : 1;
    return compareRest(x, y, i);
  }
  return x.length - y.length;
}

function compareRest(x: readonly string[], y: readonly string[], from: number): number {
  let [xn, yn] = [0, 0];
  if (x[from] === "0" || y[from] === "0") {
    for (let j = from - 1; j >= 0 && isDigit(x[j] as string); j--) {
      if (x[j] === "0") continue;
      [xn, yn] = [1, 1];
      break;
    }
  }
  let [xi, yi] = [from, from];
  for (; xi < x.length && isDigit(x[xi] as string); xi++) xn = xn * 10 + Number(x[xi]);
  for (; yi < y.length && isDigit(y[yi] as string); yi++) yn = yn * 10 + Number(y[yi]);
  if (xn !== yn) return xn - yn;
  if (xi !== yi) return xi - yi;
  return (x[from] as string) < (y[from] as string) ? -1 : 1;
}

const words = new Set(
  (
    "y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF ~ null Null NULL " +
    ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF"
  ).split(" "),
);
const integer = /^[+-]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9]\d*|0)$/;
const float = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const stamp =
  /^\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?$/;
const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

/** Whether a plain text would be read as something else. yaml: resolve.go resolve, encode.go isBase60Float */
export function isOther(text: string): boolean {
  if (text === "" || words.has(text)) return true;
  const first = text.charAt(0);
  if (first === ".") return float.test(text.replaceAll("_", ""));
  if (!/[-+\d]/.test(first)) return false;
  const bare = text.replaceAll("_", "");
  return integer.test(bare) || float.test(bare) || stamp.test(text) || base60.test(text);
}

const isBreak = (c: string): boolean => /[\r\n\u0085\u2028\u2029]/.test(c);

/** yaml: yamlprivateh.go is_printable */
function isPrintable(c: string): boolean {
  const code = c.codePointAt(0) as number;
  if (code === 0x0a || (code >= 0x20 && code <= 0x7e)) return true;
  if (code < 0xa0 || code > 0xffff) return false;
  return (
    !(code >= 0xd800 && code < 0xe000) && code !== 0xfeff && code !== 0xfffe && code !== 0xffff
  );
}

interface Analysis {
  multiline: boolean;
  plain: boolean;
  single: boolean;
  block: boolean;
}

/** What a text may be written as. yaml: emitterc.go yaml_emitter_analyze_scalar */
function analyze(text: string): Analysis {
  const chars = [...text];
  const first = chars[0] as string;
  const last = chars.at(-1) as string;
  const blank = (c: string | undefined): boolean => c === undefined || c === " " || c === "\t";
  let indicators = /^(---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text);
  if (/^[?:-]/.test(first) && blank(chars[1])) indicators = true;
  let [breaks, special, breakSpace, spaceBreak] = [false, false, false, false];
  for (let i = 0; i < chars.length; i++) {
    const c = chars[i] as string;
    const before = chars[i - 1];
    if (i > 0 && c === ":" && blank(chars[i + 1])) indicators = true;
    if (i > 0 && c === "#" && (blank(before) || isBreak(before as string))) indicators = true;
    if (!isPrintable(c)) special = true;
    if (c === " " && before !== undefined && isBreak(before)) breakSpace = true;
    if (isBreak(c)) {
      breaks = true;
      if (before === " ") spaceBreak = true;
    }
  }
  const edges = first === " " || isBreak(first) || last === " " || isBreak(last);
  const odd = spaceBreak || special;
  return {
    multiline: breaks,
    plain: !edges && !breakSpace && !odd && !breaks && !indicators,
    single: !breakSpace && !odd,
    block: last !== " " && !odd,
  };
}

const escapes: Record<string, string> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\u0085": "N",
  "\u00a0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

function escaped(c: string): string {
  const known = escapes[c];
  if (known !== undefined) return `\\${known}`;
  const code = c.codePointAt(0) as number;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

class Emitter {
  out = "";
  #column = 0;

  put(text: string): void {
    this.out += text;
    const end = text.lastIndexOf("\n");
    this.#column = end < 0 ? this.#column + [...text].length : [...text.slice(end + 1)].length;
  }
  #fold(indent: number): void {
    this.put(`\n${" ".repeat(indent)}`);
  }

  /** A text as a value (`key`: as a key) whose following lines are indented. */
  text(text: string, indent: number, key = false): void {
    if (text === "") return this.put('""');
    const may = analyze(text);
    if (text.includes("\n")) {
      if (!key && may.block) return this.#literal(text, indent);
      return this.#double(text, indent, key);
    }
    if (isOther(text)) return this.#double(text, indent, key);
    if (may.plain) return this.#plain(text, indent, key);
    if (may.single && !(key && may.multiline)) return this.#single(text, indent, key);
    this.#double(text, indent, key);
  }

  #plain(text: string, indent: number, key: boolean): void {
    this.#words(text, indent, key, false);
  }
  #single(text: string, indent: number, key: boolean): void {
    this.put("'");
    this.#words(text.replaceAll("'", "''"), indent, key, true);
    this.put("'");
  }
  #words(text: string, indent: number, key: boolean, quoted: boolean): void {
    const chars = [...text];
    let spaces = false;
    for (let i = 0; i < chars.length; i++) {
      const c = chars[i] as string;
      if (c !== " ") {
        this.put(c);
        spaces = false;
        continue;
      }
      const inside = !quoted || (i > 0 && i < chars.length - 1);
      const folds = !key && !spaces && this.#column > width && inside && chars[i + 1] !== " ";
      if (folds) this.#fold(indent);
      else this.put(c);
      spaces = true;
    }
  }
  #double(text: string, indent: number, key: boolean): void {
    const chars = [...text];
    let spaces = false;
    this.put('"');
    for (let i = 0; i < chars.length; i++) {
      const c = chars[i] as string;
      if (!isPrintable(c) || isBreak(c) || c === '"' || c === "\\") this.put(escaped(c));
      else if (c === " ") {
        const inside = i > 0 && i < chars.length - 1;
        if (!key && !spaces && this.#column > width && inside) {
          this.#fold(indent);
          if (chars[i + 1] === " ") this.put("\\");
        } else this.put(c);
        spaces = true;
        continue;
      } else this.put(c);
      spaces = false;
    }
    this.put('"');
  }
  #literal(text: string, indent: number): void {
    const hint = /^[ \r\n\u0085\u2028\u2029]/.test(text) ? "2" : "";
    const chomp = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "";
    this.put(`|${hint}${chomp}`);
    const lines = text.split("\n");
    if (text.endsWith("\n")) lines.pop();
    for (const line of lines) this.put(line === "" ? "\n" : `\n${" ".repeat(indent)}${line}`);
  }

  /** What follows `key:` or `-`, on its line or below. */
  value(value: unknown, indent: number, inMap: boolean): void {
    if (Array.isArray(value)) {
      if (value.length === 0) return this.put(" []");
      if (inMap) return this.sequence(value, indent, true);
      this.put(" ");
      return this.sequence(value, indent + 2, false);
    }
    if (typeof value === "object" && value !== null) {
      const keys = keysOf(value);
      if (keys.length === 0) return this.put(" {}");
      if (!inMap) this.put(" ");
      return this.mapping(value as Record<string, unknown>, keys, indent + 2, inMap);
    }
    this.put(" ");
    this.scalar(value, indent + 2);
  }

  scalar(value: unknown, indent: number): void {
    if (typeof value === "string") return this.text(value, indent);
    if (typeof value === "number")
      return this.put(
        Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : formatG(value),
      );
    this.put(String(value));
  }

  sequence(items: readonly unknown[], indent: number, below: boolean): void {
    items.forEach((item, i) => {
      if (i > 0 || below) this.#fold(indent);
      this.put("-");
      this.value(item, indent, false);
    });
  }

  mapping(
    table: Record<string, unknown>,
    keys: readonly string[],
    indent: number,
    below: boolean,
  ): void {
    keys.forEach((key, i) => {
      if (i > 0 || below) this.#fold(indent);
      if ([...key].some(isBreak) || encodeUtf8(key).length > simpleKeyBytes) {
        this.put("? ");
        this.text(key, indent + 2);
        this.#fold(indent);
        this.put(":");
        this.value(table[key], indent, false);
        return;
      }
      this.text(key, indent + 2, true);
      this.put(":");
      this.value(table[key], indent, true);
    });
  }
}

const keysOf = (value: object): string[] =>
  Object.keys(value)
    .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
    .toSorted(compareKeys);

/** A value as a YAML document, with its line end. */
export function printYaml(value: unknown): string {
  const emitter = new Emitter();
  if (Array.isArray(value) && value.length > 0) emitter.sequence(value, 0, false);
  else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const keys = keysOf(value);
    if (keys.length === 0) emitter.put("{}");
    else emitter.mapping(value as Record<string, unknown>, keys, 0, false);
  } else if (Array.isArray(value)) emitter.put("[]");
  else emitter.scalar(value, 2);
  return `${emitter.out}\n`;
}
