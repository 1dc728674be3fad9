import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { executablePath, launch, openPage } from "./browsing.ts";

/** What a terminal shows, without the blanks behind its lines. */
const shown = (page: Page): Promise<string> =>
  page
    .locator(".xterm-rows > div")
    .allTextContents()
    .then((rows) => rows.map((row) => row.trimEnd()).join("\n"));

const expectShown = (page: Page, text: string): Promise<void> =>
  expect.poll(() => shown(page), { timeout: 60_000 }).toContain(text);

async function type(page: Page, line: string): Promise<void> {
  await page.getByRole("textbox", { name: "Terminal input" }).focus();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

describe.skipIf(!executablePath)("the terminal in the page", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await launch();
    context = await browser.newContext();
    ({ page, problems } = await openPage(context));
    await page.goto(inject("url"));
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await page.getByRole("heading", { name: "Terminal" }).waitFor();
  });
  afterAll(() => browser?.close());

  test("is a shell on the control plane", async () => {
    await expectShown(page, "root@control-plane:~#");
    await type(page, "echo $((6*7)) $(hostname)");
    await expectShown(page, "\n42 control-plane\n");
  });

  test("is there again when the page is loaded anew, and on another's page", async () => {
    await page.reload();
    await expectShown(page, "\n42 control-plane\n");
    const other = await openPage(await browser.newContext());
    await other.page.goto(page.url());
    await expectShown(other.page, "\n42 control-plane\n");
    await type(other.page, "echo from another");
    await expectShown(page, "\nfrom another\n");
    await other.page.close();
  });

  test("comes back after an offline moment and misses nothing", async () => {
    await type(page, "sleep 2; echo printed meanwhile");
    await context.setOffline(true);
    await page.evaluate(() => new Promise((done) => setTimeout(done, 200)));
    await context.setOffline(false);
    await expectShown(page, "\nprinted meanwhile\n");
  });

  test("palette, keys and a second terminal are reached by keyboard", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Action or object" }).fill("new term");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("tab", { name: "control-plane" }).count()).toBe(2);
    await page.getByRole("tab", { name: "control-plane" }).nth(1).focus();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Close the terminal" }).press("Enter");
    await expect.poll(() => page.getByRole("tab", { name: "control-plane" }).count()).toBe(1);
    await page.getByRole("separator", { name: "Height of the panels" }).focus();
    await page.keyboard.press("ArrowUp");
    await page.reload();
    await expectShown(page, "\nprinted meanwhile\n");
    const border = page.getByRole("separator", { name: "Height of the panels" });
    expect(await border.getAttribute("aria-valuenow")).toBe("56");
  });

  test("says when its shell has ended, and begins again", async () => {
    await type(page, "exit");
    await page.getByRole("button", { name: "Begin again" }).click();
    await page.getByRole("button", { name: "Begin again" }).waitFor({ state: "detached" });
    await type(page, "echo begun again");
    await expectShown(page, "\nbegun again\n");
    // What is asked in the offline moment fails, and the browser says so itself.
    const others = problems.filter((one) => !one.includes("net::ERR_INTERNET_DISCONNECTED"));
    expect(others).toEqual([]);
  });
});
