/** The Clock object steers virtual time: pause, speed, jump, single steps. */
import { describe, expect, test } from "vitest";
import { turnStepsMax } from "../../../durable-objects/engine/core/limits.ts";
import { Clock } from "../../../durable-objects/engine/kinds/podyard/clock.ts";
import { World } from "../../helpers/world.ts";

const url = "/apis/podyard.dev/v1/clocks/cluster";
const clock = (spec: object): object => ({
  apiVersion: "podyard.dev/v1",
  kind: "Clock",
  metadata: { name: "cluster" },
  spec,
});
const pod = (name: string, command?: string[]): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: { containers: [{ name: "c", image: "busybox", command: command ?? ["sleep", "3600"] }] },
});
const phase = (world: World, name: string): string => world.pod(name).status.phase;
const set = (world: World, spec: object): void => {
  world.patch(url, { spec });
};
/** Virtual time ahead of the wall's. */
const ahead = (world: World): number => world.engine.virtualNow - world.now;

function withClock(spec: object = {}): World {
  const world = new World();
  world.apply(clock(spec));
  world.settle();
  return world;
}

describe("the Clock", () => {
  test("is there from birth on, costs nothing, and tells how time stands", () => {
    const world = new World();
    world.settle();
    const rows = world.engine.log.rowsWritten;
    const born = world.get(url);
    expect(born.spec).toEqual({ speed: 1 });
    expect(born.status).toEqual({
      now: new Date(world.engine.virtualNow).toISOString().replace(/\.\d+/, ""),
      offsetSeconds: 0,
      stepsDone: 0,
    });
    set(world, { paused: true });
    world.now += 50_000;
    expect(world.get(url).status.offsetSeconds).toBe(-50);
    expect(world.print("/apis/podyard.dev/v1/clocks")).toMatch(/cluster +\S+Z +1 +true +-50s/);
    expect(world.engine.log.rowsWritten - rows).toBe(1);
  });

  test("tells when something happens next by itself", () => {
    const world = new World();
    world.create(pod("nap", ["sleep", "600"]));
    world.settle(30_000);
    const [{ state }] = world.pod("nap").status.containerStatuses;
    const ends = Date.parse(state.running.startedAt) + 600_000;
    const { nextDue } = world.get(url).status;
    expect(Math.abs(Date.parse(nextDue) - ends)).toBeLessThan(2_000);
  });

  test("deleted, time runs as the wall's does", () => {
    const world = new World();
    set(world, { speed: 60 });
    world.delete(url);
    const moment = world.engine.virtualNow;
    world.advance(10_000);
    expect(world.engine.virtualNow).toBe(moment + 10_000);
    world.apply(clock({ speed: 2 }));
    world.advance(10_000);
    expect(world.engine.virtualNow).toBe(moment + 30_000);
  });
});

describe("paused", () => {
  test("nothing happens by itself, yet the API answers", () => {
    const world = withClock({ paused: true });
    const before = world.engine.virtualNow;
    world.create(pod("web"));
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    world.advance(300_000);
    expect(phase(world, "web")).toBe("Pending");
    expect(world.pod("web").spec.nodeName).toBeUndefined();
    expect(world.engine.virtualNow).toBe(before);
    set(world, { paused: false });
    world.advance(20_000);
    expect(phase(world, "web")).toBe("Running");
    expect(ahead(world)).toBe(-300_000);
  });

  test("paused twice is paused once", () => {
    const world = withClock({ paused: true });
    const { resourceVersion } = world.get(url).metadata;
    const moment = world.engine.virtualNow;
    world.advance(60_000);
    set(world, { paused: true });
    expect(world.get(url).metadata.resourceVersion).toBe(resourceVersion);
    expect(world.engine.virtualNow).toBe(moment);
  });

  test("survives an eviction", () => {
    const world = withClock({ paused: true });
    const moment = world.engine.virtualNow;
    world.advance(60_000);
    world.evict();
    world.advance(60_000);
    expect(world.engine.virtualNow).toBe(moment);
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
  });
});

