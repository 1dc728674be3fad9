/** A thread that asks cheap things without a pause, and looks at the runtime's memory: what an attack costs everybody else. */
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

export interface PollOrder {
  /** Asked again and again, each on a connection of its own. */
  urls: string[];
  /** Whose resident memory is looked at; 0: nobody's. */
  pid: number;
}

/** Since the reading before: the longest wait for each address, those still waiting included, and memory. */
export interface Reading {
  waitMs: number[];
  /** How long the request under way has waited by now. */
  waitingMs: number[];
  rssMb: number;
  peakMb: number;
  alive: boolean;
}

const pauseMs = 5;
const { urls, pid } = workerData as PollOrder;
const worst = urls.map(() => 0);
const since = urls.map(() => performance.now());
let peakMb = 0;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Undefined: no such process. */
function rssMb(): number | undefined {
  try {
    const told = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(told)?.[1] ?? 0) / 1024;
  } catch {
    return undefined;
  }
}

function ask(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(url, { agent }, (answer) => {
      answer.resume();
      answer.on("error", () => resolve(false));
      answer.on("end", () => resolve(answer.statusCode === 200));
    });
    asked.on("error", () => resolve(false));
  });
}

/** A refused connection is no answer: the wait goes on until there is one. */
async function poll(url: string, i: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    since[i] = performance.now();
    while (!(await ask(url, agent))) await pause(pauseMs);
    worst[i] = Math.max(worst[i] ?? 0, performance.now() - (since[i] ?? 0));
    since[i] = performance.now();
    await pause(pauseMs);
  }
}

const answering = urls.map((url, i) => poll(url, i));
setInterval(() => (peakMb = Math.max(peakMb, rssMb() ?? 0)), 10);

parentPort?.on("message", () => {
  const now = performance.now();
  const waitingMs = since.map((began) => now - began);
  const resident = rssMb();
  const reading: Reading = {
    waitMs: worst.map((ms, i) => Math.max(ms, waitingMs[i] ?? 0)),
    waitingMs,
    rssMb: resident ?? 0,
    peakMb: Math.max(peakMb, resident ?? 0),
    alive: resident !== undefined,
  };
  worst.fill(0);
  peakMb = 0;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window's
  parentPort?.postMessage(reading);
});
await Promise.all(answering);
