import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { DatabaseSync as Database, SQLInputValue } from "node:sqlite";
import { beforeAll, expect, test } from "vitest";

/** Every query of the Worker's finds what it wants by an index: read as SQLite plans it, over the tables as the migrations make them. */

const root = path.join(import.meta.dirname, "../..");
const { DatabaseSync } = createRequire(import.meta.url)("node:sqlite") as {
  DatabaseSync: new (file: string) => Database;
};

const sqlite = new DatabaseSync(":memory:");
sqlite.exec("PRAGMA foreign_keys = OFF");
for (const file of readdirSync(path.join(root, "migrations")).sort()) {
  if (!file.endsWith(".sql")) continue;
  const text = readFileSync(path.join(root, "migrations", file), "utf8");
  for (const part of text.split("--> statement-breakpoint")) sqlite.exec(part);
}

/** What was asked, by which function. */
const asked = new Map<string, string>();
let asking = "";

class Statement {
  readonly text: string;
  values: SQLInputValue[] = [];
  constructor(text: string) {
    this.text = text;
  }
  bind(...values: SQLInputValue[]): this {
    this.values = values;
    return this;
  }
  async all() {
    asked.set(this.text, asking);
    const statement = sqlite.prepare(this.text);
    const results = statement.all(...this.values);
    return { success: true, results, meta: { changes: 1 } };
  }
  run() {
    return this.all();
  }
  async raw() {
    return (await this.all()).results.map((row) => Object.values(row));
  }
}

/** As much of D1 as the queries use. */
const database = {
  prepare: (text: string) => new Statement(text),
  batch: (statements: Statement[]) => Promise.all(statements.map((one) => one.all())),
};

const now = 1_800_000_000_000;
const page = { limit: 10, after: { at: now, id: "x" } };
const person = { id: "u1", name: null, createdAt: now };
const session = {
  hash: "h",
  id: "s",
  userId: "u1",
  createdAt: now,
  expiresAt: now,
  seenAt: now,
  provider: "anonymous",
  userAgent: "",
};
const sandbox = {
  id: "b1",
  name: "podyard",
  nodes: 3,
  seed: "1",
  createdAt: now,
  expiresAt: now + 1,
  deletedAt: null,
  ownerId: "u1",
  title: "",
  source: null,
  usedAt: now,
  ownKinds: false,
};
const key = {
  hash: "k",
  id: "k1",
  sandboxId: "b1",
  role: "owner",
  createdAt: now,
  expiresAt: now + 1,
  revokedAt: null,
  name: "",
  userId: null,
  madeBy: null,
};
const member = { sandboxId: "b1", userId: "u2", role: "viewer", name: "", createdAt: now };
const invitation = {
  hash: "i",
  id: "i1",
  sandboxId: "b1",
  role: "viewer",
  createdAt: now,
  expiresAt: now + 1,
  revokedAt: null,
  usesMax: 1,
  uses: 0,
  madeBy: null,
};
const snapshot = {
  id: "x1",
  sha256: "a",
  ownerId: "u1",
  sandboxId: "b1",
  title: "",
  revision: 1,
  virtualMs: now,
  bytes: 1,
  nodes: 1,
  pods: 1,
  secretsLeftOut: false,
  forks: 0,
  createdAt: now,
  withdrawnAt: null,
};
const scenario = {
  id: "c1",
  ownerId: "u1",
  title: "",
  visibility: "public",
  createdAt: now,
  updatedAt: now,
  deletedAt: null,
};
const version = {
  scenarioId: "c1",
  version: 1,
  files: "{}",
  snapshotId: null,
  createdAt: now,
  publishedAt: null,
};
const lab = {
  id: "l1",
  userId: "u1",
  scenarioId: "c1",
  version: 1,
  sandboxId: "b1",
  progress: "{}",
  createdAt: now,
};
const apiToken = {
  hash: "t",
  id: "t1",
  userId: "u1",
  name: "",
  scopes: "",
  createdAt: now,
  expiresAt: now + 1,
  usedAt: null,
};
const passkey = {
  id: "p1",
  userId: "u1",
  publicKey: "",
  counter: 0,
  transports: "",
  name: "",
  createdAt: now,
  usedAt: now,
};
const identity = { provider: "github", subject: "1", userId: "u1", name: "", createdAt: now };
const allowance = { scope: "all", max: 1, windowMs: 1 };
const most = { count: 9, bytes: 9 };

