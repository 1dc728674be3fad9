/** kubectl config view, current-context, get-*, use-context, rename-context, delete-*. k8s: kubectl/pkg/cmd/config */
import { toBase64 } from "../../runtime/bytes.ts";
import { goQuote } from "../../machinery/field.ts";
import { readBytes } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import {
  configFiles,
  externalConfig,
  loadConfig,
  loadFile,
  type KubeConfig,
} from "../config/kubeconfig.ts";
import { copyOf, openConfig, saveChanges } from "../config/modify.ts";
import { Failure, Failures } from "../errors.ts";
import { byText } from "../go/json.ts";
import { helpPlace, helpText } from "../help.ts";
import { structJson } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import type { Outcome, Work } from "../work.ts";

/** Prints the help before a failure of the arguments. k8s: config.go helpErrorf */
export function* refuse(k: Kubectl, text: string): Work<never> {
  k.out(helpText(k.facts, ...(yield* helpPlace())));
  throw new Failure(text);
}

const goList = (words: readonly string[]): string => `[${words.join(" ")}]`;

function minified(config: KubeConfig): KubeConfig {
  const name = config.currentContext;
  if (name === "") throw new Failure("current-context must exist in order to minify");
  const context = config.contexts[name];
  if (!context) throw new Failure(`cannot locate context ${name}`);
  const { cluster, user } = context;
  if (cluster && !config.clusters[cluster]) throw new Failure(`cannot locate cluster ${cluster}`);
  if (user && !config.users[user]) throw new Failure(`cannot locate user ${user}`);
  return {
    ...config,
    contexts: { [name]: context },
    clusters: cluster ? { [cluster]: config.clusters[cluster] as never } : {},
    users: user ? { [user]: config.users[user] as never } : {},
  };
}

const omitted = "DATA+OMITTED";

/** Secrets and bytes are not shown. k8s: clientcmd/api/helpers.go ShortenConfig, RedactSecrets */
function shortened(config: KubeConfig): KubeConfig {
  const out = copyOf(config);
  for (const user of Object.values(out.users)) {
    for (const field of ["client-key-data", "client-certificate-data"] as const)
      if (user[field]) user[field] = omitted;
    for (const field of ["token", "password"] as const) if (user[field]) user[field] = "REDACTED";
  }
  for (const cluster of Object.values(out.clusters))
    if (cluster["certificate-authority-data"]) cluster["certificate-authority-data"] = omitted;
  return out;
}

/** Files in place of their paths. */
function* flattened(config: KubeConfig): Work<KubeConfig> {
  const out = copyOf(config);
  const entries: [Record<string, unknown>, string[]][] = [
    ...Object.values(out.users).map((user): [Record<string, unknown>, string[]] => [
      user,
      ["client-certificate", "client-key"],
    ]),
    ...Object.values(out.clusters).map((cluster): [Record<string, unknown>, string[]] => [
      cluster,
      ["certificate-authority"],
    ]),
  ];
  for (const [entry, fields] of entries) {
    for (const field of fields) {
      const path = entry[field];
      if (typeof path !== "string" || path === "") continue;
      if (entry[`${field}-data`])
        throw new Failure("cannot have values for both path and contents");
      entry[`${field}-data`] = toBase64(yield* readBytes(path));
      delete entry[field];
    }
  }
  return out;
}

function* explicitConfig(file: string): Work<KubeConfig> {
  try {
    return yield* loadFile(file);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`error loading config file "${file}": ${error.message}`);
  }
}

function* view(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length > 0) k.usage(`unexpected arguments: ${goList(args)}`);
  const templated = !flags.changed("output") && flags.string("template") !== "";
  const output = templated ? "go-template" : flags.string("output") || "yaml";
  const print = yield* printerOf(flags, { format: output });
  const files = yield* configFiles(flags);
  const merges = flags.changed("merge") ? flags.string("merge") === "true" : !files.explicit;
  if (!merges && !files.explicit) k.fail("if merge==false a precise file must be specified");
  let config: KubeConfig;
  if (merges) ({ config } = yield* loadConfig(files));
  else config = yield* explicitConfig(files.explicit);
  if (flags.bool("minify")) {
    if (flags.changed("context")) config.currentContext = flags.string("context");
    config = minified(config);
  }
  if (flags.bool("flatten")) config = yield* flattened(config);
  else if (!flags.bool("raw")) config = shortened(config);
  const external = externalConfig(config);
  if (output === "json") k.out(`${structJson(external, "    ")}\n`);
  else k.out(print(external as unknown as KubeObject));
  return 0;
}

