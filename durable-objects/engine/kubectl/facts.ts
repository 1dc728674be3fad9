/** Commands, flags and their texts as kubectl has them: help-facts.json, written by scripts/generate-kubectl-help.ts. */
import { lookup } from "../core/lookup.ts";
import facts from "./help-facts.json" with { type: "json" };

export interface FlagFacts {
  name: string;
  /** One letter, or "". */
  shorthand: string;
  /** As pflag names it: string, bool, int, int32, int64, duration, stringSlice, stringArray, stringToString, ... */
  type: string;
  /** Default, as the help shows it. */
  def: string;
  usage: string;
  /** What the flag is given without a value; "": it needs one. */
  alone: string;
  hidden: boolean;
  deprecated: string;
}

export interface CommandFacts {
  /** Words after `kubectl`: "", "get", "config view". */
  path: string;
  name: string;
  aliases: string[];
  suggestFor: string[];
  short: string;
  long: string;
  example: string;
  /** Use line without the path of its parents. */
  use: string;
  hidden: boolean;
  deprecated: string;
  /** It does something itself, beside its subcommands. */
  runnable: boolean;
  /** Own flags, and those that its subcommands have too. */
  flags: FlagFacts[];
  persistent: FlagFacts[];
  parent: CommandFacts | undefined;
  commands: CommandFacts[];
  /** Groups of the root's subcommands, in order. */
  groups: [message: string, names: string[]][];
}

type StoredFlag = [
  name: string,
  shorthand: string,
  type: string,
  def: string,
  usage: string,
  alone?: string,
  hidden?: number,
  deprecated?: string,
];

interface StoredCommand {
  u: string;
  a?: string[];
  g?: string[];
  s?: string;
  l?: string;
  e?: string;
  h?: 1;
  d?: string;
  r?: 1;
  /** Indices into the table of flags. */
  f?: number[];
  p?: number[];
  c?: StoredCommand[];
}

const stored = facts as unknown as {
  flags: StoredFlag[];
  root: StoredCommand;
  groups: [string, string[]][];
};

function flagOf(index: number): FlagFacts {
  const row = stored.flags[index] as StoredFlag;
  const [name, shorthand, type, def, usage, alone = "", hidden = 0, deprecated = ""] = row;
  return { name, shorthand, type, def, usage, alone, hidden: hidden === 1, deprecated };
}

function commandOf(from: StoredCommand, parent: CommandFacts | undefined): CommandFacts {
  const name = from.u.split(" ")[0] as string;
  const command: CommandFacts = {
    path: parent ? `${parent.path} ${name}`.trim() : "",
    name,
    aliases: from.a ?? [],
    suggestFor: from.g ?? [],
    short: from.s ?? "",
    long: from.l ?? "",
    example: from.e ?? "",
    use: from.u,
    hidden: from.h === 1,
    deprecated: from.d ?? "",
    runnable: from.r === 1,
    flags: (from.f ?? []).map(flagOf),
    persistent: (from.p ?? []).map(flagOf),
    parent,
    commands: [],
    groups: parent ? [] : stored.groups,
  };
  command.commands = (from.c ?? []).map((one) => commandOf(one, command));
  return command;
}

let made: CommandFacts | undefined;

/** `kubectl` itself, with all its commands below it. */
export const rootFacts = (): CommandFacts => (made ??= commandOf(stored.root, undefined));

/** `kubectl config view` */
export const commandPath = ({ path }: CommandFacts): string => `kubectl ${path}`.trim();

const byPath = new Map<string, CommandFacts>();

/** A command by its words after `kubectl`. */
export function factsOf(path: string): CommandFacts | undefined {
  if (byPath.size === 0) {
    const walk = (command: CommandFacts): void => {
      byPath.set(command.path, command);
      command.commands.forEach(walk);
    };
    walk(rootFacts());
  }
  return byPath.get(path);
}

/** All flags of a command by name: its own, its persistent ones and its parents'. */
export function flagsOf(command: CommandFacts): Record<string, FlagFacts> {
  const out: Record<string, FlagFacts> = lookup({});
  for (const flag of [...command.flags, ...command.persistent]) out[flag.name] = flag;
  for (let { parent } = command; parent; parent = parent.parent)
    for (const flag of parent.persistent) out[flag.name] ??= flag;
  out["help"] ??= {
    name: "help",
    shorthand: "h",
    type: "bool",
    def: "false",
    usage: `help for ${command.name}`,
    alone: "true",
    hidden: false,
    deprecated: "",
  };
  return out;
}
