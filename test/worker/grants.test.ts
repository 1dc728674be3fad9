import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { writeEdge } from "../../durable-objects/edge-request.ts";
import type { Grant } from "../../durable-objects/grant.ts";
import {
  bearer,
  configMap,
  edge,
  inside,
  kube,
  lineReader,
  make,
  post,
  stubOf,
  type Made,
} from "./edge.ts";

/** What a key has open ends with the key, whichever way it ends. */

type Owned = Made & { secret: string };
let made: Owned;
/** A second key of the same sandbox, the one that ends. */
let other: Owned & { keyId: string };

const pods = "/api/v1/namespaces/default/pods";
const configMaps = "/api/v1/namespaces/default/configmaps";

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  made = await make({ seed: 5 });
  other = await addKey();
});
afterEach(() => vi.useRealTimers());

async function addKey(): Promise<Owned & { keyId: string }> {
  const answer = await edge(`/api/sandboxes/${made.id}/keys`, {
    method: "POST",
    headers: bearer(made.secret),
  });
  const { id: keyId, kubeconfig } = (await answer.json()) as { id: string; kubeconfig: string };
  return { ...made, keyId, secret: parse(kubeconfig).users[0].user.token as string };
}

/** A request's headers as another Worker sends them. */
const asked = (grant: Grant, headers: Record<string, string> = {}): Headers =>
  writeEdge(new Headers(headers), {
    grant,
    user: { name: "somebody", groups: ["system:masters"] },
    publicPath: "/",
  });

const revoke = (keyId: string): Promise<Response> =>
  edge(`/api/sandboxes/${made.id}/keys/${keyId}`, {
    method: "DELETE",
    headers: bearer(made.secret),
  });

async function pass(ms: number): Promise<void> {
  const until = Date.now() + ms;
  for (let i = 0; i < 500; i++) {
    const due = await runInDurableObject(stubOf(made), (_object, state) =>
      state.storage.getAlarm(),
    );
    if (due === null || due > until) break;
    if (due > Date.now()) vi.setSystemTime(due);
    await runDurableObjectAlarm(stubOf(made));
  }
  vi.setSystemTime(until);
}

async function runPod(script: string): Promise<void> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] },
  };
  expect((await kube(made, pods, post(pod))).status).toBe(201);
  await pass(10_000);
}

const watch = async (key: Owned) => lineReader(await kube(key, `${configMaps}?watch=true`));

/** What is there at first: the root certificate. */
async function begun(lines: { next(): Promise<string | undefined> }): Promise<void> {
  expect(await lines.next()).toContain("kube-root-ca.crt");
}

async function session(key: Owned, path: string, protocol = "v5.channel.k8s.io") {
  const response = await edge(`/sandboxes/${key.id}${pods}/p/${path}`, {
    headers: { ...bearer(key.secret), upgrade: "websocket", "sec-websocket-protocol": protocol },
  });
  const socket = response.webSocket!;
  const heard: string[] = [];
  socket.binaryType = "arraybuffer";
  const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
  socket.addEventListener("message", ({ data }) => {
    heard.push(new TextDecoder().decode(data as ArrayBuffer));
  });
  socket.accept();
  return { closed, heard };
}

test("a revoked key's watch ends, also after an eviction, and others go on", async () => {
  const [cut, kept] = [await watch(other), await watch(made)];
  await begun(cut);
  await begun(kept);
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  expect((await revoke(other.keyId)).status).toBe(204);
  await kube(made, configMaps, post(configMap("after")));
  expect(await cut.next()).toBeUndefined();
  expect(await kept.next()).toContain('"after"');
  await kept.stop();
});

