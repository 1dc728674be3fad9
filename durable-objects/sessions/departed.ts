import type { Engine } from "../engine/index.ts";
import { departedWorkMax, sessionWorkMax } from "../limits.ts";
import type { LiveSession } from "./session.ts";

/** Sessions whose clients have gone. What those said before is read, in turns and up to a bound: nobody waits for it any more. */
export class Departed {
  /** With the work that each may still cost. */
  private readonly sessions = new Map<LiveSession, number>();

  get size(): number {
    return this.sessions.size;
  }

  [Symbol.iterator](): Iterator<LiveSession> {
    return this.sessions.keys();
  }

  add(session: LiveSession): void {
    this.sessions.set(session, departedWorkMax);
  }

  clear(): void {
    this.sessions.clear();
  }

  /** Goes on with each, until `engine.sessionWork` has reached `workEnd`. */
  letGo(engine: Engine, nowMs: number, workEnd: number): void {
    for (const [session, left] of [...this.sessions]) {
      const before = engine.sessionWork;
      if (before >= workEnd) return;
      const end = Math.min(workEnd, before + Math.min(left, sessionWorkMax));
      const more = session.drain?.(engine, nowMs, end) === true;
      const rest = left - (engine.sessionWork - before);
      this.sessions.delete(session);
      // The others first, next time.
      if (more && rest > 0) this.sessions.set(session, rest);
      else session.release(engine, nowMs);
    }
  }
}
