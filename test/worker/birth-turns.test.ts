import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inTurn } from "../../worker/birth-turns.ts";
import { birthsAtOnceMax, birthYieldMsMax, lateLoopMsMin } from "../../worker/limits.ts";

/** Births of `npm start`, where all sandboxes share one event loop; its time is what the test says. */

let nowMs = 0;
/** What runs when the event loop comes round. */
let waiting: (() => void)[] = [];

beforeEach(() => {
  nowMs = 1_000_000;
  waiting = [];
  vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  const later = setTimeout;
  vi.stubGlobal("setTimeout", (work: () => void, ms: number) =>
    ms === 0 ? waiting.push(work) : later(work, ms),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A birth that is under way until it is told to end. */
function birth(isLocal = true) {
  const state = { begun: false, end: (): void => {} };
  const over = inTurn({ env: { MODE: isLocal ? "local" : "production" }, later: () => {} }, () => {
    state.begun = true;
    return new Promise<void>((resolve) => (state.end = resolve));
  });
  return { state, over };
}

/** The event loop comes round, so late. */
async function round(lateMs = 0): Promise<void> {
  nowMs += lateMs;
  const due = waiting;
  waiting = [];
  for (const work of due) work();
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

async function ended(...births: ReturnType<typeof birth>[]): Promise<void> {
  for (const { state, over } of births) {
    for (let i = 0; i < 20 && !state.begun; i++) await round();
    state.end();
    await over;
  }
}

test("elsewhere each begins at once: every sandbox has an event loop of its own", async () => {
  const births = Array.from({ length: birthsAtOnceMax + 3 }, () => birth(false));
  expect(births.every(({ state }) => state.begun)).toBe(true);
  await ended(...births);
});

test("so many are under way, the others follow one by one", async () => {
  const births = Array.from({ length: birthsAtOnceMax + 1 }, () => birth());
  await round();
  expect(births.map(({ state }) => state.begun)).toEqual([true, true, false]);
  await ended(births[0]!);
  await round();
  expect(births[2]!.state.begun).toBe(true);
  await ended(...births.slice(1));
});

test("a birth gives way while the loop comes round late", async () => {
  const late = birth();
  await round(lateLoopMsMin + 1);
  await round(lateLoopMsMin + 1);
  expect(late.state.begun).toBe(false);
  await round();
  expect(late.state.begun).toBe(true);
  await ended(late);
});

test("but not for ever", async () => {
  const late = birth();
  for (let ms = 0; ms < birthYieldMsMax; ms += lateLoopMsMin + 1) {
    expect(late.state.begun).toBe(false);
    await round(lateLoopMsMin + 1);
  }
  expect(late.state.begun).toBe(true);
  await ended(late);
});
