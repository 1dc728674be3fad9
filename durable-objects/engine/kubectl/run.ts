/** One command line from its arguments to its exit code: which command it is, its flags, its help, its failures. */
import { decodeUtf8, encodeUtf8 } from "../runtime/bytes.ts";
import { goQuote } from "../machinery/field.ts";
import { StatusError } from "../machinery/status.ts";
import { environment } from "./asks.ts";
import { complete } from "./complete.ts";
import { Kubectl, type Command } from "./command.ts";
import { commandAt } from "./commands/index.ts";
import { Exit, Failure, report, UsageProblem } from "./errors.ts";
import { rootFacts, type CommandFacts, type FlagFacts } from "./facts.ts";
import { why, whyFacts } from "./commands/why.ts";
import { parseFlags, withoutFlags, withoutWord } from "./flags.ts";
import { findCommand } from "./find-command.ts";
import { helpPlace, helpText, usageText } from "./help.ts";
import { withPreferences } from "./kuberc.ts";
import { runPlugin } from "./plugins.ts";
import type { Outcome, Work } from "./work.ts";

export interface Run {
  work: Work<Outcome>;
  /** Output that was not taken yet. */
  pending: [number, string][];
}

/** A command line, or the continuation of one. */
export function beginRun(
  argv: readonly string[],
  continued: { name: string; data: unknown } | undefined,
): Run {
  const pending: [number, string][] = [];
  const args = argv.slice(1).map(decodeUtf8);
  const plugin = /(^|\/)kubectl-why$/.test(argv[0] ?? "");
  return {
    work: guarded(plugin ? whyMain(args, pending) : main(args, continued, pending), pending),
    pending,
  };
}

/** The plugin has a command line of its own, with kubectl's flags. */
function* whyMain(args: readonly string[], pending: [number, string][]): Work<Outcome> {
  const facts = whyFacts();
  const k = new Kubectl(facts, parseFlags(facts, args), pending);
  if (k.flags.bool("help")) return yield* help(k, facts);
  return yield* why.run(k);
}

function* guarded(work: Work<Outcome>, pending: [number, string][]): Work<Outcome> {
  try {
    return yield* work;
  } catch (thrown) {
    // Texts that cannot be read are told as the server tells of them.
    const error = thrown instanceof StatusError ? new Failure(thrown.message) : thrown;
    if (!(error instanceof Failure)) throw error;
    const { text, code } = report(error);
    if (text !== "") pending.push([2, encodeUtf8(text)]);
    return code;
  }
}

function* main(
  given: readonly string[],
  continued: { name: string; data: unknown } | undefined,
  pending: [number, string][],
): Work<Outcome> {
  if (given[0] === "__complete") return yield* complete(given.slice(1), pending);
  if (given[0] === "__completeNoDesc") return yield* complete(given.slice(1), pending, true);
  const args = yield* preferred(given, pending);
  const { command, rest } = findCommand(args);
  if (command.path === "") yield* unknownCommand(args, rest, pending);
  else if (command.path === "create" && rest[0] !== undefined && !rest[0].startsWith("-"))
    yield* runPlugin(args, args.length - rest.length + 1);
  const made = commandAt(command.path);
  if (command.deprecated)
    pending.push([
      2,
      encodeUtf8(`Command ${goQuote(command.name)} is deprecated, ${command.deprecated}\n`),
    ]);
  const facts = yield* withAlphaFlags(command);
  const flags = parseFlags(facts, rest);
  for (const notice of flags.notices) pending.push([2, encodeUtf8(notice)]);
  const k = new Kubectl(facts, flags, pending, given);
  if (continued) return yield* goOn(k, made, continued);
  if (command.path === "alpha")
    throw new Exit(0, "No alpha commands are available in this version of kubectl");
  if (flags.bool("help")) return yield* help(k, facts);
  if (!command.runnable) return yield* help(k, command);
  if (command.commands.length > 0 && !made) return yield* onlySubcommands(k);
  if (!made) throw new Failure(`${k.path} is not simulated`);
  const outcome = yield* made.run(k);
  return flags.bool("warnings-as-errors") ? warned(k, outcome) : outcome;
}

/** The command line with the user's preferences. k8s: cmd/cmd.go NewKubectlCommand */
function* preferred(
  given: readonly string[],
  pending: [number, string][],
): Work<readonly string[]> {
  try {
    return yield* withPreferences(given, (text) => pending.push([2, encodeUtf8(text)]));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Exit(1, `error occurred while applying preferences ${error.message}`);
  }
}

