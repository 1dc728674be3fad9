import type { Cell } from "./layout.ts";
import type { Copies, Moved } from "./motion.ts";
import type { Palette } from "./colours.ts";
import { arc, circle, rounded, write, type Pen } from "./pen.ts";
import { passed, type PodState, type Shape } from "./pod-state.ts";
import type { Container } from "./pod-view.ts";

/** A Pod: a rounded cell, in it the sign of its state, its last letters, a word, and a dot for each container. */

const dotsMax = 6;
const leftOfFading = 0.3;
/** Shapes of Pods whose containers do not run yet: an outline alone. */
const isOutline: Partial<Record<Shape, true>> = { waiting: true, creating: true, blocked: true };

/** `kept`: of the movement that they are in. */
export function drawPods(pen: Pen, cells: readonly Moved[], kept?: Copies): void {
  const discs: Moved[] = [];
  const rings: Moved[] = [];
  for (const cell of cells) {
    const { density, alpha, pod } = cell;
    if (density === "shapes" && alpha === 1 && pod.state.shape === "ready") discs.push(cell);
    else if (density === "shapes" && alpha === 1 && pod.state.shape === "running") rings.push(cell);
    else if (!kept?.putPod(pen, cell)) drawPod(pen, cell);
  }
  fillAll(pen, discs, "good", (radius) => [radius - 0.5, 0]);
  fillAll(pen, rings, "moving", (radius) => [
    radius - 1.5 + ringWidth(radius) / 2,
    radius - 1.5 - ringWidth(radius) / 2,
  ]);
}

const signRadius = ({ w }: Cell): number => w / 2 - 2.5;
const ringWidth = (radius: number): number => Math.max(2, radius * 0.28);

/** Where there are hundreds, those of one look are one path: a path of its own for each takes several times as long to fill. */
function fillAll(
  { context, palette }: Pen,
  cells: readonly Cell[],
  color: keyof Palette,
  radiiOf: (radius: number) => [outer: number, inner: number],
): void {
  if (cells.length === 0) return;
  context.fillStyle = palette[color];
  context.beginPath();
  for (const cell of cells) {
    const [outer, inner] = radiiOf(signRadius(cell));
    const [x, y] = [cell.x + cell.w / 2, cell.y + cell.h / 2];
    context.moveTo(x + outer, y);
    context.arc(x, y, outer, 0, 2 * Math.PI);
    if (inner === 0) continue;
    context.moveTo(x + inner, y);
    context.arc(x, y, inner, 0, 2 * Math.PI, true);
  }
  context.fill();
}

function drawPod(pen: Pen, cell: Moved): void {
  const { context, palette, nowMs } = pen;
  const { pod, x, y, w, h, alpha, density } = cell;
  const { state } = pod;
  context.globalAlpha = alpha;
  if (density === "shapes") {
    drawSign(pen, state, x + w / 2, y + h / 2, signRadius(cell));
    context.globalAlpha = 1;
    return;
  }
  rounded(pen, cell, 9);
  if (!isOutline[state.shape]) {
    context.fillStyle = state.shape === "terminating" ? fading(pen, cell) : palette.card;
    context.fill();
  }
  context.lineWidth = 1;
  context.strokeStyle = edgeOf(pen, state.shape);
  context.setLineDash(state.shape === "waiting" ? [3, 3] : []);
  context.stroke();
  context.setLineDash([]);
  if (state.shape === "terminating") {
    context.globalAlpha = alpha * (1 - (1 - leftOfFading) * passed(state.span, nowMs));
  }
  const radius = density === "words" ? 11 : 8;
  const signX = x + (density === "words" ? 20 : 14);
  drawSign(pen, state, signX, y + h / 2 - (density === "words" ? 1 : 4), radius);
  const left = signX + radius + 7;
  const room = x + w - left - 4;
  const color = pod.system ? palette.soft : palette.ink;
  if (density === "words") {
    write(pen, pod.label, left, y + 14, room, { size: 12, color, bold: true, mono: true });
    write(pen, shortWord(state), left, y + 28, room, {
      size: 10.5,
      color: wordColor(pen, state.shape),
    });
    drawDots(pen, pod.containers, left + 2.5, y + h - 8);
    drawRestarts(pen, cell, y + h - 8);
  } else {
    write(pen, pod.label, left - 3, y + 14, room + 6, { size: 10, color, bold: true, mono: true });
    drawDots(pen, pod.containers, left, y + h - 10);
    drawRestarts(pen, cell, y + h - 10);
  }
  context.globalAlpha = 1;
}

