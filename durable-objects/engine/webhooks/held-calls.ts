/**
 * Who waits for webhooks: requests of clients and of Pods, and steps of reconcilers. Each is a record with what it asked, what was
 * answered and what is still under way, so that a loss of memory between call and answer loses nothing. When all that it asked for
 * is answered it begins again, draws what it drew before, and finds the answers.
 */
import type { Calls, HookAnswers, HookCall } from "../api/webhooks/calls.ts";
import {
  heldCharactersMax,
  heldRequestsMax,
  hookRoundsAtOnceMax,
  hookRoundsMax,
  outcomeKeptMs,
} from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import type { Store } from "../core/store.ts";
import { fromBase64, toBase64 } from "../machinery/base64.ts";
import { internalError, tooManyRequests, type StatusError } from "../machinery/status.ts";
import {
  forgetHeld,
  storedResponse,
  takeHeld,
  type HeldRecord,
} from "../network/webhook-held-requests.ts";
import { pushOn } from "../network/steps.ts";
import type { Client, Controller, Due } from "../ports/controller.ts";
import { heldTable, type ApiRequest, type ApiResponse, type Reply } from "../ports/request.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { callAnswer, openCall, type OpenCall } from "./transport.ts";

/** Steps that wait, by their work's key: the id of the record. */
const stepsTable = "held-steps";
const idsTable = "held-ids";

type Seed = Random["state"];

interface Held extends HeldRecord {
  /** A request, its body in base64; or a reconciler's key. */
  request?: Omit<ApiRequest, "body"> & { body?: string };
  work?: string;
  outside?: true;
  seed: Seed;
  answers: HookAnswers;
  open: Readonly<Record<string, OpenCall>>;
  rounds: number;
  /** Answered, virtual ms. */
  atMs?: number;
}

/** Thrown within a request's attempt, to take it back. */
class Back extends Error {
  override name = "Back";
  readonly response: Reply | undefined;
  constructor(response?: Reply) {
    super("taken back");
    this.response = response;
  }
}

/** Thrown by a step that waits. */
export class StepWaits extends Error {
  override name = "StepWaits";
  readonly missing: ReadonlyMap<string, HookCall>;
  constructor(missing: ReadonlyMap<string, HookCall>) {
    super("the step waits for webhooks");
    this.missing = missing;
  }
}

export interface HeldParts {
  store: Store;
  client: Client;
  random: Random;
  calls: Calls;
  /** `outside`: of a client's, whose time is the wall's. */
  handle(request: ApiRequest, outside: boolean): ApiResponse;
  failure(error: StatusError): Reply;
  context(): RuntimeContext;
}

const controllerName = "webhooks";
/** Keys of watches begin so; no controller is called so. */
const watchKey = "watch ";

export class HeldCalls {
  readonly #parts: HeldParts;
  constructor(parts: HeldParts) {
    this.#parts = parts;
  }

  /** How many there were: whoever draws goes by it, so that two that wait do not draw the same. */
  get count(): number {
    return this.#parts.store.record<number>(idsTable, "next") ?? 0;
  }

