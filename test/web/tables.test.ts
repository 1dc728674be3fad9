import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** How often an open page asks: between two requests the sandbox behind it sleeps. */

interface Tables {
  followTable(
    cluster: { base: string },
    path: string,
    show: (table: unknown) => void,
    trouble: (message: string | undefined) => void,
    stop: AbortSignal,
  ): Promise<void>;
}
// The page's types are another project's.
const { followTable } = (await import(
  new URL("../../web/api/tables.ts", import.meta.url).href
)) as Tables;

const table = (name: string) => ({
  metadata: { resourceVersion: "1" },
  columnDefinitions: [],
  rows: [{ cells: [name], object: { metadata: { uid: name, name, namespace: "default" } } }],
});

let lists: number[];
let say: (line: string) => void;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  lists = [];
  vi.stubGlobal("fetch", async (path: string, { signal }: { signal: AbortSignal }) => {
    if (!path.includes("watch=true")) {
      lists.push(Date.now() / 1000);
      return Response.json(table("a"));
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        say = (line) => controller.enqueue(new TextEncoder().encode(`${line}\n`));
        signal.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return new Response(body);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a quiet table is listed anew ever more seldom, one that moves every ten seconds", async () => {
  const stop = new AbortController();
  const shown: unknown[] = [];
  const troubles: unknown[] = [];
  const done = followTable(
    { base: "" },
    "/api/v1/pods",
    (next) => shown.push(next),
    (trouble) => troubles.push(trouble),
    stop.signal,
  );
  await vi.advanceTimersByTimeAsync(1_000_000);
  expect(lists).toEqual([0, 10, 30, 70, 150, 310, 610, 910]);
  say(JSON.stringify({ type: "ADDED", object: table("b") }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown.at(-1)).toMatchObject({ rows: [{ name: "a" }, { name: "b" }] });
  // Its ages are fresh ten seconds after the change, and then as at first.
  await vi.advanceTimersByTimeAsync(40_000);
  expect(lists.slice(8)).toEqual([1010, 1020, 1040]);
  expect(new Set(troubles)).toEqual(new Set([undefined]));
  stop.abort();
  await done;
});