const short: Record<Shape, string> = {
  waiting: "waiting",
  creating: "starting",
  blocked: "cannot start",
  running: "not ready",
  ready: "ready",
  crash: "back-off",
  terminating: "terminating",
  completed: "completed",
  failed: "failed",
};
const shortWord = ({ shape, init }: PodState): string =>
  shape === "creating" && init !== undefined ? `init ${init}` : short[shape];

function wordColor({ palette }: Pen, shape: Shape): string {
  return isBad(shape) ? palette.bad : shape === "running" ? palette.moving : palette.soft;
}

const isBad = (shape: Shape): boolean =>
  shape === "crash" || shape === "failed" || shape === "blocked";

function edgeOf({ palette }: Pen, shape: Shape): string {
  if (isBad(shape)) return palette.bad;
  return shape === "running" || shape === "creating" || shape === "waiting"
    ? palette.moving
    : palette.line;
}

/** From the bottom on, as the grace period runs. */
function fading({ context, palette, nowMs }: Pen, { pod, x, y, h }: Cell): CanvasGradient {
  const gradient = context.createLinearGradient(x, y, x, y + h);
  const left = 1 - passed(pod.state.span, nowMs);
  gradient.addColorStop(0, palette.card);
  gradient.addColorStop(Math.max(0, left - 0.15), palette.card);
  gradient.addColorStop(Math.min(1, left + 0.15), palette.card.replace(")", ", 0)"));
  return gradient;
}

function drawDots(pen: Pen, containers: readonly Container[], x: number, y: number): void {
  const { context, palette } = pen;
  for (const [i, { state, init }] of containers.slice(0, dotsMax).entries()) {
    const at = x + i * 8;
    const color =
      state === "failed" ? palette.bad : state === "running" ? palette.moving : palette.soft;
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = 1.2;
    // An init container is a square, one that does not run an outline.
    context.beginPath();
    if (init) context.rect(at - 2.2, y - 2.2, 4.4, 4.4);
    else context.arc(at, y, 2.5, 0, 2 * Math.PI);
    if (state === "waiting" || state === "running") context.stroke();
    else context.fill();
  }
  const more = containers.length - dotsMax;
  if (more > 0) write(pen, `+${more}`, x + dotsMax * 8, y, 20, { size: 9, color: palette.soft });
}

function drawRestarts(pen: Pen, { pod, x, w }: Cell, y: number): void {
  const { restarts, shape } = pod.state;
  if (restarts === 0) return;
  const color = shape === "crash" ? pen.palette.bad : pen.palette.soft;
  write(pen, `×${restarts}`, x + w - 6, y, 30, { size: 10, color, bold: true, align: "right" });
}

type Sign = (pen: Pen, state: PodState, x: number, y: number, radius: number) => void;

function drawSign(pen: Pen, state: PodState, x: number, y: number, radius: number): void {
  pen.context.lineCap = "round";
  signs[state.shape](pen, state, x, y, radius);
  pen.context.lineCap = "butt";
}

