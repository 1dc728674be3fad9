import { StatusError } from "./engine/api/status.ts";
import type { Engine } from "./engine/index.ts";
import type { ProxyReply } from "./engine/ports.ts";
import { refusal, responseOf } from "./http.ts";

type Pending = Exclude<ProxyReply, { reply: object }>;

/** While virtual time stands still no answer comes: the asker hears so after this wall time. */
const waitMsMax = 60_000;

interface Waiting {
  pending: Pending;
  resolve(response: Response): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Requests through the API server's proxy whose answers take virtual time. */
export class ProxyWaits {
  private readonly waiting = new Set<Waiting>();

  wait(pending: Pending): Promise<Response> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        pending,
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

  /** After each turn. */
  pump(engine: Engine): void {
    for (const waiting of this.waiting) {
      const { pending, method } = waiting.pending as Pending & { method: string };
      const reply = engine.pollProxy(pending, method);
      if (!reply) continue;
      this.waiting.delete(waiting);
      clearTimeout(waiting.timer);
      waiting.resolve(responseOf(reply));
    }
  }
}
