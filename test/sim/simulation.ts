/**
 * A cluster under a scenario: a World whose storage can fail, whose engine can be dropped at any point, and whose every
 * revision is seen as it is persisted. A second copy of all objects is kept from the revisions alone.
 */
import { createHash } from "node:crypto";
import { isFastForwarding } from "../../durable-objects/engine/core/clock.ts";
import { turnStepsMax } from "../../durable-objects/engine/core/limits.ts";
import type { Change, KubeObject } from "../../durable-objects/engine/core/object.ts";
import { clockOf } from "../../durable-objects/engine/loop/steering.ts";
import type {
  Reply,
  EngineResponse,
  ProxyPending,
} from "../../durable-objects/engine/ports/request.ts";
import type { Answer, RequestOptions, World } from "../helpers/world.ts";
import { birthOf, newborn } from "./births.ts";
import { Clients } from "./clients.ts";
import { History, shadowKey } from "./history.ts";
import {
  Violation,
  type Invariant,
  type InvariantOf,
  type Seen,
  type When,
} from "./invariants/seen.ts";
import { Terminals } from "./terminals.ts";
import { Visits } from "./visits.ts";
import { Writers } from "./writers.ts";

/** The machine stopped: what was not on disk is gone. */
class Crash extends Error {
  override name = "Crash";
}

/** A write of a reconciler failed for no reason of its own: it must be taken back and tried again. */
export class Planted extends Error {
  override name = "Planted";
}

// Objects of every kind.
export type Any = any;

export interface Mode {
  /** Leaves out the faults that must leave no trace, and compares with what came of the run with them. */
  calm?: boolean;
  verbose?: boolean;
  /** Instead of a cluster just born. */
  world?: World;
}

/** Of the log: as they are, or so small that a scenario sees many checkpoints and cuts. */
const sizes = [
  {},
  { checkpoint: 20_000, portion: 4_000 },
  { checkpoint: 5_000, log: 400_000, portion: 1_000 },
  { checkpoint: 50_000, log: 300_000, ring: 150_000 },
];

export class Simulation {
  readonly world: World;
  /** Which cluster it began as. */
  readonly birth: string;
  /** State made of revisions alone; `${resource} ${namespace}/${name}`. */
  readonly shadow = new Map<string, KubeObject>();
  readonly trace: string[] = [];
  readonly history = new History();
  readonly clients: Clients;
  readonly terminals: Terminals;
  readonly writers: Writers;
  readonly visits: Visits;
  readonly #hash = createHash("sha1");
  /** Faults that must leave no trace in the log are left out. */
  readonly calm: boolean;
  readonly #verbose: boolean;
  readonly #invariants = new Map<When, Invariant[]>();
  readonly #sizes: object;
  lastRv = 0;
  firstRv = 0;
  revisions = 0;
  /** How late the next request comes, nothing having run meanwhile: it meets what is due. */
  slip = 0;
  /** An alarm is late: whatever runs next meets what is due. */
  #isLate = false;
  /** How the last transaction ended. */
  #takenBack = false;
  /** Alarms in a row at one moment. */
  #still = 0;
  /** Writes to disk until the machine stops. */
  #crashIn: number | undefined;
  /** Writes to the store until one fails, and what the last that did so said. */
  #throwIn: number | undefined;
  planted = "";
  /** A node without power keeps what it had, so not everything can be demanded. */
  healed = false;
  readonly seed: number;

  constructor(seed: number, nodes: number, invariants: readonly Invariant[], options: Mode = {}) {
    this.seed = seed;
    for (const row of invariants) {
      this.#invariants.set(row.when, [...(this.#invariants.get(row.when) ?? []), row]);
    }
    this.calm = options.calm ?? false;
    this.#verbose = options.verbose ?? false;
    this.world = options.world ?? newborn(seed, nodes);
    this.birth = birthOf(seed, nodes);
    this.#sizes = sizes[seed % sizes.length] as object;
    const { sql } = this.world;
    const exec = sql.exec.bind(sql);
    sql.exec = (query, ...bindings) => {
      if (this.#crashIn !== undefined && !/^\s*select/i.test(query) && this.#crashIn-- <= 0) {
        this.#crashIn = undefined;
        throw new Crash("the machine stopped");
      }
      return exec(query, ...bindings);
    };
    this.lastRv = this.world.engine.store.rv;
    this.firstRv = this.lastRv;
    this.clients = new Clients(this);
    this.terminals = new Terminals(this);
    this.writers = new Writers(this);
    this.visits = new Visits(this);
    for (const resource of this.world.engine.store.resources()) {
      for (const object of this.world.engine.store.list(resource)) {
        this.shadow.set(shadowKey(resource, object.metadata), object);
        this.history.born(resource, object);
      }
    }
    this.#attach();
  }

