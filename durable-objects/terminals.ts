import { badRequest, StatusError } from "./engine/machinery/status.ts";
import type { Engine } from "./engine/index.ts";
import type { TerminalState } from "./engine/streams/terminals.ts";
import { terminalCellsMax } from "./engine/core/limits.ts";
import type { TerminalRequest } from "./edge-request.ts";
import type { Grant } from "./grant.ts";
import { closeSocket, refusal } from "./responses.ts";
import {
  roundBytesMax,
  roundMessagesMax,
  terminalMessageBytesMax,
  terminalSocketsMax,
  terminalUnreadBytesMax,
} from "./limits.ts";

/** Where a screen stands: the attachment of its socket, so that it outlives the object's sleep. */
export interface Screen {
  kind: "terminal";
  name: string;
  /** Bytes of the terminal sent, and those of them that the screen has said to have shown. */
  position: number;
  shown: number;
  cols: number;
  rows: number;
  grant: Grant;
}

export const isScreen = (attachment: unknown): attachment is Screen =>
  (attachment as Screen | null)?.kind === "terminal";

/** The first message, and again when a terminal's end or a gap in what it printed is told: JSON in a text message. */
interface TerminalHead {
  /** Of the next byte that is sent. */
  position: number;
  cols: number;
  rows: number;
  /** What came before is not kept any more. */
  lost?: true;
  /** Bytes that were typed and not taken: nobody reads what came before. */
  dropped?: number;
  /** The command has ended. */
  exitCode?: number;
}

/** A text message of a screen. */
interface ScreenMessage {
  resize?: { cols: number; rows: number };
  /** Position up to which it has shown what it got. */
  shown?: number;
}

/**
 * Screens of terminals, as hibernatable sockets. Binary messages are bytes of the terminal; text messages are JSON: a
 * TerminalHead from here, a ScreenMessage from there. The terminal itself is the engine's: nothing is lost with a socket.
 */
export class TerminalSockets {
  private readonly context: DurableObjectState;
  private readonly screens = new Map<WebSocket, Screen>();
  /** Moves on with each that opens or ends. */
  changes = 0;
  private readonly rest: (ms: number) => void;
  /** Of all screens, since others had their turn. */
  private unrestedBytes = 0;
  private unrestedMessages = 0;

  /** `rest` closes the object's input for so long, 0 being until the event loop has gone round. */
  constructor(context: DurableObjectState, rest: (ms: number) => void) {
    this.context = context;
    this.rest = rest;
    for (const socket of context.getWebSockets()) {
      const screen: unknown = socket.deserializeAttachment();
      if (isScreen(screen)) this.screens.set(socket, screen);
    }
  }

  has(socket: WebSocket): boolean {
    return this.screens.has(socket);
  }

  /** What let in those who have one open. */
  *grants(): Iterable<Grant> {
    for (const { grant } of this.screens.values()) yield grant;
  }