describe("speed", () => {
  test.each([0.5, 2, 60])("%s virtual seconds in one of the wall", (speed) => {
    const world = withClock();
    world.get(url);
    set(world, { speed });
    const [wall, virtual] = [world.now, world.engine.virtualNow];
    world.advance(10_000);
    expect(world.engine.virtualNow - virtual).toBe(speed * (world.now - wall));
    // Changing it neither jumps nor goes back.
    set(world, { speed: 1 });
    expect(world.engine.virtualNow - virtual).toBe(speed * 10_000);
    world.advance(1_000);
    expect(world.engine.virtualNow - virtual).toBe(speed * 10_000 + 1_000);
  });

  test("a fast clock reaches what is due sooner", () => {
    const world = withClock();
    world.create(pod("short", ["sleep", "600"]));
    world.advance(10_000);
    const finished = (): number => world.pod("short").status.containerStatuses[0].restartCount;
    expect(finished()).toBe(0);
    set(world, { speed: 100 });
    world.advance(8_000);
    expect(finished()).toBe(1);
  });

  test.each([
    [{ speed: 0 }, "spec.speed: Invalid value"],
    [{ speed: -1 }, "spec.speed: Invalid value"],
    [{ steps: -1 }, "spec.steps: Invalid value"],
  ])("%j is refused", (spec, text) => {
    const answer = new World().request("POST", "/apis/podyard.dev/v1/clocks", clock(spec));
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(text);
  });
});

describe("advanceTo", () => {
  const later = (world: World, ms: number): string =>
    new Date(Math.ceil((world.engine.virtualNow + ms) / 1000) * 1000)
      .toISOString()
      .replace(".000Z", "Z");

  test("goes through everything that is due on the way, each at its own moment", () => {
    const world = withClock();
    world.create(pod("crash", ["sh", "-c", "exit 1"]));
    const to = later(world, 3_600_000);
    set(world, { advanceTo: to });
    expect(world.engine.virtualNow).toBe(Date.parse(to));
    expect(world.get(url).status.now).toBe(to);
    const { restartCount, state } = world.pod("crash").status.containerStatuses[0];
    // 10 s to 5 min of back-off: about 16 in the first hour.
    expect(restartCount).toBeGreaterThan(10);
    expect(restartCount).toBeLessThan(20);
    expect(state.waiting?.reason ?? state.terminated?.reason).toMatch(/CrashLoopBackOff|Error/);
    // From there time goes on as the wall does.
    world.advance(5_000);
    expect(world.engine.virtualNow).toBe(Date.parse(to) + 5_000);
  });

  test("the same moment again, or one that lies behind, does nothing", () => {
    const world = withClock();
    const to = later(world, 60_000);
    set(world, { advanceTo: to });
    world.advance(1_000);
    const moment = world.engine.virtualNow;
    world.patch(url, { metadata: { labels: { again: "yes" } }, spec: { advanceTo: to } });
    set(world, { advanceTo: "2020-01-01T00:00:00Z" });
    expect(world.engine.virtualNow).toBe(moment);
  });

  test("works while paused, and stays paused", () => {
    const world = withClock({ paused: true });
    world.create(pod("web"));
    const to = later(world, 60_000);
    set(world, { advanceTo: to });
    expect(phase(world, "web")).toBe("Running");
    world.advance(60_000);
    expect(world.engine.virtualNow).toBe(Date.parse(to));
  });
});

