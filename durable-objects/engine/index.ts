/**
 * The engine: one cluster. Requests and alarms come in, revisions go into the log, and what is due next comes out.
 * Everything below is synchronous; the caller says what time it is on the wall.
 */
import { handle as handleApi } from "./api/handle.ts";
import type { ApiContext } from "./api/context.ts";
import { fieldsOf } from "./api/list.ts";
import { Operations } from "./api/operations.ts";
import { storedResource } from "./api/resources.ts";
import { StatusError } from "./api/status.ts";
import { signingKey } from "./api/tokens.ts";
import * as watches from "./api/watch.ts";
import { birth } from "./bootstrap/birth.ts";
import { baseObjects } from "./bootstrap/base.ts";
import { createReader, EngineClient, type Now } from "./client.ts";
import { clockChange, type ClockCommand } from "./clock-control.ts";
import { createControllers } from "./controllers/index.ts";
import type { Controller, Reader, Waker } from "./controllers/define.ts";
import { rebase, virtualAt, wallAt, type ClockState } from "./core/clock.ts";
import { Log } from "./core/log.ts";
import type { Change } from "./core/object.ts";
import { Queue, workKey } from "./core/queue.ts";
import { Random } from "./core/random.ts";
import { Store } from "./core/store.ts";
import { indices } from "./kinds/indices.ts";
import {
  bornBeforeMs,
  objectsMax,
  reconcileBackoffMsMax,
  reconcileBackoffMsMin,
  sleepAfterMs,
  stateBytesMax,
  turnStepsMax,
} from "./limits.ts";
import type { ApiRequest, ApiResponse, LogFollow, Reply, Sql, Subscription } from "./ports.ts";
import { createStreams, type Streams } from "./streams.ts";

export interface EngineOptions {
  seed: string;
  /** Workers; the control-plane node comes on top. */
  nodes: number;
  name: string;
  /** Wall ms. */
  nowMs: number;
  limits?: { objectsMax?: number; stateBytesMax?: number };
}

interface Subscriber {
  controller: Controller;
  wakes: Waker;
}

const clockTable = "clock";
const attemptsTable = "attempts";

export class Engine {
  readonly store: Store;
  readonly log: Log;
  readonly #now: Now = { ms: 0 };
  readonly #queue: Queue;
  readonly #random: Random;
  readonly #operations: Operations;
  readonly #reader: Reader;
  readonly #client: EngineClient;
  readonly #controllers = new Map<string, Controller>();
  readonly #subscribers = new Map<string, Subscriber[]>();
  readonly #context: ApiContext;
  readonly #streams: Streams;
  readonly options: EngineOptions;
  #lookedAtWall = 0;
  /** Reconciles since this engine was made; for the bench. */
  steps = 0;

