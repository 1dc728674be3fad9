import { deflateRawSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";
import { openShare, showObjects } from "../helpers/desk.ts";

const podManifest =
  "apiVersion: v1\nkind: Pod\nmetadata:\n  name: carried\nspec:\n  containers:\n    - name: web\n      image: nginx\n";

describe.skipIf(!executablePath)("what a link opens", () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let snapshot = "";
  const service = inject("url");

  beforeAll(async () => {
    browser = await launch();
    ({ page, problems } = await openPage(await browser.newContext()));
  });
  afterAll(() => browser?.close());

  test("manifests in the link are shown, and applied when the visitor says so", async () => {
    const packed = deflateRawSync(podManifest).toString("base64url");
    await page.goto(`${service}/new#m=${packed}`);
    expect(await page.getByLabel("The manifests").textContent()).toBe(podManifest);
    await expectPlain(page);
    await page.getByRole("button", { name: "Make a sandbox with these" }).click();
    await showObjects(page);
    await page.locator("td", { hasText: "carried" }).waitFor();
  });

  test("a link cut short says so", async () => {
    const other = await openPage(page.context());
    await other.page.goto(`${service}/new#m=S0zIrA`);
    await other.page.getByText("This link is damaged").waitFor();
    await other.page.close();
  });

  test("a page that embeds a living sandbox carries a viewer's key", async () => {
    await openShare(page);
    await page.getByRole("button", { name: "Make a snippet" }).click();
    const text = await page.getByLabel("the snippet for HTML", { exact: true }).textContent();
    const [, id, key] = /\/embed\/s\/([a-z2-7]{26})#k=(podyard_[\w-]{43})/.exec(text!)!;
    const read = await fetch(`${service}/api/sandboxes/${id}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(await read.json()).toMatchObject({ role: "viewer" });
  });

  test("a scenario's text is Markdown without anything that acts", async () => {
    const readme =
      "# Look\n\n**Read** <img src=x onerror=alert(1)> [this](javascript:alert(1)) and [that](https://kubernetes.io)";
    const scenario = { id: "demo", title: "Crash loop", readme, visibility: "public" };
    const other = await openPage(page.context());
    await other.page.route("**/api/scenarios/demo", (route) => route.fulfill({ json: scenario }));
    await other.page.goto(`${service}/l/demo`);
    await other.page.locator(".prose strong", { hasText: "Read" }).waitFor();
    await expectPlain(other.page);
    const prose = other.page.locator(".prose");
    expect(await prose.locator("img").count()).toBe(0);
    expect(
      await prose.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("href"))),
    ).toEqual(["https://kubernetes.io"]);
    expect(other.problems).toEqual([]);
    await other.page.close();
  });

  test("a snapshot's link shows the moment to anybody, who makes it theirs", async () => {
    await page.getByRole("button", { name: "Take a snapshot" }).click();
    await page.getByRole("link", { name: "Open the snapshot" }).click();
    await page.getByRole("button", { name: "Make it mine" }).waitFor();
    snapshot = page.url();
    await page.getByRole("button", { name: "Withdraw" }).waitFor();
    await page.locator("td", { hasText: "carried" }).waitFor();
    await expectPlain(page);
    const visitor = await openPage(await browser.newContext());
    await visitor.page.goto(snapshot);
    await visitor.page.locator("td", { hasText: "carried" }).waitFor();
    expect(await visitor.page.getByRole("button", { name: "Withdraw" }).count()).toBe(0);
    await visitor.page.getByRole("button", { name: "Make it mine" }).click();
    await showObjects(visitor.page);
    await visitor.page.locator("td", { hasText: "carried" }).waitFor();
    expect(visitor.problems).toEqual([]);
  });

  test("each place's snippet is of this very snapshot", async () => {
    const id = snapshot.slice(snapshot.lastIndexOf("/") + 1);
    for (const place of ["HTML", "Element", "Docusaurus", "MkDocs", "Hugo", "Moodle"]) {
      await page.getByLabel("Where to").selectOption(place);
      const text = await page.getByLabel(`the snippet for ${place}`, { exact: true }).textContent();
      expect(text).toContain(`${service}/embed/x/${id}`);
    }
  });

  test("withdrawn, it opens no more", async () => {
    page.on("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Withdraw" }).click();
    await page.getByText("None. A sandbox's page takes them.").waitFor();
    await expectPlain(page);
    expect((await fetch(snapshot.replace("/x/", "/api/snapshots/"))).status).toBe(404);
  });

  test("nothing went wrong on the way", () => {
    expect(problems).toEqual([]);
  });
});
