/**
 * `npm run bench [-- --only cluster,kinds,containers,peer,served,forks,started,terminals,page,attacks,real,hosted]`: prints a table and writes .wrangler/bench.json. No
 * test: every comparison is made in one run on one machine, each figure in a process of its own, one after the other. With
 * `--against DIR`, another checkout, the figures of clusters are measured of both in turn, attacks are made on that one as well, and sandboxes and learners are served by both in turn; with
 * `--attack TEXT` only those attacks whose names hold it. `hosted` is creations, learners, alive, forks, costs and startup, each of which may be named alone;
 * `--write` puts the costs into README.md.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { memo } from "../../durable-objects/engine/core/memo.ts";
import { bundledFile } from "../../scripts/bundled-file.ts";
import type { Attacked } from "./attacks.ts";
import { besideCheckout } from "./beside-checkout.ts";
import type { Forked } from "./forks.ts";
import type { Figures } from "./clusters.ts";
import type { Rate } from "./load.ts";
import type { Beside } from "./beside-apiserver.ts";
import type { Started } from "./started.ts";
import { kinds } from "./kind-rows.ts";
import { pages } from "./page-rows.ts";
import { alive, costs, creations, learners, startUp, terminals } from "./hosted.ts";

const root = path.join(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    only: {
      type: "string",
      default:
        "cluster,kinds,containers,peer,served,forks,started,terminals,page,attacks,real,hosted",
    },
    against: { type: "string" },
    attack: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const hosted = ["creations", "learners", "alive", "forks", "costs", "startup"];
const only = new Set(values.only.split(",").flatMap((one) => (one === "hosted" ? hosted : [one])));

interface Row {
  figure: string;
  value: string;
  target?: string;
  holds?: boolean;
}
const rows: Row[] = [];

function add(figure: string, value: string, target?: string, holds?: boolean): void {
  rows.push({ figure, value, target, holds });
  const verdict = holds === undefined ? "" : holds ? "ok" : "MISSED";
  console.log(
    `${figure.padEnd(52)} ${value.padStart(30)}  ${(target ?? "").padEnd(34)} ${verdict}`,
  );
}

function child<T>(...args: string[]): T {
  const { stdout, status, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    timeout: 600_000,
  });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

/** Of one module, as it is deployed. */
const bundled = memo(10, (entry) => bundledFile(entry));
const ours = (name: string, ...args: number[]): Figures =>
  child<Figures>(bundled("test/bench/clusters.ts"), name, ...args.map(String));
const peers = (...args: number[]): Figures =>
  child<Figures>(bundled("test/bench/beside-webernetes.ts"), ...args.map(String));

const whole = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 });
const fine = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 2 });
const ms = (n: number): string => `${whole(n)} ms`;

const seen: Record<string, unknown> = {};

/** Pods of one node are at most 110. */
const nodesFor = (replicas: number): number => Math.max(3, Math.ceil(replicas / 84));

function clusters(): void {
  let per100 = 0;
  for (const replicas of [100, 1_000, 5_000]) {
    const found = ours("rollout", replicas, nodesFor(replicas));
    seen[`rollout ${replicas}`] = found;
    const { cpuMs = 0, cpuMsPerPod = 0, heapMb = 0, rowsPerPod = 0, bytesPerPod = 0 } = found;
    const { hydrateToNodesMs = 0, hydrateToPodsMs = 0 } = found;
    per100 ||= cpuMsPerPod;
    const pods = whole(replicas);
    add(`${pods} Pods: CPU from apply to all Ready`, ms(cpuMs));
    const factor = cpuMsPerPod / per100;
    add(
      `${pods} Pods: CPU per Pod`,
      `${fine(cpuMsPerPod)} ms, x${fine(factor)}`,
      "x1.5 of 100's",
      factor <= 1.5,
    );
    add(`${pods} Pods: rows, bytes per Pod`, `${fine(rowsPerPod)}, ${whole(bytesPerPod)}`);
    if (replicas < 1_000) continue;
    const most = replicas === 1_000 ? 50 : 200;
    const hydration = `${whole(hydrateToNodesMs)}, ${whole(hydrateToPodsMs)} ms`;
    add(
      `${pods} Pods: evicted to first answer (nodes, 500 Pods)`,
      hydration,
      `${most} ms`,
      Math.max(hydrateToNodesMs, hydrateToPodsMs) < most,
    );
    add(
      `${pods} Pods: heap`,
      `${fine(heapMb)} MB`,
      replicas === 5_000 ? "100 MB" : undefined,
      replicas === 5_000 ? heapMb < 100 : undefined,
    );
  }
  const ten = ours("update", 10, 3);
  seen["update 10"] = ten;
  add(
    "rolling update of 10: rows, alarms, bytes",
    `${ten["rows"]}, ${ten["alarms"]}, ${whole(ten["bytes"] ?? 0)}`,
  );
  const quiet = ours("quiet");
  seen["quiet"] = quiet;
  const life = quiet["rowsPerPodLife"] ?? 0;
  const { alarmsPerPodLife = 0, bytesPerPodLife = 0 } = quiet;
  const cost = `${life}, ${alarmsPerPodLife}, ${whole(bytesPerPodLife)}`;
  add("a Pod's life: rows, alarms, bytes", cost, "12 rows", life <= 12);
  const idle = `${quiet["quietAlarms"]}, ${quiet["quietRows"]}`;
  add("an unwatched hour, converged: alarms, rows", idle, "0, 0", idle === "0, 0");
}

