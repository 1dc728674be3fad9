/** jq's command line. jq: src/main.c */
import { decodeUtf8, encodeUtf8 } from "../../bytes.ts";
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import { JsonParser, JsonProblem, parseJson } from "./json-parser.ts";
import type { TextStyle } from "./json-text.ts";
import { usageText, helpText } from "./usage-data.ts";
import type { Value } from "./values.ts";

export interface JqOptions {
  program: string;
  fromFile: boolean;
  files: string[];
  style: TextStyle;
  raw: boolean;
  join: boolean;
  rawInput: boolean;
  slurp: boolean;
  nullInput: boolean;
  status: boolean;
  seq: boolean;
  stream: boolean;
  named: Map<string, Value>;
  positional: Value[];
}

/** It ends before it begins: what it says, where, and the exit code. */
export class JqStop extends Error {
  override name = "JqStop";
  readonly fd: 1 | 2;
  readonly text: string;
  readonly code: number;
  constructor(text: string, code = 2, fd: 1 | 2 = 2) {
    super(text);
    this.text = text;
    this.code = code;
    this.fd = fd;
  }
}

const hint =
  "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq\n";
const wrong = (text: string): never => {
  throw new JqStop(`jq: ${text}\n${hint}`);
};

/** Colours of null, false, true, numbers, strings, arrays, objects. jq: jv_print.c */
const colors = ["1;30", "0;39", "0;39", "0;39", "0;32", "1;39", "1;39"].map((c) => `\x1b[${c}m`);

const long: Record<string, string> = {
  slurp: "s",
  "raw-output": "r",
  "compact-output": "c",
  "color-output": "C",
  "monochrome-output": "M",
  "ascii-output": "a",
  "null-input": "n",
  "from-file": "f",
  "join-output": "j",
  "exit-status": "e",
  "raw-input": "R",
  "sort-keys": "S",
  help: "h",
  version: "V",
  unbuffered: "unbuffered",
  tab: "tab",
  seq: "seq",
  stream: "stream",
};

class Reader {
  readonly sys: Sys;
  readonly words: string[];
  at = 0;
  program: string | undefined;
  readonly options: JqOptions;
  #indent: string | undefined = "  ";
  #further: "files" | "args" | "json" = "files";
  #color = false;

  constructor(sys: Sys) {
    this.sys = sys;
    this.words = sys.argv.slice(1).map(decodeUtf8);
    this.options = {
      program: ".",
      fromFile: false,
      files: [],
      style: {},
      raw: false,
      join: false,
      rawInput: false,
      slurp: false,
      nullInput: false,
      status: false,
      seq: false,
      stream: false,
      named: new Map<string, Value>(),
      positional: [],
    };
  }

  read(): JqOptions {
    let plain = false;
    while (this.at < this.words.length) {
      const word = this.words[this.at++]!;
      if (plain || !/^-./.test(word)) this.#operand(word);
      else if (word === "--") {
        if (this.program === undefined) throw new JqStop(usageText);
        plain = true;
      } else if (word.startsWith("--")) this.#long(word);
      else this.#letters(word);
    }
    const { options } = this;
    if (this.program === undefined && this.words.length > 0 && options.fromFile)
      throw new JqStop(usageText);
    options.program = this.program ?? ".";
    if (this.#indent !== undefined) options.style.indent = this.#indent;
    if (this.#color) options.style.colors = colors;
    return options;
  }

  #operand(word: string): void {
    if (this.program === undefined) this.program = word;
    else if (this.#further === "files") this.options.files.push(word);
    else if (this.#further === "args") this.options.positional.push(word);
    else this.options.positional.push(this.#json(word, "--jsonargs"));
  }

  #json(text: string, option: string): Value {
    try {
      return parseJson(encodeUtf8(text));
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error;
      return wrong(`invalid JSON text passed to ${option}`);
    }
  }

  #letters(word: string): void {
    for (const c of word.slice(1)) if (!this.#flag(c)) wrong(`Unknown option ${word}`);
    if (word.startsWith("-L") && word.length === 2) this.at++;
  }

  #flag(c: string): boolean {
    const { options } = this;
    if (c === "s") options.slurp = true;
    else if (c === "r") options.raw = true;
    else if (c === "j") options.raw = options.join = true;
    else if (c === "c") this.#indent = undefined;
    else if (c === "C") this.#color = true;
    else if (c === "M") this.#color = false;
    else if (c === "a") options.style.ascii = true;
    else if (c === "n") options.nullInput = true;
    else if (c === "f") options.fromFile = true;
    else if (c === "R") options.rawInput = true;
    else if (c === "S") options.style.sort = true;
    else if (c === "e") options.status = true;
    else if (c === "tab") this.#indent = "\t";
    else if (c === "seq") options.seq = true;
    else if (c === "stream") options.stream = true;
    else if (c === "h") throw new JqStop(helpText, 0, 1);
    else if (c === "V") throw new JqStop("jq-1.6\n", 0, 1);
    else return c === "unbuffered" || c === "L";
    return true;
  }

  #long(word: string): void {
    const name = word.slice(2);
    const flag = Object.hasOwn(long, name) ? long[name]! : undefined;
    if (flag !== undefined) {
      this.#flag(flag);
      return;
    }
    if (name === "args" || name === "jsonargs") this.#further = name === "args" ? "args" : "json";
    else if (name === "indent") this.#indentation();
    else if (/^(arg|argjson|slurpfile|rawfile|argfile)$/.test(name)) this.#variable(name);
    else wrong(`Unknown option ${word}`);
  }

  #indentation(): void {
    const word = this.words[this.at++];
    if (word === undefined) wrong("--indent takes one parameter");
    const count = parseInt(word!, 10) || 0;
    if (count < -1 || count > 7) wrong("--indent takes a number between -1 and 7");
    this.#indent = count < 0 ? "\t" : count === 0 ? undefined : " ".repeat(count);
  }

  #variable(option: string): void {
    const [name, text] = this.words.slice(this.at, this.at + 2);
    const what = { arg: "value", argjson: "text" }[option] ?? "filename";
    if (name === undefined || text === undefined)
      wrong(`--${option} takes two parameters (e.g. --${option} varname ${what})`);
    this.at += 2;
    const { named } = this.options;
    if (named.has(name!)) return;
    if (option === "arg") named.set(name!, text!);
    else if (option === "argjson") named.set(name!, this.#json(text!, "--argjson"));
    else named.set(name!, this.#file(option, name!, text!));
  }

  #file(option: string, name: string, file: string): Value {
    const bad = (text: string): never => {
      throw new JqStop(`jq: Bad JSON in --${option} ${name} ${file}: ${text}\n`);
    };
    let data: string;
    try {
      data = this.sys.readFile(encodeUtf8(file));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return bad(`Could not open ${file}: ${error.message}`);
    }
    if (option === "rawfile") return decodeUtf8(data);
    try {
      const values = allOf(data);
      return option === "argfile" && values.length === 1 ? values[0]! : values;
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error;
      return bad(error.message);
    }
  }
}

/** All JSON texts of a text. JsonProblem. */
function allOf(data: string): Value[] {
  const out: Value[] = [];
  const parser = new JsonParser();
  for (let at = 0; ;) {
    const found = parser.read(data, at);
    const value = found.value === undefined ? parser.finish() : found.value;
    if (value !== undefined) out.push(value);
    if (found.value === undefined) return out;
    at = found.at;
  }
}

/** What the words of a command line ask for. JqStop. */
export const readCommandLine = (sys: Sys): JqOptions => new Reader(sys).read();