test("a revoked key's logs, exec, attach and port-forward end", async () => {
  await runPod("while true; do echo line; sleep 1; done");
  const follow = lineReader(
    await edge(`/sandboxes/${made.id}${pods}/p/log?follow=true`, { headers: bearer(other.secret) }),
  );
  expect(await follow.next()).toBe("line");
  const open = [
    await session(other, "exec?command=sleep&command=1000&stdout=true"),
    await session(other, "attach?stdout=true"),
    await session(other, "portforward?ports=80", "v4.channel.k8s.io"),
    await session(other, "portforward", "SPDY/3.1+portforward.k8s.io"),
    await session(other, "log?follow=true", "binary.k8s.io"),
  ];
  const mine = await session(made, "exec?command=sleep&command=1000&stdout=true");
  await revoke(other.keyId);
  await Promise.all(open.map(({ closed }) => closed));
  expect(open[0]!.heard.at(-1)).toContain("this access has ended");
  for (;;) if ((await follow.next()) === undefined) break;
  const left = await runInDurableObject(
    stubOf(made),
    (instance) =>
      inside<{ clients: { sessions: { size: number } } }>(instance).clients.sessions.size,
  );
  expect(left).toBe(1);
  await edge(`/api/sandboxes/${made.id}`, { method: "DELETE", headers: bearer(made.secret) });
  await mine.closed;
});

test("a request through the proxy that still waits is refused", async () => {
  await runPod("sleep 100000 | nc -l -p 8080");
  const waits = kube(other, `${pods}/p:8080/proxy/`);
  await expect
    .poll(() =>
      runInDurableObject(
        stubOf(made),
        (instance) =>
          inside<{ clients: { sessions: { proxies: { endsAtMs(): number } } } }>(
            instance,
          ).clients.sessions.proxies.endsAtMs() < Infinity,
      ),
    )
    .toBe(true);
  await revoke(other.keyId);
  expect((await waits).status).toBe(401);
});

test("what another Worker read before is refused, in whatever it asks", async () => {
  const grant = {
    ids: [`key:${other.keyId}`],
    role: "owner",
    readAtMs: Date.now(),
    expiresAtMs: Date.now() + 60_000,
  };
  const ask = (path: string, headers: Record<string, string> = {}, role = "owner") =>
    stubOf(made).fetch(`https://sandbox${path}`, {
      headers: asked({ ...grant, role }, headers),
    });
  const status = async (...asked: Parameters<typeof ask>): Promise<number> => {
    const response = await ask(...asked);
    await response.arrayBuffer();
    return response.status;
  };
  expect(await status(configMaps)).toBe(200);
  await revoke(other.keyId);
  expect(await status(configMaps)).toBe(401);
  expect(await status(`${configMaps}?watch=true`, { upgrade: "websocket" })).toBe(401);
  expect(await status(`${pods}/p/exec?command=sh`, { upgrade: "websocket" })).toBe(401);
  await evictDurableObject(stubOf(made));
  expect(await status(configMaps)).toBe(401);
  expect((await stubOf(made).fetch(`https://sandbox${configMaps}`)).status).toBe(401);
});

test("another role ends what the role before opened, and opens anew at once", async () => {
  const lines = await watch(other);
  await begun(lines);
  await stubOf(made).cut(`key:${other.keyId}`, { role: "viewer" });
  expect(await lines.next()).toBeUndefined();
  const ask = (role: string): Promise<Response> =>
    stubOf(made).fetch(`https://sandbox${configMaps}`, {
      headers: asked({
        ids: ["person:1", `key:${other.keyId}`],
        role,
        readAtMs: Date.now(),
        expiresAtMs: Date.now() + 60_000,
      }),
    });
  for (const [role, code] of [
    ["owner", 401],
    ["viewer", 200],
  ] as const) {
    const response = await ask(role);
    await response.arrayBuffer();
    expect([role, response.status]).toEqual([role, code]);
  }
});

test("an upload that began before does not arrive after", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const text = new TextEncoder().encode(JSON.stringify(configMap("late")));
  const asked = kube(other, configMaps, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: readable,
  });
  await writer.write(text.subarray(0, 10));
  await revoke(other.keyId);
  await writer.write(text.subarray(10));
  await writer.close();
  expect((await asked).status).toBe(401);
  expect((await kube(made, `${configMaps}/late`)).status).toBe(404);
});

test("a key that expires ends what it has open, while the sandbox sleeps", async () => {
  await env.DB.prepare("UPDATE keys SET expires_at = ? WHERE id = ?")
    .bind(Date.now() + 120_000, other.keyId)
    .run();
  const lines = await watch(other);
  await begun(lines);
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  await pass(119_000);
  const open = (): Promise<number> =>
    runInDurableObject(
      stubOf(made),
      (instance) =>
        inside<{ clients: { streams: { size: number } } }>(instance).clients.streams.size,
    );
  expect(await open()).toBe(1);
  await pass(2_000);
  expect(await open()).toBe(0);
  expect(await lines.next()).toBeUndefined();
});

