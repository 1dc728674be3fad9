/** What an engine answers between two steps, each answer in a transaction: requests, and what waited for its answer. */
import * as watches from "../api/read/watch.ts";
import { assert } from "../core/assert.ts";
import type { Change } from "../core/object.ts";
import type { Steering } from "../loop/steering.ts";
import { Refused } from "../loop/work-loop.ts";
import type {
  ApiRequest,
  ApiResponse,
  EngineResponse,
  ProxyPending,
  Reply,
  Subscription,
} from "../ports/request.ts";
import type { Components } from "./wiring.ts";

type Told = ReturnType<typeof watches.poll>;
type WatchContext = Parameters<typeof watches.poll>[0];

const plain = (response: ApiResponse): EngineResponse =>
  response.type === "proxied" ? response.reply : response;

export class Requests {
  readonly #parts: Components;
  readonly #time: Steering;
  constructor(parts: Components, time: Steering) {
    this.#parts = parts;
    this.#time = time;
  }

  /** Answers one, or says what it waits for. */
  answer(request: ApiRequest, wallMs: number): EngineResponse {
    const { held, random, store, now, streams, work } = this.#parts;
    const waiting = held.count > 0 ? ` ${held.count}` : "";
    random.reset(store.rv, `${request.method} ${request.path}${waiting}`, now.ms);
    let response: ApiResponse | undefined;
    // Whose request it is, the API finds out.
    const changes = work.commit(undefined, () => {
      response = streams.visit(request) ?? held.answer(request, true);
      // An error must change nothing, whatever it had begun.
      if (response.type === "reply" && response.status >= 400) throw new Refused();
    });
    this.#obey(changes, wallMs);
    assert(response, "an answer");
    if (response.type !== "held") return plain(response);
    // It goes as far as it goes at once, whether time passes or not.
    const { id } = response;
    this.#obey(
      work.commit(undefined, () => held.push(id)),
      wallMs,
    );
    return this.held(id) ?? response;
  }

  #obey(changes: readonly Change[], wallMs: number): void {
    this.#parts.work.held.lift(changes);
    this.#time.applyClock(changes, wallMs);
  }

  /** The answer of one that waited for webhooks, taken; undefined: not yet. */
  held(id: string): EngineResponse | undefined {
    let response: ApiResponse | undefined;
    this.#parts.work.commit(undefined, () => {
      response = this.#parts.held.take(id);
    });
    return response && plain(response);
  }

  /** The answer of a proxied request that was under way; undefined: not yet. */
  proxied(pending: ProxyPending): Reply | undefined {
    let reply: Reply | undefined;
    this.#parts.work.commit("network", () => {
      reply = this.#parts.streams.pollProxy(pending);
    });
    return reply;
  }

  /** What a watch is owed, `open` moved on; undefined: objects have to be converted first. */
  watched(context: WatchContext, open: Subscription): Told | undefined {
    const { context: api, log, held, work } = this.#parts;
    if (open.rv >= log.head || !watches.isConverted(api.registry, open))
      return watches.poll(context, open);
    const key = `watch ${open.resource} ${open.namespace} ${open.rv}`;
    let told: Told | undefined;
    work.commit("kube-apiserver", () => {
      told = held.again(key, () => watches.poll(context, open));
    });
    return told;
  }
}
