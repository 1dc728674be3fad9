/** Limits of one sandbox, of wrangler.toml; absent ones are the engine's own. */
export interface SandboxEnv {
  STREAMS_MAX?: string;
  OBJECTS_MAX?: string;
  STATE_BYTES_MAX?: string;
}

/** What a sandbox is born with; it never changes. */
export interface Birth {
  id: string;
  name: string;
  /** Workers; the control-plane node comes on top. */
  nodes: number;
  seed: string;
  /** Wall ms. */
  expiresAtMs: number;
}
