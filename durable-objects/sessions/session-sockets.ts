import { badRequest, StatusError } from "../engine/machinery/status.ts";
import type { Engine } from "../engine/index.ts";
import type { CommandSession, Reply, SessionReply } from "../engine/ports/request.ts";
import type { Grant } from "../grant.ts";
import { closeSocket, gone, refusal, unauthorized } from "../responses.ts";
import {
  firstWordMs,
  inputDrainBytes,
  pumpWorkMax,
  roundBytesMax,
  roundMessagesMax,
  roundTurnsMax,
  sendBurstBytes,
  sendBytesPerSecond,
  sentBytesPerSessionMax,
  sessionHoldMs,
  sessionIdleMsMax,
  sessionMessageBytesMax,
  sessionRestMs,
  sessionsMax,
  sessionWorkMax,
} from "../limits.ts";
import { CommandStream } from "./command.ts";
import { ChannelForward } from "./channel-forward.ts";
import { Departed } from "./departed.ts";
import {
  choose,
  commandProtocols,
  forwardProtocols,
  logProtocols,
  spdyProtocol,
} from "./frames.ts";
import { SandboxInputBudget } from "./input.ts";
import { LogStream } from "./log.ts";
import { ProxyWaits } from "./waiting-requests.ts";
import { SpdyForward } from "./spdy-forward.ts";
import { isSession, restored, save, type Open } from "./saved.ts";
import { InputLimitError, type LiveSession, type Wire } from "./session.ts";

/**
 * Live sessions. Sockets of exec and attach hibernate where nothing lies in memory alone; the others pin the object, and end with
 * its memory.
 */
export class SessionSockets {
  readonly proxies = new ProxyWaits();
  private readonly open = new Map<WebSocket, Open>();
  /** Runs a turn, which pumps. */
  private readonly wake: () => void;
  private mayStillSendBytes = sendBurstBytes;
  private refilledAtMs = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;
  /** Until the event loop has gone round: what is said meanwhile is acted on together. */
  private round: ReturnType<typeof setTimeout> | undefined;
  private turnsInRound = 0;
  private heardInRound = false;
  private heardBytes = 0;
  private readonly rest: (ms: number) => void;
  private unrestedMessages = 0;
  private unrestedBytes = 0;
  /** Runs while something lies in memory alone: an object that has timers is not put to sleep. */
  private hold: ReturnType<typeof setInterval> | undefined;
  private readonly context: DurableObjectState;
  private readonly left = new Departed();
  private readonly heldTogether = new SandboxInputBudget(() => this.heldBytes());
  /** A long turn was a moment ago: sessions wait until others had theirs. */
  private resting = false;

  /** `rest` closes the object's input for so long, 0 being until the event loop has gone round: what clients sent waits in their sockets. */
  constructor(context: DurableObjectState, wake: () => void, rest: (ms: number) => void) {
    this.context = context;
    this.wake = wake;
    this.rest = rest;
    for (const socket of context.getWebSockets()) this.restore(socket);
  }

  private restore(socket: WebSocket): void {
    const attachment: unknown = socket.deserializeAttachment();
    if (!isSession(attachment)) return;
    const wire: Wire = { send: (message) => open && this.send(socket, open, message) };
    const open = restored(attachment, wire);
    if (open) this.open.set(socket, open);
    else closeSocket(socket, 1011, "the sandbox has restarted");
  }

  /** Moves on with each that opens or ends. */
  changes = 0;

  get size(): number {
    return this.open.size;
  }

  has(socket: WebSocket): boolean {
    return this.open.has(socket);
  }

  /** Whether something of them lies in this memory alone. */
  get isHeld(): boolean {
    return this.hold !== undefined;
  }

  /** What let in those who have one open. */
  *grants(): Iterable<Grant> {
    for (const { grant } of this.open.values()) yield grant;
  }

  /** Whether a client has said something not long ago: that counts as looking. */
  looks(nowMs: number): boolean {
    return [...this.open.values()].some(({ saidAtMs }) => nowMs - saidAtMs < sessionIdleMsMax);
  }

  /** Sessions whose sockets were lost with an earlier memory. */
  endOrphans(engine: Engine, nowMs: number): void {
    const held: CommandSession[] = [];
    for (const { saved } of [...this.live(), ...this.left]) {
      // It lies in this memory, in which then all others began too.
      if (!saved) return;
      held.push(saved.session);
    }
    const orphans = engine.sessions.orphans(held);
    if (orphans.length > 0) engine.session(nowMs, () => engine.sessions.endOrphans(orphans));
  }

