/** Newer parts of a Pod's spec: variables from files, images as volumes, rules that restart all containers. */
import { describe, expect, it } from "vitest";
import {
  box,
  isolationWorld,
  podOf,
  type IsolationWorld,
} from "../runtime/isolation/isolation-world.ts";

const podUrl = "/api/v1/namespaces/default/pods/p";
const run = (containers: object[], spec: object = {}, ms = 20_000): IsolationWorld => {
  const w = isolationWorld();
  w.create(podOf("p", containers, spec));
  w.advance(ms);
  return w;
};
const script = (name: string, text: string, more: object = {}): object => ({
  name,
  image: "busybox:1.36",
  command: ["sh", "-c", text],
  ...more,
});
const volumeMounts = [{ name: "work", mountPath: "/work" }];
const volumes = [{ name: "work", emptyDir: {} }];

describe("fileKeyRef", () => {
  const fromFile = (text: string, key: string, optional = false): IsolationWorld =>
    run(
      [
        script("main", "echo [$A]", {
          env: [
            {
              name: "A",
              valueFrom: { fileKeyRef: { volumeName: "work", path: "env", key, optional } },
            },
          ],
        }),
      ],
      {
        restartPolicy: "Never",
        initContainers: [script("make", `cat > /work/env <<'END'\n${text}\nEND`, { volumeMounts })],
        volumes,
      },
    );

  it.each([
    ["A='x y'", "A", "[x y]\n"],
    ["# comment\n\n  B='1' # more\nA='two\nlines'", "A", "[two lines]\n"],
    ["A= 'x'", "C", undefined],
  ])("%j gives %s", (text, key, output) => {
    const w = fromFile(text, key, output === undefined);
    expect(w.logs("p", "?container=main")).toBe(output ?? "[]\n");
  });

  it("says why a variable cannot be had", () => {
    const reason = (w: IsolationWorld): unknown =>
      w.get(podUrl).status.containerStatuses[0].state.waiting;
    expect(reason(fromFile("A=x", "A"))).toEqual({
      reason: "CreateContainerConfigError",
      message: "couldn't parse env file",
    });
    expect(reason(fromFile("A='x'", "B"))).toMatchObject({
      reason: "CreateContainerConfigError",
      message: expect.stringMatching(
        /^environment variable key "B" not found in file "\/var\/lib\/kubelet\/pods\/[0-9a-f-]+\/volumes\/kubernetes\.io~empty-dir\/work\/env"$/,
      ),
    });
  });
});

describe("a volume that is an image", () => {
  const withImage = (reference: string): IsolationWorld =>
    run([box("c", { volumeMounts: [{ name: "image", mountPath: "/image" }] })], {
      volumes: [{ name: "image", image: { reference } }],
    });

  it("shows its files, read-only", () => {
    const w = withImage("registry.k8s.io/e2e-test-images/kitten:1.8");
    expect(w.out("p", "cat /image/data.json")).toBe('{ "image": "kitten.jpg" }\n');
    expect(w.out("p", "grep ^NAME= /image/etc/os-release")).toBe('NAME="Alpine Linux"\n');
    expect(w.sh("p", "touch /image/x").err).toContain("Read-only file system");
    expect(w.events("p")).toContain(
      'Normal Pulling Pulling image "registry.k8s.io/e2e-test-images/kitten:1.8"',
    );
  });

  it("holds its containers back while it cannot be pulled", () => {
    const w = withImage("nginx:1.161");
    const { waiting } = w.get(podUrl).status.containerStatuses[0].state;
    expect(waiting.reason).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
  });
});

it("a RestartAllContainers rule starts all containers anew, init containers first", () => {
  const restartPolicyRules = [
    { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } },
  ];
  const w = run(
    [
      script("source", "[ -f /work/x ] && sleep 1000; touch /work/x; sleep 5; exit 42", {
        restartPolicy: "Never",
        restartPolicyRules,
        volumeMounts,
      }),
      box("other"),
    ],
    {
      restartPolicy: "Never",
      initContainers: [script("init", "true"), box("side", { restartPolicy: "Always" })],
      volumes,
    },
    4_000,
  );
  const condition = (): { status: string; reason?: string } =>
    w
      .get(podUrl)
      .status.conditions.find((c: { type: string }) => c.type === "AllContainersRestarting");
  for (let i = 0; i < 40 && condition().status === "False"; i++) w.advance(250);
  expect(condition()).toMatchObject({ status: "True", reason: "RestartAllContainersStarted" });
  w.advance(10_000);
  expect(condition()).toMatchObject({ status: "False" });
  const { status } = w.get(podUrl);
  expect(status.phase).toBe("Running");
  const all = [...status.initContainerStatuses, ...status.containerStatuses];
  expect(all.map((c) => [c.name, c.restartCount, c.lastState.terminated?.exitCode])).toEqual([
    ["init", 1, 0],
    ["side", 1, 137],
    ["other", 1, 137],
    ["source", 1, 42],
  ]);
});

