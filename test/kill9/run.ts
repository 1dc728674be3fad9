/**
 * `npm run kill9`: a real server whose runtime is ended with SIGKILL at random moments while a client writes, and every
 * eighth time again while it starts. After each start everything that was acknowledged must be there, nothing may be torn,
 * and a watch must go on where it stood.
 * `--rounds N` (100), `--seed N`, `--port N`. Prints a summary; exit code 1 when something was lost.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/server.ts";
import { killRuntime } from "../helpers/runtime-process.ts";
import { makeSandbox } from "../helpers/sandbox.ts";
import { Writer } from "./writer.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    port: { type: "string", default: "0" },
  },
});
const rounds = Number(values.rounds);
/** About what a start takes, up to the first answer. */
const startMs = 900;

/** Seeded: mulberry32. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const statePath = mkdtempSync(path.join(tmpdir(), "podyard-kill9-"));
const random = chance(Number(values.seed));
const server = await startServer({
  port: Number(values.port),
  host: "127.0.0.1",
  statePath,
  pauseMsMax: 0,
});
const { apiServer } = await makeSandbox(server.url, { seed: Number(values.seed), nodes: 2 });
const writer = new Writer(apiServer, random);
const starts: number[] = [];
let failed = 0;
let killedStarting = 0;

async function answers(): Promise<void> {
  const end = performance.now() + 120_000;
  while (performance.now() < end) {
    const answer = await fetch(`${apiServer}/version`).catch(() => undefined);
    const pods = answer?.ok && (await writer.alive());
    if (pods) return;
    await pause(10);
  }
  throw new Error("the server does not answer any more");
}

const began = performance.now();
for (let round = 1; round <= rounds; round++) {
  const until = pause(20 + random() * 280);
  const writing = writer.write();
  await until;
  killRuntime();
  const killedAt = performance.now();
  writer.stop();
  await writing;
  if (random() < 1 / 8) {
    await pause(random() * startMs);
    killedStarting += killRuntime();
  }
  await answers();
  starts.push(performance.now() - killedAt);
  const problems = await writer.check();
  failed += problems.length;
  for (const problem of problems) console.error(`round ${round}: ${problem}`);
  if (round % 25 === 0)
    console.log(`${round} rounds, ${writer.acknowledged} acknowledged writes, ${failed} lost`);
}
starts.sort((a, b) => a - b);
const at = (share: number): number =>
  Math.round(starts[Math.floor((starts.length - 1) * share)] ?? 0);
console.log(
  JSON.stringify({
    rounds,
    seed: Number(values.seed),
    acknowledged: writer.acknowledged,
    unanswered: writer.unanswered,
    killedStarting,
    byKind: writer.byKind,
    watchEvents: writer.watchEvents,
    lost: failed,
    againMs: { median: at(0.5), p95: at(0.95), worst: at(1) },
    seconds: Math.round((performance.now() - began) / 1000),
  }),
);
killRuntime();
await server.stop().catch(() => {});
rmSync(statePath, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);
