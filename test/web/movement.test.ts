import path from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executablePath, launch } from "./browsing.ts";

/** Frames of a movement copy what was drawn once: they look as if all were drawn anew. */

const entry = `
import { draw } from "./web/picture/draw.ts";
import { Kept } from "./web/picture/frame-copies.ts";
import { layOut } from "./web/picture/layout.ts";
import { frameAt, transitionTo } from "./web/picture/motion.ts";
import { readPalette } from "./web/picture/colours.ts";
import { sceneOf } from "./web/picture/scene.ts";
export { draw, Kept, layOut, frameAt, transitionTo, readPalette, sceneOf };`;

describe.skipIf(!executablePath)("a movement in the picture", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: path.join(import.meta.dirname, "../.."), loader: "ts" },
      bundle: true,
      format: "iife",
      globalName: "picture",
      write: false,
    });
    browser = await launch();
    page = await browser.newPage();
    await page.setContent(
      "<body style='--card: #fff; --code: #eee; --ink: #000; --good: #080; --line: #999'>",
    );
    await page.addScriptTag({ content: outputFiles[0]!.text });
  });
  afterAll(() => browser?.close());

  test.each([
    [6, 1, "words"],
    [6, 2, "words"],
    [100, 1, "names"],
    [500, 1, "shapes"],
  ])("%i Pods, %i pixels for one: %s", async (count, scale, density) => {
    const seen = await page.evaluate(compare, { count, scale });
    expect(seen.density).toBe(density);
    expect(seen.drawn).toBeGreaterThan(0.01);
    // Letters lie on whole pixels; a Pod in another place would be twice what is drawn.
    expect(seen.other / seen.drawn).toBeLessThan(0.4);
  });
});

/** Runs in the page: shares of pixels that are drawn at all, and that are clearly others, in the middle of a movement. */
async function compare({ count, scale }: { count: number; scale: number }) {
  // oxlint-disable-next-line typescript/no-explicit-any
  const picture = (globalThis as any).picture;
  const sceneAt = (step: number): unknown => {
    const pods = Array.from({ length: count + step }, (_, i) => ({
      metadata: { name: `web-${i}`, uid: String(i), namespace: "default" },
      spec: { nodeName: `node-${(i + step) % 3}`, containers: [{ name: "a" }] },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: i % 5 ? "True" : "False" }],
      },
    }));
    const nodes = [0, 1, 2].map((i) => ({ metadata: { name: `node-${i}`, uid: `n${i}` } }));
    const empty = { deployments: [], replicaSets: [], services: [], slices: [], traces: [] };
    return picture.sceneOf({ nodes, pods, ...empty });
  };
  const width = 900;
  const [before, layout] = [0, 1].map((step) => picture.layOut(sceneAt(step), width));
  const still = { nowMs: 0, speed: 1, isReduced: false };
  const first = picture.frameAt(picture.transitionTo(before, undefined, still), 0);
  const moves = picture.transitionTo(layout, { layout: before, frame: first }, still);
  const frame = picture.frameAt(moves, 70);
  const marks = { pointed: undefined, hasFocus: false, selected: undefined };
  const painted = (keeps: boolean): Uint8ClampedArray => {
    const canvas = document.createElement("canvas");
    canvas.width = width * scale;
    canvas.height = Math.round(layout.height * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const pen = { context, palette: picture.readPalette(document.body), nowMs: 0 };
    const kept = keeps ? new picture.Kept() : undefined;
    kept?.prepare(pen, layout, scale);
    picture.draw(pen, layout, frame, marks, kept);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const [anew, copied] = [painted(false), painted(true)];
  let [drawn, other] = [0, 0];
  for (let at = 0; at < anew.length; at += 4) {
    const isOther = [0, 1, 2, 3].some((i) => Math.abs(anew[at + i]! - copied[at + i]!) > 96);
    if (isOther) other++;
    if (anew[at + 1]! < 160 && anew[at + 3] === 255) drawn++;
  }
  const all = anew.length / 4;
  return { density: layout.density as string, drawn: drawn / all, other: other / all };
}
