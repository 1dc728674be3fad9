/** The Clock is written by kubectl in the cluster itself, as by anybody outside. */
import { expect, it } from "vitest";
import { Typist } from "../../helpers/typist.ts";
import { World } from "../../helpers/world.ts";

function typist(): { world: World; at: Typist; patch: (spec: object) => void } {
  const world = new World({ nodes: 1 });
  world.advance(5_000);
  const at = new Typist(world);
  at.ready();
  const patch = (spec: object): void => {
    at.press(`kubectl patch clock cluster --type=merge -p '${JSON.stringify({ spec })}'\r`);
    world.advance(1_000);
    expect(at.news()).toContain("clock.podyard.dev/cluster patched");
  };
  return { world, at, patch };
}

/** Virtual ms that pass while so much passes on the wall. */
function passes(world: World, wallMs: number): number {
  const before = world.engine.virtualNow;
  world.advance(wallMs);
  return world.engine.virtualNow - before;
}

it("its speed counts from the write on", () => {
  const { world, patch } = typist();
  patch({ speed: 30 });
  expect(passes(world, 10_000)).toBe(300_000);
  patch({ speed: 1 });
  expect(passes(world, 10_000)).toBe(10_000);
});

it("time jumps as far as it says", () => {
  const { world, patch } = typist();
  const before = world.engine.virtualNow;
  const advanceTo = new Date(before + 7_200_000).toISOString().replace(/\.\d+Z/, "Z");
  patch({ advanceTo });
  expect(world.engine.virtualNow - before).toBeGreaterThan(7_199_000);
  expect(passes(world, 10_000)).toBe(10_000);
});

it("a pause holds at once, whoever writes it, and what is outside ends it", () => {
  const { world, at } = typist();
  at.press(`kubectl patch clock cluster --type=merge -p '{"spec":{"paused":true}}'\r`);
  world.advance(1_000);
  expect(passes(world, 60_000)).toBe(0);
  world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: false } });
  expect(passes(world, 10_000)).toBe(10_000);
});
