import { ChangeSockets } from "./changes.ts";
import type { StatusError } from "./engine/machinery/status.ts";
import type { EdgeRequest } from "./edge-request.ts";
import type { Engine } from "./engine/index.ts";
import type { ApiRequest } from "./engine/ports/request.ts";
import type { Cuts, Grant } from "./grant.ts";
import { Presence } from "./presence.ts";
import { Runs } from "./sessions/runs.ts";
import { SessionSockets } from "./sessions/session-sockets.ts";
import { Sockets } from "./watch-sockets.ts";
import { TerminalSockets } from "./terminals.ts";

/** What a client of a sandbox has open, of every kind: what each turn serves, and what ends with a grant or the sandbox. */
export class Clients {
  /** Watches and followed logs. */
  readonly streams: Sockets;
  /** Pages that are told what changes. */
  readonly changes: ChangeSockets;
  /** Screens of terminals. */
  readonly terminals: TerminalSockets;
  /** exec, attach, port-forward, proxied requests. */
  readonly sessions: SessionSockets;
  /** Lines that run on nodes while somebody waits. */
  readonly runs: Runs;
  /** Who they are, for each other. */
  readonly presence: Presence;

  /** `engine`: the one that is whole at the moment, if any; `wake` runs a turn, `rest` closes the object's input for so long. */
  constructor(
    context: DurableObjectState,
    cuts: Cuts,
    engine: () => Engine | undefined,
    wake: () => void,
    rest: (ms: number) => void,
  ) {
    this.streams = new Sockets(context, engine);
    this.changes = new ChangeSockets(context);
    this.terminals = new TerminalSockets(context, rest);
    this.sessions = new SessionSockets(context, wake, rest);
    this.runs = new Runs(wake);
    const open = [this.streams, this.changes, this.terminals, this.sessions];
    this.presence = new Presence(context, cuts, open);
  }

  /** What is asked of the sandbox beside its Kubernetes API; undefined: nothing. */
  ownAnswer(
    { changes, terminal, terminals, run, grant }: EdgeRequest,
    { headers, user }: ApiRequest,
    engine: Engine,
    now: number,
  ): Response | Promise<Response> | undefined {
    const offered = headers["sec-websocket-protocol"];
    if (changes && user) return this.changes.open(engine, now, { grant, user }, offered);
    if (terminal) return this.terminals.open(terminal, engine, now, grant, offered);
    if (terminals) return this.terminals.answer(terminals, engine, now);
    return run && this.runs.start(run, engine, now, grant);
  }

  /** Moves everybody's bytes; the end of each turn. */
  serve(engine: Engine, nowMs: number): void {
    this.sessions.pump(engine, nowMs);
    this.runs.pump(engine, nowMs);
    this.streams.fanOut(engine, nowMs);
    this.changes.fanOut(engine, nowMs);
    this.terminals.fanOut(engine);
    this.presence.tell(nowMs);
  }

  /** Whether something that is open counts as a user's activity. */
  looks(nowMs: number): boolean {
    return [this.streams, this.changes, this.sessions].some((open) => open.looks(nowMs));
  }

  /** Wall ms at which the first of the grants ends, or a session for having been idle. */
  endsAtMs(): number {
    const all = [this.streams, this.terminals, this.sessions, this.runs];
    return Math.min(...all.map((open) => open.endsAtMs()));
  }

  /** Ends what those opened who may not look or act any more. */
  closeUnless(allowed: (grant: Grant) => boolean, engine: Engine | undefined, nowMs: number): void {
    this.streams.closeUnless(allowed);
    this.changes.closeUnless(allowed);
    this.terminals.closeUnless(allowed);
    this.sessions.closeUnless(allowed, nowMs);
    this.runs.closeUnless(allowed, engine, nowMs);
    this.presence.tell(nowMs);
  }

  /** Ends all. `why`: told to watches, whose clients then list anew. */
  closeAll(reason: string, why?: StatusError): void {
    this.streams.closeAll(why);
    this.changes.closeAll(reason);
    this.terminals.closeAll(reason);
    this.sessions.closeAll(reason, why);
    this.runs.closeUnless(() => false, undefined, 0);
    this.presence.closeAll();
  }

  /** Whether a hibernatable socket is one of those whose other end says something. */
  hears(socket: WebSocket): boolean {
    return this.terminals.has(socket) || this.sessions.has(socket);
  }

  /** A hibernatable socket has closed. */
  closed(socket: WebSocket, code: number): void {
    if (this.sessions.has(socket)) return this.sessions.closed(socket);
    const open = [this.terminals, this.changes].find((of) => of.has(socket)) ?? this.streams;
    open.close(socket, code);
    this.presence.left(socket);
    this.presence.tell(Date.now());
  }
}
