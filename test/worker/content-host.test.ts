import { beforeEach, expect, test } from "vitest";
import { bearer, post } from "./edge.ts";
import { Visitor } from "./visitor.ts";

/** What users serve, where the operator names a domain for it and where not: never a page of the service's own origin. */

const domain = "content.test";
const core = "/api/v1/namespaces/default";
const shop = "default/services/shop:80/proxy/";

interface Made {
  id: string;
  secret: string;
}

let with_: Visitor;
let without: Visitor;

beforeEach(() => {
  with_ = new Visitor({ USER_CONTENT_DOMAIN: domain });
  without = new Visitor();
});

const network = (): Record<string, string> => ({ "cf-connecting-ip": crypto.randomUUID() });

async function make(visitor: Visitor): Promise<Made> {
  const response = await visitor.ask("/api/sandboxes", {
    method: "POST",
    body: JSON.stringify({ nodes: 1 }),
    headers: network(),
  });
  const { id, url } = (await response.json()) as { id: string; url: string };
  return { id, secret: url.slice(url.indexOf("#k=") + 3) };
}

async function previewOf(visitor: Visitor, { id }: Made): Promise<URL> {
  return new URL((await visitor.read<{ url: string }>(`/api/sandboxes/${id}/preview`)).url);
}

/** A Service without Pods: only the cluster can say so. */
async function serve(visitor: Visitor, { id, secret }: Made): Promise<void> {
  const service = {
    metadata: { name: "shop" },
    spec: { ports: [{ port: 80 }], selector: { a: "b" } },
  };
  const init = post({ apiVersion: "v1", kind: "Service", ...service });
  const made = await visitor.ask(`/sandboxes/${id}${core}/services`, {
    ...init,
    headers: { ...init.headers, ...bearer(secret) },
  });
  expect(made.status).toBe(201);
}

const noEndpoints = "no endpoints available for service";

function isOpaque(response: Response): void {
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/^sandbox /);
  expect(policy).not.toContain("allow-same-origin");
  expect(response.headers.get("set-cookie")).toBeNull();
}

test("without a domain a preview lies below the service's host, in an opaque origin", async () => {
  const made = await make(without);
  await serve(without, made);
  const url = await previewOf(without, made);
  expect(url.href).toMatch(
    new RegExp(`^https://podyard.test/sandboxes/${made.id}/preview/[\\w-]+/$`),
  );
  const shown = await without.ask(`${url}${shop}`);
  isOpaque(shown);
  expect([shown.status, await shown.text()]).toEqual([503, expect.stringContaining(noEndpoints)]);
  // A host that looks like one is the service's own then, as any.
  expect((await without.ask(`https://${made.id}.${domain}/healthz`)).status).toBe(200);
});

test("with one each sandbox has a host, and the service's own shows none of it", async () => {
  const made = await make(with_);
  await serve(with_, made);
  const url = await previewOf(with_, made);
  expect(url.origin).toBe(`https://${made.id}.${domain}`);
  const shown = await with_.ask(`${url}${shop}`);
  isOpaque(shown);
  expect([shown.status, await shown.text()]).toEqual([503, expect.stringContaining(noEndpoints)]);
  for (const method of ["GET", "POST"]) {
    const old = await with_.ask(
      `/sandboxes/${made.id}/preview${url.pathname}${shop}a%2Fb?x=%2e`,
      method === "GET" ? {} : { method, body: "x" },
    );
    expect([old.status, await old.text()]).toEqual([307, ""]);
    expect(old.headers.get("location")).toBe(`${url}${shop}a%2Fb?x=%2e`);
  }
  const ended = await with_.ask(`${url}ingress/shop.example`);
  expect([ended.status, ended.headers.get("location")]).toEqual([
    307,
    `${url}ingress/shop.example/`,
  ]);
  const gateway = `${url}gateway/default/web:8080/shop.example`;
  const without_ = await with_.ask(gateway);
  expect([without_.status, without_.headers.get("location")]).toEqual([307, `${gateway}/`]);
  const nowhere = await with_.ask(`${gateway}/`);
  isOpaque(nowhere);
  expect([nowhere.status, await nowhere.text()]).toEqual([
    404,
    expect.stringContaining('gateways.gateway.networking.k8s.io \\"web\\" not found'),
  ]);
});

test("a redirect of the cluster's stays within the sandbox's host", async () => {
  const made = await make(with_);
  await serve(with_, made);
  const url = await previewOf(with_, made);
  const shown = await with_.ask(`${url}default/services/shop:80/proxy`);
  expect([shown.status, new URL(shown.headers.get("location")!, url).href]).toEqual([
    307,
    `${url}${shop}`,
  ]);
});

test("a host of users' content knows nothing of the service", async () => {
  const made = await make(with_);
  const other = await make(with_);
  const { origin, pathname } = await previewOf(with_, made);
  const key = bearer(made.secret);
  for (const path of [
    "/",
    "/healthz",
    "/api",
    "/api/me",
    "/api/sandboxes",
    `/api/sandboxes/${made.id}`,
    `/sandboxes/${made.id}${core}/pods`,
    `${core}/pods`,
    "/version",
    "/me",
    `/s/${made.id}`,
    "/embed.js",
    "/assets/x.js",
    "/oembed",
    pathname,
  ]) {
    const response = await with_.ask(`${origin}${path}`, { headers: key });
    expect([path, response.status]).toEqual([path, 404]);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  }
  for (const host of [
    `${other.id}.${domain}`,
    `x.${made.id}.${domain}`,
    `${made.id}.x.${domain}`,
    `x.${domain}`,
    `${made.id}.${domain}.`,
  ]) {
    const response = await with_.ask(`https://${host}${pathname}${shop}`);
    expect([host, response.status]).toEqual([host, 404]);
    // The last is the sandbox's own name, written out: there the cluster answers, which has no such Service.
    const type = host.endsWith(".") ? "application/json" : "application/problem+json";
    expect(response.headers.get("content-type")).toBe(type);
  }
  // Only names below the domain are taken for it.
  for (const host of [domain, `evil${domain}`]) {
    expect((await with_.ask(`https://${host}/healthz`)).status).toBe(200);
  }
});
