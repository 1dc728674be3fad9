import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { World } from "../../helpers/world.ts";

const system = "/api/v1/namespaces/kube-system";

describe("a new cluster", () => {
  test("runs what kubeadm leaves in kube-system, all of it ready", () => {
    const world = new World();
    const shape = (name: string) =>
      name
        .replace(/^(kube-proxy)-[a-z0-9]{5}$/, "$1-x")
        .replace(/^(coredns)-[a-z0-9]+-[a-z0-9]{5}$/, "$1-x-x");
    const rows = world.rows(`${system}/pods`);
    expect(rows.map((r) => shape(String(r["Name"]))).sort()).toEqual([
      "coredns-x-x",
      "coredns-x-x",
      "etcd-control-plane",
      "kube-apiserver-control-plane",
      "kube-controller-manager-control-plane",
      "kube-proxy-x",
      "kube-proxy-x",
      "kube-proxy-x",
      "kube-proxy-x",
      "kube-scheduler-control-plane",
    ]);
    for (const row of rows)
      expect(row).toMatchObject({ Ready: "1/1", Status: "Running", Restarts: "0" });
    expect(new Set(world.pods("kube-system").map((p) => p.metadata.namespace))).toEqual(
      new Set(["kube-system"]),
    );
    const dns = world.pods("kube-system", "k8s-app=kube-dns").map((p) => p.spec.nodeName);
    expect(new Set(dns).size).toBe(2);
    expect(world.rows("/apis/apps/v1/namespaces/kube-system/daemonsets")).toMatchObject([
      {
        Name: "kube-proxy",
        Desired: 4,
        Ready: 4,
        Available: 4,
        "Node Selector": "kubernetes.io/os=linux",
      },
    ]);
  });

  test("has settled: nothing is due, nothing has failed", () => {
    const world = new World();
    world.check();
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    const warnings = world
      .get("/api/v1/events")
      .items.filter((e: { type: string }) => e.type === "Warning");
    expect(warnings).toEqual([]);
  });

  test("tells where the API server and the DNS are", () => {
    const world = new World();
    const slices = "/apis/discovery.k8s.io/v1/namespaces";
    const api = world.get(`${slices}/default/endpointslices/kubernetes`);
    expect(api.endpoints).toEqual([{ addresses: ["172.18.0.2"], conditions: { ready: true } }]);
    expect(api.metadata.labels).toEqual({ "kubernetes.io/service-name": "kubernetes" });
    expect(world.rows("/api/v1/namespaces/default/endpoints")).toMatchObject([
      { Name: "kubernetes", Endpoints: "172.18.0.2:6443" },
    ]);
    expect(world.rows("/api/v1/services")).toMatchObject([
      { Name: "kubernetes", "Cluster-IP": "10.96.0.1", "Port(s)": "443/TCP" },
      { Name: "kube-dns", "Cluster-IP": "10.96.0.10", "Port(s)": "53/UDP,53/TCP,9153/TCP" },
    ]);
    const [dns] = world.get(`${slices}/kube-system/endpointslices`).items;
    expect(dns.endpoints).toHaveLength(2);
    expect(dns.endpoints.every((e: { conditions: { ready: boolean } }) => e.conditions.ready)).toBe(
      true,
    );
  });

  test.each([
    ["kube-public", "cluster-info", "kubeconfig", "Config"],
    ["kube-system", "kubeadm-config", "ClusterConfiguration", "ClusterConfiguration"],
    ["kube-system", "kubelet-config", "kubelet", "KubeletConfiguration"],
    ["kube-system", "kube-proxy", "config.conf", "KubeProxyConfiguration"],
    ["kube-system", "kube-proxy", "kubeconfig.conf", "Config"],
  ])("keeps %s/%s %s", (namespace, name, key, kind) => {
    const { data } = new World().get(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
    expect(parse(data[key]).kind).toBe(kind);
  });

  test("brings a deleted mirror Pod back under the same uid of its processes", () => {
    const world = new World();
    const url = `${system}/pods/kube-scheduler-control-plane`;
    const before = world.get(url);
    world.delete(url);
    world.advance(60_000);
    const after = world.get(url);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.status.containerStatuses[0].containerID).toBe(
      before.status.containerStatuses[0].containerID,
    );
  });

  test("survives an eviction as it is", () => {
    const world = new World();
    const before = world.print(`${system}/pods`, true);
    world.evict();
    expect(world.print(`${system}/pods`, true)).toBe(before);
    expect(world.get(`${system}/configmaps/coredns`).data.Corefile).toContain(
      "kubernetes cluster.local",
    );
  });

  test("costs little to bear", () => {
    const world = new World();
    expect(world.engine.steps).toBeLessThan(200);
    const [{ bytes } = { bytes: 0 }] = world.sql.exec("SELECT sum(bytes) AS bytes FROM log");
    expect(Number(bytes)).toBeLessThan(600_000);
  });
});
