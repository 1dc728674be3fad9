/**
 * `npm run screenshots`: pictures of the main views in light, dark and on a phone, into .wrangler/screenshots, from a cluster of their
 * own. `-- --only desk,share` takes those alone, `-- --axe` has axe look at each, `-- --keep` makes the ones that README.md shows, into docs/.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";
import { buildPageIfStale } from "../../scripts/page.ts";
import { startServer } from "../../scripts/server.ts";
import { faultsIn } from "../helpers/axe.ts";
import { findChromium } from "../helpers/chromium.ts";
import { keepPictures } from "./keep.ts";
import { setUp, type Stage } from "./stage.ts";
import { emptyViews, views } from "./views.ts";

const root = path.join(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    forms: { type: "string", default: "light,dark,phone" },
    keep: { type: "boolean", default: false },
    axe: { type: "boolean", default: false },
  },
});

const forms: Record<string, { width: number; height: number; colorScheme: "light" | "dark" }> = {
  light: { width: 1280, height: 800, colorScheme: "light" },
  dark: { width: 1280, height: 800, colorScheme: "dark" },
  phone: { width: 360, height: 740, colorScheme: "light" },
};

export async function openForm(browser: Browser, form: string, stage: Stage): Promise<Page> {
  const { width, height, colorScheme } = forms[form]!;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    hasTouch: form === "phone",
    deviceScaleFactor: form === "phone" ? 2 : 1,
  });
  await context.addCookies(stage.cookies);
  // As if it had made the sandbox: the page asks who one is only where somebody may be known.
  await context.addInitScript(() => localStorage.setItem("podyard.known", "1"));
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => console.error(`${form}: ${error}`));
  return page;
}

async function takeAll(browser: Browser, stage: Stage): Promise<void> {
  const folder = path.join(root, ".wrangler/screenshots");
  mkdirSync(folder, { recursive: true });
  const only = values.only?.split(",");
  const chosen = [...views, ...emptyViews].filter(({ name }) => only?.includes(name) ?? true);
  for (const form of values.forms.split(",")) {
    for (const { name, whole = false, show } of chosen) {
      const page = await openForm(browser, form, stage);
      const file = path.join(folder, `${name}-${form}.png`);
      await show(page, stage).catch((error: unknown) => console.error(`${name} ${form}: ${error}`));
      await page.waitForTimeout(400);
      await page.screenshot({ path: file, fullPage: whole });
      console.log(path.relative(root, file));
      for (const fault of values.axe ? await faultsIn(page) : []) {
        console.error(`${name} ${form}: ${fault}`);
        process.exitCode = 1;
      }
      await page.context().close();
    }
  }
}

const executablePath = findChromium();
if (!executablePath) throw new Error("no Chromium was found: set CHROMIUM to name one");
buildPageIfStale();
const statePath = mkdtempSync(path.join(tmpdir(), "podyard-screenshots-"));
const server = await startServer({ port: 0, tlsPort: 0, host: "127.0.0.1", statePath });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const stage = await setUp(browser, server.url);
  if (values.keep) await keepPictures(browser, stage, (form) => openForm(browser, form, stage));
  else await takeAll(browser, stage);
} finally {
  await browser.close();
  await server.stop();
  rmSync(statePath, { recursive: true, force: true });
}
