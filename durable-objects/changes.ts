import type { Changed, Changes } from "./engine/api/read/changes.ts";
import { virtualAt } from "./engine/core/clock.ts";
import type { Engine } from "./engine/index.ts";
import type { User } from "./engine/ports/request.ts";
import { changesProtocol } from "./edge-request.ts";
import type { Grant } from "./grant.ts";
import { closeSocket, refusal, tooManyFollowers } from "./responses.ts";
import {
  changeFollowersMax,
  changesSentCharsMax,
  lookMsMax,
  savedLagRevisionsMax,
  toldTimeOffMsMax,
} from "./limits.ts";

/**
 * What a page is told, as JSON: at first how things stand, then once for each turn that changed something it may list. It holds names
 * and no content: whoever shows an object reads it again. The page says nothing.
 */
export interface ChangesMessage {
  /** Everything up to here is told of. */
  revision: number;
  /** Virtual time, RFC 3339, and how many seconds of it pass in one: 0, it stands still. Where that has changed. */
  time?: { now: string; speed: number };
  /** Absent at first. */
  changes?: Changed[];
  /** Instead of them: nobody can tell what has changed. */
  everything?: true;
}

/** What a page's socket carries through the object's sleep. */
interface Follower {
  kind: "changes";
  grant: Grant;
  user: User;
  /** Everything up to here is told of, and up to there the attachment knows of it. */
  revision: number;
  saved: number;
  /** Until this wall moment the open page counts as a user's activity. */
  looksUntilMs: number;
  /** Characters. */
  sent: number;
  /** As it was told. */
  time: Time;
}

/** Virtual time at a moment of the wall, and how fast it passes. */
interface Time {
  nowMs: number;
  speed: number;
  atMs: number;
}

export const isChangeFollower = (attachment: unknown): attachment is Follower =>
  (attachment as Partial<Follower> | null)?.kind === "changes";

/** Pages that keep up with the cluster, as hibernatable sockets: one that is open and told nothing costs nothing. */
export class ChangeSockets {
  private readonly context: DurableObjectState;
  private readonly followers = new Map<WebSocket, Follower>();
  /** Moves on with each that opens or ends. */
  changes = 0;

  constructor(context: DurableObjectState) {
    this.context = context;
    for (const socket of context.getWebSockets()) {
      const follower: unknown = socket.deserializeAttachment();
      if (isChangeFollower(follower)) this.followers.set(socket, follower);
    }
  }

  has(socket: WebSocket): boolean {
    return this.followers.has(socket);
  }

  /** What let in those who have one open. */
  *grants(): Iterable<Grant> {
    for (const { grant } of this.followers.values()) yield grant;
  }

  /** Tells on a new socket what changes from now on. */
  open(
    engine: Engine,
    nowMs: number,
    who: { grant: Grant; user: User },
    offered: string | undefined,
  ): Response {
    if (this.followers.size >= changeFollowersMax)
      return refusal(tooManyFollowers("what changes in this sandbox"));
    const { 0: client, 1: server } = new WebSocketPair();
    this.context.acceptWebSocket(server);
    const revision = engine.log.head;
    const { clock } = engine.changesSince(revision, who.user);
    const time = timeOf(clock, engine.virtualNow, nowMs);
    const looksUntilMs = nowMs + lookMsMax;
    const at = { revision, saved: revision, looksUntilMs, sent: 0, time };
    const follower: Follower = { kind: "changes", ...who, ...at };
    this.followers.set(server, follower);
    this.changes += 1;
    this.send(server, follower, { revision, time: toldTime(time) });
    const headers: Record<string, string> = offered
      ? { "sec-websocket-protocol": changesProtocol }
      : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** Tells each what is new; called once after each turn. Who may list the same is told the same. */
  fanOut(engine: Engine, nowMs: number): void {
    const found = new Map<string, Changes>();
    for (const [socket, follower] of this.followers) {
      // No alarm comes for that: until there is something to tell nobody learns anything.
      if (follower.grant.expiresAtMs <= nowMs) {
        this.close(socket, 1008, "this access has ended");
        continue;
      }
      const { user, revision } = follower;
      const key = JSON.stringify([revision, user]);
      let news = found.get(key);
      if (!news) found.set(key, (news = engine.changesSince(revision, user)));
      this.tell(socket, follower, news, timeOf(news.clock, engine.virtualNow, nowMs));
    }
  }

  private tell(socket: WebSocket, follower: Follower, news: Changes, time: Time): void {
    const { revision, changes } = news;
    const message: ChangesMessage = { revision };
    if (isOff(follower.time, time)) {
      follower.time = time;
      message.time = toldTime(time);
    }
    if (!changes) message.everything = true;
    else if (changes.length > 0) message.changes = changes;
    follower.revision = revision;
    const isNews = Object.keys(message).length > 1;
    if (isNews) this.send(socket, follower, message);
    else if (revision - follower.saved > savedLagRevisionsMax) this.save(socket, follower);
  }

  private save(socket: WebSocket, follower: Follower): void {
    follower.saved = follower.revision;
    socket.serializeAttachment(follower);
  }

  private send(socket: WebSocket, follower: Follower, message: ChangesMessage): void {
    const text = JSON.stringify(message);
    follower.sent += text.length;
    if (follower.sent > changesSentCharsMax) return this.close(socket, 1013, "come again");
    try {
      this.save(socket, follower);
      socket.send(text);
    } catch {
      // Its peer has gone; the close event tells.
    }
  }

  /** Whether an open page still counts as a user's activity. */
  looks(nowMs: number): boolean {
    for (const { looksUntilMs } of this.followers.values()) if (looksUntilMs > nowMs) return true;
    return false;
  }

  /** Ends what those opened who may not look any more. */
  closeUnless(allowed: (grant: Grant) => boolean): void {
    for (const [socket, { grant }] of this.followers)
      if (!allowed(grant)) this.close(socket, 1008, "this access has ended");
  }

  closeAll(reason: string): void {
    for (const socket of this.followers.keys()) this.close(socket, 1001, reason);
  }

  close(socket: WebSocket, code: number, reason?: string): void {
    if (this.followers.delete(socket)) this.changes += 1;
    closeSocket(socket, code, reason);
  }
}

function timeOf(clock: Changes["clock"], virtualMs: number, atMs: number): Time {
  const stands = clock.paused || clock.frozen;
  const nowMs = clock.jumpToMs === undefined ? virtualAt(clock, atMs) : virtualMs;
  return { nowMs, speed: stands ? 0 : clock.speed, atMs };
}

/** Whether a page that goes on from what it was told is wrong. */
function isOff(told: Time, now: Time): boolean {
  const expected = told.nowMs + told.speed * (now.atMs - told.atMs);
  const most = toldTimeOffMsMax * Math.max(1, now.speed);
  return told.speed !== now.speed || Math.abs(expected - now.nowMs) > most;
}

const toldTime = ({ nowMs, speed }: Time): { now: string; speed: number } => ({
  now: new Date(nowMs).toISOString(),
  speed,
});
