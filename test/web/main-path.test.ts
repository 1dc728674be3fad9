import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { act, openShare, showObjects, TerminalIn, twinOf } from "../helpers/desk.ts";
import { browsers, openPage } from "./browsing.ts";

/** What a learner does in the page, from the first button to a frame in somebody's course; by role and name alone. */

describe.each(browsers)("the main path in $name", ({ launch }) => {
  let browser: Browser;
  let page: Page;
  let course: Server;
  let terminal: TerminalIn;
  const problems: string[][] = [];
  const service = inject("url");
  const polled = { timeout: 60_000 };
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  const pods = (state: string): Locator =>
    twinOf(page).getByRole("row", { name: new RegExp(`^web-.* default \\S+ ${state} `) });
  const shows = (text: string): Promise<void> =>
    expect.poll(() => terminal.text(), polled).toContain(text);
  const showPicture = (): Promise<void> => page.getByRole("tab", { name: "Picture" }).click();

  beforeAll(async () => {
    browser = await launch();
    const opened = await openPage(await browser.newContext());
    page = opened.page;
    problems.push(opened.problems);
    terminal = new TerminalIn(page);
    course = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><title>Course</title><h1>Course</h1>${snippet}`);
    });
    await new Promise<void>((done) => course.listen(0, "127.0.0.1", done));
  });
  afterAll(async () => {
    await browser?.close();
    course?.close();
  });
  let snippet = "";
  let home = "";

  test("a button makes a cluster and shows its prompt", async () => {
    await page.goto(service);
    await button("Make a sandbox").click();
    await page.getByRole("tab", { name: "control-plane" }).waitFor();
    await act(page, "Terminals for screen readers too");
    await shows("root@control-plane:~#");
    home = page.url();
  });

  test("the first Deployment is typed, and its Pods start in the picture", async () => {
    await terminal.type("kubectl create deployment web --image=nginx --replicas=2");
    await shows("deployment.apps/web created");
    await expect.poll(() => pods("ready").count(), polled).toBe(2);
  });

  test("it is scaled in the YAML editor, tried and seen before it is saved", async () => {
    await showObjects(page);
    await page.getByRole("combobox", { name: "Kind" }).selectOption("deployments.apps");
    await button("web").click();
    const yaml = page.getByRole("textbox", { name: "YAML of Deployment web" });
    await yaml.getByText("replicas: 2").first().click();
    expect(await button("Save").isDisabled()).toBe(true);
    await page.keyboard.press("End");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("4");
    await button("Try").click();
    await page.getByLabel("Difference").getByText("+  replicas: 4").waitFor();
    await button("Save").click();
    await page.getByText("Saved.").waitFor();
    await page.getByRole("button", { name: "Close the detail" }).click();
    await showPicture();
    await expect.poll(() => pods("ready").count(), polled).toBe(4);
  });

  test("a roll-out is watched, between its floor and its ceiling", async () => {
    await terminal.type("kubectl set image deployment/web nginx=nginx:1.27");
    const strip = page.getByRole("img", { name: /^Rolling out web: \d+ old, \d+ new,/ });
    await strip.waitFor();
    expect(await strip.getAttribute("aria-label")).toContain(
      "never fewer than 3, never more than 5",
    );
    await page.getByRole("img", { name: /^Rolled out web: 0 old, 4 new, 4 available/ }).waitFor();
  });

  test("an image that does not exist: the old Pods keep serving, and it is said why", async () => {
    await terminal.type("kubectl set image deployment/web nginx=nginx:1.161");
    const stuck = pods("cannot start");
    await stuck.first().waitFor();
    expect(await stuck.first().textContent()).toMatch(/ErrImagePull|ImagePullBackOff/);
    expect(await pods("ready").count()).toBe(3);
    await stuck
      .first()
      .getByRole("button", { name: /^Why is web-/ })
      .press("Enter");
    const why = page.getByRole("tabpanel", { name: "Why?" }).getByRole("status");
    await why.getByText("nginx has no tag 1.161").waitFor();
    await page.getByRole("button", { name: "Close the detail" }).click();
  });

  test("a node is stopped by its button, time runs faster, and the node falls silent", async () => {
    await twinOf(page).getByRole("button", { name: "node-1", exact: true }).press("Enter");
    await page.getByRole("tab", { name: "Actions" }).click();
    await button("Switch it off").click();
    await button("Switch it on").waitFor();
    await page.getByRole("combobox", { name: "Speed" }).selectOption("10x");
    await twinOf(page)
      .getByRole("row", { name: /^node-1 NotReady/ })
      .waitFor();
    await page.getByRole("combobox", { name: "Speed" }).selectOption("1x");
    await page.getByRole("button", { name: "Close the detail" }).click();
  });

  /** Shows the moment at which the second image was set, from the timeline. */
  const lookBack = async (): Promise<void> => {
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.getByRole("combobox", { name: "By" }).selectOption("people");
    const set = page
      .getByRole("list", { name: "What happened, newest first" })
      .getByRole("listitem")
      .filter({ hasText: "Deployment web" });
    // The newest is the image that does not exist, below it the one that does.
    await set
      .nth(1)
      .getByRole("button", { name: /^Look at / })
      .click();
    await page.getByText(/^You look at revision/).waitFor();
    await showPicture();
  };

  test("it is scrubbed back, and forked there", async () => {
    await lookBack();
    await expect.poll(() => pods("ready").count(), polled).toBe(4);
    expect(await pods("cannot start").count()).toBe(0);
    const fork = page.waitForURL((url) => url.href !== home && url.pathname.startsWith("/s/"));
    await button("Fork from here").click();
    await fork;
    await shows("root@control-plane:~#");
    await page.getByRole("img", { name: /^Picture of the cluster: / }).waitFor();
    await terminal.type("clear; kubectl get deployment web -o wide");
    await shows("nginx:1.27");
    expect(await pods("cannot start").count()).toBe(0);
  });

  test("what people did since is undone", async () => {
    await page.goto(home);
    await shows("root@control-plane:~#");
    await lookBack();
    await button("Undo to here…").click();
    const dialog = page.getByRole("dialog", { name: /^Undo to revision \d+\?$/ });
    await dialog.getByRole("button", { name: "Undo", exact: true }).click();
    await page.getByText(/^Went back to revision/).waitFor();
    await expect.poll(() => pods("ready").count(), polled).toBe(4);
    await expect.poll(() => pods("cannot start").count(), polled).toBe(0);
    await twinOf(page)
      .getByRole("row", { name: /^node-1 Ready/ })
      .waitFor();
  });

  test("it is shared: a second browser looks, and changes nothing", async () => {
    await openShare(page);
    await page.getByLabel("As", { exact: true }).selectOption("viewer");
    await button("Make an invitation").click();
    const link = await page.getByLabel("the invitation link", { exact: true }).textContent();
    const guest = await openPage(await browser.newContext());
    problems.push(guest.problems);
    await guest.page.goto(link!);
    await guest.page.getByLabel("How others see you").fill("Robin");
    await guest.page.getByRole("button", { name: "Accept" }).click();
    const ready = twinOf(guest.page).getByRole("row", { name: /^web-\S+ default \S+ ready / });
    await expect.poll(() => ready.count(), polled).toBe(4);
    expect(await guest.page.getByRole("tab", { name: "control-plane" }).count()).toBe(0);
    expect(await guest.page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    await page.getByText(/^Robin/).waitFor();
    await guest.page.context().close();
  });

  test("it is embedded on another origin", async () => {
    await button("Make a snippet").click();
    snippet = (await page.getByLabel("the snippet for HTML", { exact: true }).textContent())!;
    const reader = await openPage(await browser.newContext());
    problems.push(reader.problems);
    // The service is at 127.0.0.1: localhost is another site.
    await reader.page.goto(`http://localhost:${(course.address() as AddressInfo).port}/`);
    const frame = reader.page.frameLocator("iframe");
    await expect
      .poll(() => frame.getByRole("row", { name: /^web-.* Running/ }).count(), polled)
      .toBe(4);
    await reader.page.context().close();
  });

  test("nothing went wrong on the way", () => {
    expect(problems.flat()).toEqual([]);
  });
});
