/** The protobuf wire format: a bounded reader with gogo's error texts, a writer from the back. */
import { strFromU8, strToU8 } from "fflate";
import { DecodeError } from "./decode.ts";

export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;

const two32 = 4294967296;
const unexpectedEof = "unexpected EOF";

/** Reads one message: `bytes` between `at` and `end`. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;
  private low = 0;
  private high = 0;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  private varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw new DecodeError("proto: integer overflow");
      if (this.at >= this.end) throw new DecodeError(unexpectedEof);
      const byte = this.bytes[this.at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.low = low >>> 0;
    this.high = high | 0;
  }

  /** A signed 64-bit value; exact up to 2^53. */
  int64(): number {
    this.varint();
    return this.high * two32 + this.low;
  }

  int32(): number {
    this.varint();
    return this.low | 0;
  }

  bool(): boolean {
    this.varint();
    return (this.low | this.high) !== 0;
  }

  /** A tag, whole: number << 3 | wire type. */
  tag(): number {
    this.varint();
    return (this.high >>> 0) * two32 + this.low;
  }

  float64(): number {
    if (this.at + 8 > this.end) throw new DecodeError(unexpectedEof);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, 8);
    this.at += 8;
    return view.getFloat64(0, true);
  }

  /** Length of what follows, checked; returns where it ends. */
  span(): number {
    this.varint();
    if (this.high < 0) throw new DecodeError("proto: negative length found during unmarshaling");
    const end = this.at + this.high * two32 + this.low;
    if (end > this.end) throw new DecodeError(unexpectedEof);
    return end;
  }

  view(): Uint8Array {
    const end = this.span();
    const out = this.bytes.subarray(this.at, end);
    this.at = end;
    return out;
  }

  string(): string {
    const end = this.span();
    let text = "";
    for (let i = this.at; i < end; i++) {
      const c = this.bytes[i] as number;
      if (c >= 0x80) {
        text = strFromU8(this.bytes.subarray(this.at, end));
        break;
      }
      text += String.fromCharCode(c);
    }
    this.at = end;
    return text;
  }

  skip(wire: number): void {
    if (wire === wireVarint) this.varint();
    else if (wire === wireFixed64) this.at += 8;
    else if (wire === wireBytes) this.at = this.span();
    else if (wire === 5) this.at += 4;
    else throw new DecodeError(`proto: illegal wireType ${wire}`);
    if (this.at > this.end) throw new DecodeError(unexpectedEof);
  }
}

/** Writes from the back, so that lengths are known when their prefix is written. */
export class Writer {
  private bytes = new Uint8Array(1024);
  private start = 1024;

  /** Bytes written so far. */
  get length(): number {
    return this.bytes.length - this.start;
  }

  private room(count: number): number {
    if (this.start < count) {
      const length = this.length;
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, length + count));
      grown.set(this.bytes.subarray(this.start), grown.length - length);
      this.bytes = grown;
      this.start = grown.length - length;
    }
    return (this.start -= count);
  }

  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      const at = this.room(1);
      this.bytes[at] = value;
    } else if (value >= 0 && value < 0x80000000) {
      let at = this.room(value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5);
      let rest = value;
      for (; rest >= 0x80; rest >>>= 7) this.bytes[at++] = (rest & 0x7f) | 0x80;
      this.bytes[at] = rest;
    } else this.longVarint(value);
  }

  private longVarint(value: number): void {
    const scratch: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) scratch.push(Number(rest & 0x7fn) | 0x80);
    scratch.push(Number(rest));
    const at = this.room(scratch.length);
    this.bytes.set(scratch, at);
  }

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire);
  }

  raw(data: Uint8Array): void {
    const { length } = data;
    const at = this.room(length);
    if (length > 16) this.bytes.set(data, at);
    else for (let i = 0; i < length; i++) this.bytes[at + i] = data[i] as number;
  }

  /** Bytes as field `number`. */
  bytesField(number: number, data: Uint8Array): void {
    this.raw(data);
    this.varint(data.length);
    this.tag(number, wireBytes);
  }

  stringField(number: number, text: string): void {
    const { length } = text;
    const at = this.room(length);
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.start += length;
        return this.bytesField(number, strToU8(text));
      }
      this.bytes[at + i] = unit;
    }
    this.varint(length);
    this.tag(number, wireBytes);
  }

  varintField(number: number, value: number): void {
    this.varint(value);
    this.tag(number, wireVarint);
  }

  float64Field(number: number, value: number): void {
    const data = new Uint8Array(8);
    new DataView(data.buffer).setFloat64(0, value, true);
    this.raw(data);
    this.tag(number, wireFixed64);
  }

  /** What was written since `length` was `before`, as the message in field `number`. */
  endMessage(number: number, before: number): void {
    this.varint(this.length - before);
    this.tag(number, wireBytes);
  }

  /** Whatever `body` writes, as the message in field `number`. */
  messageField(number: number, body: () => void): void {
    const before = this.length;
    body();
    this.endMessage(number, before);
  }

  /** What was written since `length` was `before`. */
  since(before: number): Uint8Array {
    return this.bytes.slice(this.start, this.bytes.length - before);
  }

  finish(): Uint8Array {
    return this.since(0);
  }
}
