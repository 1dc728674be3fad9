import { isChangeFollower } from "./changes.ts";
import type { StatusError } from "./engine/machinery/status.ts";
import type { Engine } from "./engine/index.ts";
import type { FollowReply, LogFollow, Subscription, WatchReply } from "./engine/ports/request.ts";
import type { Grant } from "./grant.ts";
import { closeSocket } from "./responses.ts";
import { isScreen } from "./terminals.ts";
import {
  lookMsMax,
  savedLagRevisionsMax,
  toldAtOnceCharsMax,
  toldAtOnceMax,
  watchMessageCharsMax,
} from "./limits.ts";
import { isFollower } from "./presence.ts";
import { isSession } from "./sessions/saved.ts";
import { revisionMark, writeHead, type StreamHead } from "./stream-head.ts";

/** A stream's position, kept in its socket's attachment (at most 16 KB), so that it outlives the object's sleep. */
type StreamPosition = ({ kind: "watch"; at: Subscription } | { kind: "follow"; at: LogFollow }) & {
  /** Until this wall moment the open stream counts as a user's activity. */
  looksUntilMs: number;
  /** Who opened it. */
  grant: Grant;
};

interface SendResult {
  chars: number;
  ended: boolean;
}

interface Stream {
  position: StreamPosition;
  /** Revision of the position that the attachment holds. */
  savedRevision: number;
  /** The round of `fanOut` in which it was last looked at. */
  round: number;
}

/** Watches and followed logs, as hibernatable sockets that lead to the Worker (worker/streams/stream.ts). */
export class Sockets {
  private readonly context: DurableObjectState;
  private readonly streams = new Map<WebSocket, Stream>();
  /** Whose position moved on. The object does not sleep while they wait to be saved. */
  private readonly unsaved = new Set<WebSocket>();
  private saving: ReturnType<typeof setTimeout> | undefined;
  private readonly engine: () => Engine | undefined;
  /** Moves on with every turn. */
  private round = 0;
  private telling: ReturnType<typeof setTimeout> | undefined;
  /** Moves on with each that opens or ends. */
  changes = 0;

  /** `engine`: the one that is whole at the moment, if any. */
  constructor(context: DurableObjectState, engine: () => Engine | undefined) {
    this.context = context;
    this.engine = engine;
    for (const socket of context.getWebSockets()) {
      const position = socket.deserializeAttachment() as StreamPosition | null;
      if (isScreen(position) || isFollower(position) || isChangeFollower(position)) continue;
      if (isSession(position)) continue;
      // Without a grant it is of a version that knew none.
      if (position?.grant)
        this.streams.set(socket, { position, savedRevision: revisionOf(position), round: 0 });
      else this.close(socket, 1012);
    }
  }

  get size(): number {
    return this.streams.size;
  }

  /** What let in those who have one open. */
  *grants(): Iterable<Grant> {
    for (const { position } of this.streams.values()) yield position.grant;
  }

