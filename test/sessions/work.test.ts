/** What clients can make one turn of the cluster cost, counted in turns and units of work. */
import { zlibSync } from "fflate";
import { expect, test } from "vitest";
import { answerBytesAhead } from "../../durable-objects/engine/core/limits.ts";
import { networkTable, type Stream } from "../../durable-objects/engine/runtime/net/stream.ts";
import {
  heldBytesMax,
  heldTogetherBytesMax,
  sessionWorkMax,
} from "../../durable-objects/limits.ts";
import { CommandStream } from "../../durable-objects/sessions/command.ts";
import { ChannelForward } from "../../durable-objects/sessions/channel-forward.ts";
import {
  commandProtocols,
  decode,
  forwardProtocols,
  toBase64,
} from "../../durable-objects/sessions/frames.ts";
import { InputBuffer, SandboxInputBudget } from "../../durable-objects/sessions/input.ts";
import { InputLimitError } from "../../durable-objects/sessions/session.ts";
import { joined, SpdyError, SpdyReader } from "../../durable-objects/sessions/spdy.ts";
import { spdyDictionary } from "../../durable-objects/sessions/spdy-data.ts";
import {
  commandOf,
  forwardOf,
  pod,
  pods,
  SessionWorld,
  upgrade,
} from "../engine/streams/streams-world.ts";

/** One call may go over what is left: by one step of a program. */
const oneStep = 400;

interface Talk {
  world: SessionWorld;
  stream: CommandStream;
  /** What came on stdout. */
  heard(): string;
}

