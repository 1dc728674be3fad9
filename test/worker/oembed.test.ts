import { describe, expect, test } from "vitest";
import { bearer, edge, make, post } from "./edge.ts";

const origin = "https://podyard.test";

async function snapshotCalled(title: string): Promise<{ id: string; url: string; key: string }> {
  const { id, secret } = await make();
  const init = post({ title });
  const response = await edge(`/api/sandboxes/${id}/snapshots`, {
    ...init,
    headers: { ...init.headers, ...bearer(secret) },
  });
  expect(response.status).toBe(201);
  return { ...((await response.json()) as { id: string; url: string }), key: secret };
}

const oembed = (query: Record<string, string>): Promise<Response> =>
  edge(`/oembed?${new URLSearchParams(query)}`);

describe("oEmbed", () => {
  test("a snapshot is a frame within the size that is asked for, with its title escaped", async () => {
    const { id, url } = await snapshotCalled('Storm "<&>"');
    const response = await oembed({ url, maxwidth: "400", maxheight: "9999", format: "json" });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toEqual({
      version: "1.0",
      type: "rich",
      provider_name: "Podyard",
      provider_url: origin,
      title: 'Storm "<&>"',
      width: 400,
      height: 480,
      html: `<iframe src="${origin}/embed/x/${id}" title="Storm &quot;&lt;&amp;&gt;&quot;" width="400" height="480" style="border: 0" loading="lazy" allow="clipboard-write"></iframe>`,
    });
  });

  test("what is not here, withdrawn, private or XML is refused as oEmbed says", async () => {
    const { id, url, key } = await snapshotCalled("Gone soon");
    const statusOf = async (query: Record<string, string>) => (await oembed(query)).status;
    expect(await statusOf({ url, format: "xml" })).toBe(501);
    expect(await statusOf({ url: `https://elsewhere.test/x/${id}` })).toBe(404);
    expect(await statusOf({ url: `${origin}/x/${"a".repeat(26)}` })).toBe(404);
    expect(await statusOf({ url: `${origin}/me` })).toBe(404);
    expect(await statusOf({ url: `${origin}/s/${"a".repeat(26)}` })).toBe(401);
    expect(await statusOf({})).toBe(400);
    expect(await statusOf({ url, maxwidth: "wide" })).toBe(400);
    const withdrawn = await edge(`/api/snapshots/${id}`, {
      method: "DELETE",
      headers: bearer(key),
    });
    expect(withdrawn.status).toBe(204);
    expect(await statusOf({ url })).toBe(404);
  });
});

test("frame-ancestors are the operator's, else anybody", async () => {
  const { ancestorsOf } = await import("../../worker/routes/embed.ts");
  const said = (origins?: string): string => ancestorsOf({ EMBED_ORIGINS: origins } as never);
  expect(said()).toBe("*");
  expect(said("")).toBe("*");
  expect(said("https://a.test, https://*.b.test")).toBe("https://a.test https://*.b.test");
  expect(said("https://a.test; script-src *")).toBe("'none'");
});
