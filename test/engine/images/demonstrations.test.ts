/** Images of demonstrations: bookinfo's services together, podinfo's switches, httpbin, small pages, mirrors of registries. */
import { describe, expect, test } from "vitest";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { ShellWorld } from "../behaviours/shell-world.ts";

const deployment = (name: string, image: string, labels: object, more: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "c", image, ...more }] } },
  },
});
const service = (name: string, port: number, selector: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector, ports: [{ name: "http", port }] },
});
const pod = (name: string, image: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: "c", image, ...more }] },
});

function world(...objects: object[]): ShellWorld {
  const made = new ShellWorld();
  made.create(pod("client", "curlimages/curl:8.11.1", { command: ["sleep", "infinity"] }));
  made.create(...objects);
  made.advance(60_000);
  return made;
}

describe("bookinfo", () => {
  const images = "registry.istio.io/release/examples-bookinfo";
  const bookinfo = (): ShellWorld =>
    world(
      deployment("details-v1", `${images}-details-v1:1.20.3`, { app: "details" }),
      deployment("ratings-v1", `${images}-ratings-v1:1.20.3`, { app: "ratings" }),
      ...["v1", "v2", "v3"].map((version) =>
        deployment(
          `reviews-${version}`,
          `docker.io/istio/examples-bookinfo-reviews-${version}:1.20.3`,
          {
            app: "reviews",
            version,
          },
        ),
      ),
      deployment("productpage-v1", `${images}-productpage-v1:1.20.3`, { app: "productpage" }),
      ...["details", "ratings", "reviews", "productpage"].map((app) => service(app, 9080, { app })),
    );
  const shown = (w: ShellWorld): string => w.sh("client", "curl -s productpage:9080/productpage");
  const reviewsGoTo = (w: ShellWorld, version: string): void => {
    w.patch("/api/v1/namespaces/default/services/reviews", { spec: { selector: { version } } });
    w.advance(2_000);
  };

  test("the page is made of the others' answers, and each version of reviews is known by its stars", () => {
    const w = bookinfo();
    expect(w.pods().map((p) => p.status.containerStatuses[0].ready)).toEqual(
      w.pods().map(() => true),
    );
    const starred = ["v1", "v2", "v3"].map((version) => {
      reviewsGoTo(w, version);
      const page = shown(w);
      expect(page).toContain("<title>Simple Bookstore App</title>");
      expect(page).toContain("<td>1234567890</td><td>PublisherA</td>");
      expect(page).toMatch(new RegExp(`<u>reviews-${version}-`));
      const count = page.split('"star full"').length - 1;
      return [count, /<p class="(red|black)"/.exec(page)?.[1]];
    });
    expect(starred).toEqual([
      [0, undefined],
      [9, "black"],
      [9, "red"],
    ]);
    const rated = `curl -s -X POST ratings:9080/ratings/0 -d '{"Reviewer1":1,"Reviewer2":2}'`;
    expect(w.sh("client", rated)).toBe('{"id":0,"ratings":{"Reviewer1":1,"Reviewer2":2}}');
    expect(shown(w).split('"star full"').length - 1).toBe(3);
  });

  test("what is down is told on the page", () => {
    const w = bookinfo();
    reviewsGoTo(w, "v2");
    for (const name of ["details-v1", "ratings-v1"])
      w.patch(`/apis/apps/v1/namespaces/default/deployments/${name}/scale`, {
        spec: { replicas: 0 },
      });
    w.advance(60_000);
    const page = shown(w);
    expect(page).toContain("Sorry, product details are currently unavailable for this book.");
    expect(page).toContain("Ratings service is currently unavailable");
    const api = w.sh("client", "curl -s -w ' %{http_code}' productpage:9080/api/v1/products/0");
    expect(api).toBe(
      '{"error":"Sorry, product details are currently unavailable for this book."} 500',
    );
  });
});

