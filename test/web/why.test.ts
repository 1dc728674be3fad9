import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { showObjects } from "../helpers/desk.ts";
import { makeSandbox, type Sandbox } from "../helpers/sandbox.ts";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";

/** An image that is not there: explained in the page, mended in the terminal, and explained as of then. */

const command = "kubectl set image deployment/web web=nginx:1.29";
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "nginx:1.92" }] },
    },
  },
};

describe.skipIf(!executablePath)("why, in the page", () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let page: Page;
  let problems: string[];
  const secret = (): string => sandbox.url.slice(sandbox.url.indexOf("#k=") + 3);
  const post = async (path: string, body: object): Promise<Response> => {
    const headers = { authorization: `Bearer ${secret()}`, "content-type": "application/json" };
    const answer = await fetch(`${inject("url")}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status).toBeLessThan(300);
    return answer;
  };
  const sentence = (of: Page) => of.getByRole("tabpanel", { name: "Why?" }).getByRole("status");
  const whyButton = (of: Page) => of.getByRole("button", { name: "Why is web like this?" });
  const shownDeployments = async (of: Page): Promise<void> => {
    await showObjects(of);
    await of.getByRole("combobox", { name: "Kind" }).selectOption("deployments.apps");
  };

  beforeAll(async () => {
    sandbox = await makeSandbox(inject("url"));
    await post(`/sandboxes/${sandbox.id}/apis/apps/v1/namespaces/default/deployments`, deployment);
    browser = await launch();
    ({ page, problems } = await openPage(await browser.newContext()));
    await page.goto(sandbox.url);
  });
  afterAll(() => browser?.close());

  test("a viewer asks, and copies what would mend it", async () => {
    const made = await post(`/api/sandboxes/${sandbox.id}/keys`, { role: "viewer" });
    const { kubeconfig } = (await made.json()) as { kubeconfig: string };
    const token = /token: (\S+)/.exec(kubeconfig)![1];
    const other = await openPage(await browser.newContext());
    await other.page.goto(`${inject("url")}/s/${sandbox.id}#k=${token}`);
    await shownDeployments(other.page);
    await whyButton(other.page).click();
    await sentence(other.page).getByText("image nginx has no tag 1.92").waitFor();
    const panel = other.page.getByRole("tabpanel", { name: "Why?" });
    await panel.getByRole("button", { name: `Copy the command ${command}` }).waitFor();
    expect(await panel.getByRole("button", { name: /^Type it into/ }).count()).toBe(0);
    await other.page.close();
    expect(other.problems).toEqual([]);
  });

  test("one click asks; evidence leads to the field; a key asks again", async () => {
    await shownDeployments(page);
    await whyButton(page).click();
    await sentence(page)
      .getByText(/^Deployment default\/web: 2 of 2 Pods: .* image nginx has no tag 1\.92/)
      .waitFor();
    await page.getByText("Decided by registry.").waitFor();
    await expectPlain(page);
    await page
      .getByRole("list", { name: "Evidence" })
      .getByRole("button", { name: /image/ })
      .first()
      .click();
    const yaml = page.getByRole("textbox", { name: /^YAML of Pod web-/ });
    await yaml.waitFor();
    await expect
      .poll(() => page.evaluate(() => getSelection()?.toString().trim()))
      .toBe("- image: nginx:1.92");
    await page.getByRole("heading", { name: /^Pod web-/ }).click();
    await page.keyboard.press("w");
    await sentence(page).getByText("cannot run container web").waitFor();
  });

  test("what would mend it is typed into the terminal, and run by Enter", async () => {
    await whyButton(page).click();
    const types = page.getByRole("button", { name: `Type it into the terminal: ${command}` });
    // The second time in the place of the first.
    await types.click();
    await types.click();
    // Without waiting: a key that follows at once is the terminal's.
    expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Terminal input");
    const shown = (): Promise<string> =>
      page
        .locator(".xterm-rows")
        .textContent()
        .then((text) => text ?? "");
    await expect.poll(shown, { timeout: 60_000 }).toContain(command);
    expect(await shown()).not.toContain("image updated");
    await page.keyboard.press("Enter");
    await expect.poll(shown, { timeout: 60_000 }).toContain("deployment.apps/web image updated");
    await sentence(page).getByText("All is well with Deployment default/web").waitFor();
    expect(await whyButton(page).count()).toBe(0);
  });

  test("a moment is explained as of then", async () => {
    await page.getByRole("button", { name: "Close the detail" }).click();
    await page.getByRole("tab", { name: "Timeline" }).click();
    const row = page.getByRole("listitem").filter({ hasText: "ErrImagePull" }).first();
    await row.getByRole("button", { name: /^Why is web-\S+ like this\?$/ }).click();
    await sentence(page).getByText("image nginx has no tag 1.92").waitFor();
    await page.getByText(/^Decided by registry\. As of revision \d+\.$/).waitFor();
    expect(problems).toEqual([]);
  });
});
