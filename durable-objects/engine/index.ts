/** The engine: one cluster, to which requests and alarms come. All is synchronous; the caller says what time it is on the wall. */
import type { Birth } from "./core/birth.ts";
import { restoreInto, snapshotOf } from "./snapshots/take-and-restore.ts";
import { handleAt } from "./api/requests-of-the-past.ts";
import { Earlier } from "./past/earlier.ts";
import { undo, type UndoOptions, type Undone } from "./past/undo.ts";
import { isTimeline, openTimeline, pollTimeline } from "./past/timeline-watch.ts";
import { timelineOf, type Timeline, type TimelineOptions } from "./past/timeline.ts";
import type { ApiContext } from "./api/context.ts";
import type { Registry } from "./api/discovery/registry.ts";
import type { Identity } from "./api/auth/tokens.ts";
import { changesSince, type Changes } from "./api/read/changes.ts";
import * as watches from "./api/read/watch.ts";
import { birth } from "./bootstrap/birth.ts";
import { baseObjects } from "./bootstrap/base.ts";
import { bornAt, keepBirth, tellBirth } from "./bootstrap/kept-births.ts";
import type { Now } from "./client/client.ts";
import { Steering } from "./loop/steering.ts";
import { clockFrom, virtualAt } from "./core/clock.ts";
import type { Log } from "./core/log.ts";
import type { Queue } from "./core/queue.ts";
import {
  stopClock,
  stopClockAt,
  type Snapshot,
  type SnapshotOptions,
  type StoppedClock,
} from "./core/snapshot.ts";
import type { Store } from "./core/store.ts";
import type { Fault } from "./loop/faults.ts";
import {
  birthStepsMax,
  bornBeforeMs,
  cpuUsPerTurnStep,
  sleepAfterMs,
  turnStepsMax,
} from "./core/limits.ts";
import type {
  ApiRequest,
  Reply,
  Subscription,
  EngineResponse,
  ProxyPending,
  User,
  WatchReply,
} from "./ports/request.ts";
import type { Sql } from "./core/sql.ts";
import { stopUnit, workUnitOf, type WorkUnit } from "./loop/work-units.ts";
import type { Streams } from "./streams/index.ts";
import type { WorkLoop } from "./loop/work-loop.ts";
import { bornAs } from "./components/late-birth.ts";
import { Requests } from "./components/requests.ts";
import { createComponents, type Components, type EngineOptions } from "./components/wiring.ts";

export type { EngineOptions };
export { openArtefact, sealArtefact } from "./snapshots/artefact.ts";
export { sealed } from "./snapshots/take-and-restore.ts";
export { mayWait } from "./components/late-birth.ts";
export { ReadOnlyClusters } from "./snapshots/read-only.ts";
export { thumbnail } from "./snapshots/thumbnail.ts";

export class Engine {
  readonly store: Store;
  readonly log: Log;
  readonly #parts: Components;
  readonly #now: Now;
  readonly #queue: Queue;
  readonly #work: WorkLoop;
  readonly #time: Steering;
  readonly #context: ApiContext;
  readonly birth: Birth;
  readonly #earlier: Earlier<Engine>;
  readonly #requests: Requests;
  /** What a turn may do; the simulation lets one that comes late do all there is. */
  turnSteps = turnStepsMax;
  #identity: Identity;
  #lookedAtWall = 0;
  #turnAtWall = 0;
  #sessionWork = 0;

