import { signal } from "@preact/signals";
import { ApiError, ask, askJson } from "./client.ts";
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

export class ClockControl {
  /** As it was last told. */
  readonly clock = signal<Clock | undefined>(undefined);
  readonly #cluster: Cluster;
  #offset: { seconds: number; speed: number; atMs: number } | undefined;

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
    try {
      return this.#show(await askJson<Clock>(`${base}${path}`, { key }));
    } catch (error) {
      // Deleted, it runs as the wall's.
      if (error instanceof ApiError && error.status === 404) return this.#show({});
      throw error;
    }
  }

  /** Virtual seconds ahead of the wall, as the server tells them: the clock of who looks may be wrong. */
  get offsetSeconds(): number | undefined {
    if (!this.#offset) return undefined;
    const { seconds, speed, atMs } = this.#offset;
    return seconds + ((speed - 1) * (performance.now() - atMs)) / 1000;
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

  #show(clock: Clock): Clock {
    const speed = clock.spec?.paused ? 0 : (clock.spec?.speed ?? 1);
    const seconds = clock.status?.offsetSeconds ?? 0;
    this.#offset = { seconds, speed, atMs: performance.now() };
    this.clock.value = clock;
    return clock;
  }
}