function containers(): void {
  const figures = (name: string): Figures =>
    child<Figures>(bundled("test/bench/containers.ts"), name);
  const asked = figures("requests");
  const { perSecond = 0, endpoints = 0, rowsPerRequest = 0 } = asked;
  add(`requests by a Service to ${endpoints} endpoints`, `${whole(perSecond)}/s`);
  add("a request: rows", fine(rowsPerRequest));
  const looped = figures("shell");
  add("shell: rounds of a counting loop", `${whole(looped["perSecond"] ?? 0)}/s`);
  const idle = figures("idle");
  const cost = `${idle["alarms"]}, ${idle["rows"]}, ${idle["steps"]}`;
  add(
    `${whole(idle["running"] ?? 0)} idle containers, an hour: alarms, rows, steps`,
    cost,
    "0, 0, 0",
    idle["running"] === 1_000 && cost === "0, 0, 0",
  );
  seen["containers"] = { requests: asked, shell: looped, idle };
}

/** CPU of both sides, in processes that are warm, and what the same costs in one that is not. */
function besideOne(figure: string, mine: number, theirs: number, judged: boolean): void {
  const factor = theirs / mine;
  const value = `${ms(mine)} : ${ms(theirs)}, 1/${whole(factor)}`;
  add(figure, value, judged ? "1/50" : undefined, judged ? factor >= 50 : undefined);
}

function beside(): void {
  for (const [replicas, rounds, theirRounds] of [
    [100, 15, 3],
    [300, 8, 2],
    [700, 4, 1],
  ] as const) {
    const updates = replicas === 100;
    const theirs = peers(replicas, Number(updates), theirRounds);
    const mine = ours("warm", replicas, nodesFor(replicas), rounds);
    seen[`beside ${replicas}`] = { theirs, mine };
    const figure = `${replicas} Pods beside webernetes: CPU`;
    besideOne(figure, mine["cpuMs"] ?? 0, theirs["cpuMs"] ?? 0, replicas >= 300);
    add(`${replicas} Pods: CPU in a process that just began`, ms(mine["firstCpuMs"] ?? 0));
    if (updates)
      besideOne(
        `rolling update of ${replicas} beside webernetes: CPU`,
        mine["updateCpuMs"] ?? 0,
        theirs["updateCpuMs"] ?? 0,
        true,
      );
  }
}

/** Every process of `npm start` with one sandbox; what they share counts once. */
function started(): void {
  const { processes } = child<Started>("test/bench/started.ts");
  seen["started"] = processes;
  const mb = (n: number): string => `${whole(n)} MB`;
  for (const { command, rssMb, pssMb } of processes) {
    add(`npm start: ${command}`, `${mb(pssMb)} (resident ${mb(rssMb)})`);
  }
  const total = processes.reduce((sum, { pssMb }) => sum + pssMb, 0);
  add("npm start: all processes, one sandbox", mb(total), "< 300 MB", total < 300);
}

function served(): void {
  const rates = child<Record<string, Rate>>("test/bench/served.ts");
  seen["served"] = rates;
  const idle = rates["no-op object: request"] as Rate;
  for (const [name, { perSecond, p50Ms, p95Ms }] of Object.entries(rates)) {
    const value = `${whole(perSecond)}/s, ${fine(p50Ms)} ms, ${fine(p95Ms)} ms`;
    const [target, holds] =
      name === "get"
        ? ["half of the no-op's rate", perSecond >= idle.perSecond / 2]
        : name === "delivery to 100"
          ? ["p95 10 ms", p95Ms < 10]
          : name.startsWith("POST")
            ? ["p95 100 ms", p95Ms < 100]
            : [];
    add(`workerd: ${name} (rate, p50, p95)`, value, target as string, holds as boolean);
  }
}

function forked(): void {
  const { fork, snapshot, bytesOfHundred, bytesOfTwenty } = child<Forked>("test/bench/forks.ts");
  seen["forks"] = { fork, snapshot, bytesOfHundred, bytesOfTwenty };
  const times = ({ p50Ms, p95Ms }: Rate): string => `${whole(p50Ms)} ms, ${whole(p95Ms)} ms`;
  const target = "p50 250 ms";
  add("workerd: fork of 100 Pods with shells (p50, p95)", times(fork), target, fork.p50Ms < 250);
  add("workerd: snapshot of them (p50, p95)", times(snapshot));
  add("snapshot of 3 nodes, 100 Pods", `${whole(bytesOfHundred)} bytes`);
  const small = `${whole(bytesOfTwenty)} bytes`;
  add("snapshot of 3 nodes, 20 Pods", small, "< 60,000 bytes", bytesOfTwenty < 60_000);
}

