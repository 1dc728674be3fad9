import type { SandboxObject } from "../durable-objects/object.ts";

/** Issuers of OpenID Connect beside the first. */
type FurtherIssuers = Partial<
  Record<`OIDC_${2 | 3 | 4}_${"ISSUER" | "CLIENT_ID" | "CLIENT_SECRET" | "NAME"}`, string>
>;

/** Bindings and variables of wrangler.toml; scripts/server.ts sets the local ones. */
export interface Env extends FurtherIssuers {
  SANDBOX: DurableObjectNamespace<SandboxObject>;
  DB: D1Database;
  SNAPSHOTS: R2Bucket;
  ASSETS?: Fetcher;
  /** In local mode: answers `full` while there is no room to write (scripts/disk-reserve.ts). */
  DISK?: Fetcher;
  /** Cloudflare's own rate limit by network, where it is bound: a first rough sieve. */
  EDGE_LIMIT?: RateLimit;
  MODE: "cloud" | "local";
  /** Which requests are written to the log: `all`, `errors` (5xx and 429) or `none`. */
  LOG_REQUESTS?: string;
  /** Of Turnstile. With the secret set, who is anonymous must show that they are human before a sandbox is made. */
  TURNSTILE_SITE_KEY?: string;
  TURNSTILE_SECRET?: string;
  SANDBOX_TTL_HOURS: string;
  /** A sandbox of somebody signed in ends so long after its last use. */
  SANDBOX_IDLE_DAYS?: string;
  SANDBOXES_PER_PERSON_MAX?: string;
  SANDBOX_NODES_MAX: string;
  /** Sandboxes made: a minute by one network (an IPv4 address, an IPv6 /64), an hour by all. Empty or 0: no limit. */
  CREATES_PER_MINUTE_MAX?: string;
  /** The same of labs, which are counted apart: a class is one network. */
  LABS_PER_MINUTE_MAX?: string;
  CREATES_PER_HOUR_MAX?: string;
  /** Attempts to sign in, a minute by one network. Empty or 0: no limit. */
  SIGN_INS_PER_MINUTE_MAX?: string;
  /** Absent: this way to sign in is not there. */
  GITHUB_CLIENT_ID?: string;
  GITHUB_CLIENT_SECRET?: string;
  OIDC_ISSUER?: string;
  OIDC_CLIENT_ID?: string;
  OIDC_CLIENT_SECRET?: string;
  OIDC_NAME?: string;
  SNAPSHOTS_PER_PERSON_MAX?: string;
  SNAPSHOT_BYTES_PER_PERSON_MAX?: string;
  SCENARIOS_PER_PERSON_MAX?: string;
  SCENARIO_BYTES_PER_PERSON_MAX?: string;
  /** Of one sandbox: open watches and followed logs, objects, bytes of all objects. */
  STREAMS_MAX: string;
  OBJECTS_MAX: string;
  STATE_BYTES_MAX: string;
  CORS_ORIGINS: string;
  /** Below it each sandbox has a host of its own for what its users serve: ID.DOMAIN. Empty: that is shown below the service's. */
  USER_CONTENT_DOMAIN?: string;
  /** Origins whose pages may frame /embed/*, comma separated. Empty: all. */
  EMBED_ORIGINS?: string;
  /** In local mode: names, comma separated, by which sandboxes may be made, beside localhost and addresses. */
  HOSTS?: string;
  /** In local mode, of the socket that speaks TLS: its port, its certificate, and the names in that. */
  TLS_PORT?: string;
  TLS_AUTHORITY?: string;
  TLS_NAMES?: string;
  /** Ids of objects whose database is damaged, as the starter found them. */
  DAMAGED_OBJECTS?: string;
}
