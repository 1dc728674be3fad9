/** less's options: on the command line, in LESS, and switched while it runs. */
import { lookup } from "../../../core/lookup.ts";
import type { Settings } from "./state.ts";

/** Values of a setting, what is said of each, and what it becomes when it is switched with the small and the capital letter. */
interface Switch {
  name: keyof Settings;
  says: string[];
  /** Index among `says` that the letter sets. */
  to: number;
}

const levels: Record<string, [keyof Settings, string[]]> = {
  i: [
    "caseless",
    [
      "Case is significant in searches",
      "Ignore case in searches",
      "Ignore case in searches and in patterns",
    ],
  ],
  s: ["squeezes", ["Display all blank lines", "Squeeze multiple blank lines"]],
  S: ["chops", ["Fold long lines", "Chop long lines"]],
  n: ["numbers", ["Don't use line numbers", "Use line numbers", "Constantly display line numbers"]],
  m: ["prompt", ["Short prompt", "Medium prompt", "Long prompt"]],
  q: [
    "quiet",
    [
      "Ring the bell for errors AND at eof/bof",
      "Ring the bell for errors but not at eof/bof",
      "Never ring the bell",
    ],
  ],
  e: [
    "quitsAtEnd",
    ["Don't quit at end-of-file", "Quit at end-of-file", "Quit immediately at end-of-file"],
  ],
  F: [
    "quitsIfOneScreen",
    ["Don't quit if end-of-file on first screen", "Quit if end-of-file on first screen"],
  ],
  r: [
    "control",
    [
      "Display control characters as ^X",
      "Display control characters directly (not recommended)",
      "Display ANSI sequences directly, other control characters as ^X",
    ],
  ],
  g: [
    "highlights",
    [
      "Don't highlight search matches",
      "Highlight last match for searches",
      "Highlight all matches for searches",
    ],
  ],
  "~": ["tildes", ["Don't show tildes after end of file", "Show tildes after end of file"]],
  X: ["keepsScreen", ["Send init strings to terminal", "Don't use termcap init/deinit strings"]],
};

/** Small letters that switch off what is on without them. */
const takesAway = new Set(["~", "n"]);
/** What a setting goes back to that is switched from its letter's value: not 0. */
const others: Partial<Record<string, number>> = { "~": 1, n: 1, g: 2, G: 2 };

function switchOf(letter: string): Switch | undefined {
  const own = levels[letter];
  if (own) return { name: own[0], says: own[1], to: takesAway.has(letter) ? 0 : 1 };
  const low = levels[letter.toLowerCase()];
  if (!low || low[1].length < 3) return undefined;
  return { name: low[0], says: low[1], to: letter === "G" ? 0 : 2 };
}

/** Letters that take a value, and the setting it goes to, if to any. */
const valued: Record<string, keyof Settings | undefined> = {
  b: undefined,
  D: undefined,
  h: undefined,
  j: "target",
  k: undefined,
  o: undefined,
  O: undefined,
  p: undefined,
  P: undefined,
  t: undefined,
  T: undefined,
  x: "tabs",
  y: undefined,
  z: "window",
  "#": "shift",
  '"': undefined,
};
/** Letters that are known and change nothing here. */
const accepted = new Set([..."aAcCdfJKLuUwWB"]);

const longNames: Record<string, string> = lookup({
  "chop-long-lines": "S",
  "line-numbers": "n",
  "LINE-NUMBERS": "N",
  "ignore-case": "i",
  "IGNORE-CASE": "I",
  "RAW-CONTROL-CHARS": "R",
  "raw-control-chars": "r",
  "quit-if-one-screen": "F",
  "quit-at-eof": "e",
  "QUIT-AT-EOF": "E",
  "no-init": "X",
  "squeeze-blank-lines": "s",
  tilde: "~",
  "long-prompt": "m",
  "LONG-PROMPT": "M",
  quiet: "q",
  silent: "q",
  QUIET: "Q",
  SILENT: "Q",
  "hilite-search": "g",
  "HILITE-SEARCH": "G",
  tabs: "x",
  window: "z",
  "jump-target": "j",
  shift: "#",
  pattern: "p",
  prompt: "P",
  force: "f",
  "clear-screen": "c",
  "status-column": "J",
  "quit-on-intr": "K",
  mouse: "w",
  "use-color": "w",
  "follow-name": "w",
  help: "?",
  version: "V",
});

export const letterOf = (name: string): string | undefined => longNames[name];

export interface Given {
  settings: Settings;
  files: string[];
  /** Commands for the first file, or for each. */
  begins: string[];
  help?: true;
  version?: true;
  error?: string;
}

const unknown = (option: string): string => `There is no ${option} option ("less --help" for help)`;

function assign(settings: Settings, name: keyof Settings, value: number | boolean): void {
  (settings as unknown as Record<string, number | boolean>)[name] = value;
}

/** One word of options without its first dash; whether the next word was taken as a value. */
function letters(word: string, next: string | undefined, given: Given): boolean {
  for (let at = 0; at < word.length; at++) {
    const letter = word[at] as string;
    const number = /^\d+/.exec(word.slice(at))?.[0];
    const known = switchOf(letter);
    if (number !== undefined) {
      given.settings.window = Number(number);
      at += number.length - 1;
    } else if (letter === "?") given.help = true;
    else if (letter === "V") given.version = true;
    else if (letter === "+") return false;
    else if (letter in valued) {
      const inWord = word.slice(at + 1);
      const value = inWord || next || "";
      const name = valued[letter];
      if (letter === "p") given.begins.push(`/${value}\r`);
      if (name && Number.isFinite(Number(value))) assign(given.settings, name, Number(value));
      return inWord === "";
    } else if (known) {
      const isFlag = known.says.length === 2;
      assign(given.settings, known.name, isFlag ? known.to === 1 : known.to);
    } else if (!accepted.has(letter)) {
      given.error = unknown(`-${letter}`);
      return false;
    }
  }
  return false;
}

export function readOptions(args: readonly string[], settings: Settings): Given {
  const given: Given = { settings, files: [], begins: [] };
  for (let i = 0; i < args.length && !given.error; i++) {
    const word = args[i] as string;
    if (word === "--") {
      given.files.push(...args.slice(i + 1));
      break;
    }
    if (word.startsWith("--")) {
      const [name = "", value] = word.slice(2).split(/=(.*)/s);
      const letter = letterOf(name);
      if (letter === undefined) given.error = unknown(word.split("=")[0] as string);
      else if (letters(letter + (value ?? ""), args[i + 1], given)) i++;
    } else if (/^-./.test(word)) {
      if (letters(word.slice(1), args[i + 1], given)) i++;
    } else if (/^\+./.test(word)) {
      const command = word.replace(/^\+{1,2}/, "");
      given.begins.push(
        /^\d+$/.test(command) ? `${command}g` : /^[/?&]/.test(command) ? `${command}\r` : command,
      );
    } else given.files.push(word);
  }
  return given;
}

/** Switches an option, or only tells it; what is said. */
export function switchOption(settings: Settings, letter: string, tells: boolean): string {
  const known = switchOf(letter);
  if (!known) return unknown(`-${letter}`);
  const now = Number(settings[known.name]);
  const to = now === known.to ? (others[letter] ?? 0) : known.to;
  const value = tells ? now : to;
  if (!tells) assign(settings, known.name, known.says.length === 2 ? to === 1 : to);
  return known.says[value] as string;
}
