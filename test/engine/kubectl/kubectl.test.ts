/** kubectl as a program of a container: whom it speaks to and as whom, what it keeps, what wakes it. */
import { describe, expect, test } from "vitest";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { forgetRun, type KubectlState } from "../../../durable-objects/engine/kubectl/program.ts";
import type { Program } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { KubectlWorld, toolbox } from "./kubectl-world.ts";

const configMap = (name: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { k: "v" },
});

describe("a Pod's service account", () => {
  const world = new KubectlWorld().begin();
  world.create(toolbox("plain", "default"));
  world.until(() => world.pod("plain").status.phase === "Running");

  test("may do what RBAC lets it, and nothing else", () => {
    world.in = "plain";
    expect(world.sh("kubectl get pods")).toEqual({
      stdout: "",
      stderr:
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"\n',
      code: 1,
    });
    world.in = "toolbox";
    expect(world.out("kubectl get pods -o name")).toBe("pod/plain\npod/toolbox\n");
  });

  test("without its token there is nobody to speak to", () => {
    const ran = world.sh("KUBERNETES_SERVICE_HOST= kubectl get pods");
    expect(ran.code).toBe(1);
    const lines = ran.stderr.trim().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(
      /^E0101 00:00:\d\d\.\d{6} {5}\s*\d+ memcache\.go:265\] "Unhandled Error" err="couldn't get current server API group list: Get \\"http:\/\/localhost:8080\/api\?timeout=32s\\": dial tcp 127\.0\.0\.1:8080: connect: connection refused"$/,
    );
    expect(lines[5]).toBe(
      "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
    );
  });

  test.each([
    ["https://nowhere.example", "dial tcp: lookup nowhere.example: no such host"],
    ["https://172.18.0.99:6443", "dial tcp 172.18.0.99:6443: connect: no route to host"],
  ])("%s: %s", (server, why) => {
    const ran = world.sh(`kubectl get pods --insecure-skip-tls-verify -s ${server}`);
    expect(ran.stderr.trim().split("\n").at(-1)).toBe(`Unable to connect to the server: ${why}`);
  });

  test("a NetworkPolicy holds for it", () => {
    world.create({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "silent" },
      spec: { podSelector: {}, policyTypes: ["Egress"] },
    });
    const ran = world.sh("kubectl get pods --request-timeout=5s");
    expect(ran.stderr).toContain(
      "Unable to connect to the server: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    );
    world.delete("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/silent");
  });
});

describe("programs beside it", () => {
  const world = new KubectlWorld().begin();

  test("plugins in PATH are run, and listed", () => {
    world.out(
      "mkdir -p /usr/local/bin; printf '#!/bin/sh\\necho \"hello $@\"\\n' > /usr/local/bin/kubectl-say_hello; chmod +x /usr/local/bin/kubectl-say_hello",
    );
    expect(world.out("kubectl say-hello a --b")).toBe("hello a --b\n");
    expect(world.sh("PATH=/usr/local/bin:/usr/bin kubectl plugin list").stdout).toBe(
      "The following compatible plugins are available:\n\n/usr/local/bin/kubectl-say_hello\n",
    );
    expect(world.sh("kubectl -n x say-hello").stderr).toBe(
      "Error: flags cannot be placed before plugin name: -n\n",
    );
  });

  test("a pipe that closes ends it, a file takes what it prints", () => {
    expect(world.out("kubectl get pods -o yaml | head -1; kubectl get ns -o name > f; cat f")).toBe(
      "apiVersion: v1\nnamespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system\n",
    );
  });
});

describe("completion", () => {
  const world = new KubectlWorld().begin();
  test.each([
    ["get po", "pods\npodtemplates\npods.metrics.k8s.io\npoddisruptionbudgets.policy\n:4\n"],
    ["get pods ''", "toolbox\n:4\n"],
    ["get pods/t", "pods/toolbox\n:4\n"],
    ["get pods -n kube-n", "kube-node-lease\n:4\n"],
    ["rollout re", "restart\tRestart a resource\nresume\tResume a paused resource\n:4\n"],
    ["apply -f ''", "json\nyaml\nyml\n:8\n"],
    [
      "get pods --watch-",
      "--watch-only\tWatch for changes to the requested object(s), without listing/getting first.\n:4\n",
    ],
    ["nope ''", ":0\n"],
    ["get pods -s http://localhost:1 ''", ":4\n"],
  ])("of kubectl %s", (words, expected) => {
    expect(world.out(`kubectl __complete ${words}`)).toBe(expected);
  });
});