/** Each function of `worker/db` with what it may be given, as often as its query depends on it. */
const calls: Record<string, unknown[][]> = {
  everythingOf: [["u1", 9]],
  markOwnedDeleted: [["u1", now]],
  memberships: [["u1"]],
  removeAccount: [["u1"]],
  findApiToken: [["t"]],
  touchApiToken: [["t1", now]],
  insertApiToken: [[apiToken, now, 9]],
  apiTokensOf: [["u1"]],
  removeApiToken: [["u1", "t1"]],
  note: [[{ at: now, userId: "u1", sandboxId: "b1", action: "a", subject: "s" }]],
  notesOf: [
    [{ sandboxId: "b1" }, 9],
    [{ userId: "u1" }, 9],
  ],
  countOne: [["all", 1, 1, now]],
  recordCreation: [
    [{ sandbox, key, newcomer: { person, session }, allowances: [allowance], ownedMax: 1 }, now],
    [{ sandbox, key, allowances: [], ownedMax: 1 }, now],
  ],
  countCreation: [[{ ownerId: "u1", allowances: [allowance], ownedMax: 1 }, now]],
  embedOriginsFor: [
    ["s", "b1"],
    ["x", "x1"],
    ["l", "c1"],
  ],
  embedOriginsOf: [["u1"]],
  setEmbedOrigins: [["u1", []]],
  findIdentity: [["github", "1"]],
  identitiesOf: [["u1"]],
  insertIdentity: [[identity, 9]],
  removeIdentity: [[identity]],
  findPasskey: [["p1"]],
  passkeysOf: [["u1"]],
  insertPasskey: [[passkey, "Robin", 9]],
  usePasskey: [["p1", 1, now]],
  removePasskey: [["u1", "p1"]],
  insertKey: [[key, now, 9]],
  findKey: [["k"]],
  findKeyById: [["b1", "k1"]],
  liveKeys: [
    ["b1", now],
    ["b1", now, "u1"],
  ],
  revokeKey: [["b1", "k1", now]],
  revokeKeysOf: [["b1", "u1", ["viewer"], now]],
  membersOf: [["b1"]],
  memberRole: [["b1", "u2"]],
  insertMember: [[member, 9]],
  changeRole: [["b1", "u2", "editor"]],
  removeMember: [["b1", "u2"]],
  insertInvitation: [[invitation, now, 9]],
  findInvitation: [["i", now]],
  useInvitation: [["i", now]],
  liveInvitations: [["b1", now]],
  revokeInvitation: [["b1", "i1", now]],
  revokeInvitations: [
    ["b1", { madeBy: ["member:u2"] }, now],
    ["b1", { to: ["editor"] }, now],
  ],
  insertPerson: [[person], [person, session]],
  insertSession: [[session]],
  findSession: [["h", now]],
  sessionsOf: [["u1", now]],
  touchSession: [["s", now, now]],
  endSessions: [
    ["u1", { only: "s" }],
    ["u1", { allBut: "s" }],
    ["u1", {}],
  ],
  renamePerson: [["u1", "Robin"]],
  forgetAnonymous: [[{ prefix: "a", madeBefore: now, max: 9 }, now]],
  beginReply: [[{ hash: "r", requestHash: "q", expiresAt: now }, now]],
  endReply: [["r", { status: 201, location: null, expiresAt: now }]],
  removeReply: [["r"]],
  findSandbox: [["b1"]],
  findBelonging: [["b1", "u1"]],
  sandboxesOf: [
    ["u1", now, { limit: 9 }],
    ["u1", now, page],
  ],
  ownedIds: [["u1"]],
  removeSandbox: [["b1"]],
  updateSandbox: [["b1", { title: "x" }]],
  markDeleted: [["b1", now]],
  extend: [["b1", now, now]],
  moveBelongings: [["u1", "u2"]],
  forgetExpired: [[now, now]],
  expiredSandboxes: [[now, { limit: 9, skip: 0 }]],
  markAllDeleted: [[["b1"], now]],
  livingAmong: [[["b1"]]],
  insertScenario: [[scenario, version, most]],
  usedScenarioRoom: [["u1"]],
  findScenario: [["c1"]],
  scenariosOf: [["u1", page]],
  publicScenarios: [[page], [{ limit: 9 }]],
  updateScenario: [["c1", { title: "x" }]],
  hasSignedIn: [["u1"]],
  findVersion: [["c1", 1]],
  latestVersion: [
    ["c1", { published: true }],
    ["c1", { published: false }],
  ],
  versionsOf: [["c1"]],
  putDraft: [[version, "u1", 9]],
  publishVersion: [[version, now]],
  deleteScenario: [["c1", now]],
  forgetDeletedScenarios: [[]],
  insertLab: [
    [lab, 0, now],
    [lab, undefined, now],
  ],
  findLab: [[lab, 0, now]],
  labById: [["u1", "l1", now]],
  labsOf: [["u1", now, page]],
  insertSnapshot: [
    [snapshot, most],
    [{ ...snapshot, ownerId: null }, most],
  ],
  usedRoom: [[snapshot], [{ ...snapshot, ownerId: null }]],
  findSnapshot: [["x1"]],
  snapshotsOf: [["u1", page]],
  renameSnapshot: [["x1", "t"]],
  countFork: [["x1"]],
  withdrawSnapshot: [["x1", now]],
  withdrawSnapshotsOf: [["u1", now]],
  removeSnapshot: [["x1"]],
  namedArtefacts: [[["a"]]],
  insertSignIn: [[{ hash: "g", provider: "github", payload: "{}", expiresAt: now }]],
  takeSignIn: [["g", "github", now]],
};