it("a negative grace period is one second, of a Pod alone", () => {
  const w = run([box("c")], { terminationGracePeriodSeconds: -1 });
  expect(w.get(podUrl).spec.terminationGracePeriodSeconds).toBe(1);
});

it("so does such a rule of a sidecar", () => {
  const restartPolicyRules = [
    { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } },
  ];
  const w = run(
    [box("regular")],
    {
      restartPolicy: "Never",
      initContainers: [
        script("init", "exit 0"),
        box("side", { restartPolicy: "Always" }),
        script("source", "[ -f /work/x ] && sleep 1000; touch /work/x; sleep 5; exit 42", {
          restartPolicy: "Always",
          restartPolicyRules,
          volumeMounts,
        }),
      ],
      volumes,
    },
    30_000,
  );
  const { status } = w.get(podUrl);
  const all = [...status.initContainerStatuses, ...status.containerStatuses];
  expect(all.map((c) => [c.name, c.restartCount, c.lastState.terminated?.exitCode])).toEqual([
    ["init", 1, 0],
    ["side", 1, 137],
    ["source", 1, 42],
    ["regular", 1, 137],
  ]);
});

describe("an http probe that is redirected", () => {
  const image = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
  const redirected = (to: string): IsolationWorld =>
    run(
      [
        {
          name: "c",
          image,
          args: ["liveness"],
          livenessProbe: {
            httpGet: { path: `/redirect?loc=${encodeURIComponent(to)}`, port: 8080 },
            initialDelaySeconds: 15,
            failureThreshold: 1,
          },
        },
      ],
      {},
      60_000,
    );
  const restarts = (w: IsolationWorld): number =>
    w.get(podUrl).status.containerStatuses[0].restartCount;

  it("within its host follows", () => {
    const w = redirected("/healthz");
    expect(restarts(w)).toBeGreaterThan(0);
    expect(w.events("p")).toContain(
      "Warning Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 500",
    );
  });

  it("to another host does not, and is content", () => {
    const w = redirected("http://0.0.0.0/");
    expect(restarts(w)).toBe(0);
    expect(w.events("p")).toContain(
      'Warning ProbeWarning Liveness probe warning: Probe terminated redirects, Response body: <a href="http://0.0.0.0/">Found</a>.\n\n',
    );
  });
});

describe("a gRPC probe", () => {
  const probed = (image: string, port: number): IsolationWorld =>
    run(
      [{ name: "c", image, ports: [{ containerPort: port }], livenessProbe: { grpc: { port } } }],
      {},
      60_000,
    );

  it("is content with etcd", () => {
    const w = probed("registry.k8s.io/etcd:3.5.1-0", 2379);
    expect(w.get(podUrl).status.containerStatuses[0]).toMatchObject({
      restartCount: 0,
      ready: true,
    });
  });

  it("never gets through to who speaks no HTTP/2", () => {
    const w = probed("nginx:1.29", 80);
    const { podIP } = w.get(podUrl).status;
    expect(w.events("p")).toContain(
      `Warning Unhealthy Liveness probe failed: timeout: failed to connect service "${podIP}:80" within 1s: context deadline exceeded`,
    );
  });
});

it("a killed container's status tells no signal", () => {
  const w = run([script("c", "sleep 1; kill -9 $$")], { restartPolicy: "Never" });
  const { terminated } = w.get(podUrl).status.containerStatuses[0].state;
  expect(terminated).toMatchObject({ reason: "Error" });
  expect(terminated).not.toHaveProperty("signal");
});

it("an image name that is none says how", () => {
  const w = run([{ name: "c", image: "My-App:1" }]);
  expect(w.events("p")).toContain(
    'Warning InspectFailed Failed to apply default image tag "My-App:1": couldn\'t parse image name "My-App:1": invalid reference format: repository name (library/My-App) must be lowercase',
  );
});

it("a Pod bound by hand to a node it does not fit on is refused there", () => {
  const w = isolationWorld();
  w.create(podOf("p", [box("c", { resources: { requests: { cpu: "1000" } } })]));
  w.advance(2_000);
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: "p" } };
  w.request("POST", `${podUrl}/binding`, { ...binding, target: { kind: "Node", name: "node-1" } });
  w.advance(2_000);
  expect(w.get(podUrl).status).toMatchObject({
    phase: "Failed",
    reason: "OutOfcpu",
    message: expect.stringMatching(
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: \d+, capacity: \d+$/,
    ),
  });
});
