/** MongoDB's shell, and the tools beside it, in the language itself. What it asks of the process: shell.ts. */
export const shellLibrary = String.raw`
const S = { db: 'test', source: 'admin', host: '127.0.0.1', port: 27017 };
const words = $argv().slice(1), tool = words.shift().split('/').pop(), old = tool === 'mongo';
const out = t => $write(1, t + '\n'), log = t => $write(2, t + '\n');
const fault = (name, text, more) => { const e = Object.assign(new Error(text), more); $hide(e, 'name', name); return e };
const send = (db, doc) => {
  const one = { ...doc, $db: db }, { failed, reply } = $mongo(S.host, S.port, text(S.user ? [{ authenticate: 1, user: S.user, pwd: S.pwd, $db: S.source }, one] : [one]));
  if (failed) throw fault('MongoNetworkError', failed.message);
  const r = revived(JSON.parse($reply(reply)));
  if (!r.ok) throw fault('MongoServerError' + (r.code !== 18 ? '[' + r.codeName + ']' : ''), r.errmsg, { code: r.code, codeName: r.codeName });
  if (r.writeErrors) throw fault('MongoServerError', r.writeErrors[0].errmsg, { code: 11000 });
  return r };
function ObjectId(h) { const o = Object.create(ObjectId.prototype), t = h === undefined ? $oid() : String(h); if (!/^[\da-f]{24}$/i.test(t)) throw fault('BSONError', 'input must be a 24 character hex string, 12 byte Uint8Array, or an integer'); $hide(o, '$oid', t); return o }
ObjectId.prototype.toString = function () { return this.$oid }; ObjectId.prototype.toJSON = function () { return { $oid: this.$oid } };
// Values as extended JSON, and back.
const pattern = v => { const [, pattern, options] = /^\/(.*)\/(\w*)$/.exec(String(v)); return { $regularExpression: { pattern, options } } };
const plain = v => !v || typeof v !== 'object' ? v : v instanceof Date ? { $date: +v } : v instanceof RegExp ? pattern(v) : v instanceof ObjectId ? v.toJSON() : each(v, plain);
const each = (v, f) => { if (Array.isArray(v)) return v.map(f); const o = {}; for (const k of Object.keys(v)) o[k] = f(v[k]); return o };
const text = v => JSON.stringify(plain(v));
const revived = v => !v || typeof v !== 'object' ? v : v.$oid ? ObjectId(v.$oid) : v.$date !== undefined ? new Date(v.$date) : each(v, revived);
class Cursor {
  constructor(c, filter = {}, projection = {}) { $hide(this, 'c', c); $hide(this, 'o', { filter, projection }) }
  _set(k, v) { this.o[k] = v; return this }
  sort(v) { return this._set('sort', v) } limit(v) { return this._set('limit', v) } skip(v) { return this._set('skip', v) } projection(v) { return this._set('projection', v) } pretty() { return this }
  toArray() { if (!this.docs) $hide(this, 'docs', send(this.c.d, { find: this.c.n, ...this.o }).cursor.firstBatch); return this.docs }
  forEach(f) { this.toArray().forEach(d => f(d)) } map(f) { return this.toArray().map(d => f(d)) } hasNext() { return this.toArray().length > 0 } next() { return this.toArray().shift() || null } count() { return this.toArray().length }
}
const change = (c, q, u, o, multi) => { const { n, nModified, upserted: [up] = [] } = send(c.d, { update: c.n, updates: [{ q, u, multi, upsert: !!(o && o.upsert) }] });
  return { acknowledged: true, insertedId: up ? up._id : null, matchedCount: up ? 0 : n, modifiedCount: nModified, upsertedCount: up ? 1 : 0 } };
const only = u => { if ((Object.keys(u)[0] || '')[0] !== '$') throw fault('MongoInvalidArgumentError', 'Update document requires atomic operators'); return u };
const erase = (c, q, limit) => { if (!q) throw fault('MongoshInvalidInputError', '[COMMON-10001] Missing required argument at position 0'); return { acknowledged: true, deletedCount: send(c.d, { delete: c.n, deletes: [{ q, limit }] }).n } };
class Collection {
  getName() { return this.n } toString() { return this.d + '.' + this.n }
  insertMany(l, o) { const documents = l.map(d => ({ _id: d._id === undefined ? ObjectId() : d._id, ...d })); send(this.d, { insert: this.n, documents, ordered: !(o && o.ordered === false) }); return { acknowledged: true, insertedIds: { ...documents.map(d => d._id) } } }
  insertOne(d) { return { acknowledged: true, insertedId: this.insertMany([d]).insertedIds[0] } } insert(d) { return this.insertMany(Array.isArray(d) ? d : [d]) }
  find(q, p) { return new Cursor(this, q, p) } findOne(q, p) { return this.find(q, p).limit(1).next() }
  updateOne(q, u, o) { return change(this, q, only(u), o, false) } updateMany(q, u, o) { return change(this, q, only(u), o, true) } replaceOne(q, u, o) { return change(this, q, u, o, false) }
  deleteOne(q) { return erase(this, q, 1) } deleteMany(q) { return erase(this, q, 0) }
  countDocuments(query = {}) { return send(this.d, { count: this.n, query }).n } count(q) { return this.countDocuments(q) } estimatedDocumentCount() { return this.countDocuments() }
  drop() { send(this.d, { drop: this.n }); return true }
}
const command = c => typeof c === 'string' ? { [c]: 1 } : c;
class DB {
  getName() { return this.d } toString() { return this.d } getCollection(n) { return $any.call(this, n) } getSiblingDB(n) { return $use(n) }
  runCommand(c) { return send(this.d, command(c)) } adminCommand(c) { return send('admin', command(c)) }
  getCollectionNames() { return this.runCommand('listCollections').cursor.firstBatch.map(c => c.name) } createCollection(create) { return send(this.d, { create }) } dropDatabase() { const { ok, dropped } = this.runCommand('dropDatabase'); return { ok, dropped } }
  version() { return this.runCommand('buildInfo').version } hello() { return this.runCommand('hello') } isMaster() { return this.hello() }
  createUser({ user, ...rest }) { return send(this.d, { createUser: user, ...rest }) } auth(user, pwd) { send(this.d, { authenticate: 1, user, pwd }); Object.assign(S, { user, pwd, source: this.d }); return { ok: 1 } }
}
const admin = c => send('admin', c);
const rs = { initiate: (c = {}) => admin({ replSetInitiate: c }), status: () => admin({ replSetGetStatus: 1 }), conf: () => admin({ replSetGetConfig: 1 }).config, reconfig: c => admin({ replSetReconfig: { ...c, version: c.version + 1 } }),
  add(h) { const c = rs.conf(); c.members.push({ _id: c.members.length, ...(h.host ? h : { host: h }) }); return rs.reconfig(c) } };
let more = [];
const page = () => { out($inspect(more.splice(0, 20), 6)); if (more.length) out('Type "it" for more') };
const printed = v => v instanceof Cursor ? printed(v.toArray()) : typeof v === 'string' ? v : v instanceof Collection || v instanceof DB ? String(v) : $inspect(v, 6);
const show = v => { if (v instanceof Cursor) { more = v.toArray().slice(); if (more.length) page() } else if (v !== undefined) out(printed(v)) };
const shows = { dbs() { const l = admin({ listDatabases: 1 }).databases, w = Math.max(...l.map(d => d.name.length)); l.forEach(d => out(d.name.padEnd(w) + (d.sizeOnDisk / 1024).toFixed(2).padStart(7) + ' KiB')) }, collections() { $use(S.db).getCollectionNames().forEach(out) } };
shows.databases = shows.dbs; shows.tables = shows.collections;
const compiled = t => { const run = $typed(t); if (typeof run === 'string') throw fault('SyntaxError', run, { open: /^(Unexpected end|Unterminated t)/.test(run) }); return run };
const perform = line => { const [, a, b] = /^\s*(\w+)(?:\s+(\w[\w-]*))?\s*(?:\(\))?;?\s*$/.exec(line) || []; if (a === 'use' && b) { S.db = b; $let('db', $use(b)); return out('switched to db ' + b) } if (a === 'show' && shows[b]) return shows[b]();
  if (a === 'it') return page(); if (a === 'exit' || a === 'quit') return $exit(0); const v = compiled(line)(); return v instanceof Promise ? v.then(show) : show(v) };
const told = e => e instanceof Error ? e.name + ': ' + e.message : String(e);
const prompt = () => { if (old) return ''; let set = ''; try { const h = $use('admin').hello(); if (h.setName) set = h.setName + ' [direct: ' + (h.ismaster ? 'primary' : 'secondary') + '] ' } catch (e) {} return set + S.db + '> ' };
const loop = () => { let text = ''; for (;;) { $write(1, text ? '... ' : prompt()); const line = $line().reply; if (line === null) break; text += $utf8(line) + '\n'; if (!text.trim()) { text = ''; continue }
  try { const p = perform(text); if (p) return p.then(loop, e => { out(told(e)); loop() }) } catch (e) { if (e.open) continue; out((e.name === 'SyntaxError' ? 'Uncaught:\n' : '') + told(e)) } text = '' } };
const option = (...names) => { for (let i = 0; i < words.length; i++) { const [k, ...v] = words[i].split('='); if (names.includes(k)) { const [w] = words.splice(i, v.length ? 1 : 2).slice(-1); return v.length ? v.join('=') : w } } };
const flag = name => { const i = words.indexOf(name); if (i >= 0) words.splice(i, 1); return i >= 0 };
const address = a => { if (!/[\/:.]/.test(a)) { S.db = a; return } const [, user, pwd, host, port, db, , source] = /^(?:mongodb:\/\/)?(?:([^:@\/]*):([^@\/]*)@)?([^\/:,]*)(?::(\d+))?(?:,[^\/]*)?(?:\/([^?]*))?(.*authSource=(\w+))?/.exec(a);
  S.host = host || S.host; S.port = +(port || S.port); S.db = db || S.db; if (user) { S.user = decodeURIComponent(user); S.pwd = decodeURIComponent(pwd) } S.source = source || (user && db) || S.source };
const connect = () => { const a = option('--uri') || option('--host', '-h'); if (a) address(a.includes('/') ? a : a + ':27017'); S.port = +(option('--port') || S.port); S.user = option('-u', '--username') || S.user; S.pwd = option('-p', '--password') || S.pwd; S.source = option('--authenticationDatabase') || S.source };
const shell = () => { connect(); const quiet = flag('--quiet'), scripts = []; for (let e = option('--eval'); e !== undefined; e = option('--eval')) scripts.push(e); const f = option('-f', '--file'); if (f) words.push(f);
  words.forEach((w, i) => { if (w.endsWith('.js')) scripts.push({ file: w }); else if (w[0] !== '-' && i === 0) address(w) });
  const db = $use(S.db); if (S.user) $use(S.source).auth(S.user, S.pwd); else db.hello(); $let('db', db); let p; for (const s of scripts) p = s.file ? compiled($file('open', s.file))() : perform(s); if (scripts.length) return p;
  const v = db.version(); if (!quiet) out(old ? 'MongoDB shell version v' + v + '\nconnecting to: mongodb://' + S.host + ':' + S.port + '/' + S.db + '?compressors=disabled&gssapiServiceName=mongodb\nMongoDB server version: ' + v : 'Current Mongosh Log ID:\t' + ObjectId().$oid + '\nConnecting to:\t\tmongodb://' + S.host + ':' + S.port + '/?directConnection=true&serverSelectionTimeoutMS=2000&appName=mongosh+2.5.9\nUsing MongoDB:\t\t' + v + '\nUsing Mongosh:\t\t2.5.9\n\nFor mongosh info see: https://www.mongodb.com/docs/mongodb-shell/\n'); return loop() };
const said = t => log(new Date().toISOString().replace('Z', '+0000') + '\t' + t);
const input = f => { if (f) return $file('open', f); let t = ''; for (;;) { const l = $line().reply; if (l === null) return t; t += $utf8(l) + '\n' } };
const docs = n => n + ' document' + (n === 1 ? '' : 's');
const tools = {
  mongoimport() { const n = option('--collection', '-c'), list = flag('--jsonArray'), drop = flag('--drop'), text = input(option('--file') || words[0]), c = $use(S.db).getCollection(n); said('connected to: mongodb://' + S.host.replace('127.0.0.1', 'localhost') + '/'); if (option('--type') === 'csv') throw fault('', 'this sandbox imports JSON only');
    if (drop) c.drop(); const l = (list ? JSON.parse(text) : text.trim().split('\n').map(l => JSON.parse(l))).map(revived); c.insertMany(l); said(l.length + ' document(s) imported successfully. 0 document(s) failed to import.') },
  mongodump() { const to = option('--out', '-o') || 'dump'; for (const name of S.only ? [S.db] : admin({ listDatabases: 1 }).databases.map(d => d.name)) if (S.only || !/^(local|config)$/.test(name)) for (const n of $use(name).getCollectionNames()) {
    const at = to + '/' + name, file = at + '/' + n + '.bson', l = $use(name).getCollection(n).find().toArray(); $file('mkdirp', at[0] === '/' ? at : $cwd() + '/' + at); said('writing ' + name + '.' + n + ' to ' + file); $raw(file, $bson(text(l))); said('done dumping ' + name + '.' + n + ' (' + docs(l.length) + ')') } },
  mongorestore() { const drop = flag('--drop'), from = words[0] || 'dump'; let n = 0; for (const d of $file('scandir', from)) if (!S.only || d === S.db) for (const f of $file('scandir', from + '/' + d)) if (f.endsWith('.bson')) { const c = $use(d).getCollection(f.slice(0, -5)), at = from + '/' + d + '/' + f, l = revived(JSON.parse($unbson($raw(at)))); said('restoring ' + c + ' from ' + at);
    if (drop) c.drop(); if (l.length) c.insertMany(l); n += l.length; said('finished restoring ' + c + ' (' + docs(l.length) + ', 0 failures)') } said(n + ' document(s) restored successfully. 0 document(s) failed to restore.') } };
const failed = e => { if (tools[tool]) said('Failed: ' + e.message); else log(told(e)); $exit(1) };
const begin = () => { if (flag('--version')) return out(tools[tool] ? tool + ' version: 100.13.0' : '2.5.9'); if (!tools[tool]) return shell(); connect(); const db = option('--db', '-d'); S.only = db || S.db !== 'test'; S.db = db || S.db; return tools[tool]() };
const globals = { $shell() { let p; try { p = begin() } catch (e) { return failed(e) } if (p) p.then(undefined, failed) }, $Collection: Collection, $DB: DB, ObjectId, ISODate: v => v === undefined ? new Date() : new Date(v), NumberInt: Number, NumberLong: Number, rs, quit: c => $exit(c || 0),
  print: (...a) => out(a.map(printed).join(' ')), printjson: v => out(printed(v)), tojson: v => $inspect(v, 6) };
for (const k of Object.keys(globals)) $global(k, globals[k]); $hide(Date.prototype, '$iso', true);
`;
