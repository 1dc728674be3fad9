import type { Box } from "./layout.ts";
import type { Palette } from "./colours.ts";

/** A canvas's context with the picture's colours, and what everything in it is drawn with. */
export interface Pen {
  context: CanvasRenderingContext2D;
  palette: Palette;
  /** Virtual ms; undefined: not known. */
  nowMs: number | undefined;
}

export interface Letters {
  size: number;
  color: string;
  bold?: boolean;
  mono?: boolean;
  align?: CanvasTextAlign;
}

const fitted = new Map<string, string>();
const fittedMax = 5_000;

/** One line, its middle at `y`; what is wider than `room` ends in an ellipsis. */
export function write(
  { context, palette }: Pen,
  text: string,
  x: number,
  y: number,
  room: number,
  { size, color, bold = false, mono = false, align = "left" }: Letters,
): void {
  context.font = `${bold ? "600 " : ""}${size}px ${mono ? palette.mono : "system-ui, sans-serif"}`;
  context.fillStyle = color;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillText(fit(context, text, room), x, y);
}

function fit(context: CanvasRenderingContext2D, text: string, room: number): string {
  const key = `${context.font}/${Math.floor(room)}/${text}`;
  const known = fitted.get(key);
  if (known !== undefined) return known;
  let [low, high] = [0, text.length];
  if (context.measureText(text).width > room) {
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (context.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
      else high = middle - 1;
    }
  } else low = text.length;
  const result = low === text.length ? text : low === 0 ? "" : `${text.slice(0, low)}…`;
  if (fitted.size > fittedMax) fitted.clear();
  fitted.set(key, result);
  return result;
}

export function rounded({ context }: Pen, { x, y, w, h }: Box, radius: number): void {
  context.beginPath();
  context.roundRect(x, y, w, h, Math.min(radius, w / 2, h / 2));
}

export function circle({ context }: Pen, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

/** From the top, clockwise; `part` of 0 to 1, below 0 the other way. */
export function arc({ context }: Pen, x: number, y: number, radius: number, part: number): void {
  context.beginPath();
  context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * part, part < 0);
}
