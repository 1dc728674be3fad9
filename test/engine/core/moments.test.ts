/** Moments that never come, or lie beyond the calendar: nothing that waits for one may touch the clock. */
import { describe, expect, test } from "vitest";
import { dueMoment, lastMomentMs, rfc3339 } from "../../../durable-objects/engine/core/clock.ts";
import { World } from "../../helpers/world.ts";

const url = "/apis/podyard.dev/v1/clocks/cluster";
const pod = (name: string, container: object, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { ...spec, containers: [{ name: "c", image: "busybox", ...container }] },
});
/** An hour ahead, however many turns that takes. */
function jump(world: World): void {
  const to = new Date(Math.ceil(world.engine.virtualNow / 1000) * 1000 + 3_600_000).toISOString();
  world.patch(url, { spec: { advanceTo: to } });
  for (let i = 0; i < 200 && world.get(url).status.advancingTo; i++) world.engine.run(++world.now);
  expect(world.engine.virtualNow).toBeGreaterThanOrEqual(Date.parse(to));
  world.check();
}
/** The Pod stays as it is through a jump and through an eviction. */
function lasts(world: World, name: string): void {
  for (const evicted of [false, true]) {
    if (evicted) world.evict();
    jump(world);
    const { phase, containerStatuses } = world.pod(name).status;
    expect({ phase, restarts: containerStatuses[0].restartCount }).toEqual({
      phase: "Running",
      restarts: 0,
    });
  }
}

test("a due moment is stored only where it is one", () => {
  for (const never of [NaN, Infinity, lastMomentMs + 1, 1e300, undefined, null]) {
    expect(dueMoment(never)).toBeUndefined();
  }
  expect(dueMoment(-Infinity)).toBe(0);
  expect(dueMoment(-1)).toBe(0);
  expect(dueMoment(lastMomentMs)).toBe(lastMomentMs);
  expect(rfc3339(1e300)).toBe("9999-12-31T23:59:59Z");
  expect(rfc3339(-1e300)).toBe("1970-01-01T00:00:00Z");
});

describe("sleep infinity", () => {
  test.each([
    "busybox",
    "debian",
    "ubuntu",
    "alpine",
    "nginx",
    "fedora",
    "python:3",
    "node:20",
    "redis",
  ])("in %s", (image) => {
    const world = new World();
    world.create(pod("p", { image, command: ["sleep", "infinity"] }));
    world.advance(20_000);
    lasts(world, "p");
  });

  test.each([
    "sleep inf",
    "sleep Infinity",
    "sleep 1e300",
    "sleep infinity & wait",
    "sleep 99999999999d",
    `sleep ${"9".repeat(390)}`,
    "while :; do sleep inf; done",
    "timeout inf sleep inf",
    "timeout 1e300 sleep inf",
    "timeout -k inf 9999999 sleep inf",
    "sleep inf | read -t 999999999999999999 x",
    `sleep inf | read -t ${"9".repeat(390)} x`,
    "watch -n inf date",
    "watch -n 1e300 date",
    "ping -i inf localhost",
    "ping -i 1e300 -c 5 localhost",
    "top -b -d inf",
    "trap : TERM; sleep infinity & wait $!",
  ])("%s", (script) => {
    const world = new World();
    world.create(pod("p", { command: ["sh", "-c", script] }));
    world.advance(20_000);
    lasts(world, "p");
    expect(world.get(url).status.nextDue ?? "").not.toMatch(/^9999/);
  });

  test("is no wait at all for one that says so wrongly", () => {
    const world = new World();
    for (const [i, script] of ["sleep nan", "watch -n nan date", "ping -i nan x"].entries()) {
      world.create(pod(`p${i}`, { command: ["sh", "-c", script] }, { restartPolicy: "Never" }));
    }
    world.advance(20_000);
    expect(world.pods().map((p) => p.status.phase)).toEqual(["Failed", "Failed", "Failed"]);
  });
});

describe("numbers of objects", () => {
  /** Near 2^63, as JavaScript writes it. */
  const most = 9_223_372_036_854_774_000;
  const probe = { exec: { command: ["true"] }, periodSeconds: 2_147_483_647 };

  test("probes, deadlines and tolerations beyond the calendar", () => {
    const world = new World();
    const container = {
      command: ["sleep", "infinity"],
      livenessProbe: { ...probe, initialDelaySeconds: 2_147_483_647 },
      startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 2_147_483_647 },
    };
    const tolerations = [
      { key: "x", operator: "Exists", effect: "NoExecute", tolerationSeconds: most },
    ];
    const spec = {
      activeDeadlineSeconds: 2_147_483_647,
      terminationGracePeriodSeconds: most,
      tolerations,
    };
    world.create(pod("p", container, spec));
    world.advance(20_000);
    lasts(world, "p");
    const taints = [{ key: "x", value: "y", effect: "NoExecute" }];
    world.patch(`/api/v1/nodes/${world.pod("p").spec.nodeName}`, { spec: { taints } });
    lasts(world, "p");
  });

  test.each([most, 1e15, 253_402_300_799])("a grace period of %d seconds", (seconds) => {
    const world = new World();
    const path = "/api/v1/namespaces/default/pods/p";
    world.create(pod("p", { command: ["sleep", "infinity"] }));
    world.advance(20_000);
    expect(world.delete(path, { gracePeriodSeconds: seconds }).status).toBe(200);
    world.advance(20_000);
    jump(world);
    expect(world.pod("p").metadata.deletionTimestamp).toMatch(/^\d{4}-/);
    expect(world.delete(path, { gracePeriodSeconds: 0 }).status).toBe(200);
    world.advance(20_000);
    expect(world.request("GET", path).status).toBe(404);
  });
});
