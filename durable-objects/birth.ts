import type { Identity } from "./engine/api/auth/tokens.ts";

/** Limits of one sandbox, of wrangler.toml; absent ones are the engine's own. */
export interface SandboxEnv {
  STREAMS_MAX?: string;
  OBJECTS_MAX?: string;
  STATE_BYTES_MAX?: string;
}

/** What a sandbox is made of: the service's own data, and what its cluster is born with. */
export interface Birth {
  id: string;
  name: string;
  /** Workers; the control-plane node comes on top. */
  nodes: number;
  /** What chance is drawn from; no secret follows from it. */
  seed: string;
  /** Wall ms. */
  expiresAtMs: number;
}

/** What the shell keeps: the rest is handed in to the engine once, which keeps it. Sandboxes from before have it here still. */
export type Sandbox = Pick<Birth, "id" | "expiresAtMs"> & Partial<Birth>;

const secretKey = "token-secret";

const newSecret = (): string => crypto.randomUUID() + crypto.randomUUID();

/**
 * Makes the secret behind its service accounts' tokens, at its birth, and for a sandbox from before there was one. It is this
 * object's alone: it lies beside the cluster, in none of the engine's tables.
 */
export function keepTokenSecret(kv: SyncKvStorage): void {
  if (kv.get(secretKey) === undefined) kv.put(secretKey, newSecret());
}

/** What is not kept, for want of room on the disk, opens nothing: no token was ever signed with it. */
export const identityOf = (kv: SyncKvStorage, id: string): Identity => ({
  id,
  secret: kv.get<string>(secretKey) ?? newSecret(),
});