/** Flags that an environment variable turns on. k8s: cmd/util/helpers.go FeatureGate, AddPruningFlags */
function* withAlphaFlags(command: CommandFacts): Work<CommandFacts> {
  if (command.path !== "apply" || (yield* environment())["KUBECTL_APPLYSET"] !== "true")
    return command;
  const prune = command.flags.find(({ name }) => name === "prune") as FlagFacts;
  const applyset: FlagFacts = {
    ...prune,
    name: "applyset",
    type: "string",
    def: "",
    alone: "",
    usage:
      "[alpha] The name of the ApplySet that tracks which resources are being managed, for the purposes of determining what to prune. Live resources that are part of the ApplySet but have been removed from the provided configs will be deleted. Format: [RESOURCE][.GROUP]/NAME. A Secret will be used if no resource or group is specified.",
  };
  const usage =
    "Automatically delete previously applied resource objects that do not appear in the provided configs. For alpha1, use with either -l or --all. For alpha2, use with --applyset.";
  const others = command.flags.filter((flag) => flag !== prune);
  const flags = [...others, { ...prune, usage }, applyset];
  return { ...command, flags: flags.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

function* goOn(
  k: Kubectl,
  made: Command | undefined,
  { name, data }: { name: string; data: unknown },
): Work<Outcome> {
  const next = made?.continuations?.[name];
  if (!next) throw new Failure(`${k.path} cannot go on as ${name}`);
  return yield* next(k, data as never);
}

function warned(k: Kubectl, outcome: Outcome): Outcome {
  const count = k.warned.size;
  if (count === 0 || (typeof outcome === "number" && outcome !== 0)) return outcome;
  throw new Failure(`${count} warning${count === 1 ? "" : "s"} received`);
}

export function* help(k: Kubectl, command: CommandFacts): Work<number> {
  k.out(helpText(command, ...(yield* helpPlace())));
  return 0;
}

/** A command that only has subcommands. k8s: cmd/util/helpers.go DefaultSubCommandRun */
function* onlySubcommands(k: Kubectl): Work<number> {
  if (k.args.length > 0) k.usage(`unknown command ${goQuote(k.args.join(" "))}`);
  if (k.facts.path === "") return yield* help(k, k.facts);
  // Only these two print it as an answer. k8s: cmd/rollout/rollout.go, cmd/certificates/certificates.go
  if (k.facts.path === "certificate") return yield* help(k, k.facts);
  const text = helpText(k.facts, ...(yield* helpPlace()));
  if (k.facts.path === "rollout") k.out(text);
  else k.err(text);
  throw new Exit(1);
}

/** Words that are no command: `help`, a plugin's, or a mistake. */
function* unknownCommand(
  args: readonly string[],
  rest: readonly string[],
  pending: [number, string][],
): Work<void> {
  const [word] = withoutFlags(rootFacts(), rest);
  if (word === undefined) return;
  if (word === "help") yield* helpCommand(args, pending);
  if (!word.startsWith("__complete")) yield* runPlugin(args, 1);
  throw new UsageProblem(
    `unknown command ${goQuote(word)} for "kubectl"${suggestions(rootFacts(), word)}`,
  );
}

function* helpCommand(args: readonly string[], pending: [number, string][]): Work<never> {
  const topic = withoutWord(rootFacts(), args, "help");
  const { command, rest } = findCommand(topic);
  const unknown = command.path === "" && withoutFlags(command, rest).length > 0;
  const place = yield* helpPlace();
  if (!unknown) pending.push([1, encodeUtf8(helpText(command, ...place))]);
  else {
    const named = topic.map((one) => `\`${one}\``).join(" ");
    pending.push([
      2,
      encodeUtf8(`Unknown help topic [${named}]\n\n\n${usageText(command, ...place)}\n`),
    ]);
  }
  throw new Exit(0);
}

/** cobra: command.go SuggestionsFor, findSuggestions */
export function suggestions(command: CommandFacts, word: string): string {
  const typed = word.toLowerCase();
  // Commands stand in the order in which they are added: by groups.
  const order = command.groups.flatMap(([, names]) => names);
  const near = command.commands
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    .filter(
      ({ name, suggestFor, hidden }) =>
        !hidden &&
        (distance(typed, name.toLowerCase()) <= 2 ||
          name.toLowerCase().startsWith(typed) ||
          suggestFor.some((one) => one.toLowerCase() === typed)),
    )
    .map(({ name }) => name);
  if (near.length === 0) return "";
  return `\n\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join("")}`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + same,
        ),
      );
    }
    row = next;
  }
  return row[b.length] as number;
}