  #load(id: string): Held | undefined {
    return this.#parts.store.record<Held>(heldTable, id);
  }

  /** Answers a request of a client's or a Pod's, or holds it. Within a transaction. */
  answer(request: ApiRequest, outside = false): ApiResponse {
    const seed = this.#parts.random.state;
    const { response, missing } = this.#attempt(request, outside, {}, false);
    if (response) return response;
    const { body, ...rest } = request;
    const sinceMs = this.#parts.client.now;
    const stored = { ...rest, sinceMs, ...(body ? { body: toBase64(body) } : {}) };
    const full = this.#full(stored.body?.length ?? 0);
    if (full !== undefined) return this.#parts.failure(tooManyRequests(full, 1));
    const id = this.#nextId();
    const held: Held = { request: stored, seed, answers: {}, open: {}, rounds: 0 };
    this.#open(id, outside ? { ...held, outside } : held, missing);
    return { type: "held", id };
  }

  /** Why no more may wait; undefined: they may. */
  #full(characters: number): string | undefined {
    let [count, sum] = [0, characters];
    for (const id of this.#parts.store.recordKeys(heldTable)) {
      count += 1;
      sum += this.#load(id)?.request?.body?.length ?? 0;
    }
    if (count >= heldRequestsMax)
      return `${heldRequestsMax} requests wait for webhooks, which is the limit`;
    return sum > heldCharactersMax
      ? `the requests that wait for webhooks have ${sum} characters, their limit is ${heldCharactersMax}`
      : undefined;
  }

  #nextId(): string {
    const next = this.count + 1;
    this.#parts.client.records.put(idsTable, "next", next);
    return `h${next}`;
  }

  /** Once through: the answer, or what it still has to ask; then nothing of it has happened. `refuses`: a refusal is taken back. */
  #attempt(
    request: ApiRequest,
    outside: boolean,
    answers: HookAnswers,
    refuses: boolean,
  ): { response?: ApiResponse; missing: ReadonlyMap<string, HookCall> } {
    const { calls, handle, store } = this.#parts;
    let missing: ReadonlyMap<string, HookCall> = new Map();
    try {
      const response = store.attempt(() => {
        const done = calls.run(answers, false, () => handle(request, outside));
        missing = done.missing;
        if (missing.size > 0 || !done.value) throw new Back();
        if (refuses && done.value.type === "reply" && done.value.status >= 400)
          throw new Back(done.value);
        return done.value;
      });
      return { response, missing };
    } catch (error) {
      if (!(error instanceof Back)) throw error;
      return error.response ? { response: error.response, missing } : { missing };
    }
  }

  #open(id: string, held: Held, missing: ReadonlyMap<string, HookCall>): void {
    const { client } = this.#parts;
    const context = this.#parts.context();
    const answers = { ...held.answers };
    const open = { ...held.open };
    for (const [key, call] of missing) {
      if (Object.hasOwn(open, key) || Object.hasOwn(answers, key)) continue;
      const begun = openCall(context, call, client.uuid(), `${controllerName} ${id}`);
      if ("exchange" in begun) open[key] = begun;
      else answers[key] = begun;
    }
    client.records.put(heldTable, id, { ...held, answers, open, rounds: held.rounds + 1 });
    client.wake(controllerName, id);
  }

  /** Takes what has come, and begins again where nothing more is under way. */
  readonly #step = (id: string): Due => {
    const held = this.#load(id);
    if (!held) return undefined;
    if (held.response) return this.#keep(id, held);
    const { client } = this.#parts;
    const context = this.#parts.context();
    const answers = { ...held.answers };
    const open = { ...held.open };
    for (const [key, call] of Object.entries(held.open)) {
      const answer = callAnswer(context, call);
      if (!answer) continue;
      answers[key] = answer;
      delete open[key];
    }
    const next = { ...held, answers, open };
    client.records.put(heldTable, id, next);
    const under = Object.values(open);
    if (under.length > 0) return Math.min(...under.map(({ untilMs }) => untilMs));
    if (held.work === undefined) return this.#again(id, next);
    if (held.work.startsWith(watchKey)) return this.#outlive(id, next, held.work);
    const [name = "", ...key] = held.work.split("\0");
    client.wake(name, key.join("\0"));
    return undefined;
  };

  /** An answer that nobody takes: its client has gone. */
  #keep(id: string, { atMs = 0 }: Held): Due {
    const until = atMs + outcomeKeptMs;
    if (this.#parts.client.now < until) return until;
    this.#parts.client.records.delete(heldTable, id);
    return undefined;
  }

  /** A watch comes for its answers by itself, unless it has ended. */
  #outlive(id: string, held: Held, key: string): Due {
    const { client } = this.#parts;
    const atMs = held.atMs ?? client.now;
    if (client.now >= atMs + outcomeKeptMs) {
      this.#drop(key, id);
      return undefined;
    }
    client.records.put(heldTable, id, { ...held, atMs });
    return atMs + outcomeKeptMs;
  }

  #again(id: string, held: Held): Due {
    const { random, client, failure } = this.#parts;
    const { body, ...rest } = held.request ?? { method: "", path: "", query: "", headers: {} };
    const request: ApiRequest = {
      ...rest,
      ...(body === undefined ? {} : { body: fromBase64(body) }),
    };
    // What lies in a record is no list in pieces.
    delete request.takesPieces;
    const before = random.state;
    random.state = held.seed;
    const { response, missing } =
      held.rounds > hookRoundsMax
        ? {
            response: failure(internalError("webhooks were asked without end")),
            missing: new Map(),
          }
        : this.#attempt(request, held.outside ?? false, held.answers, true);
    random.state = before;
    if (!response) {
      this.#open(id, held, missing);
      return undefined;
    }
    const now = this.#load(id) ?? held;
    const done = { ...now, response: storedResponse(response), atMs: client.now };
    client.records.put(heldTable, id, done);
    if (now.back !== undefined) client.wake("network", now.back);
    return client.now + outcomeKeptMs;
  }

  /** Goes as far as it goes within this moment, for who cannot wait for the queue: nobody else is in the middle of a step. */
  push(id: string): void {
    for (let round = 0; round < hookRoundsAtOnceMax; round++) {
      const held = this.#load(id);
      if (!held || held.response) return;
      const context = this.#parts.context();
      for (const { exchange } of Object.values(held.open)) pushOn(context, exchange);
      const before = held.rounds;
      this.#step(id);
      const after = this.#load(id);
      if (after?.rounds === before && !after.response) return;
    }
  }

  /** The answer of a request, taken; undefined: not yet. */
  take(id: string): ApiResponse | undefined {
    const found = takeHeld(this.#parts.context(), id);
    if (found !== "gone") return found;
    return this.#parts.failure(internalError("the request was forgotten"));
  }

  readonly controller: Controller = {
    name: controllerName,
    component: "kube-apiserver",
    wakesOn: {},
    reconcile: (id) => this.#step(id),
  };

  /**
   * Who asks again and again until it is answered, as a watch does that has an object to convert. Undefined: not yet, and nothing
   * of it has happened. Within a transaction.
   */
  again<T>(key: string, body: () => T): T | undefined {
    const { store, calls, random } = this.#parts;
    const id = store.record<string>(stepsTable, key);
    const held = id === undefined ? undefined : this.#load(id);
    const { value, missing } = calls.run(held?.answers ?? {}, false, body);
    if (missing.size > 0) {
      this.#hold(key, missing, random.state);
      return undefined;
    }
    if (id !== undefined) this.#drop(key, id);
    return value;
  }

  // Steps of reconcilers

  /** What the first attempt of a step drew from; undefined: this is the first. */
  seedOf(work: string): Seed | undefined {
    const id = this.#parts.store.record<string>(stepsTable, work);
    return id === undefined ? undefined : this.#load(id)?.seed;
  }

  /** A step, with the answers that it has. Throws StepWaits where it lacks some. */
  run<T>(work: string, body: () => T): T {
    const { store, calls } = this.#parts;
    const id = store.record<string>(stepsTable, work);
    const held = id === undefined ? undefined : this.#load(id);
    const { value, missing } = calls.run(held?.answers ?? {}, true, body);
    if (missing.size > 0) throw new StepWaits(missing);
    if (id !== undefined) this.#drop(work, id);
    return value as T;
  }

  #drop(work: string, id: string): void {
    forgetHeld(this.#parts.context(), id);
    this.#parts.client.records.delete(stepsTable, work);
  }

  /** Lets a step wait that threw so; false: it threw something else, or asks without end. */
  hold(work: string, error: unknown, seed: Seed): boolean {
    if (!(error instanceof StepWaits)) return false;
    return this.#hold(work, error.missing, seed);
  }

  #hold(work: string, missing: ReadonlyMap<string, HookCall>, seed: Seed): boolean {
    const { store, client } = this.#parts;
    const known = store.record<string>(stepsTable, work);
    const id = known ?? this.#nextId();
    const held = this.#load(id) ?? { work, seed, answers: {}, open: {}, rounds: 0 };
    if (held.rounds > hookRoundsMax) {
      this.#drop(work, id);
      return false;
    }
    client.records.put(stepsTable, work, id);
    this.#open(id, held, missing);
    return true;
  }
}
