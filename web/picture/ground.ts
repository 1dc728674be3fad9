import { drawGround } from "./draw.ts";
import type { Layout } from "./layout.ts";
import type { Palette } from "./palette.ts";
import type { Pen } from "./pen.ts";

/**
 * What stands still under moving Pods, drawn once for all frames of a movement: rooms are large, and filling them again each time is
 * most of what a frame costs where no GPU does it.
 */
export class Ground {
  #kept: { canvas: HTMLCanvasElement; layout: Layout; palette: Palette } | undefined;

  /** Replaces all there is on a canvas whose CSS px are `scale` of its own. */
  draw(pen: Pen, layout: Layout, scale: number): void {
    const { context, palette } = pen;
    const { width, height } = context.canvas;
    const { canvas: last } = this.#kept ?? {};
    const isOf = this.#kept?.layout === layout && this.#kept.palette === palette;
    if (!isOf || last?.width !== width || last.height !== height) this.#make(pen, layout, scale);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.#kept!.canvas, 0, 0);
    context.restore();
  }

  #make(pen: Pen, layout: Layout, scale: number): void {
    const { width, height } = pen.context.canvas;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d")!;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    drawGround({ ...pen, context }, layout);
    this.#kept = { canvas, layout, palette: pen.palette };
  }

  /** Nothing moves any more. */
  forget(): void {
    this.#kept = undefined;
  }
}
