/**
 * `node test/bench/page.ts`: what the page costs a browser, in Chromium against a server of its own: bytes until something is painted,
 * time until it can be used on a slow machine, from the start page's button to a prompt, from a key to its echo, and what a page that
 * is open and idle asks of its sandbox. Prints JSON. The picture's frames are in picture.ts.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { chromium, type Browser, type Page } from "playwright-core";
import { bundleWorker } from "../../scripts/bundle.ts";
import { buildPageIfStale } from "../../scripts/page.ts";
import { findChromium } from "../helpers/chromium.ts";
import { makeSandbox } from "../helpers/sandbox.ts";
import { root, withHostedServer } from "./hosted-server.ts";
import { quantile } from "./load.ts";
import type { Meter } from "./meter.ts";

export interface PageFigures {
  /** Gzipped, of what is loaded before the first paint: of the start page, of a sandbox's. */
  start: Painted;
  desk: Painted;
  /** At a fourth of the CPU, from the navigation: the button can be pressed; the picture is drawn and the prompt is there. */
  slow: { startMs: number; deskMs: number };
  /** From the click on the start page's button to the new sandbox's prompt; each of so many. */
  promptMs: number[];
  echo: { p50Ms: number; p95Ms: number };
  /** An hour of an open page that nobody touches. */
  idle: { requests: number; objectRequests: number; alarms: number; objectMs: number };
}

export interface Painted {
  scriptBytes: number;
  styleBytes: number;
  paintMs: number;
  files: string[];
}

const prompt = "root@control-plane:~#";

/** Files of the page that were asked for before its first paint, as the network would carry them. */
async function painted(browser: Browser, url: string): Promise<Painted> {
  const page = await browser.newPage();
  await page.goto(url);
  const { paintMs, files } = await page.evaluate(async () => {
    const first = await new Promise<number>((resolve) => {
      new PerformanceObserver((list) => {
        for (const { name, startTime } of list.getEntries())
          if (name === "first-contentful-paint") resolve(startTime);
      }).observe({ type: "paint", buffered: true });
    });
    const loaded = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const before = loaded.filter(({ startTime }) => startTime < first);
    return { paintMs: first, files: before.map(({ name }) => new URL(name).pathname) };
  });
  await page.close();
  const own = [...new Set(files)].filter((file) => /\.(js|css)$/.test(file));
  const bytesOf = (end: string): number =>
    own
      .filter((file) => file.endsWith(end))
      .reduce((sum, file) => sum + gzipSync(readFileSync(`${root}/dist/web${file}`)).length, 0);
  return { scriptBytes: bytesOf(".js"), styleBytes: bytesOf(".css"), paintMs, files: own };
}

const hasPrompt = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    (text) => document.querySelector(".xterm-rows")?.textContent?.includes(text),
    prompt,
  );

/** The end of the last task that kept the page from answering, when what it waits for is there. */
async function usableMs(
  browser: Browser,
  url: string,
  ready: (page: Page) => Promise<unknown>,
): Promise<number> {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.addInitScript(() => {
    const tasks: number[] = ((globalThis as unknown as { ends: number[] }).ends = []);
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) tasks.push(startTime + duration);
    }).observe({ type: "longtask", buffered: true });
  });
  await page.goto(url);
  await ready(page);
  const end = await page.evaluate(async () => {
    const readyMs = performance.now();
    // What it began is over when it has been quiet for a moment.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { ends } = globalThis as unknown as { ends: number[] };
    return Math.max(readyMs, ...ends.filter((one) => one < readyMs + 1_000));
  });
  await page.close();
  return end;
}

async function clickToPrompt(browser: Browser, url: string): Promise<number> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  const button = page.getByRole("button", { name: "Make a sandbox" });
  await button.waitFor();
  const before = performance.now();
  await button.click();
  await hasPrompt(page);
  const took = performance.now() - before;
  await page.context().close();
  return took;
}

/** In the page itself, from the key's event to the row that shows it. */
async function echoes(page: Page, count: number): Promise<number[]> {
  await page.getByRole("textbox", { name: "Terminal input" }).focus();
  await page.evaluate(() => {
    const took: number[] = ((globalThis as unknown as { took: number[] }).took = []);
    let at: number | undefined;
    addEventListener("keydown", () => (at = performance.now()), { capture: true });
    new MutationObserver(() => {
      if (at !== undefined) took.push(performance.now() - at);
      at = undefined;
    }).observe(document.querySelector(".xterm-rows")!, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  });
  for (let i = 0; i < count; i++) {
    await page.keyboard.press(i % 2 === 0 ? "k" : "Backspace");
    // As somebody who types fast.
    await page.waitForTimeout(60);
  }
  return page.evaluate(() => (globalThis as unknown as { took: number[] }).took);
}

/** Time is the server's, and passes when it is told to. */
async function idleHour(browser: Browser): Promise<PageFigures["idle"]> {
  const script = await bundleWorker("test/worker/metered-worker.ts");
  return withHostedServer(
    root,
    async ({ url }) => {
      const meter = async (): Promise<Meter> =>
        (await (await fetch(`${url}/meter`)).json()) as Meter;
      const sandbox = await makeSandbox(url);
      const pass = (ms: number): Promise<Response> =>
        fetch(`${url}/meter/pass?id=${sandbox.id}&ms=${ms}`);
      const page = await browser.newPage();
      await page.goto(sandbox.url);
      await page.locator("canvas").waitFor();
      await hasPrompt(page);
      // What began with the cluster and the page is over, and the page has heard of it.
      for (let i = 0; i < 20; i++) {
        await pass(60_000);
        await page.waitForTimeout(150);
      }
      const before = await meter();
      await pass(60 * 60_000);
      await page.waitForTimeout(3_000);
      const after = await meter();
      await page.close();
      const count = (name: keyof Meter): number => after[name] - before[name];
      return {
        requests: count("requests"),
        objectRequests: count("objectRequests"),
        alarms: count("alarms"),
        objectMs: count("objectMs"),
      };
    },
    { script },
  );
}

const rounds = 5;

async function measured(browser: Browser, url: string): Promise<Omit<PageFigures, "idle">> {
  // The database is made, and the server's code compiled.
  await clickToPrompt(browser, url);
  const sandbox = await makeSandbox(url);
  const promptMs: number[] = [];
  for (let i = 0; i < rounds; i++) promptMs.push(await clickToPrompt(browser, url));
  const page = await browser.newPage();
  await page.goto(sandbox.url);
  await hasPrompt(page);
  await echoes(page, 20);
  const took = (await echoes(page, 100)).sort((a, b) => a - b);
  await page.close();
  return {
    start: await painted(browser, url),
    desk: await painted(browser, sandbox.url),
    slow: {
      startMs: await usableMs(browser, url, (one) =>
        one.getByRole("button", { name: "Make a sandbox" }).waitFor(),
      ),
      deskMs: await usableMs(browser, sandbox.url, (one) =>
        Promise.all([hasPrompt(one), one.locator("canvas").waitFor()]),
      ),
    },
    promptMs,
    echo: { p50Ms: quantile(took, 0.5), p95Ms: quantile(took, 0.95) },
  };
}

buildPageIfStale();
const executablePath = findChromium();
if (!executablePath) throw new Error("no Chromium was found: set CHROMIUM to name one");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const served = await withHostedServer(path.resolve(root), ({ url }) => measured(browser, url));
  const figures: PageFigures = { ...served, idle: await idleHour(browser) };
  console.log(JSON.stringify(figures));
} finally {
  await browser.close();
}
process.exit(0);
