/** Commands of MongoDB's server, over its files. mongo: docs, database commands */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { lookup } from "../../../core/lookup.ts";
import { bytesOf, encodeUtf8 } from "../../../runtime/bytes.ts";
import { Errno } from "../../../runtime/errno.ts";
import type { Sys } from "../../../runtime/kernel/types.ts";
import { isDoc, type Doc, type Json } from "./bson.ts";
import type { Asked, Command, Files } from "./files.ts";
import { Fault, matches, projected, seedOf, sorted, updated } from "./query.ts";
import { betweenMembers, hello, mayWrite, replicaCommands, toMembers } from "./replica-set.ts";

const users = "admin.system.users";
const digest = (user: string, password: string): string =>
  bytesToHex(sha256(bytesOf(encodeUtf8(`${user}:mongo:${password}`))));

export function addUser(files: Files, db: string, user: string, pwd: string, roles: Json): void {
  files.add(users, [{ _id: `${db}.${user}`, user, db, roles, credentials: digest(user, pwd) }]);
}

export const newId = (sys: Sys): string =>
  Math.floor(sys.now / 1000).toString(16) + Array.from({ length: 16 }, () => Math.floor(sys.random() * 16).toString(16)).join(""); // prettier-ignore

const cursor = (name: string, list: Doc[]): Doc => ({
  cursor: { firstBatch: list, id: { $numberLong: 0 }, ns: name },
});
const docOf = (value: Json | undefined): Doc => (isDoc(value) ? value : {});
const docsOf = (value: Json | undefined): Doc[] => (Array.isArray(value) ? (value as Doc[]) : []);
const found = ({ sys, files, name }: Asked, filter: Json | undefined): Doc[] =>
  files.read(name).filter((one) => matches(one, docOf(filter), sys.matching));

function insert({ sys, files, doc, name }: Asked): Doc {
  const known = new Set(files.read(name).map((one) => JSON.stringify(one._id)));
  const made: Doc[] = [];
  const writeErrors: Json[] = [];
  for (const [index, one] of docsOf(doc.documents).entries()) {
    const { _id = { $oid: newId(sys) }, ...rest } = one;
    const key = JSON.stringify(_id);
    if (known.has(key)) {
      const shown = key.replace(/^\{"\$oid":"(.*)"\}$/, "ObjectId('$1')");
      writeErrors.push({ index, code: 11_000, errmsg: `E11000 duplicate key error collection: ${name} index: _id_ dup key: { _id: ${shown} }` }); // prettier-ignore
      if (doc.ordered !== false) break;
    } else made.push({ _id, ...rest });
    known.add(key);
  }
  if (made.length) files.add(name, made);
  return { n: made.length, ...(writeErrors.length && { writeErrors }) };
}

function find(asked: Asked): Doc {
  const { doc, name } = asked;
  const from = Number(doc.skip ?? 0);
  const list = sorted(found(asked, doc.filter), docOf(doc.sort)).slice(from, from + (Math.abs(Number(doc.limit)) || Infinity)); // prettier-ignore
  return cursor(name, list.map((one) => projected(one, docOf(doc.projection)))); // prettier-ignore
}

function update({ sys, files, doc, name }: Asked): Doc {
  const docs = files.read(name);
  const upserted: Json[] = [];
  let [n, nModified] = [0, 0];
  for (const [index, { q, u, multi, upsert }] of docsOf(doc.updates).entries()) {
    let hit = 0;
    for (const [i, one] of docs.entries()) {
      if ((hit && !multi) || !matches(one, docOf(q), sys.matching)) continue;
      hit++;
      const made = updated(one, docOf(u));
      if (JSON.stringify(made) !== JSON.stringify(one)) nModified++;
      docs[i] = made;
    }
    if (!hit && upsert) {
      const { _id = { $oid: newId(sys) }, ...rest } = updated(seedOf(docOf(q)), docOf(u)); // prettier-ignore
      docs.push({ _id, ...rest });
      upserted.push({ index, _id });
      hit = 1;
    }
    n += hit;
  }
  if (nModified || upserted.length) files.write(name, docs);
  return { n, nModified, ...(upserted.length && { upserted }) };
}

