/** yq's command line. yq: cmd/root.go, cmd/utils.go */
import { decodeUtf8 } from "../../bytes.ts";
import { wrong } from "./node.ts";

export type Format = "yaml" | "json" | "props" | "csv" | "tsv";

export interface YqOptions {
  together: boolean;
  expression: string;
  files: string[];
  /** Undefined: by the name of the first file. */
  input: Format | undefined;
  output: Format | undefined;
  indent: number;
  pretty: boolean;
  inPlace: boolean;
  nullInput: boolean;
  status: boolean;
  noSeparators: boolean;
  /** Texts without quotes; undefined: as the format has it. */
  unwrap: boolean | undefined;
  nulEnds: boolean;
  split: string | undefined;
  help: boolean;
  version: boolean;
}

const formats: Record<string, Format | "auto"> = {
  auto: "auto",
  a: "auto",
  yaml: "yaml",
  y: "yaml",
  json: "json",
  j: "json",
  props: "props",
  p: "props",
  csv: "csv",
  c: "csv",
  tsv: "tsv",
  t: "tsv",
};
const withValue: Record<string, string> = {
  o: "output-format",
  p: "input-format",
  I: "indent",
  s: "split-exp",
  f: "front-matter",
};
const plain: Record<string, string> = {
  i: "inplace",
  n: "null-input",
  e: "exit-status",
  N: "no-doc",
  P: "prettyPrint",
  r: "unwrapScalar",
  "0": "nul-output",
  C: "colors",
  M: "no-colors",
  j: "tojson",
  v: "verbose",
  h: "help",
  V: "version",
};

class Reader {
  readonly words: string[];
  readonly positional: string[] = [];
  readonly options: YqOptions = {
    together: false,
    expression: "",
    files: [],
    input: undefined,
    output: undefined,
    indent: 2,
    pretty: false,
    inPlace: false,
    nullInput: false,
    status: false,
    noSeparators: false,
    unwrap: undefined,
    nulEnds: false,
    split: undefined,
    help: false,
    version: false,
  };
  forced: string | undefined;

  constructor(words: string[]) {
    this.words = words;
  }

  read(exists: (path: string) => boolean): YqOptions {
    const { words, options } = this;
    let plainOnly = false;
    while (words.length > 0) {
      const word = words.shift()!;
      if (plainOnly || word === "-" || !word.startsWith("-")) this.positional.push(word);
      else if (word === "--") plainOnly = true;
      else if (word.startsWith("--")) this.#long(word);
      else this.#letters(word);
    }
    const { positional } = this;
    if (/^(eval|e|eval-all|ea)$/.test(positional[0] ?? ""))
      options.together = positional.shift()!.includes("a", 1) && true;
    options.files = positional;
    if (this.forced !== undefined) options.expression = this.forced;
    else if (positional.length > 0 && positional[0] !== "-" && !exists(positional[0]!))
      options.expression = positional.shift()!;
    this.#check();
    return options;
  }

  #check(): void {
    const { options } = this;
    if (options.inPlace && (options.files.length === 0 || options.files[0] === "-"))
      wrong("write in place flag only applicable when giving an expression and at least one file");
    if (options.inPlace && options.split !== undefined)
      wrong("write in place cannot be used with split file");
    if (options.nullInput && options.files.length > 0)
      wrong("cannot pass files in when using null-input flag");
  }

  #letters(word: string): void {
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!;
      const long = withValue[letter];
      if (long) {
        let value: string | undefined = word.slice(i + 1).replace(/^=/, "");
        if (value === "") value = this.words.shift();
        if (value === undefined) wrong(`flag needs an argument: '${letter}' in -${word.slice(1)}`);
        this.#value(long, value!, `-${letter}, --${long}`);
        return;
      }
      const name = plain[letter];
      if (!name) wrong(`unknown shorthand flag: '${letter}' in ${word}`);
      if (word[i + 1] === "=") {
        this.#flag(name!, word.slice(i + 2) !== "false");
        return;
      }
      this.#flag(name!, true);
    }
  }

  #long(word: string): void {
    const [name = "", ...rest] = word.slice(2).split("=");
    let value: string | undefined = rest.length > 0 ? rest.join("=") : undefined;
    if (Object.values(withValue).includes(name) || name === "expression") {
      value ??= this.words.shift();
      if (value === undefined) wrong(`flag needs an argument: --${name}`);
      const letter = Object.entries(withValue).find(([, long]) => long === name)?.[0];
      this.#value(name, value!, letter ? `-${letter}, --${name}` : `--${name}`);
    } else if (Object.values(plain).includes(name) || name === "colors")
      this.#flag(name, value !== "false");
    else if (
      !/^(header-preprocess|string-interpolation|security-|yaml-|csv-auto|tsv-auto|xml-)/.test(name)
    )
      wrong(`unknown flag: --${name}`);
  }

  #value(name: string, value: string, shown: string): void {
    const { options } = this;
    if (name === "indent") {
      if (!/^\d+$/.test(value))
        wrong(
          `invalid argument "${value}" for "${shown}" flag: strconv.ParseInt: parsing "${value}": invalid syntax`,
        );
      options.indent = Math.min(Number(value), 9);
    } else if (name === "split-exp") options.split = value;
    else if (name === "expression") this.forced = value;
    else if (name === "output-format" || name === "input-format") {
      const format = Object.hasOwn(formats, value) ? formats[value] : undefined;
      if (!format)
        wrong(
          `unknown format '${value}' please use [yaml|y|kyaml|ky|json|j|props|p|csv|c|tsv|t|xml|x|base64|base64url|uri|toml|hcl|h|shell|s|lua|l|ini|i]`,
        );
      options[name === "output-format" ? "output" : "input"] =
        format === "auto" ? undefined : (format as Format);
    }
  }

  #flag(name: string, on: boolean): void {
    const { options } = this;
    if (name === "inplace") options.inPlace = on;
    else if (name === "null-input") options.nullInput = on;
    else if (name === "exit-status") options.status = on;
    else if (name === "no-doc") options.noSeparators = on;
    else if (name === "prettyPrint") options.pretty = on;
    else if (name === "unwrapScalar") options.unwrap = on;
    else if (name === "nul-output") options.nulEnds = on;
    else if (name === "tojson") options.output = "json";
    else if (name === "help") options.help = on;
    else if (name === "version") options.version = on;
  }
}

/** What the words of a command line ask for. YqError. */
export const readCommandLine = (
  argv: readonly string[],
  exists: (path: string) => boolean,
): YqOptions => new Reader(argv.slice(1).map(decodeUtf8)).read(exists);
