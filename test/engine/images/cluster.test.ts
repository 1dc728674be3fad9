/** Images that need a cluster: the guestbooks over redis, load and its autoscaler, agnhost among Pods, images of one's own. */
import { describe, expect, test } from "vitest";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import { NetworkWorld } from "../network/network-world.ts";

const deployment = (
  name: string,
  image: string,
  port: number,
  more: object = {},
  replicas = 1,
) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "c", image, ports: [{ containerPort: port }], ...more }] },
    },
  },
});
const service = (name: string, port: number, selector = name, targetPort = port) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: selector }, ports: [{ port, targetPort }] },
});
const pod = (name: string, image: string, more: object = {}, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: "c", image, ...more }], ...spec },
});
const url = "/api/v1/namespaces/default/pods";

function body(result: ReturnType<NetworkWorld["ask"]>): string {
  return "response" in result ? result.response.body : `error ${result.error}`;
}
/** Answer to the user outside, through a Service's address as seen from its node. */
const fetch = (world: NetworkWorld, name: string, path: string): string =>
  body(world.ask({ pod: "default/probe" }, { host: name, port: 80, path }));

/** Everything a Pod's only container printed in its last two lives. */
const logOf = (world: NetworkWorld, name: string): string =>
  world.with((context) =>
    [true, false]
      .map((previous) => readLog(context, `default/${name}`, "c", { previous })?.text ?? "")
      .join(""),
  );

describe("guestbook, PHP", () => {
  function up(replicaImage: string): NetworkWorld {
    const world = new NetworkWorld();
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      deployment("redis-master", "registry.k8s.io/redis:e2e", 6379),
      service("redis-master", 6379),
      deployment(
        "redis-replica",
        replicaImage,
        6379,
        { env: [{ name: "GET_HOSTS_FROM", value: "dns" }] },
        2,
      ),
      service("redis-replica", 6379),
      deployment("frontend", "gcr.io/google-samples/gb-frontend:v5", 80, {
        env: [{ name: "GET_HOSTS_FROM", value: "dns" }],
      }),
      service("frontend", 80),
    );
    world.advance(60_000);
    return world;
  }

  test.each(["gcr.io/google_samples/gb-redisslave:v1", "registry.k8s.io/redis-slave:v2"])(
    "what is written by the frontend is read back through %s",
    (image) => {
      const world = up(image);
      expect(world.pods().every((p) => p.status.phase === "Running")).toBe(true);
      expect(fetch(world, "frontend", "/")).toContain("<title>Guestbook</title>");
      expect(fetch(world, "frontend", "/guestbook.php?cmd=get&key=messages")).toBe('{"data": ""}');
      expect(fetch(world, "frontend", "/guestbook.php?cmd=set&key=messages&value=,hello")).toBe(
        '{"message": "Updated"}',
      );
      world.advance(1_000);
      world.evict();
      expect(fetch(world, "frontend", "/guestbook.php?cmd=get&key=messages")).toBe(
        '{"data": ",hello"}',
      );
    },
  );

  test("without its database it says so, and works again when that is there", () => {
    const world = new NetworkWorld();
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      deployment("frontend", "gcr.io/google-samples/gb-frontend:v5", 80),
      service("frontend", 80),
    );
    world.advance(20_000);
    expect(fetch(world, "frontend", "/guestbook.php?cmd=set&key=a&value=b")).toContain(
      "getaddrinfo failed: Name or service not known [tcp://redis-master:6379]",
    );
    world.create(service("redis-master", 6379));
    world.advance(1_000);
    expect(fetch(world, "frontend", "/guestbook.php?cmd=set&key=a&value=b")).toContain(
      "Connection refused",
    );
    world.create(deployment("redis-master", "redis:7.2", 6379));
    world.advance(20_000);
    expect(fetch(world, "frontend", "/guestbook.php?cmd=set&key=a&value=b")).toBe(
      '{"message": "Updated"}',
    );
  });
});

