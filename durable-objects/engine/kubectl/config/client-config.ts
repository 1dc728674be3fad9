/**
 * Whom kubectl speaks to, and as whom: flags over the kubeconfig's context, and a Pod's service account where there is no
 * kubeconfig. k8s: client-go/tools/clientcmd/client_config.go, merged_client_builder.go
 */
import { goQuote } from "../../machinery/field.ts";
import { dns1123Label } from "../../machinery/names.ts";
import { fromBase64 } from "../../runtime/bytes.ts";
import { pairProblem } from "../../runtime/tools/openssl/client-pair.ts";
import { environment, readFile, stat } from "../asks.ts";
import { Failure, InvalidConfig } from "../errors.ts";
import type { Flags } from "../flags.ts";
import { parseDuration } from "../go/duration.ts";
import type { Work } from "../work.ts";
import {
  configFiles,
  loadConfig,
  type AuthInfo,
  type Cluster,
  type Context,
  type KubeConfig,
} from "./kubeconfig.ts";

export interface ClientConfig {
  /** `https://10.96.0.1:443` */
  server: string;
  token?: string;
  username?: string;
  password?: string;
  /** PEM of the certificate that the client shows. */
  certificate?: string;
  /** Why it cannot be shown. */
  badCertificate?: string;
  impersonate: {
    user: string;
    uid: string;
    groups: string[];
    extra: Record<string, string[]>;
  };
  /** The server's certificate cannot be checked. */
  untrusted?: true;
  /** Of one request, ms. */
  timeoutMs?: number;
  namespace: string;
  /** `--namespace` was given. */
  explicitNamespace: boolean;
}

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

interface Account {
  server: string;
  token: string;
  trusted: boolean;
  namespace: string;
}

/** A Pod's own access. k8s: client-go/rest/config.go InClusterConfig */
function* inCluster(env: Record<string, string>): Work<Account | undefined> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  if (!host || !port || !(yield* stat(`${accountFolder}/token`))) return undefined;
  const token = (yield* readFile(`${accountFolder}/token`)).trim();
  const trusted = (yield* stat(`${accountFolder}/ca.crt`)) !== undefined;
  const written = yield* stat(`${accountFolder}/namespace`);
  const namespace = written ? (yield* readFile(`${accountFolder}/namespace`)).trim() : "";
  return { server: `https://${host}:${port}`, token, trusted, namespace };
}

const given = (flags: Flags, name: string): string | undefined =>
  // `create rolebinding --user` is a list of its own.
  flags.has(name) && flags.changed(name) && flags.isText(name) && flags.string(name) !== ""
    ? flags.string(name)
    : undefined;

interface Chosen {
  /** Named by a flag, and not there. */
  absent: string[];
  context: Context;
  user: AuthInfo;
  cluster: Cluster;
  names: { context: string; user: string; cluster: string };
}

/** The parts of a configuration that the flags and its current context name. */
function choose(config: KubeConfig, flags: Flags): Chosen {
  const contextName = given(flags, "context") ?? config.currentContext;
  const known = config.contexts[contextName];
  const absent: string[] = [];
  const asked = given(flags, "context") !== undefined;
  if (!known && asked) absent.push(`context ${goQuote(contextName)} does not exist`);
  const context: Context = { ...(known ?? { cluster: "", user: "" }) };
  context.cluster = given(flags, "cluster") ?? context.cluster ?? "";
  context.user = given(flags, "user") ?? context.user ?? "";
  const cluster = config.clusters[context.cluster];
  const user = config.users[context.user];
  const named = given(flags, "cluster") !== undefined;
  if (!user && given(flags, "user"))
    absent.push(`auth info ${goQuote(context.user)} does not exist`);
  if (!cluster && named) absent.push(`cluster ${goQuote(context.cluster)} does not exist`);
  return {
    absent,
    context,
    user: overUser({ ...user }, flags),
    cluster: overCluster(named && !cluster ? {} : { server: localServer, ...cluster }, flags),
    names: { context: contextName, user: context.user, cluster: context.cluster },
  };
}

