/**
 * Vault: a development server, and one that is initialized and unsealed by hand and keeps what it has in its storage; secrets
 * of version 2 of the key-value engine; its command. vault: http/sys_seal.go, command/format.go
 */
import { vaultBytesMax } from "../core/limits.ts";
import { decodeUtf8, encodeUtf8, toBase64 } from "../runtime/bytes.ts";
import { Errno } from "../runtime/errno.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { rfc3339Milli } from "../runtime/logs/times.ts";
import { runInstead } from "./command-entry.ts";
import { goError, httpAskNames, pushAsk, type HttpAsk } from "./serving/http-ask.ts";
import { keptServer, remember, type KeptState } from "./serving/kept-server.ts";
import { flagOf, json, portOf } from "./serving/small-server.ts";

type Fields = Record<string, unknown>;

/** A secret's newest version. */
interface Secret {
  data: Fields;
  metadata: Fields & { version: number };
}

interface State extends KeptState {
  dev?: true;
  /** Where it lies. */
  path?: string;
  sealed: boolean;
  /** Keys that were said since it was sealed. */
  said: string[];
  core: {
    token?: string;
    keys: string[];
    threshold: number;
    mounts: string[];
    secrets: Record<string, Secret>;
  };
}

const versionOf = (sys: Sys): string =>
  /^\d+\.\d+\.\d+/.exec(sys.container.image.version)?.[0] ?? "1.21.1";

const hex = (sys: Sys, count: number): string =>
  Array.from({ length: count }, () => Math.floor(sys.random() * 16).toString(16)).join("");

