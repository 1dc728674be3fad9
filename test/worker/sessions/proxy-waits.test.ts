import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { Engine } from "../../../durable-objects/engine/index.ts";
import type { Reply } from "../../../durable-objects/engine/ports/request.ts";
import type { Grant } from "../../../durable-objects/grant.ts";
import { asksServer } from "../../../durable-objects/responses.ts";
import {
  proxiesWaitingMax,
  repliesPerTurnMax,
  replyBytesPerTurnMax,
} from "../../../durable-objects/limits.ts";
import { ProxyWaits } from "../../../durable-objects/sessions/waiting-requests.ts";
import { bearer, edge, inside, kube, make, post, stubOf } from "../edge.ts";

const grant: Grant = { ids: ["key:a"], role: "owner", readAtMs: 0, expiresAtMs: Infinity };
const pending = { pending: {}, method: "GET" } as never;

/** An engine that has an answer of so many bytes to whatever is asked. */
function answering(bytes: number): { engine: Engine; asked: () => number } {
  let asked = 0;
  const reply: Reply = { type: "reply", status: 200, headers: {}, body: new Uint8Array(bytes) };
  const pollProxy = (): Reply => {
    asked += 1;
    return reply;
  };
  return { engine: { pollProxy } as unknown as Engine, asked: () => asked };
}

test("a turn hands out so many answers, the next ones the others", async () => {
  const waits = new ProxyWaits();
  const answers = Array.from({ length: proxiesWaitingMax }, () => waits.wait(pending, grant));
  expect(waits.full).toBe(true);
  const { engine, asked } = answering(10);
  let turns = 0;
  let more = true;
  while (more) {
    const before = asked();
    more = waits.pump(engine);
    turns += 1;
    expect(asked() - before).toBeLessThanOrEqual(repliesPerTurnMax);
  }
  expect(turns).toBeLessThanOrEqual(proxiesWaitingMax / repliesPerTurnMax + 1);
  expect(waits.full).toBe(false);
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
});

test("large answers are fewer a turn", async () => {
  const waits = new ProxyWaits();
  const answers = Array.from({ length: 8 }, () => waits.wait(pending, grant));
  const { engine, asked } = answering(replyBytesPerTurnMax / 2);
  expect(waits.pump(engine)).toBe(true);
  expect(asked()).toBe(2);
  while (waits.pump(engine));
  await Promise.all(answers);
});

test.each([
  ["/api/v1/namespaces/default/pods/web:80/proxy/x", true],
  ["/api/v1/namespaces/default/services/web/proxy", true],
  ["/api/v1/nodes/a/proxy/metrics", true],
  ["/api/v1/namespaces/default/pods/proxy", false],
  ["/api/v1/namespaces/proxy/pods", false],
  ["/api/v1/namespaces/default/pods/web/log", false],
])("%s asks a server: %s", (path, asks) => {
  expect(asksServer({ method: "GET", path, query: "", headers: {} })).toBe(asks);
});

afterEach(() => vi.useRealTimers());

test("one more than may wait is refused, and what waits ends with the sandbox", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  const made = await make({ seed: 5, nodes: 1 });
  const pods = "/api/v1/namespaces/default/pods";
  const spec = { containers: [{ name: "c", image: "traefik/whoami" }] };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec };
  expect((await kube(made, pods, post(pod))).status).toBe(201);
  for (let i = 0; i < 20; i++) {
    vi.setSystemTime(Date.now() + 500);
    await runDurableObjectAlarm(stubOf(made));
  }
  const path = `${pods}/p:80/proxy/?wait=50s`;
  const waiting = Array.from({ length: proxiesWaitingMax }, () => kube(made, path));
  const isFull = (): Promise<boolean> =>
    runInDurableObject(
      stubOf(made),
      (object) =>
        inside<{ clients: { sessions: { proxies: ProxyWaits } } }>(object).clients.sessions.proxies
          .full,
    );
  await expect.poll(isFull, { timeout: 20_000 }).toBe(true);
  const refused = await kube(made, path);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await refused.json()).toMatchObject({ reason: "TooManyRequests" });
  expect((await kube(made, pods)).status).toBe(200);
  await edge(`/api/sandboxes/${made.id}`, { method: "DELETE", headers: bearer(made.secret) });
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(410);
});
