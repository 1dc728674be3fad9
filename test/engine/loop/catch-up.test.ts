/** A turn that has more to do than it may leaves the rest to the next; a request in between meets the moment that was reached. */
import { beforeEach, describe, expect, it } from "vitest";
import { rfc3339 } from "../../../durable-objects/engine/core/clock.ts";
import { World } from "../../helpers/world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const clock = "/apis/podyard.dev/v1/clocks/cluster";
const lateMs = 15_000;

let world: World;

const busy = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    containers: [
      { name: "c", image: "busybox:1.36", command: ["sh", "-c", "while :; do :; done"] },
    ],
  },
});

const create = (name: string): { creationTimestamp: string } => {
  const { status, body } = world.request("POST", maps, { metadata: { name } });
  expect(status).toBe(201);
  return body.metadata;
};

/** Turns until nothing is due. */
function caughtUp(): number {
  let turns = 0;
  for (; (world.engine.nextDueMs(world.now) ?? Infinity) <= world.now; turns++) {
    world.engine.run(world.now);
  }
  world.check();
  return turns;
}

describe("a request while turns catch up", () => {
  beforeEach(() => {
    world = new World({ nodes: 1 });
    for (let i = 0; i < 3; i++) world.create(busy(`p${i}`));
    // Nothing has run since.
    world.now += lateMs;
  });

  it("is answered in its own turn, at the moment that was reached", () => {
    const { creationTimestamp } = create("a");
    const { virtualNow } = world.engine;
    expect(virtualNow).toBeLessThan(world.now);
    expect(creationTimestamp).toBe(rfc3339(virtualNow));
    expect(world.get(`${maps}/a`).metadata.creationTimestamp).toBe(creationTimestamp);
  });

  it("never meets an earlier moment than the one before it, and the rest follows in order", () => {
    const moments: number[] = [];
    for (let i = 0; i < 5; i++) {
      create(`m${i}`);
      moments.push(world.engine.virtualNow);
      if (i % 2) world.engine.run(world.now);
    }
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
    expect(caughtUp()).toBeGreaterThan(0);
    expect(world.engine.virtualNow).toBe(world.now);
    const told = [...world.engine.log.history(0)].map(({ at }) => at);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it("may stop the Clock, there and then", () => {
    world.patch(clock, { spec: { paused: true } });
    const { virtualNow } = world.engine;
    expect(virtualNow).toBeLessThan(world.now);
    expect(caughtUp()).toBe(0);
    world.now += 60_000;
    world.engine.run(world.now);
    expect(world.engine.virtualNow).toBe(virtualNow);
    // What was owed is not made up for: time goes on from where it stood.
    world.patch(clock, { spec: { paused: false } });
    world.now += 1_000;
    caughtUp();
    expect(world.engine.virtualNow).toBe(virtualNow + 1_000);
  });
});