describe("podinfo", () => {
  const probes = {
    readinessProbe: {
      exec: { command: ["podcli", "check", "http", "localhost:9898/readyz"] },
      periodSeconds: 2,
    },
    livenessProbe: {
      exec: { command: ["podcli", "check", "http", "localhost:9898/healthz"] },
      periodSeconds: 2,
    },
  };
  const command = ["./podinfo", "--port=9898", "--grpc-port=9999", "--level=info"];

  test("readiness is switched off and on, a panic ends it with 255, and it comes back", () => {
    const w = world(
      pod("info", "ghcr.io/stefanprodan/podinfo:6.14.1", { command, ...probes }),
      service("info", 9898, { app: "info" }),
    );
    const ready = (): boolean => w.pod("info").status.containerStatuses[0].ready;
    const url = `${w.pod("info").status.podIP}:9898`;
    expect(ready()).toBe(true);
    expect(w.sh("client", "curl -s info:9898/version")).toBe(
      '{\n  "commit": "unknown",\n  "version": "6.14.1"\n}',
    );
    expect(
      w.sh("client", `curl -s -o /dev/null -w '%{http_code}' -X POST ${url}/readyz/disable`),
    ).toBe("202");
    w.advance(10_000);
    expect(ready()).toBe(false);
    w.sh("client", `curl -s -X POST ${url}/readyz/enable`);
    w.advance(10_000);
    expect(ready()).toBe(true);
    w.sh("client", `curl -s ${url}/panic`);
    w.advance(30_000);
    const [status] = w.pod("info").status.containerStatuses;
    expect(status.restartCount).toBe(1);
    expect(status.lastState.terminated.exitCode).toBe(255);
    expect(status.ready).toBe(true);
    expect(w.log("info", "?previous=true")).toContain('"msg":"Panic command received"');
    expect(w.log("info")).toContain('"msg":"Starting podinfo","version":"6.14.1"');
  });

  test("its backends' echoes, delays, states, variables", () => {
    const w = world(
      pod("back", "stefanprodan/podinfo", {}),
      service("backend", 9898, { app: "back" }),
      pod("front", "stefanprodan/podinfo", {
        command: ["./podinfo", "--backend-url=http://backend:9898/echo", "--ui-message=hi"],
      }),
    );
    const url = `${w.pod("front").status.podIP}:9898`;
    expect(w.sh("client", `curl -s -d hello ${url}/echo`)).toBe('[\n  "hello"\n]');
    expect(JSON.parse(w.sh("client", `curl -s ${url}/`))).toMatchObject({ message: "hi" });
    expect(w.sh("client", `curl -s -o /dev/null -w '%{http_code}' ${url}/status/503`)).toBe("503");
    const began = w.now;
    expect(w.sh("client", `curl -s ${url}/delay/3`)).toBe('{\n  "delay": 3\n}');
    expect(w.now - began).toBeGreaterThanOrEqual(3_000);
    w.delete("/api/v1/namespaces/default/pods/back");
    w.advance(10_000);
    expect(w.sh("client", `curl -s -d hello ${url}/echo`)).toContain(
      "backend http://backend:9898/echo call failed",
    );
  });
});

test("httpbin answers what it was asked, in the manner of each of the two", () => {
  const w = world(
    pod("python", "kennethreitz/httpbin"),
    pod("go", "mccutchen/go-httpbin:2.15.0", { securityContext: { runAsNonRoot: true } }),
  );
  const python = `${w.pod("python").status.podIP}:80`;
  const go = `${w.pod("go").status.podIP}:8080`;
  const ask = (rest: string): string => w.sh("client", `curl -s ${rest}`);
  expect(JSON.parse(ask(`-H 'X-A: b' '${python}/get?x=1'`))).toMatchObject({
    args: { x: "1" },
    headers: { "X-A": "b" },
    origin: w.pod("client").status.podIP,
    url: `http://${w.pod("python").status.podIP}/get?x=1`,
  });
  expect(JSON.parse(ask(`-d a=b ${go}/post`))).toMatchObject({
    form: { a: ["b"] },
    method: "POST",
  });
  expect(ask(`-o /dev/null -w '%{http_code}' ${go}/status/418`)).toBe("418");
  expect(ask(`-o /dev/null -w '%{http_code}' -u u:p ${python}/basic-auth/u/p`)).toBe("200");
  expect(ask(`-o /dev/null -w '%{http_code}' ${python}/basic-auth/u/p`)).toBe("401");
  expect(ask(`-X DELETE -o /dev/null -w '%{http_code}' ${go}/get`)).toBe("405");
  expect(ask(`-L -o /dev/null -w '%{http_code}' ${python}/redirect/2`)).toBe("200");
  const began = w.now;
  ask(`${python}/delay/5`);
  expect(w.now - began).toBeGreaterThanOrEqual(5_000);
});

