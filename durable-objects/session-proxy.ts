import { StatusError } from "./engine/api/status.ts";
import type { Engine } from "./engine/index.ts";
import type { ProxyPending } from "./engine/ports.ts";
import type { Grant } from "./grant.ts";
import { refusal, responseOf } from "./http.ts";

/** While virtual time stands still no answer comes: the asker hears so after this wall time. */
const waitMsMax = 60_000;

interface Waiting {
  pending: ProxyPending;
  grant: Grant;
  resolve(response: Response): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Requests through the API server's proxy whose answers take virtual time. */
export class ProxyWaits {
  private readonly waiting = new Set<Waiting>();

  wait(pending: ProxyPending, grant: Grant): Promise<Response> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        pending,
        grant,
        resolve,
        timer: setTimeout(() => {
          this.waiting.delete(waiting);
          resolve(
            refusal(
              new StatusError(504, "Timeout", "no answer: does the cluster's time stand still?"),
            ),
          );
        }, waitMsMax),
      };
      this.waiting.add(waiting);
    });
  }

  /** Wall ms at which the first of the askers' grants ends. */
  endsAtMs(): number {
    let first = Infinity;
    for (const { grant } of this.waiting) first = Math.min(first, grant.expiresAtMs);
    return first;
  }

  /** Refuses those who may not ask any more. */
  closeUnless(allowed: (grant: Grant) => boolean, why: StatusError): void {
    for (const waiting of this.waiting) {
      if (allowed(waiting.grant)) continue;
      this.waiting.delete(waiting);
      clearTimeout(waiting.timer);
      waiting.resolve(refusal(why));
    }
  }

  /** After each turn. */
  pump(engine: Engine): void {
    for (const waiting of this.waiting) {
      const reply = engine.pollProxy(waiting.pending);
      if (!reply) continue;
      this.waiting.delete(waiting);
      clearTimeout(waiting.timer);
      waiting.resolve(responseOf(reply));
    }
  }
}