/** What looks through a range of an index, all of which it is about: what runs out, a portion at a time or once in a while. */
const ranges = [
  "expiredSandboxes: SEARCH sandboxes USING INDEX sandboxes_expires_at (expires_at<?)",
  "forgetAnonymous: SEARCH users USING INDEX sqlite_autoindex_users_1 (id>? AND id<?)",
  "forgetDeletedScenarios: SEARCH scenarios USING INDEX scenarios_deleted_at (deleted_at>?)",
  "forgetExpired: SEARCH api_tokens USING INDEX api_tokens_expires_at (expires_at<?)",
  "forgetExpired: SEARCH audit USING INDEX audit_at (at<?)",
  "forgetExpired: SEARCH creations USING INDEX creations_window_ends_at (window_ends_at<?)",
  "forgetExpired: SEARCH replies USING INDEX replies_expires_at (expires_at<?)",
  "forgetExpired: SEARCH sandboxes USING INDEX sandboxes_deleted_at (deleted_at<?)",
  "forgetExpired: SEARCH sandboxes USING INDEX sandboxes_expires_at (expires_at<?)",
  "forgetExpired: SEARCH sessions USING INDEX sessions_expires_at (expires_at<?)",
  "forgetExpired: SEARCH sign_ins USING INDEX sign_ins_expires_at (expires_at<?)",
];

const modules = readdirSync(path.join(root, "worker/db")).filter(
  (file) => !["database.ts", "schema.ts"].includes(file),
);
/** Of queries, and none by themselves. */
const parts = new Set(["waysIn", "nameFirst"]);
type Query = (db: unknown, ...args: unknown[]) => Promise<unknown>;
const functions = new Map<string, Query>();

beforeAll(async () => {
  for (const file of modules) {
    const module = (await import(path.join(root, "worker/db", file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module))
      if (typeof value === "function" && !parts.has(name)) functions.set(name, value as Query);
  }
  for (const [name, query] of functions) {
    asking = name;
    for (const args of calls[name] ?? []) {
      sqlite.exec("BEGIN");
      await query(database, ...args);
      sqlite.exec("ROLLBACK");
    }
  }
});

test("each query of worker/db is looked at, and each that is looked at is there", () => {
  expect([...functions.keys()].sort()).toEqual(Object.keys(calls).sort());
  const silent = [...functions.keys()].filter((name) => ![...asked.values()].includes(name));
  expect(silent).toEqual([]);
});

test("each finds what it wants by an index, by equal values", () => {
  const seen = new Set<string>();
  for (const [text, name] of asked) {
    for (const row of sqlite.prepare(`EXPLAIN QUERY PLAN ${text}`).all()) {
      const detail = String(row["detail"]);
      const isTable = /^(SCAN|SEARCH) (?!CONSTANT|made\b|\(subquery)/.test(detail);
      if (!isTable || /^SEARCH .*\((\w+=\?)/.test(detail) || /\(rowid=\?\)/.test(detail)) continue;
      seen.add(`${name}: ${detail}`);
    }
  }
  expect([...seen].sort()).toEqual(ranges);
});

test("what the database itself looks for when a row goes has an index", () => {
  const without: string[] = [];
  const tables = sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of tables) {
    if (String(name).startsWith("sqlite_")) continue;
    const indices = sqlite
      .prepare(`PRAGMA index_list("${String(name)}")`)
      .all()
      .map((index) => sqlite.prepare(`PRAGMA index_info("${String(index["name"])}")`).all()[0]);
    for (const { from } of sqlite.prepare(`PRAGMA foreign_key_list("${String(name)}")`).all())
      if (!indices.some((first) => first?.["name"] === from)) without.push(`${name}.${from}`);
  }
  expect(without).toEqual([]);
});
