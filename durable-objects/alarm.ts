import type { Engine } from "./engine/index.ts";
import {
  alarmBackoffMsMax,
  alarmBackoffMsMin,
  alarmBehindMs,
  timerMsMax,
  turnRestMs,
} from "./limits.ts";

/**
 * When the object runs next. What is due within moments is waited for in memory; the platform's one alarm, whose setting costs a
 * written row and a commit of its own, then only stands behind it, for an object that loses its memory meanwhile.
 */

export class Alarm {
  private readonly storage: DurableObjectStorage;
  private readonly run: () => void;
  /** The alarm that is set, as far as known; undefined right after waking. */
  private armed: number | null | undefined;
  private timer: { handle: ReturnType<typeof setTimeout>; atMs: number } | undefined;

  constructor(storage: DurableObjectStorage, run: () => void) {
    this.storage = storage;
    this.run = run;
  }

  /** None is set: called by `alarm()` first of all, since one that runs is set no more. */
  fired(): void {
    this.armed = null;
  }

  /** The next wall moment at which the object must run. */
  async arm(nowMs: number, dueMs: number): Promise<void> {
    const due = Math.ceil(dueMs);
    const isNear = due - nowMs <= timerMsMax;
    this.wait(nowMs, isNear ? due : undefined);
    if (this.armed === undefined) {
      const stored = await this.storage.getAlarm();
      // Another turn may have armed it while this one waited.
      this.armed = this.armed ?? stored;
    }
    const latest = isNear ? due + alarmBehindMs : due;
    // One that comes too early finds nothing to do, and sets the next.
    if (this.armed !== null && this.armed > nowMs && this.armed <= latest) return;
    this.armed = latest;
    await this.storage.setAlarm(latest);
  }

  private wait(nowMs: number, dueMs: number | undefined): void {
    if (this.timer?.atMs === dueMs) return;
    if (this.timer) clearTimeout(this.timer.handle);
    this.timer = undefined;
    if (dueMs === undefined) return;
    const handle = setTimeout(() => {
      this.timer = undefined;
      this.run();
    }, dueMs - nowMs);
    this.timer = { handle, atMs: dueMs };
  }
}

export const backoffMs = (failures: number): number =>
  Math.min(alarmBackoffMsMax, alarmBackoffMsMin * 2 ** Math.min(failures - 1, 20));

/**
 * Wall moment of the engine's next turn; a turn that used its budget up rests first, as one does that only goes on with a
 * checkpoint. Once time stands still, because nobody will look on by then, nothing is done.
 */
export function nextTurnMs(
  engine: Engine,
  nowMs: number,
  clients: { looks(atMs: number): boolean },
): number | undefined {
  const due = engine.nextDueMs(nowMs, clients.looks(engine.sleepsAtMs));
  const rested = nowMs + turnRestMs;
  if (due !== undefined && due <= nowMs && engine.budgetSpent) return rested;
  return engine.log.isCheckpointing ? Math.min(due ?? Infinity, rested) : due;
}
