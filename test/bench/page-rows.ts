/** Rows of what the page costs a browser. */
import os from "node:os";
import type { Bench } from "./hosted.ts";
import type { Painted, PageFigures } from "./page.ts";
import type { Drawn } from "./picture.ts";

const whole = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 });
const fine = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 2 });
const load = (): string => `load ${fine(os.loadavg()[0] ?? 0)}`;

/** Gzipped JavaScript before the first paint. */
const paintBytesMax = 40_000;
/** From the button to the prompt. */
const promptMsMax = 1_000;
/** What the picture's code may take of a frame of 16.7 ms; the rest is the browser's. */
const drawMsMax = 8;

export function pages({ add, child, seen }: Bench): void {
  const found = child<PageFigures>("test/bench/page.ts");
  const drawn = child<Drawn[]>("test/bench/picture.ts");
  seen["page"] = { ...found, drawn };
  const { start, desk, slow, promptMs, echo, idle } = found;
  const paint = (name: string, { scriptBytes, styleBytes, paintMs }: Painted): void =>
    add(
      `${name}: JavaScript, CSS (gz) to first paint, its time`,
      `${whole(scriptBytes)}, ${whole(styleBytes)} bytes, ${whole(paintMs)} ms`,
      `${whole(paintBytesMax)} bytes`,
      scriptBytes <= paintBytesMax,
    );
  paint("start page", start);
  paint("a sandbox's page", desk);
  add(
    `CPU of a fourth: start page, desk with prompt usable (${load()})`,
    `${whole(slow.startMs)} ms, ${whole(slow.deskMs)} ms`,
  );
  const prompts = promptMs.toSorted((a, b) => a - b);
  const median = prompts[prompts.length >> 1] ?? NaN;
  add(
    `the button to the prompt (median, worst; ${load()})`,
    `${whole(median)} ms, ${whole(prompts.at(-1) ?? NaN)} ms`,
    `${whole(promptMsMax)} ms`,
    median < promptMsMax,
  );
  add("a key to its echo in the page (p50, p95)", `${fine(echo.p50Ms)} ms, ${fine(echo.p95Ms)} ms`);
  for (const { pods, framesPerSecond, slowFrameMs, drawMs, cpuMs, layoutMs } of drawn) {
    add(
      `${pods} moving Pods: frames per second (software), p99 of a frame (${load()})`,
      `${fine(framesPerSecond)}, ${fine(slowFrameMs)} ms`,
      "60",
      framesPerSecond >= 58,
    );
    add(
      `${pods} moving Pods: JavaScript per frame, CPU of it all, layout once`,
      `${fine(drawMs)} ms, ${fine(cpuMs)} ms, ${fine(layoutMs)} ms`,
      `${drawMsMax} ms`,
      drawMs <= drawMsMax,
    );
  }
  const { requests, objectRequests, alarms, objectMs } = idle;
  const cost = [requests, objectRequests, alarms, objectMs].map(whole).join(", ");
  add(
    "an idle hour of Chromium at a desk: requests, of the object, alarms, awake ms",
    cost,
    "0, 0, 0, 0",
    cost === "0, 0, 0, 0",
  );
}