describe("steps", () => {
  test("each does one thing; the same number again does nothing", () => {
    const world = withClock({ paused: true });
    world.create(pod("web"));
    let steps = 0;
    const seen: string[] = [];
    while (phase(world, "web") !== "Running" && steps < 60) {
      steps += 1;
      set(world, { steps });
      const { spec, status } = world.pod("web");
      const now = `${status.phase} ${spec.nodeName ? "bound" : "unbound"}`;
      if (seen.at(-1) !== now) seen.push(now);
    }
    expect(seen).toEqual(
      ["Pending unbound", "Pending bound", "Running bound"].slice(
        seen[0] === "Pending bound" ? 1 : 0,
      ),
    );
    expect(world.get(url).status.stepsDone).toBe(steps);
    const rv = world.get("/api/v1/pods").metadata.resourceVersion;
    set(world, { steps });
    expect(world.get("/api/v1/pods").metadata.resourceVersion).toBe(rv);
  });

  test("several at once are as many, one by one", () => {
    const run = (numbers: number[]): string => {
      const world = withClock({ paused: true });
      world.create(pod("web"));
      for (const steps of numbers) set(world, { steps });
      return JSON.stringify([world.pod("web").status.phase, world.pod("web").spec.nodeName]);
    };
    expect(run([6])).toBe(run([1, 2, 3, 4, 5, 6]));
  });
});

describe("steps while time runs", () => {
  test("time goes on from where they led", () => {
    const world = withClock();
    world.create(pod("short", ["sleep", "600"]));
    world.advance(10_000);
    const before = world.engine.virtualNow;
    set(world, { steps: 200 });
    // More than one turn may do.
    while ((world.engine.nextDueMs(world.now) ?? Infinity) <= world.now)
      world.engine.run(world.now);
    expect(world.engine.virtualNow - before).toBeGreaterThan(300_000);
    const led = world.engine.virtualNow;
    world.advance(5_000);
    expect(world.engine.virtualNow).toBe(led + 5_000);
  });
});

describe("nobody looks", () => {
  test("an eviction is no look", () => {
    const run = (evict: boolean): number => {
      const world = new World();
      world.create(pod("crash", ["sh", "-c", "exit 1"]));
      world.advance(30_000);
      if (evict) world.evict();
      world.advance(7_200_000);
      return world.engine.virtualNow;
    };
    expect(run(true)).toBe(run(false));
  });

  test("for ten minutes: time stands still, and goes on with the next request", () => {
    const world = withClock();
    world.create(pod("crash", ["sh", "-c", "exit 1"]));
    world.advance(599_000);
    const looked = world.engine.virtualNow;
    world.advance(7_200_000);
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    expect(world.engine.virtualNow - looked).toBeLessThan(400_000);
    const frozen = world.engine.virtualNow;
    world.get(url);
    expect(world.engine.virtualNow).toBe(frozen);
    expect(world.engine.nextDueMs(world.now)).toBeDefined();
    world.advance(2_000);
    expect(world.engine.virtualNow).toBe(frozen + 2_000);
  });
});

describe("Events", () => {
  test("are forgotten after an hour, without an alarm of their own", () => {
    const world = withClock();
    world.create(pod("web"));
    world.settle();
    expect(world.events("web").length).toBeGreaterThan(3);
    world.delete("/api/v1/namespaces/default/pods/web", { gracePeriodSeconds: 0 });
    world.settle();
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    const to = new Date(world.engine.virtualNow + 3_590_000).toISOString();
    set(world, { advanceTo: to });
    expect(world.events("web").length).toBeGreaterThan(3);
    set(world, { advanceTo: new Date(Date.parse(to) + 20_000).toISOString() });
    expect(world.events("web")).toEqual([]);
  });
});

test("no age that the server prints is <invalid> after a jump, nor once the Clock is gone", () => {
  const w = new World();
  w.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  });
  w.advance(20_000);
  w.patch("/apis/podyard.dev/v1/clocks/cluster", {
    spec: { advanceTo: new Date(w.now + 50 * 60_000).toISOString() },
  });
  w.advance(1_000);
  const printed = (): string =>
    ["/api/v1/pods", "/api/v1/events", "/api/v1/nodes", "/apis/events.k8s.io/v1/events"]
      .map((url) => w.print(url, true))
      .join("\n");
  expect(printed()).not.toContain("<invalid>");
  expect(w.rows("/api/v1/namespaces/default/pods")[0]?.["Age"]).toBe("50m");
  w.delete("/apis/podyard.dev/v1/clocks/cluster");
  w.advance(1_000);
  expect(printed()).not.toContain("<invalid>");
});

