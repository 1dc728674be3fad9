/** What many requests that wait for their server cost, in loads of Pods' records, each of which copies all of them. */
import { expect, test, vi } from "vitest";
import { PodKernel } from "../../../durable-objects/engine/runtime/kernel/kernel.ts";
import type { ProxyPending, Reply } from "../../../durable-objects/engine/ports/request.ts";
import { pods, SessionWorld } from "../streams/streams-world.ts";

function serving(image: string, more: object = {}): SessionWorld {
  const world = new SessionWorld();
  const spec = { containers: [{ name: "c", image, ...more }] };
  world.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec });
  world.until(() => world.pod("p").status.phase === "Running");
  world.advance(2_000);
  return world;
}

function ask(world: SessionWorld, path: string): ProxyPending {
  const answer = world.raw("GET", `${pods}/p:80/proxy/${path}`);
  if (answer.type !== "pending") throw new Error(JSON.stringify(answer));
  return answer;
}

const answerOf = (world: SessionWorld, pending: ProxyPending): Reply | undefined =>
  world.engine.pollProxy(pending);

test.each([
  ["a server that takes its time", "traefik/whoami", {}, "?wait=30s"],
  [
    "a server that never answers",
    "busybox",
    { command: ["nc", "-lk", "-p", "80", "-e", "sleep", "1000"] },
    "",
  ],
])("%s: the next request costs no more than the first", (_name, image, more, path) => {
  const world = serving(image, more);
  const load = vi.spyOn(PodKernel, "load");
  try {
    const costs: number[] = [];
    for (let i = 0; i < 60; i++) {
      const before = load.mock.calls.length;
      expect(answerOf(world, ask(world, path))).toBeUndefined();
      world.advance(10);
      costs.push(load.mock.calls.length - before);
    }
    expect(costs.at(-1)).toBeLessThanOrEqual((costs[1] as number) + 4);
  } finally {
    load.mockRestore();
  }
});

test("each of many that wait gets its answer when it is due", () => {
  const world = serving("traefik/whoami");
  const asked = Array.from({ length: 40 }, (_, i) => {
    world.advance(100);
    return ask(world, `?wait=10s&n=${i}`);
  });
  world.advance(5_900);
  for (const one of asked) expect(answerOf(world, one)).toBeUndefined();
  world.advance(5_000);
  for (const one of asked) expect(answerOf(world, one)?.status).toBe(200);
});
