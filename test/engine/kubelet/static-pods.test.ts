/** Static Pods through the machine's own files: written by a container that mounts the node's folders. */
import { beforeEach, describe, expect, it } from "vitest";
import { World } from "../../helpers/world.ts";
import { boxPod, sh } from "../controllers/storage-world.ts";

const api = "/api/v1/namespaces/default";
let w: World;
beforeEach(() => {
  w = new World({ nodes: 2 });
  w.advance(5_000);
});

const manifest = (name: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1000000"] }] },
  });

/** A Pod on node-1 that runs a script over the node's root folder at /host. */
const onNode = (name: string, script: string, node = "node-1"): object =>
  boxPod(
    name,
    [{ name: "host", hostPath: { path: "/" } }],
    [{ name: "host", mountPath: "/host" }],
    {
      script,
      spec: { nodeName: node },
    },
  );

const names = (): string[] => w.pods().map((pod) => pod.metadata.name as string);
const folder = "/host/etc/kubernetes/manifests";

describe("a manifest in a node's folder", () => {
  it("starts a Pod, which comes back when deleted through the API and goes with its file", () => {
    const script = `echo '${manifest("web")}' > ${folder}/web.yaml; sleep 120; rm ${folder}/web.yaml`;
    w.create(onNode("hand", script));
    w.advance(30_000);
    expect(names()).toEqual(["hand", "web-node-1"]);
    expect(w.pod("web-node-1").status.phase).toBe("Running");
    const { containerID } = w.pod("web-node-1").status.containerStatuses[0];
    w.delete(`${api}/pods/web-node-1`);
    w.advance(10_000);
    expect(w.pod("web-node-1").status.containerStatuses[0].containerID).toBe(containerID);
    w.advance(160_000);
    expect(names()).toEqual(["hand"]);
  });

  it("is looked for where the kubelet's configuration says", () => {
    const script = [
      "mkdir -p /host/opt/static",
      `echo '${manifest("web")}' > /host/opt/static/web.yaml`,
      "sleep 30",
      "echo 'staticPodPath: /opt/static' > /host/var/lib/kubelet/config.yaml",
    ].join("; ");
    w.create(onNode("hand", script));
    w.advance(25_000);
    expect(names()).toEqual(["hand"]);
    w.advance(40_000);
    expect(names()).toEqual(["hand", "web-node-1"]);
  });

  it("moves the Pod when it is moved to another node", () => {
    w.create(
      onNode(
        "first",
        `echo '${manifest("web")}' > ${folder}/web.yaml; sleep 60; rm ${folder}/web.yaml`,
      ),
    );
    w.create(
      onNode("second", `sleep 70; echo '${manifest("web")}' > ${folder}/web.yaml`, "node-2"),
    );
    w.advance(30_000);
    expect(names()).toContain("web-node-1");
    w.advance(120_000);
    expect(names()).toEqual(["first", "second", "web-node-2"]);
  });
});

describe("the control plane's folder", () => {
  it("holds the manifests of what runs there, and a changed one replaces its Pod", () => {
    const file = `${folder}/kube-scheduler.yaml`;
    const tolerations = [{ operator: "Exists" }];
    const change = `while IFS= read -r line; do case "$line" in *"cpu: 100m") line="\${line%100m}150m";; esac; echo "$line"; done`;
    const script = `ls ${folder} > /list; sleep 20; ${change} < ${file} > /new; cat /new > ${file}`;
    const pod = onNode("hand", script, "control-plane");
    w.create({ ...pod, spec: { ...(pod as { spec: object }).spec, tolerations } });
    w.advance(15_000);
    expect(sh(w, "hand", "cat /list").out).toBe(
      "etcd.yaml\nkube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n",
    );
    const scheduler = () => w.pod("kube-scheduler-control-plane", "kube-system");
    expect(scheduler().spec.containers[0].resources.requests.cpu).toBe("100m");
    w.advance(120_000);
    expect(scheduler().spec.containers[0].resources.requests.cpu).toBe("150m");
    expect(scheduler().status.phase).toBe("Running");
  });
});
