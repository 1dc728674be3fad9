import { internalError } from "../engine/machinery/status.ts";
import type { Engine } from "../engine/index.ts";
import type { CommandSession, SessionStatus } from "../engine/ports/request.ts";
import {
  inputDrainBytes,
  resizeBytesMax,
  sendBytesMax,
  sessionWorkMax,
  stepBytesMax,
} from "../limits.ts";
import { channels, decode, encode, pieces, type Protocol } from "./frames.ts";
import { InputBuffer } from "./input.ts";
import type { LiveSession, SavedSession, Wire } from "./session.ts";

/** exec and attach. */
export class CommandStream implements LiveSession {
  readonly kind: string;
  private readonly input = new InputBuffer();
  private inputEnd: "no" | "said" | "told" = "no";
  /** Sizes between two pumps are seen by nobody: the last one counts. */
  private size: { cols: number; rows: number } | undefined;
  private over = false;
  private readonly session: CommandSession;
  private readonly protocol: Protocol;
  private readonly wire: Wire;

  constructor(session: CommandSession, protocol: Protocol, wire: Wire, inputEnded = false) {
    this.kind = session.kind;
    if (inputEnded) this.inputEnd = "told";
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
      if (this.inputEnd === "no") this.input.add(bytes);
    } else if (channel === channels.resize) this.resize(bytes);
    else if (channel === channels.close && this.protocol.halfClose) this.halfClose(bytes);
  }

  private halfClose([channel = 255, ...rest]: Uint8Array): void {
    if (channel > channels.resize || rest.length > 0) throw new Error("malformed message");
    if (channel === channels.stdin && this.inputEnd === "no") this.inputEnd = "said";
  }

  get heldBytes(): number {
    return this.input.bytes;
  }

  get saved(): SavedSession | undefined {
    if (this.input.bytes > 0 || this.size || this.inputEnd === "said") return undefined;
    const { session, protocol } = this;
    return { session, protocol: protocol.name, inputEnded: this.inputEnd === "told" };
  }

  private resize(bytes: Uint8Array): void {
    if (bytes.length > resizeBytesMax) throw new Error("malformed message");
    this.size = sizeIn(new TextDecoder().decode(bytes)) ?? this.size;
  }

  pump(
    engine: Engine,
    nowMs: number,
    workEnd = engine.sessionWork + sessionWorkMax,
  ): "waiting" | "more" | "over" {
    const { sessions } = engine;
    let sent = 0;
    while (!this.over) {
      if (this.heldBytes > inputDrainBytes && sessions.inputCapacityBytes(this.session) <= 0) {
        engine.session(nowMs, () => sessions.drainInput(this.session));
      }
      if (!this.mayTell(engine) && !sessions.hasNews(this.session)) return "waiting";
      const news = engine.session(nowMs, () => {
        this.tell(engine);
        return sessions.read(this.session);
      });
      if (this.session.stdout) this.sendAll(channels.stdout, news.stdout);
      if (this.session.stderr) this.sendAll(channels.stderr, news.stderr);
      sent += news.stdout.length + news.stderr.length;
      if (news.status) this.finish(news.status);
      else if (sent >= sendBytesMax || engine.sessionWork >= workEnd) return "more";
    }
    return "over";
  }

  private mayTell({ sessions }: Engine): boolean {
    if (this.size) return true;
    if (this.input.bytes > 0) return sessions.inputCapacityBytes(this.session) > 0;
    return this.inputEnd === "said";
  }

  /** A size, a piece of input, and the input's end where that was the last. */
  private tell({ sessions }: Engine): void {
    if (this.size) sessions.resize(this.session, this.size.cols, this.size.rows);
    this.size = undefined;
    const bytes =
      sessions.inputCapacityBytes(this.session) > 0 ? this.input.take(stepBytesMax) : undefined;
    if (bytes) sessions.write(this.session, bytes);
    if (this.inputEnd !== "said" || this.input.bytes > 0) return;
    this.inputEnd = "told";
    sessions.closeInput(this.session);
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

  /** Clients that cannot end their input alone hang up where it ends. What a command says to nobody is let go. */
  drain(engine: Engine, nowMs: number, workEnd: number): boolean {
    const { sessions } = engine;
    while (!this.over && this.input.bytes > 0) {
      if (engine.sessionWork >= workEnd) return true;
      if (sessions.inputCapacityBytes(this.session) <= 0)
        engine.session(nowMs, () => sessions.drainInput(this.session));
      if (!this.mayTell(engine)) break;
      this.over = engine.session(nowMs, () => {
        this.tell(engine);
        return sessions.read(this.session).status !== undefined;
      });
    }
    return false;
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

/**
 * The last size in a message: Go reads any number of objects, and their names in any case.
 * k8s: cri-streaming/pkg/streaming/remotecommand/httpstream.go handleResizeEvents
 */
function sizeIn(text: string): { cols: number; rows: number } | undefined {
  const size: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parsed(text.slice(text.lastIndexOf("{")))))
    size[name.toLowerCase()] = value;
  const { width, height } = size;
  return isSize(width) && isSize(height) ? { cols: width, rows: height } : undefined;
}

const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
