/**
 * `kubectl __complete WORDS...`: what may stand in place of the last word, one a line with its description behind a tab, then
 * `:` and a directive. cobra: completions.go; what is known of a command's arguments: completions.ts
 */
import { Kubectl } from "./command.ts";
import { argumentsOf, flagValues } from "./completions.ts";
import { files, noFiles, nothing, noSpace, ofExtension, type Found } from "./completions-found.ts";
import { Failure } from "./errors.ts";
import { flagsOf, type CommandFacts, type FlagFacts } from "./facts.ts";
import { findCommand } from "./find-command.ts";
import { Flags, withoutFlags } from "./flags.ts";
import { byText } from "./go/json.ts";
import type { Work } from "./work.ts";

/** cobra: command.go InitDefaultHelpCmd */
const help = "help\tHelp about any command";

const asWords = ({ path, commands }: CommandFacts, prefix: string): string[] =>
  [
    ...(path === "" && "help".startsWith(prefix) ? [help] : []),
    ...commands
      .filter(({ hidden, deprecated, name }) => !hidden && !deprecated && name.startsWith(prefix))
      .filter(({ runnable, commands: below }) => runnable || below.length > 0)
      .map(({ name, short }) => `${name}\t${short}`),
  ].toSorted(byText);

/** Flags without which a command does not run, as MarkFlagRequired says. */
const required: Record<string, string[]> = {
  scale: ["replicas"],
  autoscale: ["max"],
  run: ["image"],
  "create deployment": ["image"],
  "create cronjob": ["image", "schedule"],
  "create clusterrolebinding": ["clusterrole"],
  "create service externalname": ["external-name"],
  "kuberc set": ["section"],
};

const formsOf = ({ name, shorthand, usage }: FlagFacts, prefix: string): string[] =>
  [`--${name}`, ...(shorthand ? [`-${shorthand}`] : [])]
    .filter((word) => word.startsWith(prefix))
    .map((word) => `${word}\t${usage.split("\n")[0] ?? ""}`);

/** Flags that a command wants and has not been given. */
function requiredWords(command: CommandFacts, given: Flags, prefix: string): string[] {
  const known = flagsOf(command);
  const names = Object.hasOwn(required, command.path) ? required[command.path]! : [];
  return names
    .filter((name) => !given.changed(name))
    .flatMap((name) => (known[name] ? formsOf(known[name], prefix) : []));
}

/** Flags of the commands above, then a command's own; the long form of each before the short one. */
function flagWords(command: CommandFacts, given: Flags, prefix: string): Found {
  const wanted = requiredWords(command, given, prefix);
  if (wanted.length > 0) return { words: wanted, directive: noFiles };
  const inherited = new Set<string>();
  for (let { parent } = command; parent; parent = parent.parent)
    for (const { name } of parent.persistent) inherited.add(name);
  const known = Object.values(flagsOf(command)).filter(
    ({ hidden, deprecated, name, type }) =>
      !hidden && !deprecated && (!given.changed(name) || /Slice|Array|stringTo/.test(type)),
  );
  const byName = known.toSorted((a, b) => byText(a.name, b.name));
  const ordered = [
    ...byName.filter(({ name }) => inherited.has(name)),
    ...byName.filter(({ name }) => !inherited.has(name)),
  ];
  const words = ordered.flatMap((flag) => formsOf(flag, prefix));
  return { words, directive: noFiles };
}

interface Waiting {
  flag: FlagFacts;
  /** The beginning of its value. */
  value: string;
  /** Its name stands in the last word, with the value. */
  joined: boolean;
}

/** The flag whose value the last word is, or holds behind an equals sign. */
function openFlag(command: CommandFacts, before: string, last: string): Waiting | undefined {
  const known = Object.values(flagsOf(command));
  const named = (word: string): FlagFacts | undefined =>
    known.find(({ name, shorthand }) =>
      word.startsWith("--") ? `--${name}` === word : word.length === 2 && `-${shorthand}` === word,
    );
  const equals = last.startsWith("-") ? last.indexOf("=") : -1;
  if (equals > 0) {
    const flag = named(last.slice(0, equals));
    return flag && { flag, value: last.slice(equals + 1), joined: true };
  }
  const flag = before.startsWith("-") ? named(before) : undefined;
  return flag?.alone === "" ? { flag, value: last, joined: false } : undefined;
}

function* found(k: Kubectl, last: string, before: readonly string[]): Work<Found> {
  const { facts, flags } = k;
  if (last.startsWith("-") && !before.includes("--")) return flagWords(facts, flags, last);
  const local = facts.flags.some(({ name }) => flags.changed(name));
  if (facts.commands.length > 0 && k.args.length === 0 && !local) {
    const own = yield* argumentsOf(k, last);
    return { words: [...asWords(facts, last), ...own.words], directive: noFiles };
  }
  // kubectl itself takes no arguments: a word that is no command leaves nothing to be known.
  if (facts.path === "") return { words: [], directive: files };
  const answer = yield* argumentsOf(k, last);
  return { ...answer, words: [...requiredWords(facts, flags, last), ...answer.words] };
}

/** Everything that may stand there, whatever goes wrong: then nothing. `bare`: without descriptions. */
export function* complete(
  words: readonly string[],
  pending: [number, string][],
  bare = false,
): Work<number> {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const { command, rest } = findCommand(before);
  const waiting = openFlag(command, before.at(-1) ?? "", last);
  const flags = new Flags(command);
  let answer: Found = nothing;
  const k = new Kubectl(command, flags, []);
  try {
    flags.tryParse(waiting && !waiting.joined ? rest.slice(0, -1) : rest);
    if (waiting?.flag.name === "filename")
      answer = { words: ["json", "yaml", "yml"], directive: ofExtension };
    else if (waiting) answer = yield* flagValues(k, waiting.flag);
    else answer = yield* found(k, last, before);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  const start = answer.directive === ofExtension ? "" : (waiting?.value ?? last);
  const fitting = answer.words.filter((word) => word.startsWith(start));
  const lines = fitting.map((word) => `${bare ? word.split("\t")[0] : word}\n`).join("");
  if (isUnknown(command, rest)) pending.push([2, debugWords(rest)]);
  pending.push([1, `${lines}:${answer.directive}\n`]);
  pending.push([2, `Completion ended with directive: ${directiveText(answer.directive)}\n`]);
  return 0;
}

const isUnknown = (command: CommandFacts, rest: readonly string[]): boolean =>
  command.path === "" && withoutFlags(command, rest).length > 0;

const debugWords = (rest: readonly string[]): string =>
  `[Debug] Cleared global flags for plugin completion\n[Debug] [Error] unable to find a command for arguments: [${rest.join(" ")}]\n`;

function directiveText(directive: number): string {
  const names = [
    ...(directive & noSpace ? ["ShellCompDirectiveNoSpace"] : []),
    ...(directive & noFiles ? ["ShellCompDirectiveNoFileComp"] : []),
    ...(directive & ofExtension ? ["ShellCompDirectiveFilterFileExt"] : []),
  ];
  return names.length ? names.join(", ") : "ShellCompDirectiveDefault";
}
