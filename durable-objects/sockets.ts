import type { StatusError } from "./engine/machinery/status.ts";
import type { Engine } from "./engine/index.ts";
import type { FollowReply, LogFollow, Subscription, WatchReply } from "./engine/ports/request.ts";
import type { Grant } from "./grant.ts";
import {
  lookMsMax,
  savedLagRevisionsMax,
  toldAtOnceCharsMax,
  toldAtOnceMax,
  watchMessageCharsMax,
} from "./limits.ts";
import { revisionMark, writeHead, type StreamHead } from "./stream-head.ts";

/** A stream's place, kept in its socket's attachment (at most 16 KB), so that it outlives the object's sleep. */
type Place = ({ kind: "watch"; at: Subscription } | { kind: "follow"; at: LogFollow }) & {
  /** Until this wall moment the open stream counts as a user's activity. */
  looksUntilMs: number;
  /** Who opened it. */
  grant: Grant;
};

interface Told {
  chars: number;
  ended: boolean;
}

interface Stream {
  place: Place;
  /** Revision of the place that the attachment holds. */
  savedRevision: number;
  /** The round of `fanOut` in which it was last looked at. */
  round: number;
}

/** Watches and followed logs, as hibernatable sockets that lead to the Worker (worker/stream.ts). */
export class Sockets {
  private readonly context: DurableObjectState;
  private readonly streams = new Map<WebSocket, Stream>();
  /** Whose place moved on. The object does not sleep while they wait to be saved. */
  private readonly unsaved = new Set<WebSocket>();
  private saving: ReturnType<typeof setTimeout> | undefined;
  private readonly engine: () => Engine | undefined;
  /** Moves on with every turn. */
  private round = 0;
  private telling: ReturnType<typeof setTimeout> | undefined;

  /** `engine`: the one that is whole at the moment, if any. */
  constructor(context: DurableObjectState, engine: () => Engine | undefined) {
    this.context = context;
    this.engine = engine;
    for (const socket of context.getWebSockets()) {
      const place = socket.deserializeAttachment() as Place | null;
      // Without a grant it is of a version that knew none.
      if (place?.grant)
        this.streams.set(socket, { place, savedRevision: revisionOf(place), round: 0 });
      else this.close(socket, 1012);
    }
  }

  get size(): number {
    return this.streams.size;
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
    const place: Place =
      reply.type === "watch"
        ? { kind: "watch", at: reply.subscription, looksUntilMs, grant }
        : { kind: "follow", at: reply.follow, looksUntilMs, grant };
    this.streams.set(server, { place, savedRevision: revisionOf(place), round: 0 });
    server.serializeAttachment(place);
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
    if (quiet(stream.place, engine, nowMs)) return undefined;
    let chars = 0;
    let ended = true;
    try {
      const told =
        stream.place.kind === "watch"
          ? this.sendWatch(socket, stream, stream.place.at, engine, nowMs)
          : this.sendLog(socket, stream, stream.place.at, engine);
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
    this.streams.delete(socket);
    try {
      // 1005 and 1006 only report; they may not be sent.
      socket.close(code === 1005 || code === 1006 ? 1000 : code);
    } catch {
      // Closed by its peer already.
    }
  }

  /** Ends what those opened who may not look any more. */
  closeUnless(allowed: (grant: Grant) => boolean): void {
    for (const [socket, { place }] of this.streams) {
      if (!allowed(place.grant)) this.close(socket, 1000);
    }
  }

  /** Wall ms at which the first of the streams' grants ends. */
  endsAtMs(): number {
    let first = Infinity;
    for (const { place } of this.streams.values()) first = Math.min(first, place.grant.expiresAtMs);
    return first;
  }

  /** `why`: told to watches, whose clients then list anew. */
  closeAll(why?: StatusError): void {
    const line = why && JSON.stringify({ type: "ERROR", object: why.toStatus() });
    for (const [socket, { place }] of this.streams) {
      if (line !== undefined && place.kind === "watch") sendLines(socket, place.at.rv, [line]);
      this.close(socket, 1000);
    }
  }

  private looksUntilMs(): number {
    let latest = 0;
    for (const { place } of this.streams.values()) latest = Math.max(latest, place.looksUntilMs);
    return latest;
  }

  private sendWatch(
    socket: WebSocket,
    stream: Stream,
    at: Subscription,
    engine: Engine,
    nowMs: number,
  ): Told {
    const { lines, subscription, ended } = engine.poll(at, nowMs);
    stream.place = { ...stream.place, kind: "watch", at: subscription };
    const chars = sendLines(socket, subscription.rv, lines);
    if (chars > 0 || subscription.rv - stream.savedRevision > savedLagRevisionsMax) {
      this.saveSoon(socket);
    }
    return { chars, ended };
  }

  private sendLog(socket: WebSocket, stream: Stream, at: LogFollow, engine: Engine): Told {
    const { text, follow, ended } = engine.pollLog(at);
    stream.place = { ...stream.place, kind: "follow", at: follow };
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
      socket.serializeAttachment(stream.place);
      stream.savedRevision = revisionOf(stream.place);
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

const revisionOf = (place: Place): number => (place.kind === "watch" ? place.at.rv : 0);

/** Whether there can be nothing new. A log's end shows only when it is looked for. */
const quiet = (place: Place, engine: Engine, nowMs: number): boolean =>
  place.kind === "watch" && place.at.rv === engine.store.rv && nowMs < place.at.endsAtWall;

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
