import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { bearer, edge } from "./edge.ts";

/** The API's document and its page, as the build made them. */

test("the document and its page are files: nothing wakes, and who has the document reads it no second time", async () => {
  const woken = vi.spyOn(env.SANDBOX, "getByName");
  const first = await edge("/api/openapi.json");
  expect([first.status, first.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await first.json()).toMatchObject({ openapi: "3.1.0" });
  const tag = first.headers.get("etag")!;
  const again = await edge("/api/openapi.json", { headers: { "if-none-match": tag } });
  expect(again.status).toBe(304);
  const page = await edge("/api", { headers: { accept: "text/html" } });
  expect([page.status, page.headers.get("content-type")]).toEqual([
    200,
    "text/html; charset=utf-8",
  ]);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const html = await page.text();
  const style = /href="(\/assets\/api-[0-9a-f]{8}\.css)"/.exec(html)![1]!;
  const css = await edge(style);
  expect([css.status, css.headers.get("cache-control")]).toEqual([
    200,
    "public, max-age=31536000, immutable",
  ]);
  await css.text();
  expect(woken).not.toHaveBeenCalled();
});

test("who shows a key at /api asks the cluster, also for HTML", async () => {
  const headers = { ...bearer("podyard_x"), accept: "text/html" };
  expect((await edge("/api", { headers })).status).toBe(401);
  expect((await edge("/api")).status).toBe(401);
});
