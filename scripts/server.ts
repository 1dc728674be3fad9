import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { bundleWorker, root } from "./bundle.ts";

export interface ServerOptions {
  /** 0: any free one. */
  port: number;
  host: string;
  /** Folder of the databases; made when missing. */
  statePath: string;
  /** Changes to the Worker's variables. */
  variables?: Record<string, string>;
  /** A Worker other than the project's own (tests). */
  script?: string;
}

export interface Server {
  url: string;
  stop(): Promise<void>;
}

/** Limits on one's own machine: what keeps a typing error from filling the disk, no more. */
const localVariables = {
  MODE: "local",
  SANDBOX_TTL_HOURS: String(24 * 90),
  SANDBOX_NODES_MAX: "500",
  STREAMS_MAX: "5000",
  OBJECTS_MAX: "20000",
  STATE_BYTES_MAX: "1000000000",
  CORS_ORIGINS: "",
};

/**
 * Podyard on the embedded workerd, as `npm start` and the client tests run it.
 *
 * The socket is workerd's own and leads straight to the Worker: in between, Miniflare's entry would compress
 * streams (so that a watch shows nothing) and refuse the subprotocol names of port-forward.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const port = options.port || (await freePort(options.host));
  mkdirSync(options.statePath, { recursive: true });
  const web = path.join(root, "dist/web");
  mkdirSync(web, { recursive: true });
  const settings = workerSettings();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "podyard",
          modules: [
            {
              type: "ESModule",
              path: "index.js",
              contents: options.script ?? (await bundleWorker("worker/local.ts")),
            },
          ],
          ...settings,
          bindings: {
            ...localVariables,
            ...options.variables,
            MIGRATIONS: readMigrations(),
          },
          durableObjects: { SANDBOX: { className: "SandboxObject", useSQLite: true } },
          d1Databases: { DB: "podyard" },
          serviceBindings: { ASSETS: "pages" },
          unsafeDirectSockets: [{ host: options.host, port }],
        },
        {
          // Apart, because assets put two more Workers before the one they belong to.
          name: "pages",
          modules: [{ type: "ESModule", path: "pages.js", contents: "export default {};" }],
          ...settings,
          assets: { directory: web, routerConfig: { has_user_worker: false } },
        },
      ],
      resourcePersistencePath: options.statePath,
      host: "127.0.0.1",
      port: 0,
      cf: false,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ level, message }) => {
        // workerd's own notes: an alarm that was moved just as it came due, and the like.
        if (!message.includes("NOSENTRY")) console[level === "error" ? "error" : "log"](message);
      },
    }),
  );
  await miniflare.ready;
  const url = `http://${options.host === "0.0.0.0" ? "127.0.0.1" : options.host}:${port}`;
  const health = await fetch(`${url}/healthz`);
  if (!health.ok) throw new Error(`Podyard does not answer: ${await health.text()}`);
  return { url, stop: () => miniflare.dispose() };
}

/** What wrangler.toml says of the runtime, so that it is said once. */
function workerSettings(): { compatibilityDate: string; compatibilityFlags: string[] } {
  const text = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  const date = /^compatibility_date = "(.+)"$/m.exec(text)?.[1];
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(text)?.[1] ?? "[]";
  if (!date) throw new Error("wrangler.toml names no compatibility_date");
  return { compatibilityDate: date, compatibilityFlags: JSON.parse(flags) as string[] };
}

/** What worker/local.ts applies. */
function readMigrations(): { name: string; statements: string[] }[] {
  const folder = path.join(root, "migrations");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({
      name,
      statements: readFileSync(path.join(folder, name), "utf8")
        .split("--> statement-breakpoint")
        .map((statement) => statement.trim()),
    }));
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
