/**
 * The little of Python and JavaScript that one-liners of tutorials use: printing, sleeping, exiting, the environment, the
 * host's name, counting for ever. What goes beyond it is refused in clear words instead of being got wrong.
 */

export type Action =
  | { k: "print"; text: Part[]; err?: true }
  | { k: "sleep"; ms: number }
  | { k: "exit"; code: number };

/** A piece of printed text. */
export type Part = string | { env: string; otherwise?: string } | { host: true } | { now: true };

export interface Snippet {
  /** Once; then, with `loop`, over and over. */
  actions: Action[];
  loop?: Action[];
}

const string = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'`;

const unquote = (text: string): string =>
  text.slice(1, -1).replace(/\\(.)/g, (_, c: string) => ({ n: "\n", t: "\t", r: "\r" })[c] ?? c);

interface Language {
  /** Statements that change nothing here. */
  ignored: RegExp;
  print: RegExp;
  /** Arguments at the end of a print that are no values: the stream they choose. */
  options?: Map<string, string>;
  /** Joins several printed values. */
  glue: string;
  sleep?: RegExp;
  exit: RegExp;
  atoms: [RegExp, (match: RegExpExecArray) => Part][];
  /** `"a" + "b"`. */
  plus: string;
}

export const python: Language = {
  ignored: /^(import [\w., ]+|from [\w.]+ import [\w, ]+|pass)$/,
  print: /^print\(([^]*)\)$/,
  options: new Map([
    ["flush=True", ""],
    ["file=sys.stdout", "stdout"],
    ["file=sys.stderr", "stderr"],
  ]),
  glue: " ",
  sleep: /^(?:time\.)?sleep\(([\d.]+)\)$/,
  exit: /^(?:sys\.|os\._)?exit\((\d*)\)$/,
  plus: "+",
  atoms: [
    [new RegExp(`^(${string})$`, "s"), ([, text]) => unquote(text ?? '""')],
    [/^-?\d+(\.\d+)?$/, ([text]) => text],
    [new RegExp(`^os\\.environ\\[(${string})\\]$`), ([, name]) => ({ env: unquote(name ?? '""') })],
    [
      new RegExp(`^os\\.(?:getenv|environ\\.get)\\((${string})(?:,\\s*(${string}))?\\)$`),
      ([, name, otherwise]) => ({
        env: unquote(name ?? '""'),
        otherwise: otherwise ? unquote(otherwise) : "None",
      }),
    ],
    [
      /^(socket\.gethostname\(\)|platform\.node\(\)|os\.uname\(\)\.nodename)$/,
      () => ({ host: true }),
    ],
    [/^(datetime\.datetime|datetime)\.now\(\)$/, () => ({ now: true })],
    [/^str\((\d+)\)$/, ([, text]) => text ?? ""],
  ],
};

export const javascript: Language = {
  ignored: /^((const|let|var) \w+ = require\((['"])(node:)?(os|process|fs|http)\3\))$/,
  print: /^console\.(?:log|info|error)\((.*)\)$/s,
  glue: " ",
  exit: /^process\.exit\((\d*)\)$/,
  plus: "+",
  atoms: [
    [new RegExp(`^(${string})$`, "s"), ([, text]) => unquote(text ?? '""')],
    [/^`([^`$\\]*)`$/s, ([, text]) => text ?? ""],
    [/^-?\d+(\.\d+)?$/, ([text]) => text],
    [/^process\.env\.(\w+)$/, ([, name]) => ({ env: name ?? "", otherwise: "undefined" })],
    [/^(?:os|require\((?:'os'|"os")\))\.hostname\(\)$/, () => ({ host: true })],
    [/^process\.version$/, () => "v24.11.1"],
    [/^new Date\(\)(\.toISOString\(\))?$/, () => ({ now: true })],
  ],
};

/** Splits at a character outside quotes and brackets; undefined when they do not close. */
function split(text: string, at: RegExp): string[] | undefined {
  const out: string[] = [];
  let depth = 0;
  let quote = "";
  let part = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote) {
      if (c === "\\") part += c + text.charAt(++i);
      else part += c;
      if (c === quote) quote = "";
      continue;
    }
    if (`"'\``.includes(c)) quote = c;
    else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    if (depth === 0 && !quote && at.test(c)) {
      out.push(part);
      part = "";
    } else part += c;
  }
  out.push(part);
  return depth === 0 && !quote ? out : undefined;
}

function parts(language: Language, text: string): Part[] | undefined {
  const out: Part[] = [];
  const values = text.trim() === "" ? [] : split(text, /,/);
  if (!values) return undefined;
  for (const [i, value] of values.entries()) {
    if (i > 0) out.push(language.glue);
    const atoms = split(value, /\+/);
    if (!atoms) return undefined;
    for (const atom of atoms) {
      const found = language.atoms.map(([pattern, make]) => {
        const match = pattern.exec(atom.trim());
        return match && make(match);
      });
      const part = found.find((one) => one !== null);
      if (part === undefined || part === null) return undefined;
      out.push(part);
    }
  }
  return out;
}

function withoutOptions(language: Language, values: string): { values: string; stream: string } {
  let stream = "";
  for (let left = values; ;) {
    const comma = left.lastIndexOf(",");
    const option = language.options?.get(left.slice(comma + 1).trim());
    if (comma < 0 || option === undefined) return { values: left, stream };
    stream ||= option;
    left = left.slice(0, comma);
  }
}

function statement(language: Language, text: string): Action | "nothing" | undefined {
  if (text === "" || text.startsWith("#") || text.startsWith("//") || language.ignored.test(text))
    return "nothing";
  const sleep = language.sleep?.exec(text);
  if (sleep) return { k: "sleep", ms: Number(sleep[1]) * 1000 };
  const exit = language.exit.exec(text);
  if (exit) return { k: "exit", code: Number(exit[1] || 0) };
  const print = language.print.exec(text);
  const { values, stream } = withoutOptions(language, print?.[1] ?? "");
  const printed = print && parts(language, values);
  if (!printed) return undefined;
  const err = stream === "stderr" || text.startsWith("console.error");
  return { k: "print", text: [...printed, "\n"], ...(err ? { err } : {}) };
}

/** A program of such statements, or the first one that is not understood. */
export function parseSnippet(language: Language, source: string): Snippet | { bad: string } {
  const actions: Action[] = [];
  let loop: Action[] | undefined;
  for (const line of split(source, /[\n]/) ?? [source]) {
    let text = line.trim();
    const forever =
      /^while (?:True|1)\s*:(.*)$/s.exec(text) ??
      /^while ?\((?:true|1)\) ?\{?(.*?)\}?$/s.exec(text);
    if (forever) {
      loop = [];
      text = forever[1]?.trim() ?? "";
    }
    for (const piece of split(text, /;/) ?? [text]) {
      const action = statement(language, piece.trim());
      if (!action) return { bad: piece.trim() };
      if (action !== "nothing") (loop ?? actions).push(action);
    }
  }
  if (loop && !loop.some((action) => action.k === "sleep" || action.k === "exit"))
    loop.push({ k: "sleep", ms: 1 });
  return loop ? { actions, loop } : { actions };
}
