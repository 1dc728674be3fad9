/** Variables whose values bash works out when it is asked for them. */
import type { Sys } from "../../kernel/types.ts";
import { bashOptionNames } from "../option-letters.ts";
import { bashNumber, bashVersion } from "./version.ts";
import { integer, readOnly, type Elements, type ShellState } from "../state.ts";
import { commandText } from "./command-text.ts";
import { shoptNames } from "./shopt-data.ts";

export interface Asked {
  readonly state: ShellState;
  readonly sys: Sys;
  get(name: string): string | undefined;
  option(letter: string): boolean;
}

/** One of the functions and sourced files that run: name, line it was called from, file it is of. */
export type Call = [name: string, line: number, file: string];

/** Where bash says that a command is which no file holds. */
const noFile: Record<string, string> = { c: "environment", s: "main" };

export const placeOf = (state: ShellState): string =>
  state.script ?? noFile[state.startedBy ?? ""] ?? "environment";

/** What runs, the innermost first. */
export function calls(state: ShellState): Call[] {
  const out: Call[] = [];
  for (const frame of state.frames.toReversed()) {
    if (frame.kind === "call" && frame.name !== undefined)
      out.push([frame.name, frame.line ?? 0, frame.file ?? placeOf(state)]);
    else if (frame.kind === "src" && frame.mode === "dot" && frame.name !== undefined)
      out.push(["source", frame.line ?? 0, frame.name]);
  }
  return [...out, ...(state.outerCalls ?? [])];
}

const listed = (values: readonly (string | number)[]): Elements =>
  Object.fromEntries(values.map((value, i) => [i, String(value)]));

/** FUNCNAME, BASH_LINENO or BASH_SOURCE, by their place in a call. */
function callList(state: ShellState, part: 0 | 1 | 2): Elements | undefined {
  const all = calls(state);
  if (part === 0 && !all.some(([name]) => name !== "source")) return undefined;
  if (state.script !== undefined) all.push(["main", 0, state.script]);
  return listed(all.map((call) => call[part]));
}

const optionsShown = (on: readonly string[]): string => [...on].sort().join(":");

/** Names that a user may set to something else. */
const replaceable: Record<string, (asked: Asked) => string> = {
  HOSTNAME: ({ sys }) => sys.container.hostname,
  HOSTTYPE: () => "x86_64",
  MACHTYPE: () => "x86_64-pc-linux-gnu",
  OSTYPE: () => "linux-gnu",
  BASH: () => "/bin/bash",
  BASH_VERSION: ({ sys }) => bashVersion(sys),
  OPTERR: () => "1",
  COMP_WORDBREAKS: () => " \t\n\"'@><=;|&(:",
};

function moment(name: string, { state, sys }: Asked): string | undefined {
  if (name === "SECONDS")
    return String(Math.floor((sys.now - (state.secondsFromMs ?? sys.now)) / 1000));
  if (name === "EPOCHSECONDS") return String(Math.floor(sys.now / 1000));
  if (name === "EPOCHREALTIME") return `${(sys.now / 1000).toFixed(3)}000`;
  return undefined;
}

/** undefined: it is no such name. */
export function worked(asked: Asked, name: string): string | Elements | undefined {
  const { state, sys } = asked;
  const plain = Object.hasOwn(replaceable, name) ? replaceable[name] : undefined;
  if (plain) return state.variables[name] || name in sys.env ? undefined : plain(asked);
  switch (name) {
    case "FUNCNAME":
      return callList(state, 0);
    case "BASH_LINENO":
      return callList(state, 1);
    case "BASH_SOURCE":
      return callList(state, 2);
    case "PIPESTATUS":
      return listed(state.pipeStatus ?? [state.status]);
    case "BASH_VERSINFO":
      return listed([...bashNumber(sys).split("."), 1, "release", "x86_64-pc-linux-gnu"]);
    case "BASHPID":
      return String(sys.pid);
    case "BASH_SUBSHELL":
      return String(state.subshellDepth ?? 0);
    case "SRANDOM":
      return String(Math.floor(sys.random() * 4_294_967_296));
    case "UID":
    case "EUID":
      return String(sys.who.uid);
    case "GROUPS":
      return listed([sys.who.gid, ...sys.who.groups.filter((group) => group !== sys.who.gid)]);
    case "DIRSTACK":
      return listed([asked.get("PWD") ?? sys.cwd, ...(state.directoryStack ?? [])]);
    case "BASH_COMMAND":
      return state.runningCommand ? commandText(state, state.runningCommand) : "";
    case "BASH_ARGV0":
      return state.argumentZero;
    case "BASH_EXECUTION_STRING":
      return state.startedBy === "c" ? sys.argv[sys.argv.indexOf("-c") + 1] : undefined;
    case "BASH_ALIASES":
      return Object.fromEntries(
        Object.entries(state.aliases ?? {}).map(([key, to]) => [`.${key}`, to]),
      );
    case "BASHOPTS":
      return optionsShown(
        shoptNames.filter(([key, on]) => state.shopts?.[key] ?? on).map(([key]) => key),
      );
    case "SHELLOPTS":
      return optionsShown(
        Object.entries(bashOptionNames).flatMap(([key, letter]) =>
          asked.option(letter) ? [key] : [],
        ),
      );
    case "HISTCMD":
      return String((state.history?.length ?? 0) + 1);
    case "_":
      return state.lastArgument ?? "bash";
  }
  return moment(name, asked);
}

/** Names that `${!prefix*}` finds though nothing has assigned to them. */
export const workedNames: readonly string[] = [
  ...Object.keys(replaceable),
  ..."BASHOPTS BASHPID BASH_ALIASES BASH_COMMAND BASH_LINENO BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID GROUPS HISTCMD IFS LINENO PPID RANDOM SECONDS SRANDOM UID".split(
    " ",
  ),
];

const numbers = new Set(
  "EUID UID PPID BASHPID SECONDS EPOCHSECONDS RANDOM SRANDOM LINENO HISTCMD".split(" "),
);
const fixed = new Set("BASHOPTS BASH_VERSINFO EUID PPID SHELLOPTS UID".split(" "));

/** Marks of a name that bash works out. */
export const marksOf = (name: string): number =>
  (numbers.has(name) ? integer : 0) | (fixed.has(name) ? readOnly : 0);
