/** Work that the host process died of: it is found unit by unit, stopped, said, and let go on when a user changes it. */
import { afterEach, describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const pod = (name: string, script: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...more },
  spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] },
});

/** Goes on unit by unit, as a start after a death does, up to the first that fits. */
function findUnit(world: World, fits: (work: string, commands: string[]) => boolean) {
  for (let i = 0; i < 5_000; i++) {
    const unit = world.engine.nextUnit(world.now);
    if (!unit) world.now += 500;
    else if (
      fits(
        unit.work,
        unit.processes.map(({ command }) => command),
      )
    )
      return unit;
    else world.engine.runUnit(unit);
  }
  throw new Error("no such unit");
}

const worlds: World[] = [];
const made = (): World => {
  const world = new World();
  world.settle();
  worlds.push(world);
  return world;
};
afterEach(() => worlds.splice(0));

describe("unit by unit", () => {
  test("the cluster comes to where it would have come", () => {
    const world = made();
    world.create(pod("p", "echo one; sleep 2; echo two | cat; sleep 1000"));
    for (let i = 0; i < 200; i++) {
      const unit = world.engine.nextUnit(world.now);
      if (unit) world.engine.runUnit(unit);
      else world.now += 200;
      if (i % 20 === 0) world.evict();
    }
    world.advance(20_000);
    expect(world.pod("p").status.phase).toBe("Running");
    const log = world.request("GET", "/api/v1/namespaces/default/pods/p/log").text;
    expect(log).toBe("one\ntwo\n");
  });

  test("a process is named before it takes its first step", () => {
    const world = made();
    world.create(pod("p", "sleep 77"));
    const unit = findUnit(world, (_, commands) => commands.some((c) => c.includes("sleep 77")));
    expect(unit.work).toBe("kubelet\0default/p");
    expect(world.request("GET", "/api/v1/namespaces/default/pods/p/log").text).toBe("");
  });

  test("what waits is told as overdue; what is on time is not", () => {
    const world = made();
    world.create(pod("p", "sleep 77"));
    world.advance(10_000);
    expect(world.engine.overdueMs(world.now)).toBe(0);
    world.evict();
    expect(world.engine.overdueMs(world.now + 100_000)).toBeGreaterThan(20_000);
    const waiting = made();
    waiting.create(pod("p", "sleep 77"));
    waiting.evict();
    expect(waiting.engine.overdueMs(waiting.now + 5_000)).toBe(5_000);
  });
});

describe("a stopped process", () => {
  test("dies of a segmentation fault, whenever its container starts, and alone", () => {
    const world = made();
    world.create(pod("bad", "sleep 77"), pod("good", "sleep 88"));
    const unit = findUnit(world, (_, commands) => commands.some((c) => c.includes("sleep 77")));
    world.evict();
    world.engine.stopUnit(unit);
    world.now += 60_000;
    world.engine.look(world.now);
    for (let i = 0; i < 50; i++) world.engine.run(world.now);
    const faults = world.engine.faults.splice(0);
    expect(faults.length).toBeGreaterThan(1);
    expect(faults.every(({ work }) => work.endsWith("in default/bad"))).toBe(true);
    const [status] = world.pod("bad").status.containerStatuses;
    expect(status.restartCount).toBeGreaterThan(0);
    expect((status.lastState.terminated ?? status.state.terminated).exitCode).toBe(139);
    expect(world.pod("good").status.phase).toBe("Running");
    expect(world.events("bad").join("\n")).toMatch(
      /Warning ProcessStopped Killed process 1 \(sh -c sleep 77\) of container c as of a segmentation fault: it was under way when the simulator died, twice in a row/,
    );
  });
});

describe("a held key", () => {
  const held = (): World => {
    const world = made();
    world.create({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "c", image: "nginx" }] },
        },
      },
    });
    world.engine.stopUnit(findUnit(world, (work) => work === "replicaset\0default/web"));
    return world;
  };

  test("is left alone, and an Event says so", () => {
    const world = held();
    world.evict();
    world.advance(60_000);
    expect(world.pods()).toEqual([]);
    expect(world.events("web").join("\n")).toMatch(/Warning WorkHeldBack The replicaset leaves/);
  });

  test("goes on when a user changes what it names, and only then", () => {
    const world = held();
    world.create(pod("other", "sleep 77"));
    world.advance(10_000);
    expect(world.pods()).toHaveLength(1);
    world.patch("/apis/apps/v1/namespaces/default/replicasets/web", { spec: { replicas: 3 } });
    world.advance(10_000);
    expect(world.pods()).toHaveLength(4);
  });
});
