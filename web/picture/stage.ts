import type { Time } from "../api/changes.ts";
import type { ObjectRef } from "../desk/desk.ts";
import { draw, type Marks } from "./draw.ts";
import { drawTravel } from "./draw-travel.ts";
import { Kept } from "./frame-copies.ts";
import { layOut, type Arrangement, type Layout } from "./layout.ts";
import {
  frameAt,
  isTimed,
  transitionMsMax,
  transitionTo,
  type Frame,
  type Transition,
} from "./motion.ts";
import { readPalette, type Palette } from "./colours.ts";
import type { Pen } from "./pen.ts";
import { isSame, isWay, neighbour, targetAt, targetsOf, type Target } from "./pointing.ts";
import type { Scene } from "./scene.ts";
import { travelAt, travelOf, type Travel } from "./travel.ts";

/** What a stage tells, and asks. */
export interface Audience {
  /** Undefined: of a moment that does not move. */
  time(): Time | undefined;
  pointed(target: Target | undefined): void;
  select(ref: ObjectRef): void;
}

/** How often what only time changes (arcs that count down) is drawn. */
const timedMs = 250;

/** A canvas that shows a scene: it draws when something moves, and otherwise rests. */
export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #audience: Audience;
  readonly #stop = new AbortController();
  readonly #observers: { disconnect(): void }[] = [];
  readonly #reduced = matchMedia("(prefers-reduced-motion: reduce)");
  #palette: Palette;
  #scene: Scene | undefined;
  #arrangement: Arrangement = "nodes";
  #layout: Layout | undefined;
  readonly #kept = new Kept();
  #transition: Transition | undefined;
  #targets: Target[] = [];
  #marks: Marks = { pointed: undefined, hasFocus: false, selected: undefined };
  #frame: number | undefined;
  /** Requests that are seen to travel, by their Trace, with their beginning in ms; undefined: nothing was shown yet. */
  #travels: Map<string, { travel: Travel; startMs: number }> | undefined;
  readonly #seen = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, audience: Audience) {
    this.#canvas = canvas;
    this.#audience = audience;
    this.#palette = readPalette(canvas.parentElement!);
    this.#watchSize();
    this.#watchColors();
    this.#listen();
  }

  end(): void {
    this.#stop.abort();
    for (const observer of this.#observers) observer.disconnect();
    cancelAnimationFrame(this.#frame ?? 0);
    clearTimeout(this.#timer);
  }

  show(scene: Scene, arrangement: Arrangement): void {
    this.#scene = scene;
    this.#arrangement = arrangement;
    this.#arrange();
  }

  mark(selected: ObjectRef | undefined): void {
    this.#marks.selected = selected;
    this.#ask();
  }

  #watchSize(): void {
    const observer = new ResizeObserver(() => this.#arrange());
    observer.observe(this.#canvas.parentElement!);
    this.#observers.push(observer);
  }

  #watchColors(): void {
    const { signal } = this.#stop;
    const change = (): void => {
      this.#palette = readPalette(this.#canvas.parentElement!);
      this.#ask();
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change, { signal });
    const observer = new MutationObserver(change);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#observers.push(observer);
  }

  #listen(): void {
    const { signal } = this.#stop;
    const canvas = this.#canvas;
    const find = ({ offsetX, offsetY }: MouseEvent): Target | undefined =>
      targetAt(this.#targets, offsetX, offsetY);
    canvas.addEventListener("pointermove", (event) => this.#point(find(event), false), { signal });
    canvas.addEventListener("pointerleave", () => this.#point(undefined, false), { signal });
    canvas.addEventListener("blur", () => this.#point(undefined, false), { signal });
    canvas.addEventListener(
      "click",
      (event) => {
        const target = find(event);
        this.#point(target, false);
        if (target) this.#audience.select(target.ref);
      },
      { signal },
    );
    canvas.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { pointed } = this.#marks;
    if (isWay(event.key)) {
      this.#point(neighbour(this.#targets, pointed, event.key) ?? pointed, true);
    } else if ((event.key === "Enter" || event.key === " ") && pointed) {
      this.#audience.select(pointed.ref);
    } else return;
    event.preventDefault();
  }

  #point(target: Target | undefined, hasFocus: boolean): void {
    const { pointed } = this.#marks;
    if (target === pointed && hasFocus === this.#marks.hasFocus) return;
    this.#marks = { ...this.#marks, pointed: target, hasFocus };
    this.#canvas.style.cursor = target ? "pointer" : "";
    if (target?.sentence !== pointed?.sentence) this.#audience.pointed(target);
    this.#ask();
  }

  #arrange(): void {
    const width = this.#canvas.parentElement!.clientWidth;
    if (!this.#scene || width === 0) return;
    const nowMs = performance.now();
    const before = this.#layout &&
      this.#transition && { layout: this.#layout, frame: frameAt(this.#transition, nowMs) };
    this.#layout = layOut(this.#scene, width, this.#arrangement);
    this.#transition = transitionTo(this.#layout, before, {
      nowMs,
      speed: this.#audience.time()?.speed ?? 0,
      isReduced: this.#reduced.matches,
    });
    this.#targets = targetsOf(this.#layout);
    this.#follow(this.#scene, this.#layout, nowMs);
    const { pointed, hasFocus } = this.#marks;
    if (pointed)
      this.#point(
        this.#targets.find(({ ref }) => isSame(ref, pointed.ref)),
        hasFocus,
      );
    this.#resize(this.#layout);
    this.#draw();
  }

  /** Traces that have ended since the last scene travel; of a page just opened none does. */
  #follow({ traces }: Scene, layout: Layout, nowMs: number): void {
    const isFirst = this.#travels === undefined;
    const travels = (this.#travels ??= new Map());
    for (const trace of traces) {
      const { uid } = trace.metadata;
      const travel = travelOf(trace, layout);
      const known = travels.get(uid);
      if (known && travel) travels.set(uid, { ...known, travel });
      if (!travel || this.#seen.has(uid)) continue;
      this.#seen.add(uid);
      // Where motion is not wanted it is there at once.
      const ahead = this.#reduced.matches ? travel.points.length * transitionMsMax : 0;
      if (!isFirst) travels.set(uid, { travel, startMs: nowMs - ahead });
    }
  }

  /** Returns whether any is under way. */
  #drawTravels(pen: Pen, nowMs: number): boolean {
    const travels = this.#travels ?? new Map();
    for (const [uid, { travel, startMs }] of travels) {
      if (travelAt(travel, nowMs - startMs).isOver) travels.delete(uid);
      else drawTravel(pen, travel, nowMs - startMs);
    }
    return travels.size > 0;
  }

  #resize({ width, height }: Layout): void {
    const { style } = this.#canvas;
    const scale = devicePixelRatio;
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width === w && this.#canvas.height === h) return;
    this.#canvas.width = w;
    this.#canvas.height = h;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }

  /** Several reasons to draw are one frame. */
  #ask(): void {
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame ?? 0);
    this.#frame = undefined;
    clearTimeout(this.#timer);
    const context = this.#canvas.getContext("2d");
    if (!context || !this.#layout || !this.#transition) return;
    const drawnMs = performance.now();
    const frame: Frame = frameAt(this.#transition, drawnMs);
    const scale = devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const nowMs = this.#audience.time()?.nowMs;
    const pen = { context, palette: this.#palette, nowMs };
    if (frame.isMoving) this.#kept.prepare(pen, this.#layout, scale);
    else this.#kept.forget();
    draw(pen, this.#layout, frame, this.#marks, frame.isMoving ? this.#kept : undefined);
    if (this.#drawTravels(pen, drawnMs) || frame.isMoving) this.#ask();
    else if (isTimed(this.#layout) && this.#audience.time()?.speed) {
      this.#timer = setTimeout(() => this.#ask(), timedMs);
    }
  }
}
