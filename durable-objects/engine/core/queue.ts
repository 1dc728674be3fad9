/**
 * What controllers still have to look at: keys that are due now, in the order they became so, and timers. Both are
 * kept with the log (the dirty keys in the turn's row, the timers as records), so an evicted object goes on at exactly
 * the key where it stood.
 */
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
  setTimer(work: WorkKey, due: number | undefined, lazy = false): void {
    const table = lazy ? lazyTable : timerTable;
    if (this.#store.record<number>(table, work) === due) return;
    this.#store.putRecord(table, work, due);
    if (due !== undefined && !lazy) this.#push({ due, work });
  }

  /** Brings the timer forward if `due` is earlier than what it has. */
  bringForward(work: WorkKey, due: number): void {
    const current = this.#store.record<number>(timerTable, work);
    if (current === undefined || due < current) this.setTimer(work, due);
  }

  /** The next moment at which something is due of itself. */
  nextDue(): number | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (!top) return undefined;
      if (this.#store.record<number>(timerTable, top.work) === top.due) return top.due;
      this.#pop();
    }
  }

  /** Moves every timer due by `now` to the dirty keys, by due moment, then by key. */
  fire(now: number): void {
    for (;;) {
      const due = this.nextDue();
      if (due === undefined || due > now) break;
      const timer = this.#pop() as Timer;
      this.#store.putRecord(timerTable, timer.work, undefined);
      this.#dirty.add(timer.work);
    }
  }

  /** The same for lazy timers; returns whether there were any. */
  fireLazy(now: number): boolean {
    const due: Timer[] = [];
    for (const work of this.#store.recordKeys(lazyTable)) {
      const at = this.#store.record<number>(lazyTable, work) as number;
      if (at <= now) due.push({ due: at, work });
    }
    due.sort(compareTimers);
    for (const timer of due) {
      this.#store.putRecord(lazyTable, timer.work, undefined);
      this.#dirty.add(timer.work);
    }
    return due.length > 0;
  }

  /** After hydration: the heap from the timers' records. */
  rebuild(dirty: readonly WorkKey[]): void {
    this.#dirty.clear();
    for (const work of dirty) this.#dirty.add(work);
    this.#heap.length = 0;
    for (const work of this.#store.recordKeys(timerTable)) {
      this.#push({ due: this.#store.record<number>(timerTable, work) as number, work });
    }
  }

  /** A step that was taken back: its timer's record is old again, so the heap needs an entry for it. */
  restore(work: WorkKey): void {
    const due = this.#store.record<number>(timerTable, work);
    if (due !== undefined) this.#push({ due, work });
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
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

  #pop(): Timer | undefined {
    const heap = this.#heap;
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
