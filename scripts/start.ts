import { hostname } from "node:os";
import path from "node:path";
import { root } from "./bundle.ts";
import { buildPageIfStale } from "./page.ts";
import { startServer } from "./server.ts";

/** `npm start`: Podyard on this machine. PORT (8787), HOST (localhost), HOSTS, CREATES_PER_HOUR_MAX and PODYARD_STATE change it. */

const port = Number(process.env["PORT"] ?? 8787);
const host = process.env["HOST"] ?? "127.0.0.1";
const statePath = path.resolve(
  process.env["PODYARD_STATE"] ?? path.join(root, ".wrangler/podyard"),
);

if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT must be a number from 0 to 65535, not ${process.env["PORT"]}`);
  process.exit(2);
}
await buildPageIfStale();

// Names that lead here and are this machine's own; see worker/origins.ts.
const names = [process.env["HOSTS"], host, hostname(), `${hostname()}.local`];
const variables: Record<string, string> = { HOSTS: names.filter(Boolean).join(",") };
const perHour = process.env["CREATES_PER_HOUR_MAX"];
if (perHour !== undefined) variables["CREATES_PER_HOUR_MAX"] = perHour;
const server = await startServer({ port, host, statePath, variables }).catch((error: unknown) => {
  console.error(/EADDRINUSE|Address already in use/i.test(String(error)) ? portTaken() : error);
  process.exit(1);
});
const address = server.url.replace("127.0.0.1", "localhost");

console.log(`
Podyard listens on ${address}  (state: ${path.relative(process.cwd(), statePath) || "."})

Open it in a browser, or make a sandbox and use it:

  curl -sX POST ${address}/api/sandboxes -H 'Accept: application/yaml' > kubeconfig
  kubectl --kubeconfig kubeconfig get nodes
`);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  void server.stop().finally(() => process.exit(0));
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

// npm hands a signal to a shell, which may end without handing it on: then nobody is left above us.
const parent = process.ppid;
if (process.env["npm_lifecycle_event"] === "start") {
  setInterval(() => process.ppid !== parent && stop(), 250).unref();
}

function portTaken(): string {
  return `port ${port} is taken; choose another: PORT=8788 npm start`;
}
