import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { bundleWorker, type WorkerModules } from "./bundle.ts";
import { root } from "./root.ts";
import { tlsSocketBinding, type TlsSocket } from "./tls-socket.ts";

/**
 * `node scripts/prepare-runtime.ts < OPTIONS`: has Miniflare write the runtime's configuration into a file, and ends. Its
 * memory and the bundler's end with it; what goes on is the runtime and the small process that watches it (runtime.ts).
 */

export interface Prepared {
  /** File of the runtime's program. */
  program: string;
  /** File of its configuration. */
  config: string;
  /** Folders that must be there when it starts. */
  folders: string[];
}

export interface RuntimeOptions {
  host: string;
  port: number;
  tls: TlsSocket;
  statePath: string;
  /** Where the configuration goes, which holds the key of TLS, and what else the runtime needs while it runs. */
  runPath: string;
  /** Folder in which a file tells that the disk is full (disk-reserve.ts). */
  diskPath: string;
  variables: Record<string, string>;
  script?: WorkerModules;
}

const options = JSON.parse(readFileSync(0, "utf8")) as RuntimeOptions;
const modules = createRequire(createRequire(import.meta.url).resolve("miniflare"));
const runtime = modules("workerd") as { default: string };

process.env["MINIFLARE_WORKERD_PATH"] = path.join(root, "scripts/record-config.sh");
const config = path.join(options.runPath, "config.bin");
process.env["PODYARD_RUNTIME_CONFIG"] = config;
// Here Miniflare makes a folder that it takes away again at its end.
process.env["TMPDIR"] = options.runPath;
const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import("miniflare");

const web = path.join(root, "dist/web");
mkdirSync(web, { recursive: true });
const settings = workerSettings();
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    workers: [
      {
        name: "podyard",
        modules: Object.entries(options.script ?? (await bundleWorker("worker/local.ts"))).map(
          ([name, contents]) => ({ type: "ESModule" as const, path: name, contents }),
        ),
        ...settings,
        bindings: { ...options.variables, MIGRATIONS: readMigrations() },
        durableObjects: { SANDBOX: { className: "SandboxObject", useSQLite: true } },
        d1Databases: { DB: "podyard" },
        r2Buckets: { SNAPSHOTS: "snapshots" },
        serviceBindings: { ASSETS: "pages", DISK: { disk: { path: options.diskPath } } },
        // The sockets are the runtime's own and lead straight to the Worker: in between, Miniflare's entry would compress
        // streams (so that a watch shows nothing) and refuse the subprotocol names of port-forward.
        unsafeDirectSockets: [{ host: options.host, port: options.port }],
        unsafeBindings: [
          {
            name: tlsSocketBinding,
            type: "socket",
            plugin: { package: path.join(root, "scripts/tls-socket.ts"), name: "tls-socket" },
            options: { ...options.tls },
          },
        ],
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
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: () => undefined,
  }),
);
// What stands in for the runtime listens nowhere, so this always fails; the file tells whether it got so far.
const failure = await miniflare.ready.then(
  () => undefined,
  (error: unknown) => error,
);
if (!String(failure).includes("ERR_RUNTIME_FAILURE")) {
  console.error(failure);
  process.exit(1);
}
const folders = readdirSync(options.runPath, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => path.join(entry.parentPath, entry.name));
const prepared: Prepared = { program: runtime.default, config, folders };
process.stdout.write(JSON.stringify(prepared), () => process.exit(0));

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
