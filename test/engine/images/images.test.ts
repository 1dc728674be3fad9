/** What images do in a container of their own: defaults, servers, databases, stress, interpreters, redis, agnhost. */
import { describe, expect, test } from "vitest";
import { imagePrograms, imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import type { ContainerSpec } from "../../../durable-objects/engine/runtime/container-spec.ts";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import { shellPrograms } from "../../../durable-objects/engine/runtime/shell/index.ts";
import { toolPrograms } from "../../../durable-objects/engine/runtime/tools/table.ts";
import { RuntimeWorld } from "../runtime/runtime-world.ts";

const env = (values: Record<string, string>) => ({
  env: Object.entries(values).map(([name, value]) => ({ name, value })),
});

function run(image: string, more: Partial<ContainerSpec> = {}) {
  const world = new RuntimeWorld();
  const spec = world.start(world.spec(world.pod("web"), "main", image, more));
  return { world, spec };
}
type Running = ReturnType<typeof run>;

function get({ world, spec }: Running, port: number, path = "/", https = false) {
  const handle = runtime.http(world, spec.pod.key, {
    host: spec.pod.ip,
    port,
    path,
    https,
    headers: [],
  });
  for (let i = 0; i < 10; i++) {
    const pending = runtime.httpResult(world, spec.pod.key, handle);
    if (pending.done) return pending.result;
    world.advance(spec, Math.max(1, (pending.dueAtMs ?? world.now + 1000) - world.now));
  }
  throw new Error("no answer");
}
const state = ({ world, spec }: Running) => runtime.state(world, spec.pod.key, spec.id);
const log = ({ world, spec }: Running) => world.log(spec);
const listening = ({ world, spec }: Running, port: number) =>
  runtime.listening(world, spec.pod.key, port);

describe("defaults", () => {
  test.each([
    ["alpine:3.20", 'PRETTY_NAME="Alpine Linux v3.20"'],
    ["alpine:3.24.2", 'PRETTY_NAME="Alpine Linux v3.24"'],
    ["alpine", "ID=alpine"],
    ["debian:12", 'VERSION="12 (bookworm)"'],
    ["debian:bookworm-slim", "VERSION_CODENAME=bookworm"],
    ["debian", "VERSION_CODENAME=trixie"],
    ["ubuntu:22.04", "VERSION_CODENAME=jammy"],
    ["ubuntu", 'VERSION_ID="24.04"'],
    ["python:3.12-slim", "ID=debian"],
    ["node:22-alpine", "ID=alpine"],
    ["mysql:8", "ID=debian"],
  ])("%s: /etc/os-release has %s", (image, line) => {
    const running = run(image, { command: ["sleep", "1000"] });
    expect(running.world.exec(running.spec, ["cat", "/etc/os-release"]).stdout).toContain(line);
  });

  test.each([
    ["alpine:3.99"],
    ["debian:99"],
    ["ubuntu:23.99"],
    ["redis:99"],
    ["gcr.io/google-samples/kubernetes-bootcamp:v10"],
    ["gcr.io/google-samples/hello-app:3.0"],
    ["hashicorp/http-echo:9"],
    ["postgres:99"],
    ["polinux/stress:nope"],
  ])("%s does not exist", (image) => {
    expect(runtime.resolveImage(image)).toHaveProperty(
      "error",
      expect.stringContaining(": not found"),
    );
  });

  test.each([
    ["curlimages/curl", "curl_user"],
    ["registry.k8s.io/e2e-test-images/nonroot:1.5", "1234"],
    ["paulbouwer/hello-kubernetes:1.10", "node"],
    ["nginx", undefined],
  ])("%s runs as %s", (image, user) => {
    expect(imageCatalog.find(image).version.user).toBe(user);
  });

  test("no two programs share a name", () => {
    const names = [...imagePrograms(), ...toolPrograms(), ...shellPrograms()].map(
      ({ name }) => name,
    );
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test("plain distributions end at once without a terminal", () => {
    for (const image of ["alpine", "debian", "ubuntu"])
      expect(state(run(image))).toMatchObject({ exitCode: 0, reason: "Completed" });
  });
});

describe("small servers", () => {
  test.each<[string, Partial<ContainerSpec>, number, string, number, string]>([
    ["hashicorp/http-echo", { args: ["-text=hi there"] }, 5678, "/", 200, "hi there\n"],
    [
      "hashicorp/http-echo:1.0",
      { args: ["-listen=:8081", "-text=x"] },
      8081,
      "/health",
      200,
      '{"status":"ok"}\n',
    ],
    ["traefik/whoami", {}, 80, "/", 200, "Hostname: web\nIP: 127.0.0.1\n"],
    ["traefik/whoami", { args: ["--port=2001"] }, 2001, "/?env=true", 200, "HOSTNAME=web\n"],
    [
      "kicbase/echo-server:1.0",
      {},
      8080,
      "/a?b=c",
      200,
      "Request served by web\n\nGET /a?b=c HTTP/1.1\n",
    ],
    ["registry.k8s.io/echoserver:1.10", {}, 8080, "/x", 200, "real path=/x"],
    [
      "gcr.io/google-samples/hello-app:1.0",
      {},
      8080,
      "/",
      200,
      "Hello, world!\nVersion: 1.0.0\nHostname: web\n",
    ],
    [
      "gcr.io/google-samples/hello-app:2.0",
      env({ PORT: "8090" }),
      8090,
      "/",
      200,
      "Version: 2.0.0",
    ],
    [
      "gcr.io/google-samples/kubernetes-bootcamp:v1",
      {},
      8080,
      "/",
      200,
      "Hello Kubernetes bootcamp! | Running on: web | v=1\n",
    ],
    ["jocatalin/kubernetes-bootcamp:v2", {}, 8080, "/", 200, "v=2\n"],
    [
      "paulbouwer/hello-kubernetes:1.10",
      env({ MESSAGE: "Hi <you>" }),
      8080,
      "/",
      200,
      "Hi &lt;you&gt;",
    ],
    ["registry.k8s.io/hpa-example", {}, 80, "/", 200, "OK!"],
    ["registry.k8s.io/e2e-test-images/nautilus:1.8", {}, 80, "/data.json", 200, '"nautilus.jpg"'],
    ["registry.k8s.io/e2e-test-images/kitten:1.8", {}, 80, "/data.json", 200, '"kitten.jpg"'],
    ["registry.k8s.io/liveness", { args: ["/server"] }, 8080, "/healthz", 200, "ok"],
    [
      "python:3.12",
      { command: ["python", "-m", "http.server", "8000"] },
      8000,
      "/etc/hostname",
      200,
      "web",
    ],
    [
      "python:3.12",
      { command: ["python", "-m", "http.server"] },
      8000,
      "/nothing",
      404,
      "File not found.",
    ],
  ])("%s %j port %d %s", (image, more, port, path, status, text) => {
    const answer = get(run(image, more), port, path);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
  });

  test("http-echo without a text ends with 127", () => {
    const running = run("hashicorp/http-echo:0.2.3");
    expect(state(running)).toMatchObject({ exitCode: 127 });
    expect(log(running)).toContain("Missing -text option");
  });

  test.each([
    ["gcr.io/google-samples/hello-app:1.0", 2],
    ["registry.k8s.io/hpa-example", 0],
    ["redis:7", 0],
    ["registry.k8s.io/e2e-test-images/agnhost:2.63.0", 2],
  ])("%s ends with %d on TERM", (image, code) => {
    const running = run(image);
    runtime.signal(running.world, running.spec.pod.key, running.spec.id, 15);
    expect(state(running)).toMatchObject({ status: "exited", exitCode: code });
  });

  test("node as PID 1 does not hear TERM", () => {
    const running = run("gcr.io/google-samples/kubernetes-bootcamp:v1");
    runtime.signal(running.world, running.spec.pod.key, running.spec.id, 15);
    running.world.advance(running.spec, 5_000);
    expect(state(running)?.status).toBe("running");
  });

  test("work takes its time: two requests at once share half a core", () => {
    const running = run("registry.k8s.io/hpa-example", { cpuMilliLimit: 500 });
    const { world, spec } = running;
    const began = world.now;
    const ask = () =>
      runtime.http(world, spec.pod.key, {
        host: spec.pod.ip,
        port: 80,
        path: "/",
        https: false,
        headers: [{ name: "User-Agent", value: "x" }],
      });
    const handles = [ask(), ask()];
    const took = handles.map((handle) => {
      for (;;) {
        const pending = runtime.httpResult(world, spec.pod.key, handle);
        if (pending.done) return world.now - began;
        world.advance(spec, 10);
      }
    });
    expect(took).toEqual([160, 320]);
    expect(runtime.usage(world, spec.pod.key, spec.id).cpuMilli).toBeGreaterThan(5);
    world.advance(spec, 60_000);
    expect(runtime.usage(world, spec.pod.key, spec.id).cpuMilli).toBe(1);
  });

  test("probes are not counted as load", () => {
    const running = run("registry.k8s.io/hpa-example");
    get(running, 80);
    const { cpuMilli } = runtime.usage(running.world, running.spec.pod.key, running.spec.id);
    expect(cpuMilli).toBe(1);
  });
});

describe("databases", () => {
  test.each([
    [
      "mysql:8.4",
      "Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD",
    ],
    ["mariadb", "You need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH"],
    ["postgres:17", "Error: Database is uninitialized and superuser password is not specified."],
  ])("%s without a password ends with 1", (image, text) => {
    const running = run(image);
    expect(state(running)).toMatchObject({ exitCode: 1, reason: "Error" });
    expect(log(running)).toContain(text);
  });

  test("mongo wants both names or neither", () => {
    expect(state(run("mongo", env({ MONGO_INITDB_ROOT_USERNAME: "x" })))).toMatchObject({
      exitCode: 1,
    });
    expect(state(run("mongo"))?.status).toBe("running");
  });

  test.each<[string, Record<string, string>, number, string[], string]>([
    [
      "mysql:8.4",
      { MYSQL_ROOT_PASSWORD: "x" },
      3306,
      ["mysqladmin", "ping", "-h", "localhost"],
      "mysqld is alive\n",
    ],
    [
      "mysql:8.4",
      { MYSQL_ALLOW_EMPTY_PASSWORD: "1" },
      3306,
      ["mysql", "-h", "127.0.0.1", "-e", "SELECT 1"],
      "1\n1\n",
    ],
    ["mariadb:11", { MYSQL_ROOT_PASSWORD: "x" }, 3306, ["healthcheck.sh", "--connect"], ""],
    [
      "postgres:17",
      { POSTGRES_PASSWORD: "x" },
      5432,
      ["pg_isready", "-U", "postgres"],
      "/var/run/postgresql:5432 - accepting connections\n",
    ],
    ["mongo:8", {}, 27017, ["mongosh", "--eval", "db.adminCommand('ping')"], "{ ok: 1 }\n"],
  ])("%s %j is ready after a while", (image, values, port, command, text) => {
    const running = run(image, env(values));
    expect(listening(running, port)).toBe(false);
    expect(running.world.exec(running.spec, command).exitCode).not.toBe(0);
    running.world.advance(running.spec, 12_000);
    expect(listening(running, port)).toBe(true);
    expect(running.world.exec(running.spec, command)).toEqual({
      exitCode: 0,
      stdout: text,
      stderr: "",
    });
  });

  test("a second start on the same volume needs neither password nor long", () => {
    const world = new RuntimeWorld();
    const pod = world.pod("db");
    const mounts = [{ mountPath: "/var/lib/postgresql/data", source: "pv/data", readOnly: false }];
    const first = world.start(
      world.spec(pod, "one", "postgres:17", { mounts, ...env({ POSTGRES_PASSWORD: "x" }) }),
    );
    world.advance(first, 10_000);
    runtime.signal(world, pod.key, first.id, 15);
    const second = world.start(world.spec(pod, "two", "postgres:17", { mounts }));
    world.advance(second, 1_000);
    expect(runtime.listening(world, pod.key, 5432)).toBe(true);
  });
});

describe("stress", () => {
  const limit = (mebibytes: number) => ({ memoryBytesLimit: mebibytes * 1024 * 1024 });

  test("stays within its limit, or is killed at it", () => {
    const args = ["--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"];
    const fits = run("polinux/stress", { command: ["stress"], args, ...limit(200) });
    fits.world.advance(fits.spec, 10_000);
    expect(state(fits)?.status).toBe("running");
    expect(runtime.usage(fits.world, fits.spec.pod.key, fits.spec.id).memoryBytes).toBeGreaterThan(
      150_000_000,
    );
    expect(log(fits)).toBe("stress: info: [1] dispatching hogs: 0 cpu, 0 io, 1 vm, 0 hdd\n");
    const over = run("polinux/stress", {
      command: ["stress"],
      args: args.with(3, "250M"),
      ...limit(100),
    });
    over.world.advance(over.spec, 10_000);
    expect(state(over)).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  test("keeps cores busy up to the limit, for a time", () => {
    const running = run("polinux/stress", {
      command: ["stress"],
      args: ["--cpu", "2", "--timeout", "60s"],
      cpuMilliLimit: 1500,
    });
    expect(runtime.usage(running.world, running.spec.pod.key, running.spec.id).cpuMilli).toBe(1500);
    running.world.advance(running.spec, 61_000);
    expect(state(running)).toMatchObject({ exitCode: 0 });
    expect(log(running)).toContain("successful run completed in 60s");
  });

  test("the memory eater grows step by step", () => {
    const args = ["-mem-total", "950Mi", "-mem-alloc-size", "100Mi", "-mem-alloc-sleep", "1s"];
    const running = run("vish/stress", { args, ...limit(500) });
    running.world.advance(running.spec, 3_000);
    expect(state(running)?.status).toBe("running");
    running.world.advance(running.spec, 5_000);
    expect(state(running)).toMatchObject({ reason: "OOMKilled" });
  });
});

describe("python and node", () => {
  test.each<[string, string[], number, string]>([
    ["python:3.12", ["python", "-c", "print('hello', 42)"], 0, "hello 42\n"],
    [
      "python:3.12",
      ["python3", "-c", "import os; print('I am ' + os.environ['HOSTNAME'])"],
      0,
      "I am web\n",
    ],
    ["python:3.12", ["python", "-c", "import sys; sys.exit(3)"], 3, ""],
    ["python:3.12", ["python", "--version"], 0, "Python 3.12.2\n"],
    ["node:22", ["node", "-e", "console.log('a' + process.env.HOSTNAME)"], 0, "aweb\n"],
    ["node:22", ["node", "-p", "1"], 0, "1\n"],
    [
      "python:3.12",
      ["python", "-c", "def f(): return 1"],
      1,
      "python: this sandbox simulates one-liners only (printing, counting, variables, loops, sleeping, the environment); it cannot run: def f ( ) : return\n",
    ],
  ])("%s %j", (image, command, code, text) => {
    const running = run(image, { command });
    running.world.advance(running.spec, 1_000);
    expect(state(running)).toMatchObject({ exitCode: code });
    expect(log(running)).toBe(text);
  });

  test("a loop that prints and sleeps goes on", () => {
    const running = run("python:3.12", {
      command: ["python", "-u", "-c", "import time\nwhile True:\n  print('tick')\n  time.sleep(1)"],
    });
    running.world.advance(running.spec, 3_500);
    expect(log(running)).toBe("tick\n".repeat(4));
  });
});

describe("redis", () => {
  const running = run("redis:7.2");
  const cli = (line: string) =>
    running.world
      .exec(running.spec, ["redis-cli", "--no-raw", ...line.split(" ")])
      .stdout.trimEnd();

  test.each<[string, string]>([
    ["PING", "PONG"],
    ["SET k 1", "OK"],
    ["GET k", '"1"'],
    ["GET nothing", "(nil)"],
    ["INCR k", "(integer) 2"],
    ["DECRBY k 5", "(integer) -3"],
    ["EXPIRE k 100", "(integer) 1"],
    ["TTL k", "(integer) 100"],
    ["TTL nothing", "(integer) -2"],
    ["SET k x NX", "(nil)"],
    ["APPEND k y", "(integer) 3"],
    ["LPUSH l a b", "(integer) 2"],
    ["RPUSH l c", "(integer) 3"],
    ["LRANGE l 0 -1", '1) "b"\n2) "a"\n3) "c"'],
    ["LPOP l", '"b"'],
    ["LLEN l", "(integer) 2"],
    ["HSET h f 1 g 2", "(integer) 2"],
    ["HGETALL h", '1) "f"\n2) "1"\n3) "g"\n4) "2"'],
    ["HDEL h f g", "(integer) 2"],
    ["EXISTS h", "(integer) 0"],
    ["SADD s a b a", "(integer) 2"],
    ["ZADD z 2 b 1 a", "(integer) 2"],
    ["ZRANGE z 0 -1 WITHSCORES", '1) "a"\n2) "1"\n3) "b"\n4) "2"'],
    ["TYPE z", "zset"],
    ["GET l", "(error) WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["INCR s", "(error) WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["KEYS k*", '1) "k"'],
    ["DBSIZE", "(integer) 4"],
    ["GET", "(error) ERR wrong number of arguments for 'get' command"],
    ["NOSUCH a b", "(error) ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b'"],
    ["CONFIG GET maxmemory", '1) "maxmemory"\n2) "0"'],
    ["CONFIG SET maxmemory 100mb", "OK"],
    ["CONFIG GET maxmemor?", '1) "maxmemory"\n2) "104857600"'],
    ["SELECT 99", "(error) ERR DB index is out of range"],
    ["DEL k l nothing", "(integer) 2"],
    ["FLUSHALL", "OK"],
    ["KEYS *", "(empty array)"],
  ])("%s", (line, reply) => {
    expect(cli(line)).toBe(reply);
  });

  test("expired keys are gone, moved databases are apart", () => {
    cli("SET gone 1 EX 5");
    running.world.advance(running.spec, 6_000);
    expect(cli("GET gone")).toBe("(nil)");
    cli("-n 3 SET a b");
    expect([cli("GET a"), cli("-n 3 GET a")]).toEqual(["(nil)", '"b"']);
  });

  test("a settings file counts, a bad one is fatal", () => {
    const world = new RuntimeWorld();
    const pod = world.pod("redis");
    const mounts = [{ mountPath: "/conf", source: "pv/conf", readOnly: false }];
    world.start(
      world.spec(pod, "w", "busybox", {
        mounts,
        command: [
          "sh",
          "-c",
          "printf 'maxmemory 2mb\\nmaxmemory-policy allkeys-lru\\n' > /conf/redis.conf; echo nonsense yes > /conf/bad.conf",
        ],
      }),
    );
    const spec = world.start(
      world.spec(pod, "r", "redis:7.2", { mounts, command: ["redis-server", "/conf/redis.conf"] }),
    );
    expect(world.exec(spec, ["redis-cli", "config", "get", "maxmemory-policy"]).stdout).toBe(
      "maxmemory-policy\nallkeys-lru\n",
    );
    const bad = world.start(
      world.spec(world.pod("other"), "r", "redis:7.2", {
        mounts,
        command: ["redis-server", "/conf/bad.conf"],
      }),
    );
    expect(runtime.state(world, bad.pod.key, bad.id)).toMatchObject({ exitCode: 1 });
    expect(world.log(bad)).toContain("*** FATAL CONFIG FILE ERROR");
  });

  test.each([
    [["redis-server"], 15],
    [["redis-server", "--appendonly", "yes"], 9],
  ])("%j keeps its data on a volume", (command, signal) => {
    const world = new RuntimeWorld();
    const pod = world.pod("redis");
    const mounts = [{ mountPath: "/data", source: "pv/data", readOnly: false }];
    const first = world.start(world.spec(pod, "a", "redis:7.2", { mounts, command }));
    world.exec(first, ["redis-cli", "set", "kept", "yes"]);
    runtime.signal(world, pod.key, first.id, signal);
    const second = world.start(world.spec(pod, "b", "redis:7.2", { mounts, command }));
    expect(world.exec(second, ["redis-cli", "get", "kept"]).stdout).toBe("yes\n");
  });

  test("too much data is refused, and the Pod's record stays small", () => {
    const { world, spec } = run("redis:7.2");
    const script =
      "i=0; while [ $i -lt 40 ]; do redis-cli set k$i $(head -c 20000 /dev/zero | tr '\\0' x); i=$((i+1)); done";
    const out = world.exec(spec, ["sh", "-c", script], 600_000);
    expect(out.stdout).toContain("OOM command not allowed when used memory > 'maxmemory'.");
    expect(world.tables.get("runtime")!.get(spec.pod.key)!.length).toBeLessThan(700_000);
  });
});

describe("agnhost", () => {
  const agnhost = (args: string[], more: Partial<ContainerSpec> = {}) =>
    run("registry.k8s.io/e2e-test-images/agnhost:2.63.0", { args, ...more });

  test("liveness turns after ten seconds", () => {
    const running = agnhost(["liveness"]);
    expect(get(running, 8080, "/healthz")).toMatchObject({ status: 200, body: "ok" });
    running.world.advance(running.spec, 11_000);
    expect(get(running, 8080, "/healthz").status).toBe(500);
  });

  test("mounttest writes, reads and describes a file", () => {
    const running = agnhost([
      "mounttest",
      "--new_file_0644=/tmp/f",
      "--file_perm=/tmp/f",
      "--file_owner=/tmp/f",
    ]);
    expect(log(running)).toBe(
      'content of file "/tmp/f": mount-tester new file\n\nperms of file "/tmp/f": -rw-r--r--\nowner UID of "/tmp/f": 0\nowner GID of "/tmp/f": 0\n',
    );
    expect(state(running)).toMatchObject({ exitCode: 0 });
  });

  test("mounttest describes what a link leads to", () => {
    const running = agnhost([], {
      command: [
        "sh",
        "-c",
        "echo x > /tmp/f; chmod 400 /tmp/f; ln -s f /tmp/l; /agnhost mounttest --file_mode=/tmp/l --fs_type=/tmp",
      ],
    });
    expect(log(running)).toBe(
      'mount type of "/tmp": 2035054128\nmode of file "/tmp/l": -r--------\n',
    );
  });

  test("a missing file fails it", () => {
    expect(state(agnhost(["mounttest", "--file_content=/nothing"]))).toMatchObject({ exitCode: 1 });
  });

  test("logs-generator spreads its lines", () => {
    const running = agnhost(["logs-generator", "--log-lines-total=5", "--run-duration=10s"]);
    running.world.advance(running.spec, 4_500);
    expect(log(running).trim().split("\n")).toHaveLength(3);
    running.world.advance(running.spec, 10_000);
    expect(log(running).trim().split("\n")).toHaveLength(5);
    expect(state(running)).toMatchObject({ exitCode: 0 });
  });

  test.each<[string[], string]>([
    [
      ["entrypoint-tester", "override", "arguments"],
      "[/agnhost entrypoint-tester override arguments]\n",
    ],
    [["dns-suffix"], "default.svc.cluster.local,svc.cluster.local,cluster.local\n"],
    [["dns-server-list"], "10.96.0.10\n"],
    [["nonewprivs"], "Effective uid: 0\n"],
    [["nosuch"], 'Error: unknown command "nosuch" for "app"\nRun \'app --help\' for usage.\n'],
    [["connect", "nowhere:80"], "DNS: lookup nowhere on 10.96.0.10:53: no such host\n"],
    [["connect", "10.244.1.5:81"], "REFUSED\n"],
  ])("%j prints", (args, text) => {
    expect(log(agnhost(args))).toBe(text);
  });

  test("test-webserver serves the image's files as Go's file server does", () => {
    const running = agnhost(["test-webserver"]);
    const at = (path: string): string =>
      running.world.exec(running.spec, ["curl", "-si", `http://127.0.0.1${path}`]).stdout;
    const found = at("/localhost.crt");
    expect(found).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(found).toMatch(/\r\ncache-control: private\r\n/i);
    expect(found).toMatch(/\r\ncontent-type: text\/plain; charset=utf-8\r\n/i);
    expect(found).toContain("\r\n\r\n-----BEGIN CERTIFICATE-----\n");
    expect(at("/etc")).toMatch(/^HTTP\/1\.1 301 [^]*location: etc\/\r\n/i);
    expect(at("/agnhost")).toMatch(/content-type: application\/octet-stream/i);
    expect(at("/nothing")).toMatch(/^HTTP\/1\.1 404 [^]*\n404 page not found\n$/);
    expect(at("/")).toContain('<a href="localhost.key">localhost.key</a>');
  });

  test.each<[string, string[], Partial<ContainerSpec>]>([
    [
      "netexec",
      ["netexec", "--tls-cert-file=/localhost.crt", "--tls-private-key-file=/localhost.key"],
      {},
    ],
    ["porter", ["porter"], env({ SERVE_TLS_PORT_8080: "ok" })],
  ])("%s serves TLS with the pair that lies in the image", (_, args, more) => {
    const running = agnhost(args, more);
    const curl = (rest: string): string =>
      running.world.exec(running.spec, [
        "sh",
        "-c",
        `curl -s -o /dev/null --cacert /localhost.crt ${rest}; echo $?`,
      ]).stdout;
    expect(curl("https://127.0.0.1:8080/healthz")).toBe("0\n");
  });

  test("netexec ends where its certificate's file is missing", () => {
    const running = agnhost(["netexec", "--tls-cert-file=/none", "--tls-private-key-file=/none"]);
    expect(log(running)).toContain("open /none: no such file or directory");
    expect(state(running)).toMatchObject({ exitCode: 1 });
  });

  test("porter serves what its environment says", () => {
    const running = agnhost(
      ["porter"],
      env({ SERVE_PORT_8080: "one", SERVE_TLS_PORT_8443: "two" }),
    );
    expect(get(running, 8080).body).toBe("one");
    expect(get(running, 8443, "/", true).body).toBe("two");
  });

  test("grpc-health-checking turns unhealthy", () => {
    const running = agnhost(["grpc-health-checking", "--delay-unhealthy-sec=5"]);
    const health = () => runtime.grpcHealth(running.world, running.spec.pod.key, 5000, "");
    expect(health()).toEqual({ status: "SERVING" });
    running.world.advance(running.spec, 6_000);
    expect(health()).toEqual({ status: "NOT_SERVING" });
  });
});

describe("lines that repeat", () => {
  const image = {
    metadata: { name: "app" },
    spec: {
      repository: "my/app",
      logs: [{ text: "tick $(COUNT)", everySeconds: 10, afterSeconds: 10 }, { text: "begun" }],
    },
  };
  class Described extends RuntimeWorld {
    override readonly reader = { byIndex: () => [image] } as never;
  }
  const started = () => {
    const world = new Described();
    const spec = world.start(world.spec(world.pod("x"), "main", "my/app"));
    return { world, spec };
  };

  test("are computed when read, and cost nothing meanwhile", () => {
    const { world, spec } = started();
    const writes = world.writes;
    expect(runtime.advance(world, spec.pod.key)).toBeUndefined();
    world.now += 35_000;
    expect(world.log(spec)).toBe("begun\ntick 1\ntick 2\ntick 3\n");
    expect(world.writes).toBe(writes);
  });

  test("keep their place among other lines, and their number for who follows", () => {
    const { world, spec } = started();
    world.now += 25_000;
    const first = readLog(world, spec.pod.key, "main", {});
    expect(first?.text).toBe("begun\ntick 1\ntick 2\n");
    world.sh(spec, "echo between > /proc/1/fd/1 || true");
    world.now += 10_000;
    expect(readLog(world, spec.pod.key, "main", { position: first?.next ?? 0 })?.text).toContain(
      "tick 3\n",
    );
    runtime.signal(world, spec.pod.key, spec.id, 15);
    world.now += 60_000;
    expect(world.log(spec)).toMatch(/tick 3\n$/);
  });

  test("a long silence tells the last ones only", () => {
    const { world, spec } = started();
    world.now += 10_000 * 5_000;
    const lines = world.log(spec).trim().split("\n");
    expect(lines.at(-1)).toBe("tick 5000");
    expect(lines.length).toBe(2_001);
  });
});
