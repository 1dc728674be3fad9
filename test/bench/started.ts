/** What `npm start` holds in memory with one sandbox: every process from npm down. Prints JSON. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

export interface Started {
  processes: { command: string; rssMb: number; pssMb: number }[];
}

const root = path.join(import.meta.dirname, "../..");
const statePath = mkdtempSync(path.join(tmpdir(), "podyard-bench-"));
const child = spawn("npm", ["start"], {
  cwd: root,
  env: { ...process.env, PORT: "0", TLS_PORT: "0", PODYARD_STATE: statePath },
  stdio: ["ignore", "pipe", "inherit"],
});
let printed = "";
child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));

try {
  const url = await eventually(
    async () => /listens on (\S+)/.exec(printed)?.[1] ?? "",
    (found) => found !== "",
  );
  const { apiServer } = await makeSandbox(url);
  await (await fetch(`${apiServer}/api/v1/nodes`)).text();
  console.log(JSON.stringify({ processes: below(child.pid!).map(memoryOf) } satisfies Started));
} finally {
  child.kill();
  await new Promise((resolve) => child.once("exit", resolve));
  rmSync(statePath, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** A process and all that came from it. */
function below(pid: number): number[] {
  const told = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = told
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ +/).map(Number));
  const childrenOf = (parent: number): number[] =>
    rows.filter(([, above]) => above === parent).map(([own]) => own!);
  const walk = (from: number): number[] => [from, ...childrenOf(from).flatMap(walk)];
  return walk(pid);
}

/** Where the system counts what processes share only once, so does `pssMb`; elsewhere it is the other. */
function memoryOf(pid: number): Started["processes"][number] {
  const told = execFileSync("ps", ["-o", "rss=,args=", "-p", String(pid)], { encoding: "utf8" });
  const [, rss = "0", command = ""] = /^ *(\d+) +(.*)/.exec(told) ?? [];
  const rollup = `/proc/${pid}/smaps_rollup`;
  const pss = existsSync(rollup)
    ? /^Pss: +(\d+)/m.exec(readFileSync(rollup, "utf8"))?.[1]
    : undefined;
  const short = command.replaceAll(/\S*\//g, "").slice(0, 30);
  return { command: short, rssMb: Number(rss) / 1024, pssMb: Number(pss ?? rss) / 1024 };
}
