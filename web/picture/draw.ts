import type { ObjectRef } from "../desk/desk.ts";
import { drawPods } from "./draw-pod.ts";
import type { Box, Cell, Layout, Rail, Room, Waiting } from "./layout.ts";
import type { Copies, Frame } from "./motion.ts";
import { rounded, write, type Pen } from "./pen.ts";
import { isSame, type Target } from "./pointing.ts";

export interface Marks {
  /** Under the pointer, or reached by keyboard. */
  pointed: Target | undefined;
  hasFocus: boolean;
  selected: ObjectRef | undefined;
}

/** More lines than these hide the Pods; then only those of the Service that is pointed at are drawn. */
const linksMax = 60;

/** What stands still under the Pods; the context is scaled to CSS px, and empty. */
export function drawGround(pen: Pen, layout: Layout): void {
  if (layout.lobby) drawLobby(pen, layout.lobby);
  for (const room of layout.rooms) drawRoom(pen, room);
}

/** All of it. `kept`: prepared for the movement that the frame is of. */
export function draw(pen: Pen, layout: Layout, frame: Frame, marks: Marks, kept?: Copies): void {
  if (kept) kept.putGround(pen);
  else {
    pen.context.clearRect(0, 0, layout.width, layout.height);
    drawGround(pen, layout);
  }
  drawLinks(pen, layout, frame, marks);
  drawPods(pen, frame.cells, kept);
  for (const rail of layout.rails) drawRail(pen, rail);
  for (const room of layout.rooms) drawRope(pen, room);
  drawMarks(pen, layout, marks);
}

function drawLobby(pen: Pen, lobby: Waiting): void {
  const { context, palette } = pen;
  rounded(pen, lobby, 10);
  context.strokeStyle = palette.moving;
  context.lineWidth = 1;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
  write(pen, "Waiting for a node", lobby.x + 10, lobby.y + 13, lobby.w - 20, {
    size: 11.5,
    color: palette.soft,
    bold: true,
  });
  for (const { text, x, y, w } of lobby.reasons) {
    write(pen, text, x, y + 2, w, { size: 11.5, color: palette.ink });
  }
}

/** Of small letters, on the wide side. */
const letterWidth = 6.5;

function drawRoom(pen: Pen, room: Room): void {
  const { context, palette } = pen;
  const { x, y, w, title, word, note, node } = room;
  rounded(pen, room, 10);
  context.fillStyle = palette.code;
  context.fill();
  context.strokeStyle = node?.ready === false ? palette.bad : palette.line;
  context.lineWidth = 1;
  context.stroke();
  if (node?.ready === false) hatch(pen, room);
  const noteRoom = w > 190 || word === "" ? note.length * letterWidth : 0;
  const wordRoom = word === "" ? 0 : Math.min(w * 0.55, word.length * 7.6);
  write(pen, title, x + 10, y + 15, w - 24 - noteRoom - wordRoom, {
    size: 13,
    color: palette.ink,
    bold: true,
  });
  if (noteRoom > 0) {
    write(pen, note, x + w - 10, y + 15, noteRoom + 20, {
      size: 11,
      color: palette.soft,
      align: "right",
    });
  }
  if (word !== "") {
    const color = node?.ready === false ? palette.bad : palette.moving;
    const right = x + w - 10 - (noteRoom > 0 ? noteRoom + 6 : 0);
    write(pen, word, right, y + 15, wordRoom + 8, { size: 11, color, bold: true, align: "right" });
  }
  drawBars(pen, room);
  for (const { label, x: left, y: top, w: wide } of room.groups) {
    write(pen, label, left, top + 8, wide, { size: 10.5, color: palette.soft });
  }
}

/** As `bars` of a room, with the room that they take. */
const barNames: [name: string, room: number][] = [
  ["CPU", 24],
  ["memory", 42],
];
/** A shorter bar goes without its name. */
const barWidthMin = 80;

function drawBars(pen: Pen, { x, y, w, bars, subtitle }: Room): void {
  if (bars.length === 0) {
    write(pen, subtitle, x + 10, y + 31, w - 20, { size: 10.5, color: pen.palette.soft });
    return;
  }
  const wide = (w - 20 - (bars.length - 1) * 10) / bars.length;
  for (const [i, share] of bars.entries()) {
    const left = x + 10 + i * (wide + 10);
    const [name, named] = wide < barWidthMin ? ["", 0] : barNames[i]!;
    write(pen, name, left, y + 30, named, { size: 9, color: pen.palette.soft });
    drawBar(pen, share, { x: left + named, y: y + 28.5, w: wide - named, h: 3 });
  }
}

function drawBar(pen: Pen, share: number, box: Box): void {
  const { context, palette } = pen;
  rounded(pen, box, 2);
  context.fillStyle = palette.line;
  context.fill();
  if (share <= 0) return;
  rounded(pen, { ...box, w: Math.max(3, box.w * Math.min(1, share)) }, 2);
  context.fillStyle = share > 0.9 ? palette.moving : palette.soft;
  context.fill();
}

