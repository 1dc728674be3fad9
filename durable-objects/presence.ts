import type { EdgeRequest } from "./edge-request.ts";
import type { Cuts, Grant } from "./grant.ts";
import { refusal, tooManyFollowers } from "./responses.ts";
import {
  clientNameCharsMax,
  presenceFollowersMax,
  visitShownMs,
  visitToldMsMin,
  visitsMax,
  visitsSavedCharsMax,
} from "./limits.ts";
import { writeHead } from "./stream-head.ts";

/**
 * Who is in a sandbox, for those who share it: whoever has a stream or a session open, and whoever asked something in the last
 * minutes. It is told of what memory and the sockets' attachments hold, without the cluster: no row is written, no alarm set, and
 * a page that follows it lets the object sleep.
 */

/** Somebody as the cluster and its timeline call them; who has the same name and role there is one here too. */
export interface Present {
  name: string;
  role: string;
  /** What they came with: `page`, `terminal`, `kubectl`, `curl`, ... */
  clients: string[];
  /** RFC 3339: here since, as far as is known, without a pause of minutes. */
  since: string;
  /** Whether something of theirs is open. */
  open: boolean;
  /** How many pages of theirs follow who is here. */
  pages: number;
  /** RFC 3339: their last request, of who has nothing open. */
  seenAt?: string;
  /** It is who asks. */
  you: boolean;
}

/** Requests of one user by one kind of client. */
interface Visit {
  name: string;
  role: string;
  client: string;
  /** Of the grant: a withdrawn one is forgotten. */
  ids: string[];
  /** Wall ms. */
  firstMs: number;
  lastMs: number;
  toldMs: number;
}

/** What a follower's socket carries through the object's sleep. */
interface Attachment {
  kind: "presence";
  grant: Grant;
  visits: Visit[];
}

interface Follower {
  grant: Grant;
  /** The last line that it was sent, as far as known. */
  text?: string;
}

/** Streams or sessions that are open, each with what let it in; `changes` moves on with each that opens or ends. */
interface Source {
  readonly changes: number;
  grants(): Iterable<Grant>;
}

export const isFollower = (attachment: unknown): attachment is Attachment =>
  (attachment as Partial<Attachment> | null)?.kind === "presence";

export class Presence {
  private readonly context: DurableObjectState;
  private readonly cuts: Cuts;
  private readonly sources: readonly Source[];
  private readonly followers = new Map<WebSocket, Follower>();
  /** Latest last. */
  private readonly visits = new Map<string, Visit>();
  private changes = 0;
  /** All changes that followers have been told of. */
  private told = 0;

  constructor(context: DurableObjectState, cuts: Cuts, sources: readonly Source[]) {
    this.context = context;
    this.cuts = cuts;
    this.sources = sources;
    for (const socket of context.getWebSockets()) {
      const attachment: unknown = socket.deserializeAttachment();
      if (!isFollower(attachment)) continue;
      this.followers.set(socket, { grant: attachment.grant });
      // All were given the same.
      if (this.visits.size === 0) for (const visit of attachment.visits) this.keep(visit);
    }
  }

  /** Notes a request. Answers its grant, with who came by it: whatever it opens keeps that. */
  seen(edge: EdgeRequest, userAgent: string | undefined, nowMs: number): Grant {
    const { grant, user, preview, terminal } = edge;
    // A service account is no visitor, and a preview's address is for whoever is given it.
    if (!user || preview) return grant;
    const { name } = user;
    const { role, ids } = grant;
    const client = terminal ? "terminal" : clientOf(userAgent);
    const before = this.visits.get(keyOf({ name, role, client }));
    const stays = before && nowMs - before.lastMs < visitShownMs;
    const visit: Visit = {
      name,
      role,
      client,
      ids,
      firstMs: stays ? before.firstMs : nowMs,
      lastMs: nowMs,
      toldMs: stays ? before.toldMs : 0,
    };
    if (nowMs - visit.toldMs >= visitToldMsMin) {
      visit.toldMs = nowMs;
      this.changes += 1;
    }
    this.keep(visit);
    return { ...grant, visitor: { name, client, sinceMs: nowMs } };
  }

  private keep(visit: Visit): void {
    const key = keyOf(visit);
    this.visits.delete(key);
    this.visits.set(key, visit);
    if (this.visits.size > visitsMax) this.visits.delete(this.visits.keys().next().value!);
  }

