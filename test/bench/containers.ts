/** What running containers cost, the engine alone in this process: requests, shell rounds, idle ones. One set per call, as JSON. */
import { pathToFileURL } from "node:url";
import type { Figures } from "./clusters.ts";
import { PodKernel } from "../../durable-objects/engine/runtime/kernel/kernel.ts";
import { NetworkWorld, serviceOf, sleeper, whoami } from "../engine/network/network-world.ts";

const seconds = (body: () => void): number => {
  const before = performance.now();
  body();
  return (performance.now() - before) / 1000;
};

/** From a Pod by the Service's name: DNS, choice of one of three endpoints, the server's own process. */
function requests(count = 2_000): Figures {
  const world = new NetworkWorld(3);
  const labels = { app: "web" };
  world.create(
    ...[1, 2, 3].map((i) => whoami(`web-${i}`, { labels })),
    sleeper("client"),
    serviceOf("web", { selector: labels, ports: [{ port: 80, targetPort: 8080 }] }),
  );
  world.advance(60_000);
  const answered = new Map<string, number>();
  const ask = (): void => {
    const result = world.ask({ pod: "default/client" }, "web");
    if (!("response" in result)) throw new Error(result.error);
    const { body } = result.response;
    answered.set(body, (answered.get(body) ?? 0) + 1);
  };
  for (let i = 0; i < 100; i++) ask();
  answered.clear();
  const rows = world.engine.log.rowsWritten;
  const took = seconds(() => {
    for (let i = 0; i < count; i++) ask();
  });
  return {
    perSecond: count / took,
    endpoints: answered.size,
    rowsPerRequest: (world.engine.log.rowsWritten - rows) / count,
  };
}

/** Rounds of `while [ $i -lt N ]`, as fast as the computer lets them: their virtual time is not counted. */
function shell(rounds = 20_000): Figures {
  const world = new NetworkWorld(1);
  world.create(sleeper("box"));
  world.advance(30_000);
  const loop = (n: number): string => `i=0; while [ $i -lt ${n} ]; do i=$((i+1)); done; echo $i`;
  const run = (n: number): number => {
    const { stdout, tookMs } = world.exec("box", loop(n), 3_600_000);
    if (stdout !== `${n}\n`) throw new Error(`${stdout} instead of ${n}`);
    return tookMs;
  };
  run(1_000);
  let virtualMs = 0;
  const took = seconds(() => (virtualMs = run(rounds)));
  return { perSecond: rounds / took, virtualSeconds: virtualMs / 1000 };
}

/** An hour in which nobody looks and nothing has anything to do. `steps`: how often a Pod's processes were run. */
function idle(count = 1_000): Figures {
  const nodes = Math.ceil(count / 84);
  const world = new NetworkWorld(nodes);
  const selector = { app: "idle" };
  const containers = [{ name: "c", image: "busybox:1.36", command: ["sleep", "infinity"] }];
  world.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "idle" },
    spec: {
      replicas: count,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: { containers } },
    },
  });
  world.advance(300_000);
  const running = world.pods("default", "app=idle").filter((p) => p.status.phase === "Running");
  // What is still to be tidied up (Events live an hour) is done before the hour that counts.
  world.settle(4 * 3_600_000);
  const rows = world.engine.log.rowsWritten;
  let alarms = 0;
  let steps = 0;
  const { run } = PodKernel.prototype;
  PodKernel.prototype.run = function (this: PodKernel, ...given) {
    steps += 1;
    return run.apply(this, given);
  };
  const end = world.now + 3_600_000;
  const took = seconds(() => {
    for (;;) {
      const due = world.engine.nextDueMs(world.now);
      if (due === undefined || due > end) break;
      world.now = Math.max(world.now, due);
      world.engine.run(world.now);
      alarms += 1;
    }
  });
  PodKernel.prototype.run = run;
  const written = world.engine.log.rowsWritten - rows;
  return { running: running.length, alarms, rows: written, steps, tookMs: took * 1000 };
}

const sets: Record<string, () => Figures> = { requests, shell, idle };

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(JSON.stringify(sets[process.argv[2] ?? ""]?.()));
}
