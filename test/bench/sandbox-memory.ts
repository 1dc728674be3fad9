/**
 * What a sandbox takes in the runtime's memory while it is awake, and once it sleeps: `node test/bench/sandbox-memory.ts COUNT [DIR]`, DIR being
 * another checkout. Prints JSON.
 */
import os from "node:os";
import { makeSandbox } from "../helpers/sandbox.ts";
import { withHostedServer, root, type HostedServer } from "./hosted-server.ts";
import { IsolateMemory, type Held } from "./isolate-memory.ts";
import { ask } from "./load.ts";

export interface Alive {
  /** Fewer than asked for where the machine has no room for more. */
  sandboxes: number;
  /** In use by the isolate for each after a full collection: V8's heap and what lies behind ArrayBuffers. */
  awakeBytesEach: number;
  /** Growth of the process for each: SQLite's own memory, and garbage not yet collected, included. */
  awakeRssBytesEach: number;
  /** The same when the runtime has put them to sleep. */
  asleepBytesEach: number;
}

/** The runtime puts an object away that nobody has asked for ten seconds; every one is asked once in this. */
const roundMs = 6_000;
const asleepAfterMs = 25_000;
const lanes = 8;
/** The process may take half of what the machine has free; then no more are made. */
const rssBytesMax = os.freemem() / 2;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const bytesOf = ({ heapBytes, backingBytes }: Held): number => heapBytes + backingBytes;

/** Keeps all of them awake until it is told to stop. */
function keepAwake(apis: readonly string[]): () => Promise<void> {
  const state = { stopped: false };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (!state.stopped) {
      const began = performance.now();
      const api = apis[next++ % Math.max(1, apis.length)];
      if (api !== undefined) await ask("GET", `${api}/api/v1/namespaces/default`);
      // While there are few, more often: there may soon be many.
      const due = Math.min(100, (roundMs * lanes) / Math.max(1, apis.length));
      await pause(Math.max(0, due - (performance.now() - began)));
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  return async () => {
    state.stopped = true;
    await all;
  };
}

async function measured(
  { url, rssBytes }: HostedServer,
  memory: IsolateMemory,
  wanted: number,
): Promise<Alive> {
  // One first: what all share is there by then.
  const make = async (): Promise<string> => (await makeSandbox(url, { nodes: 3 })).apiServer;
  await ask("GET", `${await make()}/api/v1/nodes`);
  await pause(asleepAfterMs);
  const before = bytesOf(await memory.held());
  const rssBefore = rssBytes();
  const apis: string[] = [];
  const stop = keepAwake(apis);
  while (apis.length < wanted && rssBytes() < rssBytesMax) {
    const some = Math.min(8, wanted - apis.length);
    apis.push(...(await Promise.all(Array.from({ length: some }, make))));
  }
  // Every one is awake, and settled.
  await pause(2 * roundMs);
  const awake = bytesOf(await memory.held());
  const rssAwake = rssBytes();
  await stop();
  const sandboxes = apis.length;
  await pause(asleepAfterMs);
  const asleep = bytesOf(await memory.held());
  return {
    sandboxes,
    awakeBytesEach: (awake - before) / sandboxes,
    awakeRssBytesEach: (rssAwake - rssBefore) / sandboxes,
    asleepBytesEach: (asleep - before) / sandboxes,
  };
}

const [count = "1000", directory = root] = process.argv.slice(2);
const address = `127.0.0.1:${20_000 + Math.floor(Math.random() * 10_000)}`;
process.env["PODYARD_INSPECTOR"] = address;
const found = await withHostedServer(directory, async (server) => {
  const memory = await IsolateMemory.open(address);
  if (!memory) throw new Error("the runtime's inspector does not answer");
  const alive = await measured(server, memory, Number(count));
  memory.close();
  return alive;
});
console.log(JSON.stringify(found));
process.exit(0);
