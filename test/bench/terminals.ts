/**
 * What terminals cost: `node test/bench/terminals.ts`. The engine alone tells rows and bytes of a key and the CPU of kubectl's commands
 * (beside real kubectl's wall time where `KUBECTL` names one), a real server the time from a key to its echo, and the metered one
 * (metered-worker.ts) an hour in which a terminal is open and nobody types. Prints JSON.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { WebSocket } from "ws";
import type { SqlValue } from "../../durable-objects/engine/core/sql.ts";
import { bundleWorker } from "../../scripts/bundle.ts";
import { makeSandbox, type Sandbox } from "../helpers/sandbox.ts";
import { NodeSql } from "../helpers/node-sql.ts";
import { Typist } from "../helpers/typist.ts";
import { World } from "../helpers/world.ts";
import { root, withHostedServer } from "./hosted-server.ts";
import { quantile } from "./load.ts";
import type { Meter } from "./meter.ts";

export interface TerminalFigures {
  /** Of keys at a prompt, on a screen that shows something already. */
  rowsPerKey: number;
  bytesPerKey: number;
  echo: { p50Ms: number; p95Ms: number };
  idleHour: { alarms: number; rows: number; objectMs: number };
  /** CPU of all commands together here; wall time of the same with real kubectl against `npm start`, where there is one. */
  commands: { count: number; ourCpuMs: number; theirMs?: number };
}

/** Counts rows that statements write, and the bytes in them. */
class CountingSql extends NodeSql {
  rows = 0;
  bytes = 0;

  override exec(query: string, ...bindings: SqlValue[]): Record<string, SqlValue>[] {
    if (!/^\s*select/i.test(query)) {
      this.rows += 1;
      for (const value of bindings)
        this.bytes += typeof value === "string" ? Buffer.byteLength(value) : 8;
    }
    return super.exec(query, ...bindings);
  }
}

function keys(): Pick<TerminalFigures, "rowsPerKey" | "bytesPerKey"> {
  const sql = new CountingSql();
  const world = new World({}, sql);
  const at = new Typist(world, "main", { cols: 120, rows: 40 });
  at.ready();
  for (let i = 0; i < 20; i++) at.line("kubectl get pods -A");
  const [rows, bytes] = [sql.rows, sql.bytes];
  const typed = "kubectl get deployments.apps --all-namespaces -o wide | grep coredns";
  for (const key of typed) at.press(key);
  return {
    rowsPerKey: (sql.rows - rows) / typed.length,
    bytesPerKey: (sql.bytes - bytes) / typed.length,
  };
}

/** What a lesson has learners type. */
const lines = [
  "get nodes",
  "get pods -A",
  "get pods -A -o wide",
  "describe node control-plane",
  "create deployment web --image=nginx --replicas=3",
  "get deployments",
  "get rs -o yaml",
  "scale deployment web --replicas=5",
  "set image deployment/web nginx=nginx:1.29",
  "get events --sort-by=.lastTimestamp",
  "expose deployment web --port=80",
  "get svc,endpointslices",
  "get pods -l app=web -o jsonpath={.items[*].metadata.name}",
  "get deploy web -o go-template={{.spec.replicas}}",
  "explain pod.spec.containers",
  "api-resources",
  "describe deployment web",
  "rollout history deployment/web",
  "auth can-i --list",
  "delete service,deployment web",
];

