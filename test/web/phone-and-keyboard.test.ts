import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { faultsIn } from "../helpers/axe.ts";
import { closeShare, openShare, twinOf } from "../helpers/desk.ts";
import { executablePath, launch, openPage } from "./browsing.ts";

/** The first minutes of a learner who has a phone, and of one who has a keyboard alone. */

const polled = { timeout: 60_000 };
const readyOf = (page: Page): Locator =>
  twinOf(page).getByRole("row", { name: /^web-\S+ default \S+ ready / });

describe.skipIf(!executablePath)("on a phone", () => {
  const screen = { width: 360, height: 740 };
  let browser: Browser;
  let page: Page;
  let problems: string[];
  const parts = (): Locator => page.getByRole("navigation", { name: "Parts" });
  const part = (name: string): Locator => parts().getByRole("button", { name, exact: true });
  const tap = (name: string): Promise<void> =>
    page.getByRole("button", { name, exact: true }).tap();

  beforeAll(async () => {
    browser = await launch();
    const context = await browser.newContext({ viewport: screen, hasTouch: true, isMobile: true });
    ({ page, problems } = await openPage(context));
    await page.goto(inject("url"));
  });
  afterAll(() => browser?.close());

  test("every part of the desk has a tab that is seen whole, and the sandbox its name", async () => {
    await tap("Make a sandbox");
    await part("Picture").waitFor();
    const names = await parts().getByRole("button").allTextContents();
    expect(names.map((name) => name.trim())).toEqual([
      "Picture",
      "Terminal",
      "Objects",
      "Timeline",
      "Lesson",
      "More",
    ]);
    for (const name of names) {
      const { x, width, height } = (await part(name.trim()).boundingBox())!;
      expect(x + width).toBeLessThanOrEqual(screen.width);
      expect(height).toBeGreaterThanOrEqual(44);
    }
    const menu = page.getByRole("heading", { level: 1 }).getByRole("button");
    expect(await menu.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
    expect((await menu.boundingBox())!.width).toBeGreaterThan(120);
  });

  test("the first Deployment is typed, and its Pods are seen to start", async () => {
    await part("Terminal").tap();
    await page.getByRole("textbox", { name: "Terminal input" }).focus();
    await page.keyboard.type("kubectl create deployment web --image=nginx --replicas=2\n");
    await part("Picture").tap();
    await expect.poll(() => readyOf(page).count(), polled).toBe(2);
    await page.getByRole("img", { name: /^Picture of the cluster/ }).waitFor();
  });

  test("it is scaled, from the list of Deployments", async () => {
    await part("Objects").tap();
    await page.getByRole("combobox", { name: "Kind" }).selectOption("deployments.apps");
    await tap("web");
    await page.getByRole("textbox", { name: "YAML of Deployment web" }).waitFor();
    await tap("Close the detail");
    await part("Terminal").tap();
    await page.getByRole("textbox", { name: "Terminal input" }).focus();
    await page.keyboard.type("kubectl scale deployment web --replicas=4\n");
    await part("Picture").tap();
    await expect.poll(() => readyOf(page).count(), polled).toBe(4);
  });

  test("it is shared", async () => {
    await openShare(page);
    await tap("Make an invitation");
    await page.getByLabel("the invitation link", { exact: true }).waitFor();
    await closeShare(page);
  });

  test("nothing is wider than the screen, axe finds nothing, and nothing went wrong", async () => {
    for (const name of ["Objects", "Timeline", "Lesson", "Terminal", "Picture"]) {
      await part(name).tap();
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([name, over]).toEqual([name, 0]);
    }
    expect(await faultsIn(page)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe.skipIf(!executablePath)("with a keyboard alone", () => {
  let browser: Browser;
  let page: Page;
  const focused = (): Promise<string> =>
    page.evaluate(() => {
      const { activeElement: one } = document;
      return one?.getAttribute("aria-label") ?? one?.textContent?.trim() ?? "";
    });
  const keys = async (...pressed: string[]): Promise<void> => {
    for (const key of pressed) await page.keyboard.press(key);
  };

  beforeAll(async () => {
    browser = await launch();
    ({ page } = await openPage(await browser.newContext()));
    await page.goto(inject("url"));
  });
  afterAll(() => browser?.close());

  test("Tab reaches the button, and the prompt has the focus when it comes", async () => {
    await page.getByRole("button", { name: "Make a sandbox" }).waitFor();
    for (let i = 0; i < 8 && (await focused()) !== "Make a sandbox"; i++) await keys("Tab");
    await keys("Enter");
    await expect.poll(focused, polled).toBe("Terminal input");
    await page.keyboard.type("kubectl create deployment web --image=nginx --replicas=2\n");
    await expect.poll(() => readyOf(page).count(), polled).toBe(2);
  });

  test("out of the terminal, into the picture, and from a Pod to its tabs by arrows", async () => {
    await keys("Control+Shift+Escape");
    expect(await focused()).toBe("Picture");
    await page.getByRole("img", { name: /^Picture of the cluster/ }).focus();
    const row = await readyOf(page).first().textContent();
    const node = Number(/node-(\d)/.exec(row!)![1]);
    // The control plane's room, those beside it up to the Pod's, and into it.
    await keys("ArrowDown", ...Array.from({ length: node }, () => "ArrowRight"), "ArrowDown");
    await page.getByText(/^Pod default\/web-/).waitFor();
    await keys("Enter");
    const tabs = page.getByRole("tablist", { name: "Of this object" });
    const yaml = tabs.getByRole("tab", { name: "YAML" });
    await yaml.focus();
    await keys("ArrowRight");
    expect(await focused()).toBe("Events");
    await page.getByRole("tabpanel", { name: "Events" }).waitFor();
    await keys("ArrowLeft", "ArrowLeft");
    expect(await focused()).toBe("Describe");
    await keys("Escape");
    await tabs.waitFor({ state: "detached" });
  });

  test("g and a letter lead to each part, and ? tells all keys", async () => {
    await keys("g", "o");
    await page.getByRole("heading", { name: "Pods", exact: true }).waitFor();
    await keys("?");
    const help = page.getByRole("dialog").getByText("Leave the terminal");
    await help.waitFor();
    await keys("Escape");
    await help.waitFor({ state: "hidden" });
    // The second key counts only soon after the first, which a busy machine may miss.
    const toTerminal = async (): Promise<string> => {
      await keys("g", "t");
      return focused();
    };
    await expect.poll(toTerminal, polled).toBe("Terminal input");
  });
});
