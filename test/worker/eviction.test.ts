import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { kube, make, post, stubOf } from "./edge.ts";

/** The object is evicted after every alarm of a roll-out; what it knows then comes from its storage alone. */

afterEach(() => vi.useRealTimers());

const deployments = "/apis/apps/v1/namespaces/default/deployments";

const deployment = (image: string): unknown => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 3,
    // Long enough that many alarms fall into it.
    minReadySeconds: 10,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image }] },
    },
  },
});

interface Pod {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { containers: { image: string }[]; nodeName?: string };
  status: { phase: string; podIP?: string };
}

type Made = Awaited<ReturnType<typeof make>>;

async function podsOf(made: Made): Promise<Pod[]> {
  const list = await kube(made, "/api/v1/namespaces/default/pods");
  return ((await list.json()) as { items: Pod[] }).items;
}

/** Lets time jump from alarm to alarm, with an eviction after each, until there is nothing more to do. */
async function settleThroughEvictions(made: Made, stepsMax: number): Promise<number> {
  const stub = stubOf(made);
  const end = Date.now() + 24 * 3_600_000;
  for (let step = 0; step < stepsMax; step++) {
    const due = await runInDurableObject(stub, (_instance, state) => state.storage.getAlarm());
    // What is armed at the sandbox's end is no step of the cluster's.
    if (due === null || due > end - 3_600_000) return step;
    if (due > Date.now()) vi.setSystemTime(due);
    await runDurableObjectAlarm(stub);
    await evictDurableObject(stub);
  }
  throw new Error(`still not settled after ${stepsMax} alarms`);
}

test("a roll-out goes on through evictions, and nothing is lost or doubled", async () => {
  // Its timers never fire: what they would do, the alarm behind them does. An hour ahead, the platform's own clock comes to none of these.
  const now = Date.now() + 3_600_000;
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now });
  const made = await make({ seed: 11 });
  expect((await kube(made, deployments, post(deployment("nginx:1.26")))).status).toBe(201);
  const steps = await settleThroughEvictions(made, 300);
  expect(steps).toBeGreaterThan(1);
  const before = await podsOf(made);
  expect(before.map(({ status }) => status.phase)).toEqual(["Running", "Running", "Running"]);

  const changed = await kube(made, `${deployments}/web`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ spec: (deployment("nginx:1.27") as { spec: unknown }).spec }),
  });
  expect(changed.status).toBe(200);
  await settleThroughEvictions(made, 600);

  const after = await podsOf(made);
  expect(after.map(({ status, spec }) => [status.phase, spec.containers[0]!.image])).toEqual(
    Array.from({ length: 3 }, () => ["Running", "nginx:1.27"]),
  );
  expect(new Set(after.map(({ status }) => status.podIP)).size).toBe(3);
  expect(
    after.some(({ metadata }) => before.some((old) => old.metadata.name === metadata.name)),
  ).toBe(false);
});
