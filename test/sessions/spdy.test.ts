import { constants, createDeflate, createInflate } from "node:zlib";
import { expect, test } from "vitest";
import {
  SpdyError,
  SpdyReader,
  SpdyWriter,
  type SpdyFrame,
} from "../../durable-objects/sessions/spdy.ts";
import { spdyDictionary } from "../../durable-objects/sessions/spdy-data.ts";

/** The other end of port-forward's framing, with Node's own zlib. */

const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
};

/** One zlib stream over all header blocks, flushed after each. */
class Client {
  private readonly deflate = createDeflate({ dictionary: Buffer.from(spdyDictionary()) });

  async syn(stream: number, headers: Record<string, string>, flags = 0): Promise<Buffer> {
    const parts = [words(Object.keys(headers).length)];
    for (const [name, value] of Object.entries(headers)) {
      for (const text of [name, value]) parts.push(words(text.length), Buffer.from(text));
    }
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => void chunks.push(chunk);
    this.deflate.on("data", take);
    this.deflate.write(Buffer.concat(parts));
    await new Promise<void>((done) => this.deflate.flush(constants.Z_SYNC_FLUSH, () => done()));
    this.deflate.off("data", take);
    return control(1, Buffer.concat([words(stream, 0), Buffer.from([0, 0]), ...chunks]), flags);
  }
}

const control = (type: number, payload: Buffer, flags = 0): Buffer =>
  Buffer.concat([Buffer.from([0x80, 3, 0, type]), words((flags << 24) | payload.length), payload]);

const data = (stream: number, bytes: Buffer, fin: boolean): Buffer =>
  Buffer.concat([words(stream), words(((fin ? 1 : 0) << 24) | bytes.length), bytes]);

test("the dictionary is the one of SPDY/3", () => {
  const dictionary = spdyDictionary();
  let [a, b] = [1, 0];
  for (const byte of dictionary) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  expect([dictionary.length, ((b << 16) | a) >>> 0]).toEqual([1423, 0xe3c6a7c2]);
});

test("frames are read whatever the borders of messages", async () => {
  const client = new Client();
  const bytes = Buffer.concat([
    await client.syn(1, { streamtype: "error", port: "80", requestid: "0" }),
    data(1, Buffer.alloc(0), true),
    await client.syn(3, { streamtype: "data", port: "80", requestid: "0" }),
    data(3, Buffer.from("GET / HTTP/1.1\r\n"), false),
    control(3, words(3, 5)),
    control(6, words(7)),
    control(9, words(3, 1)),
    control(7, words(0, 0)),
  ]);
  const expected: SpdyFrame[] = [
    {
      type: "syn",
      stream: 1,
      headers: { streamtype: "error", port: "80", requestid: "0" },
      fin: false,
    },
    { type: "data", stream: 1, bytes: new Uint8Array(), fin: true },
    {
      type: "syn",
      stream: 3,
      headers: { streamtype: "data", port: "80", requestid: "0" },
      fin: false,
    },
    { type: "data", stream: 3, bytes: new TextEncoder().encode("GET / HTTP/1.1\r\n"), fin: false },
    { type: "reset", stream: 3 },
    { type: "ping", id: 7 },
    { type: "goaway" },
  ];
  for (const size of [1, 3, 7, 1000]) {
    const reader = new SpdyReader();
    const frames: SpdyFrame[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      frames.push(...reader.push(new Uint8Array(bytes.subarray(at, at + size))));
      frames.push(...reader.push(new Uint8Array()));
    }
    expect(frames).toEqual(expected);
  }
});

test("replies to many streams are one zlib stream that goes on", async () => {
  const writer = new SpdyWriter();
  const inflate = createInflate();
  let plain = Buffer.alloc(0);
  inflate.on("data", (chunk: Buffer) => (plain = Buffer.concat([plain, chunk])));
  for (const stream of [1, 3, 5, 7]) {
    const frame = Buffer.from(writer.synReply(stream));
    expect([frame.readUInt16BE(0), frame.readUInt16BE(2)]).toEqual([0x8003, 2]);
    expect(frame.readUInt32BE(4)).toBe(frame.length - 8);
    expect(frame.readUInt32BE(8)).toBe(stream);
    await new Promise<void>((done) => inflate.write(frame.subarray(12), () => done()));
  }
  expect(plain).toEqual(Buffer.alloc(16));
});

test.each([
  ["another version", control(1, Buffer.alloc(10)).fill(2, 1, 2)],
  ["headers that do not inflate", control(1, Buffer.concat([words(1, 0), Buffer.alloc(20, 9)]))],
  ["a frame beyond all measure", Buffer.from([0, 0, 0, 1, 0, 255, 255, 255])],
])("%s breaks the connection", (_, bytes) => {
  expect(() => new SpdyReader().push(new Uint8Array(bytes))).toThrow(SpdyError);
});
