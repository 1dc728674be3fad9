/** Shells on the nodes themselves. */
import { describe, expect, it } from "vitest";
import { World } from "../../helpers/world.ts";
import type { CommandSession } from "../../../durable-objects/engine/ports/request.ts";

const decoder = new TextDecoder();

/** Runs a line in a shell on a node; what it printed and its exit code, once virtual time has let it end. */
function onNode(
  world: World,
  node: string,
  line: string,
): { out: string; err: string; code?: number } {
  const command = ["bash", "-c", line];
  const started = world.engine.session(world.now, () =>
    world.engine.onMachine(node, { command, tty: false, stdin: false }),
  );
  if ("reason" in started) return { out: "", err: started.reason };
  let [out, err] = ["", ""];
  for (let seconds = 0; seconds < 60; seconds++) {
    const news = world.engine.session(world.now, () => world.engine.sessions.read(started));
    out += decoder.decode(news.stdout);
    err += decoder.decode(news.stderr);
    if (news.status) {
      const code = Number(news.status.details?.causes?.[0]?.message ?? 0);
      return { out, err, code };
    }
    world.advance(1_000);
  }
  throw new Error(`still running: ${line}`);
}

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.29"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}
`;

describe("a shell on a node", () => {
  it("is root in its home on the node's own files", () => {
    const world = new World();
    const said = onNode(
      world,
      "control-plane",
      "hostname; whoami; pwd; ls /etc/kubernetes/manifests",
    );
    expect(said).toMatchObject({ code: 0, err: "" });
    expect(said.out).toBe(
      "control-plane\nroot\n/root\netcd.yaml\nkube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n",
    );
  });

  it("knows the nodes by name and the cluster's names by DNS, and reaches Pods, Services and node ports", () => {
    const world = new World();
    world.create(web);
    world.settle();
    const { clusterIP } = world.get("/api/v1/namespaces/default/services/web").spec;
    expect(onNode(world, "node-1", "cat /etc/hosts").out).toContain("172.18.0.2\tcontrol-plane\n");
    for (const host of [
      clusterIP,
      "web.default.svc.cluster.local",
      "node-2:30080",
      "localhost:30080",
    ]) {
      const said = onNode(
        world,
        "node-1",
        `curl -s -o /dev/null -w '%{http_code}' http://${host}/`,
      );
      expect({ host, ...said }).toEqual({ host, out: "200", err: "", code: 0 });
    }
    expect(onNode(world, "node-1", "curl -sS http://web/").err).toBe(
      "curl: (6) Could not resolve host: web\n",
    );
  });

  it("shares its files with hostPath volumes", () => {
    const world = new World();
    onNode(world, "node-1", "mkdir -p /srv/data; echo from the node > /srv/data/note");
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "reader" },
      spec: {
        nodeName: "node-1",
        restartPolicy: "Never",
        containers: [
          {
            name: "c",
            image: "busybox:1.37",
            command: ["sh", "-c", "cat /data/note; echo from the Pod >> /data/note"],
            volumeMounts: [{ name: "d", mountPath: "/data" }],
          },
        ],
        volumes: [{ name: "d", hostPath: { path: "/srv/data" } }],
      },
    });
    world.settle();
    expect(onNode(world, "node-1", "cat /srv/data/note").out).toBe("from the node\nfrom the Pod\n");
  });

  it("sees the node's services, its Pods' processes and its own", () => {
    const world = new World();
    world.create(web);
    world.settle();
    const [pod] = world.get("/api/v1/namespaces/default/pods").items;
    const { out } = onNode(world, pod.spec.nodeName, "ps -ef");
    expect(out).toContain("/usr/bin/kubelet");
    expect(out).toContain("nginx: master process");
    expect(out).toContain("ps -ef");
  });

  it("goes on after a loss of memory, and ends with its node's power", () => {
    const world = new World();
    const command = ["bash", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 10; done"];
    const session = world.engine.session(world.now, () =>
      world.engine.onMachine("node-1", { command, tty: false, stdin: false }),
    ) as CommandSession;
    world.advance(15_000);
    world.evict();
    world.advance(17_000);
    const read = (): { text: string; over: boolean } => {
      const news = world.engine.session(world.now, () => world.engine.sessions.read(session));
      return { text: decoder.decode(news.stdout), over: news.status !== undefined };
    };
    expect(read()).toEqual({ text: "1\n2\n3\n4\n", over: false });
    world.patch("/api/v1/nodes/node-1", {
      metadata: { annotations: { "podyard.dev/power": "off" } },
    });
    world.advance(20_000);
    world.patch("/api/v1/nodes/node-1", {
      metadata: { annotations: { "podyard.dev/power": "on" } },
    });
    world.advance(20_000);
    expect(read()).toEqual({ text: "", over: true });
    expect(onNode(world, "node-9", "true").err).toBe('node "node-9" not found');
  });
});

describe("kubectl on a node", () => {
  it("is the administrator on the control plane, and nobody elsewhere", () => {
    const world = new World();
    const said = onNode(
      world,
      "control-plane",
      "kubectl config current-context; kubectl auth whoami 2>/dev/null; kubectl get nodes -o name; stat -c %a /etc/kubernetes/admin.conf; kubectl config set-context --current --namespace=kube-system; kubectl get ds -o name",
    );
    expect(said.err).toBe("");
    expect(said.out).toMatch(
      /^kubernetes-admin@kubernetes\n[^]*node\/control-plane\nnode\/node-1\nnode\/node-2\nnode\/node-3\n600\nContext "kubernetes-admin@kubernetes" modified\.\ndaemonset\.apps\/kube-proxy\n$/,
    );
    const elsewhere = onNode(world, "node-1", "kubectl get nodes");
    expect(elsewhere.err).toContain(
      "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
    );
  });
});