test("helloworld, webapp-color, test-webserver", () => {
  const w = world(
    pod("hello", "docker.io/istio/examples-helloworld-v2:1.0"),
    pod("color", "kodekloud/webapp-color", { env: [{ name: "APP_COLOR", value: "pink" }] }),
    pod("wrong", "kodekloud/webapp-color", { args: ["--color", "yellow"] }),
    pod("files", "registry.k8s.io/test-webserver"),
  );
  const at = (name: string, rest: string): string =>
    w.sh("client", `curl -s ${w.pod(name).status.podIP}:${rest}`);
  expect(at("hello", "5000/hello")).toBe("Hello version: v2, instance: hello");
  expect(at("color", "8080/color")).toBe("pink");
  expect(at("color", "8080/")).toContain("<h1>Hello from color!</h1>");
  expect(w.log("wrong")).toContain("Color not supported. Received 'yellow'");
  expect(w.pod("wrong").status.containerStatuses[0].restartCount).toBeGreaterThan(0);
  expect(at("files", "80/")).toContain('<a href="etc/">etc/</a>');
  expect(at("files", "80/etc/hostname")).toBe("files");
});

test("a mirror has what the registry has that it mirrors", () => {
  const found = (image: string): string | undefined =>
    imageCatalog.find(image).definition?.repositories[0];
  expect(found("mirror.gcr.io/alpine")).toBe(found("alpine"));
  expect(found("mirror.gcr.io/library/redis:7")).toBe(found("redis"));
  expect(found("public.ecr.aws/docker/library/busybox:1.36")).toBe(found("busybox"));
  expect(found("k8s.gcr.io/nginx-slim:0.8")).toBe("registry.k8s.io/nginx-slim");
  expect(imageCatalog.find("mirror.gcr.io/alpine/git").version.entrypoint).toEqual(["git"]);
  const slim = imageCatalog.find("registry.k8s.io/nginx-slim:0.24");
  expect([slim.known, slim.version.version]).toEqual([true, "1.25.1"]);
});

test("kuard's probes fail as often as they are told to", () => {
  const readinessProbe = { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 2 };
  const w = world(pod("kuard", "gcr.io/kuar-demo/kuard-amd64:green", { readinessProbe }));
  const ready = (): boolean => w.pod("kuard").status.containerStatuses[0].ready;
  const url = `${w.pod("kuard").status.podIP}:8080`;
  expect(ready()).toBe(true);
  expect(w.sh("client", `curl -s ${url}/`)).toContain("<i>v0.10.0-green</i>");
  expect(w.sh("client", `curl -s -X PUT -d '{"failNext":-1}' ${url}/ready/api`)).toBe(
    '{"failNext":-1}',
  );
  w.advance(10_000);
  expect(ready()).toBe(false);
  w.sh("client", `curl -s -X PUT -d '{"failNext":2}' ${url}/ready/api`);
  w.advance(10_000);
  expect(ready()).toBe(true);
  expect(w.sh("client", `curl -s -X PUT -d no ${url}/ready/api`)).toBe("invalid JSON");
});

