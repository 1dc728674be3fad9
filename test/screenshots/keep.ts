import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { makeSandbox } from "../helpers/sandbox.ts";
import { promptOf, type Stage } from "./stage.ts";
import { views } from "./views.ts";

/** What README.md shows: four views, and a roll-out as it goes. */

const folder = path.join(import.meta.dirname, "../../docs");
const pictureBytesMax = 150_000;
const recordingBytesMax = 600_000;

const kept: [view: string, form: string][] = [
  ["desk", "light"],
  ["objects", "dark"],
  ["timeline", "light"],
  ["picture", "phone"],
];

type Open = (form: string) => Promise<Page>;

export async function keepPictures(browser: Browser, stage: Stage, open: Open): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, form] of kept) {
    const page = await open(form);
    await views.find((one) => one.name === name)!.show(page, stage);
    await page.waitForTimeout(400);
    const file = `${name}-${form}.webp`;
    const bytes = await sharp(await page.screenshot())
      .webp({ quality: 88, effort: 6 })
      .toBuffer();
    keep(file, bytes, pictureBytesMax);
    await page.context().close();
  }
  keep("rollout.webp", await record(browser, stage), recordingBytesMax);
}

function keep(file: string, bytes: Buffer, max: number): void {
  writeFileSync(path.join(folder, file), bytes);
  console.log(`docs/${file}: ${bytes.length} bytes`);
  if (bytes.length > max) throw new Error(`${file} has more than ${max} bytes`);
}

const frameMs = 200;
const recordedMs = 14_000;
const width = 860;

/** Types the update and watches it, in a cluster of its own. */
async function record(browser: Browser, { origin }: Stage): Promise<Buffer> {
  const sandbox = await makeSandbox(origin, { nodes: 2 });
  const context = await browser.newContext({
    viewport: { width: 1080, height: 800 },
    colorScheme: "light",
  });
  const page = await context.newPage();
  await page.goto(sandbox.url);
  await promptOf(page);
  const understood = page.getByRole("button", { name: "Understood" });
  if (await understood.isVisible()) await understood.click();
  const terminal = page.getByRole("textbox", { name: "Terminal input" });
  await terminal.focus();
  const type = async (line: string, delay: number): Promise<void> => {
    await page.keyboard.type(line, { delay });
    await page.keyboard.press("Enter");
  };
  await type("kubectl create deployment web --image=nginx:1.27 --replicas=4; clear", 0);
  await page.waitForTimeout(8_000);
  const frames: Buffer[] = [];
  const typed = type("kubectl set image deployment/web nginx=nginx:1.29", 35);
  const begun = performance.now();
  for (let at = begun; at < begun + recordedMs; at += frameMs) {
    await page.waitForTimeout(Math.max(0, at - performance.now()));
    frames.push(await page.screenshot());
  }
  await typed;
  await context.close();
  const small = await Promise.all(
    frames.map((frame) => sharp(frame).resize({ width }).png().toBuffer()),
  );
  const delay = small.map((_, at) => (at === small.length - 1 ? 2_000 : frameMs));
  return sharp(small, { join: { animated: true } })
    .webp({ quality: 70, effort: 5, delay, loop: 0, minSize: true })
    .toBuffer();
}
