/** What is said when a webhook cannot be asked, or answers what is no answer; each in upstream's words. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { otherAuthority } from "../../../helpers/webhook-certificates.ts";
import {
  caBundle,
  config,
  configs,
  hook,
  mutating,
  mutatingConfiguration,
  rule,
  said,
  service,
  validating,
  validatingConfiguration,
  webhookWorld,
  type WebhookWorld,
} from "./webhook-world.ts";

let world: WebhookWorld;
beforeAll(() => {
  world = webhookWorld();
}, 180_000);

/** What a client hears of a creation while one webhook is there, which is configured so. */
function heard(more: object, path = "/always-deny"): unknown[] {
  world.make(validating, validatingConfiguration("v", hook("v", path, more)));
  const answer = said(world.request("POST", configs, config("c")));
  world.delete(`${configs}/c`);
  world.delete(`${validating}/v`);
  return answer;
}

const failed = (why: string): unknown[] => [
  500,
  "InternalError",
  `Internal error occurred: failed calling webhook "v.k8s.io": failed to call webhook: ${why}`,
];

const post = (url = "https://e2e-test-webhook.default.svc:8443/always-deny"): string =>
  `Post "${url}?timeout=10s": `;

const clientOf = (client: object): object => ({ clientConfig: client });
const serviceOf = (more: object): object => {
  const { service: named, ...rest } = service("/always-deny") as { service: object };
  return clientOf({ ...rest, service: { ...named, ...more } });
};
const url = (text: string): object => clientOf({ url: text, caBundle });

describe("a webhook that cannot be reached", () => {
  test("has no Service, or a port that its Service has not", () => {
    expect(heard(serviceOf({ name: "nobody" }))).toEqual(
      failed(`${post("https://nobody.default.svc:8443/always-deny")}service "nobody" not found`),
    );
    expect(heard(serviceOf({ port: 443 }))).toEqual(
      failed(
        `${post("https://e2e-test-webhook.default.svc:443/always-deny")}no service port 443 found for service "e2e-test-webhook"`,
      ),
    );
  });

  test("has no Pod behind its Service, or one that does not listen", () => {
    world.create(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "empty" },
        spec: { selector: { no: "body" }, ports: [{ port: 443 }], clusterIP: "10.96.7.7" },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "deaf" },
        spec: {
          selector: { webhook: "true" },
          ports: [{ port: 443, targetPort: 1 }],
          clusterIP: "10.96.7.8",
        },
      },
    );
    world.advance(2_000);
    for (const [name, ip] of [
      ["empty", "10.96.7.7"],
      ["deaf", "10.96.7.8"],
    ])
      expect(heard(serviceOf({ name, port: 443 }))).toEqual(
        failed(
          `${post(`https://${name}.default.svc:443/always-deny`)}dial tcp ${ip}:443: connect: connection refused`,
        ),
      );
  });

  test("has an address outside", () => {
    expect(heard(url("https://webhook.invalid/x"))).toEqual(
      failed(
        `${post("https://webhook.invalid/x")}dial tcp: lookup webhook.invalid on 192.168.0.2:53: no such host`,
      ),
    );
    const before = world.now;
    expect(heard({ ...url("https://203.0.113.9:444"), timeoutSeconds: 3 })).toEqual(
      failed('Post "https://203.0.113.9:444/?timeout=3s": context deadline exceeded'),
    );
    expect(world.now - before).toBe(3_000);
  });

  test("shows a certificate that nobody vouches for, or another's", () => {
    const unknown = `${post()}tls: failed to verify certificate: x509: certificate signed by unknown authority`;
    expect(heard(clientOf({ ...service("/always-deny"), caBundle: "" }))).toEqual(failed(unknown));
    const other = clientOf({ ...service("/always-deny"), caBundle: btoa(otherAuthority) });
    expect(heard(other)[2]).toContain(`${unknown} (possibly because of`);
    world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "alias" },
      spec: { selector: { webhook: "true" }, ports: [{ port: 443, targetPort: 8444 }] },
    });
    world.advance(2_000);
    expect(heard(serviceOf({ name: "alias", port: 443 }))).toEqual(
      failed(
        `${post("https://alias.default.svc:443/always-deny")}tls: failed to verify certificate: x509: certificate is valid for e2e-test-webhook.default.svc, e2e-test-webhook.markers.svc, not alias.default.svc`,
      ),
    );
  });

  test("is passed over where its policy says so", () => {
    expect(heard({ ...serviceOf({ name: "nobody" }), failurePolicy: "Ignore" })[0]).toBe(201);
    // What it says of its own accord is heard all the same.
    expect(heard({ failurePolicy: "Ignore" })).toEqual([
      400,
      undefined,
      'admission webhook "v.k8s.io" denied the request: this webhook denies all requests',
    ]);
  });
});

