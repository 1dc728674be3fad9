import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bearer, edge, kube, make, post, stubOf, type Made } from "./edge.ts";

/** A server that says everything it should not, through the API server's proxy and through a preview. */

type Owned = Made & { secret: string };
let made: Owned;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 }));
afterEach(() => vi.useRealTimers());

const said = [
  "Content-Type: text/plain",
  'ETag: "7"',
  "X-App: mine",
  "Location: https://elsewhere.test/",
  "Refresh: 0; url=https://elsewhere.test/",
  "Set-Cookie: a=b",
  'Clear-Site-Data: "*"',
  "Strict-Transport-Security: max-age=1",
  "Cache-Control: public, immutable, max-age=31536000",
  "Set-Login: logged-in",
  "Service-Worker-Allowed: /",
  "WWW-Authenticate: Basic",
  "Content-Security-Policy: default-src *",
  "Connection: close",
];

async function serve(status: string, headers: string[], body: string): Promise<void> {
  made = await make({ seed: 9 });
  const answer = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${body.length}`, "", body];
  const script = `while true; do printf '${answer.join("\\r\\n")}' | nc -l -p 8080; done`;
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

const proxied = "/api/v1/namespaces/default/pods/p:8080/proxy/";

async function bothWays(): Promise<Response[]> {
  const api = await kube(made, proxied, { redirect: "manual" });
  const preview = await edge(`/api/sandboxes/${made.id}/preview`, { headers: bearer(made.secret) });
  const { url } = (await preview.json()) as { url: string };
  const shown = await edge(`${new URL(url).pathname}default/pods/p:8080/proxy/`, {
    redirect: "manual",
  });
  return [api, new Response(await shown.arrayBuffer(), shown)];
}

test("only what describes the content passes, either way", async () => {
  await serve("200 OK", said, "hello");
  for (const response of await bothWays()) {
    expect([response.status, await response.text()]).toEqual([200, "hello"]);
    const got = Object.fromEntries(response.headers);
    expect(got).toMatchObject({
      "content-type": "text/plain",
      etag: '"7"',
      "x-app": "mine",
      "cache-control": "no-cache, private",
      "x-content-type-options": "nosniff",
    });
    expect(got["content-security-policy"]).toMatch(/^sandbox/);
    for (const name of ["location", "refresh", "set-cookie", "clear-site-data", "set-login"])
      expect(got).not.toHaveProperty(name);
    for (const name of ["strict-transport-security", "service-worker-allowed", "www-authenticate"])
      expect(got).not.toHaveProperty(name);
  }
});

test("a redirect within the server leads through the proxy", async () => {
  await serve("302 Found", ["Location: /there"], "");
  const [api, preview] = await bothWays();
  expect(api!.headers.get("location")).toBe(`/sandboxes/${made.id}${proxied}there`);
  expect(preview!.headers.get("location")).toMatch(/\/preview\/\w+.*\/p:8080\/proxy\/there$/);
});

test("a server that switches protocols is an error of the server's", async () => {
  await serve("101 Switching Protocols", ["Upgrade: websocket", "Connection: Upgrade"], "");
  for (const response of await bothWays()) expect(response.status).toBe(503);
  expect((await kube(made, "/api/v1/nodes")).status).toBe(200);
});

test("the page runs scripts of its own files alone", async () => {
  const policy = (await edge("/")).headers.get("content-security-policy")!;
  expect(policy).toContain("script-src https://podyard.test/assets/;");
  expect(policy).toContain("style-src https://podyard.test/assets/ 'unsafe-inline';");
});