function contextRows(k: Kubectl, config: KubeConfig): { names: string[]; errors: Failure[] } {
  const errors: Failure[] = [];
  if (k.args.length === 0) return { names: Object.keys(config.contexts), errors };
  const names = k.args.filter((name) => {
    if (!config.contexts[name]) errors.push(new Failure(`context ${name} not found`));
    return config.contexts[name] !== undefined;
  });
  return { names, errors };
}

function* getContexts(k: Kubectl): Work<Outcome> {
  const output = k.flags.string("output");
  if (!["", "name"].includes(output))
    k.fail(
      `--output ${output} is not available in kubectl config get-contexts; resetting to default output format`,
    );
  const { config } = yield* openConfig(k.flags);
  const { names, errors } = contextRows(k, config);
  const writer = new TabWriter();
  const short = output === "name";
  if (!short && !k.flags.bool("no-headers"))
    writer.write("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
  for (const name of names.toSorted(byText)) {
    const { cluster = "", user = "", namespace = "" } = config.contexts[name] ?? {};
    const mark = config.currentContext === name ? "*" : " ";
    writer.write(short ? `${name}\n` : `${mark}\t${name}\t${cluster}\t${user}\t${namespace}\n`);
  }
  k.out(writer.flush());
  if (errors.length > 0) throw new Failures(errors);
  return 0;
}

const listing = (list: "clusters" | "users"): Command["run"] =>
  function* (k) {
    const { config } = yield* openConfig(k.flags);
    k.out(
      `NAME\n${Object.keys(config[list])
        .toSorted(byText)
        .map((name) => `${name}\n`)
        .join("")}`,
    );
    return 0;
  };

function* useContext(k: Kubectl): Work<Outcome> {
  const [name, ...more] = k.args;
  if (name === undefined || more.length > 0) yield* refuse(k, `Unexpected args: ${goList(k.args)}`);
  const opened = yield* openConfig(k.flags);
  if (name === "") k.fail("empty context names are not allowed");
  if (!opened.config.contexts[name ?? ""])
    k.fail(`no context exists with the name: ${goQuote(name ?? "")}`);
  yield* saveChanges(opened, { ...copyOf(opened.config), currentContext: name ?? "" });
  k.out(`Switched to context ${goQuote(name ?? "")}.\n`);
  return 0;
}

function* renameContext(k: Kubectl): Work<Outcome> {
  const [from = "", to = "", ...more] = k.args;
  if (k.args.length < 2 || more.length > 0) yield* refuse(k, `Unexpected args: ${goList(k.args)}`);
  if (to === "") k.fail("You must specify a new non-empty context name");
  const opened = yield* openConfig(k.flags);
  const changed = copyOf(opened.config);
  const context = changed.contexts[from];
  if (!context)
    return k.fail(`cannot rename the context ${goQuote(from)}, it's not in ${opened.target}`);
  if (changed.contexts[to])
    k.fail(
      `cannot rename the context ${goQuote(from)}, the context ${goQuote(to)} already exists in ${opened.target}`,
    );
  changed.contexts[to] = context;
  delete changed.contexts[from];
  if (changed.currentContext === from) changed.currentContext = to;
  yield* saveChanges(opened, changed);
  k.out(`Context ${goQuote(from)} renamed to ${goQuote(to)}.\n`);
  return 0;
}

const deleting = (what: "cluster" | "context" | "user"): Command["run"] =>
  function* (k) {
    const opened = yield* openConfig(k.flags);
    const [name, ...more] = k.args;
    if (name === undefined || more.length > 0) {
      if (what === "user") k.usage("user to delete is required");
      k.out(helpText(k.facts, ...(yield* helpPlace())));
      return 0;
    }
    const changed = copyOf(opened.config);
    const list = changed[`${what}s`];
    if (!list[name]) k.fail(`cannot delete ${what} ${name}, not in ${opened.target}`);
    if (what === "context" && changed.currentContext === name)
      k.err(
        'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
      );
    delete list[name];
    yield* saveChanges(opened, changed);
    k.out(`deleted ${what} ${name} from ${opened.target}\n`);
    return 0;
  };

export const configViewCommands: Command[] = [
  { path: "config view", run: view },
  {
    path: "config current-context",
    *run(k) {
      const { config } = yield* openConfig(k.flags);
      if (config.currentContext === "") k.fail("current-context is not set");
      k.out(`${config.currentContext}\n`);
      return 0;
    },
  },
  { path: "config get-contexts", run: getContexts },
  { path: "config get-clusters", run: listing("clusters") },
  { path: "config get-users", run: listing("users") },
  { path: "config use-context", run: useContext },
  { path: "config rename-context", run: renameContext },
  { path: "config delete-cluster", run: deleting("cluster") },
  { path: "config delete-context", run: deleting("context") },
  { path: "config delete-user", run: deleting("user") },
];