function overUser(user: AuthInfo, flags: Flags): AuthInfo {
  const certificate = given(flags, "client-certificate");
  const key = given(flags, "client-key");
  const token = given(flags, "token");
  if (certificate) {
    delete user["client-certificate-data"];
    user["client-certificate"] = certificate;
  }
  if (key) {
    delete user["client-key-data"];
    user["client-key"] = key;
  }
  if (token) {
    user.token = token;
    delete user.tokenFile;
  }
  user.username = given(flags, "username") ?? user.username ?? "";
  user.password = given(flags, "password") ?? user.password ?? "";
  return user;
}

function overCluster(cluster: Cluster, flags: Flags): Cluster {
  const server = given(flags, "server");
  const authority = given(flags, "certificate-authority");
  const insecure = flags.has("insecure-skip-tls-verify") && flags.bool("insecure-skip-tls-verify");
  if (server) cluster.server = server;
  if (authority || insecure) {
    delete cluster["certificate-authority-data"];
    delete cluster["certificate-authority"];
    if (authority) cluster["certificate-authority"] = authority;
    cluster["insecure-skip-tls-verify"] = insecure;
  }
  return cluster;
}

/** k8s: client_config.go ConfirmUsable, validation.go */
function* problemsOf(
  config: KubeConfig,
  { user, cluster, names }: Chosen,
  as: ClientConfig["impersonate"],
): Work<string[]> {
  const problems: string[] = [];
  if (names.context !== "" && !config.contexts[names.context])
    problems.push(`context was not found for specified context: ${names.context}`);
  yield* userProblems(user, names.user, problems);
  if (!as.user && (as.uid || as.groups.length > 0 || Object.keys(as.extra).length > 0))
    problems.push(
      `requesting uid, groups or user-extra for ${names.user} without impersonating a user`,
    );
  // Without one named by a flag, the server is whoever listens on this machine.
  if (!cluster.server) problems.push(`no server found for cluster ${goQuote(names.cluster)}`);
  const authority = cluster["certificate-authority"];
  if (authority && cluster["certificate-authority-data"])
    problems.push(
      `certificate-authority-data and certificate-authority are both specified for ${names.cluster}. certificate-authority-data will override.`,
    );
  if (authority && !(yield* stat(authority)))
    problems.push(
      `unable to read certificate-authority ${authority} for ${names.cluster} due to open ${authority}: no such file or directory`,
    );
  return problems;
}

function* userProblems(user: AuthInfo, name: string, problems: string[]): Work<void> {
  const methods: string[] = [];
  if (user.token) methods.push("token");
  if (user.username || user.password) methods.push("basicAuth");
  const file = user["client-certificate"];
  const key = user["client-key"];
  if (file || user["client-certificate-data"]) {
    if (file && user["client-certificate-data"])
      problems.push(
        `client-cert-data and client-cert are both specified for ${name}. client-cert-data will override.`,
      );
    if (key && user["client-key-data"])
      problems.push(
        `client-key-data and client-key are both specified for ${name}; client-key-data will override`,
      );
    if (!key && !user["client-key-data"])
      problems.push(
        `client-key-data or client-key must be specified for ${name} to use the clientCert authentication method.`,
      );
    for (const [what, path] of [
      ["client-cert", file],
      ["client-key", key],
    ] as const) {
      if (path && !(yield* stat(path)))
        problems.push(
          `unable to read ${what} ${path} for ${name} due to open ${path}: no such file or directory`,
        );
    }
  }
  if (methods.length > 1)
    problems.push(
      `more than one authentication method found for ${name}; found [${methods.join(" ")}], only one is allowed`,
    );
}

export interface Access {
  /** Absent: it cannot be used, and the others say why. */
  client?: ClientConfig;
  /** What is wrong with the configuration. */
  invalid?: string[];
  /** Named by a flag, and not there. */
  absent: string[];
  namespace: string;
  explicitNamespace: boolean;
  /** Named by `$KUBECONFIG`, and not there. */
  missing: string[];
}

