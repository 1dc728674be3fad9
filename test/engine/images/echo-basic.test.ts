/** The Gateway API's own echo server, as its conformance tests use it. */
import { expect, test } from "vitest";
import { serverCertificate } from "../../helpers/webhook-certificates.ts";
import { NetworkWorld, podOf, told } from "../network/network-world.ts";

const image = "gcr.io/k8s-staging-gateway-api/echo-basic:v20240412-v1.0.0-394-g40c666fd";

test("echo-basic tells of a request, fails as it is asked to, and speaks TLS where it has a key", () => {
  const world = new NetworkWorld();
  world.create(
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "files", namespace: "default" },
      data: { crt: serverCertificate, key: "" },
    },
    podOf("echo", image, {
      spec: { volumes: [{ name: "files", configMap: { name: "files" } }] },
      container: {
        env: [
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
          { name: "TLS_SERVER_CERT", value: "/files/crt" },
          { name: "TLS_SERVER_PRIVKEY", value: "/files/key" },
        ],
        volumeMounts: [{ name: "files", mountPath: "/files" }],
      },
    }),
  );
  world.settle();
  const ask = (path: string, more: object = {}) =>
    world.ask("outside", { host: world.ip("echo"), port: 3000, path, ...more });
  const answer = ask("/a?b=<c>", { headers: { "x-b": "2", "x-a": "1", host: "h.test" } });
  if (!("response" in answer)) throw new Error(answer.error);
  expect(answer.response.headers).toMatchObject({
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
  });
  expect(answer.response.body.split("\n").slice(0, 7)).toEqual([
    "{",
    ' "path": "/a?b=\\u003cc\\u003e",',
    ' "host": "h.test",',
    ' "method": "GET",',
    ' "proto": "HTTP/1.1",',
    ' "headers": {',
    '  "Accept": [',
  ]);
  expect(JSON.parse(answer.response.body)).toMatchObject({
    headers: { "X-A": ["1"], "X-B": ["2"] },
    httpPort: "3000",
    namespace: "default",
    pod: "echo",
  });
  expect(told(ask("/health"))).toBe("200 OK");
  expect(["/status/503", "/status/5", "/status/x"].map((path) => told(ask(path)))).toEqual([
    "503 ",
    "400 ",
    "400 ",
  ]);
  expect(ask("/?delay=1s").tookMs).toBe(1_000);
  expect(told(ask("/?delay=soon"))).toMatch(/^500 .*invalid duration/s);
  expect(told(ask("/retry/x"))).toBe("400 uuid is required");
  const retry = "/retry/x?uuid=__proto__&succeedAfter=2";
  expect(told(ask(`${retry}&responseCode=503`))).toBe("503 ");
  expect(told(ask(retry))).toBe("reset");
  expect(told(ask(retry))).toMatch(/^200 /);
  expect(told(ask("/", { port: 3001 }))).toBe("400 Expected h2c request");
  const secure = ask("/", { port: 8443, https: true, headers: { host: "s.test:8443" } });
  if (!("response" in secure)) throw new Error(secure.error);
  expect(JSON.parse(secure.response.body).tls).toMatchObject({ serverName: "s.test" });
  const named = ask("/", { port: 8443, https: true, serverName: "named.test" });
  if (!("response" in named)) throw new Error(named.error);
  expect(JSON.parse(named.response.body).tls).toMatchObject({ serverName: "named.test" });
  const set = ask("/", { headers: { "x-echo-set-header": "X-One:1, x-two:2" } });
  if (!("response" in set)) throw new Error(set.error);
  expect(set.response.headers).toMatchObject({ "X-One": "1", "x-two": "2" });
  const log = world.request("GET", "/api/v1/namespaces/default/pods/echo/log").text;
  expect(log.split("\n").slice(0, 4)).toEqual([
    "Starting server, listening on port 3000 (http)",
    "Starting server, listening on port 3001 (h2c)",
    "Starting server, listening on port 8443 (https)",
    expect.stringMatching(
      /^Echoing back request made to \/a\?b=<c> to client \(172\.18\.0\.1:\d+\)$/,
    ),
  ]);
});

test.each([
  ["on a port that is taken", { H2C_PORT: "3000" }],
  ["without its certificate", { TLS_SERVER_CERT: "/crt", TLS_SERVER_PRIVKEY: "/key" }],
])("%s it panics", (_what, given) => {
  const world = new NetworkWorld();
  const env = Object.entries(given).map(([name, value]) => ({ name, value }));
  world.create(podOf("twice", image, { container: { env } }));
  world.advance(5_000);
  const { state } = world.pod("twice").status.containerStatuses[0];
  expect((state.terminated ?? state.waiting).reason).toMatch(/Error|CrashLoopBackOff/);
});
