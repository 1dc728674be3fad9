import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../worker/app.ts";
import type { Env } from "../../worker/env.ts";
import { json, newcomer, type Somebody } from "./people/people.ts";

/** Whose pages may show something in a frame: the operator's list, and its owner's. */

const ASSETS = { fetch: async () => new Response("<!doctype html>") };

/** `frame-ancestors` of each policy; a browser asks all of them. */
async function ancestors(path: string, more: Partial<Env> = {}): Promise<string[]> {
  const request = new Request(new URL(path, "https://podyard.test"));
  const bound = { ...env, ASSETS, ...more } as unknown as Env;
  const response = await app.fetch(request, bound, createExecutionContext());
  const policies = response.headers.get("content-security-policy")!;
  return [...policies.matchAll(/frame-ancestors ([^;,]+)/g)].map(([, list]) => list!);
}

const set = (who: Somebody, embedOrigins: unknown): Promise<Response> =>
  who.ask("/api/me", json({ embedOrigins }, "PATCH"));

const course = "https://course.example";

async function things(who: Somebody & { made: { id: string } }): Promise<string[]> {
  const { id } = who.made;
  const taken = await who.ask(`/api/sandboxes/${id}/snapshots`, json({}));
  const saved = await who.ask("/api/scenarios", json({ title: "x" }));
  const idOf = async (response: Response) => ((await response.json()) as { id: string }).id;
  return [`/embed/s/${id}`, `/embed/x/${await idOf(taken)}`, `/embed/l/${await idOf(saved)}`];
}

test("frames of what somebody owns stand where their list says", async () => {
  const who = await newcomer({ nodes: 1 });
  const own = await things(who);
  const others = await things(await newcomer({ nodes: 1 }));
  for (const path of own) expect([path, await ancestors(path)]).toEqual([path, ["*"]]);
  expect(await (await who.ask("/api/me")).json()).toMatchObject({ embedOrigins: null });

  const list = [course, "http://localhost:4000", course];
  const told = await set(who, list);
  expect([told.status, await told.json()]).toMatchObject([
    200,
    { embedOrigins: [course, "http://localhost:4000"] },
  ]);
  expect(await (await who.ask("/api/me")).json()).toMatchObject({
    embedOrigins: [course, "http://localhost:4000"],
  });
  for (const path of own) {
    expect(await ancestors(path)).toEqual(["*", `${course} http://localhost:4000`]);
    // The operator's list holds as well.
    expect(await ancestors(path, { EMBED_ORIGINS: "https://a.test, https://b.test" })).toEqual([
      "https://a.test https://b.test",
      `${course} http://localhost:4000`,
    ]);
  }
  for (const path of [...others, "/embed/l/first-pods", `/embed/x/${"a".repeat(26)}`]) {
    expect([path, await ancestors(path)]).toEqual([path, ["*"]]);
  }
  expect((await set(who, [])).status).toBe(200);
  expect(await ancestors(own[1]!)).toEqual(["*", "'none'"]);
  expect((await set(who, null)).status).toBe(200);
  expect(await ancestors(own[1]!)).toEqual(["*"]);
});

let somebody: Promise<Somebody> | undefined;

test.each([
  [["https://course.example/path"]],
  [["https://course.example/"]],
  [["course.example"]],
  [["https://*.example"]],
  [["*"]],
  [["'self'"]],
  [["https://Course.example"]],
  [["https://course.example:443"]],
  [["https://a.test; script-src *"]],
  [["https://a.test,https://b.test"]],
  [["https://a;b.test"]],
  [["https://[::1]"]],
  [["https://a.test:99999"]],
  [["ftp://a.test"]],
  [["javascript:alert(1)"]],
  [[`https://${"a".repeat(300)}`]],
  [Array.from({ length: 21 }, (_, i) => `https://a${i}.test`)],
  [[1]],
  ["https://a.test"],
])("no list of origins: %j", async (origins) => {
  const who = await (somebody ??= newcomer({ nodes: 1 }));
  const refused = await set(who, origins);
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as { detail: string }).detail).toMatch(/^embedOrigins/);
});

test("a frame's policy never lets Turnstile in; a page's does where the operator has its key", async () => {
  const policyOf = async (path: string, more: Partial<Env>): Promise<string> => {
    const request = new Request(new URL(path, "https://podyard.test"));
    const bound = { ...env, ASSETS, ...more } as unknown as Env;
    const response = await app.fetch(request, bound, createExecutionContext());
    return response.headers.get("content-security-policy")!;
  };
  const set_ = { TURNSTILE_SITE_KEY: "site", TURNSTILE_SECRET: "secret" };
  for (const path of ["/", "/me", "/x/abc"]) {
    expect(await policyOf(path, {})).not.toContain("cloudflare");
    const policy = await policyOf(path, set_);
    expect(policy).toContain(
      "script-src https://podyard.test/assets/ https://challenges.cloudflare.com;",
    );
    expect(policy).toContain("; frame-src https://challenges.cloudflare.com;");
  }
  expect(await policyOf("/embed/x/abc", set_)).not.toContain("cloudflare");
});
