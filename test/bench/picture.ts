/**
 * `node test/bench/picture.ts`: what the picture costs a browser while all Pods move, as many as are shapes alone, and as still have
 * their names. Prints JSON. One page of Chromium has the product's own stage, without a server: no transfer, no list.
 */
import { build } from "esbuild";
import { chromium, type Page } from "playwright-core";
import path from "node:path";
import { findChromium } from "../helpers/chromium.ts";
import { quantile } from "./load.ts";

export interface Drawn {
  pods: number;
  /** On the CPU: a layout, and what is called in a frame (the median). */
  layoutMs: number;
  drawMs: number;
  /** CPU of the page's process for a frame, its painting included; under any load the same work. */
  cpuMs: number;
  /** While all Pods move all the time; and how long the longest of a hundred frames was seen. */
  framesPerSecond: number;
  slowFrameMs: number;
}

interface Measured {
  layoutMs: number;
  drawMs: number[];
  /** From one frame to the next. */
  gapsMs: number[];
}

const root = path.join(import.meta.dirname, "../..");
const entry = `
import { layOut } from "./web/picture/layout.ts";
import { sceneOf } from "./web/picture/scene.ts";
import { Stage } from "./web/picture/stage.ts";
export { layOut, sceneOf, Stage };`;
const counts = [500, 120];
const warmUpMs = 1_000;
const measuredMs = 4_000;

const { outputFiles } = await build({
  stdin: { contents: entry, resolveDir: root, loader: "ts" },
  bundle: true,
  format: "iife",
  globalName: "picture",
  write: false,
});
const browser = await chromium.launch({ executablePath: findChromium()!, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  await page.setContent("<body style='margin: 20px'><div><canvas></canvas></div></body>");
  await page.addScriptTag({ content: outputFiles[0]!.text });
  const usedMs = await cpuOf(page);
  const drawn: Drawn[] = [];
  for (const pods of counts) drawn.push(await drawnWith(page, pods, usedMs));
  console.log(JSON.stringify(drawn));
} finally {
  await browser.close();
}

async function drawnWith(page: Page, pods: number, usedMs: () => Promise<number>): Promise<Drawn> {
  // As a page that one looks at for a while: its code is compiled and its letters are known.
  await page.evaluate(move, { pods, forMs: warmUpMs });
  const beforeMs = await usedMs();
  const { layoutMs, drawMs, gapsMs } = await page.evaluate(move, { pods, forMs: measuredMs });
  const cpuMs = ((await usedMs()) - beforeMs) / gapsMs.length;
  const framesPerSecond = (1_000 * gapsMs.length) / gapsMs.reduce((all, one) => all + one, 0);
  gapsMs.sort((a, b) => a - b);
  drawMs.sort((a, b) => a - b);
  return {
    pods,
    layoutMs,
    drawMs: quantile(drawMs, 0.5),
    cpuMs,
    framesPerSecond,
    slowFrameMs: quantile(gapsMs, 0.99),
  };
}

/** CPU that the page's process has used so far, in ms. */
async function cpuOf(page: Page): Promise<() => Promise<number>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  return async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return 1_000 * metrics.find(({ name }) => name === "ProcessTime")!.value;
  };
}

/** Runs in the page: all Pods go to other nodes, and before they are there to the next ones. */
async function move({ pods: count, forMs }: { pods: number; forMs: number }): Promise<Measured> {
  // oxlint-disable-next-line typescript/no-explicit-any
  const { layOut, sceneOf, Stage } = (globalThis as any).picture;
  const name = (i: number): string => `web-5d4f8c7b9-${(i + 46_656).toString(36)}`;
  const sceneAt = (step: number): unknown => {
    const pods = Array.from({ length: count }, (_, i) => ({
      metadata: { name: name(i), uid: String(i), namespace: "default" },
      spec: {
        nodeName: `node-${(i + step) % 6}`,
        containers: [{ name: "a" }, { name: "b" }],
      },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: i % 5 ? "True" : "False" }],
      },
    }));
    const nodes = Array.from({ length: 6 }, (_, i) => ({
      metadata: { name: `node-${i}`, uid: `n${i}` },
    }));
    const empty = { deployments: [], replicaSets: [], services: [], slices: [], traces: [] };
    return sceneOf({ nodes, pods, ...empty });
  };
  const scenes = [0, 1, 2].map(sceneAt);
  const laidFrom = performance.now();
  layOut(scenes[0], 1160);
  const layoutMs = performance.now() - laidFrom;
  const drawMs: number[] = [];
  const ask = requestAnimationFrame.bind(globalThis);
  // What the stage does in a frame.
  globalThis.requestAnimationFrame = (draw) =>
    ask((at) => {
      const begunMs = performance.now();
      draw(at);
      drawMs.push(performance.now() - begunMs);
    });
  const audience = { time: () => ({ speed: 1, nowMs: 0 }), pointed() {}, select() {} };
  const stage = new Stage(document.querySelector("canvas"), audience);
  let step = 0;
  const next = (): void => stage.show(scenes[step++ % scenes.length], "nodes");
  next();
  const timer = setInterval(next, 200);
  const gapsMs: number[] = [];
  let lastMs = await new Promise<number>(ask);
  const endMs = lastMs + forMs;
  while (lastMs < endMs) {
    const atMs = await new Promise<number>(ask);
    gapsMs.push(atMs - lastMs);
    lastMs = atMs;
  }
  clearInterval(timer);
  stage.end();
  globalThis.requestAnimationFrame = ask;
  return { layoutMs, drawMs, gapsMs };
}
