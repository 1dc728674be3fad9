import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { bundleWorker } from "../../scripts/bundle.ts";
import { startServer, type Server } from "../../scripts/server.ts";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";
import { openShare } from "../helpers/desk.ts";

/** Turnstile's script, as far as the page uses it: a button in its place that tells a token. */
const standIn = `window.turnstile = {
  render(place, { sitekey, callback, "error-callback": failed }) {
    for (const [text, told] of [["I am human", () => callback("good")], ["Token used before", () => callback("bad")], ["Fail", () => failed("300010")]]) {
      const button = document.createElement("button");
      button.textContent = text;
      button.dataset.sitekey = sitekey;
      button.onclick = told;
      place.append(button);
    }
    return "widget";
  },
  remove() {},
};`;

describe.skipIf(!executablePath)("where the operator has set Turnstile's keys", () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  let problems: string[];
  let asked: string[];
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-human-"));

  beforeAll(async () => {
    const script = await bundleWorker("test/worker/people/human-stand-in.ts");
    const variables = { TURNSTILE_SITE_KEY: "site-key", TURNSTILE_SECRET: "secret" };
    server = await startServer({
      port: 0,
      tlsPort: 0,
      host: "127.0.0.1",
      statePath,
      script,
      variables,
    });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(statePath, { recursive: true, force: true });
  });

  async function open(at: string): Promise<void> {
    asked = [];
    const context = await browser.newContext();
    ({ page, problems } = await openPage(context));
    await context.route("https://challenges.cloudflare.com/**", async (route) => {
      asked.push(route.request().url());
      await route.fulfill({ contentType: "text/javascript", body: standIn });
    });
    await page.goto(at);
  }

  test("a visitor is asked when they make a sandbox, and not before", async () => {
    await open(server.url);
    await page.getByRole("button", { name: "Make a sandbox" }).waitFor();
    expect(asked).toEqual([]);
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await page.getByRole("heading", { name: "Are you human?" }).waitFor();
    const human = page.getByRole("button", { name: "I am human" });
    await human.waitFor();
    expect(await human.getAttribute("data-sitekey")).toBe("site-key");
    expect(asked).toEqual([
      "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit",
    ]);
    await expectPlain(page);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Nothing was made: it was not shown that you are human.").waitFor();
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await page.getByRole("button", { name: "Fail" }).click();
    await page.getByText("Turnstile does not answer (300010)").waitFor();
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await page.getByRole("button", { name: "Token used before" }).click();
    await page.getByText("Turnstile does not confirm this token").waitFor();
    await page.getByRole("button", { name: "Make a sandbox" }).click();
    await page.getByRole("button", { name: "I am human" }).click();
    await openShare(page);
    expect(asked).toHaveLength(1);
    // The refusals themselves are told by the browser.
    expect(problems.filter((text) => !text.includes("status of 403"))).toEqual([]);
  });

  test("a frame of another site does not ask, and leads to the page that does", async () => {
    const course = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><iframe src="${server.url}/embed/l/first-pods"></iframe>`);
    });
    await new Promise<void>((done) => course.listen(0, "127.0.0.1", done));
    try {
      await open(`http://localhost:${(course.address() as AddressInfo).port}/`);
      const frame = page.frameLocator("iframe");
      await frame.getByRole("button", { name: "Start" }).click();
      await frame.getByText("not in a frame: open it there.").waitFor();
      const link = frame.getByRole("link", { name: "Open in Podyard" });
      expect(await link.getAttribute("href")).toBe("/l/first-pods");
      expect(asked).toEqual([]);
    } finally {
      course.close();
    }
  });

  test("elsewhere its script may not even be loaded", async () => {
    await open(inject("url"));
    await page.getByRole("button", { name: "Make a sandbox" }).waitFor();
    const refused = page.evaluate(
      () =>
        new Promise<string>((done) => {
          document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
            done(effectiveDirective),
          );
          const script = document.createElement("script");
          script.src = "https://challenges.cloudflare.com/turnstile/v0/api.js";
          document.head.append(script);
        }),
    );
    expect(await refused).toBe("script-src-elem");
    expect(asked).toEqual([]);
  });
});
