import { drawGround } from "./draw.ts";
import { drawPods } from "./draw-pod.ts";
import type { Layout } from "./layout.ts";
import type { Copies, Moved } from "./motion.ts";
import type { Palette } from "./colours.ts";
import type { Pen } from "./pen.ts";

/** So far an outline stands over its cell's edge, in CSS px. */
const over = 2;

/**
 * What all frames of a movement have in common, drawn once: rooms, and Pods with their words, which each frame copies to where they
 * are by then. To fill and write them anew is most of what a frame costs where no GPU does it.
 */
export class Kept implements Copies {
  readonly #ground = document.createElement("canvas");
  /** Pods with words, where they stand at the end; of mere shapes a copy costs as much as they do. */
  readonly #pods = document.createElement("canvas");
  #of: { layout: Layout; palette: Palette; scale: number; hasPods: boolean } | undefined;

  /** For a movement to this layout, on a canvas of this size. */
  prepare(pen: Pen, layout: Layout, scale: number): void {
    const { width, height } = pen.context.canvas;
    const isOf = this.#of?.layout === layout && this.#of.palette === pen.palette;
    if (isOf && this.#ground.width === width && this.#ground.height === height) return;
    drawGround(onSheet(this.#ground, pen, scale), layout);
    const words = layout.cells.filter(({ density }) => density !== "shapes");
    const hasPods = words.length > 0;
    this.#of = { layout, palette: pen.palette, scale, hasPods };
    if (!hasPods) return;
    const sheet = onSheet(this.#pods, pen, scale);
    drawPods(
      sheet,
      words.map((cell) => ({ ...cell, alpha: 1 })),
    );
  }

  /** In place of all there is. */
  putGround({ context }: Pen): void {
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.#ground, 0, 0);
    context.restore();
  }

  /** Returns whether it has it: not one that goes, nor a mere shape. */
  putPod({ context }: Pen, { home, density, x, y, w, h, alpha }: Moved): boolean {
    const { scale, hasPods } = this.#of!;
    if (!hasPods || !home || density === "shapes") return false;
    const whole = (px: number): number => Math.round(px * scale);
    const [fromX, fromY] = [whole(home.x - over), whole(home.y - over)];
    const [wide, high] = [whole(home.w + 2 * over), whole(home.h + 2 * over)];
    context.globalAlpha = alpha;
    if (isSame(home.w, w) && isSame(home.h, h)) {
      // Whole pixels on: between two of them each would be mixed of four.
      const left = (fromX + whole(x - home.x)) / scale;
      const top = (fromY + whole(y - home.y)) / scale;
      const to = [left, top, wide / scale, high / scale] as const;
      context.drawImage(this.#pods, fromX, fromY, wide, high, ...to);
    } else {
      const to = [x - over, y - over, w + 2 * over, h + 2 * over] as const;
      context.drawImage(this.#pods, fromX, fromY, wide, high, ...to);
    }
    context.globalAlpha = 1;
    return true;
  }

  /** Nothing moves any more. */
  forget(): void {
    if (!this.#of) return;
    this.#of = undefined;
    // Their memory goes with their size.
    this.#ground.width = this.#pods.width = 0;
  }
}

const isSame = (a: number, b: number): boolean => Math.abs(a - b) < 0.01;

/** A pen on an empty canvas, as large as its own. */
function onSheet(sheet: HTMLCanvasElement, pen: Pen, scale: number): Pen {
  const { width, height } = pen.context.canvas;
  const context = sheet.getContext("2d")!;
  if (sheet.width !== width || sheet.height !== height) Object.assign(sheet, { width, height });
  else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { ...pen, context };
}
