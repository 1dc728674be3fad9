/**
 * What controllers still have to look at: keys that are due now, in the order they became so, and timers. Both are
 * kept with the log (the dirty keys in the turn's row, the timers as records), so an evicted object goes on at exactly
 * the key where it stood.
 */
import { dueMoment } from "./clock.ts";
import type { Store } from "./store.ts";

/** controller + "\0" + key. */
export type WorkKey = string;

export const workKey = (controller: string, key: string): WorkKey => `${controller}\0${key}`;

interface Timer {
  due: number;
  work: WorkKey;
}

const timerTable = "timers";
/** Timers that wait for the next turn instead of asking for an alarm of their own. */
const lazyTable = "lazy-timers";

export class Queue {
  readonly #dirty = new Set<WorkKey>();
  readonly #heap: Timer[] = [];
  readonly #lazyHeap: Timer[] = [];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get size(): number {
    return this.#dirty.size;
  }

  add(work: WorkKey): void {
    this.#dirty.add(work);
  }

  peek(): WorkKey | undefined {
    for (const work of this.#dirty) return work;
    return undefined;
  }

  remove(work: WorkKey): void {
    this.#dirty.delete(work);
  }

  keys(): WorkKey[] {
    return [...this.#dirty];
  }

  /** Replaces what timers a key has by what its reconcile asked for. */
  setTimers(
    work: WorkKey,
    due: number | { dueAtMs: number; lazy: true } | undefined,
    now: number,
  ): void {
    const lazy = typeof due === "object" ? Math.max(due.dueAtMs, now) : undefined;
    this.setTimer(work, typeof due === "number" ? Math.max(due, now) : undefined);
    this.setTimer(work, lazy, true);
  }

  /** Replaces the one timer of a key; undefined removes it. */
  setTimer(work: WorkKey, dueMs: number | undefined, lazy = false): void {
    const due = dueMoment(dueMs);
    const table = lazy ? lazyTable : timerTable;
    if (this.#store.record<number>(table, work) === due) return;
    this.#store.putRecord(table, work, due);
    if (due !== undefined) this.#push(lazy ? this.#lazyHeap : this.#heap, { due, work });
  }

  /** Brings the timer forward if `due` is earlier than what it has. */
  bringForward(work: WorkKey, due: number): void {
    const current = this.#store.record<number>(timerTable, work);
    if (current === undefined || due < current) this.setTimer(work, due);
  }

  /** The next moment at which something is due of itself. */
  nextDue(): number | undefined {
    return this.#next(this.#heap, timerTable);
  }

  #next(heap: Timer[], table: string): number | undefined {
    for (;;) {
      const top = heap[0];
      if (!top) return undefined;
      if (this.#store.record<number>(table, top.work) === top.due) return top.due;
      this.#pop(heap);
    }
  }

  /** Moves every timer due by `now` to the dirty keys, by due moment, then by key. */
  fire(now: number): void {
    for (;;) {
      const due = this.nextDue();
      if (due === undefined || due > now) break;
      const timer = this.#pop(this.#heap) as Timer;
      this.#store.putRecord(timerTable, timer.work, undefined);
      this.#dirty.add(timer.work);
    }
  }

  /** The same for lazy timers; returns whether there were any. */
  fireLazy(now: number): boolean {
    let fired = false;
    for (;;) {
      const due = this.#next(this.#lazyHeap, lazyTable);
      if (due === undefined || due > now) return fired;
      const { work } = this.#pop(this.#lazyHeap) as Timer;
      this.#store.putRecord(lazyTable, work, undefined);
      this.#dirty.add(work);
      fired = true;
    }
  }

  /** After hydration: the heaps from the timers' records. */
  rebuild(dirty: readonly WorkKey[]): void {
    this.#dirty.clear();
    for (const work of dirty) this.#dirty.add(work);
    for (const [heap, table] of this.#heaps()) {
      heap.length = 0;
      for (const work of this.#store.recordKeys(table)) {
        this.#push(heap, { due: this.#store.record<number>(table, work) as number, work });
      }
    }
  }

  /** A step that was taken back: its timers' records are old again, so the heaps need entries for them. */
  restore(work: WorkKey): void {
    for (const [heap, table] of this.#heaps()) {
      const due = this.#store.record<number>(table, work);
      if (due !== undefined) this.#push(heap, { due, work });
    }
  }

  #heaps(): [Timer[], string][] {
    return [
      [this.#heap, timerTable],
      [this.#lazyHeap, lazyTable],
    ];
  }

  #push(heap: Timer[], timer: Timer): void {
    heap.push(timer);
    let i = heap.length - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (compareTimers(heap[parent] as Timer, timer) <= 0) break;
      heap[i] = heap[parent] as Timer;
      i = parent;
    }
    heap[i] = timer;
  }

  #pop(heap: Timer[]): Timer | undefined {
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right && compareTimers(right, heap[child] as Timer) < 0) child++;
      if (compareTimers(heap[child] as Timer, last) >= 0) break;
      heap[i] = heap[child] as Timer;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function compareTimers(a: Timer, b: Timer): number {
  if (a.due !== b.due) return a.due - b.due;
  return a.work < b.work ? -1 : a.work > b.work ? 1 : 0;
}
