import { heldBlockBytes, heldBytesMax, heldTogetherBytesMax } from "../limits.ts";
import { InputLimitError } from "./session.ts";

/** Bytes of a client that its command or server has not read, in order; how they were split into messages does not matter. */
export class InputBuffer {
  bytes = 0;
  private pieces: Uint8Array[] = [];
  /** The first piece in `pieces` that is not taken; taken ones are freed from time to time. */
  private first = 0;
  /** The last piece has room behind it. */
  private spareBytes = 0;

  /** Keeps a copy. Throws when it would be more than a session may hold. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.bytes + bytes.length > heldBytesMax) throw new InputLimitError();
    this.bytes += bytes.length;
    if (bytes.length <= this.spareBytes) {
      const last = this.pieces[this.pieces.length - 1] as Uint8Array;
      const grown = new Uint8Array(last.buffer, last.byteOffset, last.length + bytes.length);
      grown.set(bytes, last.length);
      this.pieces[this.pieces.length - 1] = grown;
      this.spareBytes -= bytes.length;
      return;
    }
    // Room behind a piece that nearly fills a block would be held for nothing.
    const isSmall = bytes.length < heldBlockBytes / 4;
    const block = new Uint8Array(isSmall ? heldBlockBytes : bytes.length);
    block.set(bytes);
    this.pieces.push(block.subarray(0, bytes.length));
    this.spareBytes = block.length - bytes.length;
  }

  /** The next byte, which stays; undefined: there is none. */
  get next(): number | undefined {
    return this.pieces[this.first]?.[0];
  }

  /** The next bytes, no more than so many; undefined: there are none. */
  take(bytesMax: number): Uint8Array | undefined {
    const piece = this.pieces[this.first];
    if (!piece) return undefined;
    const taken = piece.subarray(0, bytesMax);
    this.bytes -= taken.length;
    if (taken.length < piece.length) this.pieces[this.first] = piece.subarray(taken.length);
    else this.pieces[this.first++] = taken;
    if (this.first === this.pieces.length) {
      this.pieces = [];
      this.first = this.spareBytes = 0;
    } else if (this.first >= 256) {
      this.pieces = this.pieces.slice(this.first);
      this.first = 0;
    }
    return taken;
  }
}

/** What all sessions of a sandbox hold: each alone may be modest while there are many, with many connections each. */
export class SandboxInputBudget {
  private readonly sum: () => number;
  /** Never less than what is held: what was said since it was last counted, none of it taken. */
  private atMostBytes = 0;

  constructor(sum: () => number) {
    this.sum = sum;
  }

  /** A client has said so much more. Throws when all of it together cannot be kept. */
  add(bytes: number): void {
    this.atMostBytes += bytes;
    if (this.atMostBytes <= heldTogetherBytesMax) return;
    this.atMostBytes = this.sum();
    if (this.atMostBytes > heldTogetherBytesMax) throw new InputLimitError();
  }
}