  /** Thousands of databases would wait for the garbage collector. */
  [Symbol.dispose](): void {
    this.world.sql.database.close();
  }

  get hash(): string {
    return this.#hash.copy().digest("hex");
  }

  say(text: string): void {
    if (this.#verbose) console.log(text);
  }

  // Faults

  evict(): void {
    if (this.calm) return;
    this.#rebirth();
  }

  /** The next turn that writes stops after `writes` statements. */
  crashNext(writes: number): void {
    if (!this.calm) this.#crashIn = writes;
  }

  /** The next reconcile that makes its `writes`th revision fails there. */
  throwNext(writes: number | undefined): void {
    this.#throwIn = writes;
    // A turn that is done twice would fail in one of them only.
    this.#crashIn = undefined;
  }

  /** The alarm comes `ms` late: nothing runs meanwhile. Whatever was due happens first when something runs again. */
  late(ms: number): void {
    if (this.calm) return this.#alarms(ms, () => undefined);
    // How long a jump takes by the wall is how long it takes: what is under way is no lateness.
    if (isFastForwarding(clockOf(this.world.engine.store))) this.#alarms(0, () => undefined);
    this.world.now += ms;
    this.#isLate = true;
  }

  duplicateAlarm(): void {
    if (this.calm) return;
    this.#guarded(() => this.world.engine.run(this.world.now));
    this.#guarded(() => this.world.engine.run(this.world.now));
  }

  // Time

  /** Alarm by alarm, as the object would. Nobody looks meanwhile. */
  advance(ms: number, atEach: () => void = () => undefined): void {
    this.#alarms(ms, atEach);
    this.#alarm();
  }

  #alarms(ms: number, atEach: () => void): void {
    const target = this.world.now + ms;
    this.#still = 0;
    while (this.alarmBy(target)) atEach();
    this.world.now = target;
  }

  /** The next alarm, unless it is later than this moment of the wall; false: it is. */
  alarmBy(target: number): boolean {
    const { world } = this;
    const due = world.engine.nextDueMs(world.now);
    if (due === undefined || due > target) return false;
    this.#still = due <= world.now ? this.#still + 1 : 0;
    world.now = Math.max(world.now, due);
    this.#alarm();
    this.look("alarm", { count: this.#still });
    return true;
  }

  #alarm(): void {
    this.#guarded(() => this.world.engine.run(this.world.now));
    this.checkFaults();
    this.writers.read();
  }

  /** The same for longer than a cluster stays awake by itself: somebody looks every minute. */
  watchedFor(ms: number): void {
    for (let left = ms; left > 0; left -= 60_000) {
      this.advance(Math.min(left, 60_000));
      this.run();
    }
  }

  /** Nobody looks for so long that time may stand still; memory is lost on the way. */
  unwatched(ms: number): void {
    this.slipNow();
    let alarms = 0;
    this.advance(ms, () => {
      if (++alarms % 7 === 0) this.evict();
    });
  }

  /** Somebody looks, and sees what is due by now as done. */
  run(): void {
    this.#polled(() => this.world.engine.look(this.world.now));
    this.#alarm();
  }

  /** Lets what was meant to come late be late. */
  slipNow(): void {
    const ms = this.slip;
    this.slip = 0;
    if (ms > 0) this.late(ms);
  }

  // Requests: whatever is due when they come, they come first.

  request(method: string, url: string, body?: unknown, options: RequestOptions = {}): Answer {
    this.slipNow();
    // In the middle of a jump, which takes several turns, it would come at a moment that lateness decides.
    if (isFastForwarding(clockOf(this.world.engine.store))) this.#alarms(0, () => undefined);
    const { held } = this.writers;
    const first = this.#guarded(() => this.world.raw(method, url, body, options));
    // What asks webhooks is taken back with each attempt.
    const kept = held === this.writers.held && !this.#takenBack;
    const request = `${method} ${url}`;
    const response = this.writers.await(first, request);
    if (!response) return { status: 0, headers: {}, text: "", body: {} };
    const answer = this.world.answerOf(response);
    const { status, text } = answer;
    this.say(`  ${request} -> ${status}${status >= 400 ? ` ${answer.body?.message ?? ""}` : ""}`);
    this.look("answer", { request, status, text, kept });
    this.checkFaults();
    return answer;
  }

  /** Streams, and what answers as it is. */
  raw(method: string, url: string, body?: unknown, options: RequestOptions = {}): EngineResponse {
    this.slipNow();
    this.say(`  ${method} ${url}`);
    const answer = this.#guarded(() => this.world.raw(method, url, body, options));
    this.checkFaults();
    return answer;
  }

  /** What an adapter does to an open session. */
  session<T>(body: (sessions: World["engine"]["sessions"]) => T): T {
    this.slipNow();
    const result = this.#guarded(() =>
      this.world.engine.session(this.world.now, () => body(this.world.engine.sessions)),
    );
    this.checkFaults();
    return result;
  }

