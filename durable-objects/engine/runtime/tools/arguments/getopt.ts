/** getopt: options of a script, put in order and quoted for `eval set --`, as glibc reads them. */
import type { Program } from "../../kernel/types.ts";
import { options, type Options } from "../options.ts";
import { type Io, tool } from "../tool.ts";

interface Long {
  name: string;
  /** Its argument: none, required, optional. */
  takes: 0 | 1 | 2;
}

/** `foo,bar:,baz::` */
const longOptions = (texts: string[]): Long[] =>
  texts
    .flatMap((text) => text.split(/[,\s]+/))
    .filter(Boolean)
    .map((text) => {
      const name = text.replace(/:{1,2}$/, "");
      return { name, takes: (text.length - name.length) as Long["takes"] };
    });

type Quote = (word: string) => string;

const inShell: Quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;
const inCsh: Quote = (word) =>
  `'${word.replace(/['!\n\s]/g, (c) => (c === "'" ? "'\\''" : c === "\n" ? "\\n" : `'\\${c}'`))}'`;

class Parsing {
  readonly #say: (text: string) => void;
  readonly #short: string;
  readonly #long: Long[];
  readonly #singleDash: boolean;
  readonly #quote: Quote;
  readonly #words: string[];
  readonly out: string[] = [];
  bad = false;

  constructor(parts: {
    say: (text: string) => void;
    short: string;
    long: Long[];
    singleDash: boolean;
    quote: Quote;
    words: string[];
  }) {
    this.#say = parts.say;
    this.#short = parts.short.replace(/^[-+]?:?/, "");
    this.#long = parts.long;
    this.#singleDash = parts.singleDash;
    this.#quote = parts.quote;
    this.#words = [...parts.words];
  }

  /** `order`: operands end the options, stand among them, or come last. */
  run(order: "ends" | "among" | "last"): void {
    const operands: string[] = [];
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === "--") break;
      if (word.startsWith("--")) this.#longOption(word.slice(2), "--");
      else if (/^-./.test(word)) this.#dashed(word);
      else if (order === "among") this.out.push(this.#quote(word));
      else {
        operands.push(word);
        if (order === "ends") break;
      }
    }
    this.out.push("--", ...[...operands, ...this.#words].map(this.#quote));
  }

  #fail(text: string): void {
    this.#say(text);
    this.bad = true;
  }

  #dashed(word: string): void {
    const known = this.#short.includes(word.charAt(1)) && word.charAt(1) !== ":";
    if (this.#singleDash && (word.length > 2 || !known)) {
      if (this.#matches(word.slice(1).split("=")[0] ?? "").length > 0 || !known)
        return this.#longOption(word.slice(1), "-");
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const place = letter === ":" ? -1 : this.#short.indexOf(letter);
      if (place < 0) {
        this.#fail(`invalid option -- '${letter}'`);
        continue;
      }
      const rest = word.slice(at + 1);
      if (this.#short.charAt(place + 1) !== ":") this.out.push(`-${letter}`);
      else if (this.#short.charAt(place + 2) === ":" || rest) {
        this.out.push(`-${letter}`, this.#quote(rest));
        return;
      } else {
        const value = this.#words.shift();
        if (value === undefined) this.#fail(`option requires an argument -- '${letter}'`);
        else this.out.push(`-${letter}`, this.#quote(value));
      }
    }
  }

  #matches(name: string): Long[] {
    const exact = this.#long.find((one) => one.name === name);
    return exact ? [exact] : this.#long.filter((one) => one.name.startsWith(name));
  }

  #longOption(text: string, dashes: string): void {
    const [name = "", value] = text.split(/=(.*)/s);
    const found = this.#matches(name);
    const [first] = found;
    if (!first) return this.#fail(`unrecognized option '${dashes}${name}'`);
    if (found.length > 1 && (this.#singleDash || found.some((one) => one.takes !== first.takes))) {
      const all = found.map((one) => ` '${dashes}${one.name}'`).join("");
      return this.#fail(`option '${dashes}${text}' is ambiguous; possibilities:${all}`);
    }
    const shown = `'${dashes}${first.name}'`;
    if (first.takes === 0) {
      if (value !== undefined) return this.#fail(`option ${shown} doesn't allow an argument`);
      this.out.push(`--${first.name}`);
      return undefined;
    }
    const given = value ?? (first.takes === 1 ? this.#words.shift() : "");
    if (given === undefined) return this.#fail(`option ${shown} requires an argument`);
    this.out.push(`--${first.name}`, this.#quote(given));
  }
}

function quoteOf(opts: Options): Quote {
  if (opts.has("u")) return (word) => word;
  return /^t?csh$/.test(opts.value("s") ?? "") ? inCsh : inShell;
}

function read(io: Io): { opts: Options; optstring: string; words: string[] } | undefined {
  const [first] = io.args;
  const plain = first !== undefined && !first.startsWith("-");
  if (first === undefined) return undefined;
  // The old form: the letters come first, and nothing is quoted.
  if (plain) io.args.unshift("-u", "-o", io.args.shift()!.replace(/^[-+]+/, ""), "--");
  const long = {
    options: "o",
    longoptions: "l",
    quiet: "q",
    "quiet-output": "Q",
    shell: "s",
    test: "T",
    unquoted: "u",
    alternative: "a",
    name: "n",
  };
  const opts = options(io, "o:n:qQs:Tual:", long, true);
  const words = [...opts.rest];
  const optstring = opts.value("o") ?? words.shift();
  return optstring === undefined ? undefined : { opts, optstring, words };
}

export const getopt: Program = tool("getopt", (io) => {
  const given = read(io);
  if (!given) {
    if (io.args.includes("-T")) return 4;
    return io.fail("missing optstring argument");
  }
  const { opts, optstring, words } = given;
  if (opts.has("T")) return 4;
  const name = opts.value("n") ?? io.name;
  const quiet = opts.has("q") || /^[-+]?:/.test(optstring);
  const parsing = new Parsing({
    say: (text) => (quiet ? undefined : io.err(`${name}: ${text}\n`)),
    short: optstring,
    long: longOptions(opts.values("l")),
    singleDash: opts.has("a"),
    quote: quoteOf(opts),
    words,
  });
  const ends = optstring.startsWith("+") || io.sys.env.POSIXLY_CORRECT !== undefined;
  parsing.run(ends ? "ends" : optstring.startsWith("-") ? "among" : "last");
  if (!opts.has("Q")) io.out(` ${parsing.out.join(" ")}\n`);
  return parsing.bad ? 1 : 0;
});
