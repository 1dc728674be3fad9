/**
 * `node test/bench/picture.ts`: what the picture costs a browser with 500 Pods that all move. Prints JSON. One page of Chromium
 * draws the product's own code, without a server: no transfer, no list.
 */
import { build } from "esbuild";
import { chromium } from "playwright-core";
import path from "node:path";
import { findChromium } from "../helpers/chromium.ts";

export interface Drawn {
  pods: number;
  /** On the CPU: layout is done once, drawing (the median) every frame. */
  layoutMs: number;
  drawMs: number;
  /** Of a second in which all Pods move all the time. */
  framesPerSecond: number;
}

const root = path.join(import.meta.dirname, "../..");
const entry = `
import { sceneOf } from "./web/picture/scene.ts";
import { layOut } from "./web/picture/layout.ts";
import { draw } from "./web/picture/draw.ts";
import { Ground } from "./web/picture/ground.ts";
import { frameAt } from "./web/picture/motion.ts";
import { readPalette } from "./web/picture/palette.ts";
export { sceneOf, layOut, draw, Ground, frameAt, readPalette };`;

const { outputFiles } = await build({
  stdin: { contents: entry, resolveDir: root, loader: "ts" },
  bundle: true,
  format: "iife",
  globalName: "picture",
  write: false,
});
const browser = await chromium.launch({
  executablePath: findChromium()!,
  args: ["--no-sandbox"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  await page.setContent("<body><canvas width=1200 height=1200></canvas></body>");
  await page.addScriptTag({ content: outputFiles[0]!.text });
  console.log(JSON.stringify(await page.evaluate(measure)));
} finally {
  await browser.close();
}

/** Runs in the page. */
async function measure(): Promise<Drawn> {
  const count = 500;
  // oxlint-disable-next-line typescript/no-explicit-any
  const { sceneOf, layOut, draw, Ground, frameAt, readPalette } = (globalThis as any).picture;
  const name = (i: number): string => `web-5d4f8c7b9-${(i + 46_656).toString(36)}`;
  const pods = Array.from({ length: count }, (_, i) => ({
    metadata: { name: name(i), uid: String(i), namespace: "default" },
    spec: { nodeName: `node-${i % 6}`, containers: [{ name: "a" }, { name: "b" }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: i % 5 ? "True" : "False" }] },
  }));
  const nodes = Array.from({ length: 6 }, (_, i) => ({
    metadata: { name: `node-${i}`, uid: `n${i}` },
  }));
  const empty = { deployments: [], replicaSets: [], services: [], slices: [], traces: [] };
  const scene = sceneOf({ nodes, pods, ...empty });
  const laidFrom = performance.now();
  const layout = layOut(scene, 1160);
  const layoutMs = performance.now() - laidFrom;
  const away = layOut(scene, 600);
  // oxlint-disable-next-line typescript/no-explicit-any
  const from = new Map(away.cells.map((cell: any) => [cell.pod.uid, cell]));
  const canvas = document.querySelector("canvas")!;
  const context = canvas.getContext("2d")!;
  const pen = { context, palette: readPalette(document.body), nowMs: 0 };
  const ground = new Ground();
  const took: number[] = [];
  const marks = { pointed: undefined, hasFocus: false, selected: undefined };
  const startMs = performance.now();
  while (performance.now() - startMs < 1_000) {
    const nowMs = await new Promise<number>(requestAnimationFrame);
    const begunMs = performance.now();
    ground.draw(pen, layout, 1);
    draw(
      pen,
      layout,
      frameAt({ from, to: layout, startMs: nowMs - 1 - (took.length % 200) }, nowMs),
      marks,
      true,
    );
    took.push(performance.now() - begunMs);
  }
  const framesPerSecond = (took.length * 1000) / (performance.now() - startMs);
  const drawMs = took.sort((a, b) => a - b)[Math.floor(took.length * 0.5)]!;
  return { pods: count, layoutMs, drawMs, framesPerSecond };
}
