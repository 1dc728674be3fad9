import { birthsAtOnceMax, birthTurnMsMax } from "./limits.ts";

/**
 * Births one after another, a few at a time. On one's own machine all sandboxes share one thread, and a class that begins would
 * otherwise stand there as one long piece of work, which everybody else's request waits for.
 */

/** When each began, wall ms. */
const underWay = new Set<{ atMs: number }>();
const waiting: (() => void)[] = [];

/**
 * Makes it when it is its turn. Whoever leaves in the middle gives its turn back all the same, if `later` keeps it going; one that
 * never comes back holds nobody up for longer than `birthTurnMsMax`.
 */
export function inTurn<T>(
  make: () => Promise<T>,
  later: (work: Promise<unknown>) => void,
): Promise<T> {
  const work = taken(make);
  later(work.catch(() => {}));
  return work;
}

async function taken<T>(make: () => Promise<T>): Promise<T> {
  const since = Date.now();
  while (isFull(Date.now()) && Date.now() - since < birthTurnMsMax) await someEnds();
  const turn = { atMs: Date.now() };
  underWay.add(turn);
  try {
    return await make();
  } finally {
    underWay.delete(turn);
    waiting.shift()?.();
  }
}

function isFull(nowMs: number): boolean {
  let count = 0;
  for (const { atMs } of underWay) if (nowMs - atMs < birthTurnMsMax) count += 1;
  return count >= birthsAtOnceMax;
}

/** Another has ended, or there was long enough to wait. */
function someEnds(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    setTimeout(resolve, birthTurnMsMax);
  });
}
