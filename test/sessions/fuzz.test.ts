/** Streams against what nobody would send: only the connection that sent it may end, and memory stays bounded. */
import * as fc from "fast-check";
import { zlibSync } from "fflate";
import { beforeEach, describe, expect, test } from "vitest";
import { heldBytesMax } from "../../durable-objects/limits.ts";
import { commandProtocols, spdyProtocol } from "../../durable-objects/sessions/frames.ts";
import { CommandStream } from "../../durable-objects/sessions/command.ts";
import { ChannelForward } from "../../durable-objects/sessions/channel-forward.ts";
import { SpdyForward } from "../../durable-objects/sessions/spdy-forward.ts";
import { InputLimitError, type LiveSession } from "../../durable-objects/sessions/session.ts";
import { joined, SpdyError, SpdyReader } from "../../durable-objects/sessions/spdy.ts";
import { spdyDictionary } from "../../durable-objects/sessions/spdy-data.ts";
import {
  box,
  isolationWorld,
  podOf,
  type IsolationWorld,
} from "../engine/runtime/isolation/isolation-world.ts";
import { forwardOf } from "../engine/streams/streams-world.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? 20_260_102);
const times = Number(process.env["FUZZ_TIMES"] ?? 1);

function check<T>(arbitrary: fc.Arbitrary<T>, numRuns: number, body: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, body), { seed, numRuns: numRuns * times });
}

const word = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
const text = (value: string): number[] => [
  ...word(value.length),
  ...new TextEncoder().encode(value),
];

/** One header block of its own; a connection's later ones do not inflate, which is a fault like others. */
function headersOf(headers: Record<string, string>): Uint8Array {
  const plain = [...word(Object.keys(headers).length)];
  for (const [name, value] of Object.entries(headers)) plain.push(...text(name), ...text(value));
  return zlibSync(Uint8Array.from(plain), { dictionary: spdyDictionary() });
}

const control = (type: number, payload: Uint8Array, flags = 0): Uint8Array =>
  joined([Uint8Array.from([0x80, 3, 0, type, flags, ...word(payload.length).slice(1)]), payload]);

const syn = (stream: number, headers: Record<string, string>): Uint8Array =>
  control(1, joined([Uint8Array.from([...word(stream), 0, 0, 0, 0, 0, 0]), headersOf(headers)]));

const dataFrame = (stream: number, bytes: Uint8Array, flags: number): Uint8Array =>
  joined([Uint8Array.from([...word(stream), flags, ...word(bytes.length).slice(1)]), bytes]);

const streams = fc.constantFrom(0, 1, 3, 5, 7, 2 ** 31 - 1);
const bytes = fc.uint8Array({ maxLength: 60 });
const requests = fc.constantFrom(
  "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\nabc",
  "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\n",
  "PING\r\n",
  "*1000000000\r\n$5\r\n",
  "*2\r\n$4\r\nECHO\r\n$-5\r\n",
  "GET / HTTP/9.9\r\n\r\n\r\n\r\n",
  `GET /${"x".repeat(20_000)}`,
  "\r\n\r\n\r\n",
  "SET a b\r\nGET a\r\nSUBSCRIBE c\r\nGET a\r\n",
);
const frame = fc.oneof(
  fc
    .record({
      stream: streams,
      streamtype: fc.constantFrom("error", "data", "x", "__proto__"),
      port: fc.constantFrom("80", "6379", "0", "65536", "x", "1e3", ""),
      requestid: fc.constantFrom("0", "1", "", "constructor"),
    })
    .map(({ stream, ...headers }) => syn(stream, headers)),
  fc
    .tuple(
      streams,
      fc.oneof(
        bytes,
        requests.map((r) => new TextEncoder().encode(r)),
      ),
      fc.nat(3),
    )
    .map(([stream, body, flags]) => dataFrame(stream, body, flags)),
  fc.tuple(fc.nat(12), bytes, fc.nat(255)).map(([type, body, flags]) => control(type, body, flags)),
);
/** A conversation, twisted here and there, cut into messages anywhere. */
const conversation = fc
  .record({
    frames: fc.array(frame, { maxLength: 8 }),
    flips: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 2 }),
    size: fc.constantFrom(3, 100, 5_000, 100_000),
  })
  .map(({ frames, flips, size }) => {
    const whole = joined(frames);
    for (const [at, to] of flips) if (at < whole.length) whole[at] = to;
    const messages: Uint8Array<ArrayBuffer>[] = [];
    const cut = whole.length > 2_000 ? Math.max(size, 500) : size;
    for (let at = 0; at < whole.length; at += cut) messages.push(whole.slice(at, at + cut));
    return messages;
  });

describe("SPDY frames", { timeout: 300_000 }, () => {
  test("are read, or break the connection with a word", () => {
    check(conversation, 600, (messages) => {
      const reader = new SpdyReader();
      try {
        for (const message of messages) reader.push(message);
      } catch (error) {
        expect(error).toBeInstanceOf(SpdyError);
      }
    });
  });

  test("headers that would fill the memory break it, too", () => {
    const bomb = zlibSync(new Uint8Array(20_000_000), { dictionary: spdyDictionary() });
    const block = control(1, joined([new Uint8Array(10), bomb]));
    expect(() => new SpdyReader().push(block)).toThrow(SpdyError);
    expect(new SpdyReader().push(syn(1, { name: "x".repeat(60_000) }))).toHaveLength(1);
  });
});

