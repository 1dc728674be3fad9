/** Makes an engine's components, in the order in which they need each other. */
import type { ApiContext } from "./api/context.ts";
import { handle } from "./api/handle.ts";
import { fieldsOf } from "./api/list.ts";
import { Operations } from "./api/operations.ts";
import { storedResource } from "./api/resources.ts";
import { signerWith, signingKey, type Identity } from "./api/tokens.ts";
import { createReader, EngineClient, type Now } from "./client.ts";
import { createControllers } from "./controllers/index.ts";
import { birthOf, type Birth } from "./core/birth.ts";
import type { ClockState } from "./core/clock.ts";
import { Log } from "./core/log.ts";
import { Queue } from "./core/queue.ts";
import { Random } from "./core/random.ts";
import { Store } from "./core/store.ts";
import { Faults } from "./faults.ts";
import { indices } from "./kinds/indices.ts";
import { objectsMax, stateBytesMax } from "./limits.ts";
import type { Sql } from "./ports.ts";
import { createStreams, type Streams } from "./streams.ts";
import { WorkLoop } from "./work-loop.ts";

/** Seed, nodes and name are handed in once: what is stored has its own. */
export interface EngineOptions extends Partial<Omit<Birth, "bornMs">> {
  /** Wall ms. */
  nowMs: number;
  /** Makes its service accounts' tokens its own. It stays the same for ever, and whoever made it keeps it. */
  identity: Identity;
  limits?: { objectsMax?: number | undefined; stateBytesMax?: number | undefined };
}

export interface Components {
  birth: Birth;
  store: Store;
  log: Log;
  now: Now;
  queue: Queue;
  random: Random;
  client: EngineClient;
  context: ApiContext;
  streams: Streams;
  faults: Faults;
  work: WorkLoop;
}

/** Key of the clock's state, `[table, key]`. */
export const clockRecord = ["clock", "state"] as const;

export const clockOf = (store: Store): ClockState =>
  store.record<ClockState>(...clockRecord) as ClockState;

export function createComponents(sql: Sql, options: EngineOptions): Components {
  const store = new Store(indices);
  const log = new Log(sql, store, (resource, object) => {
    const known = storedResource(resource);
    return known?.hooks.fields ? fieldsOf(known, object) : undefined;
  });
  const birth = birthOf(log, options, options.nowMs);
  const queue = new Queue(store);
  const now: Now = {
    ms: 0,
    wallMs: 0,
    nextDueMs: () => queue.nextDue(),
    jumpToMs: () => clockOf(store).jumpToMs,
  };
  const random = new Random(birth.seed);
  const reader = createReader(store, now);
  const limits = {
    objectsMax: options.limits?.objectsMax ?? objectsMax,
    stateBytesMax: options.limits?.stateBytesMax ?? stateBytesMax,
  };
  const operations = new Operations(store, random, reader, {
    store,
    limits,
    bytesStored: () => log.bytes,
  });
  const faults = new Faults(now);
  const key = signingKey(options.identity);
  const client = new EngineClient({
    store,
    operations,
    reader,
    // Pods ask the API, and the API (exec, proxy) asks Pods.
    apiServer: (request) => handle(context, request),
    fault: (work, error) => faults.note(work, error),
    tokens: signerWith(key),
  });
  const streams = createStreams(client);
  const context: ApiContext = {
    store,
    log,
    operations,
    reader,
    streams,
    signingKey: key,
    wallNow: options.nowMs,
  };
  const controllers = createControllers(key);
  const work = new WorkLoop({ store, queue, client, random, now, controllers, faults });
  return { birth, store, log, now, queue, random, client, context, streams, faults, work };
}