function start(sys: Sys): { state: State; ports: number[] } {
  const dev = sys.argv.includes("-dev");
  const core: State["core"] = { keys: [], threshold: 0, mounts: [], secrets: {} };
  const state: State = { sealed: !dev, said: [], core };
  const listen = flagOf(sys, "dev-listen-address") ?? sys.env.VAULT_DEV_LISTEN_ADDRESS;
  if (dev) {
    const token = flagOf(sys, "dev-root-token-id") ?? sys.env.VAULT_DEV_ROOT_TOKEN_ID ?? `hvs.${hex(sys, 24)}`; // prettier-ignore
    state.dev = true;
    state.core = { token, keys: [toBase64(hex(sys, 32))], threshold: 1, mounts: ["secret"], secrets: {} }; // prettier-ignore
    sys.writeFile("/root/.vault-token", token);
    sys.write(1, `==> Vault server configuration:\n\n             Version: Vault v${versionOf(sys)}\n\nWARNING! dev mode is enabled! In this mode, Vault runs entirely in-memory\nand starts unsealed with a single unseal key.\n\nUnseal Key: ${state.core.keys[0]}\nRoot Token: ${token}\n\n`); // prettier-ignore
    return { state, ports: [portOf(listen ?? ":8200")] };
  }
  try {
    const config = sys.readFile(flagOf(sys, "config") ?? "");
    state.path = `${/path\s*=\s*"([^"]*)"/.exec(config)?.[1] ?? "/vault/data"}/core`;
    if (sys.peek(state.path)) state.core = JSON.parse(decodeUtf8(sys.readFile(state.path))) as State["core"]; // prettier-ignore
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  sys.write(1, "==> Vault server started! Log data will stream in below:\n\n");
  return { state, ports: [8200] };
}

function keep(sys: Sys, { path, core }: State): void {
  if (path) sys.writeFile(path, encodeUtf8(JSON.stringify(core)));
  remember(sys);
}

const refused = (status: number, ...errors: string[]): HttpResponse => json({ errors }, status);

const sealOf = (sys: Sys, { core, sealed, said, dev }: State): Fields => ({
  type: "shamir",
  initialized: core.keys.length > 0,
  sealed,
  t: core.threshold,
  n: core.keys.length,
  progress: said.length,
  version: versionOf(sys),
  storage_type: dev ? "inmem" : "file",
});

function initialize(
  sys: Sys,
  state: State,
  { secret_shares: n = 5, secret_threshold: t = 3 }: Fields,
): HttpResponse {
  // prettier-ignore
  if (state.core.keys.length) return refused(400, "Vault is already initialized");
  const token = `hvs.${hex(sys, 24)}`;
  const keys = Array.from({ length: Math.min(255, Number(n)) }, () => toBase64(hex(sys, 32)));
  state.core = { ...state.core, token, keys, threshold: Number(t) };
  keep(sys, state);
  return json({ keys_base64: keys, root_token: token });
}

function unseal(sys: Sys, state: State, key: string): HttpResponse {
  if (!state.core.keys.includes(key)) return refused(400, "'key' must be a valid hex or base64 string"); // prettier-ignore
  if (!state.said.includes(key)) state.said.push(key);
  if (state.said.length >= state.core.threshold) [state.sealed, state.said] = [false, []];
  remember(sys);
  return json(sealOf(sys, state));
}

function secret(sys: Sys, state: State, request: HttpRequest, body: Fields): HttpResponse {
  const [, mount = "", name = ""] = /^\/v1\/([^/]+)\/data\/(.*)/.exec(request.path) ?? [];
  const { mounts, secrets } = state.core;
  if (!mounts.includes(mount)) return refused(404, `no handler for route "${request.path.slice(4)}". route entry not found.`); // prettier-ignore
  const at = `${mount}/${name}`;
  const known = Object.hasOwn(secrets, at) ? secrets[at] : undefined;
  if (request.method === "GET") return known ? json({ data: known }) : refused(404);
  if (JSON.stringify(secrets).length + request.body.length > vaultBytesMax) return refused(413, "no space left on device"); // prettier-ignore
  const metadata = { created_time: rfc3339Milli(sys.now), custom_metadata: null, deletion_time: "", destroyed: false, version: (known?.metadata.version ?? 0) + 1 }; // prettier-ignore
  secrets[at] = { data: (body.data ?? {}) as Fields, metadata };
  keep(sys, state);
  return json({ data: metadata });
}

function answer(sys: Sys, state: State, request: HttpRequest): HttpResponse {
  try {
    return answered(sys, state, request, JSON.parse(decodeUtf8(request.body) || "{}") as Fields);
  } catch (error) {
    if (error instanceof SyntaxError) return refused(400, "error parsing JSON");
    if (!(error instanceof Errno)) throw error;
    return refused(500, error.message);
  }
}

function answered(sys: Sys, state: State, request: HttpRequest, body: Fields): HttpResponse {
  const [path = ""] = request.path.split("?");
  const seal = sealOf(sys, state);
  if (path === "/v1/sys/seal-status") return json(seal);
  if (path === "/v1/sys/health") return json({ ...seal, standby: false }, state.sealed ? (seal.initialized ? 503 : 501) : 200); // prettier-ignore
  if (path === "/v1/sys/init") return initialize(sys, state, body);
  if (path === "/v1/sys/unseal") return unseal(sys, state, String(body.key));
  if (state.sealed) return refused(503, "Vault is sealed");
  if (request.headers["x-vault-token"] !== state.core.token) return refused(403, "permission denied"); // prettier-ignore
  const mount = /^\/v1\/sys\/mounts\/([^/]+)/.exec(path)?.[1];
  if (path === "/v1/auth/token/lookup-self") return json({ data: { policies: ["root"] } });
  if (mount === undefined) return secret(sys, state, request, body);
  if (state.core.mounts.includes(mount)) return refused(400, `path is already in use at ${mount}/`);
  state.core.mounts.push(mount);
  keep(sys, state);
  return { status: 204, headers: {}, body: "" };
}

const server = keptServer<State>({
  program: "vault-server",
  storedNames: { fields: { exitCode: "x" } },
  start,
  answer,
  memoryMib: 60,
  term: 0,
  idleCpuMilli: 3,
});

interface Call {
  ask?: HttpAsk;
  exitCode?: number;
}

const flags = /^--?[\w-]+(=|$)/;

/** The request that a command line makes. */
function callOf(
  sys: Sys,
  words: readonly string[],
): Pick<HttpAsk, "path" | "method" | "body"> | undefined {
  // prettier-ignore
  const [first, second, third = "", ...rest] = words;
  const put = (path: string, body: object = {}) => ({ path, method: "PUT", body: JSON.stringify(body) }); // prettier-ignore
  const [mount = "", ...name] = third.replace(/^secret\/data\//, "secret/").split("/");
  const data = `/v1/${mount}/data/${name.join("/")}`;
  switch (`${first} ${/^(kv|operator|secrets)$/.test(first ?? "") ? second : ""}`.trim()) {
    case "status":
      return { path: "/v1/sys/seal-status" };
    case "operator init":
      return put("/v1/sys/init", { secret_shares: Number(flagOf(sys, "key-shares") ?? 5), secret_threshold: Number(flagOf(sys, "key-threshold") ?? 3) }); // prettier-ignore
    case "operator unseal":
      return put("/v1/sys/unseal", { key: third });
    case "secrets enable":
      return put(`/v1/sys/mounts/${flagOf(sys, "path") ?? third}`, { type: third });
    case "login":
      return { path: "/v1/auth/token/lookup-self" };
    case "kv put":
      return put(data, { data: Object.fromEntries(rest.map((one) => one.split(/=(.*)/s).slice(0, 2))) }); // prettier-ignore
    case "kv get":
      return { path: data };
    default:
      return undefined;
  }
}

function begin(sys: Sys): Call {
  const words = sys.argv.slice(1).filter((word) => !flags.test(word));
  if (words[0] === "version" || sys.argv[1] === "--version") {
    sys.write(1, `Vault v${versionOf(sys)}\n`);
    return { exitCode: 0 };
  }
  const call = callOf(sys, words);
  if (!call) {
    sys.complain(`vault: this sandbox has server, status, operator init, operator unseal, login, secrets enable and kv\n`); // prettier-ignore
    return { exitCode: 1 };
  }
  const address = flagOf(sys, "address") ?? sys.env.VAULT_ADDR ?? "https://127.0.0.1:8200";
  const [, scheme, host = "", port = "8200"] = /^(https?):\/\/([^:/]+)(?::(\d+))?/.exec(address) ?? []; // prettier-ignore
  if (scheme !== "http") {
    sys.complain(`Get "${address}${call.path}": http: server gave HTTP response to HTTPS client\n`); // prettier-ignore
    return { exitCode: 1 };
  }
  const home = `${sys.env.HOME ?? "/root"}/.vault-token`;
  if (words[0] === "login") sys.writeFile(home, words[1] ?? "");
  const token = sys.env.VAULT_TOKEN ?? (sys.peek(home) ? sys.readFile(home) : "");
  return { ask: { host, port: Number(port), headers: { host: `${host}:${port}`, "x-vault-token": token }, patienceMs: 60_000, ...call } }; // prettier-ignore
}

function table(fields: readonly (readonly [string, unknown])[]): string {
  const rows = [["Key", "Value"], ["---", "-----"], ...fields];
  const width = Math.max(...rows.map(([key]) => String(key).length)) + 4;
  return rows.map(([key, value]) => `${String(key).padEnd(width)}${String(value ?? "<nil>") || "n/a"}\n`).join(""); // prettier-ignore
}

/** vault: command/kv_helpers.go padEqualSigns */
function titled(title: string, width: number, body: string): string {
  const left = width - title.length - 2;
  const signs = "=".repeat(Math.ceil((left > 0 ? left : 4) / 2));
  return `${signs} ${title} ${signs}\n${body}`;
}
const titledTable = (title: string, fields: Fields): string =>
  titled(title, Math.max(...Object.keys(fields).map((one) => one.length)) + 9, table(Object.entries(fields).sort())); // prettier-ignore

const statusTable = (one: Fields): string =>
  table([
    ["Seal Type", one.type],
    ["Initialized", one.initialized],
    ["Sealed", one.sealed],
    ["Total Shares", one.n],
    ["Threshold", one.t],
    ...(one.sealed ? [["Unseal Progress", `${String(one.progress)}/${String(one.t)}`], ["Unseal Nonce", ""]] as const : []), // prettier-ignore
    ["Version", one.version],
    ["Storage Type", one.storage_type],
    ["HA Enabled", false],
  ]);

function shown(sys: Sys, words: readonly string[], got: Fields): string {
  const [first, second, third = ""] = words;
  const data = (got.data ?? {}) as Fields;
  const format = flagOf(sys, "format");
  if (format === "yaml") return Object.entries(got).sort().map(([key, value]) => `${key}: ${String(value)}\n`).join(""); // prettier-ignore
  if (second === "init" && format === "json") return `${JSON.stringify({ unseal_keys_b64: got.keys_base64, root_token: got.root_token }, null, 2)}\n`; // prettier-ignore
  if (format === "json") return `${JSON.stringify(got, null, 2)}\n`;
  if ("sealed" in got) return statusTable(got);
  if (second === "init") return `${(got.keys_base64 as string[]).map((one, i) => `Unseal Key ${i + 1}: ${one}\n`).join("")}\nInitial Root Token: ${String(got.root_token)}\n`; // prettier-ignore
  if (first === "login") return "Success! You are now authenticated. The token information displayed below\nis already stored in the token helper.\n"; // prettier-ignore
  if (second === "enable") return `Success! Enabled the ${third} secrets engine at: ${flagOf(sys, "path") ?? third}/\n`; // prettier-ignore
  const [mount = "", ...name] = third.split("/");
  const path = `${mount}/data/${name.join("/")}`;
  const field = flagOf(sys, "field");
  const inner = (data.data ?? {}) as Fields;
  if (field !== undefined) return `${String(inner[field])}\n`;
  const secretPath = titled("Secret Path", path.length, `${path}\n\n`);
  if (second === "put") return secretPath + titledTable("Metadata", data);
  return `${secretPath}${titledTable("Metadata", data.metadata as Fields)}\n${titledTable("Data", inner)}`; // prettier-ignore
}

const command: Program<Call> = {
  name: "vault",
  storedNames: { fields: { exitCode: "x" }, inside: { ask: httpAskNames } },
  start(sys) {
    if (sys.argv[1] !== "server") return begin(sys);
    sys.become("vault-server", [...sys.argv], sys.env, "/bin/vault");
    return sys.process.state as Call;
  },
  step(sys, { ask, exitCode }) {
    if (!ask) return { exit: exitCode ?? 1 };
    const wait = pushAsk(sys, ask);
    if (wait) return { wait };
    if (ask.error) {
      sys.complain(`${goError(ask)}\n`);
      return { exit: 1 };
    }
    const words = sys.argv.slice(1).filter((word) => !flags.test(word));
    const got = JSON.parse(decodeUtf8(ask.reply ?? "") || "{}") as Fields;
    if ((ask.status ?? 0) >= 400) {
      const errors = (got.errors ?? []) as string[];
      const none = ask.status === 404 && errors.length === 0;
      sys.complain(none ? `No value found at ${ask.path.slice(4)}\n` : `Error making API request.\n\nURL: ${ask.method ?? "GET"} http://${ask.host}:${ask.port}${ask.path}\nCode: ${ask.status}. Errors:\n\n${errors.map((one) => `* ${one}\n`).join("")}`); // prettier-ignore
      return { exit: 2 };
    }
    sys.write(1, encodeUtf8(shown(sys, words, got)));
    return { exit: words[0] === "status" && got.sealed ? 2 : 0 };
  },
  memoryBytes: () => 30_000_000,
};

/** The image's script: what is no command of the system's is one of vault's. */
const entry: Program<{ code: number }> = {
  name: "vault-entry",
  start(sys) {
    const words = sys.argv.slice(1);
    const own = /^(-.*|server|status|kv|operator|login|secrets|version)$/.test(words[0] ?? "-");
    const code = runInstead(sys, own ? ["vault", ...words] : words, "/usr/local/bin/docker-entrypoint.sh: line 108"); // prettier-ignore
    return code === undefined ? (sys.process.state as { code: number }) : { code };
  },
  step: (_sys, state) => ({ exit: state.code }),
};

export const vaultPrograms: Program[] = [server, command, entry] as Program[];