describe("a slow webhook", () => {
  const slow = (more: object): [answer: unknown[], tookMs: number] => {
    const before = world.now;
    return [heard(more, "/always-allow-delay-5s"), world.now - before];
  };
  const late = (seconds: number): unknown[] =>
    failed(
      `Post "https://e2e-test-webhook.default.svc:8443/always-allow-delay-5s?timeout=${seconds}s": context deadline exceeded`,
    );

  test("that is slower than its timeout fails", () => {
    expect(slow({ timeoutSeconds: 1 })).toEqual([late(1), 1_000]);
  });
  test("is ignored then, if its policy says so", () => {
    const [answer, tookMs] = slow({ timeoutSeconds: 1, failurePolicy: "Ignore" });
    // Its deletion was asked about too.
    expect([answer[0], tookMs]).toEqual([201, 2_000]);
  });
  test("within its timeout, or the default one, is waited for", () => {
    for (const more of [{ timeoutSeconds: 10 }, {}]) {
      const [answer, tookMs] = slow(more);
      expect(answer[0]).toBe(201);
      // Its deletion was asked about too.
      expect(tookMs).toBe(10_000);
    }
  });
});

describe("what is no answer", () => {
  test("a server that is none for webhooks", () => {
    expect(heard({}, "/unknown")).toEqual(
      failed("the server could not find the requested resource"),
    );
    expect(heard({}, "/readyz")).toEqual(
      failed(
        "couldn't get version/kind; json parse error: invalid character 'o' looking for beginning of value",
      ),
    );
  });

  test("a validating webhook that would change something", () => {
    const name = 'failed calling webhook "v.k8s.io": received invalid webhook response: ';
    expect(heard({}, "/add-label")).toEqual([
      500,
      "InternalError",
      `Internal error occurred: ${name}validating webhook may not return response.patch`,
    ]);
  });

  test("a patch that does not apply", () => {
    world.make(
      mutating,
      mutatingConfiguration(
        "m",
        hook("m", "/mutating-pods-sidecar", { rules: [rule("configmaps", ["CREATE"])] }),
      ),
    );
    expect(said(world.request("POST", configs, config("c")))).toEqual([
      500,
      undefined,
      'admission webhook "m.k8s.io" denied the request: No image specified by the sidecar-image parameter',
    ]);
    world.delete(`${mutating}/m`);
  });
});

