/** Clusters as they were at a revision: made again from the log, kept for whoever asks of the same moment again. */
import { earlierKeptMs } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Sql } from "../core/sql.ts";
import type { Store } from "../core/store.ts";
import { futureRevision } from "../api/read/watch.ts";
import { expired } from "../machinery/status.ts";

export class Earlier<Cluster> {
  readonly #log: Log;
  readonly #store: Store;
  readonly #open: (stored: Sql) => Cluster;
  #kept: { key: string; cluster: Cluster; atWall: number } | undefined;

  constructor(log: Log, store: Store, open: (stored: Sql) => Cluster) {
    this.#log = log;
    this.#store = store;
    this.#open = open;
  }

  /**
   * At a revision (`exactly`), or at the end of the turn that wrote it. Nothing may be written to it, and no time pass there.
   * Throws 410 where the log no longer reaches back, 504 where the revision is still to come.
   */
  at(revision: number, exactly: boolean, wallMs: number): Cluster {
    const { rv } = this.#store;
    if (revision > rv) throw futureRevision(revision, rv);
    const key = `${revision} ${exactly} ${this.#log.basis}`;
    if (this.#kept?.key === key) {
      this.#kept.atWall = wallMs;
      return this.#kept.cluster;
    }
    const stored = this.#log.storageAt(revision, exactly);
    // k8s: apiserver/pkg/storage/cacher/watch_cache.go getAllEventsSinceLocked
    if (!stored) throw expired(`too old resource version: ${revision} (${this.#log.oldestMoment})`);
    const cluster = this.#open(stored);
    this.#kept = { key, cluster, atWall: wallMs };
    return cluster;
  }

  /** A cluster takes memory, and one from before a checkpoint may miss what it has not read yet. */
  forget(wallMs: number): void {
    if (this.#kept && wallMs - this.#kept.atWall > earlierKeptMs) this.#kept = undefined;
  }
}
