import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { configMap, edge, inside, kube, lineReader, make, post, stubOf } from "./edge.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("without a valid key every path answers 401 as the API server does, and wakes nothing", async () => {
  const [made, other] = [await make(), await make()];
  const refused = [
    edge(`/sandboxes/${made.id}/version`),
    kube({ id: made.id, secret: other.secret }, "/version"),
    kube({ id: made.id, secret: `podyard_${"A".repeat(43)}` }, configMaps),
    kube({ id: "a".repeat(26), secret: made.secret }, "/version"),
  ];
  for (const response of await Promise.all(refused)) {
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "Unauthorized",
      reason: "Unauthorized",
      code: 401,
    });
  }
});

test("outside local mode a secret in the path opens nothing", async () => {
  const made = await make();
  const response = await edge(`/sandboxes/${made.id}/k/${made.secret}/version`);
  expect(response.status).toBe(404);
});

test("what needs no cluster is answered without one", async () => {
  const made = await make();
  const woken = vi.spyOn(env.SANDBOX, "getByName");
  for (const path of ["/version", "/api", "/apis", "/openapi/v3"]) {
    const response = await kube(made, path);
    expect([path, response.status]).toEqual([path, 200]);
  }
  expect(woken).not.toHaveBeenCalled();
});

test("discovery is indented for curl and browsers, as objects are", async () => {
  const made = await make();
  for (const path of ["/api", "/apis", "/apis/apps", "/apis/apps/v1", "/api/v1"]) {
    const curl = await kube(made, path, { headers: { "user-agent": "curl/8.5.0" } });
    const text = await curl.text();
    expect([path, text.slice(0, 12)]).toEqual([path, '{\n  "kind": ']);
    const client = await kube(made, path, { headers: { "user-agent": "kubectl/v1.36.0" } });
    const body = await client.text();
    expect([path, body.slice(0, 9), body.endsWith("}\n")]).toEqual([path, '{"kind":"', true]);
    expect(JSON.parse(text)).toEqual(JSON.parse(body));
  }
});

test("a body beyond 3 MiB is refused with a Status", async () => {
  const made = await make();
  const response = await kube(made, configMaps, {
    method: "POST",
    body: new Uint8Array(3 * 1024 * 1024 + 1),
  });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ reason: "RequestEntityTooLarge", code: 413 });
});

test("writes outlive an eviction", async () => {
  const made = await make();
  expect((await kube(made, configMaps, post(configMap("a")))).status).toBe(201);
  await evictDurableObject(stubOf(made));
  const read = await kube(made, `${configMaps}/a`);
  expect(await read.json()).toMatchObject({ metadata: { name: "a" }, data: { name: "a" } });
});

test("the same name twice is refused in upstream's words", async () => {
  const made = await make();
  await kube(made, configMaps, post(configMap("a")));
  const again = await kube(made, configMaps, post(configMap("a")));
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({ message: 'configmaps "a" already exists' });
});

test("a watch is sent uncompressed, line by line, and goes on after an eviction", async () => {
  const made = await make();
  const { metadata } = (await (await kube(made, configMaps)).json()) as {
    metadata: { resourceVersion: string };
  };
  const watch = await kube(
    made,
    `${configMaps}?watch=true&resourceVersion=${metadata.resourceVersion}`,
    { headers: { "accept-encoding": "gzip" } },
  );
  expect(watch.status).toBe(200);
  expect(watch.headers.get("content-encoding")).toBe("identity");
  expect(watch.headers.get("cache-control")).toContain("no-transform");
  const lines = lineReader(watch);
  const names: string[] = [];
  for (const name of ["a", "b", "c"]) {
    await kube(made, configMaps, post(configMap(name)));
    const event = JSON.parse((await lines.next())!) as {
      type: string;
      object: { metadata: { name: string } };
    };
    expect(event.type).toBe("ADDED");
    names.push(event.object.metadata.name);
    // The socket hibernates, the object goes; the next write finds the stream where it stood.
    await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  }
  expect(names).toEqual(["a", "b", "c"]);
  await lines.stop();
});

test("a watch begins with more than fits into one message", async () => {
  const made = await make();
  for (const name of ["a", "b", "c"]) {
    const large = { ...(configMap(name) as object), data: { name, text: "x".repeat(900_000) } };
    expect((await kube(made, configMaps, post(large))).status).toBe(201);
  }
  const lines = lineReader(await kube(made, `${configMaps}?watch=true`));
  const names: string[] = [];
  while (names.length < 4) names.push(JSON.parse((await lines.next())!).object.metadata.name);
  expect(names).toEqual(["a", "b", "c", "kube-root-ca.crt"]);
  await lines.stop();
});

test("a watch ends when its time is up", async () => {
  const made = await make();
  const watch = await kube(made, `${configMaps}?watch=true&timeoutSeconds=1`);
  const lines = lineReader(watch);
  for (;;) if ((await lines.next()) === undefined) break;
});

test("a bad watch answers a Status, not a stream", async () => {
  const made = await make();
  const response = await kube(made, `${configMaps}?watch=true&labelSelector=,,`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ kind: "Status", status: "Failure" });
});