describe("guestbook, Go", () => {
  test("pushes to the master and reads from the replica", () => {
    const world = new NetworkWorld();
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      deployment("redis-master", "redis:7.2", 6379),
      service("redis-master", 6379),
      deployment("redis-replica", "registry.k8s.io/redis-slave:v2", 6379),
      service("redis-replica", 6379),
      deployment("guestbook", "registry.k8s.io/guestbook:v3", 3000),
      service("guestbook", 80, "guestbook", 3000),
    );
    world.advance(60_000);
    expect(fetch(world, "guestbook", "/lrange/guestbook")).toBe("[]");
    fetch(world, "guestbook", "/rpush/guestbook/one");
    world.advance(1_000);
    fetch(world, "guestbook", "/rpush/guestbook/two%20words");
    world.advance(1_000);
    expect(JSON.parse(fetch(world, "guestbook", "/lrange/guestbook"))).toEqual([
      "one",
      "two words",
    ]);
    expect(fetch(world, "guestbook", "/info")).toContain("role:master");
    expect(JSON.parse(fetch(world, "guestbook", "/env"))).toHaveProperty("HOSTNAME");
    expect(fetch(world, "guestbook", "/nothing")).toBe("404 page not found\n");
  });

  test("a replica refuses writes, and catches up when its master comes back", () => {
    const world = new NetworkWorld();
    world.create(
      pod("master", "redis:7.2"),
      service("redis-master", 6379, "master"),
      pod("replica", "redis:7.2", { args: ["--replicaof", "redis-master", "6379"] }),
    );
    world.advance(20_000);
    world.exec("master", "redis-cli set a 1");
    world.advance(1_000);
    expect(world.exec("replica", "redis-cli get a").stdout).toBe("1\n");
    expect(world.exec("replica", "redis-cli set a 2").stdout).toContain(
      "READONLY You can't write against a read only replica.",
    );
    expect(world.exec("replica", "redis-cli info replication").stdout).toContain(
      "master_link_status:up",
    );
    world.delete(`${url}/master`);
    world.advance(10_000);
    expect(world.exec("replica", "redis-cli info replication").stdout).toContain(
      "master_link_status:down",
    );
    world.create(pod("master", "redis:7.2"));
    world.advance(30_000);
    world.exec("master", "redis-cli set b 2");
    world.advance(1_000);
    expect(world.exec("replica", "redis-cli mget a b").stdout).toBe("\n2\n");
  });
});

describe("load", () => {
  test("requests raise a server's usage, and it falls again; the autoscaler follows", () => {
    const world = new NetworkWorld();
    const resources = { requests: { cpu: "200m" }, limits: { cpu: "500m" } };
    world.create(
      deployment("php-apache", "registry.k8s.io/hpa-example", 80, { resources }),
      service("php-apache", 80),
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "php-apache" },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "php-apache" },
          minReplicas: 1,
          maxReplicas: 10,
          metrics: [
            {
              type: "Resource",
              resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
            },
          ],
        },
      },
    );
    world.advance(60_000);
    const replicas = (): number =>
      world.get("/apis/apps/v1/namespaces/default/deployments/php-apache").spec.replicas;
    expect(replicas()).toBe(1);
    world.create(
      pod("load-generator", "busybox:1.28", {
        command: ["/bin/sh", "-c", "while sleep 0.01; do wget -q -O- http://php-apache; done"],
      }),
    );
    const hpa = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/php-apache";
    const used = (): number =>
      world.get(hpa).status.currentMetrics[0].resource.current.averageUtilization;
    let peak = 0;
    for (let i = 0; i < 9; i++) {
      world.advance(10_000);
      peak = Math.max(peak, used());
    }
    // One core's half is its limit: 250% of what it asks for.
    expect(peak).toBeGreaterThan(150);
    expect(peak).toBeLessThanOrEqual(250);
    expect(replicas()).toBeGreaterThanOrEqual(4);
    expect(used()).toBeLessThan(60);
    world.delete(`${url}/load-generator`, { gracePeriodSeconds: 0 });
    world.advance(420_000);
    expect(replicas()).toBe(1);
  });
});

