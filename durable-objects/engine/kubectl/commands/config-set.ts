/** kubectl config set-cluster, set-context, set-credentials, set, unset. k8s: kubectl/pkg/cmd/config */
import { lookup } from "../../core/lookup.ts";
import { encodeUtf8, fromBase64, toBase64 } from "../../runtime/bytes.ts";
import { goQuote } from "../../machinery/field.ts";
import { readBytes, stat } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import type { AuthInfo, Cluster, Context } from "../config/kubeconfig.ts";
import { absolute, copyOf, openConfig, saveChanges } from "../config/modify.ts";
import { Failure } from "../errors.ts";
import { parseBool } from "../flag-values.ts";
import type { Outcome, Work } from "../work.ts";
import { refuse } from "./config-view.ts";

const goList = (words: readonly string[]): string => `[${words.join(" ")}]`;

type Entry = Record<string, unknown>;

/** Sets a field, or takes an empty one away. */
function put(entry: Entry, field: string, value: unknown): void {
  if (value === "" || value === false || value === undefined) delete entry[field];
  else entry[field] = value;
}

const isTrue = (k: Kubectl, flag: string): boolean => k.flags.string(flag) === "true";

/** A file's bytes in the entry, or its path. */
function* putFile(k: Kubectl, entry: Entry, field: string): Work<void> {
  const path = k.flags.string(field);
  if (isTrue(k, "embed-certs")) {
    put(entry, `${field}-data`, toBase64(yield* readBytes(path)));
    put(entry, field, "");
    return;
  }
  put(entry, field, yield* absolute(path));
  if (path !== "") put(entry, `${field}-data`, "");
}

function* embeddable(k: Kubectl, fields: readonly string[]): Work<void> {
  if (!isTrue(k, "embed-certs")) return;
  const given = fields.filter((field) => k.flags.string(field) !== "");
  if (given.length === 0)
    k.fail(`you must specify a ${fields.map((field) => `--${field}`).join(" or ")} to embed`);
  for (const field of given) {
    const path = k.flags.string(field);
    if (!(yield* stat(path)))
      k.fail(`could not stat ${field} file ${path}: stat ${path}: no such file or directory`);
  }
}

function* setCluster(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length !== 1) yield* refuse(k, `Unexpected args: ${goList(args)}`);
  const name = args[0] ?? "";
  if (name === "") k.fail("you must specify a non-empty cluster name");
  const insecure = isTrue(k, "insecure-skip-tls-verify");
  if (insecure && flags.string("certificate-authority") !== "")
    k.fail("you cannot specify a certificate authority and insecure mode at the same time");
  yield* embeddable(k, ["certificate-authority"]);
  const opened = yield* openConfig(flags);
  const changed = copyOf(opened.config);
  const cluster: Cluster = { ...changed.clusters[name] };
  if (flags.changed("server")) {
    put(cluster, "server", flags.string("server"));
    put(cluster, "tls-server-name", "");
  }
  cluster.server ??= "";
  if (flags.changed("tls-server-name"))
    put(cluster, "tls-server-name", flags.string("tls-server-name"));
  if (flags.changed("insecure-skip-tls-verify")) {
    put(cluster, "insecure-skip-tls-verify", insecure);
    if (insecure)
      for (const field of ["certificate-authority", "certificate-authority-data"])
        put(cluster, field, "");
  }
  if (flags.changed("certificate-authority")) {
    yield* putFile(k, cluster, "certificate-authority");
    if (flags.string("certificate-authority") !== "")
      put(cluster, "insecure-skip-tls-verify", false);
  }
  if (flags.changed("proxy-url")) put(cluster, "proxy-url", flags.string("proxy-url"));
  changed.clusters[name] = cluster;
  yield* saveChanges(opened, changed);
  k.out(`Cluster ${goQuote(name)} set.\n`);
  return 0;
}

function* setContext(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length > 1) yield* refuse(k, `Unexpected args: ${goList(args)}`);
  const current = flags.bool("current");
  const given = args[0] ?? "";
  if (given === "" && !current) k.fail("you must specify a non-empty context name or --current");
  if (given !== "" && current) k.fail("you cannot specify both a context name and --current");
  const opened = yield* openConfig(flags);
  if (current && opened.config.currentContext === "") k.fail("no current context is set");
  const name = current ? opened.config.currentContext : given;
  const changed = copyOf(opened.config);
  const known = changed.contexts[name];
  const context: Context = { cluster: "", user: "", ...known };
  if (flags.changed("cluster")) context.cluster = flags.string("cluster");
  if (flags.changed("user")) context.user = flags.string("user");
  if (flags.changed("namespace")) put(context, "namespace", flags.string("namespace"));
  changed.contexts[name] = context;
  yield* saveChanges(opened, changed);
  k.out(`Context ${goQuote(name)} ${known ? "modified" : "created"}.\n`);
  return 0;
}

