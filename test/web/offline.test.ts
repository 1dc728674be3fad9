import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { act, paste, showObjects, TerminalIn } from "../helpers/desk.ts";
import { makeSandbox, type Sandbox } from "../helpers/sandbox.ts";
import { executablePath, launch, openPage } from "./browsing.ts";

/** A minute without a network, by the browser's clock: it is said, and nothing is lost, on neither side. */

const deployment = (name: string): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "web", image: "nginx" }] },
    },
  },
});

const minuteMs = 60_000;

describe.skipIf(!executablePath)("an offline minute", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];
  let sandbox: Sandbox;
  let terminal: TerminalIn;
  const service = inject("url");
  const polled = { timeout: 60_000 };
  const connection = (words: RegExp): Locator => page.getByRole("status").getByText(words);
  const lost = (): Locator => connection(/^The connection to the sandbox is lost/);
  const yaml = (): Locator => page.getByRole("textbox", { name: "YAML of Deployment web" });
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  const row = (name: string): Locator =>
    page
      .getByRole("region", { name: /^Deployments.*, as the server prints them/ })
      .getByRole("row", { name: new RegExp(`^${name}\\b`) });

  /** As somebody else, who is online. */
  async function api(
    path: string,
    method: string,
    body?: object,
    accept = "application/json",
  ): Promise<Response> {
    const response = await fetch(`${service}/sandboxes/${sandbox.id}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${/podyard_[\w-]{43}/.exec(sandbox.url)![0]}`,
        "content-type": "application/json",
        accept,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBeLessThan(300);
    return response;
  }
  const deployments = "/apis/apps/v1/namespaces/default/deployments";
  const replicas = async (): Promise<number> => {
    const stored = await api(`${deployments}/web`, "GET");
    return ((await stored.json()) as { spec: { replicas: number } }).spec.replicas;
  };

  /** The browser's clock goes on; what it is busy with is done second by second. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) await page.clock.runFor(1_000);
  }

  beforeAll(async () => {
    sandbox = await makeSandbox(service);
    for (const name of ["web", "before"]) await api(deployments, "POST", deployment(name));
    browser = await launch();
    context = await browser.newContext();
    ({ page, problems } = await openPage(context));
    terminal = new TerminalIn(page);
    await page.clock.install();
    await page.goto(sandbox.url);
    await act(page, "Terminals for screen readers too");
    await showObjects(page);
    await page.getByRole("combobox", { name: "Kind" }).selectOption("deployments.apps");
    await row("before").waitFor();
    await button("web").click();
    await yaml().waitFor();
    const told = await api(`${deployments}/web`, "GET", undefined, "application/yaml");
    const text = (await told.text()).replace(/^ {2}managedFields:\n(?: {2}[- ].*\n)*/m, "");
    expect(text).toContain("  replicas: 1");
    await paste(yaml(), text.replace("  replicas: 1", "  replicas: 2"));
    await page.getByText("Not saved yet.").waitFor();
  });
  afterAll(() => browser?.close());

  test("is told at once, by the page and by the terminal", async () => {
    await terminal.type("count=40; echo ready");
    await expect.poll(() => terminal.text(), polled).toContain("\nready\n");
    await context.setOffline(true);
    await lost().waitFor();
    await terminal.status.getByText(/^The connection is lost and tried again/).waitFor();
  });

  test("what is tried meanwhile fails in words, and the text stays", async () => {
    await button("Try").click();
    await page.getByRole("alert").first().waitFor();
    expect(await yaml().innerText()).toContain("replicas: 2");
    await page.getByText("Not saved yet.").waitFor();
  });

  test("lasts: after all of it the page still says so, and shows what it knew", async () => {
    const begun = await page.evaluate(() => Date.now());
    await terminal.type("echo typed $((count+=1))");
    await api(deployments, "POST", deployment("meanwhile"));
    await api(`${deployments}/before`, "DELETE");
    await pass(minuteMs);
    expect(await page.evaluate(() => Date.now())).toBeGreaterThanOrEqual(begun + minuteMs);
    await lost().waitFor();
    await row("before").waitFor();
    expect(await row("meanwhile").count()).toBe(0);
    expect(await terminal.text()).not.toContain("typed 41");
    await terminal.type("echo typed $((count+=1))");
  });

  test("ends: what changed is shown, what was typed ran once, in order", async () => {
    await context.setOffline(false);
    await connection(/^Connected again/).waitFor();
    await row("meanwhile").waitFor();
    await row("before").waitFor({ state: "detached" });
    await expect.poll(() => terminal.text(), polled).toContain("\ntyped 42\n");
    const shown = await terminal.text();
    expect(shown.match(/^typed \d+$/gm)).toEqual(["typed 41", "typed 42"]);
    await terminal.status.waitFor({ state: "hidden" });
    // It stands there for a moment.
    await pass(6_000);
    await expect.poll(() => connection(/^Connected again/).count(), polled).toBe(0);
  });

  test("and what was written before it is saved after it", async () => {
    expect(await yaml().innerText()).toContain("replicas: 2");
    expect(await replicas()).toBe(1);
    // The cluster went on meanwhile; its own status is nobody's edit.
    const mine = button("Keep my text, over theirs");
    if (await mine.isVisible()) await mine.click();
    await button("Try").click();
    await expect.poll(() => button("Save").isDisabled(), polled).toBe(false);
    await button("Save").click();
    await page.getByText("Saved.").waitFor();
    expect(await replicas()).toBe(2);
    const others = problems.filter((one) => !one.includes("net::ERR_INTERNET_DISCONNECTED"));
    expect(others).toEqual([]);
  });
});
