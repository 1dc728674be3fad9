/**
 * Preferences of kubectl's user: defaults of flags, and aliases of commands, in `~/.kube/kuberc`.
 * k8s: kubectl/pkg/kuberc/{kuberc,marshal}.go
 */
import { parseYaml } from "../schema/yaml.ts";
import { environment, readFile, stat } from "./asks.ts";
import { Failure } from "./errors.ts";
import { commandPath, flagsOf, rootFacts, type CommandFacts } from "./facts.ts";
import { findCommand } from "./find-command.ts";
import { withoutFlags } from "./flags.ts";
import type { Work } from "./work.ts";

export interface Option {
  name: string;
  default: string;
}

export interface CommandDefaults {
  command: string;
  options: Option[] | null;
}

export interface Alias {
  name: string;
  command: string;
  prependArgs?: string[];
  appendArgs?: string[];
  options?: Option[] | null;
}

export interface Preference {
  kind: string;
  apiVersion: string;
  defaults: CommandDefaults[] | null;
  aliases: Alias[] | null;
  credentialPluginPolicy?: string;
  credentialPluginAllowlist?: { name?: string; command?: string }[];
}

export const preferenceVersion = "kubectl.config.k8s.io/v1beta1";
const versions = [preferenceVersion, "kubectl.config.k8s.io/v1alpha1"];

/** Which file it is; "" where preferences are turned off. */
export function* preferenceFile(given: string): Work<{ path: string; explicit: boolean }> {
  const env = yield* environment();
  const named = env["KUBERC"] ?? "";
  if (named === "off") {
    if (given)
      throw new Failure(
        "disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive",
      );
    return { path: "", explicit: false };
  }
  if (given || named) return { path: given || named, explicit: true };
  return { path: `${env["HOME"] ?? "/root"}/.kube/kuberc`, explicit: false };
}

/** The first of a file's documents that is one; undefined: there is nothing in it. */
function decoded(path: string, text: string): Preference | undefined {
  let tried = 0;
  for (const document of text.split(/^---.*$/m)) {
    if (document.trim() === "") continue;
    tried++;
    let value: unknown;
    try {
      ({ value } = parseYaml(document));
    } catch {
      continue;
    }
    const found = value as Preference | null;
    if (found?.kind === "Preference" && versions.includes(found.apiVersion)) return found;
  }
  if (tried === 0) return undefined;
  throw new Failure(`no valid preferences found in ${path}, use --v=5 to see details`);
}

/** The `--kuberc` of a command line, which is looked at before any flag is read. */
function givenFile(args: readonly string[]): string {
  const missing = new Failure("kuberc file is not found");
  for (const [i, arg] of args.entries()) {
    if (arg === "--") break;
    if (arg === "--kuberc") {
      const next = args[i + 1];
      if (next === undefined) throw missing;
      return next;
    }
    if (!arg.includes("--kuberc=")) continue;
    const value = arg.split("=")[1];
    if (!value) throw missing;
    return value;
  }
  return "";
}

function* load(args: readonly string[], err: (text: string) => void): Work<Preference | undefined> {
  const given = givenFile(args);
  let found: { path: string; explicit: boolean };
  try {
    found = yield* preferenceFile(given);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`kuberc error ${error.message}`);
  }
  const { path, explicit } = found;
  if (path === "" || (!explicit && !(yield* stat(path)))) return undefined;
  try {
    return decoded(path, yield* readFile(path));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (explicit) throw new Failure(`kuberc error kuberc: ${error.message}`);
    err(`kuberc: no preferences loaded from ${path}: ${error.message}`);
    return undefined;
  }
}

/** k8s: kuberc.go validate */
function validate({ aliases, defaults }: Preference): void {
  const check = (options: readonly Option[] | null | undefined): void => {
    for (const { name } of options ?? [])
      if (name.startsWith("-"))
        throw new Failure(`flag name ${name} should be in long form without dashes`);
  };
  const names = new Set<string>();
  for (const { name, options } of aliases ?? []) {
    if (!/^[a-zA-Z]+$/.test(name))
      throw new Failure("invalid alias name, can only include alphabetical characters");
    check(options);
    if (names.has(name)) throw new Failure(`duplicate alias name ${name}`);
    names.add(name);
  }
  for (const { options } of defaults ?? []) check(options);
}

