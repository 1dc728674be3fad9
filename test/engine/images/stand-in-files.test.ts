/** What manifests of well-known projects ask of images and nodes: files that they copy, addresses, settings, probes by loopback. */
import { expect, test } from "vitest";
import { ShellWorld } from "../behaviours/shell-world.ts";

const pod = (name: string, containers: object[], spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers, ...spec },
});
const sleeping = (name: string, image: string, more: object = {}): object =>
  pod(name, [{ name: "c", image, command: ["sleep", "infinity"], ...more }]);

function world(...objects: object[]): ShellWorld {
  const made = new ShellWorld();
  made.create(...objects);
  made.advance(60_000);
  return made;
}

test("an init container copies what its image is known to hold", () => {
  const mount = { volumeMounts: [{ name: "v", mountPath: "/shared" }] };
  const copy = (image: string, from: string): object => ({
    name: "copy",
    image,
    command: ["/bin/cp", "--update=none", from, "/shared/copied"],
    securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true },
    ...mount,
  });
  const serving = [{ name: "c", image: "nginx", ...mount }];
  const volumes = [{ name: "v", emptyDir: {} }];
  const one = (name: string, image: string, from: string): object =>
    pod(name, serving, { initContainers: [copy(image, from)], volumes });
  const w = world(
    one("argo", "quay.io/argoproj/argocd:v3.2.0", "/usr/local/bin/argocd"),
    one("flannel", "ghcr.io/flannel-io/flannel-cni-plugin:v1.8.0-flannel1", "/flannel"),
    one("none", "example/none:1", "/usr/local/bin/argocd"),
    pod("grafana", [
      {
        name: "c",
        image: "grafana/grafana:12.2.0",
        securityContext: { readOnlyRootFilesystem: true },
      },
    ]),
  );
  expect(["argo", "flannel", "none", "grafana"].map((name) => w.pod(name).status.phase)).toEqual([
    "Running",
    "Running",
    "Pending",
    "Running",
  ]);
  expect(w.sh("argo", "ls /shared")).toBe("copied");
});

test("Argo CD's programs make the Secrets that its manifests wait for, as their account may", () => {
  const namespace = "default";
  const rights = [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "argocd", namespace },
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["create", "get"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "argocd", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "argocd" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace }],
    },
  ];
  const image = "quay.io/argoproj/argocd:v3.2.0";
  const env = [{ name: "P", valueFrom: { secretKeyRef: { name: "argocd-redis", key: "auth" } } }];
  const redis = (name: string, serviceAccountName?: string): object =>
    pod(name, [{ name: "redis", image: "redis:8.4", args: ["--requirepass", "$(P)"], env }], {
      ...(serviceAccountName ? { serviceAccountName } : {}),
      initContainers: [
        { name: "secret-init", image, command: ["argocd", "admin", "redis-initial-password"] },
      ],
    });
  const w = world(
    ...rights,
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "nobody" } },
    redis("redis"),
    redis("refused", "nobody"),
    pod("server", [
      {
        name: "c",
        image,
        args: ["/usr/local/bin/argocd-server"],
        ports: [{ containerPort: 8080 }],
      },
    ]),
  );
  w.advance(60_000);
  expect(w.pod("redis").status.containerStatuses[0].ready).toBe(true);
  expect(w.pod("server").status.containerStatuses[0].ready).toBe(true);
  expect(w.pod("refused").status.initContainerStatuses[0].restartCount).toBeGreaterThan(0);
  const { data } = w.get("/api/v1/namespaces/default/secrets/argocd-initial-admin-secret");
  expect(Buffer.from(data.password, "base64").toString()).toMatch(/^[\w-]{16}$/);
});