function remove({ sys, files, doc, name }: Asked): Doc {
  let docs = files.read(name);
  const before = docs.length;
  for (const { q, limit } of docsOf(doc.deletes)) {
    let left = Number(limit) || Infinity;
    docs = docs.filter((one) => !left || !matches(one, docOf(q), sys.matching) || !left--);
  }
  if (docs.length !== before) files.write(name, docs);
  return { n: before - docs.length };
}

function listDatabases({ files }: Asked): Doc {
  // As a fresh server has them.
  const sizes: Record<string, number> = { admin: 40_960, config: 12_288, local: 40_960 };
  const own = new Set(Object.keys(sizes));
  for (const name of files.names()) {
    const db = name.split(".")[0]!;
    if (!own.has(db)) sizes[db] = (sizes[db] ?? 0) + 8192 + ((files.size(name) >> 12) << 12);
  }
  return { databases: Object.keys(sizes).sort().map((name) => ({ name, sizeOnDisk: sizes[name]!, empty: false })) }; // prettier-ignore
}

const collectionsOf = ({ files, db }: Asked): string[] =>
  files.names().filter((one) => one.startsWith(`${db}.`));

function authenticate({ files, talk, doc, db }: Asked): Doc {
  const [user, pwd] = [String(doc.user), String(doc.pwd)];
  const known = files.read(users).find((one) => one._id === `${db}.${user}`);
  if (known?.credentials !== digest(user, pwd)) throw new Fault(18, "AuthenticationFailed", "Authentication failed."); // prettier-ignore
  talk.user = user;
  return {};
}

/** What is answered to anybody. */
const free = lookup<Command>({
  hello,
  ismaster: hello,
  ping: () => ({}),
  buildinfo: ({ sys }) => ({ version: sys.container.image.version, versionArray: [...sys.container.image.version.split(".").map(Number), 0] }), // prettier-ignore
  authenticate,
  endsessions: () => ({}),
  ...betweenMembers,
});

const writes = lookup<Command>({
  insert,
  update,
  delete: remove,
  create({ files, name }) {
    if (files.has(name)) throw new Fault(48, "NamespaceExists", `Collection ${name} already exists.`); // prettier-ignore
    files.add(name, []);
    return {};
  },
  drop({ files, name }) {
    if (files.has(name)) files.drop(name);
    return {};
  },
  dropdatabase(asked) {
    for (const one of collectionsOf(asked)) asked.files.drop(one);
    return { dropped: asked.db };
  },
  createuser({ files, doc, db }, user) {
    if (files.read(users).some((one) => one._id === `${db}.${String(user)}`)) throw new Fault(51_003, "Location51003", `User "${String(user)}@${db}" already exists`); // prettier-ignore
    addUser(files, db, String(user), String(doc.pwd), doc.roles ?? []);
    return {};
  },
});

const others = lookup<Command>({
  find,
  count: (asked) => ({ n: found(asked, asked.doc.query).length }),
  listdatabases: listDatabases,
  listcollections: (asked) => cursor(`${asked.db}.$cmd.listCollections`, collectionsOf(asked).map((one) => ({ name: one.slice(asked.db.length + 1), type: "collection" }))), // prettier-ignore
  ...replicaCommands,
});

/** `locked`: who asks has to have said who he is. */
export function answer(given: Omit<Asked, "db" | "name">, locked: boolean): Doc {
  const { doc } = given;
  const [[word, value] = ["", null]] = Object.entries(doc);
  const db = String(doc.$db);
  const asked: Asked = { ...given, db, name: `${db}.${String(value)}` };
  const name = word.toLowerCase();
  try {
    const open = free[name];
    const write = writes[name];
    const run = open ?? write ?? others[name];
    if (!run) throw new Fault(59, "CommandNotFound", `no such command: '${word}'`);
    if (!open && locked && !asked.talk.user) throw new Fault(13, "Unauthorized", `Command ${word} requires authentication`); // prettier-ignore
    if (write) mayWrite(asked);
    const changed = [...collectionsOf(asked), asked.name, users];
    const made = run(asked, value);
    if (write) toMembers(asked, name === "dropdatabase" ? changed : changed.slice(-2));
    return { ...made, ok: 1 };
  } catch (error) {
    if (error instanceof Fault)
      return { ok: 0, errmsg: error.message, code: error.code, codeName: error.codeName };
    if (!(error instanceof Errno)) throw error;
    return { ok: 0, errmsg: error.message, code: 1, codeName: "InternalError" };
  }
}