  /** Shows a terminal on a new socket; one that is not there yet begins. */
  open(
    asked: TerminalRequest,
    engine: Engine,
    nowMs: number,
    grant: Grant,
    protocol?: string,
  ): Response {
    if (this.screens.size >= terminalSocketsMax) {
      const text = `a sandbox shows its terminals on at most ${terminalSocketsMax} screens`;
      return refusal(new StatusError(429, "TooManyRequests", text, { retryAfterSeconds: 10 }));
    }
    const { name, cols, rows } = asked;
    const state = engine.session(nowMs, () => engine.terminals.open(name, asked));
    if ("reason" in state) return refusal(badRequest(state.reason));
    const { 0: client, 1: server } = new WebSocketPair();
    this.context.acceptWebSocket(server);
    const { position } = engine.terminals.read(name, asked.position ?? 0, 0);
    const screen: Screen = { kind: "terminal", name, position, shown: position, cols, rows, grant };
    this.screens.set(server, screen);
    this.changes += 1;
    const lost = position > (asked.position ?? position);
    this.tellHead(server, screen, this.fit(name, engine, nowMs) ?? state, lost);
    this.show(server, screen, engine);
    server.serializeAttachment(screen);
    const headers: Record<string, string> = protocol ? { "sec-websocket-protocol": protocol } : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** Lists the terminals, or closes one. */
  answer(asked: "list" | { close: string }, engine: Engine, nowMs: number): Response {
    if (asked === "list")
      return Response.json({ terminals: engine.terminals.list().map(shownState) });
    const closed = engine.session(nowMs, () => engine.terminals.close(asked.close));
    return closed ? new Response(null, { status: 204 }) : refusal(noTerminal());
  }

  /** Sends each screen what it lacks; called once after each turn. */
  fanOut(engine: Engine): void {
    for (const [socket, screen] of this.screens) this.show(socket, screen, engine);
  }

  private show(socket: WebSocket, screen: Screen, engine: Engine): void {
    const state = engine.terminals.get(screen.name);
    if (!state) return this.close(socket, 1000, "the terminal was closed");
    const before = screen.position;
    const unread = before - screen.shown;
    if (screen.position !== state.position && unread < terminalUnreadBytesMax) {
      const most = terminalUnreadBytesMax - unread;
      const news = engine.terminals.read(screen.name, screen.position, most);
      screen.position = news.position;
      if (news.lost) this.tellHead(socket, screen, state, true);
      screen.position += news.bytes.length;
      if (news.lost) screen.shown = news.position;
      this.send(socket, news.bytes);
    }
    if (state.exitCode !== undefined && screen.position === state.position) {
      this.tellHead(socket, screen, state, false);
      return this.close(socket, 1000, `exit ${state.exitCode}`);
    }
    if (screen.position !== before) socket.serializeAttachment(screen);
  }

  private tellHead(
    socket: WebSocket,
    screen: Screen,
    state: TerminalState,
    lost: boolean,
    dropped = 0,
  ): void {
    const { cols, rows, exitCode } = state;
    const head: TerminalHead = {
      position: screen.position,
      cols,
      rows,
      ...(lost && { lost: true as const }),
      ...(dropped > 0 && { dropped }),
      ...(exitCode !== undefined && { exitCode }),
    };
    this.send(socket, JSON.stringify(head));
  }

  private send(socket: WebSocket, message: Uint8Array | string): void {
    try {
      socket.send(message);
    } catch {
      // Its peer has gone; the close event tells.
    }
  }

  /** What a screen says, within a turn. */
  hear(socket: WebSocket, message: ArrayBuffer | string, engine: Engine, nowMs: number): void {
    const screen = this.screens.get(socket);
    if (!screen) return;
    const size = typeof message === "string" ? message.length : message.byteLength;
    this.heard(size);
    if (size > terminalMessageBytesMax) {
      const text = `a message may have at most ${terminalMessageBytesMax} bytes`;
      return this.close(socket, 1009, text);
    }
    if (typeof message !== "string") {
      const bytes = new Uint8Array(message);
      const taken = engine.session(nowMs, () => engine.terminals.write(screen.name, bytes));
      const state = engine.terminals.get(screen.name);
      if (state && taken < bytes.length)
        this.tellHead(socket, screen, state, false, bytes.length - taken);
      return;
    }
    const said = parsed(message);
    if (!said) return this.close(socket, 1007, "a text message is JSON: resize or shown");
    if (said.shown !== undefined)
      screen.shown = Math.min(screen.position, Math.max(screen.shown, said.shown));
    if (said.resize) {
      Object.assign(screen, said.resize);
      this.fit(screen.name, engine, nowMs);
    }
    socket.serializeAttachment(screen);
  }

  /** The runtime reads a full socket without a pause: a paste in pieces is held back now and then, and others are served. */
  private heard(bytes: number): void {
    this.unrestedBytes += bytes;
    this.unrestedMessages += 1;
    if (this.unrestedBytes < roundBytesMax && this.unrestedMessages < roundMessagesMax) return;
    this.unrestedBytes = this.unrestedMessages = 0;
    this.rest(0);
  }

  /** A terminal is as large as the smallest screen that shows it; its state where that changed. */
  private fit(name: string, engine: Engine, nowMs: number): TerminalState | undefined {
    const all = [...this.screens.values()].filter((screen) => screen.name === name);
    const cols = Math.min(...all.map((screen) => screen.cols));
    const rows = Math.min(...all.map((screen) => screen.rows));
    const state = engine.terminals.get(name);
    if (!state || all.length === 0 || (state.cols === cols && state.rows === rows))
      return undefined;
    engine.session(nowMs, () => engine.terminals.resize(name, cols, rows));
    for (const [socket, screen] of this.screens)
      if (screen.name === name) this.tellHead(socket, screen, { ...state, cols, rows }, false);
    return { ...state, cols, rows };
  }

  /** Ends what those opened who may not look any more. */
  closeUnless(allowed: (grant: Grant) => boolean): void {
    for (const [socket, { grant }] of this.screens)
      if (!allowed(grant)) this.close(socket, 1008, "this access has ended");
  }

  closeAll(reason: string): void {
    for (const socket of this.screens.keys()) this.close(socket, 1001, reason);
  }

  /** Wall ms at which the first of the screens' grants ends. */
  endsAtMs(): number {
    let first = Infinity;
    for (const { grant } of this.screens.values()) first = Math.min(first, grant.expiresAtMs);
    return first;
  }

  close(socket: WebSocket, code: number, reason?: string): void {
    if (this.screens.delete(socket)) this.changes += 1;
    closeSocket(socket, code, reason);
  }
}

const noTerminal = (): StatusError => new StatusError(404, "NotFound", "there is no such terminal");

/** As the service's API tells it. */
function shownState({
  name,
  pod,
  container,
  cols,
  rows,
  position,
  exitCode,
}: TerminalState): unknown {
  const machine = container === undefined ? pod.replace(/^@/, "") : `pod/${pod}/${container}`;
  return { name, machine, cols, rows, position, ...(exitCode !== undefined && { exitCode }) };
}

const isCount = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;

/** Undefined: it is none. */
function parsed(text: string): ScreenMessage | undefined {
  let value: ScreenMessage | null;
  try {
    value = JSON.parse(text) as ScreenMessage | null;
  } catch {
    return undefined;
  }
  const { resize, shown } = value ?? {};
  if (shown !== undefined && (!Number.isInteger(shown) || shown < 0)) return undefined;
  if (resize !== undefined) {
    const { cols, rows } = resize ?? {};
    if (!isCount(cols, terminalCellsMax) || !isCount(rows, terminalCellsMax)) return undefined;
    return { resize: { cols, rows }, ...(shown !== undefined && { shown }) };
  }
  return shown === undefined ? undefined : { shown };
}
