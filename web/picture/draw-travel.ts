import { arc, circle, write, type Pen } from "./pen.ts";
import { travelAt, type Travel } from "./travel.ts";

/** A dot and its trail; at its end it is full with the answer's code, or broken with the error's word. */
export function drawTravel(pen: Pen, travel: Travel, elapsedMs: number): void {
  const { context, palette } = pen;
  const { x, y, legs, isThere } = travelAt(travel, elapsedMs);
  const color = !isThere ? palette.accent : travel.isAnswered ? palette.good : palette.bad;
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 2;
  context.globalAlpha = 0.6;
  context.beginPath();
  for (const point of travel.points.slice(0, legs + 1)) context.lineTo(point.x, point.y);
  context.lineTo(x, y);
  context.stroke();
  context.globalAlpha = 1;
  if (isThere && !travel.isAnswered) {
    for (const [shift, part] of [
      [-2, -0.5],
      [2, 0.5],
    ] as const) {
      arc(pen, x + shift, y, 6, part);
      context.fill();
    }
  } else {
    circle(pen, x, y, isThere ? 7 : 5);
    context.fill();
  }
  if (!isThere) return;
  context.font = "600 12px system-ui, sans-serif";
  const w = context.measureText(travel.word).width + 12;
  context.fillStyle = palette.card;
  context.strokeStyle = color;
  context.lineWidth = 1.2;
  context.beginPath();
  context.roundRect(x + 10, y - 10, w, 20, 6);
  context.fill();
  context.stroke();
  write(pen, travel.word, x + 16, y + 0.5, w, { size: 12, color, bold: true });
}
