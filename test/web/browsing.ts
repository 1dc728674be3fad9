import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium, firefox, type Browser, type BrowserContext, type Page } from "playwright-core";
import { expect } from "vitest";
import { faultsIn } from "../helpers/axe.ts";
import { findChromium, findFirefox } from "../helpers/chromium.ts";
import { skipNote } from "../helpers/kubectl.ts";

/** Real Chromium, for the tests of this folder. */

export const executablePath = findChromium();
if (!executablePath)
  skipNote("no Chromium was found (set CHROMIUM to name one); the pages were not tested");

export const launch = (args: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox", ...args] });

const firefoxPath = findFirefox();
if (!firefoxPath)
  skipNote("no Firefox was found (set FIREFOX to name one); the main path was not tested in it");

/** Firefox as it is distributed, by WebDriver BiDi. */
async function launchFirefox(): Promise<Browser> {
  const folder = mkdtempSync(path.join(tmpdir(), "podyard-firefox-"));
  const file = path.join(folder, "firefox");
  const adapter = path.join(import.meta.dirname, "../helpers/firefox-adapter.ts");
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${adapter}" "${firefoxPath}" "$@"\n`);
  chmodSync(file, 0o700);
  const browser = await firefox.launch({ channel: "moz-firefox", executablePath: file });
  browser.on("disconnected", () => rmSync(folder, { recursive: true, force: true }));
  return browser;
}

/** Those that are there. */
export const browsers: { name: string; launch: () => Promise<Browser> }[] = [
  ...(executablePath ? [{ name: "Chromium", launch: () => launch() }] : []),
  ...(firefoxPath ? [{ name: "Firefox", launch: launchFirefox }] : []),
];

export const phone = { width: 375, height: 700 };

/** What went wrong in a page, as its console and its errors tell it. */
export function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${message.text()} ${message.location().url}`);
  });
  return problems;
}

export async function openPage(
  context: BrowserContext,
): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return { page, problems: problemsOf(page) };
}

/** On a phone nothing is wider than the screen, every field has a label, and headings go down by one; axe finds nothing. */
export async function expectPlain(page: Page): Promise<void> {
  expect(await faultsIn(page)).toEqual([]);
  const size = page.viewportSize();
  await page.setViewportSize(phone);
  const found = await page.evaluate(() => {
    const fields = [...document.querySelectorAll("input, select, textarea")];
    const named = [...document.querySelectorAll("button, a[href], iframe, img:not([alt=''])")];
    // A dialog lies over the page, not in its outline.
    const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
      .filter((one) => !one.closest("dialog"))
      .map((one) => Number(one.tagName[1]));
    return {
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      unlabelled: fields
        .filter(
          (field) =>
            !(field as HTMLInputElement).labels?.length && !field.getAttribute("aria-label"),
        )
        .map((field) => field.outerHTML),
      unnamed: named
        .filter(
          (one) =>
            !one.textContent?.trim() &&
            !["aria-label", "title", "alt"].some((name) => one.getAttribute(name)),
        )
        .map((one) => one.outerHTML),
      titles: levels.filter((level) => level === 1).length,
      leaps: levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1),
    };
  });
  expect(found).toEqual({ overflow: 0, unlabelled: [], unnamed: [], titles: 1, leaps: [] });
  if (size) await page.setViewportSize(size);
}
