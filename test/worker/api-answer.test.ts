import { expect, test } from "vitest";
import { bearer, configMap, edge, kube, make, post } from "./edge.ts";

/** What upstream's answers have in their heads. */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const configMaps = "/api/v1/namespaces/default/configmaps";

test("every answer has an Audit-Id of its own, or the client's", async () => {
  const made = await make();
  const seen = new Set<string>();
  const paths = [
    "/version",
    "/apis",
    "/healthz",
    "/api/v1/nodes",
    "/api/v1/nodes/none",
    "/openapi/v3",
  ];
  for (const path of paths) {
    const { headers } = await kube(made, path);
    expect(headers.get("audit-id"), path).toMatch(uuid);
    expect(headers.get("cache-control"), path).toBe("no-cache, private");
    seen.add(headers.get("audit-id")!);
  }
  const watch = await kube(made, `${configMaps}?watch=true&timeoutSeconds=1`);
  expect(watch.headers.get("audit-id")).toMatch(uuid);
  await watch.body!.cancel();
  const past = await edge(`/api/sandboxes/${made.id}/at/1/api/v1/nodes`, {
    headers: bearer(made.secret),
  });
  expect(past.headers.get("audit-id")).toMatch(uuid);
  expect([...past.headers.keys()].filter((name) => name.startsWith("podyard"))).toEqual([]);
  await past.text();
  const unknown = await edge("/api/v1/nodes", { headers: bearer("nobody") });
  expect([unknown.status, unknown.headers.get("audit-id")]).toEqual([
    401,
    expect.stringMatching(uuid),
  ]);
  await unknown.text();
  expect(seen.size).toBe(paths.length);

  const mine = await kube(made, "/api/v1/nodes", { headers: { "audit-id": "my-own" } });
  expect(mine.headers.get("audit-id")).toBe("my-own");
});

test("an object of more than 128 KiB is compressed for who asks for gzip", async () => {
  const made = await make();
  const ask = (path: string, coding: string): Promise<Response> =>
    kube(made, path, { headers: { "accept-encoding": coding } });
  const large = { ...(configMap("large") as object), data: { text: "x".repeat(132_000) } };
  expect((await kube(made, configMaps, post(large))).status).toBe(201);
  const said = async (coding: string, path = configMaps): Promise<unknown[]> => {
    const { headers } = await ask(path, coding);
    return [headers.get("content-encoding"), headers.get("vary")];
  };
  expect(await said("gzip")).toEqual(["gzip", "Accept-Encoding"]);
  expect(await said("br, gzip", `${configMaps}/large`)).toEqual(["gzip", "Accept-Encoding"]);
  // Upstream reads no weights.
  for (const coding of ["identity", "br", "gzip;q=1"]) {
    expect(await said(coding), coding).toEqual([null, null]);
  }
  expect(await said("gzip", "/api/v1/nodes")).toEqual([null, null]);
  const list = (await (await ask(configMaps, "gzip")).json()) as { items: unknown[] };
  expect(list.items.length).toBe(2);
});
