import { cutsMax, verdictAgeMsMax } from "./limits.ts";

/** What lets a request in: whom the Worker found in its database, and when. */

export interface Grant {
  /**
   * Everything whose end ends this: `key:ID`. The loss of any one of them is enough, so that a person, a session or an
   * API token can stand beside a key or in its place.
   */
  ids: string[];
  role: string;
  /** Wall ms just before the database was read. */
  readAtMs: number;
  /** Wall ms at which it ends by itself. */
  expiresAtMs: number;
  /** Who came by it, noted by the object for those who share the sandbox (presence.ts). */
  visitor?: Visitor;
}

export interface Visitor {
  /** As the cluster calls them. */
  name: string;
  /** What they came with: `page`, `kubectl`, ... */
  client: string;
  /** Wall ms. */
  sinceMs: number;
}

/** Id of a grant by a key. */
export const keyGrantId = (keyId: string): string => `key:${keyId}`;
/** Of one by a person's session, by their API token, by their belonging to a sandbox. */
export const sessionGrantId = (sessionId: string): string => `session:${sessionId}`;
export const tokenGrantId = (tokenId: string): string => `token:${tokenId}`;
export const memberGrantId = (userId: string): string => `member:${userId}`;

/** Role of a grant by a service account's token, which hangs on nothing else: what it may do the cluster says at every request. */
export const accountRole = "account";

/** What is told of a grant that has ended. */
export interface Cutting {
  /** It goes on in this role. */
  role?: string;
  /** Who had it could read service accounts' tokens, which nothing ties to them: none from before is good any more. */
  knewTokens?: boolean;
}

/** A grant that was taken away, or whose role changed. */
interface Cut {
  id: string;
  /** Grants read up to this wall moment may still be of before. */
  untilMs: number;
  /** Who asks in the new role was read after the change. */
  role?: string;
}

interface StoredCuts {
  cuts: Cut[];
  /** Cuts up to here are not listed any more: what was read before is refused, whoever it is. */
  floorMs: number;
}

/**
 * The grants of a sandbox that ended before their time. They are kept beside the sandbox, since a Worker elsewhere goes
 * on with what it read for a few seconds, and a slow upload may have been let in long ago.
 */
export class Cuts {
  private readonly kv: SyncKvStorage;
  private known: StoredCuts | undefined;

  constructor(kv: SyncKvStorage) {
    this.kv = kv;
  }

  private get stored(): StoredCuts {
    return (this.known ??= this.kv.get<StoredCuts>("cuts") ?? { cuts: [], floorMs: 0 });
  }

  /** Without `role` it ends; with one, only what asks in another role does. */
  add(id: string, role: string | undefined, nowMs: number): void {
    const { cuts, floorMs } = this.stored;
    const untilMs = nowMs + verdictAgeMsMax;
    const all = [...cuts.filter((cut) => cut.id !== id), { id, untilMs, ...(role && { role }) }];
    const dropped = all.splice(0, Math.max(0, all.length - cutsMax));
    this.known = {
      cuts: all,
      floorMs: Math.max(floorMs, ...dropped.map((cut) => cut.untilMs)),
    };
    this.kv.put("cuts", this.known);
  }

  allow(grant: Grant, nowMs: number): boolean {
    const { cuts, floorMs } = this.stored;
    if (grant.expiresAtMs <= nowMs || grant.readAtMs <= floorMs) return false;
    return !cuts.some(
      ({ id, untilMs, role }) =>
        grant.ids.includes(id) && grant.readAtMs <= untilMs && grant.role !== role,
    );
  }

  forget(): void {
    this.known = undefined;
  }
}
