import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { makeSandbox } from "../helpers/sandbox.ts";
import { executablePath, launch, problemsOf } from "./browsing.ts";
import { closeShare, kubeconfigIn, openShare, podsIn, showObjects } from "../helpers/desk.ts";

describe.skipIf(!executablePath)("the page", () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await launch();
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(120_000);
    problems = problemsOf(page);
    await page.goto(inject("url"));
  });
  afterAll(() => browser?.close());

  test("a button makes a sandbox and shows how to reach it", async () => {
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await openShare(page);
    expect(await kubeconfigIn(page)).toContain("current-context: podyard-");
    await closeShare(page);
    expect(page.url()).toMatch(/\/s\/[a-z2-7]{26}#k=podyard_/);
    // In place: nothing is loaded anew on the way to the prompt.
    expect(await page.evaluate(() => performance.getEntriesByType("navigation")[0]!.name)).toBe(
      `${inject("url")}/`,
    );
    expect(await page.title()).toMatch(/^podyard-[a-z2-7]{8} - Podyard$/);
  });

  test("back leads to the start page, forward into the sandbox again", async () => {
    const place = page.url();
    await page.goBack();
    await page.getByRole("button", { name: "Make a sandbox" }).waitFor();
    await page.goForward();
    await page.getByRole("tab", { name: "Picture" }).waitFor();
    expect(page.url()).toBe(place);
  });

  test("the Pod table moves as the cluster does", async () => {
    await showObjects(page);
    await page.getByText("No Pods here yet").waitFor();
    const { pathname, hash } = new URL(page.url());
    const [id, secret] = [pathname.slice("/s/".length), hash.slice("#k=".length)];
    const api = `${inject("url")}/sandboxes/${id}`;
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    await fetch(`${api}/apis/apps/v1/namespaces/default/deployments`, {
      method: "POST",
      headers,
      body: JSON.stringify({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: "web" } },
          template: {
            metadata: { labels: { app: "web" } },
            spec: { containers: [{ name: "web", image: "nginx" }] },
          },
        },
      }),
    });
    const running = podsIn(page).getByRole("row", { name: /Running/ });
    await expect.poll(() => running.count(), { timeout: 120_000 }).toBe(2);
    const names = (): Promise<string[]> => podsIn(page).getByRole("button").allTextContents();
    const [victim] = await names();
    await fetch(`${api}/api/v1/namespaces/default/pods/${victim}?gracePeriodSeconds=0`, {
      method: "DELETE",
      headers,
    });
    await expect.poll(names, { timeout: 120_000 }).not.toContain(victim);
    await expect.poll(() => running.count(), { timeout: 120_000 }).toBe(2);
  });

  test("the picture is read by arrow keys, and by a table with the same words", async () => {
    await page.getByRole("tab", { name: "Picture" }).click();
    const picture = page.getByRole("img", { name: /^Picture of the cluster: 4 nodes, \d+ Pods/ });
    await picture.focus();
    await page.keyboard.press("ArrowDown");
    await page.getByText("Node control-plane: Ready,").waitFor();
    const table = page.getByRole("region", { name: "The picture as a table" });
    const ready = table.getByRole("row", { name: /^web-\S+ default node-\d ready 1\/1 0/ });
    await expect.poll(() => ready.count(), { timeout: 120_000 }).toBe(2);
    await page.getByRole("button", { name: "As table" }).click();
    await expect.poll(() => picture.count()).toBe(0);
    expect(await ready.count()).toBe(2);
    await page.getByRole("button", { name: "As table" }).click();
    await picture.waitFor();
    await showObjects(page);
  });

  test("a reload opens the same sandbox, also on a small screen", async () => {
    const place = page.url();
    await page.setViewportSize({ width: 375, height: 700 });
    await page.reload();
    await page.getByRole("heading", { name: "Pods" }).waitFor();
    expect(page.url()).toBe(place);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });

  test("a link shows another sandbox, and the own one stays on the first page", async () => {
    const own = new URL(page.url()).pathname;
    const { url } = await makeSandbox(inject("url"));
    const visitor = await page.context().newPage();
    visitor.setDefaultTimeout(120_000);
    await visitor.goto(url);
    await visitor.getByText("You opened this sandbox by a link.").waitFor();
    await visitor.getByRole("link", { name: "Podyard", exact: true }).click();
    await visitor.getByRole("link", { name: `podyard-${own.slice(3, 11)}` }).click();
    await visitor.getByRole("heading", { name: "Pods" }).waitFor();
    expect(new URL(visitor.url()).pathname).toBe(own);
    await visitor.close();
  });

  test("a link to a deleted sandbox says so", async () => {
    const { id, url } = await makeSandbox(inject("url"));
    const secret = url.slice(url.indexOf("#k=") + 3);
    await fetch(`${inject("url")}/api/sandboxes/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${secret}` },
    });
    const other = await browser.newPage();
    other.setDefaultTimeout(120_000);
    await other.goto(url);
    await other.getByText("That sandbox has expired or was deleted.").waitFor();
    await other.close();
  });

  test("nothing went wrong on the way", () => {
    expect(problems).toEqual([]);
  });
});
