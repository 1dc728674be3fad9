/** nano's options, on its command line and in nanorc files. */
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import type { Options } from "./state.ts";

export const firstOptions = (): Options => ({
  autoindent: false,
  linenumbers: false,
  tabsize: 8,
  tabstospaces: false,
  view: false,
  backup: false,
  nohelp: false,
  constantshow: false,
  nonewlines: false,
  noconvert: false,
  saveonexit: false,
  smarthome: false,
  cutfromcursor: false,
  multibuffer: false,
  restricted: false,
  fill: -8,
  casesensitive: false,
  regexp: false,
  backwards: false,
  zero: false,
});

type Flag = { [K in keyof Options]: Options[K] extends boolean ? K : never }[keyof Options];

const letters: Record<string, [name: string, flag?: Flag]> = {
  A: ["smarthome", "smarthome"],
  B: ["backup", "backup"],
  D: ["boldtext"],
  E: ["tabstospaces", "tabstospaces"],
  F: ["multibuffer", "multibuffer"],
  G: ["locking"],
  H: ["historylog"],
  I: ["ignorercfiles"],
  K: ["rawsequences"],
  L: ["nonewlines", "nonewlines"],
  M: ["trimblanks"],
  N: ["noconvert", "noconvert"],
  O: ["bookstyle"],
  P: ["positionlog"],
  R: ["restricted", "restricted"],
  S: ["softwrap"],
  U: ["quickblank"],
  W: ["wordbounds"],
  Z: ["zap"],
  a: ["atblanks"],
  b: ["breaklonglines"],
  c: ["constantshow", "constantshow"],
  d: ["rebinddelete"],
  e: ["emptyline"],
  g: ["showcursor"],
  i: ["autoindent", "autoindent"],
  j: ["jumpyscrolling"],
  k: ["cutfromcursor", "cutfromcursor"],
  l: ["linenumbers", "linenumbers"],
  m: ["mouse"],
  n: ["noread"],
  p: ["preserve"],
  q: ["indicator"],
  t: ["saveonexit", "saveonexit"],
  u: ["unix"],
  v: ["view", "view"],
  w: ["nowrap"],
  x: ["nohelp", "nohelp"],
  y: ["afterends"],
  z: ["suspendable"],
  "%": ["stateflags"],
  _: ["minibar"],
  "0": ["zero", "zero"],
  "/": ["modernbindings"],
};
const valued: Record<string, string> = {
  C: "backupdir",
  J: "guidestripe",
  Q: "quotestr",
  T: "tabsize",
  X: "wordchars",
  Y: "syntax",
  f: "rcfile",
  o: "operatingdir",
  r: "fill",
  s: "speller",
};
const byName = new Map<string, string>([
  ...Object.entries(letters).map(([letter, [name]]): [string, string] => [name, letter]),
  ...Object.entries(valued).map(([letter, name]): [string, string] => [name, letter]),
  ["version", "V"],
  ["help", "h"],
]);

export interface Given {
  options: Options;
  /** Files with the place to start at. */
  files: { name: string; line?: number; column?: number }[];
  ignoresFiles?: true;
  version?: true;
  help?: true;
  error?: string;
}

/** Sets an option that has a value; what is wrong with it. */
function assign(options: Options, letter: string, value: string): string | undefined {
  const number = Number(value);
  if (letter === "T") {
    if (!Number.isInteger(number) || number < 1) return `Requested tab size "${value}" is invalid`;
    options.tabsize = number;
  } else if (letter === "r") {
    if (!Number.isInteger(number)) return `Requested fill size "${value}" is invalid`;
    options.fill = number;
  }
  return undefined;
}

function word(text: string, next: string | undefined, given: Given): boolean {
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    const flag = letters[letter];
    if (letter === "V") given.version = true;
    else if (letter === "h") given.help = true;
    else if (letter === "I") given.ignoresFiles = true;
    else if (flag) {
      if (flag[1]) given.options[flag[1]] = true;
    } else if (letter in valued) {
      const value = text.slice(at + 1) || next;
      if (value === undefined) given.error = `nano: option requires an argument -- '${letter}'`;
      else {
        const wrong = assign(given.options, letter, value);
        if (wrong) given.error = wrong;
      }
      return text.slice(at + 1) === "";
    } else given.error = `nano: invalid option -- '${letter}'`;
  }
  return false;
}

export function readArguments(args: readonly string[], options: Options): Given {
  const given: Given = { options, files: [] };
  let place: { line?: number; column?: number } = {};
  let isOver = false;
  for (let i = 0; i < args.length && !given.error; i++) {
    const text = args[i] as string;
    if (!isOver && text === "--") isOver = true;
    else if (!isOver && text.startsWith("--")) {
      const [name = "", value] = text.slice(2).split(/=(.*)/s);
      const letter = byName.get(name);
      if (!letter) given.error = `nano: unrecognized option '${text.split("=")[0]}'`;
      else if (word(letter + (value ?? ""), args[i + 1], given)) i++;
    } else if (!isOver && /^-./.test(text)) {
      if (word(text.slice(1), args[i + 1], given)) i++;
    } else if (!isOver && /^\+[\d,-]+$/.test(text)) {
      const [line, column] = text.slice(1).split(",");
      place = {
        ...(line ? { line: Number(line) } : {}),
        ...(column ? { column: Number(column) } : {}),
      };
    } else {
      given.files.push({ name: text, ...place });
      place = {};
    }
  }
  return given;
}

/** `set` and `unset` lines of nanorc files; the rest (colours, keys) changes nothing here. */
export function readRcFiles(sys: Sys, options: Options): void {
  for (const path of ["/etc/nanorc", `${sys.env.HOME ?? ""}/.nanorc`]) {
    let text: string;
    try {
      if (!sys.peek(path)) continue;
      text = sys.readFile(path);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      continue;
    }
    for (const line of text.split("\n")) {
      const [verb, name = "", value] = line.trim().split(/\s+/);
      if (verb !== "set" && verb !== "unset") continue;
      if (name === "casesensitive" || name === "regexp") options[name] = verb === "set";
      const letter = byName.get(name);
      const flag = letters[letter ?? ""]?.[1];
      if (flag) options[flag] = verb === "set";
      else if (letter && value !== undefined) assign(options, letter, value.replace(/"/g, ""));
    }
  }
}
