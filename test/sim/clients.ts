/**
 * Clients of a scenario: watches that are opened while work is due, lost and resumed, lists page by page and of the past.
 * Each knows from the revisions alone what it must be shown.
 */
import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type { Subscription } from "../../durable-objects/engine/ports.ts";
import { difference, keyOf, type State } from "./history.ts";
import type { Any, Simulation } from "./simulation.ts";

const replays = "a watch replays to the same state";
const past = "a list shows one revision, whole";
const expires = "only what the log has forgotten is gone";

/** What a client asks for: selectors, the form of the answer. */
export interface Ask {
  url: string;
  resource: string;
  namespace: string;
  selector?: { label?: string; name?: string };
  form?: "object" | "table" | "partial";
}

const accepts: Record<string, string> = {
  object: "application/json",
  table: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
  partial: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
};

function queryOf({ selector = {} }: Ask): string {
  const { label, name } = selector;
  if (label) return `&labelSelector=${encodeURIComponent(`app=${label}`)}`;
  return name ? `&fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}` : "";
}

const selects =
  ({ selector = {} }: Ask) =>
  ({ metadata }: KubeObject): boolean =>
    (!selector.label || metadata.labels?.["app"] === selector.label) &&
    (!selector.name || metadata.name === selector.name);

/** Metadata of what an event or an item carries, whatever the form. */
const metadataOf = (object: Any): Any =>
  object.kind === "Table" ? object.rows[0].object.metadata : object.metadata;

class Watch {
  readonly ask: Ask;
  readonly seen: State = new Map();
  /** What this client has seen, and would resume from. */
  rv = 0;
  pending: string[] = [];
  subscription: Subscription | undefined;

  constructor(ask: Ask) {
    this.ask = ask;
  }
}

interface Pages {
  ask: Ask;
  rv: number;
  token: string;
  /** Virtual moment of the last page. */
  at: number;
  limit: number;
  got: State;
}

export class Clients {
  readonly #sim: Simulation;
  readonly #watches: Watch[] = [];
  readonly #pages: Pages[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  // Watches

  /** Lists, lets `gapMs` pass in which nothing runs, and watches on from the list; or lets the server list. */
  watch(ask: Ask, gapMs: number, initial: boolean): void {
    const watch = new Watch(ask);
    if (!initial) this.#list(watch);
    this.#sim.late(gapMs);
    this.#open(watch, initial);
    this.#watches.push(watch);
  }