test("memcached holds what it is given, until it expires", () => {
  const w = world(
    pod("cache", "memcached:1.6-alpine", { args: ["memcached", "-m", "64", "-p", "11222"] }),
    pod("box", "busybox:1.36", { command: ["sleep", "infinity"] }),
  );
  const ask = (text: string): string =>
    w.sh(
      "box",
      `printf '${text}quit\\r\\n' | nc ${w.pod("cache").status.podIP} 11222 | tr -d '\\r'`,
    );
  expect(ask("set a 7 0 5\\r\\nhello\\r\\nget a b\\r\\n")).toBe("STORED\nVALUE a 7 5\nhello\nEND");
  expect(ask("append a 0 0 1\\r\\n!\\r\\nget a\\r\\n")).toBe("STORED\nVALUE a 7 6\nhello!\nEND");
  expect(ask("add a 0 0 1\\r\\nx\\r\\nreplace z 0 0 1\\r\\nx\\r\\n")).toBe(
    "NOT_STORED\nNOT_STORED",
  );
  expect(ask("set n 0 0 2\\r\\n10\\r\\nincr n 5\\r\\ndecr n 100\\r\\n")).toBe("STORED\n15\n0");
  expect(ask("set t 0 10 1\\r\\nx\\r\\nget t\\r\\n")).toBe("STORED\nVALUE t 0 1\nx\nEND");
  w.advance(11_000);
  expect(ask("get t\\r\\ndelete a\\r\\ndelete a\\r\\n")).toBe("END\nDELETED\nNOT_FOUND");
  expect(ask("set a 0 0 999999\\r\\nnonsense\\r\\n")).toBe(
    "SERVER_ERROR object too large for cache\nERROR",
  );
  expect(ask("stats\\r\\n")).toContain("STAT get_misses 2");
});

test("Kubernetes in Action's writers put a saying where the web server beside them finds it", () => {
  const two = (name: string, image: string, folder: string, more: object = {}): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      containers: [
        { name: "writer", image, volumeMounts: [{ name: "v", mountPath: folder }], ...more },
        {
          name: "nginx",
          image: "nginx:alpine",
          volumeMounts: [{ name: "v", mountPath: "/usr/share/nginx/html", readOnly: true }],
        },
      ],
      volumes: [{ name: "v", emptyDir: {} }],
    },
  });
  const w = world(
    two("quote", "luksa/quote-writer:0.1", "/var/local/output"),
    two("plain", "luksa/fortune", "/var/htdocs"),
    two("args", "luksa/fortune:args", "/var/htdocs", { args: ["2"] }),
  );
  w.advance(10_000);
  const saying = /^[A-Z][\w ,;'-]+\.$/;
  expect(w.sh("quote", "curl -s localhost/quote", "nginx").trim()).toMatch(saying);
  expect(w.sh("plain", "curl -s localhost", "nginx").trim()).toMatch(saying);
  expect(w.sh("args", "curl -s localhost", "nginx").trim()).toMatch(saying);
  const log = (name: string): string =>
    w.request("GET", `/api/v1/namespaces/default/pods/${name}/log?container=writer`).text;
  expect(log("args")).toMatch(/^Configured to generate new fortune every 2 seconds\n/);
  expect(log("args").match(/Writing fortune to/g)!.length).toBeGreaterThan(3);
  expect(log("quote")).toMatch("every 60 seconds");
});

test("kubia says which Pod was hit, its images fail as the book has it, and its pet keeps what it is sent", () => {
  const w = world(
    pod("kubia", "luksa/kubia"),
    pod("v3", "luksa/kubia:v3"),
    pod("pet", "luksa/kubia-pet"),
    pod("sick", "luksa/kubia-unhealthy", {
      livenessProbe: { httpGet: { path: "/", port: 8080 } },
    }),
  );
  const ask = (name: string, more = ""): string =>
    w.sh("client", `curl -s ${more} http://${w.pod(name).status.podIP}:8080`);
  expect(ask("kubia")).toBe("You've hit kubia");
  const asked = [1, 2, 3, 4, 5].map(() => ask("v3"));
  expect(asked[3]).toBe("This is v3 running in pod v3");
  expect(asked[4]).toBe("Some internal error has occurred! This is pod v3");
  expect(ask("pet")).toBe("You've hit pet\nData stored on this pod: No data posted yet");
  expect(ask("pet", "-d hello")).toMatch("Error: ENOENT");
  w.sh("pet", "mkdir /var/data");
  expect(ask("pet", "-d hello")).toBe("Data stored on pod pet");
  expect(ask("pet")).toBe("You've hit pet\nData stored on this pod: hello");
  w.advance(120_000);
  expect(w.pod("sick").status.containerStatuses[0].restartCount).toBeGreaterThan(0);
});
