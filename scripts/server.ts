import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { get } from "node:http";
import { createServer, isIPv6, type AddressInfo } from "node:net";
import path from "node:path";
import { diskFolder, keepDiskReserve } from "./disk-reserve.ts";
import type { WorkerModules } from "./bundle.ts";
import { type Tls, certificates, keepPort, portBefore } from "./certificates.ts";
import type { Prepared, RuntimeOptions } from "./prepare-runtime.ts";
import { Runtime, portTaken } from "./runtime.ts";
import { FolderLock, StartError, damagedSandboxes, openFolder, reasonOf } from "./state-folder.ts";

export interface ServerOptions {
  /** 0: any free one. */
  port: number;
  /** Port of TLS; 0: any free one; absent: the one it had before, or 6443, or any free one. */
  tlsPort?: number;
  host: string;
  /** Folder of the databases; made when missing. */
  statePath: string;
  /** Changes to the Worker's variables. */
  variables?: Record<string, string>;
  /** A Worker other than the project's own (tests). */
  script?: WorkerModules;
  /** The longest pause before a runtime that died soon after its start is started again; else as in runtime.ts (tests). */
  pauseMsMax?: number;
}

export interface Server {
  url: string;
  tlsUrl: string;
  /** The certificate, in PEM, that vouches for `tlsUrl`. */
  authority: string;
  /** What whoever started it should know, in sentences. */
  notes: string[];
  /** A second call does nothing. */
  stop(): Promise<void>;
}

/** Limits on one's own machine: what keeps a typing error from filling the disk, no more. */
const localVariables = {
  MODE: "local",
  SANDBOX_TTL_HOURS: String(24 * 90),
  SANDBOX_NODES_MAX: "255",
  CREATES_PER_MINUTE_MAX: "",
  LABS_PER_MINUTE_MAX: "",
  CREATES_PER_HOUR_MAX: "2000",
  SIGN_INS_PER_MINUTE_MAX: "",
  SNAPSHOTS_PER_PERSON_MAX: "10000",
  SNAPSHOT_BYTES_PER_PERSON_MAX: "10000000000",
  HOSTS: "",
  STREAMS_MAX: "1000",
  OBJECTS_MAX: "20000",
  STATE_BYTES_MAX: "1000000000",
  CORS_ORIGINS: "",
};

const tlsPortUsual = 6443;

