/**
 * The engine: one cluster. Requests and alarms come in, revisions go into the log, and what is due next comes out.
 * Everything below is synchronous; the caller says what time it is on the wall.
 */
import type { Birth } from "./core/birth.ts";
import type { Sealed } from "./snapshots/artefact.ts";
import { restoreInto, sealed, snapshotOf } from "./snapshots/snapshot.ts";
import { handle as handleApi } from "./api/handle.ts";
import type { ApiContext } from "./api/context.ts";
import type { Registry } from "./api/discovery/registry.ts";
import * as watches from "./api/read/watch.ts";
import { birth } from "./bootstrap/birth.ts";
import { baseObjects } from "./bootstrap/base.ts";
import type { EngineClient, Now } from "./client/client.ts";
import { clockChange, reportSteps } from "./loop/clock-control.ts";
import { assert } from "./core/assert.ts";
import {
  clockFrom,
  isFastForwarding,
  rebase,
  virtualAt,
  wallAt,
  type ClockState,
} from "./core/clock.ts";
import type { Log } from "./core/log.ts";
import type { Change } from "./core/object.ts";
import type { Queue } from "./core/queue.ts";
import { stopClock, type Snapshot, type SnapshotOptions } from "./core/snapshot.ts";
import type { Random } from "./core/random.ts";
import type { Store } from "./core/store.ts";
import type { Fault, Faults } from "./loop/faults.ts";
import {
  birthStepsMax,
  bornBeforeMs,
  clockDebtMsMax,
  cpuUsPerTurnStep,
  sleepAfterMs,
  turnStepsMax,
} from "./core/limits.ts";
import type {
  ApiRequest,
  ApiResponse,
  LogFollow,
  Reply,
  Subscription,
  EngineResponse,
  ProxyPending,
} from "./ports/request.ts";
import type { Sql } from "./core/sql.ts";
import { stopUnit, workUnitOf, type WorkUnit } from "./loop/work-units.ts";
import type { Streams } from "./streams/index.ts";
import { Refused, type WorkLoop } from "./loop/work-loop.ts";
import { clockOf, clockRecord, createComponents, type EngineOptions } from "./components/wiring.ts";

export type { EngineOptions };
export { openArtefact, sealArtefact } from "./snapshots/artefact.ts";
export { ReadOnlyClusters } from "./snapshots/read-only.ts";
export { thumbnail } from "./snapshots/thumbnail.ts";

export class Engine {
  readonly store: Store;
  readonly log: Log;
  readonly #now: Now;
  readonly #queue: Queue;
  readonly #work: WorkLoop;
  readonly #random: Random;
  readonly #client: EngineClient;
  readonly #context: ApiContext;
  readonly #streams: Streams;
  readonly birth: Birth;
  readonly #faults: Faults;
  #lookedAtWall = 0;
  #turnAtWall = 0;
  #sessionWork = 0;

  constructor(sql: Sql, options: EngineOptions) {
    const components = createComponents(sql, options);
    this.birth = components.birth;
    this.store = components.store;
    this.log = components.log;
    this.#now = components.now;
    this.#queue = components.queue;
    this.#work = components.work;
    this.#random = components.random;
    this.#client = components.client;
    this.#context = components.context;
    this.#streams = components.streams;
    this.#faults = components.faults;
    this.#open();
  }

  /** Reconciles since this engine was made; for the bench. */
  get steps(): number {
    return this.#work.steps;
  }

  /** Throws of reconcilers that no API error explains: faults of Podyard, for tests and the operator's log. */
  get faults(): Fault[] {
    return this.#faults.list;
  }

  /** The kinds that this cluster serves; they may change between two turns and within one. */
  get registry(): Registry {
    return this.#context.registry;
  }

  get virtualNow(): number {
    return this.#now.ms;
  }