test("two programs of a Pod have the same port at different addresses", () => {
  const ip = { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };
  const w = world(
    pod("exporter", [
      {
        name: "node-exporter",
        image: "quay.io/prometheus/node-exporter:v1.10.2",
        args: ["--web.listen-address=127.0.0.1:9100"],
      },
      {
        name: "kube-rbac-proxy",
        image: "quay.io/brancz/kube-rbac-proxy:v0.20.0",
        args: ["--secure-listen-address=[$(IP)]:9100", "--upstream=http://127.0.0.1:9100/"],
        env: [ip],
        ports: [{ containerPort: 9100, name: "https" }],
      },
    ]),
    pod("twice", [
      { name: "a", image: "example/a:1", ports: [{ containerPort: 7000 }] },
      {
        name: "b",
        image: "example/b:1",
        args: ["--listen=0.0.0.0:7000"],
        ports: [{ containerPort: 7000 }],
      },
    ]),
  );
  const ready = (name: string): boolean[] =>
    w.pod(name).status.containerStatuses.map((s: { ready: boolean }) => s.ready);
  expect(ready("exporter")).toEqual([true, true]);
  expect(ready("twice")).toEqual([true, false]);
});

test("a probe of the node's loopback reaches a stand-in in the node's network", () => {
  const probe = {
    httpGet: { path: "/readiness", host: "localhost", port: 9099 },
    periodSeconds: 5,
  };
  const w = world(
    pod("agent", [{ name: "c", image: "example/agent:1", readinessProbe: probe }], {
      hostNetwork: true,
      volumes: [{ name: "bpf", hostPath: { path: "/sys/fs/bpf", type: "Directory" } }],
    }),
  );
  expect(w.pod("agent").status.containerStatuses[0].ready).toBe(true);
});

test("nsenter by the files of namespaces; settings of inotify", () => {
  const w = world(
    pod(
      "host",
      [
        {
          name: "c",
          image: "alpine:3.22",
          command: ["sleep", "infinity"],
          securityContext: { privileged: true },
        },
      ],
      { hostPID: true },
    ),
  );
  const { nodeName } = w.pod("host").spec;
  expect(w.sh("host", "nsenter --mount=/proc/1/ns/mnt -- cat /etc/hostname")).toBe(nodeName);
  expect(w.sh("host", "nsenter -- true")).toBe(
    "nsenter: no target PID specified for --all\nexit 1",
  );
  expect(w.sh("host", "sysctl -w fs.inotify.max_user_instances=99999")).toBe(
    "fs.inotify.max_user_instances = 99999",
  );
});

test("base64 passes on what it reads; RANDOM stays random after a seed", () => {
  const w = world(sleeping("box", "busybox:1.36"), sleeping("bash", "bash:5.2"));
  expect(w.sh("box", "base64 /dev/urandom | head -c 300000 | wc -c")).toBe("300000");
  expect(w.sh("box", "printf abcd | base64; printf YWJjZA== | base64 -d")).toBe("YWJjZA==\nabcd");
  expect(w.sh("box", "seq 1 40 | base64 | base64 -d | md5sum; seq 1 40 | md5sum")).toMatch(
    /^(\w{32}  -)\n\1$/,
  );
  expect(w.sh("box", "printf YWJ | base64 -d")).toContain("truncated input");
  for (const name of ["box", "bash"])
    expect(
      w.sh(name, "RANDOM=7; a=$RANDOM; b=$RANDOM; test $a != $b && test $a -ge 0 && echo $((a*0))"),
    ).toBe("0");
  expect(w.sh("box", "RANDOM='$'; echo $(($RANDOM%1))")).toBe("0");
});

test("redis knows the directives of its own sample file, and its sentinel answers", () => {
  const config = "proc-title-template {title}\ntcp-keepalive 300\noom-score-adj no\nport 7777\n";
  const sentinel = "sentinel resolve-hostnames yes\nsentinel monitor m 10.0.0.1 6379 2\n";
  const start = (program: string, file: string): object => ({
    name: "c",
    image: "redis:7.4",
    command: ["sh", "-c", `printf '%s' "$CONF" > /tmp/r.conf; exec ${program} /tmp/r.conf`],
    env: [{ name: "CONF", value: file }],
  });
  const w = world(
    pod("redis", [start("redis-server", config)]),
    pod("sentinel", [start("redis-sentinel", sentinel)]),
    pod("wrong", [start("redis-server", "sentinel monitor m 10.0.0.1 6379 2\n")]),
  );
  expect(w.sh("redis", "redis-cli -p 7777 ping")).toBe("PONG");
  expect(w.sh("sentinel", "redis-cli -p 26379 ping")).toBe("PONG");
  expect(w.log("wrong")).toContain("Bad directive or wrong number of arguments");
});
