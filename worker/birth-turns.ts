import { birthsAtOnceMax, birthTurnMsMax, birthYieldMsMax, lateLoopMsMin } from "./limits.ts";

/**
 * Births one after another, a few at a time. On one's own machine all sandboxes share one thread, and a class that begins would
 * otherwise stand there as one long piece of work, which everybody else's request waits for. And each waits while the event loop comes
 * round late: then those who have a sandbox already, with what it does by itself, have work waiting in it.
 */

/** A request that makes a sandbox. */
interface Asking {
  readonly env: { readonly MODE?: string };
  /** Is waited for although the client has left. */
  later(work: Promise<unknown>): void;
}

/** When each began, wall ms. */
const underWay = new Set<{ atMs: number }>();
const waiting = new Set<() => void>();

/**
 * Makes it when it is its turn, on one's own machine; elsewhere at once. Whoever leaves in the middle gives the turn back all the same,
 * and one that never comes back holds nobody up for longer than `birthTurnMsMax`.
 */
export function inTurn<T>(call: Asking, make: () => Promise<T>): Promise<T> {
  if (call.env.MODE !== "local") return make();
  const work = taken(make);
  // Whoever asked is told of a failure.
  call.later(work.catch(() => {}));
  return work;
}

async function taken<T>(make: () => Promise<T>): Promise<T> {
  while (isFull(Date.now())) await someEnds();
  const turn = { atMs: Date.now() };
  underWay.add(turn);
  try {
    await othersFirst(turn.atMs);
    return await make();
  } finally {
    underWay.delete(turn);
    const [next] = waiting;
    next?.();
  }
}

function isFull(nowMs: number): boolean {
  let count = 0;
  for (const { atMs } of underWay) if (nowMs - atMs < birthTurnMsMax) count += 1;
  return count >= birthsAtOnceMax;
}

/** Until the event loop is prompt, or for as long as a birth may be put off. */
async function othersFirst(sinceMs: number): Promise<void> {
  for (let nowMs = sinceMs, lateMs = Infinity; ;) {
    if (lateMs < lateLoopMsMin || nowMs - sinceMs >= birthYieldMsMax) return;
    const beforeMs = nowMs;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    nowMs = Date.now();
    lateMs = nowMs - beforeMs;
  }
}

/** Another has ended, or did not for long enough. */
function someEnds(): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      waiting.delete(go);
      resolve();
    };
    waiting.add(go);
    setTimeout(go, birthTurnMsMax);
  });
}