  readonly pollProxy = (pending: ProxyPending): Reply | undefined =>
    this.#polled(() => this.world.engine.pollProxy(pending));

  readonly pollHeld = (id: string): EngineResponse | undefined =>
    this.#polled(() => this.world.engine.pollHeld(id));

  /** No time passes in it: what is late stays so. */
  #polled<T>(body: () => T): T {
    const isLate = this.#isLate;
    const reply = this.#guarded(body);
    this.#isLate = isLate;
    return reply;
  }

  patch(url: string, body: unknown, type = "application/merge-patch+json"): Answer {
    return this.request("PATCH", url, body, { type });
  }

  list(url: string): Any[] {
    return this.request("GET", url).body.items ?? [];
  }

  /** As stored, without a request. */
  all(resource: string, namespace?: string): readonly Any[] {
    return this.world.engine.store.list(resource, namespace);
  }

  // Judgement

  look<W extends When>(when: W, seen: Seen[W]): void {
    for (const row of (this.#invariants.get(when) ?? []) as InvariantOf<W>[]) {
      const complaint = row.check(this, seen);
      if (complaint) throw new Violation(row.name, complaint);
    }
  }

  checkFaults(): void {
    const fault = this.world.engine.faults.find((f) => !(f.error instanceof Planted));
    // The loop of reconcilers takes what an invariant says for a fault, too.
    if (fault?.error instanceof Violation) throw fault.error;
    if (fault) this.look("fault", fault);
  }

  /** Runs a turn; when the machine stops in it, starts from the disk and does it again. */
  #guarded<T>(body: () => T): T {
    for (;;) {
      const { engine } = this.world;
      // A request that comes while turns catch up meets an earlier moment, which would be another story.
      if (this.#isLate) engine.turnSteps = Number.POSITIVE_INFINITY;
      try {
        const result = body();
        engine.turnSteps = turnStepsMax;
        this.#isLate = false;
        return result;
      } catch (error) {
        if (error instanceof Crash) {
          this.say("  (the machine stopped)");
          this.#rebirth();
          continue;
        }
        if (error instanceof Planted) {
          // In the middle of a request: the client sees an internal error and asks again.
          this.#rebirth();
          continue;
        }
        throw error;
      }
    }
  }

  #rebirth(): void {
    this.#crashIn = undefined;
    this.world.evict();
    this.#attach();
  }

  #attach(): void {
    const { log, store } = this.world.engine;
    Object.assign(log.sizes, this.#sizes);
    const persist = log.persist.bind(log);
    log.persist = (now, dirty) => {
      const changes = persist(now, dirty);
      for (const change of changes) this.#observe(change);
      return changes;
    };
    const transaction = store.transaction.bind(store);
    store.transaction = (body) => {
      const { rv, objectCount } = store;
      this.#takenBack = false;
      try {
        return transaction(body);
      } catch (error) {
        this.#takenBack = true;
        const clean = store.rv === rv && store.objectCount === objectCount;
        this.look("failure", { clean, error });
        throw error;
      }
    };
    const write = store.write.bind(store);
    store.write = (op, resource, object, atMs) => {
      if (this.#throwIn !== undefined && this.#throwIn-- <= 0) {
        this.#throwIn = undefined;
        this.planted = `${op} of ${resource} ${object.metadata.name} fails`;
        throw new Planted(this.planted);
      }
      return write(op, resource, object, atMs);
    };
  }

  #observe(change: Change): void {
    const { rv, at, op, resource, object } = change;
    const text = JSON.stringify(object);
    this.#hash.update(`${rv} ${at} ${op} ${resource} ${text}\n`);
    this.history.add(change, text);
    this.revisions += 1;
    this.say(`    ${rv} +${at - start} ms ${op} ${resource} ${change.namespace}/${change.name}`);
    this.look("change", change);
    this.lastRv = rv;
    const key = shadowKey(resource, object.metadata);
    if (op === "delete") this.shadow.delete(key);
    else this.shadow.set(key, object);
  }
}

/** Wall and virtual moment of birth. */
export const start = 1_767_225_600_000;