  #list(watch: Watch): void {
    const { ask } = watch;
    const { metadata, items } = this.#sim.request("GET", `${ask.url}?${queryOf(ask)}`).body;
    watch.rv = Number(metadata.resourceVersion);
    watch.seen.clear();
    for (const item of items) watch.seen.set(keyOf(item.metadata), item.metadata.resourceVersion);
    this.#demandState(watch, "its list");
  }

  #open(watch: Watch, initial: boolean): void {
    const { ask } = watch;
    const from = initial
      ? "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
      : `resourceVersion=${watch.rv}`;
    const url = `${ask.url}?watch=true&allowWatchBookmarks=true&${from}${queryOf(ask)}`;
    const options = { accept: accepts[ask.form ?? "object"] as string };
    const opened = this.#sim.raw("GET", url, undefined, options);
    this.#sim.demand(opened.type === "watch", replays, `${url}: ${JSON.stringify(opened)}`);
    if (opened.type !== "watch") return;
    if (initial) watch.seen.clear();
    watch.pending = opened.lines;
    watch.subscription = opened.subscription;
    this.#read(watch);
  }

  /** Connections break; the clients go on from what they saw last, `gapMs` later. */
  reconnect(gapMs: number): void {
    for (const watch of this.#watches) {
      if (!watch.subscription || watch.rv === 0) continue;
      this.#sim.late(gapMs);
      this.#open(watch, false);
    }
  }

  read(): void {
    for (const watch of this.#watches) this.#read(watch);
  }

  #read(watch: Watch): void {
    if (!watch.subscription) return;
    const { engine, now } = this.#sim.world;
    // As it comes back out of the socket's attachment.
    const kept = JSON.parse(JSON.stringify(watch.subscription)) as Subscription;
    const polled = engine.poll(kept, now);
    watch.subscription = polled.subscription;
    const lines = [...watch.pending, ...polled.lines];
    watch.pending = [];
    for (const line of lines) if (!this.#take(watch, JSON.parse(line))) return;
    if (polled.ended) {
      // Its time is over: a client comes back.
      this.#open(watch, false);
      return;
    }
    this.#demandState(watch, "the state");
  }

  /** False: the watch is over, and was begun anew. */
  #take(watch: Watch, { type, object }: { type: string; object: Any }): boolean {
    const { ask, seen } = watch;
    if (type === "ERROR") {
      const mine = watch.rv;
      this.#sim.demand(
        object.code === 410 && this.#sim.mayForget(mine),
        expires,
        `${ask.url} from ${mine}: ${object.message}`,
      );
      this.#list(watch);
      this.#open(watch, false);
      return false;
    }
    const metadata = metadataOf(object);
    const rv = Number(metadata.resourceVersion);
    if (type === "BOOKMARK") {
      watch.rv = Math.max(watch.rv, rv);
      return true;
    }
    const key = keyOf(metadata);
    const fresh = watch.rv === 0 ? type === "ADDED" : rv > watch.rv;
    this.#sim.demand(
      fresh && (type === "ADDED") === !seen.has(key),
      replays,
      `${ask.url}: ${type} ${key} at ${rv} after ${watch.rv}`,
    );
    if (type === "DELETED") seen.delete(key);
    else seen.set(key, metadata.resourceVersion);
    if (watch.rv > 0) watch.rv = rv;
    return true;
  }

  #demandState({ ask, seen, rv }: Watch, what: string): void {
    const sim = this.#sim;
    const now = sim.history.at(sim.lastRv, ask.resource, ask.namespace, selects(ask));
    const complaint = difference(seen, now);
    sim.demand(
      !complaint,
      replays,
      `${ask.url}${queryOf(ask)} (${rv}) is not ${what}: ${complaint}`,
    );
  }

  // Lists

  /** A list of a revision not long ago, asked for `gapMs` later. */
  listPast(ask: Ask, back: number, gapMs: number): void {
    const sim = this.#sim;
    const from = Math.max(sim.firstRv, sim.lastRv - back);
    sim.late(gapMs);
    const answer = sim.request(
      "GET",
      `${ask.url}?resourceVersion=${from}&resourceVersionMatch=Exact${queryOf(ask)}`,
    );
    if (answer.status === 410) {
      const next = sim.history.changes[sim.history.after(from)];
      if (next && this.#isOld(next.at)) return;
      sim.demand(
        sim.mayForgetState(ask.resource, ask.namespace, from),
        expires,
        `${ask.url} at ${from}`,
      );
      return;
    }
    this.#demandItems(ask, answer.body, from);
  }

  /** What is over for five minutes can be read no more. */
  #isOld(at: number): boolean {
    return this.#sim.world.engine.virtualNow - at >= 300_000;
  }

  #demandItems(ask: Ask, { items, metadata }: Any, rv: number): void {
    const state: State = new Map(
      items.map((o: Any) => [keyOf(o.metadata), o.metadata.resourceVersion]),
    );
    const { history } = this.#sim;
    const complaint =
      difference(state, history.at(rv, ask.resource, ask.namespace, selects(ask))) ??
      (metadata.resourceVersion === String(rv)
        ? undefined
        : `revision ${metadata.resourceVersion}`);
    this.#sim.demand(!complaint, past, `${ask.url} at ${rv}: ${complaint}`);
  }

  /** The first page; the others come when they come. */
  page(ask: Ask, limit: number): void {
    const { body } = this.#sim.request("GET", `${ask.url}?limit=${limit}${queryOf(ask)}`);
    const rv = Number(body.metadata.resourceVersion);
    const pages = { ask, rv, token: "", at: 0, limit, got: new Map<string, string>() };
    if (this.#takePage(pages, body)) this.#pages.push(pages);
  }

  /** True: there is more. */
  #takePage(pages: Pages, { items, metadata }: Any): boolean {
    const { ask, got, rv } = pages;
    for (const item of items) {
      const key = keyOf(item.metadata);
      this.#sim.demand(!got.has(key), past, `${ask.url}: ${key} on two pages`);
      got.set(key, item.metadata.resourceVersion);
    }
    pages.token = metadata.continue ?? "";
    pages.at = this.#sim.world.engine.virtualNow;
    if (pages.token) return true;
    const expected = this.#sim.history.at(rv, ask.resource, ask.namespace, selects(ask));
    const complaint = difference(got, expected);
    this.#sim.demand(!complaint, past, `${ask.url} at ${rv}, page by page: ${complaint}`);
    return false;
  }

  turnPages(gapMs: number): void {
    this.#sim.late(gapMs);
    for (const pages of this.#pages.splice(0)) {
      const { ask, at, limit, rv, token } = pages;
      const url = `${ask.url}?limit=${limit}${queryOf(ask)}&continue=`;
      const answer = this.#sim.request("GET", url + token);
      if (answer.status !== 410) {
        if (this.#takePage(pages, answer.body)) this.#pages.push(pages);
        continue;
      }
      const allowed = this.#isOld(at) || this.#sim.mayForgetState(ask.resource, ask.namespace, rv);
      this.#sim.demand(allowed, expires, `${url} of ${rv}`);
      // What the refusal offers: the rest, as it is now.
      this.#rest(pages, answer.body.metadata.continue);
    }
  }

  #rest({ ask, limit, got }: Pages, token: string): void {
    const last = [...got.keys()].at(-1) ?? "";
    const url = `${ask.url}?limit=${limit}${queryOf(ask)}&continue=`;
    const state: State = new Map();
    for (let next = token; next;) {
      const { status, body, text } = this.#sim.request("GET", url + next);
      this.#sim.demand(status === 200, past, `${url}: ${text.slice(0, 300)}`);
      for (const { metadata } of body.items) state.set(keyOf(metadata), metadata.resourceVersion);
      next = body.metadata.continue ?? "";
    }
    const { history, lastRv } = this.#sim;
    const now = history.at(lastRv, ask.resource, ask.namespace, selects(ask));
    for (const key of now.keys()) if (key <= last) now.delete(key);
    const complaint = difference(state, now);
    this.#sim.demand(!complaint, past, `${url}: the rest: ${complaint}`);
  }

  // At the end

  /** From any revision, exactly what came after it, in order. */
  replayFrom(ask: Ask, rv: number): void {
    const sim = this.#sim;
    const opened = sim.raw("GET", `${ask.url}?watch=true&resourceVersion=${rv}`);
    if (opened.type !== "watch") return;
    const events = opened.lines.map((line) => JSON.parse(line) as { type: string; object: Any });
    if (events[0]?.type === "ERROR") {
      sim.demand(sim.mayForget(rv), expires, `${ask.url} from ${rv}`);
      return;
    }
    const types = { create: "ADDED", update: "MODIFIED", delete: "DELETED" };
    const expected = sim.history.changes
      .slice(sim.history.after(rv))
      .filter((c) => c.resource === ask.resource && c.namespace === ask.namespace)
      .map((c) => `${types[c.op]} ${c.name} ${c.rv}`);
    const told = events.map(
      ({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`,
    );
    const at = expected.findIndex((line, i) => line !== told[i]);
    sim.demand(
      at < 0 && expected.length === told.length,
      replays,
      `${ask.url} from ${rv}: ${told[at] ?? "(end)"} instead of ${expected[at] ?? "(end)"}`,
    );
  }
}
