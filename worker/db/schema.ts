import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type Role, roles } from "../roles.ts";

/** Times are wall ms since 1970. Of a secret only the SHA-256 (hex) is stored, in columns named `hash`. */

const role = () => text("role", { enum: roles as [Role, ...Role[]] }).notNull();

/** A person. Without a name: somebody whom only a cookie knows. */
export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  name: text("name"),
  createdAt: integer("created_at").notNull(),
  /** JSON: the origins whose pages may show what is theirs in a frame. Absent: all. */
  embedOrigins: text("embed_origins"),
});

/** Who a person is elsewhere: by the provider's own subject, never by an e-mail address. */
export const identities = sqliteTable(
  "identities",
  {
    provider: text("provider").notNull(),
    subject: text("subject").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** As the provider shows it. */
    name: text("name").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.subject] }),
    index("identities_user_id").on(table.userId),
  ],
);

export const passkeys = sqliteTable(
  "passkeys",
  {
    /** Of the credential, base64url. */
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** COSE key, base64url. */
    publicKey: text("public_key").notNull(),
    counter: integer("counter").notNull(),
    /** Comma separated. */
    transports: text("transports").notNull(),
    name: text("name").notNull(),
    createdAt: integer("created_at").notNull(),
    usedAt: integer("used_at").notNull(),
  },
  (table) => [index("passkeys_user_id").on(table.userId)],
);

/** A sign-in under way: what the way back must bring along. Used once. */
export const signIns = sqliteTable(
  "sign_ins",
  {
    /** Of the state or challenge. */
    hash: text("hash").primaryKey(),
    /** Row of the table of ways to sign in. */
    provider: text("provider").notNull(),
    /** JSON that the way itself writes and reads. */
    payload: text("payload").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("sign_ins_expires_at").on(table.expiresAt)],
);

export const sessions = sqliteTable(
  "sessions",
  {
    hash: text("hash").primaryKey(),
    id: text("id").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    seenAt: integer("seen_at").notNull(),
    /** How it began: a row of the table of ways to sign in, or `anonymous`. */
    provider: text("provider").notNull(),
    /** As the browser names itself. */
    userAgent: text("user_agent").notNull(),
  },
  (table) => [
    index("sessions_user_id").on(table.userId),
    index("sessions_expires_at").on(table.expiresAt),
  ],
);

