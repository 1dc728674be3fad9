/**
 * `kubectl __complete WORDS...`: what may stand in place of the last word, one a line with its description behind a tab, then
 * `:` and a directive. cobra: completions.go; k8s: kubectl/pkg/util/completion/completion.go
 */
import { upTo } from "../core/trim.ts";
import { Kubectl } from "./command.ts";
import { openConfig } from "./config/modify.ts";
import { pathOf, type ResourceType } from "./discovery.ts";
import { Failure } from "./errors.ts";
import { flagsOf, type CommandFacts, type FlagFacts } from "./facts.ts";
import { findCommand } from "./find-command.ts";
import { Flags } from "./flags.ts";
import { byText } from "./go/json.ts";
import type { ListObject } from "./objects.ts";
import type { Work } from "./work.ts";

/** cobra: ShellCompDirectiveDefault, NoSpace, NoFileComp */
const [files, noSpace, noFiles] = [0, 2, 4];

interface Found {
  words: string[];
  directive: number;
}

const nothing: Found = { words: [], directive: noFiles };

/** Commands whose arguments are a type and names of it. */
const typed = new Set(
  "get describe edit delete label annotate patch scale autoscale expose wait events".split(" "),
);
/** Commands whose arguments are names of one type. */
const ofType: Record<string, string> = {
  logs: "pods",
  exec: "pods",
  attach: "pods",
  debug: "pods",
  "port-forward": "pods",
  cp: "pods",
  "top pod": "pods",
  "top node": "nodes",
  cordon: "nodes",
  uncordon: "nodes",
  drain: "nodes",
  "certificate approve": "certificatesigningrequests",
  "certificate deny": "certificatesigningrequests",
};
const rolloutTypes = ["deployments", "daemonsets", "statefulsets"];

const asWords = (commands: readonly CommandFacts[], prefix: string): string[] =>
  commands
    .filter(({ hidden, name }) => !hidden && name.startsWith(prefix))
    .map(({ name, short }) => `${name}\t${short}`)
    .toSorted(byText);

function flagWords(command: CommandFacts, prefix: string): Found {
  const known = Object.values(flagsOf(command)).filter(({ hidden }) => !hidden);
  const words = known.flatMap(({ name, shorthand, usage, alone }) => {
    const text = usage.split("\n")[0] ?? "";
    const long = `--${name}${alone === "" ? "=" : ""}`;
    return [
      ...(long.startsWith(prefix) ? [`${long}\t${text}`] : []),
      ...(shorthand && prefix === "-" ? [`-${shorthand}\t${text}`] : []),
    ];
  });
  return {
    words: words.toSorted(byText),
    directive: words.length === 1 && words[0]?.includes("=\t") ? noFiles | noSpace : noFiles,
  };
}

/** The flag that waits for its value in front of the last word. */
function openFlag(command: CommandFacts, word: string): FlagFacts | undefined {
  const known = Object.values(flagsOf(command));
  const flag = word.startsWith("--")
    ? known.find(({ name }) => `--${name}` === word)
    : word.length === 2 && word.startsWith("-")
      ? known.find(({ shorthand }) => `-${shorthand}` === word)
      : undefined;
  return flag?.alone === "" ? flag : undefined;
}

function* names(k: Kubectl, type: ResourceType, prefix = ""): Work<string[]> {
  const client = yield* k.client();
  const namespace = type.namespaced ? yield* k.namespace() : "";
  const { items } = yield* client.json<ListObject>({ path: pathOf(type, namespace) });
  return items.map(({ metadata }) => `${prefix}${metadata?.name ?? ""}`);
}

function* namesOf(k: Kubectl, word: string, prefix = ""): Work<string[]> {
  const type = (yield* k.mapper()).find(word);
  return type ? yield* names(k, type, prefix) : [];
}

function* types(k: Kubectl): Work<string[]> {
  const listed = (yield* k.mapper()).types.filter(
    ({ verbs, preferred }) => preferred && verbs.includes("get"),
  );
  return listed
    .map(({ plural, group }) => (group ? `${plural}.${group}` : plural))
    .toSorted(byText);
}