test("who jumps is told what kubectl's own ages come to", () => {
  const jump = clock({ advanceTo: "2027-01-01T00:00:00Z" }) as Clock;
  expect(Clock.warnings?.(jump, undefined)).toEqual([expect.stringContaining("<invalid>")]);
  expect(Clock.warnings?.(jump, jump)).toEqual([]);
  expect(Clock.warnings?.({ ...jump, spec: { speed: 2 } }, jump)).toEqual([]);
});

describe("much work", () => {
  const crashes = (world: World, count: number): void => {
    for (let i = 0; i < count; i++) world.create(pod(`crash-${i}`, ["sh", "-c", "exit 1"]));
    world.advance(5_000);
  };
  /** Revisions and steps of the longest of some turns. */
  const worst = (world: World, turns: number, body: () => void): number => {
    let most = 0;
    for (let i = 0; i < turns; i++) {
      const before = world.engine.steps + world.engine.store.rv;
      body();
      most = Math.max(most, world.engine.steps + world.engine.store.rv - before);
    }
    return most;
  };
  const run = (world: World) => (): void => world.engine.run(++world.now);
  const ofTurnMax = 1_100;

  test("a jump is answered at once and goes on slice by slice, also while paused", () => {
    for (const paused of [false, true]) {
      const world = withClock();
      crashes(world, 20);
      const to = new Date(Math.ceil(world.now / 1000) * 1000 + 10_800_000).toISOString();
      expect(worst(world, 1, () => set(world, { paused, advanceTo: to }))).toBeLessThan(ofTurnMax);
      expect(world.get(url).status.advancingTo).toBe(to.replace(".000", ""));
      expect(worst(world, 3, run(world))).toBeLessThan(ofTurnMax);
      expect(world.engine.nextDueMs(world.now)).toBe(world.now);
      world.evict();
      for (let i = 0; i < 1_000 && world.get(url).status.advancingTo; i++) run(world)();
      expect(world.get(url).status).toMatchObject({ now: to.replace(".000", "") });
      expect(world.engine.nextDueMs(world.now) === undefined).toBe(paused);
      // Five minutes apart, for three hours.
      expect(world.pod("crash-7").status.containerStatuses[0].restartCount).toBeGreaterThan(30);
    }
  });

  test("a jump ends where it stands when the Clock no longer asks for it", () => {
    const world = withClock();
    crashes(world, 20);
    set(world, { advanceTo: new Date(world.now + 300 * 86_400_000).toISOString() });
    run(world)();
    set(world, { advanceTo: null });
    const stood = world.engine.virtualNow;
    expect(world.get(url).status.advancingTo).toBeUndefined();
    world.advance(5_000);
    expect(world.engine.virtualNow).toBe(stood + 5_000);
  });

  test("evictions on the way change nothing", () => {
    const end = (evict: boolean): unknown => {
      const world = withClock();
      crashes(world, 5);
      set(world, { advanceTo: new Date(world.now + 43_200_000).toISOString() });
      for (let i = 0; i < 60; i++) {
        if (evict) world.evict();
        run(world)();
      }
      return world.get("/api/v1/pods").items;
    };
    expect(end(true)).toEqual(end(false));
  });

  test("a fast clock falls behind instead of holding everything up", () => {
    const world = withClock();
    crashes(world, 20);
    set(world, { speed: 10_000 });
    const turn = (): void => {
      world.now += 300;
      world.engine.look(world.now);
      world.engine.run(world.now);
    };
    expect(worst(world, 40, turn)).toBeLessThan(ofTurnMax);
    // What it owes is dropped with the speed.
    set(world, { speed: 1 });
    const stood = world.engine.virtualNow;
    world.advance(10_000);
    expect(world.engine.virtualNow).toBe(stood + 10_000);
  });

  test("how steps are cut into turns shows in no revision", () => {
    const told = (turnSteps: number): [turns: number, changes: string] => {
      const world = withClock({ paused: true });
      crashes(world, 3);
      world.engine.turnSteps = turnSteps;
      let turns = 0;
      set(world, { steps: 120 });
      for (; world.engine.nextDueMs(world.now) === world.now; turns++) {
        world.engine.run(world.now);
      }
      expect(world.get(url).status.stepsDone).toBe(120);
      const changes = JSON.stringify([...world.engine.log.history(0)]);
      // One that is ended on the way says how far it came.
      world.engine.turnSteps = 20;
      set(world, { steps: 1_000 });
      const { stepsDone } = world.get(url).status;
      expect(stepsDone).toBeGreaterThan(120);
      world.engine.turnSteps = turnStepsMax;
      set(world, { steps: null });
      expect(world.get(url).status.stepsDone).toBeGreaterThanOrEqual(stepsDone);
      set(world, { steps: world.get(url).status.stepsDone + 1 });
      expect(world.engine.nextDueMs(world.now)).toBeUndefined();
      return [turns, changes];
    };
    const [[fewTurns, few], [manyTurns, many]] = [told(turnStepsMax), told(20)];
    expect(manyTurns).toBeGreaterThan(fewTurns + 3);
    expect(many).toBe(few);
  });

  test("thousands of steps are taken slice by slice", () => {
    const world = withClock({ paused: true });
    crashes(world, 20);
    expect(worst(world, 1, () => set(world, { steps: 5_000 }))).toBeLessThan(ofTurnMax);
    expect(world.get(url).status.stepsDone).toBeLessThan(5_000);
    for (let i = 0; i < 100 && world.get(url).status.stepsDone < 5_000; i++) run(world)();
    expect(world.get(url).status.stepsDone).toBe(5_000);
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
  });

  test.each([
    [{ advanceTo: "9999-12-31T23:59:59Z" }, "spec.advanceTo: Invalid value"],
    [{ steps: 9_000_000_000_000 }, "spec.steps: Invalid value"],
  ])("%j is refused, and nothing happens", (spec, text) => {
    const world = withClock();
    const moment = world.engine.virtualNow;
    const answer = world.request("PATCH", url, { spec }, { type: "application/merge-patch+json" });
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(text);
    expect(world.engine.virtualNow).toBe(moment);
  });
});

