/** kubectl kuberc. k8s: kubectl/pkg/cmd/kuberc/{set,view}.go */
import { goQuote } from "../../machinery/field.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { readFile, readLine, stat, writeFile } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure, Failures } from "../errors.ts";
import { structJson } from "../go/json.ts";
import {
  preferenceFile,
  preferenceVersion,
  type Alias,
  type Option,
  type Preference,
} from "../kuberc.ts";
import { requireFlags } from "../mutate/mutation.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { printYaml } from "../printers/yaml.ts";
import type { Outcome, Work } from "../work.ts";

function* pathOf(k: Kubectl): Work<{ path: string; explicit: boolean }> {
  const found = yield* preferenceFile(k.flags.string("kuberc"));
  if (found.path === "") k.fail("KUBERC is disabled via KUBERC=off environment variable");
  return found;
}

const empty = (): Preference => ({
  kind: "Preference",
  apiVersion: preferenceVersion,
  defaults: null,
  aliases: null,
});

/** What is recommended to who has none. */
const recommended = (): Preference => ({
  ...empty(),
  defaults: [
    { command: "apply", options: [{ name: "server-side", default: "true" }] },
    { command: "delete", options: [{ name: "interactive", default: "true" }] },
  ],
});

function parsed(text: string): Preference {
  try {
    return { ...empty(), ...(parseYaml(text).value as Partial<Preference>) };
  } catch (error) {
    throw new Failure(
      `error parsing kuberc file: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function* save(k: Kubectl, path: string, preference: Preference): Work<number> {
  yield* writeFile(path, printYaml(preference), 0o644, true);
  k.out(`Updated ${path}\n`);
  return 0;
}

const optionsInOrder = (options: readonly Option[]): Option[] =>
  options.map((one) => ({ name: one.name, default: one.default }));

/** Fields as their structs have them. k8s: kubectl/pkg/config/v1beta1/types.go */
function inOrder({ kind, apiVersion, defaults, aliases, ...rest }: Preference): Preference {
  return {
    kind,
    apiVersion,
    defaults: (defaults ?? []).map(({ command, options }) => ({
      command,
      options: options ? optionsInOrder(options) : null,
    })),
    aliases: (aliases ?? []).map(({ name, command, prependArgs, appendArgs, options }) => ({
      name,
      command,
      ...(prependArgs ? { prependArgs } : {}),
      ...(appendArgs ? { appendArgs } : {}),
      ...(options ? { options: optionsInOrder(options) } : {}),
    })),
    ...rest,
  };
}

function* view(k: Kubectl): Work<Outcome> {
  const { path, explicit } = yield* pathOf(k);
  if (!(yield* stat(path))) {
    if (explicit) k.fail(`kuberc file not found at ${path}`);
    k.out(`kuberc file not found at ${path}\n`);
    k.out("Would you like to generate a default kuberc file with recommended options? (y/N): ");
    const line = (yield* readLine())?.trim();
    if (!line) return 0;
    if (line.toLowerCase() === "y") return yield* save(k, path, recommended());
    return k.fail("error parsing kuberc file: EOF");
  }
  const found = parsed(yield* readFile(path));
  const shown = inOrder(found);
  const format = k.flags.string("output") || "yaml";
  if (format === "json") k.out(`${structJson(shown, "    ")}\n`);
  else k.out((yield* printerOf(k.flags, { format }))(shown as unknown as KubeObject));
  return 0;
}

function validate(k: Kubectl): void {
  const { flags } = k;
  const section = flags.string("section");
  const sections = ["defaults", "aliases", "credentialplugin"];
  if (!sections.includes(section))
    k.fail(`--section must be "defaults", "aliases", or "credentialplugin", got: ${section}`);
  const name = flags.string("name");
  if (section === "aliases" && !name) k.fail("--name is required when --section=aliases");
  if (section === "defaults" && name)
    k.fail("--name should not be specified when --section=defaults");
  if (
    section === "defaults" &&
    flags.list("prependarg").length + flags.list("appendarg").length > 0
  )
    k.fail("--prependarg and --appendarg are only valid for --section=aliases");
  if (section !== "credentialplugin" && !flags.string("command"))
    k.fail("--command is required when --section=aliases or --section=defaults");
  if (section === "credentialplugin") validatePolicy(k);
}

function validatePolicy(k: Kubectl): void {
  const policy = k.flags.string("policy");
  const entries = k.flags.list("allowlist-entry");
  if (!policy) k.fail("--policy is required when --section=credentialplugin");
  if (!["AllowAll", "DenyAll", "Allowlist"].includes(policy))
    k.fail(` --policy must be  "AllowAll", "DenyAll", or "Allowlist", got: ${policy}`);
  if (policy !== "Allowlist" && entries.length > 0)
    k.fail(
      "--allowlist-entry may only be used when --section=credentialplugin and --policy=Allowlist",
    );
  if (policy === "Allowlist" && entries.length === 0)
    k.fail("--allowlist-entry is required when --section=credentialplugin and --policy=Allowlist");
}

function optionsOf(k: Kubectl): Option[] {
  return k.flags.list("option").map((text) => {
    const at = text.indexOf("=");
    if (at < 0) k.fail(`invalid option format ${goQuote(text)}, expected flag=value`);
    return { name: text.slice(0, at).replace(/^-+/, ""), default: text.slice(at + 1) };
  });
}

function setDefaults(k: Kubectl, preference: Preference): void {
  const command = k.flags.string("command");
  const options = optionsOf(k);
  const known = preference.defaults?.find((one) => one.command === command);
  if (!known) {
    const added = { command, options: options.length > 0 ? options : null };
    preference.defaults = [...(preference.defaults ?? []), added];
    return;
  }
  if (!k.flags.bool("overwrite"))
    k.fail(`defaults for command ${goQuote(command)} already exist, use --overwrite to replace`);
  if (options.length > 0) known.options = options;
}

function setAlias(k: Kubectl, preference: Preference): void {
  const { flags } = k;
  const name = flags.string("name");
  const at = preference.aliases?.findIndex((one) => one.name === name) ?? -1;
  const known = preference.aliases?.[at];
  if (known && !flags.bool("overwrite"))
    k.fail(`alias ${goQuote(name)} already exists, use --overwrite to replace`);
  const given = <T>(list: T[], before: T[] | null | undefined): T[] | undefined =>
    list.length > 0 ? list : (before ?? undefined);
  const prependArgs = given(flags.list("prependarg"), known?.prependArgs);
  const appendArgs = given(flags.list("appendarg"), known?.appendArgs);
  const options = given(optionsOf(k), known?.options);
  const alias: Alias = {
    name,
    command: flags.string("command"),
    ...(prependArgs ? { prependArgs } : {}),
    ...(appendArgs ? { appendArgs } : {}),
    ...(options ? { options } : {}),
  };
  if (known) (preference.aliases as Alias[])[at] = alias;
  else preference.aliases = [...(preference.aliases ?? []), alias];
}

function setPolicy(k: Kubectl, preference: Preference): void {
  const policy = k.flags.string("policy");
  if (policy === "Allowlist") {
    const errors: Failure[] = [];
    const entries: { command: string }[] = [];
    for (const pair of k.flags.list("allowlist-entry").flatMap((one) => one.split(","))) {
      const at = pair.indexOf("=");
      const [field, value] = [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
      const failed = (text: string): unknown => errors.push(new Failure(text));
      if (at < 0) failed(`improperly formatted allowlist entry: ${goQuote(pair)}`);
      else if (field === "name")
        failed('allowlist entry field "name" is deprecated, use "command" instead');
      else if (field !== "command") failed(`unrecognized allowlist entry field: ${goQuote(field)}`);
      else if (value.trim() === "")
        failed(`empty value in allowlist entry for field ${goQuote(field)}`);
      else entries.push({ command: value });
    }
    if (errors.length > 0) throw new Failures(errors);
    preference.credentialPluginAllowlist = entries;
  }
  preference.credentialPluginPolicy = policy;
}

function* set(k: Kubectl): Work<Outcome> {
  requireFlags(k, ["section"]);
  const { path } = yield* pathOf(k);
  validate(k);
  const text = (yield* stat(path)) ? yield* readFile(path) : "";
  const preference = text === "" ? empty() : parsed(text);
  const section = k.flags.string("section");
  if (section === "defaults") setDefaults(k, preference);
  else if (section === "aliases") setAlias(k, preference);
  else setPolicy(k, preference);
  return yield* save(k, path, preference);
}

export const kubercCommands: readonly Command[] = [
  { path: "kuberc set", run: set },
  { path: "kuberc view", run: view },
];
