/** Situations of Pods, each caused and explained: the sentence names the object, the number and the mend. */
import { describe, expect, test } from "vitest";
import { cluster, nginx, pod, service, shell, type World } from "../behaviours/behaviour-world.ts";
import { expectSaid, restsOn, why } from "./asking.ts";

type Row = [pod: string, parts: string[]];

const patchNode = (world: World, name: string, patch: object): void =>
  void world.patch(`/api/v1/nodes/${name}`, patch);

describe("Pods without a node", () => {
  const world = cluster(2);
  const claim = (name: string, storageClassName: string): object => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName,
      resources: { requests: { storage: "1Gi" } },
    },
  });
  const mounting = (name: string, claimName: string): object =>
    pod(name, {
      volumes: [{ name: "d", persistentVolumeClaim: { claimName } }],
      containers: [nginx()],
    });
  const apart = { matchLabels: { role: "apart" } };
  const lonely = (name: string): object =>
    pod(
      name,
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: "kubernetes.io/hostname", labelSelector: apart },
            ],
          },
        },
        containers: [nginx()],
      },
      { labels: { role: "apart" } },
    );
  const taken = (name: string): object =>
    pod(name, { containers: [nginx({ ports: [{ containerPort: 80, hostPort: 8080 }] })] });
  world.create(
    pod("big", { containers: [nginx({ resources: { requests: { cpu: "64" } } })] }),
    pod("picky", { nodeSelector: { disk: "ssd" }, containers: [nginx()] }),
    pod("gated", { schedulingGates: [{ name: "example.com/quota" }], containers: [nginx()] }),
    pod("astray", { nodeName: "node-9", containers: [nginx()] }),
    taken("port-a"),
    taken("port-b"),
    taken("port-c"),
    lonely("apart-a"),
    lonely("apart-b"),
    lonely("apart-c"),
    mounting("claimless", "dta"),
    claim("data", "fast"),
    claim("idle", "standard"),
    mounting("waiting", "data"),
  );
  world.advance(3_000);
  patchNode(world, "node-1", {
    spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] },
  });
  patchNode(world, "node-2", { spec: { unschedulable: true } });
  world.create(pod("kept-out", { containers: [nginx()] }));
  patchNode(world, "control-plane", { metadata: { labels: { disk: "sdd" } } });
  world.advance(3_000);

  test.for<Row>([
    [
      "gated",
      ["Pod default/gated", "1 scheduling gate: example.com/quota", "kubectl patch pod gated"],
    ],
    ["astray", ["node-9", "the 3 nodes of this cluster", "del(.spec.nodeName)"]],
    [
      "kept-out",
      [
        "Pod default/kept-out",
        "gpu=yes:NoSchedule",
        "0 of 3 nodes",
        "kubectl taint node node-1 gpu=yes:NoSchedule-",
      ],
    ],
    ["claimless", ["the claim dta", "there is data", "kubectl get pvc"]],
    [
      "waiting",
      [
        "its claim data",
        "1Gi of the StorageClass fast",
        "there is standard",
        "kubectl get storageclass",
      ],
    ],
  ])("%s", ([name, parts]) => expectSaid(world, `pod/${name}`, parts));

  test("a claim that nobody uses waits for its first consumer", () => {
    expectSaid(world, "pvc/idle", ["1Gi", "0 Pods do", "WaitForFirstConsumer"]);
  });

  test("with the nodes open again, what is left is each filter's own verdict", () => {
    patchNode(world, "node-1", { spec: { taints: [] } });
    patchNode(world, "node-2", { spec: { unschedulable: false } });
    world.advance(10_000);
    expectSaid(world, "pod/big", [
      "64 CPU",
      "3.9 CPU on node-",
      "kubectl edit pod big",
      "Insufficient cpu on 2: node-1 and node-2",
    ]);
    expectSaid(world, "pod/picky", [
      "disk=ssd",
      "the nearest is node-1, which has no label disk",
      "kubectl label node node-1 disk=ssd",
    ]);
    expectSaid(world, "pod/port-c", [
      "host port 8080",
      "Pod default/port-a on node-",
      "Pod default/port-b on node-",
    ]);
    expectSaid(world, "pod/apart-c", [
      "kubernetes.io/hostname",
      "2 nodes have one",
      "Pod default/apart-a on node-",
    ]);
    expect(restsOn(world, "pod/big")).toContain(
      "Pod/big spec.containers[0].resources.requests.cpu",
    );
  });

  test("all nodes cordoned; too uneven a spread; preemption", () => {
    const urgent = {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "urgent" },
      value: 1000,
    };
    const label = { metadata: { labels: { zone: "a" } } };
    patchNode(world, "node-1", label);
    world.create(
      pod("spread", {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "zone",
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: { none: "x" } },
          },
        ],
        nodeSelector: { "kubernetes.io/hostname": "node-2" },
        containers: [nginx()],
      }),
      urgent,
      pod("low", {
        nodeName: "node-1",
        containers: [
          shell("c", "trap '' TERM; while true; do sleep 1; done", {
            resources: { requests: { cpu: "3" } },
          }),
        ],
      }),
    );
    world.advance(5_000);
    expectSaid(world, "pod/spread", [
      "unevenly by zone",
      "skew may be 1",
      "kubectl get nodes -L zone",
    ]);
    world.create(
      pod("high", {
        priorityClassName: "urgent",
        nodeSelector: { zone: "a" },
        containers: [nginx({ resources: { requests: { cpu: "2" } } })],
      }),
    );
    world.advance(2_000);
    expectSaid(world, "pod/high", [
      "priority 1000",
      "1 Pod of lower priority",
      "Pod default/low",
      "from now",
    ]);
    patchNode(world, "node-1", { spec: { unschedulable: true } });
    patchNode(world, "node-2", { spec: { unschedulable: true } });
    world.create(
      pod("late", {
        tolerations: [{ operator: "Exists", effect: "NoExecute" }],
        containers: [nginx()],
      }),
    );
    world.advance(2_000);
    expectSaid(world, "pod/late", ["cordoned", "node-1 and node-2", "kubectl uncordon node-1"]);
  });
});

