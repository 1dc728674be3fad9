/**
 * `complete`, `compgen`, `compopt`: what is to be completed is kept as words in the shell's state (`completions`, by command), for
 * whoever edits lines.
 */
import type { Builtin } from "../builtin.ts";
import { paths } from "../glob.ts";
import { matches } from "../pattern.ts";
import type { Shell } from "../shell.ts";
import { bashBuiltins, bashKeywords } from "./builtin-names-data.ts";
import { functionNames } from "./function-text.ts";
import { inMapOrder } from "./map-order.ts";
import { singleQuoted } from "./quote.ts";
import { shoptNames } from "./shopt-data.ts";
import { usage } from "./usage.ts";

/** bash: pcomplib.c COMPLETE_HASH_BUCKETS */
const bucketsOfCompletions = 512;
const flags = "abcdefgjksuv";
const valued = "oAGWFCXPS";
const actions = new Set(
  "alias arrayvar binding builtin command directory disabled enabled export file function group helptopic hostname job keyword running service setopt shopt signal stopped user variable".split(
    " ",
  ),
);

/** Options of a completion, as words, and the names behind them. */
interface Wanted {
  words: string[];
  letters: string;
  names: string[];
  /** Values by letter, the last of each. */
  values: Record<string, string>;
}

function wanted(shell: Shell, argv: readonly string[]): Wanted | number {
  const into: Wanted = { words: [], letters: "", names: [], values: {} };
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!); i++) {
    const word = argv[i]!;
    if (word === "--") {
      i++;
      break;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (valued.includes(letter)) {
        const value = word.slice(at + 1) || argv[++i];
        if (value === undefined) {
          shell.complain(`-${letter}: option requires an argument`);
          return 2;
        }
        if (letter === "A" && !actions.has(value)) {
          shell.complain(`${value}: invalid action name`);
          return 2;
        }
        into.words.push(`-${letter}`, value);
        into.values[letter] = value;
        break;
      }
      if (!`${flags}prDEI`.includes(letter)) return usage(shell, `-${letter}`);
      into.letters += letter;
      if (flags.includes(letter)) into.words.push(`-${letter}`);
    }
  }
  into.names = argv.slice(i);
  if (into.letters.includes("D")) into.names.push("-D");
  if (into.letters.includes("E")) into.names.push("-E");
  if (into.letters.includes("I")) into.names.push("-I");
  return into;
}

/** Options before actions before words, as they are printed. */
const order = [
  "-o",
  "-a",
  "-b",
  "-c",
  "-d",
  "-e",
  "-f",
  "-g",
  "-j",
  "-k",
  "-s",
  "-u",
  "-v",
  "-A",
  "-G",
  "-W",
  "-P",
  "-S",
  "-X",
  "-F",
  "-C",
];

function line(name: string, words: readonly string[]): string {
  const pairs: [string, string | undefined][] = [];
  for (let i = 0; i < words.length; i++) {
    const option = words[i]!;
    pairs.push(valued.includes(option[1]!) ? [option, words[++i]] : [option, undefined]);
  }
  const place = ([option, value]: [string, string | undefined]): string =>
    `${String(order.indexOf(option)).padStart(2)}${option === "-o" ? value : ""}`;
  pairs.sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
  const text = pairs.map(([option, value]) => {
    if (value === undefined) return option;
    return `${option} ${/[GWPSXC]/.test(option) ? singleQuoted(value) : value}`;
  });
  return `complete ${[...text, name].join(" ")}\n`;
}