  constructor(sql: Sql, options: EngineOptions) {
    const components = createComponents(sql, options);
    this.#parts = components;
    this.birth = components.birth;
    this.store = components.store;
    this.log = components.log;
    this.#now = components.now;
    this.#queue = components.queue;
    this.#work = components.work;
    this.#time = new Steering(components);
    this.#context = components.context;
    this.#requests = new Requests(components, this.#time);
    this.#identity = options.identity;
    const again = (stored: Sql): Engine =>
      new Engine(stored, { ...options, identity: this.#identity });
    this.#earlier = new Earlier(this.log, this.store, again);
    this.#open(bornAs(options, this.birth.nodes));
  }

  /** Reconciles since this engine was made; for the bench. */
  get steps(): number {
    return this.#work.steps;
  }

  /** Throws of reconcilers that no API error explains: faults of Podyard, for tests and the operator's log. */
  get faults(): Fault[] {
    return this.#parts.faults.list;
  }

  /** The kinds that this cluster serves; they may change between two turns and within one. */
  get registry(): Registry {
    return this.#context.registry;
  }

  get virtualNow(): number {
    return this.#now.ms;
  }

  #open(what: string): void {
    const base = baseObjects(this.birth.seed, this.birth.bornMs - bornBeforeMs);
    tellBirth(this.log, this.birth, what);
    const state = this.log.hydrate(base);
    this.#parts.definitions.load();
    this.#parts.remote.load();
    this.#now.ms = state.now;
    this.#queue.rebuild(state.dirty);
    this.#lookedAtWall = Number(this.log.meta("looked") ?? this.birth.bornMs);
    if (state.fresh) keepBirth(this, what, base, this.#bear());
  }

  /** Born a while ago, so that a learner meets a cluster that has settled. */
  #bear(): Map<string, number> {
    const end = bornAt(this.birth);
    this.#now.ms = end - bornBeforeMs;
    this.#time.set(clockFrom(end));
    const about = this.#parts.random.bearing(end, () => {
      this.#parts.random.reset(this.store.rv, "birth", this.#now.ms);
      this.#work.commit("bootstrap", () => birth(this.#parts.client, this.birth));
      this.#work.left = birthStepsMax;
      this.#work.advanceTo(end);
    });
    this.#persist();
    return about;
  }

  /** Answers one request; what is due by now happens first. Whether it counts as looking, the caller knows. */
  handle(request: ApiRequest, wallMs: number): EngineResponse {
    this.#begin(wallMs);
    this.#time.advance(wallMs);
    this.log.remember(this.store.pendingChanges);
    this.#context.wallNow = wallMs;
    const response = this.#requests.answer(request, wallMs);
    this.#persist();
    return response;
  }

  /** The answer of a request that waited for webhooks; undefined: not yet. */
  pollHeld(id: string): EngineResponse | undefined {
    const response = this.#requests.held(id);
    if (response) this.#persist();
    return response;
  }

  /** What an alarm does: everything due by now, within the step budget. */
  run(wallMs: number): void {
    this.#earlier.forget(wallMs);
    this.#begin(wallMs);
    this.#time.advance(wallMs, this.sleepsAtMs);
    if (this.store.hasPending || !this.log.isCheckpointing) this.#persist();
    else this.log.goOn(this.#now.ms, this.#queue.keys());
  }

  /** What `runUnit` does next towards the wall's moment; undefined: nothing is due. */
  nextUnit(wallMs: number): WorkUnit | undefined {
    this.#now.wallMs = wallMs;
    const clock = this.#time.clock;
    if (clock.frozen || (clock.paused && clock.jumpToMs === undefined)) return undefined;
    const untilWall = Math.min(wallMs, this.sleepsAtMs);
    const target = clock.jumpToMs ?? Math.max(this.#now.ms, virtualAt(clock, untilWall));
    const work = this.#work.upcoming(target);
    return work === undefined ? undefined : workUnitOf(this.#parts.client, work);
  }

  /** One key, with no other processes than those named, kept at once: what came before is then never done again. */
  runUnit({ work, processes }: WorkUnit): void {
    const keys = new Set(processes.map(({ key }) => key));
    this.#parts.client.mayRun = (pod, key) => work === `kubelet\0${pod}` && keys.has(key);
    this.#work.takeOne();
    this.#parts.client.mayRun = undefined;
    this.#persist();
  }

  /** Stops a unit that the host process died of: its processes, or where it has none, its key. */
  stopUnit(unit: WorkUnit): void {
    this.#parts.random.reset(this.store.rv, `stop ${unit.work}`, this.#now.ms);
    this.#work.commit("watchdog", () => stopUnit(unit, this.#parts.client, this.#work));
    this.#persist();
  }

  /** Tokens of service accounts are another identity's from now on: those from before open nothing, and Secrets get new ones. */
  renewTokens(identity: Identity, wallMs: number): void {
    this.#identity = identity;
    this.#earlier.forget(Infinity);
    this.#begin(wallMs);
    this.#work.commit("serviceaccounttoken", () => this.#parts.renewTokens(identity));
    this.#persist();
  }

  /** Forgets all sessions, with their processes, without running anything. */
  dropSessions(): void {
    this.#work.commit("watchdog", () => this.#parts.streams.sessions.dropAll());
    this.#persist();
  }

  /**
   * Everything at the wall's moment, what is due by now done as far as a turn's budget goes, or at an earlier one, for which it
   * throws 410 where that is too long ago. Equal states give equal values.
   */
  snapshot(wallMs: number, options: SnapshotOptions = {}): Snapshot {
    if (options.at === undefined) {
      this.#catchUp(wallMs);
      return this.#snapshot(stopClock(this.#time.clock, this.#now.ms, wallMs), options);
    }
    const earlier = this.#earlier.at(options.at, false, wallMs);
    const pastAfter = Math.max(this.log.floor, options.pastAfter ?? Infinity);
    return earlier.#snapshot(stopClockAt(earlier.#time.clock, earlier.#now.ms), {
      ...options,
      pastAfter,
    });
  }

  /** Who did what, when, to what: the newest rows of the log in words, or those after or before a revision. */
  timeline(options: TimelineOptions = {}): Timeline {
    return timelineOf(this.log, this.#work.components, options);
  }

  /** The same as a stream, which `poll` goes on with: rows after a revision, or those still to come. */
  watchTimeline(after: number | undefined, wallMs: number): WatchReply {
    this.#catchUp(wallMs);
    return openTimeline(this.log, this.#work.components, after, wallMs);
  }

  /** Takes back what persons did since a revision, as new revisions; throws 410 where that is too long ago. See past/undo.ts. */
  undo(options: UndoOptions, wallMs: number): Undone {
    this.#catchUp(wallMs);
    const { store: then } = this.#earlier.at(options.to, true, wallMs);
    this.#parts.random.reset(this.store.rv, `undo ${options.to}`, this.#now.ms);
    const done = undo({ ...this.#parts, then }, options);
    this.#persist();
    return done;
  }

  #snapshot(clock: StoppedClock, options: SnapshotOptions): Snapshot {
    const { store, log, birth } = this;
    const parts = { store, log, birth, clock, waiting: this.#queue.keys() };
    return snapshotOf(parts, this.#context.signingKey, options);
  }

  /** Answers a request that only reads, as of a revision: 410 where that is too long ago. Who may read, the present decides. */
  at(revision: number, request: ApiRequest, wallMs: number): Reply {
    const past = (): ApiContext => this.#earlier.at(revision, true, wallMs).#context;
    return handleAt(past, request, this.#context.reader, wallMs);
  }

  /** A cluster in empty storage that goes on where the snapshot stands, with an identity of its own; a look at `nowMs`. */
  static restore(sql: Sql, snapshot: Snapshot, options: Omit<EngineOptions, keyof Birth>): Engine {
    restoreInto(sql, snapshot, options);
    return new Engine(sql, options);
  }

  /** A client is active: time goes on where it stood; `throughout`: it never stood, as somebody looked on. */
  look(wallMs: number, throughout = false): void {
    this.#time.wake(wallMs, throughout ? wallMs : this.sleepsAtMs);
    if (wallMs - this.#lookedAtWall <= 60_000) return;
    this.log.setMeta("looked", String(wallMs));
    this.#lookedAtWall = wallMs;
  }

  /** Wall moment from which on time stands still, if nobody looks before. */
  get sleepsAtMs(): number {
    return this.#lookedAtWall + sleepAfterMs;
  }

  /** Wall moment of the next thing to do; undefined: nothing before time stands still (`seen`: at all), the alarm may go. */
  nextDueMs(wallMs: number, seen = false): number | undefined {
    return this.#time.nextDueMs(wallMs, seen ? Number.POSITIVE_INFINITY : this.sleepsAtMs);
  }

  /** The turn has done all it may: others should get their turn before this cluster's next. */
  get budgetSpent(): boolean {
    return this.#work.left <= 0;
  }

  /** For how long, by the wall, work has waited that could have been done. */
  readonly overdueMs = (wallMs: number): number => this.#time.overdueMs(wallMs);

  /** What a watch is owed since its last revision. */
  poll(
    subscription: Subscription,
    wallMs: number,
  ): { lines: string[]; subscription: Subscription; ended: boolean } {
    const clock = { now: this.#now.ms, wallNow: wallMs };
    const context = { ...this.#context, ...clock, random: () => 0 };
    const moved = { ...subscription };
    if (isTimeline(moved)) {
      const told = pollTimeline(this.log, this.#work.components, moved, wallMs);
      return { ...told, subscription: moved };
    }
    const told = this.#requests.watched(context, moved);
    if (this.store.hasPending) this.#persist();
    return told ? { ...told, subscription: moved } : { lines: [], subscription, ended: false };
  }

  readonly heartbeat = (of: Subscription): string => watches.heartbeat(this.registry, of);

  /** What has changed since a revision, of what a user may list, and how time goes. */
  readonly changesSince = (since: number, user: User): Changes =>
    changesSince({ ...this.#context, clock: this.#time.clock }, since, user);

  readonly pollLog: Streams["pollLog"] = (follow) => this.#parts.streams.pollLog(follow);

  /** The answer of a proxied request that was under way; undefined: not yet. */
  pollProxy(pending: ProxyPending): Reply | undefined {
    const reply = this.#requests.proxied(pending);
    if (reply) this.#persist();
    return reply;
  }

  /** exec, attach and port-forward sessions: see streams/sessions.ts. */
  get sessions(): Streams["sessions"] {
    return this.#parts.streams.sessions;
  }

  /** Shells that are kept by name: see streams/terminals.ts. */
  get terminals(): Streams["terminals"] {
    return this.#parts.streams.terminals;
  }

  /** Starts a command on a node; belongs into `session`, as everything done to the session that it gives. */
  readonly onMachine: Streams["onMachine"] = (...args) => this.#parts.streams.onMachine(...args);

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
    this.#time.advance(wallMs);
    this.#parts.random.reset(this.store.rv, "session", this.#now.ms);
    const result = this.#sessionStep(body);
    if (takesMore) while (this.#sessionStep(takesMore)) continue;
    this.#persist();
    return result;
  }

  #sessionStep<T>(body: () => T): T {
    let result: T | undefined;
    const { left } = this.#work;
    this.#parts.client.forget();
    this.#work.commit("kubelet", () => {
      result = body();
    });
    this.#sessionWork += 1 + Math.floor(this.#parts.client.spent / cpuUsPerTurnStep);
    this.#time.drain();
    this.#sessionWork += left - this.#work.left;
    return result as T;
  }

  /** A turn of the caller's begins. What it does not get done goes on from the alarm. */
  #begin(wallMs: number): void {
    this.#turnAtWall = wallMs;
    this.#work.left = this.turnSteps;
  }

  /** What is due by now is done, and on disk. */
  #catchUp(wallMs: number): void {
    this.#begin(wallMs);
    this.#time.advance(wallMs);
    this.#persist();
  }

  #persist(): void {
    if (this.store.hasPending) this.log.persist(this.#now.ms, this.#queue.keys());
  }
}