/** Whether a command line gives a flag itself. k8s: kuberc.go searchInArgs */
function isGiven(args: readonly string[], name: string, shorthand: string): boolean {
  return args.some(
    (arg) =>
      arg === `--${name}` ||
      arg.startsWith(`--${name}=`) ||
      (shorthand !== "" &&
        (arg.startsWith(`-${shorthand}`) || (/^-[a-zA-Z]+$/.test(arg) && arg.includes(shorthand)))),
  );
}

const words = (command: string): string[] => command.split(/\s+/).filter(Boolean);

/** The command of some words; undefined: there is none. */
function commandOf(command: string): CommandFacts | undefined {
  const found = findCommand(words(command)).command;
  return found.path === words(command).join(" ") && found.path !== "" ? found : undefined;
}

/** The flags that options stand for and that are not on the command line. */
function flagsFor(
  command: CommandFacts,
  options: readonly Option[] | null | undefined,
  args: readonly string[],
  unknown: (name: string) => Failure,
): string[] {
  const known = flagsOf(command);
  return (options ?? []).flatMap((option) => {
    const flag = known[option.name];
    if (!flag) throw unknown(option.name);
    return isGiven(args, flag.name, flag.shorthand) ? [] : [`--${flag.name}=${option.default}`];
  });
}

/** A command line with the user's preferences in it. */
export function* withPreferences(
  args: readonly string[],
  err: (text: string) => void,
): Work<readonly string[]> {
  if (args.length === 0 || (yield* environment())["KUBECTL_KUBERC"] === "false") return args;
  const preference = yield* load(args, err);
  if (!preference) return args;
  validate(preference);
  const { command } = findCommand(args);
  const unknown = command.path === "" && withoutFlags(rootFacts(), args).length > 0;
  return unknown ? aliased(preference, args, err) : defaulted(preference, command, args, err);
}

/** Flags go before the arguments of the command. */
function insert(args: readonly string[], at: number, more: readonly string[]): string[] {
  return [...args.slice(0, at), ...more, ...args.slice(at)];
}

function defaulted(
  { defaults }: Preference,
  command: CommandFacts,
  args: readonly string[],
  err: (text: string) => void,
): readonly string[] {
  let out = args;
  for (const one of defaults ?? []) {
    const wanted = commandOf(one.command);
    if (!wanted) {
      err(`Warning: command ${JSON.stringify(one.command)} not found to set kuberc override\n`);
      continue;
    }
    if (wanted.name !== command.name) continue;
    const flags = flagsFor(
      command,
      one.options,
      args,
      (name) => new Failure(`invalid flag ${name} for command ${one.command}`),
    );
    const last = commandPath(command).split(" ").at(-1) as string;
    out = insert(out, out.indexOf(last) + 1, flags);
  }
  return out;
}

function aliased(
  { aliases }: Preference,
  args: readonly string[],
  err: (text: string) => void,
): readonly string[] {
  const at = args.findIndex((arg) => !arg.startsWith("-"));
  const alias = (aliases ?? []).find(({ name }) => name === args[at]);
  if (!alias) return args;
  if (commandOf(alias.name)) {
    err(
      `Warning: Setting alias ${JSON.stringify(alias.name)} to a built-in command is not supported\n`,
    );
    return args;
  }
  const command = commandOf(alias.command);
  if (!command)
    throw new Failure(
      `command ${JSON.stringify(alias.command)} not found to set alias ${JSON.stringify(alias.name)}: [${words(alias.command).join(" ")}]`,
    );
  const flags = flagsFor(
    command,
    alias.options,
    args,
    (name) => new Failure(`invalid alias flag ${name} in alias kubectl`),
  );
  return [
    ...args.slice(0, at),
    ...words(alias.command),
    ...flags,
    ...(alias.prependArgs ?? []),
    ...args.slice(at + 1),
    ...(alias.appendArgs ?? []),
  ];
}