describe("nginx in front of others", () => {
  test("the frontend starts once its backend's Service is there, and hands requests on", () => {
    const world = new NetworkWorld();
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      pod("frontend", "gcr.io/google-samples/hello-frontend:1.0"),
    );
    world.advance(20_000);
    expect(world.pod("frontend").status.containerStatuses[0].lastState.terminated.exitCode).toBe(1);
    expect(logOf(world, "frontend")).toContain('[emerg] 1#1: host not found in upstream "hello"');
    world.create(service("hello", 80));
    world.advance(60_000);
    const ask = () =>
      world.ask({ pod: "default/probe" }, { host: world.ip("frontend"), path: "/" });
    expect(ask()).toMatchObject({ response: { status: 502 } });
    world.create(deployment("hello", "gcr.io/google-samples/hello-go-gke:1.0", 80, {}, 2));
    world.advance(20_000);
    expect(body(ask())).toBe('{"message":"Hello"}\n');
  });

  test("a mounted configuration proxies by path, with headers, and falls back by try_files", () => {
    const world = new NetworkWorld();
    const conf = `server {
      listen 80;
      root /usr/share/nginx/html;
      location / { try_files $uri $uri/ /index.html; }
      location /api/ {
        proxy_pass http://who:8080/;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      }
    }`;
    world.create(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "conf" },
        data: { "default.conf": conf },
      },
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      pod("who", "traefik/whoami", { args: ["--port", "8080"] }),
      service("who", 8080),
      pod(
        "web",
        "nginx:1.29",
        { volumeMounts: [{ name: "conf", mountPath: "/etc/nginx/conf.d" }] },
        { volumes: [{ name: "conf", configMap: { name: "conf" } }] },
      ),
    );
    world.advance(20_000);
    const ask = (path: string) =>
      body(
        world.ask(
          { pod: "default/probe" },
          { host: world.ip("web"), path, headers: { host: "shop" } },
        ),
      );
    expect(ask("/some/page")).toContain("Welcome to nginx!");
    const seen = ask("/api/x?y=1");
    expect(seen).toContain("GET /x?y=1 HTTP/1.1\r\nHost: shop\r\n");
    expect(seen).toContain(`X-Forwarded-For: ${world.ip("probe")}\r\n`);
  });
});

describe("nginx' locations with patterns", () => {
  const serving = (world: NetworkWorld, name: string, conf: string): void =>
    world.create(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name },
        data: { "default.conf": conf },
      },
      pod(
        name,
        "nginx:1.29",
        { volumeMounts: [{ name: "conf", mountPath: "/etc/nginx/conf.d" }] },
        { volumes: [{ name: "conf", configMap: { name } }] },
      ),
    );

  test("are tried in the file's order, and none of them runs away", () => {
    const world = new NetworkWorld();
    world.create(pod("probe", "busybox", { command: ["sleep", "100000"] }));
    serving(
      world,
      "web",
      `server {
        listen 80;
        location / { return 200 prefix; }
        location = /img/x.png { return 200 exact; }
        location ^~ /static/ { return 200 static; }
        location ~* "\\.(png|jpe?g)$" { return 200 picture; }
        location ~ ^/users/([0-9]+)/(.*)$ { return 200 "user $1 $2"; }
        location ~ ^/(a|aa)*!$ { return 200 letters; }
        location ~ ^/(b*)(b*)(b*)\\1\\2\\3c { return 200 hard; }
      }`,
    );
    world.advance(20_000);
    const ask = (path: string): string =>
      body(world.ask({ pod: "default/probe" }, { host: world.ip("web"), path }));
    expect(
      [
        "/",
        "/img/x.png",
        "/img/y.PNG",
        "/static/y.png",
        "/users/17/a/b",
        `/${"a".repeat(3_000)}`,
        `/${"a".repeat(3_000)}!`,
      ].map(ask),
    ).toEqual(["prefix", "exact", "picture", "static", "user 17 a/b", "prefix", "letters"]);
    expect(ask(`/${"b".repeat(601)}c`)).toContain("500 Internal Server Error");
  });

  test("one that is no pattern keeps it from starting", () => {
    const world = new NetworkWorld();
    serving(world, "web", "server {\n  listen 80;\n  location ~ ^/(a { return 200 a; }\n}");
    world.advance(20_000);
    expect(logOf(world, "web")).toContain(
      '[emerg] 1#1: pcre2_compile() failed: missing closing parenthesis in "^/(a" at offset 4 in /etc/nginx/conf.d/default.conf:3',
    );
  });
});

