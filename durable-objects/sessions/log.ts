import { pieces, toBase64, type Protocol } from "./frames.ts";
import type { LiveSession, Wire } from "./session.ts";

/** A whole log over a WebSocket: the text alone, without channels. k8s: apiserver/pkg/endpoints/handlers/responsewriters StreamObject */
export class LogStream implements LiveSession {
  readonly kind = "log";
  private readonly protocol: Protocol;
  private readonly wire: Wire;

  private readonly text: string | Uint8Array;

  constructor(text: string | Uint8Array, protocol: Protocol, wire: Wire) {
    this.text = text;
    this.protocol = protocol;
    this.wire = wire;
  }

  greet(): void {
    const { text } = this;
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    for (const piece of pieces(bytes)) {
      this.wire.send(this.protocol.base64 ? toBase64(piece) : piece.slice().buffer);
    }
  }

  message(): void {}

  pump(): "over" {
    return "over";
  }

  abort(): void {}

  release(): void {}
}
