/**
 * Kubeconfig files: which there are, what they say together, and writing them back.
 * k8s: client-go/tools/clientcmd/loader.go, api/v1/conversion.go
 */
import { parseYaml } from "../../schema/yaml.ts";
import { lookup } from "../../core/lookup.ts";
import { folderOf, trimEndOf } from "../../core/trim.ts";
import { environment, readFile, stat, writeFile } from "../asks.ts";
import { Failure } from "../errors.ts";
import type { Flags } from "../flags.ts";
import { printYaml } from "../printers/yaml.ts";
import type { Work } from "../work.ts";

type Fields = Record<string, unknown>;

export interface Cluster extends Fields {
  server?: string;
  "tls-server-name"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "proxy-url"?: string;
}

export interface AuthInfo extends Fields {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  as?: string;
  "as-uid"?: string;
  "as-groups"?: string[];
  "as-user-extra"?: Record<string, string[]>;
  exec?: Fields;
  "auth-provider"?: Fields;
}

export interface Context extends Fields {
  cluster: string;
  user: string;
  namespace?: string;
}

/** By name; `origin` says which file an entry comes from. */
export interface KubeConfig {
  clusters: Record<string, Cluster>;
  users: Record<string, AuthInfo>;
  contexts: Record<string, Context>;
  currentContext: string;
  preferences: Fields;
  extensions?: unknown[];
  origin: Record<string, string>;
}

export const emptyConfig = (): KubeConfig => ({
  clusters: lookup<Cluster>({}),
  users: lookup<AuthInfo>({}),
  contexts: lookup<Context>({}),
  currentContext: "",
  preferences: {},
  origin: {},
});

const parts = [
  ["clusters", "cluster"],
  ["users", "user"],
  ["contexts", "context"],
] as const;

/** A file's text as a configuration. Failure as the decoder's. */
export function parseConfig(text: string, file: string): KubeConfig {
  const config = emptyConfig();
  if (text.trim() === "") return config;
  let body: Fields;
  try {
    body = (parseYaml(text).value ?? {}) as Fields;
  } catch (error) {
    throw new Failure(yamlProblem(error));
  }
  if (typeof body !== "object" || Array.isArray(body))
    throw new Failure(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(body) ? "array" : typeof body} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  for (const [list, one] of parts) {
    for (const entry of (body[list] ?? []) as Fields[]) {
      const name = String(entry["name"] ?? "");
      if (config[list][name]) continue;
      config[list][name] = { ...(entry[one] as Fields | undefined) } as never;
      config.origin[`${list}/${name}`] = file;
    }
  }
  config.currentContext = String(body["current-context"] ?? "");
  config.preferences = (body["preferences"] ?? {}) as Fields;
  if (body["extensions"]) config.extensions = body["extensions"] as unknown[];
  return config;
}

const yamlProblem = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(
    /^error converting YAML to JSON: /,
    "",
  );

/** Fields in the order of Go's structs. k8s: client-go/tools/clientcmd/api/v1/types.go */
const fieldOrder = (
  "server tls-server-name insecure-skip-tls-verify certificate-authority certificate-authority-data proxy-url disable-compression " +
  "client-certificate client-certificate-data client-key client-key-data token tokenFile as as-uid as-groups as-user-extra " +
  "username password auth-provider exec cluster user namespace"
).split(" ");

function inOrder(entry: Fields): Fields {
  const place = (field: string): number => (fieldOrder.indexOf(field) + 100) % 100;
  return Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => place(a) - place(b)));
}

/** As it is printed and written. */
export function externalConfig(config: KubeConfig): Fields {
  const listOf = (list: (typeof parts)[number][0], one: string): Fields[] | null => {
    const names = Object.keys(config[list]).toSorted();
    if (names.length === 0) return null;
    return names.map((name) => ({ name, [one]: inOrder(config[list][name] as Fields) }));
  };
  return {
    kind: "Config",
    apiVersion: "v1",
    ...(Object.keys(config.preferences).length ? { preferences: config.preferences } : {}),
    clusters: listOf("clusters", "cluster"),
    users: listOf("users", "user"),
    contexts: listOf("contexts", "context"),
    "current-context": config.currentContext,
    ...(config.extensions ? { extensions: config.extensions } : {}),
  };
}

/** filepath.Dir */
const parentOf = (file: string): string =>
  trimEndOf(folderOf(file), "/") || (file.startsWith("/") ? "/" : ".");

const pathFields: Record<"clusters" | "users", readonly string[]> = {
  clusters: ["certificate-authority"],
  users: ["client-certificate", "client-key", "tokenFile"],
};

/** Paths in a file are relative to its folder. k8s: loader.go ResolveLocalPaths */
function resolvePaths(config: KubeConfig, file: string): void {
  for (const list of ["clusters", "users"] as const) {
    for (const entry of Object.values(config[list]) as Fields[]) {
      for (const field of pathFields[list]) {
        const value = entry[field];
        if (typeof value === "string" && value !== "" && !value.startsWith("/"))
          entry[field] = `${parentOf(file)}/${value}`;
      }
    }
  }
}

/** What says where configurations are. */
export interface ConfigFiles {
  /** `--kubeconfig` */
  explicit: string;
  /** Files in order, the first of which has the say. */
  precedence: string[];
  /** They come from `$KUBECONFIG`. */
  fromEnvironment: boolean;
}

export function* configFiles(flags: Flags): Work<ConfigFiles> {
  const env = yield* environment();
  const listed = env["KUBECONFIG"] ?? "";
  const home = env["HOME"] ?? "/root";
  return {
    explicit: flags.string("kubeconfig"),
    precedence: listed ? [...new Set(listed.split(":"))] : [`${home}/.kube/config`],
    fromEnvironment: listed !== "",
  };
}

/** All files together. Failure where one cannot be read. `missing`: none of `$KUBECONFIG` is there. */
export function* loadConfig(
  files: ConfigFiles,
): Work<{ config: KubeConfig; missing: string[]; loaded: number }> {
  const wanted = files.explicit ? [files.explicit] : files.precedence;
  const configs: KubeConfig[] = [];
  const missing: string[] = [];
  for (const file of wanted) {
    if (file === "") continue;
    if (!(yield* stat(file))) {
      if (files.explicit) throw new Failure(`stat ${file}: no such file or directory`);
      missing.push(file);
      continue;
    }
    try {
      const config = parseConfig(yield* readFile(file), file);
      resolvePaths(config, file);
      configs.push(config);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(`error loading config file "${file}": ${error.message}`);
    }
  }
  return {
    config: merged(configs),
    missing: files.fromEnvironment ? missing : [],
    loaded: configs.length,
  };
}

/** The first file that names an entry has the say, and the first that sets the current context. */
function merged(configs: readonly KubeConfig[]): KubeConfig {
  const out = emptyConfig();
  for (const config of configs) {
    for (const [list] of parts) {
      for (const [name, entry] of Object.entries(config[list])) {
        if (out[list][name]) continue;
        out[list][name] = entry as never;
        out.origin[`${list}/${name}`] = config.origin[`${list}/${name}`] ?? "";
      }
    }
    out.currentContext ||= config.currentContext;
    out.preferences = { ...config.preferences, ...out.preferences };
  }
  return out;
}

/** One file as it is. */
export function* loadFile(file: string): Work<KubeConfig> {
  if (!(yield* stat(file))) return emptyConfig();
  return parseConfig(yield* readFile(file), file);
}

export function* saveFile(file: string, config: KubeConfig): Work<void> {
  const external = externalConfig(config);
  yield* writeFile(file, printYaml(external), 0o600, true);
}
