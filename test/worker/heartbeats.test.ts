import { expect, test } from "vitest";
import type { StreamHead } from "../../durable-objects/stream-head.ts";
import { bytesOf, eventsOf, heartbeat } from "../../worker/streams/stream-messages.ts";

const watch = (minutes: number, more: Partial<StreamHead> = {}): StreamHead => ({
  kind: "watch",
  headers: {},
  endsAtWall: Date.now() + minutes * 60_000,
  ...more,
});

/** What a client that reads line by line, as Java's does, gets to parse: all up to each end of a line. */
const linesOf = (texts: string[]): unknown[] =>
  texts
    .map((text) => new TextDecoder().decode(bytesOf(watch(40), text)))
    .join("")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

test("heartbeats of a watch without bookmarks are no lines of their own", () => {
  const beat = heartbeat(watch(40), "7");
  expect(beat).not.toBe("");
  expect(linesOf(['{"type":"ADDED"}\n', beat, beat, '{"type":"DELETED"}\n', beat])).toEqual([
    { type: "ADDED" },
    { type: "DELETED" },
  ]);
});

test("a watch that ends soon by itself keeps still, and ends with a whole line", () => {
  expect(heartbeat(watch(10), "7")).toBe("");
});

test("over a WebSocket, and in protobuf, a heartbeat is no message", () => {
  expect(eventsOf(heartbeat(watch(40), "7"))).toEqual([]);
});

test("a watch with bookmarks beats with them, a followed log not at all", () => {
  expect(heartbeat(watch(10, { bookmark: "at REVISION\n" }), "7")).toBe("at 7\n");
  expect(heartbeat({ kind: "follow", headers: {} }, "")).toBe("");
});
