/** Programs of Node.js as courses have them: servers, timers, callbacks, files, signals. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf } from "../network/network-world.ts";

let world: NetworkWorld;
const once = { restartPolicy: "Never" };
const log = (name: string): string =>
  world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;
const stateOf = (name: string) => world.pod(name).status.containerStatuses[0];
const run = (script: string) => world.exec("box", `cat > /tmp/a.js <<'END'\n${script}\nEND\nnode /tmp/a.js`); // prettier-ignore

const server = `
const http = require('http'), os = require('os');
let served = 0;
const handler = (req, res) => {
  served++;
  console.log('Received request from ' + req.socket.remoteAddress.replace('::ffff:', ''));
  if (req.url === '/fail') { res.writeHead(500); res.end("broken"); return; }
  if (req.url === '/slow') return setTimeout(() => res.end('late\\n'), 2000);
  if (req.method === 'POST') {
    let body = '';
    req.on('data', chunk => { body += chunk; });
    req.on('end', () => { res.setHeader('Content-Type', 'application/json'); res.end(JSON.stringify({ got: JSON.parse(body).a, served })); });
    return;
  }
  res.writeHead(200, { 'x-served': served });
  res.end(\`You've hit \${os.hostname()} \${process.env.COLOR} \${served}\\n\`);
};
const www = http.createServer(handler);
www.listen(8080, () => console.log('Server running on', www.address().port));
process.on('SIGTERM', () => { console.log('SIGTERM'); www.close(() => process.exit(0)); });
`;

beforeAll(() => {
  world = new NetworkWorld();
  world.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "app", namespace: "default" }, data: { "app.js": server } }); // prettier-ignore
  world.create(
    podOf("app", "node:22-alpine", {
      container: {
        command: ["node", "/app/app.js"],
        env: [{ name: "COLOR", value: "blue" }],
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { port: 8080, path: "/" }, periodSeconds: 5 },
        volumeMounts: [{ name: "app", mountPath: "/app" }],
      },
      spec: { volumes: [{ name: "app", configMap: { name: "app" } }] },
    }),
  );
  world.create(serviceOf("app", { selector: { app: "app" }, ports: [{ port: 80, targetPort: 8080 }] })); // prettier-ignore
  world.create(podOf("box", "node:22-alpine", { container: { command: ["sleep", "infinity"] } }));
  const marker = "const fs = require('fs'); let timestamp = Date.now(); fs.writeFile('/root/tmp/startup-marker.txt', timestamp.toString(), err => { if (err) { console.error(err); } while(true) {} });"; // prettier-ignore
  world.create(podOf("busy", "gcr.io/distroless/nodejs20-debian11", { container: { command: ["/nodejs/bin/node", "-e", marker] } })); // prettier-ignore
  world.create(podOf("ticks", "node:22", { container: { command: ["node", "-e", "let n = 0; const t = setInterval(() => { console.log('tick', ++n); if (n === 3) clearInterval(t) }, 1000)"] }, spec: once })); // prettier-ignore
  world.advance(30_000);
});

describe("a server out of a ConfigMap", () => {
  test("answers, keeps what it counts, and is ready by its probe", () => {
    expect(stateOf("app").ready).toBe(true);
    expect(log("app")).toMatch(/^Server running on 8080\nReceived request from 172\./);
    const first = world.exec("box", "wget -qO- http://app/").stdout;
    const [, count = ""] = /^You've hit app blue (\d+)\n$/.exec(first) ?? [];
    expect(world.exec("box", "wget -qO- http://app/").stdout).toBe(
      `You've hit app blue ${Number(count) + 1}\n`,
    );
  });
  test("bodies, statuses, answers that take a while", () => {
    expect(world.exec("box", `wget -qO- --post-data '{"a":[1,2]}' http://app/`).stdout).toMatch(/^\{"got":\[1,2\],"served":\d+\}$/); // prettier-ignore
    expect(world.exec("box", "wget -qO- http://app/fail").stderr).toMatch(/500/);
    const slow = world.exec("box", "wget -qO- http://app/slow");
    expect(slow.stdout).toBe("late\n");
    expect(slow.tookMs).toBeGreaterThanOrEqual(2_000);
  });
  test("one program asks another", () => {
    const made = run("const http = require('http'); http.get('http://app/', r => { let t = ''; r.on('data', d => t += d); r.on('end', () => console.log(r.statusCode, t.trim().split(' ')[0])); }).on('error', e => console.log(e.message)); fetch('http://app/').then(r => r.text()).then(t => console.log(t.length > 5)); http.get('http://app:81', () => {}).on('error', e => console.log(e.code));"); // prettier-ignore
    expect(made.stdout.split("\n").slice(0, 2).sort()).toEqual(["200 You've", "true"]);
  });
});

test("loops without end and timers", () => {
  expect(stateOf("busy").state.running).toBeDefined();
  expect(log("busy")).toBe(
    "[Error: ENOENT: no such file or directory, open '/root/tmp/startup-marker.txt'] {\n  errno: -2,\n  code: 'ENOENT',\n  syscall: 'open',\n  path: '/root/tmp/startup-marker.txt'\n}\n",
  );
  expect(log("ticks")).toBe("tick 1\ntick 2\ntick 3\n");
  expect(stateOf("ticks").state.terminated.exitCode).toBe(0);
});

describe("the language", () => {
  test.each<[string, string]>([
    ["const {a, b: [c, ...d], ...e} = {a: 1, b: [2, 3, 4], f: 5}; console.log(a, c, d, e)", "1 2 [ 3, 4 ] { f: 5 }"], // prettier-ignore
    ["class A { #x = 1; y = 2; constructor(z) { this.z = z } get2() { return this.#x + this.y } static s() { return 's' } } class B extends A { constructor() { super(3); this.w = 4 } get2() { return super.get2() + 10 } } const b = new B(); console.log(b.get2(), B.s(), b instanceof A, b)", "13 s true B { y: 2, z: 3, w: 4 }"], // prettier-ignore
    ["const f = []; for (let i = 0; i < 3; i++) f.push(() => i); console.log(f.map(g => g()).join())", "0,1,2"], // prettier-ignore
    ["(async () => { const s = ms => new Promise(r => setTimeout(r, ms)); for (const x of [1, 2]) { await s(10); console.log('x', x) } try { await Promise.reject(new Error('no')) } catch (e) { console.log(e.message) } finally { console.log('end') } })()", "x 1\nx 2\nno\nend"], // prettier-ignore
    ["console.log([3, 1, 2].sort((a, b) => b - a), [1, [2, [3]]], new Map([['a', 1]]), new Set([1]), {a: {b: {c: {d: 1}}}}, null, undefined, 'x', ['y'])", "[ 3, 2, 1 ] [ 1, [ 2, [ 3 ] ] ] Map(1) { 'a' => 1 } Set(1) { 1 } { a: { b: { c: [Object] } } } null undefined x [ 'y' ]"], // prettier-ignore
    ["const o = { n: 1, inc() { return ++this.n } }; console.log(o.inc(), o?.x?.y, o.x ?? 'none', typeof zz, 2 ** 10, 7 % 3, '5' * 2, [] + 1)", "2 undefined none undefined 1024 1 10 1"], // prettier-ignore
    ["switch (3) { case 1: console.log(1); case 3: console.log(3); case 4: console.log(4); break; default: console.log('d') } let i = 0; do { i++; if (i === 2) continue; if (i > 3) break; console.log(i) } while (true)", "3\n4\n1\n3"], // prettier-ignore
    ["console.log('a-b-c'.split('-'), 'abc'.replace(/b/, x => x.toUpperCase()), /^\\/api\\/(\\d+)/.exec('/api/12')[1], 'x'.padStart(3, '.'), 'aXbX'.replaceAll('X', '_'), JSON.stringify({a: [1, {b: null}]}), parseInt('12px'), (1234.5).toFixed(2))", "[ 'a', 'b', 'c' ] aBc 12 ..x a_b_ {\"a\":[1,{\"b\":null}]} 12 1234.50"], // prettier-ignore
    ["const e = new (require('events'))(); e.on('x', v => console.log('got', v)); e.emit('x', 1); console.log(require('path').join('/a', '../b', 'c.js'), require('util').format('%s=%d', 'a', 1), process.argv.length)", "got 1\n/b/c.js a=1 2"], // prettier-ignore
    ["debugger; console.log(1)", "1"],
    ["function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } console.log(fib(15))", "610"],
    ["try { null.x } catch (e) { console.log(e.name, e.message) } try { undefinedFn() } catch (e) { console.log(e instanceof ReferenceError, String(e)) }", "TypeError Cannot read properties of null (reading 'x')\ntrue ReferenceError: undefinedFn is not defined"], // prettier-ignore
    ["console.log(new Date(0).toISOString(), new Date('2024-02-30T10:00:00Z').getTime() > 0, typeof Date.now(), Math.max(1, 5), [1, 2, 3].reduce((a, b) => a + b), Object.entries({a: 1}))", "1970-01-01T00:00:00.000Z true number 5 6 [ [ 'a', 1 ] ]"], // prettier-ignore
  ])("%s", (script, stdout) => {
    const made = run(script);
    expect(made.stdout + made.stderr).toBe(`${stdout}\n`);
  });
  test.each([
    ["label: console.log(1)", "a label"],
    ["for (;;) { break out }", "a label"],
    ["console.log(1);\nfunction* g() { yield 1 }", "a generator"],
    ["const o = { get a() { return 1 } }", "a getter or setter"],
    ["const t = a => a; t`x`", "a tagged template"],
    ["console.log(10n)", "a number of any length"],
    ["with (Math) abs(1)", "with"],
  ])("%s is not simulated, and does nothing", (script, what) => {
    expect(run(script)).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: `node: this sandbox simulates one-liners only (printing, counting, variables, loops, sleeping, the environment); it cannot run: ${what}\n`,
    });
  });
  test("errors are told as Node.js does", () => {
    expect(run("const a = 1;\nthrow new Error('broken');")).toMatchObject({
      exitCode: 1,
      stderr: "/tmp/a.js:2\nthrow new Error('broken');\n^\n\nError: broken\n    at /tmp/a.js:2:1\n\nNode.js v22.21.2\n", // prettier-ignore
    });
    expect(run("const = 1").stderr).toMatch(/^\/tmp\/a\.js:1\nconst = 1\n\^\n\nSyntaxError: Unexpected token '='\n/); // prettier-ignore
    expect(run("process.exit(7)").exitCode).toBe(7);
    expect(run("require('express')").stderr).toMatch("Error: Cannot find module 'express'");
  });
  test("bounds: recursion, memory, time", () => {
    expect(run("function f() { f() } f()").stderr).toMatch("RangeError: Maximum call stack size exceeded"); // prettier-ignore
    expect(run("let x = {}; while (true) { x = {a: x, b: x} }")).toMatchObject({ exitCode: 134, stderr: expect.stringMatching("JavaScript heap out of memory") }); // prettier-ignore
    expect(run("let x = 'a'; while (true) { x += x }").stderr).toMatch("RangeError: Invalid string length"); // prettier-ignore
  });
});

test("SIGTERM is the program's own", () => {
  world.request("DELETE", "/api/v1/namespaces/default/pods/app", { gracePeriodSeconds: 30 });
  world.advance(3_000);
  expect(world.request("GET", "/api/v1/namespaces/default/pods/app").status).toBe(404);
});
