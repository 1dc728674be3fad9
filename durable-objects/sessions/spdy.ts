import { Unzlib } from "fflate";
import {
  inflateStepBytes,
  smallFrameBytes,
  smallFramesMax,
  spdyFrameBytesMax,
  spdyHeaderBytesMax,
  spdyHeaderBytesPerRoundMax,
  spdyMessageBytesMax,
} from "../limits.ts";
import { spdyDictionary } from "./spdy-data.ts";

/**
 * SPDY/3.1 as far as port-forward speaks it: frames in a byte stream, both ways. No flow control: its users do none.
 * k8s: moby/spdystream
 */

export type SpdyFrame =
  | { type: "syn"; stream: number; headers: Record<string, string>; fin: boolean }
  | { type: "data"; stream: number; bytes: Uint8Array; fin: boolean }
  | { type: "reset"; stream: number }
  | { type: "ping"; id: number }
  | { type: "goaway" };

const version = 0x8003;
const types = { synStream: 1, synReply: 2, reset: 3, ping: 6, goaway: 7 };
const headBytes = 8;

/** Breaks of the protocol: the connection is over. */
export class SpdyError extends Error {
  override name = "SpdyError";
}

export class SpdyReader {
  /** Bytes of a frame that is not whole yet, at the beginning of a buffer that grows by doubling. */
  private held = new Uint8Array(1024);
  private heldBytes = 0;
  private smallFramesLeft = smallFramesMax;
  private headerBytesLeft = spdyHeaderBytesPerRoundMax;
  private inflated: Uint8Array[] = [];
  private inflatedBytes = 0;
  private readonly inflate = new Unzlib({ dictionary: spdyDictionary() }, (bytes) => {
    this.inflated.push(bytes);
    this.inflatedBytes += bytes.length;
  });

  /** What was said so far has been acted on: as much again may be said. */
  refill(): void {
    this.smallFramesLeft = smallFramesMax;
    this.headerBytesLeft = spdyHeaderBytesPerRoundMax;
  }

  /** Whole frames in what came so far; borders of messages mean nothing. */
  push(bytes: Uint8Array): SpdyFrame[] {
    if (bytes.length > spdyMessageBytesMax) throw new SpdyError(`message of ${bytes.length} bytes`);
    this.hold(bytes);
    const frames: SpdyFrame[] = [];
    let at = 0;
    while (this.heldBytes - at >= headBytes) {
      const view = new DataView(this.held.buffer, this.held.byteOffset + at);
      const length = view.getUint32(4) & 0xffffff;
      if (length > spdyFrameBytesMax) throw new SpdyError(`frame of ${length} bytes`);
      if (this.heldBytes - at < headBytes + length) break;
      const control = view.getUint8(0) >= 0x80;
      if ((control || length < smallFrameBytes) && --this.smallFramesLeft < 0) {
        throw new SpdyError("too many frames");
      }
      const frame = this.read(view, this.held.subarray(at + headBytes, at + headBytes + length));
      if (frame) frames.push(frame);
      at += headBytes + length;
    }
    if (at > 0) {
      this.held.copyWithin(0, at, this.heldBytes);
      this.heldBytes -= at;
    }
    return frames;
  }

  private hold(bytes: Uint8Array): void {
    const whole = this.heldBytes + bytes.length;
    if (whole > this.held.length) {
      const larger = new Uint8Array(Math.max(whole, 2 * this.held.length));
      larger.set(this.held.subarray(0, this.heldBytes));
      this.held = larger;
    }
    this.held.set(bytes, this.heldBytes);
    this.heldBytes = whole;
  }

  private read(head: DataView, payload: Uint8Array): SpdyFrame | undefined {
    const fin = (head.getUint8(4) & 1) !== 0;
    if (head.getUint8(0) < 0x80) {
      return { type: "data", stream: head.getUint32(0), bytes: payload.slice(), fin };
    }
    if (head.getUint16(0) !== version) throw new SpdyError("not SPDY/3");
    const type = head.getUint16(2);
    const word = (): number => {
      if (payload.length < 4) throw new SpdyError("short frame");
      return new DataView(payload.buffer, payload.byteOffset).getUint32(0) & 0x7fffffff;
    };
    if (type === types.synStream) {
      return { type: "syn", stream: word(), headers: this.headers(payload.subarray(10)), fin };
    }
    if (type === types.reset) return { type: "reset", stream: word() };
    if (type === types.ping) return { type: "ping", id: word() };
    return type === types.goaway ? { type: "goaway" } : undefined;
  }

  /** One zlib stream goes through all header blocks of a connection, so each must be read in its turn. */
  private headers(block: Uint8Array): Record<string, string> {
    this.inflated = [];
    this.inflatedBytes = 0;
    for (let from = 0; from < block.length; from += inflateStepBytes) {
      try {
        this.inflate.push(block.slice(from, from + inflateStepBytes));
      } catch {
        throw new SpdyError("malformed headers");
      }
      if (this.inflatedBytes > Math.min(spdyHeaderBytesMax, this.headerBytesLeft)) {
        throw new SpdyError("headers too large");
      }
    }
    this.headerBytesLeft -= this.inflatedBytes;
    const plain = joined(this.inflated);
    const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
    const decoder = new TextDecoder();
    let at = 4;
    const text = (): string => {
      const length = view.getUint32(at);
      at += 4 + length;
      return decoder.decode(plain.subarray(at - length, at));
    };
    const headers: Record<string, string> = {};
    try {
      for (let left = view.getUint32(0); left > 0; left--) headers[text()] = text();
    } catch {
      throw new SpdyError("malformed headers");
    }
    return headers;
  }
}

/** An empty header map as stored deflate; the empty block after it is what keeps Go's reader from an early EOF. */
const noHeaders = [0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff];
const zlibHead = [0x78, 0x01];

export class SpdyWriter {
  private begun = false;

  synReply(stream: number): Uint8Array {
    const block = this.begun ? noHeaders : [...zlibHead, ...noHeaders];
    this.begun = true;
    return control(types.synReply, [...word(stream), ...block]);
  }

  data(stream: number, bytes: Uint8Array, fin: boolean): Uint8Array {
    const size = word(bytes.length);
    size[0] = fin ? 1 : 0;
    return joined([Uint8Array.from([...word(stream), ...size]), bytes]);
  }

  /** Status 1: protocol error. */
  reset(stream: number): Uint8Array {
    return control(types.reset, [...word(stream), ...word(1)]);
  }

  ping(id: number): Uint8Array {
    return control(types.ping, word(id));
  }

  goaway(lastStream: number): Uint8Array {
    return control(types.goaway, [...word(lastStream), ...word(0)]);
  }
}

const word = (value: number): number[] => [
  (value >>> 24) & 255,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

const control = (type: number, payload: number[]): Uint8Array =>
  Uint8Array.from([0x80, 0x03, 0, type, ...word(payload.length), ...payload]);

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