  /** Answers exec, attach and port-forward. */
  start(
    reply: SessionReply,
    offered: string | undefined,
    engine: Engine,
    nowMs: number,
    grant: Grant,
  ): Response {
    const forward = reply.kind === "portforward";
    const served = forward ? forwardProtocols : commandProtocols;
    const protocol = choose(offered, served);
    const make = (wire: Wire): LiveSession => {
      const spoken = protocol ?? served[0]!;
      if (reply.kind !== "portforward") return new CommandStream(reply.session, spoken, wire);
      if (protocol === spdyProtocol) return new SpdyForward(reply.session, wire);
      return new ChannelForward(reply.session, spoken, wire);
    };
    const problem = this.problem(reply, protocol !== undefined && protocol !== spdyProtocol);
    if (!protocol || problem) {
      make({ send: () => {} }).release(engine, nowMs);
      return refusal(problem ?? badRequest(`none of the subprotocols ${offered} is served`));
    }
    const waitMs = forward ? 0 : firstWordMs;
    return this.upgrade(offered ? protocol.name : undefined, nowMs, grant, make, waitMs);
  }

  private problem(reply: SessionReply, channels: boolean): StatusError | undefined {
    if (this.size >= sessionsMax) {
      return new StatusError(429, "TooManyRequests", "too many open sessions in this sandbox", {
        retryAfterSeconds: 10,
      });
    }
    const missing = reply.kind === "portforward" && channels && reply.session.ports.length === 0;
    return missing ? badRequest('query parameter "ports" is required') : undefined;
  }

  /** Answers a log that is whole to a client that speaks WebSocket; one that is followed ends in the Worker. */
  startLog(reply: Reply, offered: string | undefined, nowMs: number, grant: Grant): Response {
    const protocol = choose(offered, logProtocols);
    if (!protocol) return new Response(null, { status: 403 });
    const make = (wire: Wire): LiveSession => new LogStream(reply.body, protocol, wire);
    return this.upgrade(protocol.name || undefined, nowMs, grant, make);
  }

  private upgrade(
    protocol: string | undefined,
    nowMs: number,
    grant: Grant,
    make: (wire: Wire) => LiveSession,
    waitMs = 0,
  ): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    // Set before accept(): else messages come as blobs, which are read asynchronously.
    server.binaryType = "arraybuffer";
    const wire: Wire = { send: (message) => this.send(server, open, message) };
    const open: Open = {
      session: make(wire),
      grant,
      activeAtMs: nowMs,
      saidAtMs: nowMs,
      sentBytes: 0,
      early: waitMs > 0,
    };
    const isKept = open.session.saved !== undefined;
    if (isKept) this.context.acceptWebSocket(server);
    else server.accept();
    this.open.set(server, open);
    this.changes += 1;
    this.keep();
    if (open.early) setTimeout(() => this.begin(server, open), waitMs);
    else open.session.greet?.();
    if (!isKept) {
      server.addEventListener("message", ({ data }) => this.hear(server, data as ArrayBuffer));
      server.addEventListener("close", () => this.closed(server));
      server.addEventListener("error", () => this.closed(server));
    }
    const headers: Record<string, string> = protocol ? { "sec-websocket-protocol": protocol } : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  private begin(socket: WebSocket, open: Open): void {
    if (!this.open.has(socket) || !open.early) return;
    open.early = false;
    open.session.greet?.();
    this.wake();
  }

  private send(socket: WebSocket, open: Open, message: ArrayBuffer | string): void {
    const bytes = typeof message === "string" ? message.length : message.byteLength;
    open.activeAtMs = Date.now();
    open.sentBytes += bytes;
    this.mayStillSendBytes -= bytes;
    try {
      socket.send(message);
    } catch {
      // Its peer has gone; the close event tells.
    }
  }

  /** A client has gone. */
  closed(socket: WebSocket): void {
    if (this.close(socket, 1000)) this.wake();
  }

  /** A client speaks; false: it is none of these. The cluster is in memory. */
  hear(socket: WebSocket, data: ArrayBuffer | string): boolean {
    const open = this.open.get(socket);
    if (!open) return false;
    open.activeAtMs = open.saidAtMs = Date.now();
    // Who speaks has made its streams; what it says would only pile up.
    if (open.early) this.begin(socket, open);
    const bytes = typeof data === "string" ? data.length : data.byteLength;
    try {
      open.session.message(data);
      this.heldTogether.add(bytes);
    } catch (error) {
      // Clients show the Status only where the close itself is no error.
      const code = error instanceof InputLimitError ? 1000 : 1002;
      this.abort(socket, open, (error as Error).message, code);
    }
    this.heardBytes += bytes;
    this.unrestedBytes += bytes;
    this.unrestedMessages += 1;
    if (this.unrestedMessages >= roundMessagesMax || this.unrestedBytes >= roundBytesMax) {
      this.unrestedMessages = this.unrestedBytes = 0;
      this.rest(0);
    }
    this.heard((open.session.heldBytes ?? 0) > inputDrainBytes);
    return true;
  }

