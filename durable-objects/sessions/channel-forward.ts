import type { Engine } from "../engine/index.ts";
import type { ForwardSession } from "../engine/ports/request.ts";
import { sessionWorkMax } from "../limits.ts";
import { PodConnection, Round } from "./connection.ts";
import { decode, encode, pieces, type Protocol } from "./frames.ts";
import type { LiveSession, Wire } from "./session.ts";

/**
 * port-forward of the older clients: the ports stand in the request, port i has channels 2i (data) and 2i + 1 (errors).
 * k8s: cri-streaming/pkg/streaming/portforward/websocket.go
 */
export class ChannelForward implements LiveSession {
  readonly kind = "portforward";
  private readonly connections: PodConnection[];
  private readonly ports: number[];
  private readonly protocol: Protocol;
  private readonly wire: Wire;
  private readonly round = new Round();

  constructor(session: ForwardSession, protocol: Protocol, wire: Wire) {
    this.protocol = protocol;
    this.wire = wire;
    this.ports = session.ports;
    this.connections = session.ports.map(
      (port, i) =>
        new PodConnection(session, port, {
          data: (bytes) => {
            for (const piece of pieces(bytes)) this.send(2 * i, piece);
          },
          error: (text) => this.send(2 * i + 1, new TextEncoder().encode(text)),
          end: () => {},
        }),
    );
  }

  /** Each channel's first message names its port, low byte first. */
  greet(): void {
    for (const [i, port] of this.ports.entries()) {
      const bytes = Uint8Array.of(port & 255, port >> 8);
      this.send(2 * i, bytes);
      this.send(2 * i + 1, bytes);
    }
  }

  message(data: ArrayBuffer | string): void {
    const frame = decode(this.protocol, data);
    if (!frame) return;
    const { channel, bytes } = frame;
    if (channel % 2 === 0) this.connections[channel / 2]?.write(bytes);
  }

  get heldBytes(): number {
    return this.connections.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  pump(
    engine: Engine,
    nowMs: number,
    workEnd = engine.sessionWork + sessionWorkMax,
  ): "waiting" | "more" | "over" {
    return this.round.pump(this.connections, engine, nowMs, workEnd);
  }

  abort(reason: string): void {
    const text = new TextEncoder().encode(reason);
    for (const i of this.ports.keys()) this.send(2 * i + 1, text);
  }

  drain(engine: Engine, nowMs: number, workEnd: number): boolean {
    return this.connections.some((connection) => connection.drain(engine, nowMs, workEnd));
  }

  release(engine: Engine, nowMs: number): void {
    for (const connection of this.connections) connection.release(engine, nowMs);
  }

  private send(channel: number, bytes: Uint8Array): void {
    this.wire.send(encode(this.protocol, channel, bytes));
  }
}
