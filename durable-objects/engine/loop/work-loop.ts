/** The turn's inner loop: keys, timers and transactions. What time it is on the wall, engine/index.ts knows. */
import { StatusError } from "../machinery/status.ts";
import type { EngineClient, Now } from "../client/client.ts";
import type { Controller, Due, Retry, Waker } from "../ports/controller.ts";
import { splitKey, type Change, type KubeObject, type ResourceId } from "../core/object.ts";
import { workKey, type Queue } from "../core/queue.ts";
import type { Random } from "../core/random.ts";
import type { Faults } from "./faults.ts";
import { Clock } from "../kinds/podyard/clock.ts";
import { HeldWork } from "./held-work.ts";
import { StepCounts } from "./step-counts.ts";
import { ParkedWork, type Stoppages } from "./parked-work.ts";
import type { Store } from "../core/store.ts";
import {
  cpuUsPerTurnStep,
  revisionBytesPerTurnStep,
  reconcileBackoffMsMax,
  reconcileBackoffMsMin,
  retryMsMax,
  retryMsMin,
} from "../core/limits.ts";

export interface WorkParts {
  store: Store;
  queue: Queue;
  client: EngineClient;
  random: Random;
  now: Now;
  controllers: readonly Controller[];
  faults: Faults;
  stoppages: Stoppages;
  /** Takes what was written into the log's memory; returns how much is new, in characters of JSON. */
  remember(): number;
  /** Hears of every commit before anybody wakes of it: what the cluster serves follows. */
  follow(changes: readonly Change[]): void;
  stepCalls: StepCalls;
}

/** What reconcilers ask of webhooks, whose answers a step waits for. */
export interface StepCalls {
  /** What a step that waited drew from at first. */
  seedOf(work: string): Random["state"] | undefined;
  run<T>(work: string, body: () => T): T;
  /** Lets a step wait that threw for this; false: it threw something else. */
  hold(work: string, error: unknown, seed: Random["state"]): boolean;
}

interface Subscriber {
  controller: Controller;
  wakes: Waker;
}

const attemptsTable = "attempts";
/** How often in a row a key's reconciler returned a Retry. */
const retriesTable = "retries";

export class WorkLoop {
  readonly store: Store;
  readonly #queue: Queue;
  readonly #client: EngineClient;
  readonly #random: Random;
  readonly #now: Now;
  readonly #controllers = new Map<string, Controller>();
  readonly #subscribers = new Map<string, Subscriber[]>();
  /** What `#subscribersOf` found, by resource. */
  readonly #concerned = new Map<ResourceId, readonly Subscriber[]>();
  /** Reconciles so far. */
  steps = 0;
  /** What the turn may still do: a step, a revision of an ordinary size and a little CPU of programs count one each. */
  left = 0;
  readonly counts = new StepCounts();
  readonly held: HeldWork;
  readonly #parked: ParkedWork;
  readonly #faults: Faults;
  readonly #remember: WorkParts["remember"];
  readonly #follow: WorkParts["follow"];
  readonly #stepCalls: StepCalls;

  constructor(parts: WorkParts) {
    this.store = parts.store;
    this.#queue = parts.queue;
    this.#client = parts.client;
    this.#random = parts.random;
    this.#now = parts.now;
    this.#faults = parts.faults;
    this.#remember = parts.remember;
    this.#follow = parts.follow;
    this.#stepCalls = parts.stepCalls;
    this.held = new HeldWork(parts.store, parts.queue);
    this.#parked = new ParkedWork(parts.store, parts.queue, parts.stoppages);
    for (const controller of parts.controllers) this.#register(controller);
  }

  /** Names that revisions of reconcilers carry. */
  readonly components = new Set<string>();