/** `key=value`, and `key-` to take it away. k8s: cmd/util/helpers.go ParsePairs */
function pairsOf(
  args: readonly string[],
  flag: string,
): { set: [string, string][]; gone: string[] } {
  const out: { set: [string, string][]; gone: string[] } = { set: [], gone: [] };
  const bad: string[] = [];
  for (const arg of args) {
    const equals = arg.indexOf("=");
    if (equals > 0) out.set.push([arg.slice(0, equals), arg.slice(equals + 1)]);
    else if (arg.endsWith("-") && arg !== "-") out.gone.push(arg.slice(0, -1));
    else bad.push(arg);
  }
  if (bad.length > 0) throw new Failure(`invalid ${flag} format: ${bad.join(", ")}`);
  return out;
}

function setExec(k: Kubectl, user: AuthInfo): void {
  const { flags } = k;
  let exec = user.exec as Entry | undefined;
  if (flags.changed("exec-command")) {
    const command = flags.string("exec-command");
    exec = exec
      ? { ...exec, command, args: null }
      : { apiVersion: "", args: null, command, env: null, provideClusterInfo: false };
  }
  if (!exec) return;
  if (flags.changed("exec-api-version")) exec["apiVersion"] = flags.string("exec-api-version");
  if (flags.list("exec-arg").length > 0) exec["args"] = flags.list("exec-arg");
  if (flags.changed("exec-interactive-mode"))
    exec["interactiveMode"] = flags.string("exec-interactive-mode");
  if (flags.changed("exec-provide-cluster-info"))
    exec["provideClusterInfo"] = isTrue(k, "exec-provide-cluster-info");
  if (flags.list("exec-env").length > 0) {
    const { set, gone } = pairsOf(flags.list("exec-env"), "exec-env");
    const kept = ((exec["env"] ?? []) as { name: string; value: string }[]).filter(
      ({ name }) => !gone.includes(name),
    );
    for (const [name, value] of set) {
      const known = kept.find((one) => one.name === name);
      if (known) known.value = value;
      else kept.push({ name, value });
    }
    exec["env"] = kept;
  }
  user.exec = exec;
}

function setProvider(k: Kubectl, user: AuthInfo): void {
  const { flags } = k;
  let provider = user["auth-provider"] as { name?: string; config?: Entry } | undefined;
  const name = flags.string("auth-provider");
  if (flags.changed("auth-provider") && provider?.name !== name) provider = { name };
  if (!provider) return;
  const { set, gone } = pairsOf(flags.list("auth-provider-arg"), "auth-provider-arg");
  const config: Entry = { ...provider.config };
  for (const key of gone) delete config[key];
  for (const [key, value] of set) config[key] = value;
  user["auth-provider"] = { config, name: provider.name };
}

function checkCredentials(k: Kubectl, name: string): void {
  const { flags } = k;
  if (name === "") k.fail("you must specify a non-empty user name");
  const basic = flags.string("username") !== "" || flags.string("password") !== "";
  if (flags.string("token") !== "" && basic)
    k.fail(
      "you cannot specify more than one authentication method at the same time: --token, --username/--password",
    );
  const mode = flags.string("exec-interactive-mode");
  if (flags.changed("exec-interactive-mode") && !["IfAvailable", "Always", "Never"].includes(mode))
    k.fail("invalid interactive mode type, can be only IfAvailable, Never, Always");
}

function* setCredentials(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length !== 1) yield* refuse(k, `unexpected args: ${goList(args)}`);
  const name = args[0] ?? "";
  checkCredentials(k, name);
  yield* embeddable(k, ["client-certificate", "client-key"]);
  const opened = yield* openConfig(flags);
  const changed = copyOf(opened.config);
  const user: AuthInfo = { ...changed.users[name] };
  for (const field of ["client-certificate", "client-key"])
    if (flags.changed(field)) yield* putFile(k, user, field);
  const plain = ["token", "username", "password"] as const;
  for (const field of plain) if (flags.changed(field)) put(user, field, flags.string(field));
  setProvider(k, user);
  setExec(k, user);
  const token = flags.changed("token") && flags.string("token") !== "";
  const basic = ["username", "password"].some(
    (field) => flags.changed(field) && flags.string(field) !== "",
  );
  if (token) for (const field of ["username", "password"]) put(user, field, "");
  else if (basic) put(user, "token", "");
  changed.users[name] = user;
  yield* saveChanges(opened, changed);
  k.out(`User ${goQuote(name)} set.\n`);
  return 0;
}

