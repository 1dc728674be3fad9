import { internalError } from "./engine/api/status.ts";
import type { Engine } from "./engine/index.ts";
import type { SessionStatus } from "./engine/streams/exit-status.ts";
import type { CommandSession } from "./engine/streams/session.ts";
import { channels, decode, encode, pieces, type Protocol } from "./session-frames.ts";
import {
  HeldTooMuch,
  heldBytesMax,
  hurryBytes,
  sendBytesMax,
  type LiveSession,
  type Wire,
} from "./session.ts";

type Said =
  | { type: "input"; bytes: Uint8Array }
  | { type: "end" }
  | { type: "resize"; cols: number; rows: number };

/** Two numbers in JSON. */
const resizeBytesMax = 1024;

/** Every message costs something, also one without bytes. */
const heldBytesOf = (said: Said): number => 256 + (said.type === "input" ? said.bytes.length : 0);

/** exec and attach. */
export class CommandStream implements LiveSession {
  readonly kind: string;
  private readonly said: Said[] = [];
  private heldBytes = 0;
  private over = false;
  private readonly session: CommandSession;
  private readonly protocol: Protocol;
  private readonly wire: Wire;

  constructor(session: CommandSession, protocol: Protocol, wire: Wire) {
    this.kind = session.kind;
    this.session = session;
    this.protocol = protocol;
    this.wire = wire;
  }

  /** An empty message on the first channel it will write to tells that the connection stands. */
  greet(): void {
    const { stdout, stderr } = this.session;
    this.send(
      stdout ? channels.stdout : stderr ? channels.stderr : channels.error,
      new Uint8Array(),
    );
  }

  message(data: ArrayBuffer | string): void {
    const frame = decode(this.protocol, data);
    if (!frame) return;
    const { channel, bytes } = frame;
    if (channel === channels.stdin && this.session.stdin && bytes.length > 0) {
      this.hold({ type: "input", bytes: bytes.slice() });
    } else if (channel === channels.resize) this.resize(bytes);
    else if (channel === channels.close && this.protocol.halfClose) this.halfClose(bytes);
  }

  private halfClose([channel = 255, ...rest]: Uint8Array): void {
    if (channel > channels.resize || rest.length > 0) throw new Error("malformed message");
    if (channel === channels.stdin) this.hold({ type: "end" });
  }

  private hold(said: Said): void {
    this.heldBytes += heldBytesOf(said);
    if (this.heldBytes > heldBytesMax) throw new HeldTooMuch();
    this.said.push(said);
  }

  private resize(bytes: Uint8Array): void {
    if (bytes.length > resizeBytesMax) throw new Error("malformed message");
    const size = parsed(new TextDecoder().decode(bytes)) as { Width?: number; Height?: number };
    const [cols, rows] = [Number(size.Width), Number(size.Height)];
    if (cols > 0 && rows > 0) this.hold({ type: "resize", cols, rows });
  }

  pump(engine: Engine, nowMs: number): "waiting" | "more" | "over" {
    const { sessions } = engine;
    let sent = 0;
    while (!this.over) {
      if (this.heldBytes > hurryBytes && !this.fits(engine)) {
        engine.session(nowMs, () => sessions.hurry(this.session));
      }
      const heard = this.said.length > 0 && this.fits(engine);
      if (!heard && !sessions.hasNews(this.session)) return "waiting";
      const news = engine.session(nowMs, () => {
        while (this.said.length > 0 && this.fits(engine)) this.tell(engine, this.said.shift()!);
        return sessions.read(this.session);
      });
      if (this.session.stdout) this.sendAll(channels.stdout, news.stdout);
      if (this.session.stderr) this.sendAll(channels.stderr, news.stderr);
      sent += news.stdout.length + news.stderr.length;
      if (news.status) this.finish(news.status);
      else if (sent >= sendBytesMax) return "more";
    }
    return "over";
  }

  private fits(engine: Engine): boolean {
    return this.said[0]?.type !== "input" || engine.sessions.room(this.session) > 0;
  }

  private tell({ sessions }: Engine, said: Said): void {
    this.heldBytes -= heldBytesOf(said);
    if (said.type === "resize") return sessions.resize(this.session, said.cols, said.rows);
    if (said.type === "end") return sessions.closeInput(this.session);
    sessions.write(this.session, said.bytes);
  }

  private finish(status: SessionStatus): void {
    if (this.over) return;
    this.over = true;
    const success = status.status === "Success";
    const text = this.protocol.status
      ? JSON.stringify(status)
      : success
        ? ""
        : (status.message ?? "");
    if (text !== "") this.send(channels.error, new TextEncoder().encode(text));
  }

  abort(reason: string): void {
    this.finish(internalError(reason).toStatus());
  }

  release(engine: Engine, nowMs: number): void {
    engine.session(nowMs, () => engine.sessions.end(this.session));
  }

  private sendAll(channel: number, bytes: Uint8Array): void {
    for (const piece of pieces(bytes)) this.send(channel, piece);
  }

  private send(channel: number, bytes: Uint8Array): void {
    this.wire.send(encode(this.protocol, channel, bytes));
  }
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
