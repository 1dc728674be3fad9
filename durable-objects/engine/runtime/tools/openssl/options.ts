/** The words behind a verb of openssl: options with a value or without, files, and what is printed of what cannot be used. */
import { Errno } from "../../errno.ts";
import { type Io, ToolExit } from "../tool.ts";

export interface Options {
  /** Values by option, `-out` as `out`; those without a value are "". The last one holds. */
  readonly values: ReadonlyMap<string, string>;
  /** Values of options that may be given several times. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** What is no option. */
  readonly words: readonly string[];
}

export const digests = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];

/** Which options a verb knows. `unknown`: how it calls one that it does not know. */
export interface Usage {
  valued: string;
  plain: string;
  /** Takes a message digest as an option. */
  digest?: true;
  unknown: string;
}

export function fail(io: Io, verb: string, text: string): never {
  io.err(`${verb}: ${text}\n`);
  throw new ToolExit(1);
}

export function parse(io: Io, verb: string, words: readonly string[], usage: Usage): Options {
  const valued = new Set(usage.valued.split(" "));
  const plain = new Set(usage.plain.split(" "));
  const all = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (!word.startsWith("-") || word === "-") {
      rest.push(word);
      continue;
    }
    const name = word.replace(/^--?/, "");
    if (valued.has(name)) {
      const value = words[++at];
      if (value === undefined)
        fail(io, verb, `Option -${name} needs a value\n${verb}: Use -help for summary.`);
      all.set(name, [...(all.get(name) ?? []), value]);
    } else if (plain.has(name) || (usage.digest && digests.includes(name))) all.set(name, [""]);
    else fail(io, verb, `${usage.unknown}: ${name}\n${verb}: Use -help for summary.`);
  }
  const values = new Map([...all].map(([name, list]) => [name, list.at(-1) ?? ""]));
  return { values, all, words: rest };
}

/** A file's text; says why not and ends. `what`: `certificate`, `private key`. */
export function read(io: Io, file: string, what: string): string {
  try {
    return io.sys.readFile(file);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.err(`Could not open file or uri for loading ${what} from ${file}: ${error.message}\n`);
    throw new ToolExit(1);
  }
}

/** Writes to the file of `-out`, else to standard output. Files of secrets are their owner's alone. */
export function write(io: Io, file: string | undefined, text: string, secret = false): void {
  if (file === undefined) {
    io.out(text);
    return;
  }
  const { sys } = io;
  try {
    const isNew = sys.peek(file) === undefined;
    sys.writeFile(file, text);
    if (secret && isNew) sys.chmod(file, 0o600);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.err(`Can't open "${file}" for writing, ${error.message}\n`);
    throw new ToolExit(1);
  }
}

const daysDefault = 30;

/** How long a certificate is good for. */
export function daysOf(io: Io, verb: string, { values }: Options): number {
  const given = values.get("days");
  const days = Number(given ?? daysDefault);
  return Number.isInteger(days) ? days : fail(io, verb, `Can't parse "${given}" as a number`);
}
