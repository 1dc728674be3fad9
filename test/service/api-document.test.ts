import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { apiPage, type Document } from "../../scripts/api-page.ts";
import { bundleWorker, mainModule } from "../../scripts/bundle.ts";

/** The document of the service's own API, and what it and the Worker weigh. */

interface Row {
  method: string;
  path: string;
  scope?: string;
}
// The Worker's types are another project's.
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../${file}`, import.meta.url).href);
const { apiDocument } = (await load("scripts/api-document.ts")) as {
  apiDocument(version: string): Document;
};
const { routes } = (await load("worker/app.ts")) as { routes: readonly Row[] };
const document = apiDocument("1.0.0");

const operations = Object.entries(document.paths).flatMap(([path, all]) =>
  Object.entries(all).map(([method, operation]) => ({ path, method, operation })),
);

test("each route is an operation, with its scope, and no operation is none", () => {
  const named = routes.map(({ method, path, scope }) => [
    `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
    scope,
  ]);
  expect(
    operations
      .map(({ path, method, operation }) => [`${method} ${path}`, operation["x-podyard-scope"]])
      .sort(),
  ).toEqual(named.sort());
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

/** OpenAPI 3.1.0, as far as this document uses it: sections 4.8.1 and following. */
test("it has the structure of OpenAPI 3.1", () => {
  expect(Object.keys(document).sort()).toEqual([
    "components",
    "info",
    "openapi",
    "paths",
    "servers",
  ]);
  expect(document).toMatchObject({
    openapi: "3.1.0",
    info: { title: expect.any(String), version: expect.any(String) },
  });
  const schemes = Object.keys(document.components.securitySchemes);
  for (const { path, method, operation } of operations) {
    const where = `${method} ${path}`;
    expect([where, /^(get|post|put|patch|delete)$/.test(method)]).toEqual([where, true]);
    const inPath = operation.parameters.filter((one) => one.in === "path");
    const braces = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect([where, inPath.map(({ name }) => name)]).toEqual([where, braces]);
    expect(inPath.every(({ required }) => required)).toBe(true);
    const names = operation.parameters.map((one) => `${one.in} ${one.name.toLowerCase()}`);
    expect([where, new Set(names).size]).toEqual([where, names.length]);
    expect(Object.keys(operation.responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(
      true,
    );
    for (const answer of Object.values(operation.responses)) {
      expect([where, (answer.$ref === undefined) !== (answer.description === undefined)]).toEqual([
        where,
        true,
      ]);
    }
    if (method === "get") expect(operation.requestBody).toBeUndefined();
    for (const one of operation["security"] as Record<string, string[]>[]) {
      for (const name of Object.keys(one)) expect(schemes).toContain(name);
    }
  }
});

test("each reference leads somewhere, and each pattern is one", () => {
  const seen: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === "$ref") seen.push(String(inner));
      else if (name === "pattern") expect(() => new RegExp(String(inner), "u")).not.toThrow();
      else walk(inner);
    }
  };
  walk(document);
  expect(seen.length).toBeGreaterThan(50);
  for (const reference of new Set(seen)) {
    const parts = reference.split("/").slice(1);
    const found = parts.reduce<unknown>(
      (value, part) => (value as Record<string, unknown>)?.[part],
      document,
    );
    expect([reference, found !== undefined]).toEqual([reference, true]);
  }
});

test("its page names each operation and runs nothing", () => {
  const html = apiPage(document, "api.css");
  for (const { operation } of operations) expect(html).toContain(`id="${operation.operationId}"`);
  expect(html).not.toMatch(/<script|\son\w+=|style=|https?:/);
});

const deployed = bundleWorker("worker/index.ts", { minify: true });

/** What the Worker may take: see DECISIONS.md. What makes it grow has to make room. */
const workerGzipBytesMax = 1_500_000;

test("the document and the Worker stay small", async () => {
  const bytes = JSON.stringify(document).length;
  const modules = await deployed;
  // Wrangler's way: the modules behind one another, at zlib's own level.
  const gzipBytes = gzipSync(Object.values(modules).join("")).length;
  console.log(`openapi.json ${bytes} bytes; Worker ${gzipBytes} bytes gzip`);
  expect(bytes).toBeLessThan(200_000);
  expect(gzipBytes).toBeLessThan(workerGzipBytesMax);
});

test("what a cold start evaluates has no engine in it", async () => {
  const modules = await deployed;
  const evaluated = new Set<string>();
  const evaluate = (name: string): void => {
    if (evaluated.has(name)) return;
    evaluated.add(name);
    const imported = (modules[name] as string).matchAll(/(?:from|import)"\.\/([^"]+)"/g);
    for (const [, other] of imported) evaluate(other as string);
  };
  evaluate(mainModule);
  const bytes = [...evaluated].reduce((sum, name) => sum + (modules[name] as string).length, 0);
  console.log(`a cold start evaluates ${Math.round(bytes / 1024)} of the Worker's modules' kB`);
  expect(evaluated.size).toBeGreaterThan(1);
  expect(bytes).toBeLessThan(600_000);
});