test("streams of one sandbox are limited", async () => {
  const made = await make();
  const open: { stop(): Promise<void> }[] = [];
  for (let i = 0; i < Number(env.STREAMS_MAX); i++) {
    open.push(lineReader(await kube(made, `${configMaps}?watch=true`)));
  }
  const refused = await kube(made, `${configMaps}?watch=true`);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
  expect(await refused.json()).toMatchObject({ reason: "TooManyRequests" });
  await Promise.all(open.map((stream) => stream.stop()));
});

test("a path that a proxy of the client's has prefixed once more is the same path", async () => {
  const made = await make();
  const twice = await kube(made, `/sandboxes/${made.id}${configMaps}`);
  expect([twice.status, ((await twice.json()) as { kind: string }).kind]).toEqual([
    200,
    "ConfigMapList",
  ]);
});

test("sockets of pages elsewhere are refused, clients that name some origin are not", async () => {
  const made = await make();
  const ask = (agent: string): Promise<Response> =>
    kube(made, "/api/v1/namespaces/default/pods/x/exec?command=sh", {
      headers: { upgrade: "websocket", origin: "https://elsewhere.test", "user-agent": agent },
    });
  expect((await ask("Mozilla/5.0 (X11; Linux x86_64)")).status).toBe(403);
  expect((await ask("client-go/v0.36.0")).status).toBe(404);
});

interface Inside {
  loaded: unknown;
}

test("a fault in a turn answers 500 and costs nothing but the engine in memory", async () => {
  const made = await make();
  await kube(made, configMaps, post(configMap("a")));
  vi.spyOn(console, "error").mockImplementation(() => {});
  await runInDurableObject(stubOf(made), (instance) => {
    inside<Inside>(instance).loaded = {
      look() {},
      handle() {
        throw new Error("planned");
      },
    };
  });
  const failed = await kube(made, configMaps);
  expect(failed.status).toBe(500);
  expect(await failed.json()).toMatchObject({ kind: "Status", reason: "InternalError" });
  expect((await kube(made, `${configMaps}/a`)).status).toBe(200);
});

test("a failing alarm throws nothing, and is armed again", async () => {
  const made = await make();
  vi.spyOn(console, "error").mockImplementation(() => {});
  const stub = stubOf(made);
  await runInDurableObject(stub, async (instance, state) => {
    inside<Inside>(instance).loaded = {
      look() {},
      run() {
        throw new Error("planned");
      },
    };
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  await runInDurableObject(stub, async (_instance, state) => {
    expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
  });
  expect((await kube(made, "/api/v1/nodes")).status).toBe(200);
});

test("at its end the object empties itself", async () => {
  const made = await make();
  const stub = stubOf(made);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 25 * 3_600_000 });
  await runDurableObjectAlarm(stub);
  await runInDurableObject(stub, async (_instance, state) => {
    expect(state.storage.kv.get("birth")).toBeUndefined();
    expect(await state.storage.getAlarm()).toBeNull();
  });
});

test("a body that comes with a read is passed over", async () => {
  const made = await make();
  await kube(made, configMaps, post(configMap("a")));
  const url = `https://podyard.test/sandboxes/${made.id}${configMaps}/a`;
  const { app } = await import("../../worker/app.ts");
  // This runtime makes no such Request: one that only says that it is a read.
  const request = new Request(url, {
    method: "POST",
    headers: { authorization: `Bearer ${made.secret}` },
    body: "{}",
  });
  const read = new Proxy(request, {
    get(target, name) {
      if (name === "method") return "GET";
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const response = await app.fetch(
    read,
    env as never,
    { waitUntil() {}, passThroughOnException() {}, props: {} } as never,
  );
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ metadata: { name: "a" } });
});

test("an upload that is broken off is no failure of the sandbox, and nothing for the operator", async () => {
  const made = await make();
  const logged = vi.spyOn(console, "error");
  const { app } = await import("../../worker/app.ts");
  let sent = false;
  const body = new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new Error("Network connection lost."));
      sent = true;
      controller.enqueue(new TextEncoder().encode('{"kind":'));
    },
  });
  const request = new Request(`https://podyard.test/sandboxes/${made.id}${configMaps}`, {
    method: "POST",
    headers: { authorization: `Bearer ${made.secret}`, "content-type": "application/json" },
    body,
  });
  const response = await app.fetch(
    request,
    env as never,
    { waitUntil() {}, passThroughOnException() {}, props: {} } as never,
  );
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ message: "unexpected EOF" });
  expect(logged).not.toHaveBeenCalled();
});

test("a list too long for one piece comes whole, of one moment", async () => {
  const made = await make();
  for (let i = 0; i < 300; i += 30) {
    const some = Array.from({ length: 30 }, (_, j) =>
      kube(made, configMaps, post(configMap(`m${i + j}`))),
    );
    for (const { status } of await Promise.all(some)) expect(status).toBe(201);
  }
  const read = async (query: string): Promise<{ items: unknown[] }> => {
    const response = await kube(made, `${configMaps}${query}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    return response.json();
  };
  const [whole, first] = [await read(""), await read("?limit=200")];
  expect(whole.items.length).toBe(301);
  expect(whole.items.slice(0, 200)).toEqual(first.items);
});