describe("more replicas than there is room for", () => {
  test("are made turn by turn; what does not fit is said, and costs next to nothing then", () => {
    const world = new World({ limits: { objectsMax: 2_500 } });
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    };
    world.create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas: 2_147_483_647, selector: { matchLabels: { app: "web" } }, template },
    });
    for (let i = 0; i < 100 && world.engine.nextDueMs(world.now) === world.now; i++) {
      const before = world.engine.steps + world.engine.store.rv;
      world.engine.run(world.now);
      expect(world.engine.steps + world.engine.store.rv - before).toBeLessThan(2_600);
    }
    const [set] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    const { name } = set.metadata;
    const { reason, message } = set.status.conditions[0];
    expect(`${reason} ${message}`).toMatch(/FailedCreate .*its limit is 2500/);
    world.advance(300_000);
    // Each Pod that waits is looked at once in five minutes; creations are tried ever more rarely, up to 1,000 s apart.
    const waiting = world.pods().filter((pod) => !pod.spec.nodeName).length;
    const tried = (): number =>
      world.engine.store.record<number>("retries", `replicaset\0default/${name}`) ?? 0;
    const [steps, attempts] = [world.engine.steps, tried()];
    world.advance(300_000);
    expect(world.engine.steps - steps).toBeLessThan(waiting + 100);
    world.advance(3_000_000);
    expect(tried()).toBeGreaterThan(0);
    expect(tried() - attempts).toBeLessThan(8);
    world.patch("/apis/apps/v1/namespaces/default/deployments/web", { spec: { replicas: 1 } });
    world.advance(120_000);
    expect(world.pods()).toHaveLength(1);
  });
});
