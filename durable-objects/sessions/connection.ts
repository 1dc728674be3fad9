import type { Engine } from "../engine/index.ts";
import type { ForwardSession } from "../engine/ports/request.ts";
import { connectionWorkMax, sendBytesMax, serverStepBytesMax, sessionWorkMax } from "../limits.ts";
import type { TlsIdentity } from "../engine/machinery/tls/server.ts";
import { InputBuffer } from "./input.ts";
import { SecureEnd } from "./secure.ts";

/** How a forwarded connection's bytes and end reach the client. */
export interface ConnectionEnds {
  data(bytes: Uint8Array): void;
  /** Why there is no connection. */
  error(text: string): void;
  /** The server has closed, or there never was a connection. */
  end(): void;
}

/** One connection to a port of a Pod, whatever protocol it is framed in. */
export class PodConnection {
  over = false;
  private stream: string | undefined;
  private readonly input = new InputBuffer();
  /** What the server shows of itself to who speaks TLS; undefined also once it is known whether the client does. */
  private identity: TlsIdentity | undefined;
  private secure: SecureEnd | undefined;
  private inputEnded = false;
  private endSent = false;
  private readonly session: ForwardSession;
  private readonly port: number;
  private readonly ends: ConnectionEnds;

  constructor(session: ForwardSession, port: number, ends: ConnectionEnds) {
    this.session = session;
    this.port = port;
    this.ends = ends;
  }

  /** From the client. */
  write(bytes: Uint8Array): void {
    if (!this.over && !this.inputEnded) this.input.add(bytes);
  }

  get heldBytes(): number {
    return this.over ? 0 : this.input.bytes + (this.secure?.plain.bytes ?? 0);
  }

  endInput(): void {
    this.inputEnded = true;
  }

  pump(
    engine: Engine,
    nowMs: number,
    workEnd = engine.sessionWork + sessionWorkMax,
  ): "waiting" | "more" | "over" {
    let sent = 0;
    while (!this.over && this.mayGoOn(engine, nowMs)) {
      let isClosed = false;
      const refused = engine.session(
        nowMs,
        () => this.put(engine),
        () => {
          const came = this.take(engine);
          if (came === undefined) return false;
          isClosed = came === "end";
          if (came === "end") return false;
          this.ends.data(this.secure?.seal(came) ?? came);
          sent += came.length;
          return sent < sendBytesMax && engine.sessionWork < workEnd;
        },
      );
      if (refused) this.refuse(refused.error);
      else if (isClosed) this.finish(engine, nowMs);
      if (this.over) break;
      if (sent >= sendBytesMax || engine.sessionWork >= workEnd) return "more";
    }
    return this.over ? "over" : "waiting";
  }

  private mayGoOn(engine: Engine, nowMs: number): boolean {
    const { stream } = this;
    if (stream === undefined) return true;
    if (this.identity && this.input.bytes > 0) {
      if (SecureEnd.isSpoken(this.input)) {
        this.secure = new SecureEnd(this.identity);
        engine.session(nowMs, () => engine.sessions.secure(stream));
      }
      this.identity = undefined;
    }
    this.secure?.unwrap(this.input, (bytes) => this.ends.data(bytes));
    return this.mayMove(engine, stream);
  }

  /** What goes to the server. */
  private get said(): InputBuffer {
    return this.secure?.plain ?? this.input;
  }

  private get saidAll(): boolean {
    const { secure } = this;
    const ended = secure
      ? secure.ended || (this.inputEnded && this.input.bytes === 0)
      : this.inputEnded;
    return ended && this.said.bytes === 0;
  }

  private mayMove({ sessions }: Engine, stream: string): boolean {
    if (sessions.streamHasNews(stream)) return true;
    if (this.said.bytes > 0) return sessions.streamCapacityBytes(stream) > 0;
    return this.saidAll && !this.endSent;
  }

  /** Opens the connection; then one piece to the server, once its answers so far are taken: they would pile up in memory. */
  private put({ sessions }: Engine): { error: string } | undefined {
    if (this.stream === undefined) {
      const opened = sessions.connect(this.session, this.port);
      if ("error" in opened) return opened;
      this.stream = opened.stream;
      this.identity = opened.tls;
      if (this.identity) return undefined;
    }
    if (sessions.streamHasNews(this.stream)) return undefined;
    // The stream's room is a moment's: one piece at a time, and the rest after the server has read.
    const next =
      sessions.streamCapacityBytes(this.stream) > 0
        ? this.said.take(serverStepBytesMax)
        : undefined;
    const end = this.saidAll && !this.endSent;
    if (next || end) sessions.send(this.stream, next ?? new Uint8Array(), end);
    if (end) this.endSent = true;
    return undefined;
  }

  private take({ sessions }: Engine): Uint8Array | undefined | "end" {
    const { stream } = this;
    return stream !== undefined && sessions.streamHasNews(stream)
      ? sessions.receive(stream)
      : undefined;
  }

  private refuse(text: string): void {
    this.over = true;
    this.ends.error(text);
    this.ends.end();
  }

  private finish(engine: Engine, nowMs: number): void {
    this.release(engine, nowMs);
    const last = this.secure?.close();
    if (last && last.length > 0) this.ends.data(last);
    this.ends.end();
  }

  /** Its client has gone: the server reads what was said; nobody hears the answers. Returns whether there is more. */
  drain(engine: Engine, nowMs: number, workEnd: number): boolean {
    while (this.heldBytes > 0 && this.mayGoOn(engine, nowMs)) {
      if (engine.sessionWork >= workEnd) return true;
      const hasEnded = engine.session(nowMs, () => {
        if (this.put(engine)) return true;
        let came = this.take(engine);
        while (came !== undefined && came !== "end") came = this.take(engine);
        return came === "end";
      });
      if (hasEnded) break;
    }
    return false;
  }

  release(engine: Engine, nowMs: number): void {
    if (this.over) return;
    this.over = true;
    const { stream } = this;
    if (stream !== undefined) engine.session(nowMs, () => engine.sessions.disconnect(stream));
  }
}

/** The connections of a session one after the other; where the work ends, the next time begins. */
export class Round {
  private next = 0;

  /** "over": all are. */
  pump(
    connections: readonly PodConnection[],
    engine: Engine,
    nowMs: number,
    workEnd: number,
  ): "waiting" | "more" | "over" {
    const count = connections.length;
    let more = false;
    let open = false;
    let at = this.next % Math.max(count, 1);
    for (let i = 0; i < count; i++, at = (at + 1) % count) {
      if (i > 0 && engine.sessionWork >= workEnd) {
        more = true;
        break;
      }
      const end = Math.min(workEnd, engine.sessionWork + connectionWorkMax);
      const state = connections[at]!.pump(engine, nowMs, end);
      if (state === "more") more = true;
      if (state !== "over") open = true;
    }
    this.next = at;
    return more ? "more" : open ? "waiting" : "over";
  }
}
