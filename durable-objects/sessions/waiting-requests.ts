import { StatusError } from "../engine/machinery/status.ts";
import type { Engine } from "../engine/index.ts";
import type { EngineResponse, HeldReply, ProxyPending } from "../engine/ports/request.ts";
import type { Grant } from "../grant.ts";
import { refusal, responseOf } from "../responses.ts";
import {
  proxiesWaitingMax,
  proxyWaitMsMax,
  repliesPerTurnMax,
  replyBytesPerTurnMax,
} from "../limits.ts";

interface Waiting {
  pending: ProxyPending | HeldReply;
  grant: Grant;
  resolve(response: Response | Promise<Response>): void;
  timer: ReturnType<typeof setTimeout>;
  /** What an engine's answer becomes; of requests that waited for webhooks, which may get any. */
  become?: ((response: EngineResponse) => Response | Promise<Response>) | undefined;
}

/** Requests whose answers take virtual time: through the API server's proxy, and those that wait for webhooks. */
export class ProxyWaits {
  private readonly waiting = new Set<Waiting>();

  /** Whether one more has to be refused, before it reaches any server. */
  get full(): boolean {
    return this.waiting.size >= proxiesWaitingMax;
  }

  wait(
    pending: ProxyPending | HeldReply,
    grant: Grant,
    become?: Waiting["become"],
  ): Promise<Response> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        pending,
        grant,
        resolve,
        become,
        timer: setTimeout(() => {
          this.waiting.delete(waiting);
          resolve(
            refusal(
              new StatusError(504, "Timeout", "no answer: does the cluster's time stand still?"),
            ),
          );
        }, proxyWaitMsMax),
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

  /** After each turn. Returns whether there may be more answers than one turn hands out. */
  pump(engine: Engine): boolean {
    let replies = 0;
    let bytes = 0;
    for (const waiting of this.waiting) {
      if (replies >= repliesPerTurnMax || bytes >= replyBytesPerTurnMax) return true;
      const { pending, become = responseOf } = waiting;
      const answer =
        pending.type === "held" ? engine.pollHeld(pending.id) : engine.pollProxy(pending);
      if (!answer) continue;
      this.waiting.delete(waiting);
      clearTimeout(waiting.timer);
      waiting.resolve((become as NonNullable<Waiting["become"]>)(answer));
      replies += 1;
      if (answer.type === "reply") bytes += answer.body.length;
    }
    return false;
  }
}