export const sandboxes = sqliteTable(
  "sandboxes",
  {
    id: text("id").primaryKey(),
    /** The cluster's. */
    name: text("name").notNull(),
    nodes: integer("nodes").notNull(),
    seed: text("seed").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    deletedAt: integer("deleted_at"),
    /** Absent: whoever has an owner's key. */
    ownerId: text("owner_id").references(() => users.id, { onDelete: "set null" }),
    /** What people call it. */
    title: text("title").notNull().default(""),
    /** What it was made from, JSON: see `Source`. */
    source: text("source"),
    /** When somebody last used it, to the hour. */
    usedAt: integer("used_at").notNull().default(0),
    /** Its cluster has CustomResourceDefinitions, so that its discovery is its own: the object writes it (own-kinds.ts). */
    ownKinds: integer("own_kinds", { mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    index("sandboxes_expires_at").on(table.expiresAt),
    index("sandboxes_owner_id").on(table.ownerId, table.createdAt),
    index("sandboxes_deleted_at")
      .on(table.deletedAt)
      .where(sql`deleted_at IS NOT NULL`),
  ],
);

export const keys = sqliteTable(
  "keys",
  {
    hash: text("hash").primaryKey(),
    id: text("id").notNull(),
    sandboxId: text("sandbox_id")
      .notNull()
      .references(() => sandboxes.id, { onDelete: "cascade" }),
    role: role(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    revokedAt: integer("revoked_at"),
    name: text("name").notNull().default(""),
    /** The member whose it is; it ends with the membership. */
    userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
    /** Id of the key of no member that it was made with; it ends with that. An owner's key makes keys that stay. */
    madeBy: text("made_by"),
  },
  (table) => [index("keys_sandbox_id").on(table.sandboxId), index("keys_user_id").on(table.userId)],
);

/** Persons beside the owner. */
export const members = sqliteTable(
  "members",
  {
    sandboxId: text("sandbox_id")
      .notNull()
      .references(() => sandboxes.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: role(),
    /** How the others see them. */
    name: text("name").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sandboxId, table.userId] }),
    index("members_user_id").on(table.userId),
  ],
);

export const invitations = sqliteTable(
  "invitations",
  {
    hash: text("hash").primaryKey(),
    id: text("id").notNull().unique(),
    sandboxId: text("sandbox_id")
      .notNull()
      .references(() => sandboxes.id, { onDelete: "cascade" }),
    role: role(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    revokedAt: integer("revoked_at"),
    usesMax: integer("uses_max").notNull(),
    uses: integer("uses").notNull().default(0),
    /** Grant (durable-objects/grant.ts) of the member, or key of none, that made it; it ends with that. Absent: the owner's. */
    madeBy: text("made_by"),
  },
  (table) => [
    index("invitations_sandbox_id").on(table.sandboxId),
    index("invitations_made_by")
      .on(table.madeBy)
      .where(sql`made_by IS NOT NULL`),
  ],
);

/** What a person's own programs sign in with. */
export const apiTokens = sqliteTable(
  "api_tokens",
  {
    hash: text("hash").primaryKey(),
    id: text("id").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** Separated by spaces. */
    scopes: text("scopes").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    usedAt: integer("used_at"),
  },
  (table) => [
    index("api_tokens_user_id").on(table.userId),
    index("api_tokens_expires_at").on(table.expiresAt),
  ],
);

/** One frozen moment; its bytes lie in R2 by their SHA-256, once for equal moments. */
export const snapshots = sqliteTable(
  "snapshots",
  {
    id: text("id").primaryKey(),
    sha256: text("sha256").notNull(),
    ownerId: text("owner_id").references(() => users.id, { onDelete: "set null" }),
    /** Perhaps gone by now. */
    sandboxId: text("sandbox_id"),
    title: text("title").notNull(),
    revision: integer("revision").notNull(),
    virtualMs: integer("virtual_ms").notNull(),
    bytes: integer("bytes").notNull(),
    nodes: integer("nodes").notNull(),
    pods: integer("pods").notNull(),
    secretsLeftOut: integer("secrets_left_out", { mode: "boolean" }).notNull(),
    forks: integer("forks").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    withdrawnAt: integer("withdrawn_at"),
  },
  (table) => [
    index("snapshots_owner_id").on(table.ownerId, table.createdAt),
    index("snapshots_sandbox_id").on(table.sandboxId),
    index("snapshots_sha256").on(table.sha256),
  ],
);

export const scenarios = sqliteTable(
  "scenarios",
  {
    id: text("id").primaryKey(),
    /** Absent: Podyard's own. */
    ownerId: text("owner_id").references(() => users.id, { onDelete: "cascade" }),
    title: text("title").notNull(),
    visibility: text("visibility", { enum: ["private", "link", "public"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (table) => [
    index("scenarios_owner_id").on(table.ownerId, table.createdAt),
    index("scenarios_visibility").on(table.visibility, table.createdAt),
    index("scenarios_deleted_at")
      .on(table.deletedAt)
      .where(sql`deleted_at IS NOT NULL`),
  ],
);

/** A version may change until it is published, and never after. */
export const scenarioVersions = sqliteTable(
  "scenario_versions",
  {
    scenarioId: text("scenario_id")
      .notNull()
      .references(() => scenarios.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    /** JSON: content by path, `scenario.yaml`, `README.md`, `manifests/...`. */
    files: text("files").notNull(),
    snapshotId: text("snapshot_id").references(() => snapshots.id),
    createdAt: integer("created_at").notNull(),
    publishedAt: integer("published_at"),
  },
  (table) => [
    primaryKey({ columns: [table.scenarioId, table.version] }),
    // Also for the database itself, which looks here whenever a snapshot goes.
    index("scenario_versions_snapshot_id")
      .on(table.snapshotId)
      .where(sql`snapshot_id IS NOT NULL`),
  ],
);

/** One person's sandbox made from a scenario. */
export const labs = sqliteTable(
  "labs",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    scenarioId: text("scenario_id").notNull(),
    version: integer("version").notNull(),
    sandboxId: text("sandbox_id")
      .notNull()
      .references(() => sandboxes.id, { onDelete: "cascade" }),
    /** JSON; the labs' own. */
    progress: text("progress").notNull().default("{}"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    index("labs_user_id").on(table.userId, table.scenarioId),
    index("labs_scenario_id").on(table.scenarioId, table.version),
    // For the database itself, which looks here whenever a sandbox goes.
    index("labs_sandbox_id").on(table.sandboxId),
  ],
);

/** Who did what to what is shared: roles, keys, invitations, deletions. No secret, no content. */
export const audit = sqliteTable(
  "audit",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    at: integer("at").notNull(),
    userId: text("user_id"),
    sandboxId: text("sandbox_id"),
    action: text("action").notNull(),
    /** Id of what it was done to. */
    subject: text("subject").notNull(),
  },
  (table) => [
    index("audit_sandbox_id").on(table.sandboxId, table.at),
    index("audit_user_id").on(table.userId, table.at),
    index("audit_at").on(table.at),
  ],
);

/** Answers to requests that may be repeated (`Idempotency-Key`). */
export const replies = sqliteTable(
  "replies",
  {
    /** Of who asked and their key. */
    hash: text("hash").primaryKey(),
    /** Of what was asked: the same key with another request is refused. */
    requestHash: text("request_hash").notNull(),
    /** Absent: under way. */
    status: integer("status"),
    /** Where the answer can be read again: a secret is never kept. */
    location: text("location"),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("replies_expires_at").on(table.expiresAt)],
);

/** How often something limited was done in a window of time, by whom: forgotten with the window's end. */
export const creations = sqliteTable(
  "creations",
  {
    scope: text("scope").primaryKey(),
    windowEndsAt: integer("window_ends_at").notNull(),
    count: integer("count").notNull(),
  },
  (table) => [index("creations_window_ends_at").on(table.windowEndsAt)],
);