// Properties by their path

const types: Record<string, [type: string, fields: string[]]> = lookup({
  clusters: [
    "api.Cluster",
    [
      "server",
      "tls-server-name",
      "insecure-skip-tls-verify",
      "certificate-authority",
      "certificate-authority-data",
      "proxy-url",
      "disable-compression",
    ],
  ],
  users: [
    "api.AuthInfo",
    [
      "client-certificate",
      "client-certificate-data",
      "client-key",
      "client-key-data",
      "token",
      "tokenFile",
      "act-as",
      "username",
      "password",
    ],
  ],
  contexts: ["api.Context", ["cluster", "user", "namespace"]],
});

interface ConfigPath {
  list?: "clusters" | "users" | "contexts";
  name?: string;
  field?: string;
}

/** Names may hold dots: they end where a field's name follows. k8s: navigation_step_parser.go */
function placeOf(path: string): ConfigPath {
  const [first = "", ...rest] = path.split(".");
  if (first === "current-context" && rest.length === 0) return {};
  const known = types[first];
  if (!known) throw new Failure(`unable to parse ${path} after [] at api.Config`);
  const list = first as NonNullable<ConfigPath["list"]>;
  if (rest.length === 0) return { list };
  const [, fields] = known;
  const at = rest.findIndex((part, i) => i > 0 && fields.includes(part));
  const parts = at < 0 ? rest : rest.slice(0, at);
  const name = parts.join(".");
  if (at < 0) return { list, name };
  if (at < rest.length - 1)
    throw new Failure(`unable to parse one or more field values of ${path}`);
  return { list, name, field: rest[at] as string };
}

const bytesFields = /-data$/;
const boolFields = new Set(["insecure-skip-tls-verify", "disable-compression"]);

function valueOf(k: Kubectl, field: string, text: string): unknown {
  if (boolFields.has(field)) {
    const value = parseBool(text);
    if (value === undefined) k.fail(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
    return value;
  }
  if (!bytesFields.test(field)) return text;
  if (isTrue(k, "set-raw-bytes")) return toBase64(encodeUtf8(text));
  const bytes =
    /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? fromBase64(text) : undefined;
  if (bytes !== undefined) return toBase64(bytes);
  const bad = text.search(/[^A-Za-z0-9+/]/);
  return k.fail(
    `error decoding input value: illegal base64 data at input byte ${bad < 0 ? text.length - (text.length % 4) : bad}`,
  );
}

function* set(k: Kubectl): Work<Outcome> {
  if (k.args.length !== 2) yield* refuse(k, `Unexpected args: ${goList(k.args)}`);
  const [path = "", value = ""] = k.args;
  if (value === "") k.fail("you cannot use set to unset a property");
  if (path === "") k.fail("you must specify a property");
  const opened = yield* openConfig(k.flags);
  const changed = copyOf(opened.config);
  const { list, name, field } = placeOf(path);
  if (list === undefined) changed.currentContext = value;
  else if (name === undefined || field === undefined)
    k.fail(`can't set a map to a value: ${name ?? `map[${Object.keys(changed[list]).join(" ")}]`}`);
  else {
    const empty: Entry =
      list === "contexts" ? { cluster: "", user: "" } : list === "clusters" ? { server: "" } : {};
    const entry: Entry = { ...empty, ...changed[list][name] };
    put(entry, field, valueOf(k, field, value));
    changed[list][name] = entry as never;
  }
  yield* saveChanges(opened, changed);
  k.out(`Property ${goQuote(path)} set.\n`);
  return 0;
}

function* unset(k: Kubectl): Work<Outcome> {
  if (k.args.length !== 1) yield* refuse(k, `Unexpected args: ${goList(k.args)}`);
  const [path = ""] = k.args;
  if (path === "") k.fail("you must specify a property");
  const opened = yield* openConfig(k.flags);
  const changed = copyOf(opened.config);
  const { list, name, field } = placeOf(path);
  if (list === undefined) changed.currentContext = "";
  else if (name === undefined) changed[list] = {};
  else if (field === undefined) delete changed[list][name];
  else {
    const entry = changed[list][name] as Entry | undefined;
    if (!entry) return k.fail(`current map key \`${name}\` is invalid`);
    delete entry[field];
    if (list === "contexts" && field !== "namespace") entry[field] = "";
  }
  yield* saveChanges(opened, changed);
  k.out(`Property ${goQuote(path)} unset.\n`);
  return 0;
}

export const configSetCommands: Command[] = [
  { path: "config set-cluster", run: setCluster },
  { path: "config set-context", run: setContext },
  { path: "config set-credentials", run: setCredentials },
  { path: "config set", run: set },
  { path: "config unset", run: unset },
];
