import { expect, test } from "vitest";
import type { Engine } from "../../durable-objects/engine/index.ts";
import { roundBytesMax, roundMessagesMax } from "../../durable-objects/limits.ts";
import { TerminalSockets, type Screen } from "../../durable-objects/terminals.ts";

/** What screens say, and how often the object's input is closed for others meanwhile. */
function screens(count: number) {
  const grant = { ids: [], role: "owner", readAtMs: 0, expiresAtMs: Infinity };
  const screen: Screen = {
    kind: "terminal",
    name: "main",
    position: 0,
    shown: 0,
    cols: 80,
    rows: 24,
    grant,
  };
  const sockets = Array.from(
    { length: count },
    () =>
      ({
        deserializeAttachment: () => ({ ...screen }),
        serializeAttachment() {},
      }) as unknown as WebSocket,
  );
  const context = { getWebSockets: () => sockets } as unknown as DurableObjectState;
  const rests: number[] = [];
  const terminals = new TerminalSockets(context, (ms) => rests.push(ms));
  let typed = 0;
  const engine = {
    session: <T>(_now: number, work: () => T): T => work(),
    terminals: { write: (_: string, { length }: Uint8Array) => (typed += length), get: () => {} },
  } as unknown as Engine;
  const say = (socket: WebSocket | undefined, message: ArrayBuffer | string): void =>
    terminals.hear(socket!, message, engine, 0);
  return { sockets, rests, say, typed: () => typed };
}

test("a paste lets others in between, whoever pastes", () => {
  const { sockets, rests, say, typed } = screens(3);
  const piece = 32 * 1024;
  const pieces = 96;
  for (let i = 0; i < pieces; i++) say(sockets[i % 3], new ArrayBuffer(piece));
  expect(rests).toEqual(Array(Math.floor((pieces * piece) / roundBytesMax)).fill(0));
  expect(typed()).toBe(pieces * piece);
});

test("so do small messages without end, and keys do not", () => {
  const { sockets, rests, say } = screens(1);
  for (let i = 1; i < roundMessagesMax; i++) say(sockets[0], new ArrayBuffer(1));
  expect(rests).toEqual([]);
  for (let i = 0; i < roundMessagesMax; i++) say(sockets[0], JSON.stringify({ shown: 0 }));
  expect(rests).toEqual([0]);
});
