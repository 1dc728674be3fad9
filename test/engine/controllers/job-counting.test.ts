import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/batch/v1/namespaces/default/jobs";
const podsUrl = "/api/v1/namespaces/default/pods";
const finalizer = "batch.kubernetes.io/job-tracking";

const job = (name: string, spec: object, command: string, more: object = {}): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, namespace: "default" },
  spec: {
    ...spec,
    template: {
      ...more,
      spec: {
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 5,
        containers: [{ name: "c", image: "busybox:1.36", command: ["sh", "-c", command] }],
      },
    },
  },
});
const statusOf = (world: World, name: string) => world.get(`${url}/${name}`).status;
const finished = (world: World, name: string): boolean =>
  // oxlint-disable-next-line no-explicit-any
  (statusOf(world, name).conditions ?? []).some((c: any) =>
    ["Complete", "Failed"].includes(c.type),
  );

/** What a Job's status may say of the Pods there have been. */
class Ledger {
  readonly #seen = new Set<string>();
  #before = 0;

  check(world: World, name: string): void {
    for (const pod of world.pods()) this.#seen.add(pod.metadata.uid);
    const status = statusOf(world, name);
    const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
    const listed = [...succeeded, ...failed];
    expect(new Set(listed).size).toBe(listed.length);
    const counted = (status.succeeded ?? 0) + (status.failed ?? 0);
    expect(counted).toBeGreaterThanOrEqual(this.#before);
    expect(counted + listed.length + (status.active ?? 0)).toBeLessThanOrEqual(this.#seen.size);
    this.#before = counted;
  }
}

test.each([1, 2, 3])("no Pod counts twice, whatever happens to Pods and engine (%i)", (seed) => {
  const world = new World({ seed: `count-${seed}` });
  world.create(
    job("all", { completions: 12, parallelism: 4, backoffLimit: 100 }, "sleep $(($RANDOM % 9))"),
  );
  const ledger = new Ledger();
  let draw = seed * 7919;
  const below = (n: number): number => {
    draw = (draw * 1_103_515_245 + 12_345) % 2_147_483_648;
    return draw % n;
  };
  for (let step = 0; step < 60 && !finished(world, "all"); step++) {
    world.advance(500 + below(3000));
    ledger.check(world, "all");
    const pods = world.pods();
    const pod = pods[below(pods.length || 1)];
    const what = below(5);
    const grace = what === 0 ? { gracePeriodSeconds: 0 } : undefined;
    if (pod && what < 2) world.delete(`${podsUrl}/${pod.metadata.name}`, grace);
    if (what === 2) world.evict();
    ledger.check(world, "all");
  }
  world.until(() => finished(world, "all"), 3_600_000);
  ledger.check(world, "all");
  expect(statusOf(world, "all").succeeded).toBeGreaterThanOrEqual(12);
  expect(world.pods().every((pod) => !pod.metadata.finalizers)).toBe(true);
});

test("podReplacementPolicy: a terminating Pod is replaced once it has ended", () => {
  const world = new World();
  const slow = "trap '' TERM; sleep 1000";
  world.create(job("soon", {}, slow), job("after", { podReplacementPolicy: "Failed" }, slow));
  world.advance(5000);
  for (const pod of world.pods()) world.delete(`${podsUrl}/${pod.metadata.name}`);
  world.advance(2500);
  expect(statusOf(world, "soon")).toMatchObject({ terminating: 1, failed: 1 });
  expect(statusOf(world, "after")).toMatchObject({ terminating: 1 });
  expect(statusOf(world, "after").active ?? 0).toBe(0);
  expect(statusOf(world, "after").failed ?? 0).toBe(0);
  world.advance(60_000);
  for (const name of ["soon", "after"])
    expect(statusOf(world, name)).toMatchObject({ terminating: 0, failed: 1, active: 1 });
});

test.each([true, false])(
  "a Pod that fails after the Job was suspended is counted and goes; the Job ends once resumed (memory: %s)",
  (kept) => {
    const world = new World();
    const policy = { rules: [{ action: "Count", onExitCodes: { operator: "In", values: [3] } }] };
    world.create(
      job("late", { backoffLimit: 0, podFailurePolicy: policy }, "trap '' TERM; sleep 99"),
    );
    world.advance(5_000);
    world.delete(`${podsUrl}/${world.pods()[0].metadata.name}`);
    world.patch(`${url}/late`, { spec: { suspend: true } });
    world.advance(10_000);
    if (!kept) world.evict();
    expect(world.pods()).toEqual([]);
    // Without a startTime it may not end, so the last write is refused again and again.
    const target = statusOf(world, "late");
    expect(target.conditions.map(({ type }: { type: string }) => type)).toEqual([
      "Suspended",
      "FailureTarget",
    ]);
    expect(target).toMatchObject({ failed: 1, uncountedTerminatedPods: {} });
    expect(finished(world, "late")).toBe(false);
    world.advance(300_000);
    const refused = Number(world.engine.store.record("retries", "job\0default/late"));
    expect(refused).toBeGreaterThan(7);
    expect(refused).toBeLessThan(13);
    world.patch(`${url}/late`, { spec: { suspend: false } });
    world.advance(2_000);
    expect(statusOf(world, "late")).toMatchObject({ failed: 1, uncountedTerminatedPods: {} });
    expect(finished(world, "late")).toBe(true);
    world.check();
  },
);

test("manualSelector: takes in what matches, and tracks it", () => {
  const world = new World();
  const labels = { app: "mine" };
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stray", namespace: "default", labels },
    spec: {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "20"] }],
    },
  });
  const spec = { manualSelector: true, selector: { matchLabels: labels } };
  world.create(job("takes", spec, "sleep 20", { metadata: { labels } }));
  world.advance(4000);
  const stray = world.pod("stray").metadata;
  expect(stray.ownerReferences[0]).toMatchObject({ kind: "Job", name: "takes" });
  expect(stray.finalizers).toEqual([finalizer]);
  expect(world.pods().length).toBe(1);
  world.until(() => finished(world, "takes"));
  expect(statusOf(world, "takes").succeeded).toBe(1);
  expect(world.pod("stray").metadata.finalizers).toBeUndefined();
});

test("Foreground: the Job goes after its Pods", () => {
  const world = new World();
  world.create(job("first", { completions: 2, parallelism: 2 }, "sleep 1000"));
  world.advance(5000);
  world.delete(`${url}/first`, { propagationPolicy: "Foreground" });
  world.advance(2000);
  expect(world.rows(url)[0]).toMatchObject({ Status: "Terminating" });
  world.advance(60_000);
  expect(world.request("GET", `${url}/first`).status).toBe(404);
  expect(world.pods()).toEqual([]);
});

test("more Pods than one look makes or counts", () => {
  const world = new World({ nodes: 12 });
  world.create(job("many", { completions: 130, parallelism: 130 }, "exit 0"));
  world.advance(3000);
  expect(world.pods().length).toBe(130);
  world.patch(`${url}/many`, { spec: { suspend: true } });
  world.advance(60_000);
  world.patch(`${url}/many`, { spec: { suspend: false } });
  world.until(() => finished(world, "many"), 3_600_000);
  expect(statusOf(world, "many").succeeded).toBe(130);
});