export const complete: Builtin = (shell, argv) => {
  const asked = wanted(shell, argv);
  if (typeof asked === "number") return asked;
  const { state } = shell;
  const known = state.completions ?? {};
  const { letters, names, words } = asked;
  if (letters.includes("r")) {
    const left = Object.entries(known).filter(
      ([name]) => names.length > 0 && !names.includes(name),
    );
    state.completions = Object.fromEntries(left);
    return 0;
  }
  if (letters.includes("p") || (names.length === 0 && words.length === 0)) {
    let status = 0;
    for (const name of names.length
      ? names
      : inMapOrder(Object.keys(known), bucketsOfCompletions)) {
      if (known[name]) shell.write(1, line(name, known[name]));
      else {
        shell.complain(`${name}: no completion specification`);
        status = 1;
      }
    }
    return status;
  }
  if (names.length === 0) {
    shell.write(
      2,
      "complete: usage: complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]\n",
    );
    return 2;
  }
  state.completions = { ...known };
  for (const name of names) state.completions[name] = words;
  return 0;
};

export const compopt: Builtin = (shell, argv) => {
  const options: [string, boolean][] = [];
  let i = 1;
  for (; i < argv.length && /^[-+]/.test(argv[i]!); i++)
    if (/^[-+]o$/.test(argv[i]!)) options.push([argv[i + 1] ?? "", argv[i++]!.startsWith("-")]);
  const names = argv.slice(i);
  if (names.length === 0) {
    const { completion } = shell.state;
    if (completion) {
      Object.assign(completion.options, Object.fromEntries(options));
      return 0;
    }
    shell.complain("not currently executing completion function");
    return 1;
  }
  let status = 0;
  for (const name of names) {
    const words = shell.state.completions?.[name];
    if (!words) {
      shell.complain(`${name}: no completion specification`);
      status = 1;
      continue;
    }
    const kept: string[] = [];
    for (let at = 0; at < words.length; at++) {
      const drop = words[at] === "-o" && options.some(([option]) => option === words[at + 1]);
      if (drop) at++;
      else kept.push(words[at]!);
    }
    for (const [option, on] of options) if (on) kept.unshift("-o", option);
    shell.state.completions = { ...shell.state.completions, [name]: kept };
  }
  return status;
};

function commandNames(shell: Shell): string[] {
  const found = (shell.get("PATH") ?? "").split(":").flatMap((folder) => {
    try {
      return shell.sys.list(folder).filter((name) => shell.sys.access(`${folder}/${name}`, 1));
    } catch {
      return [];
    }
  });
  return [
    ...new Set([
      ...Object.keys(shell.state.aliases ?? {}),
      ...bashKeywords,
      ...functionNames(shell),
      ...bashBuiltins,
      ...found,
    ]),
  ];
}

/** Names of a kind that `-A` or a letter asks for. */
function namesOf(shell: Shell, action: string, word: string): string[] {
  const { sys, state } = shell;
  switch (action) {
    case "alias":
      return Object.keys(state.aliases ?? {});
    case "builtin":
    case "enabled":
    case "helptopic":
      return [...bashBuiltins].filter((name) => !state.disabledBuiltins?.includes(name)).sort();
    case "disabled":
      return state.disabledBuiltins ?? [];
    case "command":
      return commandNames(shell);
    case "directory":
      return paths(shell, `${word}*`).filter((path) => sys.peek(path)?.type === "d");
    case "file":
      return paths(shell, `${word}*`);
    case "function":
      return functionNames(shell);
    case "keyword":
      return [...bashKeywords];
    case "shopt":
      return shoptNames.map(([name]) => name);
    case "user":
      return sys.container.passwd.map(({ name }) => name);
    case "group":
      return sys.container.groups.map(({ name }) => name);
    case "export":
      return Object.keys(shell.environment()).sort();
    case "arrayvar":
      return shell.names().filter((name) => state.variables[name]?.[2]);
    case "variable":
      return shell.names();
    default:
      return [];
  }
}

const letterActions: Record<string, string> = {
  a: "alias",
  b: "builtin",
  c: "command",
  d: "directory",
  e: "export",
  f: "file",
  g: "group",
  k: "keyword",
  u: "user",
  v: "variable",
};

