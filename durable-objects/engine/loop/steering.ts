/** How a cluster's time follows the wall's and its Clock, and how far work comes on the way. */
import { clockDebtMsMax } from "../core/limits.ts";
import { isFastForwarding, rebase, virtualAt, wallAt, type ClockState } from "../core/clock.ts";
import type { Change } from "../core/object.ts";
import type { Queue } from "../core/queue.ts";
import type { Store } from "../core/store.ts";
import type { EngineClient, Now } from "../client/client.ts";
import { clockChange, reportSteps, stepsDoneBefore } from "./clock-control.ts";
import type { WorkLoop } from "./work-loop.ts";

/** Key of the clock's state, `[table, key]`. */
export const clockRecord = ["clock", "state"] as const;

/** The stored clock; an engine writes one before it reads it. */
export const clockOf = (store: Store): ClockState =>
  store.record<ClockState>(...clockRecord) as ClockState;

export interface SteeringParts {
  store: Store;
  queue: Queue;
  client: EngineClient;
  now: Now;
  work: WorkLoop;
}

export class Steering {
  readonly #store: Store;
  readonly #queue: Queue;
  readonly #client: EngineClient;
  readonly #now: Now;
  readonly #work: WorkLoop;

  constructor(parts: SteeringParts) {
    this.#store = parts.store;
    this.#queue = parts.queue;
    this.#client = parts.client;
    this.#now = parts.now;
    this.#work = parts.work;
  }

  get clock(): ClockState {
    return clockOf(this.#store);
  }

  set(clock: ClockState): void {
    this.#store.putRecord(...clockRecord, clock);
  }

  /**
   * Brings virtual time to the wall's, through every due moment on the way, as far as the turn's budget goes. However late
   * this comes: from `sleepsAtMs` of the wall on time stood still.
   */
  advance(wallMs: number, sleepsAtMs = Number.POSITIVE_INFINITY): void {
    if (this.clock.frozen || wallMs <= sleepsAtMs) return this.#advance(wallMs);
    this.#advance(sleepsAtMs);
    this.set(rebase(this.clock, sleepsAtMs, { frozen: true }));
  }

  /** Somebody looks: time goes on where it stood, which it did from `sleepsAtMs` of the wall on. */
  wake(wallMs: number, sleepsAtMs: number): void {
    const { clock } = this;
    if (clock.frozen) this.set(rebase(clock, wallMs, { frozen: false }));
    else if (wallMs > sleepsAtMs && !clock.paused)
      this.set({ ...rebase(clock, sleepsAtMs, {}), wallBaseMs: wallMs });
  }

  #advance(wallMs: number): void {
    this.#now.wallMs = wallMs;
    do this.#advanceOnce(wallMs);
    while (this.#obey(wallMs));
  }

  #advanceOnce(wallMs: number): void {
    this.#fastForward(wallMs);
    const { clock } = this;
    if (clock.paused || isFastForwarding(clock)) return;
    const target = Math.max(this.#now.ms, virtualAt(clock, wallMs));
    if (this.#work.advanceTo(target)) return;
    // A clock too fast for what happens runs as fast as it can: what it owes must not grow for ever.
    const owedMs = target - this.#now.ms;
    if (clock.speed > 1 && owedMs > clockDebtMsMax) {
      this.set({ ...clock, baseMs: this.#now.ms + clockDebtMsMax, wallBaseMs: wallMs });
    }
  }

  /** What is dirty now is done, while the budget lasts. */
  drain(): void {
    do {
      if (!this.clock.paused) this.#work.drain();
    } while (this.#obey(this.#now.wallMs));
  }

  /** What a program in the cluster wrote to the Clock counts from its moment on. Returns whether one did. */
  #obey(wallMs: number): boolean {
    const change = this.#work.takeSteered();
    if (!change) return false;
    const { clock } = this;
    const atMs = isFastForwarding(clock) ? undefined : wallAt(clock, this.#now.ms);
    this.applyClock([change], Math.min(wallMs, atMs ?? wallMs));
    return true;
  }

  /** The Clock steers the queue itself, so it is obeyed at once, also while controllers stand still. */
  applyClock(changes: readonly Change[], wallMs: number): void {
    const touched = changes.findLast((c) => c.resource === "clocks.podyard.dev");
    if (!touched) return;
    const before = this.clock;
    const after = clockChange(touched, before, this.#now.ms, wallMs);
    this.set(after);
    if (before.stepsLeft !== undefined && after.stepsLeft === undefined) {
      const done = stepsDoneBefore(touched, before);
      this.#work.commit("clock", () => reportSteps(this.#client, done));
    }
    this.#fastForward(wallMs);
  }

  /** A jump, then single steps, as far as the turn's budget goes; at their end time goes on from where they led. */
  #fastForward(wallMs: number): void {
    const { clock } = this;
    if (!isFastForwarding(clock)) return;
    const { jumpToMs, stepsLeft = 0, ...rest } = clock;
    if (jumpToMs !== undefined && !this.#work.advanceTo(jumpToMs)) return;
    const left = this.#work.takeSteps(stepsLeft);
    if (stepsLeft > 0 && left === 0) this.#work.commit("clock", () => reportSteps(this.#client));
    this.set({
      ...rest,
      baseMs: this.#now.ms,
      wallBaseMs: wallMs,
      ...(left > 0 ? { stepsLeft: left } : {}),
    });
  }

  /** Wall moment of the next thing to do; undefined when there is nothing before `untilMs` of the wall is over. */
  nextDueMs(wallMs: number, untilMs: number): number | undefined {
    const { clock } = this;
    const at = this.#nextAt(clock, wallMs);
    return at === undefined || at > untilMs ? undefined : Math.ceil(at);
  }

  #nextAt(clock: ClockState, wallMs: number): number | undefined {
    if (isFastForwarding(clock)) return wallMs;
    if (clock.paused || clock.frozen) return undefined;
    if (this.#queue.size > 0) return wallMs;
    const due = this.#queue.nextDue();
    return due === undefined ? undefined : wallAt(clock, due);
  }

  /** For how long, by the wall, work has waited that could have been done. */
  overdueMs(wallMs: number): number {
    const { clock } = this;
    if (isFastForwarding(clock)) return wallMs - clock.wallBaseMs;
    const due = this.#queue.size > 0 ? this.#now.ms : this.#queue.nextDue();
    const at = due === undefined ? undefined : wallAt(clock, due);
    return at === undefined ? 0 : Math.max(0, wallMs - at);
  }
}