/**
 * Podyard on the embedded workerd, as `npm start` and the client tests run it. What makes the runtime's configuration (the
 * bundler, Miniflare) runs in a process that ends before the runtime starts.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Between the choice of a free port and the runtime's start another process may take it.
      const chosen = !options.port || !options.tlsPort;
      if (!chosen || attempt === attemptsMax || !String(error).includes(portTaken)) throw error;
    }
  }
}

const attemptsMax = 4;

async function startOnce(options: ServerOptions): Promise<Server> {
  const { statePath } = options;
  const host = options.host.replace(/^\[(.*)\]$/, "$1");
  openFolder(statePath);
  const port = options.port || (await freePort(host));
  const url = `http://${urlHost(host)}:${port}`;
  const lock = await FolderLock.take(statePath, url);
  const reserve = keepDiskReserve(statePath);
  try {
    const damaged = damagedSandboxes(statePath);
    const notes = damaged.map(
      ({ fault }) =>
        `One sandbox does not open: ${fault}. The others do; delete the file to forget it.`,
    );
    await mustBeFree(host, port, "PORT");
    const tls = certificates(statePath, host);
    const tlsPort = await tlsPortFor(options, host, port, notes);
    const variables = {
      DAMAGED_OBJECTS: damaged.map(({ object }) => object).join(),
      ...options.variables,
    };
    const runtime = await run({ ...options, variables, host, port }, tls, tlsPort, lock);
    keepPort(statePath, tlsPort);
    await answers(`${url}/healthz`);
    let stopping: Promise<void> | undefined;
    const end = async (): Promise<void> => {
      await runtime.stop();
      rmSync(path.join(statePath, "run"), { recursive: true, force: true });
      reserve.stop();
      lock.release();
    };
    const stop = (): Promise<void> => (stopping ??= end());
    const tlsUrl = `https://${urlHost(host)}:${tlsPort}`;
    return { url, tlsUrl, authority: tls.authority, notes, stop };
  } catch (error) {
    reserve.stop();
    lock.release();
    throw reasonOf(error, statePath);
  }
}

async function run(
  options: ServerOptions,
  tls: Tls,
  tlsPort: number,
  lock: FolderLock,
): Promise<Runtime> {
  const runPath = path.join(options.statePath, "run");
  rmSync(runPath, { recursive: true, force: true });
  mkdirSync(runPath, { mode: 0o700 });
  const { host, port, statePath, script, pauseMsMax } = options;
  const prepared = await prepare({
    host,
    port,
    tls: {
      address: `${isIPv6(host) ? `[${host}]` : host}:${tlsPort}`,
      privateKey: tls.key,
      certificateChain: tls.certificate,
    },
    statePath,
    runPath,
    diskPath: diskFolder(statePath),
    variables: {
      ...localVariables,
      TLS_PORT: String(tlsPort),
      TLS_AUTHORITY: tls.authority,
      TLS_NAMES: tls.names.join(),
      ...options.variables,
    },
    ...(script === undefined ? {} : { script }),
  });
  return Runtime.start(prepared, {
    ...(pauseMsMax === undefined ? {} : { pauseMsMax }),
    onStart: (pid) => lock.runs(pid),
    onLine(level, text) {
      // workerd's own notes: an alarm that was moved just as it came due, and the like.
      if (!text.includes("NOSENTRY")) console[level](text);
    },
  });
}

function prepare(options: RuntimeOptions): Promise<Prepared> {
  const file = path.join(import.meta.dirname, "prepare-runtime.ts");
  const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  }
  child.stdin.end(JSON.stringify(options));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(said.stdout) as Prepared);
      else reject(new Error(`the runtime's configuration was not made: ${said.stderr}`));
    });
  });
}

async function tlsPortFor(
  { tlsPort, statePath }: ServerOptions,
  host: string,
  port: number,
  notes: string[],
): Promise<number> {
  if (tlsPort === 0) return freePort(host);
  if (tlsPort !== undefined) {
    await mustBeFree(host, tlsPort, "TLS_PORT");
    return tlsPort;
  }
  const before = portBefore(statePath);
  const wanted = before ?? tlsPortUsual;
  if (wanted !== port && (await listenFault(host, wanted)) === undefined) return wanted;
  const found = await freePort(host);
  if (before !== undefined) {
    notes.push(
      `Port ${before} is taken, so TLS listens on ${found}: kubeconfigs made before name the old one; read yours again.`,
    );
  }
  return found;
}

/** Node's `fetch` would cost the process that stays fifteen megabytes. */
function answers(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`Podyard does not answer: ${answer.statusCode}`));
    });
    asked.once("error", reject);
  });
}

/** The host as it stands in an address that this machine can open. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return isIPv6(host) ? `[${host}]` : host;
}

async function mustBeFree(host: string, port: number, variable: string): Promise<void> {
  const fault = await listenFault(host, port);
  if (fault === undefined) return;
  if (fault === "EADDRINUSE") {
    throw new StartError(
      `port ${port} is taken; choose another: ${variable}=${port === 8788 ? 8789 : 8788} npm start`,
    );
  }
  if (fault === "EACCES") {
    throw new StartError(
      `port ${port} is the system's; choose one above 1023: ${variable}=8788 npm start`,
    );
  }
  throw new StartError(`HOST=${host} is no address of this machine (${fault})`);
}

/** The code of the error that listening there would meet. */
function listenFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? String(error)));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
}

async function freePort(host: string): Promise<number> {
  const fault = await listenFault(host, 0);
  if (fault !== undefined)
    throw new StartError(`HOST=${host} is no address of this machine (${fault})`);
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
