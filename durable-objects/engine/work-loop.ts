/** The turn's inner loop: keys, timers and transactions. What time it is on the wall, engine/index.ts knows. */
import { StatusError } from "./api/status.ts";
import type { EngineClient, Now } from "./client.ts";
import type { Controller, Waker } from "./controllers/define.ts";
import type { Change } from "./core/object.ts";
import { workKey, type Queue } from "./core/queue.ts";
import type { Random } from "./core/random.ts";
import type { Store } from "./core/store.ts";
import {
  cpuUsPerTurnStep,
  reconcileBackoffMsMax,
  reconcileBackoffMsMin,
  turnStepsMax,
} from "./limits.ts";

export interface WorkParts {
  store: Store;
  queue: Queue;
  client: EngineClient;
  random: Random;
  now: Now;
  controllers: readonly Controller[];
}

export interface Fault {
  work: string;
  error: unknown;
  /** Virtual ms. */
  at: number;
}

interface Subscriber {
  controller: Controller;
  wakes: Waker;
}

const attemptsTable = "attempts";

export class WorkLoop {
  readonly store: Store;
  readonly #queue: Queue;
  readonly #client: EngineClient;
  readonly #random: Random;
  readonly #now: Now;
  readonly #controllers = new Map<string, Controller>();
  readonly #subscribers = new Map<string, Subscriber[]>();
  /** Reconciles so far. */
  steps = 0;
  /** Throws of reconcilers that no API error explains, and of programs in containers. */
  readonly faults: Fault[] = [];

  constructor(parts: WorkParts) {
    this.store = parts.store;
    this.#queue = parts.queue;
    this.#client = parts.client;
    this.#random = parts.random;
    this.#now = parts.now;
    for (const controller of parts.controllers) this.#register(controller);
    parts.client.fault = (work, error) => this.#note(work, error);
  }

  #register(controller: Controller): void {
    this.#controllers.set(controller.name, controller);
    for (const [resource, wakes] of Object.entries(controller.wakesOn)) {
      const list = this.#subscribers.get(resource) ?? [];
      list.push({ controller, wakes });
      this.#subscribers.set(resource, list);
    }
  }

  /** Returns false when the budget ended before `target` was reached. */
  advanceTo(target: number, budget: number): boolean {
    let left = budget;
    for (;;) {
      left = this.drain(left);
      if (this.#queue.size > 0) return false;
      // At every moment on the way, as they would had each come in time.
      if (this.#queue.fireLazy(this.#now.ms)) continue;
      const due = this.#queue.nextDue();
      if (due !== undefined && due <= target) {
        this.#now.ms = Math.max(this.#now.ms, due);
        this.#queue.fire(this.#now.ms);
        continue;
      }
      if (this.#now.ms >= target) return true;
      this.#now.ms = target;
    }
  }

  /** Takes dirty keys one after the other; returns what is left of the budget. */
  drain(budget: number): number {
    let left = budget;
    while (left > 0) {
      const work = this.#queue.peek();
      if (work === undefined) break;
      this.#client.spent = 0;
      this.#step(work);
      left -= 1 + Math.floor(this.#client.spent / cpuUsPerTurnStep);
    }
    return left;
  }

  /** One key of one controller, all or nothing. Returns whether it changed anything. */
  #step(work: string): boolean {
    const split = work.indexOf("\0");
    const controller = this.#controllers.get(work.slice(0, split));
    this.#queue.remove(work);
    if (!controller) return false;
    this.steps += 1;
    this.#random.reset(this.store.rv, `${work} ${this.#now.ms}`);
    const rv = this.store.rv;
    try {
      this.commit(() => {
        const due = controller.reconcile(work.slice(split + 1), this.#client);
        this.#queue.setTimers(work, due, this.#now.ms);
        if (this.store.record(attemptsTable, work) !== undefined) {
          this.store.putRecord(attemptsTable, work, undefined);
        }
      });
    } catch (error) {
      this.#backOff(work, error);
    }
    return this.store.rv !== rv;
  }

  /** A failed key waits, twice as long each time; the others go on. */
  #backOff(work: string, error: unknown): void {
    this.#queue.restore(work);
    const attempts = (this.store.record<number>(attemptsTable, work) ?? 0) + 1;
    this.store.putRecord(attemptsTable, work, attempts);
    const delay = Math.min(reconcileBackoffMsMin * 2 ** (attempts - 1), reconcileBackoffMsMax);
    this.#queue.setTimer(work, this.#now.ms + delay);
    if (!(error instanceof StatusError)) this.#note(work.replace("\0", " "), error);
  }

  #note(work: string, error: unknown): void {
    this.faults.push({ work, error, at: this.#now.ms });
    if (this.faults.length > 100) this.faults.shift();
  }

  /** Runs a body in a transaction, maps its changes to keys and takes its wakes. A Refused body leaves no trace. */
  commit(body: () => void): readonly Change[] {
    this.#client.wakes = [];
    let changes: readonly Change[];
    try {
      changes = this.store.transaction(body);
    } catch (error) {
      this.#client.wakes = [];
      if (error instanceof Refused) return [];
      throw error;
    }
    for (const change of changes) this.#map(change);
    for (const { controller, key, atMs } of this.#client.wakes) {
      if (atMs === undefined || atMs <= this.#now.ms) this.#queue.add(workKey(controller, key));
      else this.#queue.bringForward(workKey(controller, key), atMs);
    }
    return changes;
  }

  #map(change: Change): void {
    this.#wake(change, this.#subscribers.get(change.resource));
    this.#wake(change, this.#subscribers.get("*"));
  }

  #wake(change: Change, subscribers: readonly Subscriber[] | undefined): void {
    if (!subscribers) return;
    for (const { controller, wakes } of subscribers) {
      const keys = wakes(change, this.#client);
      if (keys) for (const key of keys) this.#queue.add(workKey(controller.name, key));
    }
  }

  /** One reconcile that changes something; else time moves to the next due moment. */
  oneStep(): void {
    for (let i = 0; i < turnStepsMax; i++) {
      const work = this.#queue.peek();
      if (work === undefined) break;
      if (this.#step(work)) return;
    }
    const due = this.#queue.nextDue();
    if (due === undefined) return;
    this.#now.ms = Math.max(this.#now.ms, due);
    this.#queue.fire(this.#now.ms);
  }
}

/** Thrown to take back what a refused request had begun. */
export class Refused extends Error {
  override name = "Refused";
}