/** Everything a command needs to know to reach its cluster; what is wrong is told when it is used. */
export function* access(flags: Flags): Work<Access> {
  const env = yield* environment();
  const { config, missing, loaded } = yield* loadConfig(yield* configFiles(flags));
  const chosen = choose(config, flags);
  const namespace = flags.has("namespace") ? flags.string("namespace") : "";
  const explicit = namespace !== "";
  const where = {
    namespace: explicit ? namespace : chosen.context.namespace || "default",
    explicitNamespace: explicit,
    missing: loaded === 0 ? missing : [],
    absent: chosen.absent,
  };
  const problems = yield* problemsOf(config, chosen, impersonation(chosen.user, flags));
  const account = yield* inCluster(env);
  if (account && !explicit && !chosen.context.namespace)
    where.namespace = env["POD_NAMESPACE"] || account.namespace || "default";
  if (problems.length > 0) return { ...where, invalid: problems };
  // A configuration that says nothing leaves it to the Pod's own access.
  if (account && chosen.cluster.server === localServer)
    return { ...where, client: fromAccount(account, flags, where) };
  return { ...where, client: yield* fromConfig(chosen, flags, where) };
}

type Where = Pick<Access, "namespace" | "explicitNamespace">;

/** k8s: clientcmd/client_config.go getDefaultServer */
const localServer = "http://localhost:8080";

function fromAccount(account: Account, flags: Flags, where: Where): ClientConfig {
  return {
    ...where,
    server: account.server,
    token: account.token,
    impersonate: impersonation({}, flags),
    ...(account.trusted ? {} : { untrusted: true as const }),
    ...timeout(flags),
  };
}

function impersonation(user: AuthInfo, flags: Flags): ClientConfig["impersonate"] {
  const name = given(flags, "as") ?? user.as ?? "";
  const groups = flags.list("as-group");
  const extra: Record<string, string[]> = { ...user["as-user-extra"] };
  for (const pair of flags.list("as-user-extra")) {
    const [key = "", value = ""] = pair.split(/=(.*)/s);
    (extra[key] ??= []).push(value);
  }
  return {
    user: name,
    uid: given(flags, "as-uid") ?? user["as-uid"] ?? "",
    groups: groups.length ? groups : (user["as-groups"] ?? []),
    extra,
  };
}

function timeout(flags: Flags): { timeoutMs?: number } {
  const text = flags.string("request-timeout");
  if (text === "0" || text === "") return {};
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined)
    throw new Failure(
      "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
    );
  return ms > 0 ? { timeoutMs: ms } : {};
}

function* fromConfig({ user, cluster }: Chosen, flags: Flags, where: Where): Work<ClientConfig> {
  const data = user["client-certificate-data"];
  const file = user["client-certificate"];
  const certificate = data ? fromBase64(data) : file ? yield* readFile(file) : undefined;
  const keyFile = user["client-key"];
  const keyData = user["client-key-data"];
  const key = keyData ? fromBase64(keyData) : keyFile ? yield* readFile(keyFile) : undefined;
  const bad = certificate === undefined ? undefined : pairProblem(certificate, key ?? "");
  const token = user.token || (user.tokenFile ? (yield* readFile(user.tokenFile)).trim() : "");
  const trusted =
    cluster["insecure-skip-tls-verify"] === true ||
    Boolean(cluster["certificate-authority"] || cluster["certificate-authority-data"]);
  const server = cluster.server ?? "";
  return {
    ...where,
    server: /^[a-z]+:\/\//.test(server) ? server : `http://${server}`,
    impersonate: impersonation(user, flags),
    ...(token ? { token } : {}),
    ...(user.username ? { username: user.username, password: user.password ?? "" } : {}),
    ...(certificate ? { certificate } : {}),
    ...(bad ? { badCertificate: bad } : {}),
    ...(trusted ? {} : { untrusted: true as const }),
    ...timeout(flags),
  };
}

/** The access of a command, or why there is none. */
export function usable(found: Access): ClientConfig {
  const [absent] = found.absent;
  if (absent !== undefined) throw new Failure(absent);
  if (found.client) return found.client;
  throw new InvalidConfig(found.invalid ?? []);
}

/** Where a command works. Failure where the configuration is wrong. k8s: client_config.go Namespace */
export function placeOf(found: Access): Pick<Access, "namespace" | "explicitNamespace"> {
  if (found.invalid) throw new InvalidConfig(found.invalid);
  return found;
}

/** Whether a name can be a namespace's. */
export const isNamespaceName = (name: string): boolean => dns1123Label(name).length === 0;
