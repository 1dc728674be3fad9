/** API servers behind Services. k8s: test/e2e/apimachinery/aggregator.go TestSampleAPIServer */
import { describe, expect, test } from "vitest";
import {
  authority,
  otherAuthority,
  serverCertificate,
  serverKey,
} from "../../helpers/webhook-certificates.ts";
import { World, type Answer, type RequestOptions } from "../../helpers/world.ts";

const services = "/apis/apiregistration.k8s.io/v1/apiservices";
const name = "v1alpha1.wardle.example.com";
const base = "/apis/wardle.example.com/v1alpha1";
const flunders = `${base}/namespaces/default/flunders`;

const rbac = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "wardler:auth-delegator"}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
roleRef: {kind: ClusterRole, name: "system:auth-delegator", apiGroup: rbac.authorization.k8s.io}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: wardler-auth-reader, namespace: kube-system}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
roleRef: {kind: Role, name: extension-apiserver-authentication-reader, apiGroup: rbac.authorization.k8s.io}
`;
const server = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: sample-apiserver-deployment}
spec:
  selector: {matchLabels: {apiserver: "true"}}
  template:
    metadata: {labels: {apiserver: "true"}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: sample-apiserver
        image: registry.k8s.io/e2e-test-images/sample-apiserver:1.29.2
        args: ["--etcd-servers=http://127.0.0.1:2379", --audit-log-path=-]
        readinessProbe:
          httpGet: {scheme: HTTPS, port: 443, path: /readyz}
          initialDelaySeconds: 20
          periodSeconds: 1
      - name: etcd
        image: registry.k8s.io/etcd:3.6.4-0
        command: [/usr/local/bin/etcd, --listen-client-urls, "http://127.0.0.1:2379", --advertise-client-urls, "http://127.0.0.1:2379"]
---
apiVersion: v1
kind: Service
metadata: {name: sample-api}
spec:
  selector: {apiserver: "true"}
  ports: [{port: 7443, targetPort: 443}]
`;
const apiService = {
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name },
  spec: {
    group: "wardle.example.com",
    version: "v1alpha1",
    groupPriorityMinimum: 2000,
    versionPriority: 200,
    insecureSkipTLSVerify: true,
    service: { namespace: "default", name: "sample-api", port: 7443 },
  },
};

/** The same server, which shows a certificate of its own for the Service `e2e-test-webhook`. */
function certified(spec: object, service = "e2e-test-webhook"): World {
  const w = new World({ nodes: 1 });
  w.advance(1000);
  const files = "/apiserver.local.config/certificates";
  const flags = `--tls-cert-file=${files}/tls.crt, --tls-private-key-file=${files}/tls.key, `;
  const volume = `
      volumes: [{name: certs, secret: {secretName: certs}}]
`;
  const own = server
    .replace("args: [", `args: [${flags}`)
    .replace(
      "        readinessProbe",
      `        volumeMounts: [{name: certs, mountPath: ${files}}]\n        readinessProbe`,
    )
    .replace("\n---", `${volume}---`)
    .replace("name: sample-api}", `name: ${service}}`);
  const { insecureSkipTLSVerify: _, ...rest } = apiService.spec;
  const target = { namespace: "default", name: service, port: 7443 };
  w.create(
    rbac,
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "certs" },
      stringData: { "tls.crt": serverCertificate, "tls.key": serverKey },
    },
    own,
    { ...apiService, spec: { ...rest, service: target, ...spec } },
  );
  w.advance(60_000);
  return w;
}

function world(): World {
  const w = new World({ nodes: 1 });
  w.advance(1000);
  w.create(rbac, server, apiService);
  w.advance(60_000);
  return w;
}

/** An answer that may take virtual time. */
function ask(
  w: World,
  method: string,
  url: string,
  body?: unknown,
  options: RequestOptions = {},
): Answer {
  const first = w.raw(method, url, body, options);
  if (first.type !== "pending") return parse(first as never);
  for (let i = 0; i < 100; i++) {
    const reply = w.engine.pollProxy(first);
    if (reply) return parse(reply as never);
    w.advance(100);
  }
  throw new Error("no answer");
}
function parse({
  status,
  headers,
  body,
}: {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}): Answer {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const isJson = headers["content-type"]?.includes("json");
  return { status, headers, text, body: isJson && text ? JSON.parse(text) : text };
}
const condition = (w: World): string[] => {
  const { status, reason, message } = w.get(`${services}/${name}`).status.conditions[0];
  return [status, reason, message];
};
const flunder = (of: string, more = {}): object => ({
  apiVersion: "wardle.example.com/v1alpha1",
  kind: "Flunder",
  metadata: { name: of, labels: { "sample-label": "true" } },
  ...more,
});