describe("while a webhook is asked", () => {
  beforeEach(() => {
    world = webhookWorld();
    world.make(
      validating,
      validatingConfiguration(
        "slow",
        hook("slow", "/always-allow-delay-5s", {
          rules: [rule("configmaps", ["CREATE"]), rule("pods", ["CREATE"])],
        }),
      ),
    );
  }, 180_000);
  const begin = (name: string): ReturnType<WebhookWorld["raw"]> =>
    world.raw("POST", configs, config(name));

  test("nothing of the write is there, others go on, and each gets its own answer", () => {
    const [first, second] = [begin("a"), begin("b")];
    expect([first.type, second.type]).toEqual(["held", "held"]);
    expect(
      world.get(configs).items.map((c: { metadata: { name: string } }) => c.metadata.name),
    ).toEqual(["kube-root-ca.crt"]);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" } };
    expect(world.request("POST", "/api/v1/namespaces/default/secrets", secret).status).toBe(201);
    const before = world.now;
    const answers = [first, second].map((one) => world.answerOf(one));
    expect(world.now - before).toBe(5_000);
    expect(answers.map(({ body }) => body.metadata.name)).toEqual(["a", "b"]);
    expect(answers[0]!.body.metadata.uid).not.toBe(answers[1]!.body.metadata.uid);
  });

  test("memory may be lost", () => {
    const held = begin("a");
    world.advance(2_000);
    world.evict();
    world.advance(1_000);
    world.evict();
    expect(world.answerOf(held).status).toBe(201);
    expect(world.get(`${configs}/a`).metadata.name).toBe("a");
  });

  test("so much may wait, and what is more is refused", () => {
    world.delete(`${validating}/slow`);
    const nowhere = validatingConfiguration("v", hook("v", "", url("https://203.0.113.9")));
    world.make(validating, nowhere);
    const large = (name: string): object => config(name, { a: "x".repeat(900_000) });
    const begun = Array.from({ length: 8 }, (_, i) => world.raw("POST", configs, large(`l${i}`)));
    const refused = begun.filter(({ type }) => type !== "held").map((one) => world.answerOf(one));
    expect(refused.length).toBeGreaterThan(0);
    expect(said(refused[0]!)).toEqual([
      429,
      "TooManyRequests",
      expect.stringMatching(
        /^the requests that wait for webhooks have \d+ characters, their limit is 8388608$/,
      ),
    ]);
    expect(begun.filter(({ type }) => type === "held").length).toBeGreaterThan(4);
  });

  test("a snapshot takes along what waits, without secrets it does not", () => {
    begin("a");
    const rows = (secrets: boolean): number =>
      world.engine
        .snapshot(world.now, { secrets })
        .records.filter(([table]) => table === "held")
        .flatMap(([, found]) => found).length;
    expect([rows(true), rows(false)]).toEqual([1, 0]);
  });

  test("an answer that nobody takes leaves nothing behind", () => {
    begin("a");
    world.advance(5_500);
    expect(world.get(`${configs}/a`).metadata.name).toBe("a");
    world.advance(120_000);
    expect([...world.engine.store.recordKeys("held")]).toEqual([]);
  });

  test("a controller comes again when the answer is there, and the cluster goes on", () => {
    world.create({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "rs" },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: "rs" } },
        template: {
          metadata: { labels: { app: "rs" } },
          spec: { containers: [{ name: "c", image: "nginx:1.27" }] },
        },
      },
    });
    const before = world.now;
    world.advance(1_000);
    expect(world.pods("default", "app=rs")).toHaveLength(0);
    world.evict();
    world.until(() => world.pods("default", "app=rs").length === 3);
    expect(world.now - before).toBe(5_000);
    world.until(() =>
      world.pods("default", "app=rs").every(({ status }) => status.phase === "Running"),
    );
    expect(world.pods("default", "app=rs")).toHaveLength(3);
    expect([...world.engine.store.recordKeys("held-steps")]).toEqual([]);
  });

  test("a write with the Clock standing still waits for it to go on", () => {
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
    const held = begin("a");
    world.advance(60_000);
    expect(held.type).toBe("held");
    expect(world.engine.pollHeld((held as { id: string }).id)).toBeUndefined();
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: false } });
    expect(world.answerOf(held).status).toBe(201);
  });
});

describe("what components write of themselves", () => {
  const allow = { rules: [{ ...rule("*/*", ["*"]), apiGroups: ["*"] }] };

  test("goes on when everything is asked about, and the webhook is the one that starts", () => {
    world = webhookWorld();
    world.make(
      validating,
      validatingConfiguration(
        "all",
        hook("all", "/configmaps", { ...allow, failurePolicy: "Ignore" }),
      ),
    );
    world.delete("/api/v1/namespaces/default/pods?labelSelector=webhook%3Dtrue");
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }] },
    });
    world.until(() => world.pod("p").status.phase === "Running", 600_000);
    world.until(
      () =>
        world.get("/apis/apps/v1/namespaces/default/deployments/sample-webhook-deployment").status
          .readyReplicas === 1,
      600_000,
    );
    world.check();
  });

  test("that is refused is tried again, without a fault", () => {
    world = webhookWorld();
    const rules = [rule("pods/status", ["UPDATE"])];
    world.make(
      validating,
      validatingConfiguration("status", hook("status", "/always-deny", { rules })),
    );
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }] },
    });
    world.advance(30_000);
    expect(world.pod("p").status.phase).toBe("Pending");
    world.delete(`${validating}/status`);
    world.until(() => world.pod("p").status.phase === "Running", 300_000);
    world.check();
  });
});