  #register(controller: Controller): void {
    this.components.add(controller.component ?? controller.name);
    this.#controllers.set(controller.name, controller);
    for (const [resource, wakes] of Object.entries(controller.wakesOn)) {
      const list = this.#subscribers.get(resource) ?? [];
      list.push({ controller, wakes });
      this.#subscribers.set(resource, list);
    }
  }

  #steered: Change | undefined;

  /** What a step wrote to the Clock: whoever steers time takes it before the next step. */
  takeSteered(): Change | undefined {
    const change = this.#steered;
    this.#steered = undefined;
    return change;
  }

  /** Returns false when the budget ended before `target` was reached, or a step wrote to the Clock. */
  advanceTo(target: number): boolean {
    for (;;) {
      if (this.#steered) return false;
      const work = this.upcoming(target);
      if (work === undefined) return true;
      if (this.left <= 0) return false;
      this.#step(work);
    }
  }

  /** The key that is next on the way to `target`, with time moved to it; undefined once time is there. */
  upcoming(target: number): string | undefined {
    for (;;) {
      const work = this.#queue.peek();
      if (work !== undefined) return work;
      // At every moment on the way, as they would had each come in time.
      if (this.#queue.fireLazy(this.#now.ms)) continue;
      const due = this.#queue.nextDue();
      if (due !== undefined && due <= target) {
        this.#now.ms = Math.max(this.#now.ms, due);
        this.#queue.fire(this.#now.ms);
        continue;
      }
      if (this.#now.ms >= target) return undefined;
      this.#now.ms = target;
    }
  }

  /** Takes the next key alone. */
  takeOne(): void {
    const work = this.#queue.peek();
    if (work !== undefined) this.#step(work);
  }

  /** Takes dirty keys one after the other, while the budget lasts and none writes to the Clock. */
  drain(): void {
    while (this.left > 0 && !this.#steered) {
      const work = this.#queue.peek();
      if (work === undefined) break;
      this.#step(work);
    }
  }

  /** One key of one controller, all or nothing. Returns whether it changed anything. */
  #step(work: string): boolean {
    const split = work.indexOf("\0");
    const controller = this.#controllers.get(work.slice(0, split));
    this.#queue.remove(work);
    if (!controller || this.held.has(work)) return false;
    if (this.#parked.parks(controller.name, work)) return false;
    this.steps += 1;
    this.counts.took(controller.name);
    this.#client.forget();
    this.#random.reset(this.store.rv, work, this.#now.ms);
    const held = this.#stepCalls.seedOf(work);
    if (held) this.#random.state = held;
    const seed = this.#random.state;
    const rv = this.store.rv;
    let bytes = 0;
    try {
      const changes = this.commit(controller.component ?? controller.name, () => {
        const due = this.#stepCalls.run(work, () =>
          controller.reconcile(work.slice(split + 1), this.#client),
        );
        this.#queue.setTimers(work, this.#momentOf(work, due), this.#now.ms);
        if (this.store.record(attemptsTable, work) !== undefined) {
          this.store.putRecord(attemptsTable, work, undefined);
        }
      });
      for (const change of changes) if (change.resource === Clock.resource) this.#steered = change;
      bytes = this.#remember();
    } catch (error) {
      if (!this.#waits(work, error, seed)) this.#backOff(work, error);
    }
    const written = this.store.rv - rv;
    // Large objects cost by their bytes: they are copied, checked, written out and stored.
    const revisions = Math.max(written, Math.floor(bytes / revisionBytesPerTurnStep));
    this.left -= 1 + revisions + Math.floor(this.#client.spent / cpuUsPerTurnStep);
    return this.store.rv !== rv;
  }

  /** When to look at a key again, with a Retry's delay worked out. The first success forgets the failures before. */
  #momentOf(work: string, due: Due): Exclude<Due, Retry> {
    const retries = this.store.record<number>(retriesTable, work) ?? 0;
    const failed = typeof due === "object" && "retry" in due;
    if (failed) this.#noteRetry(work);
    if (failed && retries < (due.retriesMax ?? Number.POSITIVE_INFINITY)) {
      this.store.putRecord(retriesTable, work, retries + 1);
      const { firstMs = retryMsMin, longestMs = retryMsMax } = due;
      const retryAt = this.#now.ms + Math.min(firstMs * 2 ** retries, longestMs);
      return Math.min(retryAt, due.dueAtMs ?? retryAt);
    }
    if (retries > 0) this.store.putRecord(retriesTable, work, undefined);
    return failed ? due.dueAtMs : due;
  }

  /** A step that asked webhooks is taken back, and its key comes again when they have answered. */
  #waits(work: string, error: unknown, seed: Random["state"]): boolean {
    if (error instanceof StatusError) return false;
    let waits = false;
    this.commit("kube-apiserver", () => {
      waits = this.#stepCalls.hold(work, error, seed);
    });
    return waits;
  }

  #noteRetry(work: string): void {
    this.counts.failed(work.slice(0, work.indexOf("\0")));
  }

  /** A failed key waits, twice as long each time; the others go on. */
  #backOff(work: string, error: unknown): void {
    this.#noteRetry(work);
    this.#queue.restore(work);
    const attempts = (this.store.record<number>(attemptsTable, work) ?? 0) + 1;
    this.store.putRecord(attemptsTable, work, attempts);
    const delay = Math.min(reconcileBackoffMsMin * 2 ** (attempts - 1), reconcileBackoffMsMax);
    this.#queue.setTimer(work, this.#now.ms + delay);
    if (!(error instanceof StatusError)) this.#faults.note(work.replace("\0", " "), error);
  }

  /** The object that a key names: of the first kind that its controller looks at and that has it. */
  objectOf(work: string): KubeObject | undefined {
    const [name = "", key = ""] = work.split("\0");
    const place = splitKey(key);
    for (const resource of Object.keys(this.#controllers.get(name)?.wakesOn ?? {})) {
      const object =
        resource === "*" ? undefined : this.store.get(resource, place.namespace, place.name);
      if (object) return object;
    }
    return undefined;
  }

  /**
   * Runs a body in a transaction, maps its changes to keys and takes its wakes. A Refused body leaves no trace. `by`: who
   * causes what it writes.
   */
  commit(by: string | undefined, body: () => void): readonly Change[] {
    this.#client.wakes = [];
    let changes: readonly Change[];
    try {
      changes = this.store.as(by, () => this.store.transaction(body));
    } catch (error) {
      this.#client.wakes = [];
      if (error instanceof Refused) return [];
      throw error;
    }
    this.#follow(changes);
    for (const change of changes) this.#wake(change);
    this.#parked.see(changes);
    for (const { controller, key, atMs } of this.#client.wakes) {
      if (atMs === undefined || atMs <= this.#now.ms) this.#queue.add(workKey(controller, key));
      else this.#queue.bringForward(workKey(controller, key), atMs);
    }
    return changes;
  }

  #wake(change: Change): void {
    for (const { controller, wakes } of this.#subscribersOf(change.resource)) {
      const keys = wakes(change, this.#client);
      if (keys) for (const key of keys) this.#queue.add(workKey(controller.name, key));
    }
  }

  /** Of one kind, then those of all. */
  #subscribersOf(resource: ResourceId): readonly Subscriber[] {
    const own = this.#subscribers.get(resource);
    const all = this.#subscribers.get("*") ?? [];
    if (!own) return all;
    let found = this.#concerned.get(resource);
    if (!found) this.#concerned.set(resource, (found = [...own, ...all]));
    return found;
  }

  /**
   * One reconcile that changes something; else time moves to the next due moment. "later": the budget ended before;
   * "idle": nothing will ever happen by itself.
   */
  oneStep(): "done" | "later" | "idle" {
    for (;;) {
      if (this.left <= 0 || this.#steered) return "later";
      const work = this.#queue.peek();
      if (work === undefined) break;
      if (this.#step(work)) return "done";
    }
    const due = this.#queue.nextDue();
    if (due === undefined) return "idle";
    this.left -= 1;
    this.#now.ms = Math.max(this.#now.ms, due);
    this.#queue.fire(this.#now.ms);
    return "done";
  }

  /** Returns how many are left. Where nothing ever happens, all are taken at once. */
  takeSteps(steps: number): number {
    for (let left = steps; left > 0; left--) {
      const step = this.oneStep();
      if (step === "later") return left;
      if (step === "idle") return 0;
      if (this.#steered) return left - 1;
    }
    return 0;
  }
}

/** Thrown to take back what a refused request had begun. */
export class Refused extends Error {
  override name = "Refused";
}