/** k8s: kube-aggregator/pkg/apiserver/handler_proxy.go, pkg/controllers/status/remote */
describe("the certificate that it shows", () => {
  const problem = (w: World): string => condition(w)[2]!.replace(/^.*": /, "");

  test("must be vouched for by the bundle of its APIService", () => {
    const w = certified({ caBundle: btoa(authority) });
    expect(condition(w)).toEqual(["True", "Passed", "all checks passed"]);
    expect(ask(w, "POST", flunders, flunder("a")).status).toBe(201);
  });

  test("and no other, nor by none", () => {
    const unknown =
      "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    for (const spec of [{ caBundle: btoa(otherAuthority) }, {}]) {
      const w = certified(spec);
      expect(condition(w).slice(0, 2)).toEqual(["False", "FailedDiscoveryCheck"]);
      expect(problem(w)).toContain(unknown);
    }
  });

  test("must be for its Service's name", () => {
    const w = certified({ caBundle: btoa(authority) }, "sample-api");
    expect(problem(w)).toMatch(
      /^tls: failed to verify certificate: x509: certificate is valid for .*, not sample-api\.default\.svc$/,
    );
  });

  test("counts from the moment on at which somebody looks", () => {
    const w = certified({ insecureSkipTLSVerify: true });
    expect(condition(w)[0]).toBe("True");
    const { spec } = w.get(`${services}/${name}`);
    w.request("PUT", `${services}/${name}`, {
      ...w.get(`${services}/${name}`),
      spec: { ...spec, insecureSkipTLSVerify: false, caBundle: btoa(otherAuthority) },
    });
    expect(ask(w, "GET", flunders)).toMatchObject({ status: 503, text: "service unavailable\n" });
    expect(problem(w)).toContain("x509: certificate signed by unknown authority");
  });
});