test("an object that is restarting is told again", async () => {
  const lines = await watch(other);
  await begun(lines);
  const getByName = env.SANDBOX.getByName.bind(env.SANDBOX);
  let failures = 0;
  vi.spyOn(env.SANDBOX, "getByName").mockImplementation((name) => {
    if (++failures > 2) return getByName(name);
    return { cut: () => Promise.reject(new Error("planned")) } as never;
  });
  expect((await revoke(other.keyId)).status).toBe(204);
  vi.restoreAllMocks();
  expect(await lines.next()).toBeUndefined();
});

test("revoking again tells the object again", async () => {
  const lines = await watch(other);
  await begun(lines);
  await env.DB.prepare("UPDATE keys SET revoked_at = 1 WHERE id = ?").bind(other.keyId).run();
  expect((await revoke(other.keyId)).status).toBe(404);
  expect(await lines.next()).toBeUndefined();
});

test("more cuts than are kept refuse what was read before them", async () => {
  await runInDurableObject(stubOf(made), (instance) => {
    for (let i = 0; i < 300; i++) instance.cut(`key:${i}`);
  });
  expect((await kube(other, configMaps)).status).toBe(401);
  vi.setSystemTime(Date.now() + 10_000);
  expect((await kube(other, configMaps)).status).toBe(200);
});

const previewOf = async (key: Owned): Promise<string> => {
  const response = await edge(`/api/sandboxes/${key.id}/preview`, { headers: bearer(key.secret) });
  return new URL(((await response.json()) as { url: string }).url).pathname;
};
const shown = async (path: string): Promise<number> => {
  const response = await edge(`${path}default/pods/p:8080/proxy/`);
  await response.arrayBuffer();
  return response.status;
};

test("a preview's address ends with the key that read it, and with the sandbox", async () => {
  await runPod("sleep 100000");
  const [mine, theirs] = [await previewOf(made), await previewOf(other)];
  expect(mine).not.toBe(theirs);
  expect(await previewOf(other)).toBe(theirs);
  // Nothing listens, which only the sandbox itself can tell.
  expect([await shown(mine), await shown(theirs)]).toEqual([503, 503]);
  await evictDurableObject(stubOf(made));
  expect(await shown(theirs)).toBe(503);
  await revoke(other.keyId);
  expect([await shown(mine), await shown(theirs)]).toEqual([503, 404]);
  await edge(`/api/sandboxes/${made.id}`, { method: "DELETE", headers: bearer(made.secret) });
  expect(await shown(mine)).toBe(410);
});

test("an invented preview address wakes nothing, and of a bad shape asks nothing", async () => {
  const woken = vi.spyOn(env.SANDBOX, "getByName");
  const asked = vi.spyOn(env.DB, "prepare");
  const token = `${other.keyId}${"A".repeat(22)}`;
  for (const [id, of, code] of [
    ["a".repeat(26), token, 404],
    [made.id, `${"0".repeat(12)}${"A".repeat(22)}`, 404],
  ] as const) {
    expect(await shown(`/sandboxes/${id}/preview/${of}/`)).toBe(code);
    expect(await shown(`/sandboxes/${id}/preview/${of}/`)).toBe(code);
  }
  expect(woken).not.toHaveBeenCalled();
  // Each once: that there is nothing is remembered too.
  expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
  asked.mockClear();
  for (const path of ["A".repeat(26), "a".repeat(25), `${"a".repeat(25)}1`].map((id) => [
    id,
    token,
  ]))
    expect(await shown(`/sandboxes/${path[0]}/preview/${path[1]}/`)).toBe(404);
  expect(await shown(`/sandboxes/${made.id}/preview/${"x".repeat(40)}/`)).toBe(404);
  expect(asked).not.toHaveBeenCalled();
  // A genuine key, but not its signature: the object is asked, and refuses.
  vi.restoreAllMocks();
  expect(await shown(`/sandboxes/${made.id}/preview/${token}/`)).toBe(404);
});
