/**
 * One attack of attack-list.ts on a server of its own: `node test/bench/attacks.ts NAME [DIR]`, DIR being another checkout. Prints
 * JSON; without a name, the names. Two sandboxes live there: one attacks itself, the other is its neighbour.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";
import { attacks } from "./attack-list.ts";
import type { PollOrder, Reading } from "./attack-poll.ts";
import type { Attack, Target } from "./attack-target.ts";
import { IsolateMemory, mostHeld, type Held } from "./isolate-memory.ts";

export interface Attacked {
  /** Longest answer of the neighbour or of `/healthz` in calm, and during the attack; ms. */
  calmMs: number;
  neighbourMs: number;
  /** Longest answer of the attacked sandbox. */
  ownMs: number;
  /** Growth of the runtime's resident memory at its peak: garbage not yet collected included. */
  growthMb: number;
  /**
   * The most that the isolate held, in use after a collection, Worker and both sandboxes included; of a run of its own, since
   * collecting takes time. Undefined: that checkout cannot tell.
   */
  held?: Held;
  /** No answer to anybody within `attackMsMax`. */
  never: boolean;
  survived: boolean;
  /** What the attack met, or its own figures. */
  note: string;
}

const attackMsMax = 20_000;
const settleMs = 2_000;
const survivalMsMax = 5_000;
const calmMs = 2_000;
const root = path.join(import.meta.dirname, "../..");

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A fresh server, and its end. `inspector`: where its memory can be looked at. */
async function onServer<T>(
  checkout: string,
  inspector: string,
  use: (url: string, server: ChildProcess) => Promise<T>,
): Promise<T> {
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-attacks-"));
  const port = process.env["ATTACKS_PORT"] ?? String(20_000 + Math.floor(Math.random() * 10_000));
  const server = spawn(process.execPath, [path.join(checkout, "scripts/start.ts")], {
    cwd: checkout,
    env: {
      ...process.env,
      PORT: port,
      TLS_PORT: "0",
      PODYARD_STATE: statePath,
      PODYARD_INSPECTOR: inspector,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on(
      "data",
      (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-20_000)),
    );
  }
  try {
    await eventually(
      () => Promise.resolve(printed),
      (text) => text.includes("listens on"),
    );
    return await use(`http://127.0.0.1:${port}`, server);
  } finally {
    await ended(server);
    rmSync(statePath, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** With its runtime, which no hang keeps alive. */
async function ended(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once("exit", resolve));
  const runtime = runtimeOf(server);
  server.kill("SIGTERM");
  await Promise.race([gone, pause(3_000)]);
  server.kill("SIGKILL");
  try {
    if (runtime) process.kill(runtime, "SIGKILL");
  } catch {
    // Ended with its starter.
  }
}

function runtimeOf(server: ChildProcess): number {
  const told = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
  const rows = told.split("\n").map((line) => line.trim().split(/ +/));
  const row = rows.find(
    ([, above, command]) => Number(above) === server.pid && command === "workerd",
  );
  return Number(row?.[0] ?? 0);
}

/** Both sandboxes, the attacked one ready. */
async function prepared(
  attack: Attack,
  url: string,
): Promise<{ target: Target; victimApi: string }> {
  const victim = await makeSandbox(url, { name: "neighbour" });
  const attacker = await makeSandbox(url, { name: "attacker" });
  const target = {
    url,
    id: attacker.id,
    api: attacker.apiServer,
    secret: /podyard_[A-Za-z0-9_-]{43}/.exec(attacker.kubeconfig)?.[0] ?? "",
  };
  await attack.prepare?.(target);
  await pause(1_000);
  return { target, victimApi: victim.apiServer };
}

async function held(attack: Attack, url: string, inspector: string): Promise<Held | undefined> {
  const memory = await IsolateMemory.open(inspector);
  if (!memory) return undefined;
  const { target } = await prepared(attack, url);
  const most = await mostHeld(memory, during(attack, target));
  memory.close();
  return most;
}

async function measured(attack: Attack, url: string, server: ChildProcess): Promise<Attacked> {
  const { target, victimApi } = await prepared(attack, url);
  const cheap = "/api/v1/namespaces/default";
  const order: PollOrder = {
    urls: [`${victimApi}${cheap}`, `${url}/healthz`, `${target.api}${cheap}`],
    pid: runtimeOf(server),
  };
  const poller = new Worker(path.join(import.meta.dirname, "attack-poll.ts"), {
    workerData: order,
  });
  const read = (): Promise<Reading> =>
    new Promise((resolve) => {
      poller.once("message", resolve);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      poller.postMessage("read");
    });
  await pause(1_000);
  await read();
  await pause(calmMs);
  const calm = await read();
  const { note, took } = await during(attack, target);
  // A wait that lasts is waited for, as long as an attack may take.
  let reading = await read();
  const worst: Reading[] = [reading];
  for (let left = attackMsMax - took; left > 0 && waits(reading) > 500; left -= 250) {
    await pause(250);
    worst.push((reading = await read()));
  }
  const never = waits(reading) > 500;
  await pause(never ? 0 : survivalMsMax);
  worst.push((reading = await read()));
  await poller.terminate();
  const answers = reading.waitingMs.every((ms) => ms < survivalMsMax - 500);
  return {
    calmMs: neighbours(calm),
    neighbourMs: Math.max(...worst.map(neighbours)),
    ownMs: Math.max(...worst.map(({ waitMs }) => waitMs[2] ?? 0)),
    growthMb: Math.max(...worst.map(({ peakMb }) => peakMb)) - calm.rssMb,
    never,
    survived: !never && answers && reading.alive,
    note,
  };
}

/** The attack and its consequences, cut off after `attackMsMax`. */
async function during(attack: Attack, target: Target): Promise<{ note: string; took: number }> {
  const began = performance.now();
  let note = "unfinished";
  const run = attack
    .run(target)
    .then((text) => (note = text))
    .catch((error: unknown) => (note = String(error)))
    .then(() => pause(attack.afterMs ?? settleMs));
  await Promise.race([run, pause(attackMsMax)]);
  return { note: note.replaceAll(/\s+/g, " ").slice(0, 120), took: performance.now() - began };
}

/** How long the neighbour waits by now. */
const waits = ({ waitingMs }: Reading): number => Math.max(waitingMs[0] ?? 0, waitingMs[1] ?? 0);

function neighbours({ waitMs }: Reading): number {
  return Math.max(waitMs[0] ?? 0, waitMs[1] ?? 0);
}

const [name, directory = root] = process.argv.slice(2);
if (name === undefined) {
  console.log(JSON.stringify(attacks.map((attack) => attack.name)));
} else {
  const attack = attacks.find((one) => one.name === name);
  if (!attack) throw new Error(`no attack is called ${name}`);
  const waits = await onServer(directory, "", (url, server) => measured(attack, url, server));
  const inspector = `127.0.0.1:${20_000 + Math.floor(Math.random() * 10_000)}`;
  const most = await onServer(directory, inspector, (url) => held(attack, url, inspector));
  console.log(JSON.stringify({ ...waits, ...(most ? { held: most } : {}) }));
  process.exit(0);
}
