import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { root } from "../../scripts/root.ts";
import { makeSandbox } from "../helpers/sandbox.ts";
import { executablePath, launch, openPage } from "./browsing.ts";

test("embed.js is one module of at most 4 kB gz", () => {
  const script = readFileSync(path.join(root, "dist/web/embed.js"));
  expect(gzipSync(script).length).toBeLessThanOrEqual(4096);
  expect(script.toString()).not.toMatch(/(^|[;}])import\b|import\(/);
});

/** A course page of another site, whose browser blocks cookies of third parties. */
describe.skipIf(!executablePath)("embedded on another origin", () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let course: Server;
  let html = "";
  const service = inject("url");
  const bodyOf = (src: string, more = ""): string =>
    `<!doctype html><script type="module" src="${service}/embed.js"></script><h1>Course</h1><podyard-sandbox src="${src}" title="A cluster" ${more}></podyard-sandbox>`;

  beforeAll(async () => {
    course = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      // A page with COEP of its own frames only what says that it may be.
      response.setHeader("cross-origin-embedder-policy", "require-corp");
      response.end(html);
    });
    await new Promise<void>((done) => course.listen(0, "127.0.0.1", done));
    browser = await launch(["--test-third-party-cookie-phaseout"]);
    const opened = await openPage(await browser.newContext());
    page = opened.page;
    problems = opened.problems;
  });
  afterAll(async () => {
    await browser?.close();
    course?.close();
  });

  const visit = async (body: string): Promise<void> => {
    html = body;
    // The service is at 127.0.0.1: localhost is another site.
    await page.goto(`http://localhost:${(course.address() as AddressInfo).port}/`);
  };
  const call = (method: string, ...params: unknown[]): Promise<unknown> =>
    page.evaluate(
      ([name, args]) => {
        const element = document.querySelector("podyard-sandbox") as unknown as Record<
          string,
          (...args: unknown[]) => Promise<unknown>
        >;
        return element[name as string]!(...(args as unknown[])).catch(
          (error: Error) => `error: ${error.message}`,
        );
      },
      [method, params] as const,
    );

  test("a sandbox by its key: shown, applied to, read and told of, without a cookie", async () => {
    const { id, url } = await makeSandbox(service);
    await visit(bodyOf(`${service}/embed/s/${id}${new URL(url).hash}`, 'theme="dark"'));
    const frame = page.frameLocator("iframe");
    await frame.getByText("No Pods here yet").waitFor();
    const heard = page.evaluate(
      () =>
        new Promise((done) => {
          document
            .querySelector("podyard-sandbox")!
            .addEventListener(
              "changed",
              (event) => (event as CustomEvent).detail.pods > 0 && done(1),
            );
        }),
    );
    const pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n";
    expect(await call("apply", pod)).toEqual({ applied: ["Pod/web"] });
    await frame.locator("td", { hasText: "web" }).first().waitFor();
    await heard;
    expect(await call("get", "/api/v1/namespaces/default/pods/web")).toMatchObject({
      kind: "Pod",
      metadata: { name: "web" },
    });
    expect(await call("setClock", { paused: true })).toMatchObject({ spec: { paused: true } });
    expect(await call("get", "/../../api/me")).toMatch(/^error: get takes a path/);
    expect(await page.context().cookies()).toEqual([]);
    expect(await frame.locator("html").getAttribute("data-theme")).toBe("dark");
  });

  test("a snapshot: read-only at once, forked in the frame, and as high as its content", async () => {
    const { id, url } = await makeSandbox(service);
    const taken = await fetch(`${service}/api/sandboxes/${id}/snapshots`, {
      method: "POST",
      headers: { authorization: `Bearer ${new URL(url).hash.slice("#k=".length)}` },
      body: JSON.stringify({ title: "Before the storm" }),
    });
    const snapshot = (await taken.json()) as { id: string };
    await visit(bodyOf(`${service}/embed/x/${snapshot.id}`));
    const frame = page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "Before the storm" }).waitFor();
    await frame.getByText("No Pods here.").waitFor();
    expect(await call("apply", {})).toBe(
      "error: there is no living cluster here yet: start it first",
    );
    const heightOf = (element: Element): number => element.clientHeight;
    const heights = (): Promise<number[]> =>
      Promise.all(
        [page.locator("iframe"), frame.locator("#app")].map((one) => one.evaluate(heightOf)),
      );
    await expect.poll(async () => new Set(await heights()).size).toBe(1);
    expect((await heights())[0]).toBeLessThan(480);
    await frame.getByRole("button", { name: "Make it mine" }).click();
    await frame.getByText("No Pods here yet").waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  test("a scenario: its text, and a lab of the reader's own in the frame", async () => {
    await visit(bodyOf(`${service}/embed/l/first-pods`));
    const frame = page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "First Pods", level: 1 }).waitFor();
    await frame.getByText("A Pod that is deleted stays deleted").waitFor();
    await frame.getByRole("button", { name: "Start" }).click();
    await frame.locator("td", { hasText: "notebook" }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  test("read-only and click to load", async () => {
    const { id, url } = await makeSandbox(service);
    await visit(bodyOf(`${service}/embed/s/${id}${new URL(url).hash}`, "ctl readonly"));
    const frame = page.frameLocator("iframe");
    await frame.getByRole("button", { name: "Show the cluster" }).click();
    await frame.getByText("No Pods here yet").waitFor();
    expect(await call("apply", {})).toBe("error: this frame is read-only");
  });

  test("nothing went wrong on the way", () => {
    expect(problems).toEqual([]);
  });
});
