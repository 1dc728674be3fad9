/** What Node.js brings, in the language itself: classes, promises, events, and the modules that scripts ask for. */
export const library = String.raw`
const Object = $class('Object', function Object(v) { return v === null || v === undefined ? {} : v });
const Function = $class('Function', function Function() { throw new EvalError('Code generation from strings disallowed for this context') });
const Array = $class('Array', function Array(...a) { return a.length === 1 && typeof a[0] === 'number' ? $sized.call(this, a[0]) : $fill(this, a) });
const String = $class('String', function String(...a) { return a.length ? $text($plain(a[0])) : '' });
const Number = $class('Number', function Number(v) { return arguments.length ? $number($plain(v)) : 0 });
const Boolean = $class('Boolean', function Boolean(v) { return !!v });
function $plain(v) { return v && typeof v === 'object' && v.toString !== Object.prototype.toString && typeof v.toString === 'function' ? v.toString() : v }
function $fill(self, a) { const l = Array.isArray(self) ? self : []; l.push(...a); return l }
Object.prototype.toString = function toString() { return '[object Object]' };
Object.prototype.valueOf = function valueOf() { return this };
Function.prototype.call = $native('@call'); Function.prototype.apply = $native('@apply');
Function.prototype.bind = function bind(self, ...args) { return $bound(this, self, args) };
Function.prototype.toString = function toString() { return $text(this) };
$install();
Array.from = function from(v, f) { const l = $items(v); return f ? l.map(f) : l };
Object.defineProperty = function (o, k, d) { o[k] = d.value; return o };
Object.fromEntries = function (l) { const o = {}; for (const [k, v] of l) o[k] = v; return o };
Number.MAX_SAFE_INTEGER = 9007199254740991; Number.MIN_SAFE_INTEGER = -9007199254740991; Number.EPSILON = 2 ** -52;
const A = Array.prototype;
A.forEach = function (f, t) { for (let i = 0; i < this.length; i++) f.call(t, this[i], i, this) };
A.map = function (f, t) { const o = []; for (let i = 0; i < this.length; i++) o.push(f.call(t, this[i], i, this)); return o };
A.filter = function (f, t) { const o = []; for (let i = 0; i < this.length; i++) if (f.call(t, this[i], i, this)) o.push(this[i]); return o };
A.find = function (f) { for (let i = 0; i < this.length; i++) if (f(this[i], i, this)) return this[i] };
A.findIndex = function (f) { for (let i = 0; i < this.length; i++) if (f(this[i], i, this)) return i; return -1 };
A.findLast = function (f) { for (let i = this.length - 1; i >= 0; i--) if (f(this[i], i, this)) return this[i] };
A.some = function (f) { for (let i = 0; i < this.length; i++) if (f(this[i], i, this)) return true; return false };
A.every = function (f) { for (let i = 0; i < this.length; i++) if (!f(this[i], i, this)) return false; return true };
A.reduce = function (f, ...s) { let i = 0; if (!s.length && !this.length) throw new TypeError('Reduce of empty array with no initial value'); let v = s.length ? s[0] : this[i++]; for (; i < this.length; i++) v = f(v, this[i], i, this); return v };
A.reduceRight = function (f, v) { for (let i = this.length - 1; i >= 0; i--) v = f(v, this[i], i, this); return v };
A.flatMap = function (f) { return this.map(f).flat() };
A.sort = function (f) {
  const less = f || ((a, b) => { const x = String(a), y = String(b); return x < y ? -1 : x > y ? 1 : 0 });
  const sorted = l => { if (l.length < 2) return l; const m = l.length >> 1, a = sorted(l.slice(0, m)), b = sorted(l.slice(m)), o = []; let i = 0, j = 0;
    while (i < a.length && j < b.length) o.push(less(a[i], b[j]) <= 0 ? a[i++] : b[j++]); while (i < a.length) o.push(a[i++]); while (j < b.length) o.push(b[j++]); return o };
  const s = sorted(this.slice()); for (let i = 0; i < s.length; i++) this[i] = s[i]; return this };
A.toSorted = function (f) { return this.slice().sort(f) }; A.toReversed = function () { return this.slice().reverse() };
const replace = (text, by, to, all) => { let out = '', at = 0; for (const [i, groups] of $pieces.call(text, by, all)) { out += text.slice(at, i); at = i + groups[0].length;
  out += typeof to === 'function' ? String(to(...groups, i, text)) : String(to).replace_(groups) } return out + text.slice(at) };
String.prototype.replace_ = function (g) { if (!this.includes('$')) return this.toString(); let o = '', s = this.toString(); for (let i = 0; i < s.length; i++) { if (s[i] === '$' && s[i + 1] === '&') { o += g[0]; i++ } else if (s[i] === '$' && g[Number(s[i + 1])] !== undefined) o += g[Number(s[++i])]; else o += s[i] } return o };
String.prototype.replace = function replace_(by, to) { return replace(this.toString(), by, to, false) };
String.prototype.replaceAll = function replaceAll(by, to) { return replace(this.toString(), by, to, true) };
String.prototype.localeCompare = function (o) { return this < o ? -1 : this > o ? 1 : 0 };
Boolean.prototype.toString = function () { return this ? 'true' : 'false' };
class Error { constructor(message, o) { if (message !== undefined) $hide(this, 'message', String(message)); if (o && o.cause) $hide(this, 'cause', o.cause); $hide(this, 'stack', this.name + (message === undefined ? '' : ': ' + message) + '\n    at <anonymous>') } toString() { return this.message === '' ? this.name : this.name + ': ' + this.message } }
$hide(Error.prototype, 'name', 'Error'); $hide(Error.prototype, 'message', ''); $hide(Error, 'captureStackTrace', function () {});
const errors = name => { const E = $named(name, class extends Error {}); $hide(E.prototype, 'name', name); $global(name, E) };
$global('Error', Error); for (const n of ['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError']) errors(n);
class Map { constructor(l) { if (l) for (const [k, v] of l) this.set(k, v) } forEach(f) { for (const [k, v] of this) f(v, k, this) } }
class Set { constructor(l) { if (l) for (const v of l) this.add(v) } forEach(f) { for (const v of this) f(v, v, this) } }
class RegExp { constructor(p, f) { $regex.call(this, p, f) } toString() { return $text(this) } }
class Date { constructor(...a) { $date.call(this, ...a) } getTime() { return +this } valueOf() { return +this } toJSON() { return this.toISOString() } toLocaleString() { return this.toLocaleDateString() + ', ' + this.toLocaleTimeString() } toLocaleDateString() { return this.getMonth() + 1 + '/' + this.getDate() + '/' + this.getFullYear() }
  toLocaleTimeString() { const h = this.getHours(), p = n => String(n).padStart(2, '0'); return (h % 12 || 12) + ':' + p(this.getMinutes()) + ':' + p(this.getSeconds()) + (h < 12 ? ' AM' : ' PM') } toTimeString() { return this.toString().slice(16) } toDateString() { return this.toString().slice(0, 15) } getTimezoneOffset() { return 0 } toString() { return $text(this) } }
class Promise {
  constructor(run) { $hide(this, 'state', 0); $hide(this, 'value', undefined); $hide(this, 'waiting', []); if (run) try { run(v => resolve(this, v), e => reject(this, e)) } catch (e) { reject(this, e) } }
  then(good, bad) { const p = new Promise(); this.waiting.push([p, good, bad]); if (this.state) flush(this); return p }
  catch(bad) { return this.then(undefined, bad) }
  finally(f) { return this.then(v => Promise.resolve(f()).then(() => v), e => Promise.resolve(f()).then(() => { throw e })) }
  static resolve(v) { return v instanceof Promise ? v : new Promise(r => r(v)) }
  static reject(e) { return new Promise((_, r) => r(e)) }
  static all(l) { return new Promise((good, bad) => { const o = []; let left = l.length; if (!left) good(o); l.forEach((p, i) => Promise.resolve(p).then(v => { o[i] = v; if (--left === 0) good(o) }, bad)) }) }
  static allSettled(l) { return Promise.all(l.map(p => Promise.resolve(p).then(value => ({ status: 'fulfilled', value }), reason => ({ status: 'rejected', reason })))) }
  static race(l) { return new Promise((good, bad) => { for (const p of l) Promise.resolve(p).then(good, bad) }) }
}
function end(p, state, value) { if (p.state) return; $set(p, 'state', state); $set(p, 'value', value); if (state === 2) $job(() => { if (!p.waiting.length && !p.heard) $uncaught(p.value) }, true); flush(p) }
function resolve(p, v) { if (p.state) return; if (v && typeof v === 'object' && typeof v.then === 'function') { try { v.then(x => resolve(p, x), e => reject(p, e)) } catch (e) { reject(p, e) } } else end(p, 1, v) }
function reject(p, e) { end(p, 2, e) }
function flush(p) { const l = p.waiting; $set(p, 'waiting', []); if (l.length) $set(p, 'heard', true); for (const [q, good, bad] of l) $job(() => { const f = p.state === 1 ? good : bad; if (typeof f !== 'function') return p.state === 1 ? resolve(q, p.value) : reject(q, p.value); try { resolve(q, f(p.value)) } catch (e) { reject(q, e) } }) }
$global('$resolve', resolve); $global('$reject', reject); $global('$await', (v, good, bad) => Promise.resolve(v).then(good, bad));
class EventEmitter {
  on(n, f) { const l = this._events || ($hide(this, '_events', {}), this._events); (l[n] || (l[n] = [])).push(f); if (this._heard) this._heard(n); return this }
  addListener(n, f) { return this.on(n, f) } prependListener(n, f) { return this.on(n, f) }
  once(n, f) { const g = (...a) => { this.off(n, g); f.apply(this, a) }; g.listener = f; return this.on(n, g) }
  off(n, f) { const l = this._events; if (l && l[n]) l[n] = l[n].filter(g => g !== f && g.listener !== f); return this }
  removeListener(n, f) { return this.off(n, f) } removeAllListeners(n) { if (this._events) delete this._events[n]; return this }
  emit(n, ...a) { const l = this._events && this._events[n]; if (!l || !l.length) { if (n === 'error') throw a[0]; return false } for (const f of l.slice()) f.apply(this, a); return true }
  listenerCount(n) { const l = this._events && this._events[n]; return l ? l.length : 0 } setMaxListeners() { return this }
}
EventEmitter.EventEmitter = EventEmitter;
const code = (e, c) => { e.code = c; return e };
const inspect = (v, o) => $inspect(v, o && o.depth);
const format = (...a) => { if (typeof a[0] !== 'string') return a.map(v => typeof v === 'string' ? v : inspect(v)).join(' '); const [f, ...r] = a; let o = '', i = 0;
  for (let k = 0; k < f.length; k++) { const c = f[k + 1]; if (f[k] !== '%' || !'sdifjoOc%'.includes(c || '!')) { o += f[k]; continue } if (c === '%') { o += '%'; k++; continue } if (i >= r.length) { o += f[k]; continue } k++; const v = r[i++];
    o += c === 's' ? (typeof v === 'object' && v !== null ? inspect(v) : String(v)) : c === 'd' ? String(Number(v)) : c === 'i' ? String(parseInt(v)) : c === 'f' ? String(parseFloat(v)) : c === 'j' ? JSON.stringify(v) : c === 'c' ? '' : inspect(v) }
  for (; i < r.length; i++) o += ' ' + (typeof r[i] === 'string' ? r[i] : inspect(r[i])); return o };
let indent = ''; const print = fd => (...a) => { $write(fd, format(...a).split('\n').map(l => indent + l).join('\n') + '\n') };
const timers = {}, counts = {};
const console = { log: print(1), info: print(1), debug: print(1), error: print(2), warn: print(2), trace: print(2), dir: v => print(1)(inspect(v)), table: v => print(1)(v), group(...a) { if (a.length) print(1)(...a); indent += '  ' }, groupEnd() { indent = indent.slice(2) }, assert(c, ...a) { if (!c) print(2)('Assertion failed' + (a.length ? ':' : ''), ...a) },
  time(n = 'default') { timers[n] = $now() }, timeEnd(n = 'default') { print(1)(n + ': ' + ($now() - timers[n]) + 'ms') }, count(n = 'default') { counts[n] = (counts[n] || 0) + 1; print(1)(n + ': ' + counts[n]) } };
class Timeout { constructor(id) { this.id = id } ref() { return this } unref() { $unref(this.id); return this } hasRef() { return true } }
const setTimeout = (f, ms, ...a) => new Timeout($timer(f, ms, false, a)), setInterval = (f, ms, ...a) => new Timeout($timer(f, ms, true, a)), setImmediate = (f, ...a) => new Timeout($timer(f, 0, false, a));
const clear = t => { if (t) $clear(t.id) }; const queueMicrotask = f => $job(f);
const stdio = fd => { const s = new EventEmitter(); return Object.assign(s, { fd, isTTY: false, write(t, e, f) { $write(fd, String(t)); const g = typeof e === 'function' ? e : f; if (g) $job(g); return true }, end(t) { if (t !== undefined) $write(fd, String(t)) } }) };
const process = Object.assign(new EventEmitter(), { env: $env(), argv: $argv(), execArgv: [], pid: $pid(), ppid: 0, platform: 'linux', arch: 'x64', title: 'node', version: 'v' + $version(), versions: { node: $version(), v8: '13.6' }, release: { name: 'node' }, exitCode: undefined,
  stdout: stdio(1), stderr: stdio(2), stdin: Object.assign(new EventEmitter(), { fd: 0, setEncoding() {}, resume() {}, pause() {} }), cwd: () => $cwd(), exit(c) { const n = c === undefined ? process.exitCode || 0 : c; process.exitCode = n; if (!process.exiting) { $hide(process, 'exiting', true); process.emit('exit', n) } $exit(process.exitCode) }, nextTick: (f, ...a) => $job(() => f(...a)), uptime: () => $uptime(),
  hrtime: Object.assign(p => { const n = $now(); const t = [Math.floor(n / 1000), n % 1000 * 1000000]; return p ? [t[0] - p[0], t[1] - p[1]] : t }, {}), memoryUsage: () => ({ rss: 45000000, heapTotal: 6000000, heapUsed: 4500000, external: 1000000, arrayBuffers: 10000 }), cpuUsage: () => ({ user: 30000, system: 8000 }), kill: (p, s) => $kill(p, s), getuid: () => $uid(), getgid: () => $uid(), umask: () => 18, emitWarning(w) { console.error('(node:' + process.pid + ') ' + w) }, abort() { $exit(134) } });
$hide(process, '_heard', n => { if (/^SIG/.test(n)) $signal(n) });
class Buffer { constructor(t) { $hide(this, 'text', t); this.length = t.length } toString(e) { return e === 'base64' ? $base64(this.text) : e === 'hex' ? $hex(this.text) : this.text } static from(v, e) { return new Buffer(typeof v === 'string' ? (e === 'base64' ? $unbase64(v) : v) : v.text !== undefined ? v.text : String.fromCharCode(...v)) } static isBuffer(v) { return v instanceof Buffer } static byteLength(t) { return $bytes(String(t)) } static concat(l) { return new Buffer(l.map(b => b.toString()).join('')) } static alloc(n) { return new Buffer('\0'.repeat(n)) } }
class URLSearchParams { constructor(q) { $hide(this, 'list', []); if (q && typeof q === 'object') for (const k of Object.keys(q)) this.append(k, q[k]); else for (const p of String(q || '').replace(/^\?/, '').split('&')) if (p !== '') { const i = p.indexOf('='), d = t => decodeURIComponent(t.split('+').join(' ')); this.list.push(i < 0 ? [d(p), ''] : [d(p.slice(0, i)), d(p.slice(i + 1))]) } }
  get(k) { const f = this.list.find(([n]) => n === k); return f ? f[1] : null } getAll(k) { return this.list.filter(([n]) => n === k).map(([, v]) => v) } has(k) { return this.get(k) !== null } append(k, v) { this.list.push([k, String(v)]) } set(k, v) { this.delete(k); this.append(k, v) } delete(k) { $set(this, 'list', this.list.filter(([n]) => n !== k)) } entries() { return this.list } keys() { return this.list.map(([k]) => k) } forEach(f) { for (const [k, v] of this.list) f(v, k) } toString() { return this.list.map(([k, v]) => encodeURIComponent(k) + '=' + encodeURIComponent(v)).join('&') } }
class URL { constructor(t, base) { const whole = /^[a-z]+:/.test(t) ? t : new URL(base).origin + (t[0] === '/' ? t : '/' + t); const m = /^([a-z]+:)\/\/([^\/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/.exec(whole); if (!m) throw code(new TypeError('Invalid URL'), 'ERR_INVALID_URL');
  const [, protocol, host, path, search, hash] = m; const at = host.split('@').pop(); const [hostname, port] = at.split(':'); Object.assign(this, { href: whole, origin: protocol + '//' + at, protocol, host: at, hostname, port: port || '', pathname: path || '/', search: search || '', hash: hash || '', searchParams: new URLSearchParams(search) }); $hide(this, 'text', whole) } toString() { return this.href } }
const lower = h => { const o = {}; for (const k of Object.keys(h || {})) o[k.toLowerCase()] = h[k]; return o };
class ServerResponse extends EventEmitter {
  constructor(id) { super(); this.statusCode = 200; this.headersSent = false; this.finished = false; $hide(this, 'id', id); $hide(this, 'own', {}); $hide(this, 'body', '') }
  setHeader(k, v) { this.own[k.toLowerCase()] = v; return this } getHeader(k) { return this.own[k.toLowerCase()] } getHeaders() { return this.own } removeHeader(k) { delete this.own[k.toLowerCase()] } hasHeader(k) { return k.toLowerCase() in this.own } flushHeaders() {}
  writeHead(s, m, h) { this.statusCode = s; this.headersSent = true; Object.assign(this.own, lower(typeof m === 'object' ? m : h)); return this }
  write(t, e, f) { if (this.finished) throw code(new Error('write after end'), 'ERR_STREAM_WRITE_AFTER_END'); this.headersSent = true; $set(this, 'body', this.body + String(t)); if (typeof e === 'function') $job(e); return true }
  end(t, e, f) { if (this.finished) return this; if (t !== undefined && t !== null && typeof t !== 'function') { if (typeof t !== 'string' && !(t instanceof Buffer)) throw code(new TypeError('The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ' + (typeof t === 'object' ? 'an instance of ' + t.constructor.name : 'type ' + typeof t + ' (' + inspect(t) + ')')), 'ERR_INVALID_ARG_TYPE'); $set(this, 'body', this.body + String(t)) }
    this.finished = true; this.headersSent = true; $respond(this.id, this.statusCode, Object.entries(this.own).map(([k, v]) => [k, String(v)]), this.body); this.emit('finish'); this.emit('close'); const g = [t, e, f].find(x => typeof x === 'function'); if (g) $job(g); return this }
}
class Server extends EventEmitter {
  constructor(f) { super(); this.listening = false; if (f) this.on('request', f) }
  listen(...a) { const f = a.find(x => typeof x === 'function'), o = a[0] && typeof a[0] === 'object' ? a[0] : { port: a[0], host: typeof a[1] === 'string' ? a[1] : undefined }; const p = Number(o.port) || $freePort(); const w = $listen(p, o.host || '', (id, r) => this._request(id, r));
    if (w) { const x = Object.assign(new Error('listen ' + w + ': ' + (w === 'EACCES' ? 'permission denied' : 'address already in use') + ' ' + (o.host || '::') + ':' + p), { code: w, errno: w === 'EACCES' ? -13 : -98, syscall: 'listen', address: o.host || '::', port: p }); $job(() => this.emit('error', x)); return this }
    this.listening = true; $hide(this, 'at', p); if (f) this.once('listening', f); $job(() => this.emit('listening')); return this }
  address() { return { address: '::', family: 'IPv6', port: this.at } }
  _request(id, r) { const q = Object.assign(new EventEmitter(), { method: r.method, url: r.url, headers: r.headers, httpVersion: '1.1', socket: { remoteAddress: '::ffff:' + r.ip, remotePort: 40000, encrypted: false, destroy() {}, setTimeout() {} }, complete: true, setEncoding() { return q }, resume() { return q }, destroy() {} }); q.connection = q.socket; let sent = false; $hide(q, '_heard', n => { if ((n === 'end' || n === 'data') && !sent) { sent = true; $job(() => { if (r.body !== '') q.emit('data', Buffer.from(r.body)); q.emit('end') }) } });
    const s = new ServerResponse(id); s.req = q; if (!this.emit('request', q, s)) s.writeHead(200).end() }
  close(f) { if (this.listening) { $unlisten(this.at); this.listening = false } if (f) $job(f); $job(() => this.emit('close')); return this } closeAllConnections() {} closeIdleConnections() {} setTimeout() { return this } unref() { return this } ref() { return this }
}
class ClientRequest extends EventEmitter { constructor(o, f) { super(); $hide(this, 'o', o); $hide(this, 'body', ''); if (f) this.once('response', f) } setHeader(k, v) { this.o.headers[k.toLowerCase()] = v } setTimeout(ms, f) { if (f) this.once('timeout', f); return this } write(t) { $set(this, 'body', this.body + String(t)) } destroy() {} abort() {}
  end(t) { if (t !== undefined) this.write(t); const { host, port, path, method, headers } = this.o; $ask(host, port, path, method, Object.entries(headers).map(([k, v]) => [k, String(v)]), this.body, (e, status, hs, body) => { if (e) return this.emit('error', Object.assign(new Error(e.message), e)); const r = Object.assign(new EventEmitter(), { statusCode: status, headers: hs, setEncoding() {}, resume() {} }); this.emit('response', r); if (body !== '') r.emit('data', Buffer.from(body)); r.emit('end') }); return this } }
const request = https => (u, o, f) => { if (typeof o === 'function') { f = o; o = {} } if (typeof u === 'string' || u instanceof URL) { const l = new URL(String(u)); o = Object.assign({ hostname: l.hostname, port: l.port, path: l.pathname + l.search }, o) } else o = Object.assign({}, u, o); return new ClientRequest({ host: o.hostname || o.host || 'localhost', port: Number(o.port) || (https ? 443 : 80), path: o.path || '/', method: (o.method || 'GET').toUpperCase(), headers: lower(o.headers) }, f) };
const web = https => ({ createServer: (o, f) => new Server(typeof o === 'function' ? o : f), Server, ServerResponse, request: request(https), get: (...a) => { const r = request(https)(...a); r.end(); return r }, Agent: class {}, STATUS_CODES: { 200: 'OK', 404: 'Not Found', 500: 'Internal Server Error' }, METHODS: ['GET', 'POST', 'PUT', 'DELETE'] });
const http = web(false), https = web(true);
const fetch = (u, o = {}) => new Promise((good, bad) => { const q = (String(u).startsWith('https') ? https : http).request(String(u), { method: o.method, headers: o.headers }, r => { let t = ''; r.on('data', d => { t += d }); r.on('end', () => good({ ok: r.statusCode >= 200 && r.statusCode < 300, status: r.statusCode, headers: { get: k => r.headers[k.toLowerCase()] || null }, text: () => Promise.resolve(t), json: () => new Promise(g => g(JSON.parse(t))) })) }); q.on('error', e => bad(Object.assign(new TypeError('fetch failed'), { cause: e }))); q.end(o.body) });
const files = {};
const text = (d, o) => { const e = typeof o === 'string' ? o : o && o.encoding; return e ? d : Buffer.from(d) };
const stats = s => Object.assign({ size: s.size, mode: s.mode, uid: s.uid, gid: s.gid, mtimeMs: s.mtime, mtime: new Date(s.mtime) }, { isFile: () => s.type === 'f', isDirectory: () => s.type === 'd', isSymbolicLink: () => s.type === 'l' });
Object.assign(files, { readFileSync: (p, o) => text($file('open', String(p)), o), writeFileSync: (p, d) => $file('write', String(p), String(d)), appendFileSync: (p, d) => $file('append', String(p), String(d)), existsSync: p => $exists(String(p)), readdirSync: p => $file('scandir', String(p)), statSync: p => stats($file('stat', String(p))), lstatSync: p => stats($file('stat', String(p))), mkdirSync: (p, o) => $file(o && o.recursive ? 'mkdirp' : 'mkdir', String(p)), unlinkSync: p => $file('unlink', String(p)), rmSync: p => $file('unlink', String(p)), rmdirSync: p => $file('rmdir', String(p)), accessSync: p => { $file('stat', String(p)) }, renameSync: (a, b) => $file('rename', String(a), String(b)), copyFileSync: (a, b) => $file('write', String(b), $file('open', String(a))), chmodSync() {}, constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 } });
files.promises = {}; files.watch = () => new EventEmitter(); files.watchFile = () => {};
for (const k of Object.keys(files)) if (k.endsWith('Sync')) { const n = k.slice(0, -4), f = files[k]; files[n] = (...a) => { const g = a.pop(); $timer(() => { let r; try { r = f(...a) } catch (e) { return g(e) } n === 'exists' ? g(r) : g(null, r) }, 0, false, []) }; files.promises[n] = (...a) => new Promise((g, b) => $timer(() => { try { g(f(...a)) } catch (e) { b(e) } }, 0, false, [])) }
files.createWriteStream = (p, o) => { if (!o || o.flags !== 'a') files.writeFileSync(p, ''); return Object.assign(new EventEmitter(), { write(t) { files.appendFileSync(p, t); return true }, end(t) { if (t !== undefined) files.appendFileSync(p, t); this.emit('finish') } }) };
files.createReadStream = p => Object.assign(new EventEmitter(), { setEncoding() {}, pipe(to) { to.end(files.readFileSync(p)); return to } });
const clean = p => { const o = []; for (const s of p.split('/')) if (s === '..') { if (o.length && o[o.length - 1] !== '..') o.pop(); else if (p[0] !== '/') o.push(s) } else if (s && s !== '.') o.push(s); return (p[0] === '/' ? '/' : '') + o.join('/') || '.' };
const path = { sep: '/', delimiter: ':', join: (...a) => clean(a.filter(x => x !== '').join('/')), normalize: clean, resolve: (...a) => { let o = ''; for (const p of a) o = p[0] === '/' ? p : o === '' ? p : o + '/' + p; return clean(o[0] === '/' ? o : $cwd() + '/' + o) }, basename: (p, e) => { const b = p.replace(/\/+$/, '').split('/').pop(); return e && b.endsWith(e) ? b.slice(0, -e.length) : b }, dirname: p => { const l = p.split('/'); l.pop(); return l.join('/') || (p[0] === '/' ? '/' : '.') }, extname: p => { const b = p.split('/').pop(), i = b.lastIndexOf('.'); return i > 0 ? b.slice(i) : '' }, isAbsolute: p => p[0] === '/', relative: (a, b) => b };
const os = { EOL: '\n', hostname: () => $hostname(), platform: () => 'linux', type: () => 'Linux', arch: () => 'x64', release: () => $release(), uptime: () => $uptime() + 86400, totalmem: () => 8589934592, freemem: () => 4294967296, loadavg: () => [0.08, 0.03, 0.01], tmpdir: () => '/tmp', homedir: () => process.env.HOME || '/root', cpus: () => Array.from({ length: 4 }, () => ({ model: 'Virtual CPU', speed: 2000, times: {} })), userInfo: () => ({ uid: $uid(), gid: $uid(), username: 'root', homedir: '/root', shell: '/bin/sh' }), networkInterfaces: () => ({ lo: [{ address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', internal: true }], eth0: [{ address: $address(), netmask: '255.255.255.0', family: 'IPv4', internal: false }] }) };
const util = { inspect, format, promisify: f => (...a) => new Promise((g, b) => f(...a, (e, v) => e ? b(e) : g(v))), inherits(c, p) { Object.setPrototypeOf(c.prototype, p.prototype) }, isDeep: () => false, types: {} };
const assert = Object.assign((v, m) => { if (!v) throw code(new Error(m || 'The expression evaluated to a falsy value'), 'ERR_ASSERTION') }, {}); Object.assign(assert, { ok: assert, equal: (a, b, m) => assert(a == b, m), strictEqual: (a, b, m) => assert(a === b, m || inspect(a) + ' !== ' + inspect(b)), deepStrictEqual: (a, b, m) => assert(JSON.stringify(a) === JSON.stringify(b), m) });
const digest = () => { let t = ''; const h = { update(d) { t += String(d); return h }, digest(e) { return $sha256(t, e) } }; return h };
const crypto = { createHash: () => digest(), randomBytes: n => Buffer.from($randomHex(n), 'hex'), randomUUID: () => { const h = $randomHex(16); return h.slice(0, 8) + '-' + h.slice(8, 12) + '-4' + h.slice(13, 16) + '-a' + h.slice(17, 20) + '-' + h.slice(20, 32) }, randomInt: (a, b) => b === undefined ? Math.floor(Math.random() * a) : a + Math.floor(Math.random() * (b - a)) };
const dns = { lookup: (n, o, f) => { const g = f || o; $lookup(n, (e, a) => e ? g(Object.assign(new Error('getaddrinfo ' + e + ' ' + n), { code: e, errno: -3008, syscall: 'getaddrinfo', hostname: n })) : o && o.all ? g(null, a.map(address => ({ address, family: 4 }))) : g(null, a[0], 4)) } }; dns.resolve4 = (n, f) => dns.lookup(n, { all: true }, (e, l) => e ? f(e) : f(null, l.map(x => x.address))); dns.resolve = dns.resolve4; dns.promises = { lookup: n => new Promise((g, b) => dns.lookup(n, (e, address) => e ? b(e) : g({ address, family: 4 }))) };
const url = { URL, URLSearchParams, parse: (u, q) => { const i = u.indexOf('?'), p = i < 0 ? u : u.slice(0, i), s = i < 0 ? '' : u.slice(i), o = {}; for (const [k, v] of new URLSearchParams(s).list) o[k] = v; return { href: u, path: u, pathname: p, search: s || null, query: q ? o : s.slice(1) || null } } };
const later = { setTimeout: (ms, v) => new Promise(g => setTimeout(() => g(v), ms)) };
const modules = { http, https, fs: files, 'fs/promises': files.promises, path, os, util, events: EventEmitter, assert, url, crypto, dns, 'dns/promises': dns.promises, process, console, buffer: { Buffer }, querystring: { parse: t => url.parse('?' + t, true).query, stringify: o => new URLSearchParams(o).toString() }, timers: { setTimeout, setInterval, setImmediate, clearTimeout: clear, clearInterval: clear }, 'timers/promises': later, perf_hooks: { performance: { now: () => $uptime() * 1000 } } };
for (const k of Object.keys(modules)) modules[k].default = modules[k];
const loaded = {};
const require = from => Object.assign(name => { const n = name.replace(/^node:/, ''); if (modules[n]) return modules[n]; if (!/^[.\/]/.test(n)) throw code(new Error("Cannot find module '" + name + "'\nRequire stack:\n- " + from), 'MODULE_NOT_FOUND');
  const p = path.resolve(path.dirname(from), n), f = [p, p + '.js', p + '.json', p + '/index.js'].find(x => $isFile(x)); if (!f) throw code(new Error("Cannot find module '" + name + "'\nRequire stack:\n- " + from), 'MODULE_NOT_FOUND'); if (loaded[f]) return loaded[f].exports; if (f.endsWith('.json')) return JSON.parse(files.readFileSync(f, 'utf8'));
  const m = loaded[f] = { exports: {}, filename: f }; $unit(f, files.readFileSync(f, 'utf8')).call(m.exports, m.exports, require(f), m, f, path.dirname(f)); return m.exports }, { main: undefined, resolve: n => n, cache: loaded });
$global('$main', (f, run) => { const m = { exports: {}, filename: f }, r = require(f); r.main = m; return run.call(m.exports, m.exports, r, m, f, path.dirname(f)) });
$global('$took', n => process.emit(n, n));
const globals = { Object, Function, Array, String, Number, Boolean, Map, Set, WeakMap: Map, WeakSet: Set, RegExp, Date, Promise, console, process, Buffer, URL, URLSearchParams, setTimeout, setInterval, setImmediate, queueMicrotask, clearTimeout: clear, clearInterval: clear, clearImmediate: clear, fetch, parseInt: $parseInt, parseFloat: $parseFloat, isNaN: v => Number.isNaN(Number(v)), isFinite: v => Number.isFinite(Number(v)), encodeURIComponent: $encode, decodeURIComponent: $decode, encodeURI: t => $encode(t).replace(/%2F/g, '/').replace(/%3A/g, ':').replace(/%3F/g, '?').replace(/%3D/g, '=').replace(/%26/g, '&'), decodeURI: $decode, NaN: 0 / 0, Infinity: 1 / 0, Symbol: Object.assign(n => 'Symbol(' + n + ')', { iterator: '@@iterator' }), structuredClone: v => JSON.parse(JSON.stringify(v)), performance: modules.perf_hooks.performance };
for (const k of Object.keys(globals)) $global(k, globals[k]);
const Math = {}, JSON = {}; Math.PI = 3.141592653589793; Math.E = 2.718281828459045; $global('Math', Math); $global('JSON', JSON); Number.parseInt = $parseInt; Number.parseFloat = $parseFloat; Date.now = $now;
$global('globalThis', globals); $global('global', globals);
$install();
`;