const neighbourMsMax = 500;
/** What one object may hold; the isolate holds the Worker and the neighbour besides. */
const heldMbMax = 128;

/** What a neighbour of the attacked sandbox waits, the attacked one itself, and the runtime's memory. */
function attacked(): void {
  const checkouts: [string, string?][] = [["", undefined]];
  if (values.against !== undefined) checkouts.unshift(["before: ", path.resolve(values.against)]);
  for (const [prefix, directory] of checkouts) {
    const worst = { neighbourMs: 0, growthMb: 0, heldMb: 0, survived: true };
    const names = child<string[]>("test/bench/attacks.ts");
    for (const name of names.filter((one) => one.includes(values.attack))) {
      const found = child<Attacked>(
        "test/bench/attacks.ts",
        name,
        ...(directory ? [directory] : []),
      );
      seen[`${prefix}${name}`] = found;
      const { calmMs, neighbourMs, ownMs, growthMb, held, never, survived, note } = found;
      const end = never ? "NEVER" : survived ? "lives" : "DOES NOT ANSWER";
      const [heap, outside] = [held?.heapBytes ?? 0, held?.backingBytes ?? 0].map((b) => b / 1e6);
      const heldMb = (heap ?? 0) + (outside ?? 0);
      const holding = held ? `holds ${whole(heap ?? 0)} + ${whole(outside ?? 0)} MB` : "holds ?";
      const value = `${ms(neighbourMs)} (calm ${whole(calmMs)}), own ${ms(ownMs)}, ${holding}, process +${whole(growthMb)} MB, ${end}`;
      const holds = survived && neighbourMs <= neighbourMsMax && heldMb <= heldMbMax;
      addWide(`${prefix}${name}`, value, directory ? undefined : holds, note);
      worst.neighbourMs = Math.max(worst.neighbourMs, neighbourMs);
      worst.growthMb = Math.max(worst.growthMb, growthMb);
      worst.heldMb = Math.max(worst.heldMb, heldMb);
      worst.survived &&= survived;
    }
    const { neighbourMs, growthMb, heldMb, survived } = worst;
    add(
      `${prefix}attacks: the worst of each`,
      `${ms(neighbourMs)}, holds ${whole(heldMb)} MB, process +${whole(growthMb)} MB, ${survived ? "all survived" : "not survived"}`,
      `${neighbourMsMax} ms, ${heldMbMax} MB held`,
      directory ? undefined : survived && neighbourMs <= neighbourMsMax && heldMb <= heldMbMax,
    );
  }
}

function addWide(figure: string, value: string, holds: boolean | undefined, note: string): void {
  rows.push({ figure, value, ...(holds === undefined ? {} : { holds }) });
  const verdict = holds === undefined ? "" : holds ? "ok" : "MISSED";
  console.log(`${figure.padEnd(52)} ${value.padEnd(68)} ${verdict.padEnd(6)} ${note}`);
}

/** `KUBE_APISERVER` and `ETCD` name the binaries: nothing here fetches them. */
function real(): void {
  const { KUBE_APISERVER, ETCD } = process.env;
  if (!KUBE_APISERVER || !ETCD) {
    console.log("beside kube-apiserver: SKIPPED, KUBE_APISERVER and ETCD name no binaries");
    return;
  }
  const found = child<Beside[]>("test/bench/beside-apiserver.ts");
  seen["real"] = found;
  for (const { figure, ourMs, theirMs, factor } of found)
    add(
      `beside kube-apiserver: ${figure}`,
      `${fine(ourMs)} : ${fine(theirMs)} ms, x${fine(factor)}`,
      "x1.0",
      factor <= 1,
    );
}

const load = os.loadavg()[0] ?? 0;
console.log(
  `Node ${process.version}, ${os.cpus().length} cores, ${os.cpus()[0]?.model}, load ${fine(load)}\n`,
);
if (only.has("containers")) containers();
if (only.has("peer")) beside();
if (only.has("served")) served();
if (only.has("forks")) forked();
if (only.has("started")) started();
if (only.has("attacks")) attacked();
if (only.has("real")) real();
const against = values.against === undefined ? undefined : path.resolve(values.against);
const bench = { add, child, seen, against, root };
if (only.has("cluster")) {
  if (against === undefined) clusters();
  else
    besideCheckout(bench, (file) => ({ before: bundledFile(file, against), after: bundled(file) }));
}
if (only.has("creations")) creations(bench);
if (only.has("learners")) learners(bench);
if (only.has("alive")) alive(bench);
if (only.has("costs")) costs(bench, values.write);
if (only.has("startup")) startUp(bench);
if (only.has("terminals")) terminals(bench);
if (only.has("kinds")) kinds(bench);
if (only.has("page")) pages(bench);
const missed = rows.filter((r) => r.holds === false).length;
console.log(`\n${missed === 0 ? "all targets hold" : `${missed} targets missed`}`);
mkdirSync(path.join(root, ".wrangler"), { recursive: true });
const result = { at: new Date().toISOString(), node: process.version, load, rows, seen };
writeFileSync(path.join(root, ".wrangler/bench.json"), JSON.stringify(result, null, 2));