describe("Pods that do not run, or are not ready", () => {
  const world = cluster(1);
  const probed = (probe: object): object => ({ periodSeconds: 2, ...probe });
  const http = (path: string, port: number): object => probed({ httpGet: { path, port } });
  const colour = { configMapKeyRef: { name: "settings", key: "color" } };
  world.create(
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { colour: "red" },
    },
    {
      apiVersion: "podyard.dev/v1",
      kind: "Image",
      metadata: { name: "shop" },
      spec: { repository: "registry.corp.io/shop", private: true },
    },
    pod("tag", { containers: [{ name: "web", image: "nginx:1.92" }] }),
    pod("misspelt", { containers: [{ name: "web", image: "ngnix:1.29" }] }),
    pod("host", { containers: [{ name: "web", image: "registry.nowhere.invalid/shop:1" }] }),
    pod("private", { containers: [{ name: "web", image: "registry.corp.io/shop:1" }] }),
    pod("never", { containers: [{ name: "web", image: "redis:7", imagePullPolicy: "Never" }] }),
    pod("map", { containers: [nginx({ envFrom: [{ configMapRef: { name: "settigns" } }] })] }),
    pod("key", { containers: [nginx({ env: [{ name: "C", valueFrom: colour }] })] }),
    pod("volume", {
      volumes: [{ name: "s", secret: { secretName: "tls" } }],
      containers: [nginx({ volumeMounts: [{ name: "s", mountPath: "/s" }] })],
    }),
    pod("command", { containers: [{ name: "web", image: "nginx:1.29", command: ["ngnix"] }] }),
    pod("denied", {
      containers: [{ name: "web", image: "busybox:1.36", command: ["/etc/passwd"] }],
    }),
    pod("done", { containers: [shell("web", "true")] }),
    pod("error", { containers: [shell("web", "echo no database; exit 3")] }),
    pod("live", { containers: [nginx({ livenessProbe: http("/healthz", 80) })] }),
    pod("slow", {
      containers: [
        shell("web", "sleep 999", {
          startupProbe: probed({ tcpSocket: { port: 80 }, failureThreshold: 2 }),
        }),
      ],
    }),
    pod("unready", { containers: [nginx({ readinessProbe: http("/", 8080) })] }),
    pod("gate", { readinessGates: [{ conditionType: "example.com/lb" }], containers: [nginx()] }),
    pod("waits", {
      initContainers: [shell("wait", "until nslookup db; do sleep 1; done")],
      containers: [nginx()],
    }),
    service("db", { selector: { app: "database" }, ports: [{ port: 5432 }] }),
    pod("init", {
      initContainers: [shell("migrate", "echo no table; exit 4")],
      containers: [nginx()],
    }),
    pod("greedy", {
      containers: [
        shell("web", "x=$(head -c 90000000 /dev/zero | tr '\\0' x); echo $x | wc -c; sleep 99", {
          resources: { limits: { memory: "20Mi" } },
        }),
      ],
    }),
    pod("once", { restartPolicy: "Never", containers: [shell("web", "exit 7")] }),
    pod("well", { containers: [nginx()] }),
    pod("stubborn", { containers: [shell("c", "trap '' TERM; while true; do sleep 1; done")] }),
    pod("held", { containers: [nginx()] }, { finalizers: ["example.com/keep"] }),
  );
  world.advance(20_000);

  test.for<Row>([
    [
      "tag",
      [
        "image nginx has no tag 1.92",
        "1.29",
        "next try is in",
        "kubectl set image pod/tag web=nginx:1.29",
      ],
    ],
    ["misspelt", ["no repository ngnix", "nginx", "kubectl set image pod/misspelt web=nginx:1.29"]],
    ["host", ["registry.nowhere.invalid", "no such host", "web=shop:1"]],
    [
      "private",
      ["registry.corp.io/shop:1 is private", "0 imagePullSecrets", "create secret docker-registry"],
    ],
    ["never", ["imagePullPolicy is Never", "images on node-1", "crictl pull redis:7"]],
    [
      "map",
      [
        "ConfigMap default/settigns does not exist (there is settings)",
        "next try is in",
        "kubectl create configmap settigns",
      ],
    ],
    [
      "key",
      [
        "ConfigMap default/settings has no key color (there is colour)",
        "kubectl patch configmap settings",
      ],
    ],
    ["volume", ["Secret default/tls does not exist", "kubectl create secret generic tls"]],
    [
      "command",
      ["there is no ngnix in image nginx:1.29", "exit code 128", "restarts", "kubectl set image"],
    ],
    ["denied", ["/etc/passwd is not executable", "exit code 128"]],
    [
      "done",
      [
        "exit code 0",
        "a container lives as long as its first process",
        "restarts",
        "kubectl edit pod/done",
      ],
    ],
    [
      "error",
      ["exit code 3", '"no database"', "next try is in", "kubectl logs error -c web --previous"],
    ],
    [
      "live",
      [
        "liveness probe (GET :80/healthz, 3 failures)",
        "statuscode: 404",
        "restart",
        "killed next in",
        "kubectl edit pod/live",
      ],
    ],
    ["slow", ["gets 4s to start", "2 failures, 2s apart", "kubectl edit pod/slow"]],
    ["unready", ["GET :8080/", "connection refused", "not ready, for", "kubectl edit pod/unready"]],
    ["gate", ["1 of 1 container ready", "example.com/lb", "--subresource=status"]],
    [
      "waits",
      ["init container wait (1 of 1)", "Service db", "0 endpoints", "kubectl logs waits -c wait"],
    ],
    [
      "init",
      [
        "init container migrate (1 of 1)",
        "exit code 4",
        '"no table"',
        "kubectl logs init -c migrate",
      ],
    ],
    ["greedy", ["limit of 20Mi", "OOMKilled", "--limits=memory=40Mi"]],
    ["once", ["exit code 7", "restartPolicy is Never", "kubectl logs once -c web"]],
    ["well", ["All is well with Pod default/well", "1 of 1 container ready on node-1"]],
  ])("%s", ([name, parts]) => expectSaid(world, `pod/${name}`, parts));

  test("what listens in the Pod is evidence, and so are its last answers and lines", () => {
    const texts = why(world, "pod/unready").evidence.map(({ text }) => text);
    expect(texts).toContain("nothing listens on port 8080");
    expect(texts.filter((text) => text.includes("connection refused"))).not.toEqual([]);
    expect(restsOn(world, "pod/error")).toContain("Pod/error no database");
    expect(restsOn(world, "pod/key")).toEqual([
      "Pod/key spec.containers[0].env[0].valueFrom.configMapKeyRef",
      "Pod/key Failed",
      "ConfigMap/settings",
    ]);
  });

  test("a static Pod comes back from its file", () => {
    expectSaid(
      world,
      "pod/etcd-control-plane",
      ["static Pod of control-plane", "/etc/kubernetes/manifests", "ssh control-plane rm"],
      "kube-system",
    );
  });

  test("what is Terminating says what it waits for", () => {
    for (const name of ["stubborn", "held"])
      world.delete(`/api/v1/namespaces/default/pods/${name}`);
    world.advance(10_000);
    expectSaid(world, "pod/stubborn", [
      "Terminating for 10s",
      "SIGTERM",
      "SIGKILL (exit code 137) comes in 20s",
      "--grace-period=1",
    ]);
    expectSaid(world, "pod/held", ["1 finalizer, example.com/keep", "kubectl patch pod/held"]);
  });

  test("a silent node", () => {
    patchNode(world, "node-1", { metadata: { annotations: { "podyard.dev/power": "off" } } });
    world.advance(60_000);
    expectSaid(world, "node/node-1", [
      "Node node-1 is NotReady",
      "last sign of life was",
      "evicted in 4m",
      "podyard.dev/power=on",
    ]);
    expectSaid(world, "pod/well", ["bound to node-1", "NotReady", "podyard.dev/power=on"]);
    world.delete("/api/v1/namespaces/default/pods/well");
    world.advance(1_000);
    expectSaid(world, "pod/well", ["Terminating for", "kubelet of node-1", "--force"]);
  });
});
