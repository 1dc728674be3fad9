/**
 * A class that begins at the same moment: `node test/bench/learners.ts COUNT [DIR]`, DIR being another checkout. Each makes a sandbox, lists its
 * nodes, creates a Deployment, watches until it is ready, and lists its Pods. Prints JSON.
 */
import { Agent, request, type IncomingMessage } from "node:http";
import { makeSandbox } from "../helpers/sandbox.ts";
import { withHostedServer, root } from "./hosted-server.ts";
import { ask, quantile } from "./load.ts";

export interface Class {
  learners: number;
  /** Who came to the end. */
  finished: number;
  /** From the first request to the last answer, and to the last sandbox that is made. */
  finishedMs: number;
  madeMs: number;
  /** Of a list of Pods in a sandbox from before, asked for again and again while the others are made. */
  listP50Ms: number;
  listP95Ms: number;
  cpuMsEach: number | undefined;
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const replicas = 3;
const pauseMs = 20;

/** One request on a connection of the class's own. */
function sent(method: string, url: string, body?: unknown): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: "application/json",
    ...(text === undefined ? {} : { "content-type": "application/json" }),
  };
  return new Promise((resolve, reject) => {
    const open = request(url, { method, headers, agent }, resolve);
    open.on("error", reject);
    open.end(text);
  });
}

async function read<T>(method: string, url: string, body?: unknown): Promise<T> {
  const response = await sent(method, url, body);
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += chunk;
  if ((response.statusCode ?? 500) >= 400) throw new Error(`${method}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

interface Deployment {
  metadata: { resourceVersion: string };
  status?: { readyReplicas?: number };
}

/** Reads the watch until the Deployment is ready. */
async function watchReady(url: string): Promise<void> {
  const stream = await sent("GET", url);
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    const events = lines.filter(Boolean).map((line) => JSON.parse(line) as { object: Deployment });
    if (events.some(({ object }) => object.status?.readyReplicas === replicas)) return;
  }
  throw new Error("the watch ended");
}

async function learn(url: string, made: () => void): Promise<void> {
  const { apiServer } = await read<{ apiServer: string }>("POST", `${url}/api/sandboxes`, {
    nodes: 3,
  });
  made();
  await read("GET", `${apiServer}/api/v1/nodes`);
  const labels = { app: "web" };
  const containers = [{ name: "web", image: "nginx:1.27" }];
  const template = { metadata: { labels }, spec: { containers } };
  const deployments = `${apiServer}/apis/apps/v1/namespaces/default/deployments`;
  const { metadata } = await read<Deployment>("POST", deployments, {
    metadata: { name: "web" },
    spec: { replicas, selector: { matchLabels: labels }, template },
  });
  const query = `watch=true&resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3Dweb`;
  await watchReady(`${deployments}?${query}`);
  const pods = await read<{ items: { status: { phase: string } }[] }>(
    "GET",
    `${apiServer}/api/v1/namespaces/default/pods`,
  );
  const running = pods.items.filter(({ status }) => status.phase === "Running").length;
  if (running < replicas) throw new Error(`${running} Pods run`);
}

const [count = "200", directory = root] = process.argv.slice(2);
const learners = Number(count);
const found = await withHostedServer(directory, async ({ url, cpuMs }): Promise<Class> => {
  const { apiServer } = await makeSandbox(url, { nodes: 3 });
  const pods = `${apiServer}/api/v1/pods`;
  // What is compiled by then is not measured.
  for (let i = 0; i < 10; i++) await learn(url, () => {});
  const cpuBefore = cpuMs();
  const began = performance.now();
  let made = 0;
  let madeMs = 0;
  const all = Array.from({ length: learners }, () =>
    learn(url, () => {
      if (++made === learners) madeMs = performance.now() - began;
    }),
  );
  const state = { over: false };
  const settled = Promise.allSettled(all).finally(() => (state.over = true));
  const times: number[] = [];
  for (;;) {
    if (state.over || madeMs > 0) break;
    const before = performance.now();
    await ask("GET", pods);
    times.push(performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const ends = await settled;
  const finishedMs = performance.now() - began;
  const cpuAfter = cpuMs();
  for (const end of ends) if (end.status === "rejected") console.error(String(end.reason));
  times.sort((a, b) => a - b);
  return {
    learners,
    finished: ends.filter(({ status }) => status === "fulfilled").length,
    finishedMs,
    madeMs,
    listP50Ms: quantile(times, 0.5),
    listP95Ms: quantile(times, 0.95),
    cpuMsEach:
      cpuBefore === undefined || cpuAfter === undefined
        ? undefined
        : (cpuAfter - cpuBefore) / learners,
  };
});
console.log(JSON.stringify(found));
process.exit(0);
