import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Times are wall ms since 1970. */
export const sandboxes = sqliteTable(
  "sandboxes",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    nodes: integer("nodes").notNull(),
    seed: text("seed").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (table) => [index("sandboxes_expires_at").on(table.expiresAt)],
);

/** A key is known by the SHA-256 (hex) of its secret alone; the secret itself is stored nowhere. */
export const keys = sqliteTable(
  "keys",
  {
    hash: text("hash").primaryKey(),
    id: text("id").notNull(),
    sandboxId: text("sandbox_id")
      .notNull()
      .references(() => sandboxes.id, { onDelete: "cascade" }),
    role: text("role", { enum: ["owner"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (table) => [index("keys_sandbox_id").on(table.sandboxId)],
);

/** How many sandboxes were made in a window of time: by one network, or by `all`. Forgotten with the window's end. */
export const creations = sqliteTable("creations", {
  scope: text("scope").primaryKey(),
  windowEndsAt: integer("window_ends_at").notNull(),
  count: integer("count").notNull(),
});
