/** `--help`, as cobra and kubectl's templater print it. k8s: kubectl/pkg/util/templates/{templates,templater}.go */
import { environment, terminal } from "./asks.ts";
import { wordWrap } from "./go/word-wrap.ts";
import { commandPath, rootFacts, type CommandFacts, type FlagFacts } from "./facts.ts";
import type { Work } from "./work.ts";

/** cobra: command.go NamePadding */
const namePaddingMin = 11;

const padded = (name: string, siblings: readonly CommandFacts[]): string =>
  name.padEnd(Math.max(namePaddingMin, ...siblings.map((one) => one.name.length)));

const rows = (commands: readonly CommandFacts[], siblings: readonly CommandFacts[]): string[] =>
  commands.map((one) => `  ${padded(one.name, siblings)}   ${one.short}`);

function groups(command: CommandFacts): string {
  const siblings = command.commands;
  const visible = siblings.filter(({ hidden, deprecated }) => !hidden && !deprecated);
  if (command.groups.length === 0) {
    const shown = visible.filter(({ name }) => name !== "options");
    return ["Available Commands:", ...rows(shown, siblings)].join("\n");
  }
  const byName = new Map(visible.map((one) => [one.name, one]));
  return command.groups
    .map(([message, names]) => {
      const within = names.flatMap((name) => byName.get(name) ?? []);
      return [message, ...rows(within, siblings)].join("\n");
    })
    .join("\n\n");
}

/** Columns that help is as wide as on a terminal; 0: its lines are not broken. k8s: kubectl/pkg/util/term getTerminalLimitWidth */
const helpWidth = (columns: number): number =>
  columns >= 120 ? 120 : columns >= 100 ? 100 : columns >= 80 ? 80 : 0;

/** What help depends on: the home folder that defaults lie in, and how wide the terminal is. */
export function* helpPlace(): Work<[home: string, width: number]> {
  const home = (yield* environment())["HOME"] ?? "/root";
  return [home, helpWidth((yield* terminal(1))?.columns ?? 0)];
}

/** Columns before the usage of a flag. k8s: templates/help_flags_printer.go offset */
const flagOffset = 10;

const wrapped = (text: string, width: number): string => (width > 0 ? wordWrap(text, width) : text);

function flagText(flag: FlagFacts, width: number): string {
  const head = flag.shorthand ? `    -${flag.shorthand}, ` : "    ";
  const value = flag.type === "string" ? `'${flag.def}'` : flag.def;
  const deprecated = flag.deprecated ? ` (DEPRECATED: ${flag.deprecated})` : "";
  const usage = `${flag.usage}${deprecated}`.replaceAll("\n", " ");
  const text = wrapped(usage, width && width - flagOffset).replaceAll("\n", "\n\t");
  return `${head}--${flag.name}=${value}:\n\t${text}\n\n`;
}

/** Flags as the help lists them; `home` stands where a default lies in the home folder. */
export const flagTexts = (flags: readonly FlagFacts[], home: string, width = 0): string =>
  flags
    .filter(({ hidden }) => !hidden)
    .map((flag) => flagText({ ...flag, def: flag.def.replaceAll("$HOME", home) }, width))
    .join("");

/** `kubectl get [flags] [options]` */
function usageLine(command: CommandFacts): string {
  const parent = command.parent ? `${commandPath(command.parent)} ` : "";
  const usage = `${parent}${command.use}`;
  return usage.includes("[options]") ? usage : `${usage} [options]`;
}

/** What follows the description. */
export function usageText(command: CommandFacts, home: string, width = 0): string {
  const out: string[] = [];
  const names = [command.name, ...command.aliases];
  if (command.aliases.length > 0) out.push(`Aliases:\n${names.join(", ")}`);
  if (command.example) out.push(`Examples:\n${command.example.trimEnd()}`);
  if (command.commands.some(({ hidden }) => !hidden)) out.push(groups(command));
  const flags = flagTexts(command.flags, home, width).trimEnd();
  if (flags) out.push(`Options:\n${flags}`);
  if (command.runnable) out.push(`Usage:\n  ${usageLine(command)}`);
  const tips: string[] = [];
  if (command.commands.length > 0)
    tips.push(
      `Use "${commandPath(command)} <command> --help" for more information about a given command.`,
    );
  if (command.runnable)
    tips.push(
      'Use "kubectl options" for a list of global command-line options (applies to all commands).',
    );
  if (tips.length > 0) out.push(tips.join("\n"));
  return out.join("\n\n");
}

export function helpText(command: CommandFacts, home: string, width = 0): string {
  if (command.path === "options") return optionsText(home, width);
  const head = (command.long || command.short).trim();
  if (!command.runnable && command.commands.length === 0) return wrapped(head, width);
  return wrapped(`${head}\n\n${usageText(command, home, width)}\n`, width);
}

/** `kubectl options` */
export const optionsText = (home: string, width = 0): string =>
  wrapped(
    `The following options can be passed to any command:\n\n${flagTexts(rootFacts().persistent, home, width)}`,
    width,
  );