describe("an API server behind a Service", () => {
  test("is available once it answers, and is discovered", () => {
    const w = world();
    expect(condition(w)).toEqual(["True", "Passed", "all checks passed"]);
    expect(w.rows(`${services}/${name}`)[0]).toMatchObject({
      Service: "default/sample-api",
      Available: "True",
    });
    const groups = w.get("/apis").groups;
    expect(groups.find((one: { name: string }) => one.name === "wardle.example.com")).toEqual({
      name: "wardle.example.com",
      versions: [{ groupVersion: "wardle.example.com/v1alpha1", version: "v1alpha1" }],
      preferredVersion: { groupVersion: "wardle.example.com/v1alpha1", version: "v1alpha1" },
    });
    const accept = "application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList";
    const all = w.request("GET", "/apis", undefined, { accept }).body.items;
    const own = all.find(
      (one: { metadata: { name: string } }) => one.metadata.name === "wardle.example.com",
    );
    expect(own.versions[0]).toMatchObject({ version: "v1alpha1", freshness: "Current" });
    expect(own.versions[0].resources[1]).toEqual({
      resource: "flunders",
      responseKind: { group: "wardle.example.com", version: "v1alpha1", kind: "Flunder" },
      scope: "Namespaced",
      singularResource: "flunder",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    });
    expect(ask(w, "GET", base).body.resources.map((one: { name: string }) => one.name)).toEqual([
      "fischers",
      "flunders",
    ]);
    w.evict();
    expect(w.get("/apis/wardle.example.com").versions).toHaveLength(1);
  });

  // k8s: test/e2e/apimachinery/openapiv3.go
  test("tells what it serves in OpenAPI's words", () => {
    const w = world();
    const path = "apis/wardle.example.com/v1alpha1";
    const { serverRelativeURL: at } = w.get("/openapi/v3").paths[path];
    const found = ask(w, "GET", at);
    expect(found.status).toBe(200);
    expect(Object.keys(found.body.paths)).toContain(`/${path}/namespaces/{namespace}/flunders`);
    const type = Object.entries<any>(found.body.components.schemas).find(([name]) =>
      name.endsWith("v1alpha1.Flunder"),
    )?.[1];
    expect(Object.keys(type.properties.spec.properties)).toEqual(["reference", "referenceType"]);
    w.delete("/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.wardle.example.com");
    w.advance(60_000);
    expect(w.get("/openapi/v3").paths[path]).toBeUndefined();
  });

  test("keeps objects in its etcd", () => {
    const w = world();
    const made = ask(w, "POST", flunders, flunder("one", { spec: { reference: "two" } }));
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      apiVersion: "wardle.example.com/v1alpha1",
      kind: "Flunder",
      metadata: { name: "one", namespace: "default" },
      spec: { reference: "two", referenceType: "Flunder" },
    });
    expect(ask(w, "POST", flunders, flunder("one")).body.message).toBe(
      'flunders.wardle.example.com "one" already exists',
    );
    const cbor = ask(w, "POST", flunders, "x", { type: "application/cbor" });
    const tried = ask(w, "POST", `${flunders}?dryRun=All`, flunder("tried"));
    expect(tried.status).toBe(201);
    expect(ask(w, "GET", `${flunders}/tried`).status).toBe(404);
    expect(cbor).toMatchObject({ status: 415, body: { reason: "UnsupportedMediaType" } });
    ask(w, "POST", flunders, flunder("two"));
    const list = ask(w, "GET", flunders);
    expect(list.body.kind).toBe("FlunderList");
    expect(list.body.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual(
      ["one", "two"],
    );
    const table = ask(w, "GET", flunders, undefined, {
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
    });
    expect(table.body.columnDefinitions.map((one: { name: string }) => one.name)).toEqual([
      "Name",
      "Created At",
    ]);
    const type = "application/merge-patch+json";
    expect(
      ask(w, "PATCH", `${flunders}/two`, { metadata: { labels: { a: "b" } } }, { type }).body
        .metadata.labels,
    ).toEqual({ "sample-label": "true", a: "b" });
    expect(ask(w, "GET", `${flunders}?labelSelector=a%3Db`).body.items).toHaveLength(1);
    const old = {
      ...ask(w, "GET", `${flunders}/two`).body,
      metadata: { name: "two", resourceVersion: "1" },
    };
    expect(ask(w, "PUT", `${flunders}/two`, old).status).toBe(409);
    expect(ask(w, "DELETE", `${flunders}/one`).body.details).toMatchObject({
      name: "one",
      kind: "flunders",
    });
    expect(ask(w, "GET", `${flunders}/one`).body).toMatchObject({
      code: 404,
      message: 'flunders.wardle.example.com "one" not found',
    });
    // The server's own container starts anew; what it kept is elsewhere.
    const [pod] = w.pods("default", "apiserver=true");
    const other = {
      spec: {
        containers: pod.spec.containers.map((c: { name: string; image: string }) => ({
          ...c,
          ...(c.name === "sample-apiserver" ? { image: c.image.replace("1.29.2", "1.29.1") } : {}),
        })),
      },
    };
    w.patch(`/api/v1/namespaces/default/pods/${pod.metadata.name}`, other);
    w.advance(60_000);
    expect(
      w
        .pod(pod.metadata.name)
        .status.containerStatuses.find((c: { name: string }) => c.name === "sample-apiserver")
        .restartCount,
    ).toBe(1);
    expect(ask(w, "GET", flunders).body.items).toHaveLength(1);
  });

  test("has its own rules, and refuses in its own name", () => {
    const w = world();
    expect(
      ask(w, "POST", flunders, flunder("x", { spec: { referenceType: "Fischer" } })).body.message,
    ).toBe(
      'Flunder.wardle.example.com "x" is invalid: spec.fischerReference: Invalid value: "": cannot be empty if referenceType is Fischer',
    );
    const fischer = {
      apiVersion: "wardle.example.com/v1alpha1",
      kind: "Fischer",
      metadata: { name: "f" },
      disallowedFlunders: ["bad"],
    };
    expect(ask(w, "POST", `${base}/fischers`, fischer).status).toBe(201);
    expect(ask(w, "POST", flunders, flunder("bad")).body.message).toBe(
      'flunders.wardle.example.com "bad" is forbidden: this name may not be used, please change the resource name',
    );
    expect(ask(w, "GET", `${base}/nothing`).status).toBe(404);
  });

  test("is asked in the name of who asks, who must be allowed to here first", () => {
    const w = world();
    const user = { name: "jane", groups: ["system:authenticated"] };
    expect(ask(w, "GET", flunders, undefined, { edge: { user } }).body.message).toBe(
      'flunders.wardle.example.com is forbidden: User "jane" cannot list resource "flunders" in API group "wardle.example.com" in the namespace "default"',
    );
    w.create(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: flunders}
rules: [{apiGroups: [wardle.example.com], resources: [flunders], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: flunders}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
roleRef: {kind: ClusterRole, name: flunders, apiGroup: rbac.authorization.k8s.io}
`);
    expect(ask(w, "GET", flunders, undefined, { edge: { user } }).status).toBe(200);
    // Without the delegator's role the server cannot ask, and lets nobody in.
    w.delete("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/wardler:auth-delegator");
    expect(ask(w, "GET", flunders, undefined, { edge: { user } }).status).toBe(403);
  });

  test("is not available without its Pods, and stale", () => {
    const w = world();
    w.patch("/apis/apps/v1/namespaces/default/deployments/sample-apiserver-deployment", {
      spec: { replicas: 0 },
    });
    w.advance(10_000);
    expect(condition(w)).toEqual([
      "False",
      "MissingEndpoints",
      'endpointslices for service/sample-api in "default" have no addresses with port name ""',
    ]);
    const answer = w.request("GET", flunders);
    expect([answer.status, answer.text]).toEqual([503, "service unavailable\n"]);
    const accept = "application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList";
    const own = w
      .request("GET", "/apis", undefined, { accept })
      .body.items.find(
        (one: { metadata: { name: string } }) => one.metadata.name === "wardle.example.com",
      );
    expect(own.versions[0].freshness).toBe("Stale");
    expect(own.versions[0].resources).toHaveLength(2);
    w.patch("/apis/apps/v1/namespaces/default/deployments/sample-apiserver-deployment", {
      spec: { replicas: 1 },
    });
    w.advance(60_000);
    expect(condition(w)[1]).toBe("Passed");
    expect(w.delete(`${services}/${name}`).status).toBe(200);
    expect(w.request("GET", flunders).status).toBe(404);
    expect(
      w.get("/apis").groups.some((one: { name: string }) => one.name === "wardle.example.com"),
    ).toBe(false);
  });

  test("keeps namespaces while it cannot be discovered", () => {
    const w = world();
    w.patch("/apis/apps/v1/namespaces/default/deployments/sample-apiserver-deployment", {
      spec: { replicas: 0 },
    });
    w.advance(10_000);
    w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } });
    w.advance(1000);
    expect(w.delete("/api/v1/namespaces/going").status).toBe(200);
    w.advance(30_000);
    const { conditions, phase } = w.get("/api/v1/namespaces/going").status;
    expect(phase).toBe("Terminating");
    expect(conditions[0]).toMatchObject({
      type: "NamespaceDeletionDiscoveryFailure",
      status: "True",
      reason: "DiscoveryFailed",
      message:
        "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: " +
        "wardle.example.com/v1alpha1: stale GroupVersion discovery: wardle.example.com/v1alpha1",
    });
    expect(conditions[3]).toMatchObject({
      type: "NamespaceContentRemaining",
      status: "False",
      reason: "ContentRemoved",
    });
    expect(w.delete(`${services}/${name}`).status).toBe(200);
    w.advance(5000);
    expect(w.request("GET", "/api/v1/namespaces/going").status).toBe(404);
  });

  test("a server that is none fails its check", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    w.create(
      `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {apiserver: "true"}}
spec: {containers: [{name: c, image: "nginx:1.29"}]}
---
apiVersion: v1
kind: Service
metadata: {name: sample-api}
spec: {selector: {apiserver: "true"}, ports: [{port: 7443, targetPort: 80}]}
`,
      apiService,
    );
    w.advance(30_000);
    const ip = w.get("/api/v1/namespaces/default/services/sample-api").spec.clusterIP;
    const url = `https://${ip}:7443/apis/wardle.example.com/v1alpha1`;
    expect(condition(w)).toEqual([
      "False",
      "FailedDiscoveryCheck",
      `failing or missing response from ${url}: Get "${url}": http: server gave HTTP response to HTTPS client`,
    ]);
  });

  test("conditions of others stay", () => {
    const w = world();
    const conditions = [
      ...w.get(`${services}/${name}`).status.conditions,
      { type: "StatusUpdated", status: "True", reason: "E2E", message: "Set from e2e test" },
    ];
    w.patch(`${services}/${name}/status`, { status: { conditions } });
    w.advance(400_000);
    expect(
      w.get(`${services}/${name}`).status.conditions.map((one: { type: string }) => one.type),
    ).toEqual(["Available", "StatusUpdated"]);
  });

  test("what is served here stays so: metrics-server's own APIService breaks nothing", () => {
    const w = new World({ nodes: 1 });
    w.advance(1000);
    w.apply(`
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {selector: {k8s-app: metrics-server}, ports: [{name: https, port: 443, targetPort: https}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io, labels: {k8s-app: metrics-server}}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics-server, namespace: kube-system}
`);
    w.advance(120_000);
    expect(w.rows(`${services}/v1beta1.metrics.k8s.io`)[0]).toMatchObject({
      Service: "kube-system/metrics-server",
      Available: "False (MissingEndpoints)",
    });
    const { items } = w.get("/apis/metrics.k8s.io/v1beta1/nodes");
    expect(items.length).toBeGreaterThan(0);
    w.evict();
    expect(w.get("/apis/metrics.k8s.io/v1beta1/nodes").items).toHaveLength(items.length);
  });
});
