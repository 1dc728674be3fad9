import { readdirSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { root } from "../../scripts/root.ts";
import { act, podsIn, showObjects } from "../helpers/desk.ts";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";

const files = {
  "scenario.yaml": "title: Two web servers\nnodes: 1\n",
  "README.md": "See them: `kubectl get pods`\n",
};

describe.skipIf(!executablePath)("scenarios and the API's page", () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  const service = inject("url");

  beforeAll(async () => {
    browser = await launch();
    ({ page, problems } = await openPage(await browser.newContext()));
    page.on("dialog", (dialog) => void dialog.accept());
  });
  afterAll(() => browser?.close());

  const gallery = () => page.getByRole("region", { name: "Start from a scenario" });
  const pods = () => podsIn(page).getByRole("button");

  test("the first page shows the gallery", async () => {
    await page.goto(service);
    await gallery().getByRole("link", { name: "First Pods" }).waitFor();
    const links = await gallery().getByRole("link").count();
    expect(links).toBeGreaterThanOrEqual(readdirSync(path.join(root, "gallery")).length);
    await expectPlain(page);
  });

  test("a scenario is read, and started as one's own lab, which is there again", async () => {
    await gallery().getByRole("link", { name: "First Pods" }).click();
    await page.getByRole("heading", { name: "First Pods", level: 1 }).waitFor();
    await page.getByRole("heading", { name: "Files are shared only where you say so" }).waitFor();
    await expectPlain(page);
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("heading", { name: "First Pods", level: 1 }).waitFor();
    await showObjects(page);
    await expect
      .poll(() => pods().allTextContents(), { timeout: 60_000 })
      .toEqual(["hello", "notebook"]);
    const lab = new URL(page.url()).pathname;
    await page.goto(`${service}/l/first-pods`);
    await page.getByRole("button", { name: "Start" }).click();
    await page.waitForURL(/\/s\//);
    expect(new URL(page.url()).pathname).toBe(lab);
  });

  test("reset, it is as it was at first", async () => {
    const at = `${service}/sandboxes/${new URL(page.url()).pathname.slice(3)}`;
    const hello = `${at}/api/v1/namespaces/default/pods/hello?gracePeriodSeconds=0`;
    await page.evaluate((url) => fetch(url, { method: "DELETE" }), hello);
    await expect.poll(() => pods().allTextContents(), { timeout: 60_000 }).toEqual(["notebook"]);
    await act(page, "Reset the sandbox");
    await expect
      .poll(() => pods().allTextContents(), { timeout: 60_000 })
      .toEqual(["hello", "notebook"]);
  });

  test("one's own is private until one says otherwise, and deleted on one's page", async () => {
    const id = await page.evaluate(
      async (body) => {
        const made = await fetch("/api/scenarios", { method: "POST", body: JSON.stringify(body) });
        const { id } = (await made.json()) as { id: string };
        await fetch(`/api/scenarios/${id}/publish`, { method: "POST" });
        return id;
      },
      { files },
    );
    const stranger = await openPage(await browser.newContext());
    await stranger.page.goto(`${service}/l/${id}`);
    await stranger.page.getByRole("heading", { name: "It does not open" }).waitFor();
    await expectPlain(stranger.page);
    const share = (visibility: string): Promise<unknown> =>
      page.evaluate(
        ([url, body]) => fetch(url!, { method: "PATCH", body: body! }),
        [`/api/scenarios/${id}`, JSON.stringify({ visibility })],
      );
    await share("link");
    await stranger.page.reload();
    await stranger.page.getByText("See them:").waitFor();
    await page.goto(`${service}/me`);
    const mine = page.getByRole("region", { name: "Scenarios", exact: true });
    await mine.getByText("for whoever has the link").waitFor();
    await expectPlain(page);
    await mine.getByRole("link", { name: "Two web servers" }).click();
    await page.getByText("See them:").waitFor();
    const snippet = page.getByLabel("the snippet for HTML", { exact: true });
    expect(await snippet.textContent()).toContain(`${service}/embed/l/${id}`);
    await page.goto(`${service}/me`);
    await mine.getByRole("button", { name: "Delete Two web servers" }).click();
    await mine.getByText("None.").waitFor();
    await stranger.page.reload();
    await stranger.page.getByRole("heading", { name: "It does not open" }).waitFor();
    await stranger.page.context().close();
  });

  test("the API's page tells each request, and links its document", async () => {
    await page.getByRole("link", { name: "service's API" }).click();
    await page.getByRole("heading", { name: "Podyard API" }).waitFor();
    await expectPlain(page);
    const document = page.getByRole("link", { name: "OpenAPI 3.1 document" });
    const { paths } = (await (
      await fetch(service + (await document.getAttribute("href")))
    ).json()) as {
      paths: Record<string, object>;
    };
    const requests = Object.values(paths).flatMap((path) => Object.keys(path));
    await expect.poll(() => page.locator("section").count()).toBe(requests.length);
    // Its style came along.
    expect(await page.locator("body").evaluate((body) => getComputedStyle(body).maxWidth)).not.toBe(
      "none",
    );
    await page.getByRole("link", { name: "Podyard", exact: true }).click();
    await page.getByRole("button", { name: "Make a sandbox" }).waitFor();
  });

  test("nothing went wrong on the way", () => {
    expect(problems).toEqual([]);
  });
});