function exec(script: string, more = "", protocol = "v5.channel.k8s.io"): Talk {
  const world = new SessionWorld();
  world.create(pod("p", "sleep 100000"));
  world.until(() => world.pod("p").status.phase === "Running");
  const command = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`);
  const query = `${command.join("&")}&stdin=true&stdout=true${more}`;
  const reply = world.raw("GET", `${pods}/p/exec?${query}`, undefined, upgrade);
  let said = "";
  const session = commandOf(reply);
  const spoken = commandProtocols.find(({ name }) => name === protocol)!;
  const stream = new CommandStream(session, spoken, {
    send(message) {
      const text =
        typeof message === "string"
          ? message[0] + Buffer.from(message.slice(1), "base64").toString()
          : Buffer.from(message).toString("latin1");
      if (text[0] === "\x01" || text[0] === "1") said += text.slice(1);
    },
  });
  return { world, stream, heard: () => said };
}

const resize = (cols: number): ArrayBuffer =>
  joined([Uint8Array.of(4), new TextEncoder().encode(`{"Width":${cols},"Height":24}`)]).buffer;

test("sixty thousand tiny messages cost the engine a few turns", () => {
  const { world, stream, heard } = exec("wc -c");
  stream.pump(world.engine, world.now);
  const before = world.engine.sessionWork;
  const message = Uint8Array.of(0, 120).buffer;
  for (let i = 0; i < 60_000; i++) stream.message(message);
  stream.message(Uint8Array.of(255, 0).buffer);
  for (let i = 0; i < 20 && heard() === ""; i++) {
    stream.pump(world.engine, world.now);
    world.advance(100);
  }
  expect(heard()).toBe("60000\n");
  expect(world.engine.sessionWork - before).toBeLessThan(100);
});

test("a flood of sizes is one size, the last", () => {
  const { world, stream, heard } = exec("read line; stty size", "&tty=true");
  stream.pump(world.engine, world.now);
  const before = world.engine.sessionWork;
  for (let i = 1; i <= 60_000; i++) {
    stream.message(resize((i % 200) + 1));
    if (i % 20_000 === 0) stream.message(Uint8Array.of(0, 120).buffer);
  }
  stream.message(resize(77));
  stream.message(Uint8Array.of(0, 10).buffer);
  stream.pump(world.engine, world.now);
  expect(world.engine.sessionWork - before).toBeLessThan(50);
  world.advance(1_000);
  stream.pump(world.engine, world.now);
  expect(heard()).toContain("24 77");
});

test("a size that is no size breaks the protocol before it is parsed", () => {
  const { stream } = exec("cat", "&tty=true");
  const message = new Uint8Array(31 * 1024 * 1024).fill(91);
  message[0] = 4;
  expect(() => stream.message(message.buffer)).toThrow("malformed message");
});

test("base64 of many megabytes is decoded whole, and taken in bounded steps", () => {
  const { world, stream, heard } = exec("wc -c", "", "v5.base64.channel.k8s.io");
  const bytes = 9_000_000;
  stream.message(`0${Buffer.alloc(bytes, 120).toString("base64")}`);
  stream.message(Uint8Array.of(255, 0).buffer);
  expect(stream.heldBytes).toBe(bytes);
  for (let i = 0; i < 1_000 && heard() === ""; i++) {
    const before = world.engine.sessionWork;
    stream.pump(world.engine, world.now);
    expect(world.engine.sessionWork - before).toBeLessThan(sessionWorkMax + oneStep);
    world.advance(100);
  }
  expect(heard()).toBe(`${bytes}\n`);
});

test("output without end gives way to others", () => {
  const { world, stream } = exec("yes");
  for (let i = 0; i < 20; i++) {
    const before = world.engine.sessionWork;
    stream.pump(world.engine, world.now);
    expect(world.engine.sessionWork - before).toBeLessThan(sessionWorkMax + oneStep);
    world.advance(20);
  }
});

interface Forwarded {
  world: SessionWorld;
  session: ChannelForward;
  /** Answers by channel. */
  answers: Map<number, number>;
}

/** Sixty connections to a web server. */
function forwarded(): Forwarded {
  const world = new SessionWorld();
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  });
  world.until(() => world.pod("p").status.phase === "Running");
  world.advance(5_000);
  const ports = Array.from({ length: 60 }, () => "ports=80");
  const path = `${pods}/p/portforward?${ports.join("&")}`;
  const reply = world.raw("GET", path, undefined, upgrade);
  const answers = new Map<number, number>();
  const protocol = forwardProtocols.find(({ name }) => name === "v4.channel.k8s.io")!;
  const session = new ChannelForward(forwardOf(reply), protocol, {
    send(message) {
      const text = Buffer.from(message as ArrayBuffer).toString("latin1");
      const channel = text.charCodeAt(0);
      const count = text.split("HTTP/1.1 200").length - 1;
      answers.set(channel, (answers.get(channel) ?? 0) + count);
    },
  });
  return { world, session, answers };
}

test("many pipelined requests on many ports are answered in portions, every port in its turn", () => {
  const { world, session, answers } = forwarded();
  const text = new TextEncoder().encode("GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(40));
  for (let i = 0; i < 60; i++) session.message(joined([Uint8Array.of(2 * i), text]).buffer);
  const total = (): number => [...answers.values()].reduce((sum, n) => sum + n, 0);
  for (let i = 0; i < 2_000 && total() < 2_400; i++) {
    const before = world.engine.sessionWork;
    session.pump(world.engine, world.now);
    expect(world.engine.sessionWork - before).toBeLessThan(sessionWorkMax + oneStep);
    world.advance(20);
  }
  expect(total()).toBe(2_400);
  expect(answers.size).toBe(60);
});

test("answers that wait for their client are few, and those it takes are not stored", () => {
  const { world, session, answers } = forwarded();
  const { store, log } = world.engine;
  const answerBytes = 1_000;
  const text = new TextEncoder().encode("GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(150));
  for (let i = 0; i < 60; i++) session.message(joined([Uint8Array.of(2 * i), text]).buffer);
  const before = log.bytes;
  let most = 0;
  for (let i = 0; i < 60; i++) {
    session.pump(world.engine, world.now);
    const streams = [...store.recordKeys(networkTable)].map((key) =>
      store.record<Stream>(networkTable, key)!,
    );
    for (const { down } of streams) most = Math.max(most, down.length);
    world.advance(20);
  }
  const told = [...answers.values()].reduce((sum, n) => sum + n, 0);
  expect(told).toBeGreaterThan(1_000);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(answerBytesAhead + answerBytes);
  // A request of 27 bytes is answered by some 850.
  expect((log.bytes - before) / told).toBeLessThan(2 * answerBytes);
});

test("held input keeps order and bounds, however it comes and goes", () => {
  const held = new InputBuffer();
  const said: number[] = [];
  const taken: number[] = [];
  for (let i = 0; i < 3_000; i++) {
    const piece = Uint8Array.from({ length: (i * 37) % 90 }, (_, at) => (i + at) % 256);
    held.add(piece);
    said.push(...piece);
    if (i % 3 === 0) taken.push(...(held.take((i % 50) + 1) ?? []));
  }
  for (let next = held.take(7_777); next; next = held.take(7_777)) taken.push(...next);
  expect(held.bytes).toBe(0);
  expect(taken).toEqual(said);
  held.add(new Uint8Array(heldBytesMax));
  expect(() => held.add(new Uint8Array(1))).toThrow(InputLimitError);
});

test.each([1, 100, 4_095, 4_097, 11_000, 17_000])(
  "what is held in messages of %i bytes takes little more memory than it has bytes",
  (size) => {
    const held = new InputBuffer();
    for (let said = 0; said < 1_000_000; said += size) held.add(new Uint8Array(size));
    const { pieces } = held as unknown as { pieces: Uint8Array[] };
    const memory = new Set(pieces.map(({ buffer }) => buffer));
    const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeLessThan(held.bytes * 1.35 + 16 * 1024);
  },
);

test("what all sessions hold is bounded, and what was taken counts no more", () => {
  let held = 0;
  let counted = 0;
  const together = new SandboxInputBudget(() => {
    counted++;
    return held;
  });
  const megabyte = 1024 * 1024;
  const say = (): void => {
    held += megabyte;
    together.add(megabyte);
  };
  for (let i = 0; i < heldTogetherBytesMax / megabyte; i++) say();
  expect(counted).toBe(0);
  expect(say).toThrow(InputLimitError);
  held = 0;
  for (let i = 0; i < heldTogetherBytesMax / megabyte; i++) say();
  expect(counted).toBe(2);
});

test.each([
  ["0YWJj", [0, "abc"]],
  ["0YW Jj\n", [0, "abc"]],
  ["1YQ", [1, "a"]],
  ["0", [0, ""]],
  ["0YWJ", [0, "ab"]],
  ["0Y", undefined],
  ["0Y*==", undefined],
])("the base64 message %j is read as atob reads it", (message, expected) => {
  const base64 = commandProtocols.find(({ name }) => name === "base64.channel.k8s.io")!;
  const frame = decode(base64, message);
  expect(frame && [frame.channel, new TextDecoder().decode(frame.bytes)]).toEqual(expected);
});

test("a long base64 message is read as a short one is, wherever spaces and ends lie", () => {
  const base64 = commandProtocols.find(({ name }) => name === "base64.channel.k8s.io")!;
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251);
  const text = toBase64(bytes);
  const read = (body: string) => decode(base64, `0${body}`)?.bytes;
  expect(read(text)).toEqual(bytes);
  expect(read(`${text.slice(0, 65_530)} ${text.slice(65_530)}`)).toEqual(bytes);
  expect(read(`${text}\n`)).toEqual(bytes);
  const ended = toBase64(bytes.subarray(0, 49_151));
  expect(ended).toHaveLength(65_536);
  expect(read(ended)).toEqual(bytes.subarray(0, 49_151));
  expect(read(ended + text)).toBeUndefined();
  expect(read(`${text.slice(0, 100_000)}*${text.slice(100_000)}`)).toBeUndefined();
});

const word = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
const control = (type: number, payload: Uint8Array): Uint8Array =>
  joined([Uint8Array.from([0x80, 3, 0, type, ...word(payload.length)]), payload]);
const repeated = (frame: Uint8Array, count: number): Uint8Array =>
  joined(Array.from({ length: count }, () => frame));

test.each([
  ["pings", control(6, Uint8Array.from(word(1)))],
  ["settings", control(4, Uint8Array.from(word(0)))],
  ["window updates", control(9, Uint8Array.from([...word(1), ...word(1)]))],
  ["resets", control(3, Uint8Array.from([...word(1), ...word(5)]))],
  ["data of no bytes", Uint8Array.from([...word(1), ...word(0)])],
  ["data of one byte", Uint8Array.from([...word(1), ...word(1), 120])],
])("a flood of %s ends the connection, and as many over time do not", (_name, frame) => {
  expect(() => new SpdyReader().push(repeated(frame, 50_000))).toThrow(SpdyError);
  const reader = new SpdyReader();
  for (let i = 0; i < 500; i++) {
    reader.push(repeated(frame, 100));
    reader.refill();
  }
});

test("headers of many streams together are bounded until they are acted on", () => {
  const plain = [...word(1), ...word(1), 120, ...word(60_000), ...Array<number>(60_000).fill(120)];
  const block = zlibSync(Uint8Array.from(plain), { dictionary: spdyDictionary() });
  const reader = new SpdyReader();
  expect(block.length).toBeLessThan(400);
  expect(reader.push(control(1, joined([new Uint8Array(10), block])))).toHaveLength(1);
  const many = new SpdyReader() as unknown as { headerBytesLeft: number; push: SpdyReader["push"] };
  many.headerBytesLeft = 50_000;
  expect(() => many.push(control(1, joined([new Uint8Array(10), block])))).toThrow(SpdyError);
});

test("a frame that comes byte by byte is copied a few times, not at every byte", () => {
  const reader = new SpdyReader();
  const frame = Uint8Array.from([...word(1), ...word(200_000), ...new Uint8Array(200_000)]);
  const buffers = new Set<unknown>();
  let frames = 0;
  for (const byte of frame) {
    frames += reader.push(Uint8Array.of(byte)).length;
    buffers.add((reader as unknown as { held: Uint8Array }).held);
  }
  expect(frames).toBe(1);
  expect(buffers.size).toBeLessThan(16);
});

test("a message far larger than any frame ends the connection", () => {
  expect(() => new SpdyReader().push(new Uint8Array(3 * 1024 * 1024))).toThrow(SpdyError);
});

test.each([
  ['{"Width":100,"Height":40}', "40 100"],
  ['{"height":40,"width":100}', "40 100"],
  ['{"Width":1,"Height":1}{"WIDTH":100,"Height":40}\n', "40 100"],
  ['{"Width":"100","Height":"40"}', "24 80"],
  ['{"Width":70000,"Height":40}', "24 80"],
  ['{"Width":1.5,"Height":40}', "24 80"],
  ['{"Width":100}', "24 80"],
])("a terminal's size as Go reads it: %s", (text, size) => {
  const { world, stream, heard } = exec("sleep 1; stty size", "&tty=true");
  stream.message(joined([Uint8Array.of(4), new TextEncoder().encode(text)]).buffer);
  for (let i = 0; i < 20 && heard() === ""; i++) {
    stream.pump(world.engine, world.now);
    world.advance(100);
  }
  expect(heard().trim()).toBe(size);
});