function hatch(pen: Pen, room: Room): void {
  const { context, palette } = pen;
  context.save();
  rounded(pen, room, 10);
  context.clip();
  context.beginPath();
  for (let at = -room.h; at < room.w; at += 12) {
    context.moveTo(room.x + at, room.y + room.h);
    context.lineTo(room.x + at + room.h, room.y);
  }
  context.strokeStyle = palette.bad;
  context.globalAlpha = 0.22;
  context.stroke();
  context.restore();
}

/** Hangs between two posts across the door: nobody comes in. */
function drawRope(pen: Pen, { x, y, w, node }: Room): void {
  if (!node?.cordoned) return;
  const { context, palette } = pen;
  context.strokeStyle = context.fillStyle = palette.moving;
  context.lineWidth = 2.5;
  context.beginPath();
  context.moveTo(x + 4, y + 34);
  context.bezierCurveTo(x + w * 0.3, y + 46, x + w * 0.7, y + 46, x + w - 4, y + 34);
  context.stroke();
  for (const post of [x + 1, x + w - 5]) context.fillRect(post, y + 29, 4, 12);
}

function drawLinks(pen: Pen, { rails, density }: Layout, { cells }: Frame, marks: Marks): void {
  const count = rails.reduce(
    (sum, { links, service }) => sum + (service.system ? 0 : links.length),
    0,
  );
  const isMarked = ({ service }: Rail): boolean =>
    isSame(marks.pointed?.ref, service.ref) || isSame(marks.selected, service.ref);
  const shown = rails.filter(
    (rail) => isMarked(rail) || !(rail.service.system || count > linksMax || density === "shapes"),
  );
  if (shown.length === 0) return;
  const at = new Map(cells.map((cell) => [cell.pod.uid, cell]));
  const { context, palette } = pen;
  for (const rail of shown) {
    const { links, x, y, w } = rail;
    const marked = isMarked(rail);
    for (const { uid, isReady } of links) {
      const cell = at.get(uid);
      if (!cell) continue;
      context.strokeStyle = context.fillStyle = isReady ? palette.accent : palette.moving;
      context.lineWidth = marked ? 2.2 : 1.3;
      context.globalAlpha = marked ? 1 : 0.7;
      context.setLineDash(isReady ? [] : [4, 4]);
      drawLink(pen, cell, Math.min(Math.max(cell.gutterX, x + 8), x + w - 8), y);
    }
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/** From the Pod's side into the gutter beside it, and down to the rail: past other Pods, not through them. */
function drawLink(
  { context }: Pen,
  { x, y, h, gutterX }: Cell,
  railX: number,
  railY: number,
): void {
  const middle = y + h / 2;
  context.beginPath();
  context.moveTo(x, middle);
  context.quadraticCurveTo(gutterX, middle, gutterX, middle + 8);
  context.lineTo(railX, railY);
  context.stroke();
  context.beginPath();
  context.arc(railX, railY, 2.5, 0, 2 * Math.PI);
  context.fill();
}

function drawRail(pen: Pen, { service, x, y, w }: Rail): void {
  const { context, palette } = pen;
  const isServing = service.ready.length > 0;
  rounded(pen, { x, y, w, h: 22 }, 6);
  context.fillStyle = palette.code;
  context.fill();
  context.strokeStyle = isServing ? palette.accent : palette.bad;
  context.lineWidth = 1;
  context.setLineDash(isServing ? [] : [4, 4]);
  context.globalAlpha = service.system ? 0.45 : 1;
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
  const color = service.system ? palette.soft : palette.ink;
  const nameRoom = w * 0.4;
  write(pen, `Service ${service.ref.name}`, x + 10, y + 11.5, nameRoom, {
    size: 12,
    color,
    bold: !service.system,
  });
  const out = service.leftOut.slice(0, 3).map(({ label, why }) => `${label} ${why}`);
  const more = service.leftOut.length - out.length;
  const text = [service.word, ...out, ...(more > 0 ? [`${more} more`] : [])].join(" · ");
  const said =
    isServing && out.length === 0 ? palette.soft : isServing ? palette.moving : palette.bad;
  write(pen, text, x + w - 10, y + 11.5, w - nameRoom - 30, {
    size: 11.5,
    color: said,
    align: "right",
  });
}

function drawMarks(pen: Pen, layout: Layout, { pointed, hasFocus, selected }: Marks): void {
  const { context, palette } = pen;
  const mark = (box: Box, width: number): void => {
    rounded(pen, { x: box.x - 2.5, y: box.y - 2.5, w: box.w + 5, h: box.h + 5 }, 11);
    context.strokeStyle = palette.accent;
    context.lineWidth = width;
    context.stroke();
  };
  if (selected) {
    for (const cell of layout.cells) if (isSame(cell.pod.ref, selected)) mark(cell, 2);
    for (const room of layout.rooms) if (isSame(room.ref, selected)) mark(room, 2);
    for (const rail of layout.rails) if (isSame(rail.service.ref, selected)) mark(rail, 2);
  }
  if (pointed) mark(pointed, hasFocus ? 3 : 1.2);
}
