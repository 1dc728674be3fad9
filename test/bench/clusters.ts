/** Podyard's engine alone, in this process: what it costs in CPU, memory and rows. One figure set per call, as JSON. */
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { pathToFileURL } from "node:url";
import { World } from "../helpers/world.ts";

export interface Figures {
  [name: string]: number;
}

const namespace = "/apis/apps/v1/namespaces/default/deployments";

/** Like the peer's: one small container that becomes ready at once. */
export const deployment = (replicas: number, image = "nginx:1.27"): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
    },
  },
});

export function cpuMs(body: () => void): number {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Every worker has pulled the images already, as `pulls set to nothing` wants it. */
export function clusterOf(nodes: number): World {
  const world = new World({ nodes, seed: "bench" });
  world.settle();
  for (const image of ["nginx:1.27", "nginx:1.26"]) {
    for (let i = 1; i <= nodes; i++) {
      const metadata = { name: `warm-${i}` };
      const spec = { nodeName: `node-${i}`, containers: [{ name: "c", image }] };
      world.create({ apiVersion: "v1", kind: "Pod", metadata, spec });
    }
    world.advance(60_000);
    world.delete("/api/v1/namespaces/default/pods", { gracePeriodSeconds: 0 });
    world.advance(60_000);
  }
  return world;
}

function rolledOut(world: World, replicas: number): boolean {
  const found = world.engine.store.get("deployments.apps", "default", "web") as unknown as {
    metadata: { generation: number };
    status?: Record<string, number>;
  };
  const { status, metadata } = found;
  return (
    status?.["observedGeneration"] === metadata.generation &&
    status["updatedReplicas"] === replicas &&
    status["readyReplicas"] === replicas &&
    status["replicas"] === replicas
  );
}

function rollOut(world: World, replicas: number): void {
  world.create(deployment(replicas));
  world.until(() => rolledOut(world, replicas), 3_600_000);
}

const nextImage = { spec: { containers: [{ name: "web", image: "nginx:1.26" }] } };

function rollOver(world: World, replicas: number): void {
  const patch = { spec: { template: nextImage } };
  world.patch(`${namespace}/web`, patch, "application/strategic-merge-patch+json");
  world.until(() => rolledOut(world, replicas), 3_600_000);
}

function heapMb(): number {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  gc();
  gc();
  return process.memoryUsage().heapUsed / 1e6;
}

const ms = (body: () => void): number => {
  const before = performance.now();
  body();
  return performance.now() - before;
};

function best(times: number, body: () => number): number {
  return Math.min(...Array.from({ length: times }, body));
}

/** Apply to all Ready, then heap, storage and what an eviction costs. */
function rollout(replicas: number, nodes: number): Figures {
  const world = clusterOf(nodes);
  const rows = world.engine.log.rowsWritten;
  const bytes = world.engine.log.bytes;
  const cpu = cpuMs(() => rollOut(world, replicas));
  const written = world.engine.log.rowsWritten - rows;
  const stored = world.engine.log.bytes - bytes;
  const heap = heapMb();
  const { nodesMs, podsMs } = woken(world);
  return {
    cpuMs: cpu,
    cpuMsPerPod: cpu / replicas,
    rowsPerPod: written / replicas,
    bytesPerPod: stored / replicas,
    heapMb: heap,
    hydrateToNodesMs: nodesMs,
    hydrateToPodsMs: podsMs,
  };
}

/** From an eviction to the first answer: of a small list and of a page of Pods. */
function woken(world: World): { nodesMs: number; podsMs: number } {
  const answered = (url: string): number =>
    best(3, () =>
      ms(() => {
        world.evict();
        world.raw("GET", url);
      }),
    );
  return {
    nodesMs: answered("/api/v1/nodes"),
    podsMs: answered("/api/v1/namespaces/default/pods?limit=500"),
  };
}

/**
 * The mean of that while a Deployment grows in steps of 25: a start replays the log's tail, and at one moment alone it is chance how
 * much of it there is since the newest checkpoint.
 */
function wakes(replicas: number, nodes: number): Figures {
  const world = clusterOf(nodes);
  const sums = { nodesMs: 0, podsMs: 0 };
  rollOut(world, 50);
  let steps = 0;
  for (let now = 75; now <= replicas; now += 25, steps++) {
    world.patch(`${namespace}/web`, { spec: { replicas: now } }, "application/merge-patch+json");
    world.until(() => rolledOut(world, now), 3_600_000);
    const { nodesMs, podsMs } = woken(world);
    sums.nodesMs += nodesMs;
    sums.podsMs += podsMs;
  }
  return { nodesMs: sums.nodesMs / steps, podsMs: sums.podsMs / steps };
}

/** Turns that nobody asked for, from now on. */
export function countAlarms(world: World): () => number {
  let alarms = 0;
  const run = world.engine.run.bind(world.engine);
  world.engine.run = (now) => {
    alarms += 1;
    run(now);
  };
  return () => alarms;
}

function update(replicas: number, nodes: number): Figures {
  const world = clusterOf(nodes);
  rollOut(world, replicas);
  const rows = world.engine.log.rowsWritten;
  const bytes = world.engine.log.bytes;
  const began = world.now;
  const alarms = countAlarms(world);
  const cpu = cpuMs(() => rollOver(world, replicas));
  return {
    cpuMs: cpu,
    rows: world.engine.log.rowsWritten - rows,
    alarms: alarms(),
    bytes: world.engine.log.bytes - bytes,
    virtualSeconds: (world.now - began) / 1000,
  };
}

/**
 * For comparison with the peer: clusters one after the other in one process, as the sandboxes of a machine share it. The
 * first rounds compile; of as many after them the best counts, as little else of the machine as can be being in it.
 */
function warm(replicas: number, nodes: number, rounds: number): Figures {
  const figures = { cpuMs: Number.POSITIVE_INFINITY, updateCpuMs: Number.POSITIVE_INFINITY };
  let firstCpuMs = 0;
  for (let i = 0; i < 2 * rounds; i++) {
    const world = clusterOf(nodes);
    const applied = cpuMs(() => rollOut(world, replicas));
    const updated = cpuMs(() => rollOver(world, replicas));
    firstCpuMs ||= applied;
    if (i < rounds) continue;
    figures.cpuMs = Math.min(figures.cpuMs, applied);
    figures.updateCpuMs = Math.min(figures.updateCpuMs, updated);
  }
  return { ...figures, firstCpuMs };
}

/** A Pod from its creation to its end, and an hour of nobody looking. */
function quiet(): Figures {
  const world = clusterOf(3);
  const rows = world.engine.log.rowsWritten;
  const bytes = world.engine.log.bytes;
  const lifeAlarms = countAlarms(world);
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "one" },
    spec: { containers: [{ name: "web", image: "nginx:1.27" }] },
  });
  world.advance(30_000);
  world.delete("/api/v1/namespaces/default/pods/one");
  world.advance(60_000);
  const life = {
    rowsPerPodLife: world.engine.log.rowsWritten - rows,
    alarmsPerPodLife: lifeAlarms(),
    bytesPerPodLife: world.engine.log.bytes - bytes,
  };
  world.create(deployment(10));
  world.advance(120_000);
  // What is still to be tidied up (Events live an hour) is done before the hour that counts.
  world.settle(4 * 3_600_000);
  const before = world.engine.log.rowsWritten;
  let alarms = 0;
  const end = world.now + 3_600_000;
  for (;;) {
    const due = world.engine.nextDueMs(world.now);
    if (due === undefined || due > end) break;
    world.now = Math.max(world.now, due);
    world.engine.run(world.now);
    alarms += 1;
  }
  return {
    ...life,
    quietRows: world.engine.log.rowsWritten - before,
    quietAlarms: alarms,
  };
}

const sets: Record<string, (...args: number[]) => Figures> = {
  rollout,
  wakes,
  update,
  warm,
  quiet,
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [name = "", ...args] = process.argv.slice(2);
  // A set that an older checkout lacks has no figures.
  console.log(JSON.stringify(sets[name]?.(...args.map(Number)) ?? {}));
}
