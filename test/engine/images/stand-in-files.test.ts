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
    one("frr", "quay.io/metallb/frr-k8s:v0.0.25", "/frr-reloader.sh"),
    one("none", "example/none:1", "/usr/local/bin/argocd"),
    pod("grafana", [
      {
        name: "c",
        image: "grafana/grafana:12.2.0",
        securityContext: { readOnlyRootFilesystem: true },
      },
    ]),
  );
  const names = ["argo", "flannel", "frr", "none", "grafana"];
  expect(names.map((name) => w.pod(name).status.phase)).toEqual([
    "Running",
    "Running",
    "Running",
    "Pending",
    "Running",
  ]);
  expect(w.sh("argo", "ls /shared")).toBe("copied");
});

test("Alpine has its commands where its packages put them", () => {
  const w = world(sleeping("alpine", "alpine"));
  expect(w.sh("alpine", "which sysctl wget sed chroot ip nslookup")).toBe(
    "/sbin/sysctl\n/usr/bin/wget\n/bin/sed\n/usr/sbin/chroot\n/sbin/ip\n/usr/bin/nslookup",
  );
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

test("MetalLB's controller makes the Secret that its speakers mount, as its account may", () => {
  const namespace = "default";
  const role = (name: string, rules: object[]): object[] => [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name, namespace },
      rules,
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
  const controller = (name: string, secret: string): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          serviceAccountName: name,
          containers: [
            {
              name: "controller",
              image: "quay.io/metallb/controller:v0.15.2",
              args: ["--port=7472"],
              env: [
                { name: "METALLB_ML_SECRET_NAME", value: secret },
                { name: "METALLB_DEPLOYMENT", value: name },
              ],
            },
          ],
        },
      },
    },
  });
  const w = world(
    ...role("controller", [
      { apiGroups: [""], resources: ["secrets"], verbs: ["create", "list"] },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] },
    ]),
    ...role("refused", []),
    controller("controller", "memberlist"),
    controller("refused", "other"),
    pod(
      "speaker",
      [
        {
          name: "speaker",
          image: "quay.io/metallb/speaker:v0.15.2",
          volumeMounts: [{ name: "m", mountPath: "/etc/ml_secret_key" }],
        },
      ],
      { volumes: [{ name: "m", secret: { secretName: "memberlist" } }] },
    ),
  );
  w.advance(120_000);
  expect(w.pod("speaker").status.phase).toBe("Running");
  const { data, metadata } = w.get("/api/v1/namespaces/default/secrets/memberlist");
  expect(Buffer.from(data.secretkey, "base64").toString()).toMatch(/^[\w+/]{22}$/);
  expect(metadata.ownerReferences[0]).toMatchObject({ kind: "Deployment", name: "controller" });
  const refused = w.pods().find(({ metadata: { name } }) => name.startsWith("refused"));
  expect(refused.status.containerStatuses[0].restartCount).toBeGreaterThan(0);
});

test("a probe of a port that another container declares is that container's", () => {
  const w = world(
    pod("two", [
      {
        name: "a",
        image: "example/a:1",
        readinessProbe: { httpGet: { path: "/", port: 9141, scheme: "HTTPS" } },
      },
      {
        name: "b",
        image: "example/b:1",
        args: ["--metrics-port=9141"],
        ports: [{ containerPort: 9141, name: "https" }],
      },
    ]),
  );
  expect(w.pod("two").status.containerStatuses.map((s: { ready: boolean }) => s.ready)).toEqual([
    true,
    true,
  ]);
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

test("a sentinel answers of the masters that it is told to watch", () => {
  const world = new ShellWorld();
  const conf =
    "port 26379\nsentinel myid abc\nsentinel monitor mymaster 10.0.0.9 6379 2\nsentinel down-after-milliseconds mymaster 10000\n";
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "s" },
    spec: {
      containers: [
        {
          name: "c",
          image: "redis:8-alpine",
          command: [
            "sh",
            "-c",
            `printf '${conf}' > /data/s.conf; exec redis-sentinel /data/s.conf`,
          ],
          lifecycle: {
            postStart: {
              exec: {
                command: ["sh", "-c", "sleep 2; redis-cli -p 26379 sentinel reset mymaster"],
              },
            },
          },
        },
      ],
    },
  });
  world.advance(20_000);
  expect(world.pod("s").status.containerStatuses[0].restartCount).toBe(0);
  const cli = (words: string): string => world.sh("s", `redis-cli -p 26379 ${words}`).trim();
  expect(cli("sentinel get-master-addr-by-name mymaster")).toBe("10.0.0.9\n6379");
  expect(cli("sentinel get-master-addr-by-name other")).toBe("");
  expect(cli("sentinel reset 'my*'")).toBe("1");
  expect(cli("sentinel myid")).toBe("abc");
  expect(cli("sentinel ckquorum other")).toMatch("ERR No such master with that name");
});

test("socat that listens goes on, bash lies where its image has it, pip finds no index", () => {
  const w = world(
    pod("socat", [
      {
        name: "c",
        image: "alpine/socat",
        command: ["/bin/sh", "-c", "socat TCP-LISTEN:5000,fork EXEC:'echo hi'"],
      },
    ]),
    pod("once", [{ name: "c", image: "alpine/socat", args: ["-", "TCP:web:80"] }], {
      restartPolicy: "Never",
    }),
    pod("bash", [
      {
        name: "c",
        image: "bash:5.2.15",
        command: ["/usr/local/bin/bash", "-c", "echo $BASH; sleep 1000"],
      },
    ]),
    pod("fish", [
      {
        name: "c",
        image: "giantswarm/tiny-tools",
        command: ["fish", "--command", "while true\n sleep 1\nend"],
      },
    ]),
    sleeping("python", "python:3.13-alpine"),
    sleeping("client", "busybox"),
  );
  expect(w.pod("socat").status.containerStatuses[0].restartCount).toBe(0);
  expect(w.sh("client", `nc -z ${w.pod("socat").status.podIP} 5000 && echo open`)).toBe("open");
  expect(w.pod("once").status.phase).toBe("Failed");
  expect(w.pod("fish").status.containerStatuses[0].ready).toBe(true);
  expect(w.pod("bash").status.containerStatuses[0].ready).toBe(true);
  expect(w.sh("python", "pip3 install -q flask==3.1 2>&1 | tail -2")).toBe(
    "ERROR: Could not find a version that satisfies the requirement flask==3.1 (from versions: none)\nERROR: No matching distribution found for flask",
  );
});
