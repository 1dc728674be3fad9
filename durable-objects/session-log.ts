import type { Engine } from "./engine/index.ts";
import type { LogFollow } from "./engine/ports.ts";
import { pieces, toBase64, type Protocol } from "./session-frames.ts";
import type { LiveSession, Wire } from "./session.ts";

/** A log over a WebSocket: the text alone, without channels. k8s: apiserver/pkg/endpoints/handlers/responsewriters StreamObject */
export class LogStream implements LiveSession {
  readonly kind = "log";
  private follow: LogFollow | undefined;
  private readonly protocol: Protocol;
  private readonly wire: Wire;

  /** Without `follow` the text is all there is. */
  constructor(follow: LogFollow | undefined, protocol: Protocol, wire: Wire) {
    this.follow = follow;
    this.protocol = protocol;
    this.wire = wire;
  }

  send(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    for (const piece of pieces(bytes)) {
      this.wire.send(
        this.protocol.name.startsWith("base64.") ? toBase64(piece) : piece.slice().buffer,
      );
    }
  }

  message(): void {}

  pump(engine: Engine): "waiting" | "more" | "over" {
    if (!this.follow) return "over";
    const { text, follow, ended } = engine.pollLog(this.follow);
    this.follow = follow;
    this.send(text);
    return ended ? "over" : "waiting";
  }

  abort(): void {}

  release(): void {}
}