/** The value of an option of a completion, the last of its kind. */
export function valueOf(words: readonly string[], letter: string): string | undefined {
  const at = words.findLastIndex((word, i) => word === `-${letter}` && isOption(words, i));
  return at < 0 ? undefined : words[at + 1];
}

/** Whether a word is an option, not the value of one. */
function isOption(words: readonly string[], place: number): boolean {
  let at = 0;
  while (at < place) at += valued.includes(words[at]![1]!) ? 2 : 1;
  return at === place;
}

/** Whether files or folders are what is asked for. */
export const asksForFiles = (words: readonly string[]): boolean =>
  words.some(
    (word, i) =>
      isOption(words, i) &&
      (word === "-f" ||
        word === "-d" ||
        (word === "-A" && /^(?:file|directory)$/.test(words[i + 1] ?? ""))),
  );

/** A completion without its list of words. */
export const withoutList = (words: readonly string[]): string[] =>
  words.filter(
    (word, i) =>
      !(word === "-W" && isOption(words, i)) &&
      !(i > 0 && words[i - 1] === "-W" && isOption(words, i - 1)),
  );

/** Options (`-o`) of a completion, as a function that runs has changed them. */
export function completionOptions(
  words: readonly string[],
  changed: Readonly<Record<string, boolean>>,
): Set<string> {
  const on = new Set(
    words.filter((_, i) => i > 0 && words[i - 1] === "-o" && isOption(words, i - 1)),
  );
  for (const name in changed)
    if (changed[name]) on.add(name);
    else on.delete(name);
  return on;
}

/** Splits a list of words at IFS; quotes and backslashes keep signs together, and go. */
function wordList(shell: Shell, list: string): string[] {
  const ifs = shell.ifs();
  const out: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < list.length; at++) {
    const c = list[at]!;
    if (c === "\\" && quote !== "'") word = (word ?? "") + (list[++at] ?? "");
    else if (quote !== "" ? c === quote : c === "'" || c === '"') {
      quote = quote === "" ? c : "";
      word ??= "";
    } else if (quote === "" && ifs.includes(c)) {
      if (word !== undefined) out.push(word);
      word = undefined;
    } else word = (word ?? "") + c;
  }
  return word === undefined ? out : [...out, word];
}

/** Words that fit, of a completion's words, kinds and patterns; functions are for who edits lines to call. */
export function generated(shell: Shell, words: readonly string[], word: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const option = words[i]!;
    const letter = option[1]!;
    const value = valued.includes(letter) ? (words[++i] ?? "") : "";
    if (letter === "A") out.push(...namesOf(shell, value, word));
    else if (letter === "W") out.push(...wordList(shell, value));
    else if (letter === "G") out.push(...paths(shell, value));
    else if (letterActions[letter]) out.push(...namesOf(shell, letterActions[letter]!, word));
  }
  return out.filter((name) => name.startsWith(word));
}

/** What -X, -P and -S make of words. */
export function finished(
  shell: Shell,
  words: readonly string[],
  found: readonly string[],
  word: string,
): string[] {
  const filter = valueOf(words, "X");
  const [prefix, suffix] = [valueOf(words, "P") ?? "", valueOf(words, "S") ?? ""];
  return found
    .filter((name) => filter === undefined || !filtered(shell, filter, name, word))
    .map((name) => prefix + name + suffix);
}

function filtered(shell: Shell, filter: string, name: string, word: string): boolean {
  const negated = filter.startsWith("!");
  const pattern = (negated ? filter.slice(1) : filter).replaceAll("&", word);
  return matches(pattern, name, shell.sys.matching, { ext: true }) !== negated;
}

export const compgen: Builtin = (shell, argv) => {
  const asked = wanted(shell, argv);
  if (typeof asked === "number") return asked;
  const word = asked.names[0] ?? "";
  const found = finished(shell, asked.words, generated(shell, asked.words, word), word);
  for (const name of found) shell.write(1, `${name}\n`);
  return found.length ? 0 : 1;
};
