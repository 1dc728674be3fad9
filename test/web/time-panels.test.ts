import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { makeSandbox, type Sandbox } from "../helpers/sandbox.ts";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";

/** Time in the page: steered, looked back into, forked and undone. */

let sandbox: Sandbox;

const secret = (): string => sandbox.url.slice(sandbox.url.indexOf("#k=") + 3);

async function api<T>(path: string, method = "GET", body?: object): Promise<T> {
  const response = await fetch(`${inject("url")}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret()}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as T;
}

const clock = (): Promise<{ spec: { paused?: boolean; speed: number; steps?: number } }> =>
  api(`/sandboxes/${sandbox.id}/apis/podyard.dev/v1/clocks/cluster`);

const configMaps = `/api/v1/namespaces/default/configmaps`;
const make = (name: string): Promise<{ metadata: { resourceVersion: string } }> =>
  api(`/sandboxes/${sandbox.id}${configMaps}`, "POST", { metadata: { name }, data: { a: "b" } });

const names = async (id: string, key: string): Promise<string[]> => {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${inject("url")}/sandboxes/${id}${configMaps}`, { headers });
  const { items } = (await response.json()) as { items: { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name);
};

describe.skipIf(!executablePath)("time in the page", () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const bar = () => page.getByRole("region", { name: "Time", exact: true });

  beforeAll(async () => {
    sandbox = await makeSandbox(inject("url"));
    browser = await launch();
    ({ page, problems } = await openPage(await browser.newContext()));
    await page.goto(sandbox.url);
    await page.getByRole("slider", { name: "Moment" }).waitFor();
    await page.getByRole("tab", { name: "Timeline" }).click();
  });
  afterAll(() => browser?.close());

  test("is paused, stepped, sped up and resumed, by buttons and by the space bar", async () => {
    await button("Pause").click();
    await button("Play").waitFor();
    expect((await clock()).spec.paused).toBe(true);
    await page.getByRole("heading", { name: "Timeline" }).click();
    await page.keyboard.press("Space");
    await button("Pause").waitFor();
    await page.getByRole("combobox", { name: "Speed" }).selectOption("60x");
    await expect.poll(async () => (await clock()).spec).toEqual({ speed: 60 });
    await button("Next event").click();
    await button("Play").waitFor();
    expect((await clock()).spec).toMatchObject({ paused: true, steps: 1 });
    await button("Jump").click();
    await button("+1 h").click();
    await bar()
      .getByText(/^\+1 h/)
      .waitFor();
  });

  test("is looked back into and forked there", async () => {
    const kept = await make("kept");
    await make("later");
    await page.getByRole("button", { name: "created ConfigMap later" }).waitFor();
    const then = kept.metadata.resourceVersion;
    await page.getByRole("button", { name: new RegExp(`^Look at .*, revision ${then}$`) }).click();
    await bar().getByText(`You look at revision ${then}`).waitFor();
    await page.getByRole("tab", { name: "Objects" }).click();
    await page.getByText("a moment of the past").waitFor();
    await button("Compare with now").click();
    const dialog = page.getByRole("dialog", { name: `From revision ${then} to now` });
    await dialog.getByText("1 object added, 0 changed, 0 removed").waitFor();
    await dialog.getByText("ConfigMap default/later").click();
    await dialog.getByText("+  name: later").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await expectPlain(page);

    const fork = page.waitForURL((url) => !url.pathname.includes(sandbox.id));
    await button("Fork from here").click();
    await fork;
    const { pathname, hash } = new URL(page.url());
    const forked = await names(pathname.slice("/s/".length), hash.slice("#k=".length));
    expect(forked).toContain("kept");
    expect(forked).not.toContain("later");
  });

  test("is undone to a moment, which asks first", async () => {
    await page.goto(sandbox.url);
    await page.getByRole("tab", { name: "Timeline" }).click();
    const made = page.getByRole("button", { name: "created ConfigMap kept" });
    await made.waitFor();
    await page.getByRole("heading", { name: "Timeline" }).click();
    // To what was there before the second, and before the first.
    await page.keyboard.press("[");
    await page.keyboard.press("[");
    await button("Undo to here…").click();
    const dialog = page.getByRole("dialog", { name: /^Undo to revision \d+\?$/ });
    await dialog.getByText("2 objects changed by people since then:").waitFor();
    await dialog.getByRole("button", { name: "Undo", exact: true }).click();
    await bar().getByText("0 objects made again, 0 changed back, 2 deleted.").waitFor();
    const left = await names(sandbox.id, secret());
    expect(left).not.toContain("later");
    expect(left).not.toContain("kept");
    expect(problems).toEqual([]);
  });

  test("is seen by a viewer, with the past, and without a button that writes", async () => {
    const key = await api<{ kubeconfig: string }>(`/api/sandboxes/${sandbox.id}/keys`, "POST", {
      role: "viewer",
    });
    const token = /token: (\S+)/.exec(key.kubeconfig)![1];
    const other = await openPage(await browser.newContext());
    await other.page.goto(`${inject("url")}/s/${sandbox.id}#k=${token}`);
    const slider = other.page.getByRole("slider", { name: "Moment" });
    // The past is read first.
    await expect
      .poll(() => slider.getAttribute("aria-valuemax"), { timeout: 60_000 })
      .not.toBe("0");
    await slider.press("Home");
    const region = other.page.getByRole("region", { name: "Time", exact: true });
    await region.getByText("You look at revision").waitFor();
    expect(await region.getByRole("button").allTextContents()).toEqual([
      "Back to now",
      "Fork from here",
      "Compare with now",
    ]);
    await other.page.close();
    expect(other.problems).toEqual([]);
  });
});
