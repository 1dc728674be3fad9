/**
 * Clients of a scenario: watches that are opened while work is due, lost and resumed, lists page by page and of the past.
 * Each knows from the revisions alone what it must be shown.
 */
import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type { Subscription } from "../../durable-objects/engine/ports/request.ts";
import { Chance } from "./chance.ts";
import { keyOf, type State } from "./history.ts";
import { apps } from "./templates.ts";
import type { Any, Simulation } from "./simulation.ts";
import { namespace, path, resources } from "./operations/targets.ts";

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

/** So much was written since that the log need not reach back: a quarter of its size it keeps at least. */
const mayForget = (sim: Simulation, rv: number): boolean =>
  rv < sim.firstRv || sim.history.bytesAfter(rv) > sim.world.engine.log.sizes.log / 4;

/** The same of a list: each object that changed since must be known as it was. */
function mayForgetState(sim: Simulation, { resource, namespace }: Ask, rv: number): boolean {
  if (mayForget(sim, rv)) return true;
  const then = sim.history.objectsAt(rv, resource, namespace);
  const now = sim.history.at(sim.lastRv, resource, namespace);
  for (const [key, { object, since }] of then) {
    if (now.get(key) === object.metadata.resourceVersion) continue;
    // What it was born with is known for as long as nothing is forgotten.
    if (mayForget(sim, since === undefined ? sim.firstRv : since - 1)) return true;
  }
  return false;
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
    this.#lookAt(watch, "its list");
  }

  #open(watch: Watch, initial: boolean): void {
    const { ask } = watch;
    const from = initial
      ? "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
      : `resourceVersion=${watch.rv}`;
    const url = `${ask.url}?watch=true&allowWatchBookmarks=true&${from}${queryOf(ask)}`;
    const options = { accept: accepts[ask.form ?? "object"] as string };
    const opened = this.#sim.raw("GET", url, undefined, options);
    if (opened.type !== "watch") {
      const told = `refused: ${JSON.stringify(opened)}`;
      return this.#sim.look("watch", { watch: url, told, expected: watch.seen });
    }
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
    this.#lookAt(watch, "the state");
  }

  /** False: the watch is over, and was begun anew. */
  #take(watch: Watch, { type, object }: { type: string; object: Any }): boolean {
    const { ask, seen } = watch;
    if (type === "ERROR") {
      const mine = watch.rv;
      const excused = object.code === 410 && mayForget(this.#sim, mine);
      this.#sim.look("expiry", { request: `${ask.url} from ${mine}: ${object.message}`, excused });
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
    const known = seen.has(key);
    this.#sim.look("event", { watch: ask.url, type, key, rv, after: watch.rv, known });
    if (type === "DELETED") seen.delete(key);
    else seen.set(key, metadata.resourceVersion);
    if (watch.rv > 0) watch.rv = rv;
    return true;
  }

  #lookAt({ ask, seen, rv }: Watch, what: string): void {
    const sim = this.#sim;
    const expected = sim.history.at(sim.lastRv, ask.resource, ask.namespace, selects(ask));
    const watch = `${what} of ${ask.url}${queryOf(ask)} (${rv})`;
    sim.look("watch", { watch, told: seen, expected });
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
      const excused = mayForgetState(sim, ask, from);
      return sim.look("expiry", { request: `${ask.url} at ${from}`, excused });
    }
    this.#lookAtItems(ask, answer.body, from);
  }

  /** What is over for five minutes can be read no more. */
  #isOld(at: number): boolean {
    return this.#sim.world.engine.virtualNow - at >= 300_000;
  }

  #lookAtItems(ask: Ask, { items, metadata }: Any, rv: number): void {
    const state: State = new Map(
      items.map((o: Any) => [keyOf(o.metadata), o.metadata.resourceVersion]),
    );
    const said = metadata.resourceVersion;
    const told = said === String(rv) ? state : `revision ${said}`;
    const expected = this.#sim.history.at(rv, ask.resource, ask.namespace, selects(ask));
    this.#sim.look("list", { list: `${ask.url} at ${rv}`, told, expected });
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
    const list = `${ask.url} at ${rv}, page by page`;
    const expected = this.#sim.history.at(rv, ask.resource, ask.namespace, selects(ask));
    for (const item of items) {
      const key = keyOf(item.metadata);
      if (got.has(key)) this.#sim.look("list", { list, told: `${key} on two pages`, expected });
      got.set(key, item.metadata.resourceVersion);
    }
    pages.token = metadata.continue ?? "";
    pages.at = this.#sim.world.engine.virtualNow;
    if (pages.token) return true;
    this.#sim.look("list", { list, told: got, expected });
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
      const excused = this.#isOld(at) || mayForgetState(this.#sim, ask, rv);
      this.#sim.look("expiry", { request: `${url} of ${rv}`, excused });
      // What the refusal offers: the rest, as it is now.
      this.#rest(pages, answer.body.metadata.continue);
    }
  }

  #rest({ ask, limit, got }: Pages, token: string): void {
    const sim = this.#sim;
    const last = [...got.keys()].at(-1) ?? "";
    const url = `${ask.url}?limit=${limit}${queryOf(ask)}&continue=`;
    const state: State = new Map();
    let refused = "";
    for (let next = token; next;) {
      const { status, body, text } = sim.request("GET", url + next);
      if (status !== 200) refused = text.slice(0, 300);
      for (const { metadata } of body.items ?? [])
        state.set(keyOf(metadata), metadata.resourceVersion);
      next = body.metadata.continue ?? "";
    }
    const expected = sim.history.at(sim.lastRv, ask.resource, ask.namespace, selects(ask));
    for (const key of expected.keys()) if (key <= last) expected.delete(key);
    sim.look("list", { list: `${url}: the rest`, told: refused || state, expected });
  }

  // At the end

  /** Watches from revisions of long ago, of all and of some. */
  replay(): void {
    const { firstRv, lastRv, history } = this.#sim;
    const chance = new Chance(lastRv);
    const any = (): number => firstRv + chance.below(Math.max(1, lastRv - firstRv));
    for (const kind of ["pods", chance.pick(Object.keys(resources))]) {
      const ask: Ask = { url: path(kind), resource: resources[kind] as string, namespace };
      this.#replayFrom(ask, any());
      const some = { ...ask, selector: { label: chance.pick(apps) } };
      const watch = new Watch(some);
      watch.rv = any();
      const then = history.at(watch.rv, ask.resource, namespace, selects(some));
      for (const [key, rv] of then) watch.seen.set(key, rv);
      this.#open(watch, false);
    }
  }

  /** From any revision, exactly what came after it, in order. */
  #replayFrom(ask: Ask, rv: number): void {
    const sim = this.#sim;
    const watch = `${ask.url} from ${rv}`;
    const opened = sim.raw("GET", `${ask.url}?watch=true&resourceVersion=${rv}`);
    const lines = opened.type === "watch" ? opened.lines : [];
    const events = lines.map((line) => JSON.parse(line) as { type: string; object: Any });
    if (events[0]?.type === "ERROR") {
      return sim.look("expiry", { request: watch, excused: mayForget(sim, rv) });
    }
    const types = { create: "ADDED", update: "MODIFIED", delete: "DELETED" };
    const expected = sim.history.changes
      .slice(sim.history.after(rv))
      .filter((c) => c.resource === ask.resource && c.namespace === ask.namespace)
      .map((c) => `${types[c.op]} ${c.name} ${c.rv}`);
    const told = events.map(
      ({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`,
    );
    sim.look("replay", { watch, told, expected });
  }
}
