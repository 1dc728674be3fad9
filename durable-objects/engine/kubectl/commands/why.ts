/**
 * kubectl-why, a plugin: asks the API for an Explanation (podyard.dev/v1) and prints its sentence, what it rests on, what would mend
 * it, and whose decision it is. `kubectl why pod/web`, `kubectl why -f web.yaml`, `kubectl why pods --verb delete --who jane`.
 */
import type { Evidence, Explanation } from "../../kinds/podyard/explanation.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import type { Failure } from "../errors.ts";
import { rootFacts, type CommandFacts, type FlagFacts } from "../facts.ts";
import { fileOptions, fileSources, hasFiles } from "../files.ts";
import { readObjects, type KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import type { Outcome, Work } from "../work.ts";

const flag = (name: string, shorthand: string, type: string, usage: string): FlagFacts => ({
  name,
  shorthand,
  type,
  def: type === "stringArray" ? "[]" : "",
  usage,
  alone: "",
  hidden: false,
  deprecated: "",
});

/** Not one of kubectl's own, so no table has its words. */
export const whyFacts = (): CommandFacts => ({
  path: "why",
  name: "why",
  aliases: [],
  suggestFor: [],
  short: "Say why a resource is as it is",
  long: "Say why a resource is as it is: in a sentence, with what that rests on, and what would mend it.",
  example:
    "  # Why is this Pod not running?\n  kubectl why pod/web\n\n  # Why is this file refused?\n  kubectl why -f web.yaml\n\n  # Why may jane not delete Pods?\n  kubectl why pods --verb delete --who jane",
  use: "why TYPE/NAME",
  hidden: false,
  deprecated: "",
  runnable: true,
  flags: [
    flag(
      "filename",
      "f",
      "stringArray",
      "A file whose object is asked about, as if it were applied.",
    ),
    flag("output", "o", "string", "Output format. One of: (json, yaml)."),
    flag("verb", "", "string", "Ask about a request with this verb instead."),
    flag("who", "", "string", "The user that makes the request. Default: yourself."),
    flag("group", "", "stringArray", "A group of the user that makes the request."),
  ],
  persistent: [],
  parent: rootFacts(),
  commands: [],
  groups: [],
});

function* run(k: Kubectl): Work<Outcome> {
  const output = k.flags.string("output");
  if (!["", "json", "yaml"].includes(output)) k.usage(`unknown output format "${output}"`);
  const asked = yield* askedOf(k);
  const client = yield* k.client();
  for (const [at, { spec, namespace }] of asked.entries()) {
    const answer = yield* client.json<Explanation>({
      method: "POST",
      path: `/apis/podyard.dev/v1/namespaces/${namespace || "default"}/explanations`,
      body: { apiVersion: "podyard.dev/v1", kind: "Explanation", spec },
    });
    if (output) k.out((yield* printerOf(k.flags))(answer as unknown as KubeObject));
    else k.out(`${at > 0 ? "\n" : ""}${textOf(answer)}`);
  }
  return 0;
}

interface Asked {
  spec: Explanation["spec"];
  namespace: string;
}

function* askedOf(k: Kubectl): Work<Asked[]> {
  const { namespace } = placeOf(yield* k.access());
  if (!hasFiles(fileOptions(k.flags))) return [yield* namedIn(k, namespace)];
  if (k.args.length > 0) k.usage("expected a file or a name");
  return yield* manifestsIn(k, namespace);
}

function* namedIn(k: Kubectl, namespace: string): Work<Asked> {
  const { args, flags } = k;
  const verb = flags.string("verb");
  const [first = "", second] = args;
  if (args.length === 0 || args.length > 2) k.usage("expected TYPE/NAME or TYPE NAME");
  const [word = "", slashed] = first.split("/");
  const name = slashed ?? second;
  if (name === undefined && !verb) k.usage("expected TYPE/NAME or TYPE NAME");
  const { plural, group, namespaced } = (yield* k.mapper()).need(word);
  const groups = flags.list("group");
  const user = flags.string("who");
  const spec = {
    resource: plural,
    group,
    ...(name === undefined ? {} : { name }),
    ...(verb ? { verb } : {}),
    ...(verb && user ? { user } : {}),
    ...(verb && groups.length ? { groups } : {}),
  };
  return { spec, namespace: namespaced || verb ? namespace : "" };
}

/** Each object of a file, as if it were applied. */
function* manifestsIn(k: Kubectl, namespace: string): Work<Asked[]> {
  const errors: Failure[] = [];
  const asked: Asked[] = [];
  const { sources } = yield* fileSources(fileOptions(k.flags), errors);
  if (errors[0]) throw errors[0];
  for (const { name, read } of sources) {
    for (const value of readObjects(yield* read(), name)) {
      const manifest = value as Record<string, unknown>;
      const { namespace: own } = (manifest["metadata"] ?? {}) as { namespace?: string };
      asked.push({ spec: { manifest }, namespace: own ?? namespace });
    }
  }
  return asked;
}

/** `Pod default/web spec.nodeName`, where there is an object to look at. */
function placeText({ object, field, event, line }: Evidence): string {
  if (!object) return "";
  const name = `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`;
  const at = field ?? (event ? `event ${event}` : line ? "log" : "");
  return ` (${name}${at ? `, ${at}` : ""})`;
}

function textOf({ status }: Explanation): string {
  const { sentence = "", evidence = [], mend = [], decidedBy = "" } = status ?? {};
  const lines = [sentence];
  if (evidence.length) lines.push("", "Evidence:");
  for (const one of evidence) lines.push(`  - ${one.text}${placeText(one)}`);
  if (mend.length) lines.push("", "Mend:");
  for (const { text, command } of mend) lines.push(`  - ${text}`, `      ${command}`);
  lines.push("", `Decided by: ${decidedBy}`);
  return `${lines.join("\n")}\n`;
}

export const why: Command = { path: "why", run };
