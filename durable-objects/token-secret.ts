import { signedBy, signingKey, type Identity, type SigningKey } from "./engine/api/auth/tokens.ts";
import type { StatusError } from "./engine/machinery/status.ts";
import type { ApiRequest } from "./engine/ports/request.ts";
import type { Engine } from "./engine/index.ts";
import { unauthorized } from "./responses.ts";
import { genuineTokensKept } from "./limits.ts";

/** What service accounts' tokens are signed with: the object's alone. It lies beside the cluster, in none of the engine's tables. */

const secretKey = "token-secret";
/** There while Secrets of the cluster may hold tokens that a former secret signed. */
const formerKey = "token-secret-former";

const newSecret = (): string => crypto.randomUUID() + crypto.randomUUID();

/** Makes it, at the sandbox's birth and for a sandbox from before there was one. */
export function keepTokenSecret(kv: SyncKvStorage): void {
  if (kv.get(secretKey) === undefined) kv.put(secretKey, newSecret());
}

/** What is not kept, for want of room on the disk, opens nothing: no token was ever signed with it. */
export const identityOf = (kv: SyncKvStorage, id: string): Identity => ({
  id,
  secret: kv.get<string>(secretKey) ?? newSecret(),
});

/** The tokens of one object. */
export class Tokens {
  private readonly kv: SyncKvStorage;
  private known: { secret: string; key: SigningKey } | undefined;
  private readonly genuine = new Set<string>();
  private hasFormer: boolean;

  constructor(kv: SyncKvStorage) {
    this.kv = kv;
    this.hasFormer = kv.get(formerKey) !== undefined;
  }

  /** Whatever was signed until now opens nothing any more. */
  renew(): void {
    this.kv.put(secretKey, newSecret());
    this.kv.put(formerKey, true);
    this.hasFormer = true;
  }

  /** Before a turn: after a renewal the cluster signs with the new secret, also what its Secrets hold. */
  signAnew(engine: Engine, id: string, nowMs: number): void {
    if (!this.hasFormer) return;
    engine.renewTokens(identityOf(this.kv, id), nowMs);
    this.kv.delete(formerKey);
    this.hasFormer = false;
  }

  /**
   * Whether an `Authorization` header brings one that this sandbox signed, told before the cluster is loaded for it: whoever knows a
   * sandbox's id can write a token that names it. Whether it is still good, the cluster knows.
   */
  knows(authorization: string | undefined, id: string): boolean {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return false;
    const key = this.keyOf(identityOf(this.kv, id));
    if (this.genuine.has(token)) return true;
    if (!signedBy(key, token)) return false;
    if (this.genuine.size >= genuineTokensKept) this.genuine.clear();
    this.genuine.add(token);
    return true;
  }

  /** Nobody is named, and no token of its own: the cluster is not loaded for that. */
  refusalOf({ user, headers }: ApiRequest, id: string): StatusError | undefined {
    const isKnown = user !== undefined || this.knows(headers["authorization"], id);
    return isKnown ? undefined : unauthorized();
  }

  private keyOf(identity: Identity): SigningKey {
    const { secret } = identity;
    if (this.known?.secret !== secret) {
      this.known = { secret, key: signingKey(identity) };
      this.genuine.clear();
    }
    return this.known.key;
  }
}