function ourCommands(): number {
  const run = (): number => {
    const world = new World();
    const at = new Typist(world);
    at.ready();
    const before = process.cpuUsage();
    for (const line of lines) at.line(`kubectl ${line}`);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  // The first round compiles the code.
  run();
  return run();
}

function theirCommands(sandbox: Sandbox): number | undefined {
  const { KUBECTL } = process.env;
  if (!KUBECTL) return undefined;
  const home = mkdtempSync(path.join(tmpdir(), "podyard-bench-"));
  const kubeconfig = path.join(home, "kubeconfig");
  writeFileSync(kubeconfig, sandbox.kubeconfig);
  const env = { ...process.env, HOME: home, KUBECACHEDIR: home, KUBECONFIG: kubeconfig };
  const run = (line: string): void =>
    void execFileSync(KUBECTL, line.split(" "), { env, stdio: ["ignore", "pipe", "pipe"] });
  run("api-resources");
  const before = performance.now();
  for (const line of lines) run(line);
  const took = performance.now() - before;
  rmSync(home, { recursive: true, force: true });
  return took;
}

interface Screen {
  socket: WebSocket;
  /** The next bytes that come. */
  next(): Promise<string>;
}

async function screen(url: string, sandbox: Sandbox): Promise<Screen> {
  const secret = /podyard_[A-Za-z0-9_-]{43}/.exec(sandbox.kubeconfig)?.[0] ?? "";
  const address = `${url.replace(/^http/, "ws")}/api/sandboxes/${sandbox.id}/terminals/main?cols=120&rows=40`;
  const socket = new WebSocket(address, { headers: { authorization: `Bearer ${secret}` } });
  let tell: ((text: string) => void) | undefined;
  let waiting = "";
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (!isBinary) return;
    waiting += data.toString();
    tell?.(waiting);
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const next = (): Promise<string> =>
    new Promise((resolve) => {
      tell = (text) => {
        tell = undefined;
        waiting = "";
        resolve(text);
      };
      if (waiting !== "") tell(waiting);
    });
  let shown = "";
  while (!shown.includes("# ")) shown += await next();
  return { socket, next };
}

async function echoes({ socket, next }: Screen, count: number): Promise<TerminalFigures["echo"]> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const before = performance.now();
    socket.send(Buffer.from(i % 2 === 0 ? "k" : "\x7f"));
    await next();
    took.push(performance.now() - before);
    // As somebody who types fast.
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  took.sort((a, b) => a - b);
  return { p50Ms: quantile(took, 0.5), p95Ms: quantile(took, 0.95) };
}

async function idleHour(): Promise<TerminalFigures["idleHour"]> {
  const script = await bundleWorker("test/worker/metered-worker.ts");
  return withHostedServer(
    root,
    async ({ url }) => {
      const meter = async (): Promise<Meter> =>
        (await (await fetch(`${url}/meter`)).json()) as Meter;
      const sandbox = await makeSandbox(url);
      const pass = (ms: number): Promise<Response> =>
        fetch(`${url}/meter/pass?id=${sandbox.id}&ms=${ms}`);
      const { socket } = await screen(url, sandbox);
      // What began with the cluster and the terminal is over, and whoever typed last is no longer waited for.
      await pass(20 * 60_000);
      const before = await meter();
      await pass(60 * 60_000);
      const after = await meter();
      const isOpen = socket.readyState === WebSocket.OPEN;
      socket.close();
      if (!isOpen) throw new Error("the terminal's socket was closed");
      return {
        alarms: after.alarms - before.alarms,
        rows: after.objectRowsWritten - before.objectRowsWritten,
        objectMs: after.objectMs - before.objectMs,
      };
    },
    { script },
  );
}

const ofKeys = keys();
const ourCpuMs = ourCommands();
const served = await withHostedServer(root, async ({ url }) => {
  const sandbox = await makeSandbox(url);
  const open = await screen(url, sandbox);
  await echoes(open, 50);
  const echo = await echoes(open, 300);
  open.socket.close();
  return { echo, theirMs: theirCommands(sandbox) };
});
const figures: TerminalFigures = {
  ...ofKeys,
  echo: served.echo,
  idleHour: await idleHour(),
  commands: {
    count: lines.length,
    ourCpuMs,
    ...(served.theirMs !== undefined && { theirMs: served.theirMs }),
  },
};
console.log(JSON.stringify(figures));
process.exit(0);
