/**
 * The Worker as `npm start` runs it, with a meter at its bindings and with time that stands still until it is told to pass: what the
 * platform bills is then counted and follows from what was asked alone. Bundled by test/bench/costs.ts.
 */
import { Alarm } from "../../durable-objects/alarm.ts";
import { SandboxObject as Plain } from "../../durable-objects/sandbox.ts";
import type { Env } from "../../worker/env.ts";
import local from "../../worker/local.ts";
import type { Meter } from "../bench/meter.ts";

const meter: Meter = {
  requests: 0,
  objectRequests: 0,
  alarms: 0,
  objectRowsRead: 0,
  objectRowsWritten: 0,
  objectMs: 0,
  databaseStatements: 0,
  databaseTrips: 0,
  databaseRowsRead: 0,
  databaseRowsWritten: 0,
  bucketWrites: 0,
  bucketReads: 0,
};

/** Before the first request there is no time. */
let nowMs = 0;
const wallMs = Date.now.bind(Date);
Date.now = () => nowMs;

/** What an object waits for. Without its memory the alarm alone is left. */
interface Waiting {
  timer?: { atMs: number; work: () => void } | undefined;
  alarmAtMs?: number | undefined;
  /** Since then nothing has kept the object's memory. */
  quietSinceMs?: number | undefined;
}
const waitings = new Map<string, Waiting>();

/** The platform forgets an object's memory when nothing has kept it for so long. */
const forgottenAfterMs = 10_000;

/** The object's own, but for the platform's clock and alarm. */
class MeteredAlarm extends Alarm {
  readonly #waiting: Waiting;

  constructor(waiting: Waiting, run: () => void) {
    const storage = {
      getAlarm: () => Promise.resolve(waiting.alarmAtMs ?? null),
      setAlarm(atMs: number) {
        waiting.alarmAtMs = atMs;
        meter.objectRowsWritten += 1;
        return Promise.resolve();
      },
    };
    super(storage as unknown as DurableObjectStorage, run);
    this.#waiting = waiting;
  }

  override arm(now: number, due: number): Promise<void> {
    const before = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    const waiting = this.#waiting;
    Object.assign(globalThis, {
      setTimeout: (work: () => void, ms: number) => (waiting.timer = { atMs: nowMs + ms, work }),
      clearTimeout: () => (waiting.timer = undefined),
    });
    try {
      return super.arm(now, due);
    } finally {
      Object.assign(globalThis, before);
    }
  }
}

/** What the shell keeps to itself. */
interface Inside {
  clockAlarm: Alarm;
  loaded: unknown;
  clients: { sessions: { isHeld: boolean } };
  settled: Promise<void>;
  wake(): void;
}

export class SandboxObject extends Plain {
  readonly #waiting: Waiting;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    meterSql(ctx.storage.sql);
    const id = ctx.id.toString();
    this.#waiting = waitings.get(id) ?? {};
    // A timer ends with the memory in which it was set.
    this.#waiting.timer = undefined;
    waitings.set(id, this.#waiting);
    this.#freshAlarm();
  }

  get #inside(): Inside {
    return this as unknown as Inside;
  }

  #freshAlarm(): void {
    this.#inside.clockAlarm = new MeteredAlarm(this.#waiting, () => this.#inside.wake());
  }

  /** Lets time pass, and what is due come in its turn. */
  async pass(ms: number): Promise<void> {
    const waiting = this.#waiting;
    const end = nowMs + ms;
    for (;;) {
      const next = Math.min(waiting.timer?.atMs ?? Infinity, waiting.alarmAtMs ?? Infinity);
      const until = Math.max(nowMs, Math.min(next, end));
      waiting.quietSinceMs ??= nowMs;
      if (waiting.timer || this.#inside.clients.sessions.isHeld) {
        meter.objectMs += until - nowMs;
        waiting.quietSinceMs = until;
      } else if (until - waiting.quietSinceMs > forgottenAfterMs && this.#inside.loaded) {
        this.#inside.loaded = undefined;
        this.#freshAlarm();
      }
      nowMs = until;
      if (next > end) return;
      if (waiting.timer && waiting.timer.atMs <= nowMs) {
        const { work } = waiting.timer;
        waiting.timer = undefined;
        work();
      } else {
        waiting.alarmAtMs = undefined;
        meter.alarms += 1;
        this.touched();
        await this.alarm();
      }
      await this.#inside.settled;
    }
  }

  /** It is asked something. */
  touched(): void {
    meter.objectRequests += 1;
    this.#waiting.quietSinceMs = nowMs;
  }

  /** Bytes of its database. */
  size(): number {
    return this.ctx.storage.sql.databaseSize;
  }
}

