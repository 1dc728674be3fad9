import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { configFor, noDatabase } from "../../scripts/deploy-config.ts";
import { root } from "../../scripts/root.ts";

/** DEPLOY.md, wrangler.toml and worker/env.ts say the same. */

const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const [guide, wanted, types] = ["DEPLOY.md", "wrangler.toml", "worker/env.ts"].map(read) as [
  string,
  string,
  string,
];

const presets = new Map(
  [...wanted.matchAll(/^([A-Z][A-Z0-9_]+) = "(.*)"$/gm)].map(([, name, value]) => [name!, value!]),
);
const documented = new Map(
  [...guide.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| (?:`(.*?)`)? ?\|/gm)].map(([, name, value]) => [
    name!,
    value ?? "",
  ]),
);

test("each variable of the Worker is documented, and none besides", () => {
  const known = [...types.matchAll(/^ {2}([A-Z][A-Z0-9_]+)\??: (string|"cloud")/gm)].map(
    ([, name]) => name!,
  );
  expect(known.length).toBeGreaterThan(10);
  expect(known.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  expect([...documented.keys()].filter((name) => !known.includes(name))).toEqual([]);
});

test("defaults are those of wrangler.toml", () => {
  expect(presets.size).toBeGreaterThan(8);
  for (const [name, value] of presets) expect([name, documented.get(name)]).toEqual([name, value]);
});

test("a deployment takes values over, requires their secrets, and never the local mode", () => {
  const variables = { TURNSTILE_SITE_KEY: 'a"b', MODE: "local", OTHER: "x" };
  const { text, secrets } = configFor(wanted, {
    databaseId: "db-1",
    domain: "lab.example.org",
    variables,
  });
  expect(secrets).toEqual(["TURNSTILE_SECRET"]);
  expect(text).toContain('[secrets]\nrequired = ["TURNSTILE_SECRET"]');
  expect(text).toContain('TURNSTILE_SITE_KEY = "a\\"b"');
  expect(text).toContain('MODE = "cloud"');
  expect(text).toContain('database_id = "db-1"');
  expect(text).toContain('routes = [{ pattern = "lab.example.org", custom_domain = true }]');
  expect(text).not.toContain("OTHER");
  const plain = configFor(wanted, { databaseId: noDatabase, domain: undefined, variables: {} });
  expect([plain.text, plain.secrets]).toEqual([wanted, []]);
});

test("hosts of users' content are a route in their zone, beside the service's own name", () => {
  const made = (variables: Record<string, string>, more: object = {}): string =>
    configFor(wanted, { databaseId: noDatabase, domain: undefined, variables, ...more }).text;
  const content = { USER_CONTENT_DOMAIN: "example-content.org" };
  expect(made(content)).toContain(
    'routes = [{ pattern = "*.example-content.org/*", zone_name = "example-content.org" }]\nworkers_dev = true\n',
  );
  expect(made(content, { domain: "lab.example.org" })).toContain(
    'routes = [{ pattern = "lab.example.org", custom_domain = true }, { pattern = "*.example-content.org/*", zone_name = "example-content.org" }]\nworkers_dev = false\n',
  );
  const deeper = { USER_CONTENT_DOMAIN: "content.example.org" };
  expect(made(deeper, { contentZone: "example.org" })).toContain(
    '{ pattern = "*.content.example.org/*", zone_name = "example.org" }',
  );
  expect(made({})).not.toContain("routes = [");
});

test("the button's address is left to whoever publishes the code, and none is invented", () => {
  expect(guide).toContain("https://deploy.workers.cloudflare.com/?url=REPOSITORY_URL");
  expect(guide).not.toMatch(/github\.com\/(?!\.\.\.)/);
  const { repository } = JSON.parse(read("package.json")) as { repository?: unknown };
  expect(repository).toBeUndefined();
});