let world: IsolationWorld;

beforeEach(() => {
  world = isolationWorld(1);
  world.create(
    podOf("box", [box("c")]),
    podOf("servers", [
      { name: "web", image: "nginx:1.27" },
      { name: "db", image: "redis:7" },
    ]),
  );
  world.advance(30_000);
});

/** What the object does with a session: messages in, pumped, ended; what breaks the protocol ends it alone. */
function converse(session: LiveSession, messages: readonly (ArrayBuffer | string)[]): void {
  const { engine } = world;
  session.greet?.();
  for (const message of messages) {
    try {
      session.message(message);
    } catch (error) {
      expect(String(error)).toMatch(/SpdyError|malformed message/);
      break;
    }
    for (let i = 0; i < 5 && session.pump(engine, world.now) === "more"; i++);
  }
  world.advance(500);
  for (let i = 0; i < 20 && session.pump(engine, world.now) === "more"; i++);
  session.release(engine, world.now);
  world.advance(10);
}

/** The cluster answers, and nothing of the session is left. */
function well(): void {
  world.check();
  expect(world.out("box", "echo well")).toBe("well\n");
  expect([...world.engine.store.recordKeys("sessions")]).toEqual([]);
}

const wire = { send: (): void => undefined };

describe("sessions", { timeout: 300_000 }, () => {
  test("port-forward over SPDY", () => {
    check(conversation, 150, (messages) => {
      const session = new SpdyForward(world.forward("servers"), wire);
      converse(
        session,
        messages.map((m) => m.buffer),
      );
    });
    well();
    expect(spdyProtocol.name).toMatch(/SPDY/);
  });

  test("port-forward over channels", () => {
    const [protocol] = commandProtocols.slice(1);
    const message = fc
      .tuple(
        fc.nat(5),
        fc.oneof(
          bytes,
          requests.map((r) => new TextEncoder().encode(r)),
        ),
      )
      .map(([channel, body]) => joined([Uint8Array.of(channel), body]).buffer);
    check(fc.array(message, { maxLength: 6 }), 150, (messages) => {
      const reply = world.raw(
        "GET",
        "/api/v1/namespaces/default/pods/servers/portforward?ports=80&ports=6379",
        undefined,
        { headers: { upgrade: "websocket" } },
      );
      converse(new ChannelForward(forwardOf(reply), protocol as never, wire), messages);
    });
    well();
  });

  test("exec with and without a terminal, in every protocol", () => {
    const said = fc.oneof(
      bytes,
      fc
        .constantFrom(
          "echo a\n",
          "exit\n",
          "\u0003",
          "\u0004",
          "cat\n",
          "{",
          '{"Width":80,"Height":24}',
        )
        .map((t) => new TextEncoder().encode(t)),
      fc
        .constantFrom('{"Width":1e99,"Height":-1}', "null", '{"Width":"x"}')
        .map((t) => new TextEncoder().encode(t)),
    );
    const message = fc.tuple(fc.constantFrom(0, 0, 0, 1, 3, 4, 9, 255), said);
    const talk = fc.record({
      protocol: fc.constantFrom(...commandProtocols),
      tty: fc.boolean(),
      command: fc.constantFrom("sh", "cat", "head", "no-such"),
      messages: fc.array(message, { maxLength: 6 }),
      text: fc.array(fc.constantFrom("", "0", "0!!!", "0YQ==", "4e30=", "9", "é"), {
        maxLength: 2,
      }),
    });
    check(talk, 250, ({ protocol, tty, command, messages, text: texts }) => {
      const query = `command=${command}&stdin=true&stdout=true&${tty ? "tty=true" : "stderr=true"}`;
      const { session } = world.open("box", "exec", query);
      const binary = messages.map(([c, body]) => joined([Uint8Array.of(c), body]).buffer);
      converse(new CommandStream(session, protocol, wire), [...binary, ...texts]);
    });
    well();
  });

  test("what is said to a process that does not read is bounded, whatever it is", () => {
    const { session } = world.open(
      "box",
      "exec",
      "command=sleep&command=1000&stdin=true&stdout=true&tty=true",
    );
    const stream = new CommandStream(session, commandProtocols[0]!, wire);
    const large = new Uint8Array(200_000);
    stream.message(large.buffer);
    stream.message(large.buffer);
    stream.pump(world.engine, world.now);
    const resize = joined([
      Uint8Array.of(4),
      new TextEncoder().encode('{"Width":80,"Height":24}'),
    ]).buffer;
    const held = stream.heldBytes;
    for (let i = 0; i < 1_000; i++) stream.message(resize);
    expect(stream.heldBytes).toBe(held);
    expect(() => {
      for (let i = 0; i <= heldBytesMax / large.length; i++) stream.message(large.buffer);
    }).toThrow(InputLimitError);
  });
});
