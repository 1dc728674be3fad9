import { hostname } from "node:os";
import path from "node:path";
import { root } from "./root.ts";
import { buildPageIfStale } from "./page.ts";
import { startServer, type Server } from "./server.ts";
import { StartError } from "./state-folder.ts";

/** `npm start`: Podyard on this machine. PORT (8787), TLS_PORT, HOST (localhost), HOSTS, CREATES_PER_HOUR_MAX and PODYARD_STATE change it. */

// npm hands a signal to a shell, which may end without handing it on: then nobody is left above us.
const parent = process.ppid;
const port = portIn("PORT") ?? 8787;
const tlsPort = portIn("TLS_PORT");
const host = process.env["HOST"] || "127.0.0.1";
const statePath = path.resolve(
  process.env["PODYARD_STATE"] || path.join(root, ".wrangler/podyard"),
);
if (tlsPort !== undefined && tlsPort !== 0 && tlsPort === port) {
  console.error(`PORT and TLS_PORT must differ; both are ${port}`);
  process.exit(2);
}
buildPageIfStale();

// Names that lead here and are this machine's own; see worker/foreign-pages.ts.
const names = [process.env["HOSTS"], host, hostname(), `${hostname()}.local`];
const variables: Record<string, string> = { HOSTS: names.filter(Boolean).join(",") };
const perHour = process.env["CREATES_PER_HOUR_MAX"];
if (perHour !== undefined) variables["CREATES_PER_HOUR_MAX"] = perHour;
// Ways to sign in: see wrangler.toml.
for (const [name, value] of Object.entries(process.env)) {
  const known = /^(GITHUB|OIDC(_[234])?)_(ISSUER|CLIENT_ID|CLIENT_SECRET|NAME)$/.test(name);
  if (known && value) variables[name] = value;
}

let server: Server | undefined;
let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  // Before it listens there is nothing to end but what ends with this process.
  if (!server) process.exit(1);
  void server.stop().finally(() => process.exit(0));
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

if (process.env["npm_lifecycle_event"] === "start") {
  setInterval(() => process.ppid !== parent && stop(), 250).unref();
}

server = await startServer({
  port,
  host,
  statePath,
  variables,
  ...(tlsPort === undefined ? {} : { tlsPort }),
}).catch((error: unknown) => {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
});
const named = (url: string): string => url.replace("127.0.0.1", "localhost");
const address = named(server.url);

console.log(`
Podyard listens on ${address} and ${named(server.tlsUrl)}  (state: ${path.relative(process.cwd(), statePath) || "."})

Open it in a browser, or make a sandbox and use it:

  curl -sX POST ${address}/api/sandboxes -H 'Accept: application/yaml' > kubeconfig
  kubectl --kubeconfig kubeconfig get nodes
`);
for (const note of server.notes) console.warn(`${note}\n`);

/** A port of the environment; ends with a word where it is none. */
function portIn(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65535) return value;
  console.error(`${variable} must be a number from 0 to 65535, not ${text}`);
  process.exit(2);
}