const signs: Record<Shape, Sign> = {
  waiting(pen, _state, x, y, radius) {
    const { context, palette } = pen;
    stroke(context, palette.moving, 1.5);
    context.setLineDash([2, 3]);
    circle(pen, x, y, radius - 1);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = palette.moving;
    for (const way of [-1, 0, 1]) {
      circle(pen, x + way * radius * 0.4, y, Math.max(0.9, radius * 0.11));
      context.fill();
    }
  },
  creating(pen, { done = 0, init }, x, y, radius) {
    fillingArc(pen, done, x, y, radius, pen.palette.moving);
    if (init !== undefined && radius > 9) letter(pen, init, x, y, 8, pen.palette.moving);
  },
  blocked(pen, { done = 0 }, x, y, radius) {
    fillingArc(pen, done, x, y, radius, pen.palette.bad);
    letter(pen, "!", x, y + 0.5, radius * 1.3, pen.palette.bad);
  },
  running(pen, _state, x, y, radius) {
    stroke(pen.context, pen.palette.moving, ringWidth(radius));
    circle(pen, x, y, radius - 1.5);
    pen.context.stroke();
  },
  ready(pen, _state, x, y, radius) {
    pen.context.fillStyle = pen.palette.good;
    circle(pen, x, y, radius - 0.5);
    pen.context.fill();
  },
  crash(pen, state, x, y, radius) {
    const { context, palette, nowMs } = pen;
    const width = Math.max(2, radius * 0.24);
    const r = radius - 1.5;
    stroke(context, palette.line, width);
    circle(pen, x, y, r);
    context.stroke();
    stroke(context, palette.bad, width);
    arc(pen, x, y, r, state.span ? 1 - passed(state.span, nowMs) : 1);
    context.stroke();
    // The crack: a jag from the top to the bottom.
    const jag: [number, number][] = [
      [x + radius * 0.35, y - radius],
      [x - radius * 0.25, y - radius * 0.15],
      [x + radius * 0.25, y + radius * 0.1],
      [x - radius * 0.35, y + radius],
    ];
    stroke(context, palette.card, width + 1.5);
    lines(pen, jag);
    stroke(context, palette.bad, Math.max(1.2, radius * 0.14));
    lines(pen, jag);
  },
  terminating(pen, state, x, y, radius) {
    const { context, palette, nowMs } = pen;
    const left = 1 - passed(state.span, nowMs);
    stroke(context, palette.soft, 1.2);
    context.setLineDash([3, 2.5]);
    circle(pen, x, y, radius - 1);
    context.stroke();
    context.setLineDash([]);
    // What is left of the grace period stands at the top.
    const half = Math.PI * left;
    context.fillStyle = palette.soft;
    context.beginPath();
    context.arc(x, y, radius - 3, -Math.PI / 2 - half, -Math.PI / 2 + half);
    context.fill();
  },
  completed(pen, _state, x, y, radius) {
    ringed(pen, x, y, radius, pen.palette.good);
    const r = radius * 0.42;
    lines(pen, [
      [x - r, y],
      [x - r * 0.2, y + r * 0.75],
      [x + r, y - r * 0.7],
    ]);
  },
  failed(pen, _state, x, y, radius) {
    ringed(pen, x, y, radius, pen.palette.bad);
    const r = radius * 0.36;
    lines(pen, [
      [x - r, y - r],
      [x + r, y + r],
    ]);
    lines(pen, [
      [x + r, y - r],
      [x - r, y + r],
    ]);
  },
};

function stroke(context: CanvasRenderingContext2D, color: string, width: number): void {
  context.strokeStyle = color;
  context.lineWidth = width;
}

function fillingArc(
  pen: Pen,
  done: number,
  x: number,
  y: number,
  radius: number,
  color: string,
): void {
  const { context } = pen;
  stroke(context, pen.palette.line, 1.5);
  circle(pen, x, y, radius - 1.5);
  context.stroke();
  stroke(context, color, Math.max(2, radius * 0.25));
  arc(pen, x, y, radius - 1.5, done);
  context.stroke();
}

function ringed(pen: Pen, x: number, y: number, radius: number, color: string): void {
  stroke(pen.context, color, Math.max(1.3, radius * 0.16));
  circle(pen, x, y, radius - 1);
  pen.context.stroke();
}

function lines({ context }: Pen, points: readonly [number, number][]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

function letter(pen: Pen, text: string, x: number, y: number, size: number, color: string): void {
  write(pen, text, x, y, 40, { size, color, bold: true, align: "center" });
}
