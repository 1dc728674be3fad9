/** systemctl and journalctl on nodes, and what a stopped kubelet means. */
import { describe, expect, it } from "vitest";
import { NodeShell, onNode } from "../../../helpers/node-shell.ts";
import { World } from "../../../helpers/world.ts";

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
`;

interface Condition {
  type: string;
  status: string;
  reason: string;
  lastHeartbeatTime: string;
}

const ready = (world: World, node: string): Condition =>
  world
    .get(`/api/v1/nodes/${node}`)
    .status.conditions.find((one: Condition) => one.type === "Ready");

const renewed = (world: World, node: string): string =>
  world.get(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}`).spec
    .renewTime;

const taints = (world: World, node: string): string[] =>
  (world.get(`/api/v1/nodes/${node}`).spec.taints ?? []).map(
    ({ key, effect }: { key: string; effect: string }) => `${key}:${effect}`,
  );

interface Listed {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { nodeName: string };
}
const pods = (world: World): Listed[] =>
  world.get("/api/v1/namespaces/default/pods").items as Listed[];

const status = /Active: (.*) since (.*); (.*)\n/;

describe("systemctl and journalctl on a node", () => {
  it("show its services", () => {
    const world = new World();
    const { out, code } = onNode(world, "node-1", "systemctl status kubelet");
    expect(code).toBe(0);
    expect(out).toContain(
      "● kubelet.service - kubelet: The Kubernetes Node Agent\n     Loaded: loaded (/usr/lib/systemd/system/kubelet.service; enabled; preset: enabled)\n    Drop-In: /usr/lib/systemd/system/kubelet.service.d\n             └─10-kubeadm.conf\n     Active: active (running) since Wed 2025-12-31 23:58:00 UTC; 2min ago\n",
    );
    expect(onNode(world, "node-1", "systemctl is-active containerd foo")).toEqual({
      out: "active\ninactive\n",
      err: "",
      code: 0,
    });
    expect(onNode(world, "node-1", "systemctl status foo")).toEqual({
      out: "",
      err: "Unit foo.service could not be found.\n",
      code: 4,
    });
    expect(onNode(world, "node-1", "systemctl stop containerd")).toEqual({
      out: "",
      err: "Failed to stop containerd.service: Podyard simulates no stop of this unit.\n",
      code: 1,
    });
    expect(onNode(world, "node-1", "systemctl list-units --no-legend").out).toContain(
      "  kubelet.service          loaded active running kubelet: The Kubernetes Node Agent\n",
    );
  });

  it("a stopped kubelet's node falls silent while its containers go on, and comes back", () => {
    const world = new World();
    world.create(web);
    world.settle();
    const [pod] = pods(world);
    const node = pod?.spec.nodeName ?? "";
    const name = pod?.metadata.name ?? "";
    expect(onNode(world, node, "systemctl stop kubelet; systemctl is-active kubelet")).toEqual({
      out: "inactive\n",
      err: "",
      code: 3,
    });
    const { renewTime, beat } = { renewTime: renewed(world, node), beat: ready(world, node) };
    world.evict();
    world.advance(35_000);
    expect(ready(world, node)).toEqual(beat);
    expect(renewed(world, node)).toBe(renewTime);
    const logs = `/api/v1/namespaces/default/pods/${name}/log`;
    expect(world.request("GET", logs)).toMatchObject({
      status: 500,
      body: {
        message: expect.stringMatching(
          /^Get "https:\/\/172.18.0.\d:10250\/containerLogs\/default\/.*\/nginx": dial tcp 172.18.0.\d:10250: connect: connection refused$/,
        ),
      },
    });
    world.advance(20_000);
    expect(ready(world, node)).toMatchObject({ status: "Unknown", reason: "NodeStatusUnknown" });
    expect(taints(world, node)).toEqual([
      "node.kubernetes.io/unreachable:NoSchedule",
      "node.kubernetes.io/unreachable:NoExecute",
    ]);
    // The processes are still there, and the Pod's address answers.
    expect(onNode(world, node, "ps -ef").out).toContain("nginx: master process");
    const ip = world.get(`/api/v1/namespaces/default/pods/${name}`).status.podIP;
    expect(onNode(world, "control-plane", `curl -s http://${ip}/`).out).toContain("nginx");
    world.advance(310_000);
    const evicted = pods(world).find((one) => one.metadata.name === name);
    expect(evicted?.metadata.deletionTimestamp).toBeDefined();
    expect(onNode(world, node, "systemctl start kubelet").code).toBe(0);
    world.advance(40_000);
    expect(ready(world, node).status).toBe("True");
    expect(taints(world, node)).toEqual([]);
    expect(pods(world).some((one) => one.metadata.name === name)).toBe(false);
    expect(onNode(world, node, "systemctl status kubelet").out).toMatch(status);
    expect(
      world.get(`/api/v1/nodes/${node}`).metadata.annotations["podyard.dev/kubelet"],
    ).toBeUndefined();
  });

  it("restarts a kubelet without touching its containers", () => {
    const world = new World();
    world.create(web);
    world.settle();
    const node = pods(world)[0]?.spec.nodeName ?? "";
    const before = pods(world);
    expect(onNode(world, node, "systemctl restart kubelet").code).toBe(0);
    world.advance(60_000);
    expect(ready(world, node).status).toBe("True");
    expect(pods(world).map(({ metadata }) => metadata.name)).toEqual(
      before.map(({ metadata }) => metadata.name),
    );
    const events = world.get("/api/v1/namespaces/default/events").items as {
      reason: string;
      involvedObject: { name: string };
      count?: number;
    }[];
    const starts = events.filter(
      ({ reason, involvedObject }) => reason === "Starting" && involvedObject.name === node,
    );
    expect(starts.length).toBeGreaterThan(0);
    expect(events.some(({ reason }) => reason === "Rebooted")).toBe(false);
  });

  it("a broken configuration keeps it from starting, and a mended one lets it", () => {
    const world = new World();
    const config = "/var/lib/kubelet/config.yaml";
    onNode(world, "node-1", `cp ${config} /root/; echo '  kind: [' >> ${config}`);
    world.advance(60_000);
    // It reads its configuration at its start only.
    expect(ready(world, "node-1").status).toBe("True");
    expect(onNode(world, "node-1", "systemctl restart kubelet").code).toBe(0);
    world.advance(3_000);
    expect(onNode(world, "node-1", "systemctl status kubelet").out).toContain(
      "Active: activating (auto-restart) (Result: exit-code) since ",
    );
    world.evict();
    world.advance(60_000);
    expect(ready(world, "node-1").status).toBe("Unknown");
    const said = onNode(world, "node-1", "journalctl -u kubelet --no-pager -n 6").out;
    expect(said).toMatch(
      /run.go:72\] "command failed" err="failed to load kubelet config file, path: \/var\/lib\/kubelet\/config.yaml, error: failed to load Kubelet config file \/var\/lib\/kubelet\/config.yaml, error failed to decode: yaml: line \d+: /,
    );
    expect(said).toContain("kubelet.service: Scheduled restart job, restart counter is at ");
    onNode(world, "node-1", `cp /root/config.yaml ${config}`);
    world.advance(15_000);
    expect(ready(world, "node-1").status).toBe("True");
    expect(onNode(world, "node-1", "systemctl is-active kubelet").out).toBe("active\n");
  });

  it("a disabled kubelet stays down when its machine starts again", () => {
    const world = new World();
    expect(onNode(world, "node-2", "systemctl disable kubelet")).toEqual({
      out: "",
      err: "Removed '/etc/systemd/system/multi-user.target.wants/kubelet.service'.\n",
      code: 0,
    });
    const power = (state: string): void => {
      world.patch("/api/v1/nodes/node-2", {
        metadata: { annotations: { "podyard.dev/power": state } },
      });
      world.advance(60_000);
    };
    power("off");
    power("on");
    expect(ready(world, "node-2").status).toBe("Unknown");
    expect(onNode(world, "node-2", "systemctl is-enabled kubelet").out).toBe("disabled\n");
    expect(onNode(world, "node-2", "systemctl enable --now kubelet").code).toBe(0);
    world.advance(30_000);
    expect(ready(world, "node-2").status).toBe("True");
  });

  it("journalctl -f tells what comes", () => {
    const world = new World();
    const follow = new NodeShell(world, "node-1", ["journalctl", "-fu", "kubelet", "-n", "0"]);
    world.advance(3_000);
    world.evict();
    expect(follow.read().out).toBe("");
    onNode(world, "node-1", "systemctl stop kubelet");
    world.advance(3_000);
    expect(follow.read().out).toMatch(
      /^Jan 01 00:00:\d\d node-1 systemd\[1\]: Stopping kubelet.service - /,
    );
  });
});
