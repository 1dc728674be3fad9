/** Faults of Podyard itself: throws of reconcilers that no API error explains, and of programs in containers. */
import type { Now } from "./client.ts";
import { faultsMax } from "./limits.ts";

export interface Fault {
  work: string;
  error: unknown;
  /** Virtual ms. */
  at: number;
}

export class Faults {
  /** The newest, oldest first; whoever has read them takes them out. */
  readonly list: Fault[] = [];
  readonly #now: Now;

  constructor(now: Now) {
    this.#now = now;
  }

  note(work: string, error: unknown): void {
    this.list.push({ work, error, at: this.#now.ms });
    if (this.list.length > faultsMax) this.list.shift();
  }
}