  constructor(sql: Sql, options: EngineOptions) {
    this.options = options;
    this.store = new Store(indices);
    this.log = new Log(sql, this.store, (resource, object) => {
      const known = storedResource(resource);
      return known?.hooks.fields ? fieldsOf(known, object) : undefined;
    });
    this.#random = new Random(options.seed);
    this.#reader = createReader(this.store, this.#now);
    this.#operations = new Operations(this.store, this.#random, this.#reader, {
      objectsMax: options.limits?.objectsMax ?? objectsMax,
      stateBytesMax: options.limits?.stateBytesMax ?? stateBytesMax,
    });
    this.#operations.bytesStored = () => this.log.bytes;
    this.#queue = new Queue(this.store);
    this.#client = new EngineClient(this.store, this.#operations, this.#reader);
    this.#streams = createStreams(this.#client);
    this.#context = {
      store: this.store,
      log: this.log,
      operations: this.#operations,
      reader: this.#reader,
      streams: this.#streams,
      signingKey: signingKey(options.seed),
      wallNow: options.nowMs,
    };
    this.#client.apiServer = (request) => handleApi(this.#context, request);
    for (const controller of createControllers(this.#context.signingKey)) this.#register(controller);
    this.#open();
  }

  get virtualNow(): number {
    return this.#now.ms;
  }

  get #clock(): ClockState {
    return this.store.record<ClockState>(clockTable, "state") as ClockState;
  }

  #register(controller: Controller): void {
    this.#controllers.set(controller.name, controller);
    for (const [resource, wakes] of Object.entries(controller.wakesOn)) {
      const list = this.#subscribers.get(resource) ?? [];
      list.push({ controller, wakes });
      this.#subscribers.set(resource, list);
    }
  }

  #open(): void {
    this.log.migrate();
    const born = Number(this.log.meta("born") ?? this.options.nowMs);
    const state = this.log.hydrate(baseObjects(this.options.seed, born - bornBeforeMs));
    this.#now.ms = state.now;
    this.#queue.rebuild(state.dirty);
    this.#lookedAtWall = Number(this.log.meta("looked") ?? this.options.nowMs);
    if (!state.fresh) return;
    this.log.setMeta("born", String(born));
    // Born a while ago, so that a learner meets a cluster that has settled.
    this.#now.ms = born - bornBeforeMs;
    this.store.putRecord(clockTable, "state", {
      baseMs: born,
      wallBaseMs: born,
      speed: 1,
      paused: false,
      frozen: false,
    } satisfies ClockState);
    this.#random.reset(this.store.rv, "birth");
    this.#commit(() => birth(this.#client, this.options));
    this.#advanceTo(born, turnStepsMax);
    this.#persist();
  }

  /** Answers one request; what is due by now happens first. Whether it counts as looking, the caller knows. */
  handle(request: ApiRequest, wallMs: number): ApiResponse {
    this.#advance(wallMs);
    this.#context.wallNow = wallMs;
    this.#random.reset(this.store.rv, `${request.method} ${request.path} ${this.#now.ms}`);
    let response: ApiResponse | undefined;
    const changes = this.#commit(() => {
      response = handleApi(this.#context, request);
      // An error must change nothing, whatever it had begun.
      if (response.type === "reply" && response.status >= 400) throw new Refused();
    });
    this.#obeyClock(changes, wallMs);
    this.#persist();
    if (response?.type === "proxied" && response.reply) return response.reply;
    return response as ApiResponse;
  }

  /** What an alarm does: everything due by now, within the step budget. */
  run(wallMs: number): void {
    const sleepsAtWall = this.#lookedAtWall + sleepAfterMs;
    if (!this.#clock.frozen && wallMs > sleepsAtWall) {
      // However late this alarm comes: time stood still from then on.
      this.#advance(sleepsAtWall);
      this.#setClock(rebase(this.#clock, sleepsAtWall, { frozen: true }));
    } else this.#advance(wallMs);
    this.#persist();
  }

  /** Somebody looks: a frozen cluster goes on where it stood. */
  look(wallMs: number): void {
    if (wallMs - this.#lookedAtWall > 60_000) {
      this.log.setMeta("looked", String(wallMs));
      this.#lookedAtWall = wallMs;
    }
    if (this.#clock.frozen) this.#setClock(rebase(this.#clock, wallMs, { frozen: false }));
  }

  /** Wall moment of the next thing to do; undefined when there is nothing: the alarm may go. */
  nextDueMs(wallMs: number): number | undefined {
    const clock = this.#clock;
    if (clock.paused || clock.frozen) return undefined;
    if (this.#queue.size > 0) return wallMs;
    const due = this.#queue.nextDue();
    const at = due === undefined ? undefined : wallAt(clock, due);
    return at === undefined ? undefined : Math.ceil(at);
  }

  /** What a watch is owed since its last revision. */
  poll(
    subscription: Subscription,
    wallMs: number,
  ): { lines: string[]; subscription: Subscription; ended: boolean } {
    const context = {
      store: this.store,
      log: this.log,
      now: this.#now.ms,
      wallNow: wallMs,
      random: () => 0,
    };
    const moved = { ...subscription };
    const { lines, ended } = watches.poll(context, moved);
    return { lines, subscription: moved, ended };
  }

  heartbeat(subscription: Subscription): string {
    return watches.heartbeat(subscription);
  }

  pollLog(follow: LogFollow): { text: string; follow: LogFollow; ended: boolean } {
    return this.#streams.pollLog(follow);
  }

  /** The answer of a proxied request that was under way; undefined: not yet. */
  pollProxy(pending: Record<string, unknown>, method: string): Reply | undefined {
    let reply: Reply | undefined;
    this.#commit(() => {
      reply = this.#streams.pollProxy(pending, method);
    });
    if (reply) this.#persist();
    return reply;
  }

  /** exec, attach and port-forward sessions: see streams/sessions.ts. */
  get sessions(): Streams["sessions"] {
    return this.#streams.sessions;
  }

  /** Ends what an adapter did to a session: commits, wakes, writes the log. */
  session<T>(wallMs: number, body: () => T): T {
    this.look(wallMs);
    this.#advance(wallMs);
    this.#random.reset(this.store.rv, `session ${this.#now.ms}`);
    let result: T | undefined;
    this.#commit(() => {
      result = body();
    });
    this.#drainNow();
    this.#persist();
    return result as T;
  }

  // Time and work

  /** Brings virtual time to the wall's, through every due moment on the way. */
  #advance(wallMs: number): void {
    const clock = this.#clock;
    if (clock.paused) return;
    const target = Math.max(this.#now.ms, virtualAt(clock, wallMs));
    this.#advanceTo(target, turnStepsMax);
  }

  /** Returns false when the budget ended before `target` was reached. */
  #advanceTo(target: number, budget: number): boolean {
    let left = budget;
    for (;;) {
      left = this.#drain(left);
      if (this.#queue.size > 0) return false;
      const due = this.#queue.nextDue();
      if (due !== undefined && due <= target) {
        this.#now.ms = Math.max(this.#now.ms, due);
        this.#queue.fire(this.#now.ms);
        continue;
      }
      this.#now.ms = Math.max(this.#now.ms, target);
      if (!this.#queue.fireLazy(this.#now.ms)) return true;
    }
  }

  #drainNow(): void {
    if (!this.#clock.paused) this.#drain(turnStepsMax);
  }

  /** Takes dirty keys one after the other; returns what is left of the budget. */
  #drain(budget: number): number {
    let left = budget;
    while (left > 0) {
      const work = this.#queue.peek();
      if (work === undefined) break;
      this.#step(work);
      left -= 1;
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
      this.#commit(() => {
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
    if (!(error instanceof StatusError)) {
      this.faults.push({ work: work.replace("\0", " "), error, at: this.#now.ms });
      if (this.faults.length > 100) this.faults.shift();
    }
  }

  /** Throws of reconcilers that no API error explains: faults of Podyard, for tests and the operator's log. */
  readonly faults: { work: string; error: unknown; at: number }[] = [];

  /** Runs a body in a transaction, maps its changes to keys and takes its wakes. A Refused body leaves no trace. */
  #commit(body: () => void): readonly Change[] {
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
    for (const { controller, wakes } of this.#subscribers.get(change.resource) ?? []) {
      for (const key of wakes(change, this.#reader) ?? []) {
        this.#queue.add(workKey(controller.name, key));
      }
    }
    for (const { controller, wakes } of this.#subscribers.get("*") ?? []) {
      for (const key of wakes(change, this.#reader) ?? []) {
        this.#queue.add(workKey(controller.name, key));
      }
    }
  }

  #persist(): void {
    if (this.store.hasPending) this.log.persist(this.#now.ms, this.#queue.keys());
  }

  // The Clock object

  #setClock(clock: ClockState): void {
    this.store.putRecord(clockTable, "state", clock);
  }

  /** The Clock steers the queue itself, so it is obeyed at once, also while controllers stand still. */
  #obeyClock(changes: readonly Change[], wallMs: number): void {
    const touched = changes.findLast((c) => c.resource === "clocks.podyard.dev");
    if (!touched) return;
    const command = clockChange(touched, this.#clock, this.#now.ms, wallMs);
    this.#setClock(command.clock);
    this.#perform(command);
    this.#commit(() => command.report(this.#client, this.#clock, this.#now.ms, wallMs));
  }

  #perform(command: ClockCommand): void {
    if (command.advanceToMs !== undefined) this.#advanceTo(command.advanceToMs, turnStepsMax * 10);
    for (let i = 0; i < command.steps; i++) this.#oneStep();
    if (command.clock.paused) this.#setClock({ ...command.clock, baseMs: this.#now.ms });
  }

  /** One reconcile that changes something; else time moves to the next due moment. */
  #oneStep(): void {
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
class Refused extends Error {
  override name = "Refused";
}