  /** Answers a watch or a followed log; what is there already goes out with the answer. */
  open(
    reply: WatchReply | FollowReply,
    engine: Engine,
    lookedAtMs: number,
    grant: Grant,
  ): Response {
    if (reply.type === "watch" && reply.ended) {
      const over = reply.lines.map(endLine).join("");
      return new Response(null, { headers: writeHead({ ...watchHead(reply, engine), over }) });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.context.acceptWebSocket(server);
    const looksUntilMs = Math.max(lookedAtMs + lookMsMax, this.looksUntilMs());
    const position: StreamPosition =
      reply.type === "watch"
        ? { kind: "watch", at: reply.subscription, looksUntilMs, grant }
        : { kind: "follow", at: reply.follow, looksUntilMs, grant };
    this.streams.set(server, { position, savedRevision: revisionOf(position), round: 0 });
    this.changes += 1;
    server.serializeAttachment(position);
    if (reply.type === "watch") sendLines(server, reply.subscription.rv, reply.lines);
    else if (reply.text !== "") server.send(`\n${reply.text}`);
    const head = reply.type === "watch" ? watchHead(reply, engine) : followHead(reply);
    return new Response(null, { status: 101, webSocket: client, headers: writeHead(head) });
  }

  /** Sends every stream what is new to it; called once after each turn. Thousands are told in portions, each after a tick. */
  fanOut(engine: Engine, nowMs: number): void {
    this.round += 1;
    this.tell(engine, nowMs);
  }

  private tell(engine: Engine, nowMs: number): void {
    const told: [WebSocket, Stream][] = [];
    let chars = 0;
    for (const [socket, stream] of this.streams) {
      if (stream.round === this.round) continue;
      if (told.length >= toldAtOnceMax || chars >= toldAtOnceCharsMax) {
        // To the end, so that the next turn begins with those who wait.
        for (const [first, its] of told)
          if (this.streams.delete(first)) this.streams.set(first, its);
        this.telling ??= setTimeout(() => this.tellRest(), 0);
        return;
      }
      stream.round = this.round;
      const sent = this.tellOne(socket, stream, engine, nowMs);
      if (sent === undefined) continue;
      told.push([socket, stream]);
      chars += sent;
    }
  }

  private tellRest(): void {
    this.telling = undefined;
    const engine = this.engine();
    if (engine) this.tell(engine, Date.now());
  }

  /** Characters sent. Undefined: nothing was looked for. */
  private tellOne(
    socket: WebSocket,
    stream: Stream,
    engine: Engine,
    nowMs: number,
  ): number | undefined {
    if (isUpToDate(stream.position, engine, nowMs)) return undefined;
    let chars = 0;
    let ended = true;
    try {
      const told =
        stream.position.kind === "watch"
          ? this.sendWatch(socket, stream, stream.position.at, engine, nowMs)
          : this.sendLog(socket, stream, stream.position.at, engine);
      ({ chars, ended } = told);
    } catch (error) {
      // One broken stream must not fail the turn; its client comes back and lists anew.
      console.error({ event: "stream failed", error: String(error) });
    }
    if (ended) this.close(socket, 1000);
    return chars;
  }

  /** Whether an open stream still counts as a user's activity. */
  looks(nowMs: number): boolean {
    return this.looksUntilMs() > nowMs;
  }

  close(socket: WebSocket, code: number): void {
    if (this.streams.delete(socket)) this.changes += 1;
    closeSocket(socket, code);
  }

  /** Ends what those opened who may not look any more. */
  closeUnless(allowed: (grant: Grant) => boolean): void {
    for (const [socket, { position }] of this.streams) {
      if (!allowed(position.grant)) this.close(socket, 1000);
    }
  }

  /** Wall ms at which the first of the streams' grants ends. */
  endsAtMs(): number {
    let first = Infinity;
    for (const { position } of this.streams.values())
      first = Math.min(first, position.grant.expiresAtMs);
    return first;
  }

  /** `why`: told to watches, whose clients then list anew. */
  closeAll(why?: StatusError): void {
    const line = why && JSON.stringify({ type: "ERROR", object: why.toStatus() });
    for (const [socket, { position }] of this.streams) {
      if (line !== undefined && position.kind === "watch")
        sendLines(socket, position.at.rv, [line]);
      this.close(socket, 1000);
    }
  }

  private looksUntilMs(): number {
    let latest = 0;
    for (const { position } of this.streams.values())
      latest = Math.max(latest, position.looksUntilMs);
    return latest;
  }

  private sendWatch(
    socket: WebSocket,
    stream: Stream,
    at: Subscription,
    engine: Engine,
    nowMs: number,
  ): SendResult {
    const { lines, subscription, ended } = engine.poll(at, nowMs);
    stream.position = { ...stream.position, kind: "watch", at: subscription };
    const chars = sendLines(socket, subscription.rv, lines);
    if (chars > 0 || subscription.rv - stream.savedRevision > savedLagRevisionsMax) {
      this.saveSoon(socket);
    }
    return { chars, ended };
  }

  private sendLog(socket: WebSocket, stream: Stream, at: LogFollow, engine: Engine): SendResult {
    const { text, follow, ended } = engine.pollLog(at);
    stream.position = { ...stream.position, kind: "follow", at: follow };
    if (text !== "") {
      socket.send(`\n${text}`);
      this.saveSoon(socket);
    }
    return { chars: text.length, ended };
  }

  /** Once the news is on its way, and once for all that comes at a time: for a hundred watchers it takes milliseconds. */
  private saveSoon(socket: WebSocket): void {
    this.unsaved.add(socket);
    this.saving ??= setTimeout(() => this.save(), 0);
  }

  private save(): void {
    this.saving = undefined;
    let left = toldAtOnceMax;
    for (const socket of this.unsaved) {
      if (left-- === 0) {
        this.saving = setTimeout(() => this.save(), 0);
        return;
      }
      this.unsaved.delete(socket);
      const stream = this.streams.get(socket);
      if (!stream) continue;
      socket.serializeAttachment(stream.position);
      stream.savedRevision = revisionOf(stream.position);
    }
  }
}

function watchHead(reply: WatchReply, engine: Engine): StreamHead {
  const { subscription, headers } = reply;
  const { rv, bookmarks, endsAtWall } = subscription;
  const bookmark = bookmarks
    ? engine
        .heartbeat(subscription)
        .replaceAll(`"resourceVersion":"${rv}"`, `"resourceVersion":"${revisionMark}"`)
    : undefined;
  return { kind: "watch", headers, endsAtWall, revision: String(rv), bookmark };
}

const followHead = (reply: FollowReply): StreamHead => ({ kind: "follow", headers: reply.headers });

const revisionOf = (position: StreamPosition): number =>
  position.kind === "watch" ? position.at.rv : 0;

/** Whether there can be nothing new. A log's end shows only when it is looked for. */
const isUpToDate = (position: StreamPosition, engine: Engine, nowMs: number): boolean =>
  position.kind === "watch" && position.at.rv === engine.store.rv && nowMs < position.at.endsAtWall;

/** How many characters there were to send. Only the last message carries the revision: a bookmark may follow any of them. */
function sendLines(socket: WebSocket, revision: number, lines: string[]): number {
  if (lines.length === 0) return 0;
  let text = "";
  let chars = 0;
  for (const line of lines) {
    if (text.length + line.length > watchMessageCharsMax && text !== "") {
      socket.send(`\n${text}`);
      text = "";
    }
    text += endLine(line);
    chars += line.length;
  }
  socket.send(`${revision}\n${text}`);
  return chars;
}

const endLine = (line: string): string => (line.endsWith("\n") ? line : `${line}\n`);
