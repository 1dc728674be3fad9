import { signal } from "@preact/signals";
import { ApiError, ask, askJson, messageOf } from "./client.ts";
import type { Cluster } from "./tables.ts";

/** A cluster's Clock, steered as any object is. */

export interface Clock {
  spec?: { paused?: boolean; speed?: number; advanceTo?: string; steps?: number };
  status?: {
    now?: string;
    offsetSeconds?: number;
    nextDue?: string;
    /** Where a jump leads that is still under way. */
    advancingTo?: string;
    stepsDone?: number;
  };
}

export const speeds = [1, 2, 5, 10, 30, 60] as const;

const collection = "/apis/podyard.dev/v1/clocks";
const path = `${collection}/cluster`;
const retryMs = 2_000;

const known = new Map<string, ClockControl>();

/** One for all that steers a cluster in a page. */
export function clockOf(cluster: Cluster): ClockControl {
  let control = known.get(cluster.base);
  if (!control) known.set(cluster.base, (control = new ClockControl(cluster)));
  return control;
}

export class ClockControl {
  /** As it was last told. */
  readonly clock = signal<Clock | undefined>(undefined);
  /** Why it could not be steered. */
  readonly problem = signal<string | undefined>(undefined);
  readonly #cluster: Cluster;
  #reads = 0;
  /** The latest read whose answer was shown. */
  #shown = 0;
  #wall: { ms: number; atMs: number } | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Reads it, and again when it is written. Returns what ends that. */
  follow(): () => void {
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => {
      clearTimeout(timer);
      this.read().catch(() => {
        if (!ended) timer = setTimeout(read, retryMs);
      });
    };
    const leave = this.#cluster.changes?.listen({
      opened: read,
      changed: (resource) => {
        if (resource === undefined || resource === "clocks.podyard.dev") read();
      },
      lost: () => {},
    });
    return () => {
      ended = true;
      clearTimeout(timer);
      leave?.();
    };
  }

  async read(): Promise<Clock> {
    const { base, key } = this.#cluster;
    const read = ++this.#reads;
    try {
      return this.#show(read, await askJson<Clock>(`${base}${path}`, { key }));
    } catch (error) {
      // Deleted, it runs as the wall's.
      if (error instanceof ApiError && error.status === 404) return this.#show(read, {});
      throw error;
    }
  }

  /** The wall's time as the server tells it: the clock of who looks may be wrong. */
  get wallMs(): number | undefined {
    return this.#wall && this.#wall.ms + (performance.now() - this.#wall.atMs);
  }

  /** Does something with it; what goes wrong stands in `problem`. */
  steer(work: (control: ClockControl) => Promise<unknown>): void {
    this.problem.value = undefined;
    work(this).catch((error: unknown) => (this.problem.value = messageOf(error)));
  }

  async togglePause(): Promise<void> {
    const { spec } = this.clock.value ?? (await this.read());
    await this.set({ paused: !spec?.paused });
  }

  async set(spec: NonNullable<Clock["spec"]>): Promise<void> {
    const { base, key } = this.#cluster;
    const headers = { "content-type": "application/merge-patch+json" };
    try {
      await ask(`${base}${path}`, { method: "PATCH", headers, body: { spec }, key });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      const metadata = { name: "cluster" };
      const body = { apiVersion: "podyard.dev/v1", kind: "Clock", metadata, spec };
      await ask(`${base}${collection}`, { method: "POST", body, key });
    }
    await this.read();
  }

  /** Pauses and goes to the next moment at which something is due. */
  async step(): Promise<void> {
    const { spec } = await this.read();
    await this.set({ paused: true, steps: (spec?.steps ?? 0) + 1 });
  }

  /** Goes through everything that is due on the way, from the time that it is now. */
  async jumpBy(seconds: number): Promise<void> {
    const { status } = await this.read();
    const nowMs = Date.parse(status?.now ?? new Date().toISOString());
    await this.set({ advanceTo: new Date(nowMs + seconds * 1000).toISOString() });
  }

  #show(read: number, clock: Clock): Clock {
    // Answers may overtake each other.
    if (read < this.#shown) return clock;
    this.#shown = read;
    const { now, offsetSeconds = 0 } = clock.status ?? {};
    if (now) this.#wall = { ms: Date.parse(now) - offsetSeconds * 1000, atMs: performance.now() };
    this.clock.value = clock;
    return clock;
  }
}