/** Methods by which the Worker reaches an object. */
const called = [
  "fetch",
  "create",
  "reset",
  "previewToken",
  "timeline",
  "undo",
  "snapshotBytes",
  "cut",
  "extend",
] as const;

for (const name of called) {
  const own = Plain.prototype[name] as (this: Plain, ...args: unknown[]) => unknown;
  Object.defineProperty(SandboxObject.prototype, name, {
    value(this: SandboxObject, ...args: unknown[]) {
      this.touched();
      return own.apply(this, args);
    },
  });
}

const metered = new WeakSet<object>();

function meterSql(sql: SqlStorage): void {
  const prototype = Object.getPrototypeOf(sql) as SqlStorage;
  if (metered.has(prototype)) return;
  metered.add(prototype);
  const { exec } = prototype;
  prototype.exec = function (this: SqlStorage, ...args: Parameters<SqlStorage["exec"]>) {
    const cursor = exec.apply(this, args);
    const counted = { read: 0, written: 0 };
    const count = (): void => {
      meter.objectRowsRead += cursor.rowsRead - counted.read;
      meter.objectRowsWritten += cursor.rowsWritten - counted.written;
      counted.read = cursor.rowsRead;
      counted.written = cursor.rowsWritten;
    };
    count();
    const { toArray } = cursor;
    cursor.toArray = function (this: typeof cursor) {
      const rows = toArray.call(this);
      count();
      return rows;
    };
    return cursor;
  } as SqlStorage["exec"];
}

interface QueryAnswer {
  meta?: { rows_read?: number; rows_written?: number };
}

/** D1 asks a service over HTTP, whose answers say what was read and written. */
function meterDatabase(database: D1Database): void {
  type Asks = { fetcher: Fetcher; alwaysPrimarySession?: { fetcher: Fetcher } };
  const inside = database as unknown as Asks;
  if (metered.has(database)) return;
  metered.add(database);
  const { fetcher } = inside;
  const asked = async (...args: Parameters<Fetcher["fetch"]>): Promise<Response> => {
    const response = await fetcher.fetch(...args);
    const said = await response.clone().json();
    meter.databaseTrips += 1;
    for (const { meta } of (Array.isArray(said) ? said : [said]) as QueryAnswer[]) {
      meter.databaseStatements += 1;
      meter.databaseRowsRead += meta?.rows_read ?? 0;
      meter.databaseRowsWritten += meta?.rows_written ?? 0;
    }
    return response;
  };
  const counting = { fetch: asked } as Fetcher;
  inside.fetcher = counting;
  if (inside.alwaysPrimarySession) inside.alwaysPrimarySession.fetcher = counting;
}

const bucketCounts = {
  put: "bucketWrites",
  list: "bucketWrites",
  get: "bucketReads",
  head: "bucketReads",
} as const;

function meteredBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const count = bucketCounts[name as keyof typeof bucketCounts];
        if (count) meter[count] += 1;
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

type LocalEnv = Parameters<typeof local.fetch>[1];

export default {
  async fetch(request: Request, env: LocalEnv, context: ExecutionContext): Promise<Response> {
    nowMs ||= wallMs();
    const { pathname, searchParams } = new URL(request.url);
    const object = (): DurableObjectStub<SandboxObject> =>
      env.SANDBOX.getByName(
        searchParams.get("id") ?? "",
      ) as unknown as DurableObjectStub<SandboxObject>;
    if (pathname === "/meter") return Response.json(meter);
    if (pathname === "/meter/size") return Response.json(await object().size());
    if (pathname === "/meter/pass") {
      await object().pass(Number(searchParams.get("ms")));
      return Response.json(meter);
    }
    meterDatabase(env.DB);
    meter.requests += 1;
    return local.fetch(request, { ...env, SNAPSHOTS: meteredBucket(env.SNAPSHOTS) }, context);
  },
};