describe("agnhost among Pods", () => {
  test("netexec dials over HTTP and UDP, runs commands, and ends when told", () => {
    const world = new NetworkWorld();
    const image = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      pod("a", image, { args: ["netexec"] }),
      pod("b", image, { args: ["netexec", "--http-port", "80"] }, { restartPolicy: "Never" }),
      service("web", 80, "b"),
    );
    world.advance(20_000);
    const ask = (path: string): string =>
      body(world.ask({ pod: "default/probe" }, { host: world.ip("a"), port: 8080, path }));
    expect(ask("/hostname")).toBe("a");
    expect(ask("/dial?host=web&port=80&request=hostname&tries=2")).toBe('{"responses":["b","b"]}');
    expect(ask(`/dial?host=${world.ip("b")}&port=8081&request=hostname&protocol=udp`)).toBe(
      '{"responses":["b"]}',
    );
    expect(ask("/dial?host=nowhere&port=80&request=hostname")).toContain("no such host");
    expect(ask("/shell?cmd=echo%20hi%3B%20exit%203")).toBe(
      '{"error":"exit status 3","output":"hi\\n"}',
    );
    expect(ask("/echo?msg=x&code=418")).toBe("x");
    body(
      world.ask({ pod: "default/probe" }, { host: world.ip("b"), port: 80, path: "/exit?code=7" }),
    );
    world.advance(3_000);
    expect(world.pod("b").status.containerStatuses[0].state.terminated.exitCode).toBe(7);
  });

  test("its guestbook's replica gets what the primary is told", () => {
    const world = new NetworkWorld();
    const image = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      deployment("agnhost-primary", image, 6379, { args: ["guestbook", "--http-port", "6379"] }),
      service("agnhost-primary", 6379),
      deployment(
        "agnhost-replica",
        image,
        6379,
        { args: ["guestbook", "--replicaof", "agnhost-primary", "--http-port", "6379"] },
        2,
      ),
      service("agnhost-replica", 6379),
      deployment("frontend", image, 80, { args: ["guestbook", "--backend-port", "6379"] }),
      service("frontend", 80),
    );
    world.advance(40_000);
    expect(fetch(world, "frontend", "/guestbook?cmd=set&key=messages&value=TestEntry")).toBe(
      '{"message":"Updated"}',
    );
    expect(fetch(world, "frontend", "/guestbook?cmd=get&key=messages")).toBe(
      '{"data":"TestEntry"}',
    );
  });
});