  /** The list as JSON, or as a stream: a line with the whole list at first and after each change. */
  answer({ follow }: { follow: boolean }, grant: Grant, nowMs: number): Response {
    if (!follow) {
      this.tell(nowMs);
      return Response.json(shownTo(grant, this.present(nowMs)));
    }
    if (this.followers.size >= presenceFollowersMax) return refusal(tooManyFollowers());
    const { 0: client, 1: server } = new WebSocketPair();
    this.context.acceptWebSocket(server);
    this.followers.set(server, { grant });
    this.changes += 1;
    this.tell(nowMs);
    const headers = { "content-type": "application/x-ndjson" };
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: writeHead({ kind: "watch", headers }),
    });
  }

  /** Tells followers what is new; called after whatever may have changed something. */
  tell(nowMs: number): void {
    if (this.followers.size === 0) return;
    const changes = this.sources.reduce((sum, source) => sum + source.changes, this.changes);
    if (changes === this.told) return;
    this.told = changes;
    this.closeEnded(nowMs);
    const present = this.present(nowMs);
    const visits = this.saved(nowMs);
    for (const [socket, follower] of this.followers) {
      const { grant } = follower;
      const text = JSON.stringify(shownTo(grant, present));
      try {
        socket.serializeAttachment({ kind: "presence", grant, visits } satisfies Attachment);
        if (text !== follower.text) socket.send(`\n${text}\n`);
        follower.text = text;
      } catch {
        // Its peer has gone; a turn must not fail of it.
        this.close(socket);
      }
    }
  }

  private present(nowMs: number): Present[] {
    const all = new Map<string, Present & { sinceMs: number; seenMs: number }>();
    const add = (name: string, role: string, client: string, sinceMs: number) => {
      const key = keyOf({ name, role });
      let one = all.get(key);
      if (!one) {
        const [since, clients] = ["", [] as string[]];
        one = { name, role, clients, since, open: false, pages: 0, you: false, sinceMs, seenMs: 0 };
        all.set(key, one);
      }
      one.sinceMs = Math.min(one.sinceMs, sinceMs);
      if (!one.clients.includes(client)) one.clients.push(client);
      return one;
    };
    for (const visit of this.visits.values()) {
      if (nowMs - visit.lastMs >= visitShownMs) continue;
      const one = add(visit.name, visit.role, visit.client, visit.firstMs);
      one.seenMs = Math.max(one.seenMs, visit.lastMs);
    }
    const open = (grant: Grant, pages: number): void => {
      if (!grant.visitor) return;
      const { name, client, sinceMs } = grant.visitor;
      const one = add(name, grant.role, client, sinceMs);
      one.open = true;
      one.pages += pages;
    };
    for (const source of this.sources) for (const grant of source.grants()) open(grant, 0);
    for (const { grant } of this.followers.values()) open(grant, 1);
    return [...all.values()]
      .sort((a, b) => a.sinceMs - b.sinceMs || (a.name < b.name ? -1 : 1))
      .map(({ sinceMs, seenMs, clients, ...one }) => ({
        ...one,
        clients: clients.sort(),
        since: new Date(sinceMs).toISOString(),
        ...(!one.open && { seenAt: new Date(seenMs).toISOString() }),
      }));
  }

  /** The latest visits, as many as an attachment has room for. */
  private saved(nowMs: number): Visit[] {
    const out: Visit[] = [];
    let left = visitsSavedCharsMax;
    for (const visit of [...this.visits.values()].reverse()) {
      left -= JSON.stringify(visit).length;
      if (left < 0 || nowMs - visit.lastMs >= visitShownMs) break;
      out.unshift(visit);
    }
    return out;
  }

  /** A grant has ended: who had it is not told of any more. */
  forget(grantId: string): void {
    for (const [key, { ids }] of this.visits) if (ids.includes(grantId)) this.visits.delete(key);
    this.changes += 1;
  }

  /** A follower's socket has closed. */
  left(socket: WebSocket): void {
    if (this.followers.delete(socket)) this.changes += 1;
  }

  /** Who may not look any more is told nothing more. */
  private closeEnded(nowMs: number): void {
    for (const [socket, { grant }] of this.followers) {
      if (!this.cuts.allow(grant, nowMs)) this.close(socket);
    }
  }

  closeAll(): void {
    for (const socket of this.followers.keys()) this.close(socket);
    this.visits.clear();
  }

  private close(socket: WebSocket): void {
    this.followers.delete(socket);
    try {
      socket.close(1000);
    } catch {
      // Closed by its peer already.
    }
  }
}

const keyOf = (of: { name: string; role: string; client?: string }): string =>
  `${of.role}\n${of.client ?? ""}\n${of.name}`;

function shownTo({ role, visitor }: Grant, present: Present[]): { present: Present[] } {
  const own = (one: Present): boolean => one.name === visitor?.name && one.role === role;
  return { present: present.map((one) => (own(one) ? { ...one, you: true } : one)) };
}

/** What a client is called by its User-Agent (RFC 9110, section 10.1.5); browsers have all the same first product, and are pages. */
function clientOf(userAgent = ""): string {
  const [product = ""] = userAgent.split(/[/ ]/, 1);
  if (product === "Mozilla") return "page";
  return product.length <= clientNameCharsMax && /^[A-Za-z0-9._-]+$/.test(product)
    ? product
    : "unknown";
}