function* flagValues(k: Kubectl, { name, usage }: FlagFacts): Work<Found> {
  switch (name) {
    case "namespace":
      return { words: yield* namesOf(k, "namespaces"), directive: noFiles };
    case "context":
    case "cluster":
    case "user": {
      const { config } = yield* openConfig(k.flags);
      return { words: Object.keys(config[`${name}s`]).toSorted(byText), directive: noFiles };
    }
    case "output": {
      const [, listed = ""] = usage.split("One of: (");
      const formats = upTo(listed, ")")
        .split(/[,|]\s*/)
        .filter(Boolean);
      return { words: formats, directive: noFiles };
    }
    case "container":
      return { words: yield* containers(k), directive: noFiles };
  }
  return { words: [], directive: files };
}

function* containers(k: Kubectl): Work<string[]> {
  const [pod = ""] = k.args;
  const client = yield* k.client();
  const path = `/api/v1/namespaces/${yield* k.namespace()}/pods/${pod.replace(/^pods?\//, "")}`;
  const found = yield* client.json<{ spec: { containers: { name: string }[] } }>({ path });
  return found.spec.containers.map(({ name }) => name);
}

function* argument(k: Kubectl, last: string): Work<Found> {
  const { path, commands } = k.facts;
  if (commands.length > 0 && k.args.length === 0 && path !== "create" && path !== "apply")
    return { words: asWords(commands, last), directive: noFiles };
  if (path === "create" && k.args.length === 0)
    return { words: asWords(commands, last), directive: noFiles };
  const own = ofType[path];
  if (own) return { words: yield* namesOf(k, own), directive: noFiles };
  if (path.startsWith("rollout ")) return yield* typeAndName(k, last, rolloutTypes);
  if (path === "explain") return { words: yield* types(k), directive: noFiles };
  if (typed.has(path) || path.startsWith("set ")) return yield* typeAndName(k, last);
  if (path === "config use-context" || path.endsWith("-context")) {
    const { config } = yield* openConfig(k.flags);
    return { words: Object.keys(config.contexts).toSorted(byText), directive: noFiles };
  }
  return path === "" ? nothing : { words: [], directive: files };
}

function* typeAndName(k: Kubectl, last: string, only?: readonly string[]): Work<Found> {
  const slash = last.indexOf("/");
  if (slash >= 0) {
    const type = last.slice(0, slash);
    return { words: yield* namesOf(k, type, `${type}/`), directive: noFiles };
  }
  const [type] = k.args;
  if (type === undefined) return { words: only ? [...only] : yield* types(k), directive: noFiles };
  const taken = new Set(k.args.slice(1));
  const all = yield* namesOf(k, type);
  return { words: all.filter((name) => !taken.has(name)), directive: noFiles };
}

/** Everything that may stand there, whatever goes wrong: then nothing. */
export function* complete(words: readonly string[], pending: [number, string][]): Work<number> {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const { command, rest } = findCommand(before);
  const waiting = openFlag(command, before.at(-1) ?? "");
  const flags = new Flags(command);
  let found: Found = nothing;
  const k = new Kubectl(command, flags, []);
  try {
    flags.tryParse(waiting ? rest.slice(0, -1) : rest);
    if (waiting) found = yield* flagValues(k, waiting);
    else if (last.startsWith("-") && !before.includes("--")) found = flagWords(command, last);
    else found = yield* argument(k, last);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  const fitting = found.words.filter((word) => word.startsWith(last));
  const lines = fitting.map((word) => `${word}\n`).join("");
  pending.push([1, `${lines}:${found.directive}\n`]);
  pending.push([2, `Completion ended with directive: ${directiveText(found.directive)}\n`]);
  return 0;
}

function directiveText(directive: number): string {
  const names = [
    ...(directive & noSpace ? ["ShellCompDirectiveNoSpace"] : []),
    ...(directive & noFiles ? ["ShellCompDirectiveNoFileComp"] : []),
  ];
  return names.length ? names.join(", ") : "ShellCompDirectiveDefault";
}
