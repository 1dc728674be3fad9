/** Limits of one sandbox, of wrangler.toml; absent ones are the engine's own. */
export interface SandboxEnv {
  STREAMS_MAX?: string;
  OBJECTS_MAX?: string;
  STATE_BYTES_MAX?: string;
}

/** What a sandbox is made of: what the service says of it, and what its cluster is born with. */
export interface Birth {
  id: string;
  name: string;
  /** Workers; the control-plane node comes on top. */
  nodes: number;
  seed: string;
  /** Wall ms. */
  expiresAtMs: number;
}

/** What the shell keeps: the rest is handed in to the engine once, which keeps it. Sandboxes from before have it here still. */
export type Sandbox = Pick<Birth, "id" | "expiresAtMs"> & Partial<Birth>;

/** Makes the secret behind its service accounts' tokens, at its birth: it belongs to this object alone. */
export function makeTokenSecret(kv: SyncKvStorage): void {
  kv.put("token-secret", crypto.randomUUID() + crypto.randomUUID());
}

/** Undefined of sandboxes from before there was one: their key is the seed's, and their tokens open nothing by themselves. */
export function identityOf(
  kv: SyncKvStorage,
  id: string,
): { id: string; secret: string } | undefined {
  const secret = kv.get<string>("token-secret");
  return secret === undefined ? undefined : { id, secret };
}
