import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startServer, type Server } from "../../scripts/server.ts";
import { Issuer } from "../helpers/issuer.ts";
import { addVirtualAuthenticator } from "../helpers/virtual-authenticator.ts";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";
import { openShare } from "../helpers/desk.ts";

/** What somebody does with their account, click by click, at a deployment where a school signs its pupils in. */
describe.skipIf(!executablePath)("an account", () => {
  let issuer: Issuer;
  let server: Server;
  let statePath: string;
  let origin: string;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    issuer = await Issuer.start();
    statePath = mkdtempSync(path.join(tmpdir(), "podyard-account-"));
    server = await startServer({
      port: 0,
      tlsPort: 0,
      host: "127.0.0.1",
      statePath,
      script: inject("script"),
      variables: issuer.variables,
    });
    // Browsers know passkeys by a name, not at an address.
    origin = server.url.replace("127.0.0.1", "localhost");
    browser = await launch();
    ({ page, problems } = await openPage(await browser.newContext({ acceptDownloads: true })));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    await addVirtualAuthenticator(page);
    page.on("dialog", (dialog) => void dialog.accept());
  });
  afterAll(async () => {
    await browser?.close();
    issuer?.stop();
    await server?.stop();
    rmSync(statePath, { recursive: true, force: true });
  });

  const bar = (of = page) => of.getByRole("navigation", { name: "You" });
  const panel = (title: string) => page.getByRole("region", { name: title, exact: true });

  test("made without a name, a sandbox stays one's own when a provider signs one in", async () => {
    await page.goto(origin);
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await openShare(page);
    await page.goto(`${origin}/me`);
    await page.getByText("Only this browser's cookie knows you.").waitFor();
    await expectPlain(page);
    await bar().getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Continue with The school" }).click();
    await page.getByRole("link", { name: "Agree" }).click();
    await page.getByRole("heading", { name: "Pupil One" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/me");
    await panel("Sandboxes")
      .getByText(/owner, until/)
      .waitFor();
    await panel("Linked accounts").getByText("as Pupil One").waitFor();
    await expectPlain(page);
  });

  test("what is one's own appears all at once: nothing moves under the pointer", async () => {
    let release = (): void => {};
    const held = new Promise<void>((done) => (release = done));
    await page.route("**/api/me/sessions", async (route) => {
      await held;
      await route.continue();
    });
    const others = page.waitForResponse("**/api/me/tokens");
    await page.reload();
    await (await others).finished();
    await page.getByRole("heading", { name: "Pupil One" }).waitFor();
    const tokens = page.getByText("Make a token");
    expect(await tokens.isVisible()).toBe(false);
    release();
    await tokens.waitFor();
    expect(await panel("Sessions").getByText("this one").isVisible()).toBe(true);
    await page.unroute("**/api/me/sessions");
  });

  test("who declines at the provider reads so, and finds the way back", async () => {
    const visitor = await openPage(await browser.newContext());
    await visitor.page.goto(origin);
    await bar(visitor.page).getByRole("button", { name: "Sign in" }).click();
    await visitor.page.getByRole("button", { name: "Continue with The school" }).click();
    await visitor.page.getByRole("link", { name: "Decline" }).click();
    await visitor.page.getByText("you declined at The school; nothing has changed").waitFor();
    await expectPlain(visitor.page);
    await visitor.page.getByRole("link", { name: "Back to Podyard" }).click();
    await visitor.page.getByRole("button", { name: "Make a sandbox" }).waitFor();
    await visitor.page.context().close();
  });

  test("a passkey is added and removed, and so is the other way in, but not the last", async () => {
    const passkeys = panel("Passkeys");
    await passkeys.getByRole("button", { name: "Add a passkey" }).click();
    await passkeys.getByText("Chrome on Linux").waitFor();
    await panel("Linked accounts").getByRole("button", { name: "Unlink Pupil One" }).click();
    await expect.poll(() => panel("Linked accounts").getByText("as Pupil One").count()).toBe(0);
    await passkeys.getByRole("button", { name: "Remove the passkey Chrome on Linux" }).click();
    await passkeys.getByText("this is your last way to sign in").waitFor();
    await panel("Linked accounts").getByRole("button", { name: "Link The school" }).click();
    await page.getByRole("link", { name: "Agree" }).click();
    await panel("Linked accounts").getByText("as Pupil One").waitFor();
    await passkeys.getByRole("button", { name: "Remove the passkey Chrome on Linux" }).click();
    await expect.poll(() => passkeys.getByText("Chrome on Linux").count()).toBe(0);
  });

  test("one's name is changed", async () => {
    await page.getByLabel("How others see you").fill("First pupil");
    await panel("Name").getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "First pupil" }).waitFor();
  });

  test("an API token is shown once, copied, used and revoked", async () => {
    const tokens = panel("API tokens");
    await tokens.getByText("Make a token").click();
    await tokens.getByLabel("What it is for").fill("course");
    await tokens.getByLabel("snapshots:read").check();
    await expectPlain(page);
    await tokens.getByRole("button", { name: "Make it" }).click();
    const token = await tokens.getByLabel("the API token", { exact: true }).textContent();
    await tokens.getByRole("button", { name: "Copy the API token" }).click();
    await tokens.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
    const asked = async (at: string): Promise<number> =>
      (await fetch(origin + at, { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await asked("/api/sandboxes"), await asked("/api/me")]).toEqual([200, 403]);
    await page.reload();
    await tokens.getByText("sandboxes:read, snapshots:read").waitFor();
    expect(await tokens.getByLabel("the API token", { exact: true }).count()).toBe(0);
    await tokens.getByRole("button", { name: "Revoke course" }).click();
    await expect.poll(() => tokens.getByText("course").count()).toBe(0);
    expect(await asked("/api/sandboxes")).toBe(401);
  });

  test("one session is signed out from another, and then all", async () => {
    const elsewhere = await openPage(await browser.newContext());
    const other = elsewhere.page;
    await other.goto(`${origin}/me`);
    await bar(other).getByRole("button", { name: "Sign in" }).click();
    await other.getByRole("button", { name: "Continue with The school" }).click();
    await other.getByRole("link", { name: "Agree" }).click();
    await other.getByRole("heading", { name: "First pupil" }).waitFor();
    await page.reload();
    const sessions = panel("Sessions");
    await expect.poll(() => sessions.getByRole("listitem").count()).toBe(2);
    await sessions.getByRole("button", { name: /^Sign out Chrome on Linux/ }).click();
    await expect.poll(() => sessions.getByRole("listitem").count()).toBe(1);
    await sessions.getByText("(this one)").waitFor();
    await other.reload();
    await other.getByText("Nobody is known here yet").waitFor();
    await other.context().close();
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("heading", { name: "A Kubernetes cluster to play with" }).waitFor();
    await bar().getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Continue with The school" }).click();
    await page.getByRole("link", { name: "Agree" }).click();
    await bar().getByRole("link", { name: "First pupil" }).waitFor();
  });

  test("everything of one's own is exported", async () => {
    await page.goto(`${origin}/me`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export my data" }).click(),
    ]);
    const text = readFileSync(await download.path(), "utf8");
    expect(JSON.parse(text)).toMatchObject({ sandboxes: [{ nodes: 3 }], cutShort: [] });
    expect(text).toContain("First pupil");
  });

  test("an account is deleted with its sandboxes, once its name was typed", async () => {
    const sandbox = await panel("Sandboxes").getByRole("link").first().getAttribute("href");
    const remove = page.getByRole("button", { name: "Delete my account" });
    await page.getByLabel(/^To delete your account/).fill("First pupi");
    expect(await remove.isDisabled()).toBe(true);
    await page.getByLabel(/^To delete your account/).fill("First pupil");
    await remove.click();
    await page.getByRole("heading", { name: "A Kubernetes cluster to play with" }).waitFor();
    expect(problems).toEqual(unlinkedLast);
    await page.goto(origin + sandbox);
    await page.getByRole("heading", { name: "It does not open" }).waitFor();
    // The school's pupil is somebody new now.
    await bar().getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Continue with The school" }).click();
    await page.getByRole("link", { name: "Agree" }).click();
    await bar().getByRole("link", { name: "Pupil One" }).waitFor();
    await page.goto(`${origin}/me`);
    await page.getByText("None. One is made on the first page.").waitFor();
  });

  /** What a browser says itself of an answer that the page tells. */
  const unlinkedLast = [expect.stringMatching(/ 409 \(Conflict\) \S+\/api\/me\/passkeys\//)];
});