describe("a watch", () => {
  test("tells what happens, by the clock of the cluster, and costs nothing while nothing does", () => {
    const world = new KubectlWorld().begin();
    world.settle(60_000);
    const session = world.start("kubectl get cm -w -o name");
    expect(session.read()).toBe("configmap/kube-root-ca.crt\n");
    const { steps } = world.engine;
    const { rv } = world.engine.store;
    world.advance(300_000);
    // Nothing of its own: other work of the cluster's may happen.
    expect(session.read()).toBe("");
    expect(world.engine.store.rv).toBe(rv);
    const quiet = new KubectlWorld().begin();
    quiet.settle(60_000);
    const before = quiet.engine.steps;
    quiet.advance(300_000);
    expect(world.engine.steps - steps).toBe(quiet.engine.steps - before);
    world.create(configMap("a"));
    world.advance(10);
    expect(session.read()).toBe("configmap/a\n");
    world.delete("/api/v1/namespaces/default/configmaps/a");
    world.advance(10);
    expect(session.read()).toBe("configmap/a\n");
    session.end();
  });

  test("of one object, with events", () => {
    const world = new KubectlWorld().begin();
    world.create(configMap("a"));
    const session = world.start("kubectl get cm a -w --output-watch-events");
    expect(session.read()).toMatch(/^EVENT {6}NAME {3}DATA {3}AGE\nADDED {6}a {6}1 {6}0s\n$/);
    world.patch("/api/v1/namespaces/default/configmaps/a", { data: { l: "w" } });
    world.advance(10);
    expect(session.read()).toMatch(/^MODIFIED {3}a {6}2 {6}0s\n$/);
    session.end();
  });

  test("ends when the server ends it", () => {
    const world = new KubectlWorld().begin();
    const session = world.start("kubectl get cm -w -o name");
    session.read();
    // Somebody looks now and then, or time would stand still.
    for (let i = 0; i < 13; i++) {
      world.get("/api/v1/namespaces/default");
      world.advance(300_000);
    }
    session.read();
    expect(session.code).toBe(0);
  });

  test("curl reads one as it comes", () => {
    const world = new KubectlWorld().begin();
    const url = "https://kubernetes.default/api/v1/namespaces/default/configmaps";
    const session = world.start(
      `curl -sk -H "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)" "${url}?watch=1&timeoutSeconds=60&resourceVersion=$(kubectl get cm -o jsonpath='{.metadata.resourceVersion}' 2>/dev/null)"; echo over`,
    );
    session.read();
    world.create(configMap("a"));
    world.advance(10);
    expect(session.read()).toContain('"name":"a"');
    world.advance(61_000);
    expect(session.read()).toMatch(/over\n$/);
  });

  test("a followed log is told as it comes", () => {
    const world = new KubectlWorld().begin();
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "speaker" },
      spec: {
        containers: [
          {
            name: "c",
            image: "busybox",
            command: ["sh", "-c", "while sleep 5; do date +%s; done"],
          },
        ],
      },
    });
    world.until(() => world.pod("speaker").status.phase === "Running");
    const session = world.start(
      "kubectl get --raw '/api/v1/namespaces/default/pods/speaker/log?follow=true'",
    );
    world.advance(11_000);
    const first = session.read().split("\n").length;
    expect(first).toBeGreaterThan(1);
    world.advance(10_000);
    expect(session.read().split("\n").length).toBe(3);
    session.end();
  });
});

describe("what it keeps", () => {
  const lines = [
    "kubectl get pods -A -o wide",
    "kubectl get pods nope toolbox; kubectl nope; kubectl get cm -o yaml",
    "kubectl api-resources | wc -l; kubectl get all",
    "kubectl config set-cluster c --server=https://x; kubectl config view; kubectl get --raw /version | head -3",
    "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: kube-root-ca.crt}\\n' | kubectl get -f - -o name",
  ];

  /** All output of the lines, and of a watch beside them. */
  function transcript(): string {
    const world = new KubectlWorld().begin();
    const session = world.start("kubectl get cm -w --output-watch-events");
    let text = session.read();
    for (const line of lines) {
      const { stdout, stderr, code } = world.sh(line);
      text += `${stdout}${stderr}${code}\n`;
      world.create(configMap(`m${text.length}`));
      world.advance(1_000);
      text += session.read();
    }
    return text;
  }

  test("losing the running generator after every step changes no byte", () => {
    const kept = transcript();
    const program = imageCatalog.programs.get("kubectl") as Program<KubectlState>;
    const { step } = program;
    let steps = 0;
    program.step = (sys, state) => {
      const done = step(sys, state);
      forgetRun(state);
      steps++;
      return done;
    };
    const lost = transcript();
    program.step = step;
    expect(steps).toBeGreaterThan(10);
    expect(lost).toBe(kept);
  });

  test("an eviction in the middle of a watch changes nothing either", () => {
    const world = new KubectlWorld().begin();
    const session = world.start("kubectl get cm -w -o name > /tmp/seen & sleep 1000");
    session.read();
    world.evict();
    world.create(configMap("a"));
    world.advance(1_000);
    expect(world.out("cat /tmp/seen")).toBe("configmap/kube-root-ca.crt\nconfigmap/a\n");
  });
});