  get #clock(): ClockState {
    return clockOf(this.store);
  }

  #open(): void {
    const { seed, bornMs: born } = this.birth;
    const state = this.log.hydrate(baseObjects(seed, born - bornBeforeMs));
    this.#now.ms = state.now;
    this.#queue.rebuild(state.dirty);
    // Who made it looked, and only later looks are written down.
    this.#lookedAtWall = Number(this.log.meta("looked") ?? born);
    if (!state.fresh) return;
    // Born a while ago, so that a learner meets a cluster that has settled.
    this.#now.ms = born - bornBeforeMs;
    this.#setClock(clockFrom(born));
    this.#random.reset(this.store.rv, "birth");
    this.#work.commit("bootstrap", () => birth(this.#client, this.birth));
    this.#work.left = birthStepsMax;
    this.#work.advanceTo(born);
    this.#persist();
  }

  /** Answers one request; what is due by now happens first. Whether it counts as looking, the caller knows. */
  handle(request: ApiRequest, wallMs: number): EngineResponse {
    this.#begin(wallMs);
    this.#advance(wallMs);
    this.log.remember(this.store.pendingChanges);
    this.#context.wallNow = wallMs;
    this.#random.reset(this.store.rv, `${request.method} ${request.path} ${this.#now.ms}`);
    let response: ApiResponse | undefined;
    // Whose request it is, the API finds out.
    const changes = this.#work.commit(undefined, () => {
      const host = request.preview?.ingressHost;
      response =
        host === undefined ? handleApi(this.#context, request) : this.#streams.visit(request, host);
      // An error must change nothing, whatever it had begun.
      if (response.type === "reply" && response.status >= 400) throw new Refused();
    });
    this.#work.held.lift(changes);
    this.#applyClock(changes, wallMs);
    this.#persist();
    assert(response, "an answer");
    return response.type === "proxied" ? response.reply : response;
  }

  /** What an alarm does: everything due by now, within the step budget. */
  run(wallMs: number): void {
    this.#begin(wallMs);
    const sleepsAtWall = this.#lookedAtWall + sleepAfterMs;
    if (!this.#clock.frozen && wallMs > sleepsAtWall) {
      // However late this alarm comes: time stood still from then on.
      this.#advance(sleepsAtWall);
      this.#setClock(rebase(this.#clock, sleepsAtWall, { frozen: true }));
    } else this.#advance(wallMs);
    this.#persist();
  }

  /** What `runUnit` does next towards the wall's moment; undefined: nothing is due. */
  nextUnit(wallMs: number): WorkUnit | undefined {
    this.#now.wallMs = wallMs;
    const clock = this.#clock;
    if (clock.frozen || (clock.paused && clock.jumpToMs === undefined)) return undefined;
    const untilWall = Math.min(wallMs, this.#lookedAtWall + sleepAfterMs);
    const target = clock.jumpToMs ?? Math.max(this.#now.ms, virtualAt(clock, untilWall));
    const work = this.#work.upcoming(target);
    return work === undefined ? undefined : workUnitOf(this.#client, work);
  }

  /** One key, with no other processes than those named, kept at once: what came before is then never done again. */
  runUnit({ work, processes }: WorkUnit): void {
    const keys = new Set(processes.map(({ key }) => key));
    this.#client.mayRun = (pod, key) => work === `kubelet\0${pod}` && keys.has(key);
    this.#work.takeOne();
    this.#client.mayRun = undefined;
    this.#persist();
  }

  /** Stops a unit that the host process died of: its processes, or where it has none, its key. */
  stopUnit(unit: WorkUnit): void {
    this.#random.reset(this.store.rv, `stop ${unit.work} ${this.#now.ms}`);
    this.#work.commit("watchdog", () => stopUnit(unit, this.#client, this.#work));
    this.#persist();
  }

  /** Forgets all sessions, with their processes, without running anything. */
  dropSessions(): void {
    this.#work.commit("watchdog", () => this.#streams.sessions.dropAll());
    this.#persist();
  }

  /** The snapshot of the wall's moment as bytes, or in a sentence why there are none. */
  artefact(wallMs: number, options: SnapshotOptions = {}): Sealed {
    return sealed(() => this.snapshot(wallMs, options));
  }

  /** Everything at the wall's moment, what is due by now done as far as a turn's budget goes; equal states give equal values. */
  snapshot(wallMs: number, options: SnapshotOptions = {}): Snapshot {
    this.#begin(wallMs);
    this.#advance(wallMs);
    this.#persist();
    const { store, log, birth } = this;
    const clock = stopClock(this.#clock, this.#now.ms, wallMs);
    const parts = { store, log, birth, clock, waiting: this.#queue.keys() };
    return snapshotOf(parts, this.#context.signingKey, options);
  }

  /** A cluster in empty storage that goes on where the snapshot stands, with an identity of its own; a look at `nowMs`. */
  static restore(sql: Sql, snapshot: Snapshot, options: Omit<EngineOptions, keyof Birth>): Engine {
    restoreInto(sql, snapshot, options);
    return new Engine(sql, options);
  }

  /** A client is active: a frozen cluster goes on where it stood. */
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
    if (isFastForwarding(clock)) return wallMs;
    if (clock.paused || clock.frozen) return undefined;
    if (this.#queue.size > 0) return wallMs;
    const due = this.#queue.nextDue();
    const at = due === undefined ? undefined : wallAt(clock, due);
    return at === undefined ? undefined : Math.ceil(at);
  }

  /** The turn has done all it may: others should get their turn before this cluster's next. */
  get budgetSpent(): boolean {
    return this.#work.left <= 0;
  }

  /** For how long, by the wall, work has waited that could have been done. */
  overdueMs(wallMs: number): number {
    const clock = this.#clock;
    if (isFastForwarding(clock)) return wallMs - clock.wallBaseMs;
    const due = this.#queue.size > 0 ? this.#now.ms : this.#queue.nextDue();
    const at = due === undefined ? undefined : wallAt(clock, due);
    return at === undefined ? 0 : Math.max(0, wallMs - at);
  }

  /** What a watch is owed since its last revision. */
  poll(
    subscription: Subscription,
    wallMs: number,
  ): { lines: string[]; subscription: Subscription; ended: boolean } {
    const context = {
      store: this.store,
      log: this.log,
      registry: this.#context.registry,
      now: this.#now.ms,
      wallNow: wallMs,
      random: () => 0,
    };
    const moved = { ...subscription };
    const { lines, ended } = watches.poll(context, moved);
    return { lines, subscription: moved, ended };
  }

  heartbeat(subscription: Subscription): string {
    return watches.heartbeat(this.#context.registry, subscription);
  }

  pollLog(follow: LogFollow): { text: string; follow: LogFollow; ended: boolean } {
    return this.#streams.pollLog(follow);
  }

  /** The answer of a proxied request that was under way; undefined: not yet. */
  pollProxy(pending: ProxyPending): Reply | undefined {
    let reply: Reply | undefined;
    this.#work.commit("network", () => {
      reply = this.#streams.pollProxy(pending);
    });
    if (reply) this.#persist();
    return reply;
  }

  /** exec, attach and port-forward sessions: see streams/sessions.ts. */
  get sessions(): Streams["sessions"] {
    return this.#streams.sessions;
  }

  /** Work that sessions caused since this engine was made, in the units of a turn's budget; every call of `session` counts. */
  get sessionWork(): number {
    return this.#sessionWork;
  }

  /**
   * Ends what an adapter did to a session: commits, wakes, writes the log. `takesMore` takes what the cluster did upon it and
   * says whether it may do more, all before the log is written: what an adapter takes at once is then never on disk.
   */
  session<T>(wallMs: number, body: () => T, takesMore?: () => boolean): T {
    this.look(wallMs);
    // Many sessions act within one turn: they share what it may do.
    if (this.#turnAtWall !== wallMs) this.#begin(wallMs);
    this.#advance(wallMs);
    this.#random.reset(this.store.rv, `session ${this.#now.ms}`);
    const result = this.#sessionStep(body);
    if (takesMore) while (this.#sessionStep(takesMore)) continue;
    this.#persist();
    return result;
  }

  #sessionStep<T>(body: () => T): T {
    let result: T | undefined;
    const { left } = this.#work;
    this.#client.spent = 0;
    this.#work.commit("kubelet", () => {
      result = body();
    });
    this.#sessionWork += 1 + Math.floor(this.#client.spent / cpuUsPerTurnStep);
    this.#drainNow();
    this.#sessionWork += left - this.#work.left;
    return result as T;
  }

  // Time and work

  /** A turn of the caller's begins. What it does not get done goes on from the alarm. */
  #begin(wallMs: number): void {
    this.#turnAtWall = wallMs;
    this.#work.left = turnStepsMax;
  }

  /** Brings virtual time to the wall's, through every due moment on the way, as far as the turn's budget goes. */
  #advance(wallMs: number): void {
    this.#now.wallMs = wallMs;
    this.#fastForward(wallMs);
    const clock = this.#clock;
    if (clock.paused || isFastForwarding(clock)) return;
    const target = Math.max(this.#now.ms, virtualAt(clock, wallMs));
    if (this.#work.advanceTo(target)) return;
    // A clock too fast for what happens runs as fast as it can: what it owes must not grow for ever.
    const owedMs = target - this.#now.ms;
    if (clock.speed > 1 && owedMs > clockDebtMsMax) {
      this.#setClock({ ...clock, baseMs: this.#now.ms + clockDebtMsMax, wallBaseMs: wallMs });
    }
  }

  #drainNow(): void {
    if (!this.#clock.paused) this.#work.drain();
  }

  #persist(): void {
    if (this.store.hasPending) this.log.persist(this.#now.ms, this.#queue.keys());
  }

  // The Clock object

  #setClock(clock: ClockState): void {
    this.store.putRecord(...clockRecord, clock);
  }

  /** The Clock steers the queue itself, so it is obeyed at once, also while controllers stand still. */
  #applyClock(changes: readonly Change[], wallMs: number): void {
    const touched = changes.findLast((c) => c.resource === "clocks.podyard.dev");
    if (!touched) return;
    this.#setClock(clockChange(touched, this.#clock, this.#now.ms, wallMs));
    this.#fastForward(wallMs);
  }

  /** A jump, then single steps, as far as the turn's budget goes; at their end time goes on from where they led. */
  #fastForward(wallMs: number): void {
    const clock = this.#clock;
    if (!isFastForwarding(clock)) return;
    const { jumpToMs, stepsLeft = 0, ...rest } = clock;
    if (jumpToMs !== undefined && !this.#work.advanceTo(jumpToMs)) return;
    const left = this.#takeSteps(stepsLeft);
    if (left < stepsLeft) this.#work.commit("clock", () => reportSteps(this.#client, left));
    this.#setClock({
      ...rest,
      baseMs: this.#now.ms,
      wallBaseMs: wallMs,
      ...(left > 0 ? { stepsLeft: left } : {}),
    });
  }

  /** Returns how many are left. Where nothing ever happens, all are taken at once. */
  #takeSteps(steps: number): number {
    for (let left = steps; left > 0; left--) {
      const step = this.#work.oneStep();
      if (step === "later") return left;
      if (step === "idle") return 0;
    }
    return 0;
  }
}
