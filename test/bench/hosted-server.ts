/** A server of this checkout or another, with the limits of creation raised, and what its runtime's process costs. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ServerOptions, Server } from "../../scripts/server.ts";

export const root = path.join(import.meta.dirname, "../..");

/** Limits that a bench would meet first. */
const unlimited = { CREATES_PER_HOUR_MAX: "", SANDBOXES_PER_PERSON_MAX: "100000" };

export interface HostedServer {
  url: string;
  /** CPU that the runtime has used so far, of all its threads; undefined where the system does not tell. */
  cpuMs(): number | undefined;
  /** Its resident memory: garbage not yet collected included. */
  rssBytes(): number;
}

/** Starts it from a checkout, and ends it. */
export async function withHostedServer<T>(
  checkout: string,
  use: (server: HostedServer) => Promise<T>,
  options: Partial<ServerOptions> = {},
): Promise<T> {
  const file = path.join(checkout, "scripts/server.ts");
  const { startServer } = (await import(file)) as {
    startServer(options: ServerOptions): Promise<Server>;
  };
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-bench-"));
  const variables = { ...unlimited, ...options.variables };
  const server = await startServer({
    port: 0,
    host: "127.0.0.1",
    statePath,
    ...options,
    variables,
  });
  try {
    const pid = runtimeBelow(process.pid);
    return await use({
      url: server.url,
      cpuMs: () => cpuMsOf(pid),
      rssBytes: () => rssBytesOf(pid),
    });
  } finally {
    await server.stop();
    rmSync(statePath, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** The runtime that a process has started; 0: none. */
export function runtimeBelow(starter: number | undefined): number {
  const told = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
  const rows = told.split("\n").map((line) => line.trim().split(/ +/));
  const row = rows.find(([, above, command]) => Number(above) === starter && command === "workerd");
  return Number(row?.[0] ?? 0);
}

/** Of proc_pid_stat(5) the fields utime and stime, in hundredths of a second. */
function cpuMsOf(pid: number): number | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  // The command's name comes before, and may hold spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssBytesOf(pid: number): number {
  const told = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(told) * 1024;
}
