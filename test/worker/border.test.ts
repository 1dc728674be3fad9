import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { apiRequestOf, readEdge, writeEdge } from "../../durable-objects/edge-request.ts";
import { bearer, configMap, edge, kube, make, post, stubOf, type Made } from "./edge.ts";

/** What the Worker tells the object beside a request, and that no client can tell it. */

type Owned = Made & { secret: string };
let made: Owned;

const configMaps = "/api/v1/namespaces/default/configmaps";
const grant = { ids: ["key:x"], role: "owner", readAtMs: 0, expiresAtMs: 9e15 };
const nobody = { name: "nobody", groups: ["system:masters"] };
/** Names a client might try: that of now, and those that there were. */
const forged: Record<string, string> = {
  "podyard-edge": encodeURIComponent(
    JSON.stringify({
      grant,
      user: nobody,
      publicPath: "/elsewhere/api/v1/namespaces/default/pods/p:8080/proxy/",
      preview: { token: "x", ingressHost: "shop.example" },
      bridge: "websocket",
      readOnly: true,
    }),
  ),
  "podyard-grant": encodeURIComponent(JSON.stringify(grant)),
  "podyard-path": "/elsewhere/",
  "podyard-preview": "x",
  "podyard-ingress": "shop.example",
  "podyard-bridge": "http",
  "podyard-read-only": "1",
  "podyard-user": "nobody",
};

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  made = await make({ seed: 9 });
});
afterEach(() => vi.useRealTimers());

async function whoAmI(token: string): Promise<string> {
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const init = post(review);
  const response = await edge("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
    ...init,
    headers: { ...init.headers, ...bearer(token), ...forged },
  });
  const { status } = (await response.json()) as { status: { userInfo: { username: string } } };
  return status.userInfo.username;
}

test("a client that says what the Worker says is not listened to", async () => {
  const init = post(configMap("a"));
  const headers = { ...init.headers, ...forged };
  expect((await kube(made, configMaps, { ...init, headers })).status).toBe(201);
  const read = await kube(made, `${configMaps}/a`, { headers: forged });
  expect([read.status, ((await read.json()) as { data: unknown }).data]).toEqual([
    200,
    { name: "a" },
  ]);
  expect(await whoAmI(made.secret)).toBe("kubernetes-admin");
});

test("nor is one who has a service account's token, or none", async () => {
  const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
  const { status } = (await (await kube(made, path, post({ spec: {} }))).json()) as {
    status: { token: string };
  };
  expect(await whoAmI(status.token)).toBe("system:serviceaccount:default:default");
  const headers = { ...bearer(status.token), ...forged };
  const denied = await edge(configMaps, { headers });
  expect(denied.status).toBe(403);
  expect(await denied.text()).toContain("system:serviceaccount:default:default");
  expect((await edge(`/sandboxes/${made.id}${configMaps}`, { headers: forged })).status).toBe(401);
});

test("nor may it open a stream's inner socket", async () => {
  const response = await edge(`/sandboxes/${made.id}${configMaps}?watch=true`, {
    headers: { ...bearer(made.secret), ...forged },
  });
  expect([response.status, response.webSocket ?? null]).toEqual([200, null]);
  expect(response.headers.get("content-type")).toBe("application/json");
  await response.body!.cancel();
});

/** A Pod that shows what it is asked. */
async function serve(): Promise<void> {
  const answer = "HTTP/1.1 302 Found\\r\\nLocation: /there\\r\\nContent-Length: 0\\r\\n\\r\\n";
  const script = `while true; do printf '${answer}' | nc -l -p 8080; done`;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] },
  };
  expect((await kube(made, "/api/v1/namespaces/default/pods", post(pod))).status).toBe(201);
  const until = Date.now() + 10_000;
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

test("servers in the cluster see none of it, and redirects go where the client really is", async () => {
  await serve();
  const proxied = "/api/v1/namespaces/default/pods/p:8080/proxy/";
  const api = await kube(made, proxied, { headers: forged, redirect: "manual" });
  expect([api.status, api.headers.get("location")]).toEqual([
    302,
    `/sandboxes/${made.id}${proxied}there`,
  ]);
  const preview = await edge(`/api/sandboxes/${made.id}/preview`, { headers: bearer(made.secret) });
  const { url } = (await preview.json()) as { url: string };
  const below = `${new URL(url).pathname}default/pods/p:8080/proxy/`;
  const shown = await edge(below, { headers: forged, redirect: "manual" });
  expect([shown.status, shown.headers.get("location")]).toEqual([302, `${below}there`]);
  await shown.arrayBuffer();
  const log = await kube(made, "/api/v1/namespaces/default/pods/p/log");
  const said = await log.text();
  expect(said).toContain("GET / HTTP/1.1");
  expect(said).not.toMatch(/podyard|nobody|shop\.example/i);
});

test("the object answers nobody whom the Worker says nothing of", async () => {
  const ask = async (headers: HeadersInit): Promise<number> => {
    const response = await stubOf(made).fetch(`https://sandbox${configMaps}`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  expect(await ask({})).toBe(401);
  expect(await ask({ "podyard-grant": forged["podyard-grant"]! })).toBe(401);
  const granted = { ...grant, readAtMs: Date.now() };
  expect(await ask(writeEdge(new Headers(), { grant: granted, publicPath: "/" }))).toBe(401);
  const said = { grant: granted, publicPath: "/", user: nobody };
  expect(await ask(writeEdge(new Headers(), said))).toBe(200);
  expect(await ask(writeEdge(new Headers(forged), said))).toBe(200);
});

test("what is written is read, whatever letters it has, and reaches the engine as fields alone", async () => {
  const said = {
    grant,
    user: { name: "Zoë \n日本", groups: ["a,b", "ü"] },
    publicPath: "/x",
    preview: { token: "t", ingressHost: "h.example" },
    bridge: "http" as const,
  };
  const client = new Headers({ ...forged, accept: "a/b", upgrade: "websocket" });
  client.append("impersonate-group", "one");
  client.append("impersonate-group", "two");
  const headers = writeEdge(client, said);
  expect(readEdge(headers)).toEqual(said);
  const request = new Request("https://sandbox/api?a=%20b", { headers });
  expect(await apiRequestOf(request, said)).toEqual({
    method: "GET",
    path: "/api",
    query: "a=%20b",
    headers: { accept: "a/b", "impersonate-group": "one\ntwo" },
    publicPath: "/x",
    user: said.user,
    preview: { ingressHost: "h.example" },
  });
});