  private heldBytes(): number {
    const all = [...this.live(), ...this.left];
    return all.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0);
  }

  /**
   * The first messages are acted on at once, those behind it together: a turn for each would be most of the cost. A client
   * far ahead is held back by turns that take what it says while its socket waits.
   */
  private heard(ahead: boolean): void {
    const inTurn = ahead && this.heardBytes >= sessionMessageBytesMax;
    if (this.resting || (this.turnsInRound >= roundTurnsMax && !inTurn)) {
      this.heardInRound = true;
      return;
    }
    this.turnsInRound += 1;
    this.round ??= setTimeout(() => {
      this.round = undefined;
      this.turnsInRound = 0;
      if (!this.heardInRound) return;
      this.heardInRound = false;
      this.heard(false);
    }, 0);
    this.heardBytes = 0;
    this.wake();
  }

  /** Moves every session's bytes; part of each turn. */
  pump(engine: Engine, nowMs: number): void {
    const proxied = this.proxies.pump(engine);
    if (this.resting) return;
    const workEnd = engine.sessionWork + pumpWorkMax;
    // Half of a turn is for those who are there, however much those said who have gone.
    this.left.letGo(engine, nowMs, workEnd - pumpWorkMax / 2);
    this.refill(nowMs);
    const more = this.serve(engine, nowMs, workEnd);
    this.left.letGo(engine, nowMs, workEnd);
    this.keep();
    const isLong = engine.sessionWork > workEnd - pumpWorkMax / 2;
    if (isLong && this.size > 0) {
      // Whoever else is served by this process needs several moments of it for one answer: turn upon turn would take them all.
      this.resting = true;
      this.rest(sessionRestMs);
      clearTimeout(this.pause ?? null);
      this.pause = undefined;
    }
    if (this.resting || more || proxied || this.left.size > 0) {
      this.pause ??= setTimeout(() => {
        this.pause = undefined;
        this.resting = false;
        this.wake();
      }, sessionRestMs);
    }
  }

  private *live(): Iterable<LiveSession> {
    for (const { session } of this.open.values()) yield session;
  }

  /** Writes down where sessions stand, and holds the memory while that is not enough. */
  private keep(): void {
    let held = this.left.size > 0;
    for (const [socket, open] of this.open) held = save(socket, open) || held;
    if (held) this.hold ??= setInterval(() => {}, sessionHoldMs);
    else if (this.hold !== undefined) clearInterval(this.hold);
    if (!held) this.hold = undefined;
  }

  /** One session after the other, within what all may send and do in a turn. Returns whether there is more to do. */
  private serve(engine: Engine, nowMs: number, workEnd: number): boolean {
    let more = false;
    for (const [socket, open] of [...this.open]) {
      if (open.early || !this.open.has(socket)) continue;
      if (this.mayStillSendBytes <= 0 || engine.sessionWork >= workEnd) return true;
      const before = engine.sessionWork;
      const end = Math.min(workEnd, before + sessionWorkMax);
      const state = open.session.pump(engine, nowMs, end);
      if (engine.sessionWork > before) {
        // The others first, next time.
        this.open.delete(socket);
        this.open.set(socket, open);
      }
      if (open.sentBytes > sentBytesPerSessionMax) {
        this.abort(socket, open, "a session may carry no more than 64 MiB of output", 1000);
      } else if (state === "over") this.close(socket, 1000);
      else if (state === "more") more = true;
    }
    return more;
  }

  private refill(nowMs: number): void {
    const passed = Math.max(0, nowMs - this.refilledAtMs) / 1000;
    this.refilledAtMs = nowMs;
    const bytes = this.mayStillSendBytes + passed * sendBytesPerSecond;
    this.mayStillSendBytes = Math.min(sendBurstBytes, bytes);
  }

  /** Ends what those opened who may not act any more, and what has been idle for long, with a word to them. */
  closeUnless(allowed: (grant: Grant) => boolean, nowMs: number): void {
    this.proxies.closeUnless(allowed, unauthorized());
    const idle = `the session was idle for ${sessionIdleMsMax / 60_000} minutes`;
    for (const [socket, open] of this.open) {
      if (!allowed(open.grant)) this.abort(socket, open, "this access has ended", 1000);
      else if (nowMs - open.activeAtMs >= sessionIdleMsMax) this.abort(socket, open, idle, 1000);
    }
  }

  /** Wall ms at which the first of the sessions' grants ends, or a session has been idle for long. */
  endsAtMs(): number {
    let first = this.proxies.endsAtMs();
    for (const { grant, activeAtMs } of this.open.values())
      first = Math.min(first, grant.expiresAtMs, activeAtMs + sessionIdleMsMax);
    return first;
  }

  /** Ends all with a word to the clients; the cluster is not asked any more. */
  closeAll(reason: string, toProxied = gone()): void {
    this.proxies.closeUnless(() => false, toProxied);
    for (const [socket, open] of this.open) this.abort(socket, open, reason, 1000);
    this.left.clear();
  }

  private abort(socket: WebSocket, open: Open, reason: string, code: number): void {
    open.session.abort(reason);
    this.close(socket, code);
  }

  /** Whether it was open. */
  private close(socket: WebSocket, code: number): boolean {
    const open = this.open.get(socket);
    if (!open) return false;
    this.open.delete(socket);
    this.changes += 1;
    this.left.add(open.session);
    try {
      socket.close(code);
    } catch {
      // Closed by its peer already.
    }
    return true;
  }
}
