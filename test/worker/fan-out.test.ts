/** One write that thousands watch: told in portions, to each once and in order. */
import { afterEach, expect, test, vi } from "vitest";
import type { Engine } from "../../durable-objects/engine/index.ts";
import type { Subscription } from "../../durable-objects/engine/ports/request.ts";
import { Sockets } from "../../durable-objects/watch-sockets.ts";

afterEach(() => void vi.useRealTimers());

const grant = { id: "key:x", expiresAtMs: Infinity };

/** Stands for a hibernated object's socket: it keeps what it is sent. */
class Watcher {
  readonly sent: string[] = [];
  saved = 0;
  deserializeAttachment(): unknown {
    return { kind: "watch", at: { rv: 1, endsAtWall: Infinity }, looksUntilMs: 0, grant };
  }
  serializeAttachment(): void {
    this.saved += 1;
  }
  send(text: string): void {
    this.sent.push(text.split("\n")[0] ?? "");
  }
  close(): void {}
}

function watched(
  count: number,
  line = "x",
): { sockets: Sockets; watchers: Watcher[]; engine: Engine } {
  const watchers = Array.from({ length: count }, () => new Watcher());
  const engine = {
    store: { rv: 1 },
    poll: (at: Subscription) => ({
      lines: at.rv < engine.store.rv ? [line] : [],
      subscription: { ...at, rv: engine.store.rv },
      ended: false,
    }),
  };
  const context = { getWebSockets: () => watchers };
  const sockets = new Sockets(context as never, () => engine as never);
  return { sockets, watchers, engine: engine as unknown as Engine };
}

const told = (watchers: Watcher[]): number => watchers.filter(({ sent }) => sent.length > 0).length;
const write = (engine: Engine): void => void ((engine.store as { rv: number }).rv += 1);

test("thousands are told a write in portions, others' turns between them", () => {
  vi.useFakeTimers();
  const { sockets, watchers, engine } = watched(1_000);
  write(engine);
  sockets.fanOut(engine, 0);
  expect(told(watchers)).toBe(250);
  for (const sum of [500, 750, 1_000]) {
    vi.advanceTimersToNextTimer();
    while (told(watchers) < sum && vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
    expect(told(watchers)).toBe(sum);
  }
  vi.runAllTimers();
  expect(watchers.map(({ sent }) => sent.join())).toEqual(Array(1_000).fill("2"));
  expect(watchers.every(({ saved }) => saved === 1)).toBe(true);
});

test("long news makes portions smaller", () => {
  vi.useFakeTimers();
  const { sockets, watchers, engine } = watched(100, "x".repeat(900_000));
  write(engine);
  sockets.fanOut(engine, 0);
  expect(told(watchers)).toBe(5);
  vi.runAllTimers();
  expect(told(watchers)).toBe(100);
});

test("with a write in every turn nobody waits for ever, and nobody is told backwards", () => {
  vi.useFakeTimers();
  const { sockets, watchers, engine } = watched(1_000);
  for (let turn = 0; turn < 4; turn++) {
    write(engine);
    sockets.fanOut(engine, 0);
  }
  expect(told(watchers)).toBe(1_000);
  vi.runAllTimers();
  for (const { sent } of watchers) {
    expect(sent.at(-1)).toBe("5");
    expect(sent).toEqual(sent.toSorted());
  }
});

test("what is torn is not told: the rest waits for a whole engine", () => {
  vi.useFakeTimers();
  const { watchers, engine } = watched(600);
  let whole: Engine | undefined = engine;
  const context = { getWebSockets: () => watchers };
  const sockets = new Sockets(context as never, () => whole);
  write(engine);
  sockets.fanOut(engine, 0);
  whole = undefined;
  vi.runAllTimers();
  expect(told(watchers)).toBe(250);
  sockets.fanOut(engine, 0);
  whole = engine;
  vi.runAllTimers();
  expect(told(watchers)).toBe(600);
});