describe("an image of one's own", () => {
  const image = (name: string, spec: object) => ({
    apiVersion: "podyard.dev/v1",
    kind: "Image",
    metadata: { name },
    spec,
  });

  test("a Pod of it listens, answers, prints and uses memory as it says", () => {
    const world = new NetworkWorld();
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      image("app", {
        repository: "my/app",
        tags: ["v1"],
        startSeconds: 5,
        ports: [{ port: 8080 }],
        routes: [
          { path: "/", body: "I am $(HOSTNAME)\n", headers: { "X-Version": "v1" } },
          { path: "/slow", status: 503, body: "later", delaySeconds: 3 },
          { path: "/api/*", method: "POST", status: 201 },
        ],
        logs: [
          { text: "started on $(HOSTNAME)" },
          { text: "tick $(COUNT)", everySeconds: 10, afterSeconds: 10, stream: "stderr" },
        ],
        memory: [{ quantity: "20Mi" }, { afterSeconds: 60, quantity: "90Mi" }],
      }),
      pod("x", "my/app:v1", {
        ports: [{ containerPort: 8080 }],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      }),
      pod("y", "my/app:v2"),
    );
    world.until(() => world.pod("x").status.phase === "Running");
    const ready = (): string => world.pod("x").status.containerStatuses[0].ready;
    world.advance(3_000);
    expect(ready()).toBe(false);
    world.advance(6_000);
    expect(ready()).toBe(true);
    const ask = (path: string, method = "GET") =>
      world.ask({ pod: "default/probe" }, { host: world.ip("x"), port: 8080, path, method });
    expect(ask("/")).toMatchObject({
      response: { status: 200, body: "I am x\n", headers: { "x-version": "v1" } },
    });
    expect(ask("/slow")).toMatchObject({ response: { status: 503, body: "later" }, tookMs: 3_000 });
    expect(ask("/api/things", "POST")).toMatchObject({ response: { status: 201 } });
    expect(ask("/api/things")).toMatchObject({ response: { status: 404 } });
    const waiting = world.pod("y").status.containerStatuses[0].state.waiting;
    expect(waiting.message).toContain("docker.io/my/app:v2: not found");
  });

  test("ends with its exit code after its time, and is restarted", () => {
    const world = new NetworkWorld();
    world.create(
      image("crash", {
        repository: "my/crash",
        crashAfterSeconds: 4,
        exitCode: 42,
        logs: [{ text: "oops", afterSeconds: 3 }],
      }),
      image("task", { repository: "my/task", exitCode: 0 }),
      pod("x", "my/crash"),
      pod("t", "my/task", {}, { restartPolicy: "Never" }),
    );
    world.advance(15_000);
    expect(world.pod("x").status.containerStatuses[0]).toMatchObject({ restartCount: 1 });
    expect(world.pod("x").status.containerStatuses[0].lastState.terminated).toMatchObject({
      exitCode: 42,
      reason: "Error",
    });
    expect(world.pod("t").status.phase).toBe("Succeeded");
  });

  test("is killed where its memory passes the limit", () => {
    const world = new NetworkWorld();
    world.create(
      image("eater", {
        repository: "my/eater",
        memory: [{ quantity: "10Mi" }, { afterSeconds: 5, quantity: "300Mi" }],
      }),
      pod(
        "x",
        "my/eater",
        { resources: { limits: { memory: "100Mi" } } },
        { restartPolicy: "Never" },
      ),
    );
    world.advance(20_000);
    expect(world.pod("x").status.containerStatuses[0].state.terminated).toMatchObject({
      exitCode: 137,
      reason: "OOMKilled",
    });
  });

  test("a running container stays what it was when the object changes", () => {
    const world = new NetworkWorld();
    world.create(
      pod("probe", "busybox", { command: ["sleep", "100000"] }),
      image("app", {
        repository: "my/app",
        ports: [{ port: 80 }],
        routes: [{ path: "/", body: "old" }],
      }),
      pod("x", "my/app"),
    );
    world.advance(10_000);
    world.patch("/apis/podyard.dev/v1/images/app", {
      spec: { routes: [{ path: "/", body: "new" }] },
    });
    world.create(pod("y", "my/app"));
    world.advance(10_000);
    world.evict();
    const ask = (name: string): string =>
      body(world.ask({ pod: "default/probe" }, { host: world.ip(name), path: "/" }));
    expect([ask("x"), ask("y")]).toEqual(["old", "new"]);
  });

  test.each<[string, object, string]>([
    ["no repository", {}, "spec.repository: Required value"],
    ["a tag in it", { repository: "a:b" }, 'spec.repository: Invalid value: "a:b"'],
    [
      "one that is simulated",
      { repository: "nginx" },
      "spec.repository: Forbidden: this sandbox simulates the image already",
    ],
    [
      "a bad port",
      { repository: "a/b", ports: [{ port: 70000 }] },
      "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ],
    [
      "a port twice",
      { repository: "a/b", ports: [{ port: 80 }, { port: 80 }] },
      'spec.ports[1]: Duplicate value: "TCP/80"',
    ],
    [
      "a bad protocol",
      { repository: "a/b", ports: [{ port: 80, protocol: "HTTP" }] },
      'spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "TCP", "UDP"',
    ],
    [
      "a bad status",
      { repository: "a/b", routes: [{ path: "/", status: 99 }] },
      "spec.routes[0].status: Invalid value: 99: must be between 200 and 599, inclusive",
    ],
    [
      "a relative path",
      { repository: "a/b", routes: [{ path: "x" }] },
      "spec.routes[0].path: Invalid value",
    ],
    [
      "a negative delay",
      { repository: "a/b", startSeconds: -1 },
      "spec.startSeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
    [
      "a bad exit code",
      { repository: "a/b", exitCode: 256 },
      "spec.exitCode: Invalid value: 256: must be between 0 and 255, inclusive",
    ],
    [
      "lines without a pause",
      { repository: "a/b", logs: [{ text: "x", everySeconds: 0 }] },
      "spec.logs[0].everySeconds: Invalid value: 0: must be greater than zero",
    ],
  ])("refused: %s", (_what, spec, message) => {
    const world = new NetworkWorld();
    const made = world.request("POST", "/apis/podyard.dev/v1/images", image("bad", spec));
    expect(made.status).toBe(422);
    expect(made.body.message).toContain(`Image.podyard.dev "bad" is invalid: `);
    expect(made.body.message).toContain(message);
  });
});
