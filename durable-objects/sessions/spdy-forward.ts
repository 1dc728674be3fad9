import type { Engine } from "../engine/index.ts";
import type { ForwardSession } from "../engine/ports/request.ts";
import { forwardedConnectionsMax, sessionWorkMax } from "../limits.ts";
import { PodConnection, Round } from "./connection.ts";
import { pieces } from "./frames.ts";
import type { LiveSession, Wire } from "./session.ts";
import { SpdyReader, SpdyWriter, type SpdyFrame } from "./spdy.ts";

/** The two streams of a forwarded connection, found together by their request id. */
interface Pair {
  error?: number;
  data?: number;
  port: number;
  connection?: PodConnection;
}

/** port-forward as kubectl speaks it: SPDY frames in WebSocket messages. k8s: cri-streaming/.../portforward/httpstream.go */
export class SpdyForward implements LiveSession {
  readonly kind = "portforward";
  private readonly reader = new SpdyReader();
  private readonly writer = new SpdyWriter();
  private readonly pairs = new Map<string, Pair>();
  private readonly pairOf = new Map<number, string>();
  private lastStream = 0;
  private left = false;
  private readonly session: ForwardSession;
  private readonly wire: Wire;
  private readonly round = new Round();

  constructor(session: ForwardSession, wire: Wire) {
    this.session = session;
    this.wire = wire;
  }

  message(data: ArrayBuffer | string): void {
    if (typeof data === "string") throw new Error("malformed message");
    for (const frame of this.reader.push(new Uint8Array(data))) this.take(frame);
  }

  private take(frame: SpdyFrame): void {
    if (frame.type === "syn") return this.open(frame.stream, frame.headers);
    if (frame.type === "ping") return this.send(this.writer.ping(frame.id));
    if (frame.type === "goaway") {
      this.left = true;
      return;
    }
    const pair = this.pairs.get(this.pairOf.get(frame.stream) ?? "");
    if (!pair || frame.stream !== pair.data) return;
    if (frame.type === "reset") {
      // The client has given the connection up: what it still sends or gets means nothing.
      pair.connection?.endInput();
      pair.data = undefined;
      return;
    }
    pair.connection?.write(frame.bytes);
    if (frame.fin) pair.connection?.endInput();
  }

  private open(stream: number, headers: Record<string, string>): void {
    const { streamtype, port: portText = "", requestid = String(stream) } = headers;
    const port = Number(portText);
    const pair = this.pairs.get(requestid) ?? { port };
    const known = streamtype === "error" || streamtype === "data";
    const valid = known && /^\d+$/.test(portText) && port > 0 && port <= 65_535;
    if (!valid || pair[streamtype] !== undefined || this.pairs.size >= forwardedConnectionsMax) {
      return this.send(this.writer.reset(stream));
    }
    this.lastStream = Math.max(this.lastStream, stream);
    pair[streamtype] = stream;
    this.pairs.set(requestid, pair);
    this.pairOf.set(stream, requestid);
    this.send(this.writer.synReply(stream));
    if (pair.error !== undefined && pair.data !== undefined) pair.connection = this.connect(pair);
  }

  private connect(pair: Pair): PodConnection {
    const { error, data } = pair as { error: number; data: number };
    return new PodConnection(this.session, pair.port, {
      data: (bytes) => {
        if (pair.data === undefined) return;
        for (const piece of pieces(bytes)) this.send(this.writer.data(data, piece, false));
      },
      error: (text) => this.send(this.writer.data(error, new TextEncoder().encode(text), false)),
      end: () => {
        this.send(this.writer.data(error, new Uint8Array(), true));
        if (pair.data !== undefined) this.send(this.writer.data(data, new Uint8Array(), true));
      },
    });
  }

  get heldBytes(): number {
    let sum = 0;
    for (const { connection } of this.pairs.values()) sum += connection?.heldBytes ?? 0;
    return sum;
  }

  pump(
    engine: Engine,
    nowMs: number,
    workEnd = engine.sessionWork + sessionWorkMax,
  ): "waiting" | "more" | "over" {
    this.reader.refill();
    const connections: PodConnection[] = [];
    for (const { connection, data } of this.pairs.values()) {
      if (!connection) continue;
      if (data === undefined) connection.release(engine, nowMs);
      connections.push(connection);
    }
    const state = this.round.pump(connections, engine, nowMs, workEnd);
    for (const [id, pair] of this.pairs) if (pair.connection?.over) this.forget(id, pair);
    return this.left ? "over" : state === "more" ? "more" : "waiting";
  }

  private forget(id: string, pair: Pair): void {
    this.pairs.delete(id);
    for (const [stream, of] of this.pairOf) if (of === id) this.pairOf.delete(stream);
    pair.connection = undefined;
  }

  abort(): void {
    this.send(this.writer.goaway(this.lastStream));
  }

  drain(engine: Engine, nowMs: number, workEnd: number): boolean {
    for (const { connection, data } of this.pairs.values()) {
      if (data !== undefined && connection?.drain(engine, nowMs, workEnd)) return true;
    }
    return false;
  }

  release(engine: Engine, nowMs: number): void {
    for (const { connection } of this.pairs.values()) connection?.release(engine, nowMs);
  }

  private send(frame: Uint8Array): void {
    this.wire.send(frame.buffer as ArrayBuffer);
  }
}
