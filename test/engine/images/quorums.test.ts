/** Steps of Kubernetes' StatefulSet tutorials: Cassandra's nodetool, ZooKeeper's clients. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, serviceOf } from "../network/network-world.ts";

let world: NetworkWorld;
const sh = (pod: string, line: string) => world.exec(pod, line).stdout;

function ensemble(name: string, service: string, container: object): void {
  world.create(serviceOf(service, { clusterIP: "None", selector: { app: name }, ports: [{ port: 2181 }] })); // prettier-ignore
  const resources = { requests: { storage: "1Gi" } };
  world.create({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace: "default" },
    spec: {
      serviceName: service,
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { securityContext: name === "zk" ? { runAsUser: 1000, fsGroup: 1000 } : {}, containers: [{ name, ...container }] } }, // prettier-ignore
      volumeClaimTemplates: [{ metadata: { name: "datadir" }, spec: { accessModes: ["ReadWriteOnce"], resources } }], // prettier-ignore
    },
  });
}

beforeAll(() => {
  world = new NetworkWorld();
  const env = { CASSANDRA_SEEDS: "cassandra-0.cassandra.default.svc.cluster.local", CASSANDRA_DC: "DC1-K8Demo", CASSANDRA_RACK: "Rack1-K8Demo" }; // prettier-ignore
  ensemble("cassandra", "cassandra", {
    image: "gcr.io/google-samples/cassandra:v13",
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    readinessProbe: { exec: { command: ["/bin/bash", "-c", "/ready-probe.sh"] } },
  });
  const start = "start-zookeeper --servers=3 --data_dir=/var/lib/zookeeper/data --data_log_dir=/var/lib/zookeeper/data/log --conf_dir=/opt/zookeeper/conf --client_port=2181 --election_port=3888 --server_port=2888 --tick_time=2000 --init_limit=10 --sync_limit=5"; // prettier-ignore
  ensemble("zk", "zk-hs", {
    image: "registry.k8s.io/kubernetes-zookeeper:1.0-3.4.10",
    command: ["sh", "-c", start],
    readinessProbe: { exec: { command: ["sh", "-c", "zookeeper-ready 2181"] } },
    volumeMounts: [{ name: "datadir", mountPath: "/var/lib/zookeeper" }],
  });
  world.advance(90_000);
});

describe("Cassandra", () => {
  test("nodetool status names the ring", () => {
    const ips = [0, 1, 2].map((i) => world.pod(`cassandra-${i}`).status.podIP as string);
    const lines = sh("cassandra-0", "nodetool status").trimEnd().split("\n");
    expect(lines.slice(0, 4)).toEqual(["Datacenter: DC1-K8Demo", "======================", "Status=Up/Down", "|/ State=Normal/Leaving/Joining/Moving"]); // prettier-ignore
    expect(lines.slice(5).map((line) => line.split(/ +/)[1]).sort()).toEqual(ips.sort()); // prettier-ignore
    expect(lines[5]).toMatch(
      /^UN {2}[\d.]+ +[\d.]+ KiB +32 +66\.7% +[\da-f-]{36} {2}Rack1-K8Demo$/,
    );
    expect(world.exec("cassandra-0", "nodetool drain").exitCode).toBe(0);
  });
});

describe("ZooKeeper", () => {
  test("members know themselves and each other", () => {
    expect(sh("zk-1", "cat /var/lib/zookeeper/data/myid")).toBe("2\n");
    expect(sh("zk-0", "grep ^server /opt/zookeeper/conf/zoo.cfg")).toBe([0, 1, 2].map((i) => `server.${i + 1}=zk-${i}.zk-hs.default.svc.cluster.local:2888:3888\n`).join("")); // prettier-ignore
    expect(sh("zk-0", "zookeeper-ready 2181; echo $?; zkOk.sh")).toBe("0\nimok\n");
  });

  test("what one has taken all give back, and the volumes keep it", () => {
    expect(sh("zk-0", "zkCli.sh create /hello world")).toContain("WATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\nCreated /hello\n"); // prettier-ignore
    expect(sh("zk-1", "zkCli.sh get /hello")).toMatch(/path:null\nworld\ncZxid = 0x1\nctime = \w{3} \w{3} \d\d [\d:]+ UTC \d{4}\nmZxid = 0x1\n(.*\n)*dataLength = 5\nnumChildren = 0\n$/); // prettier-ignore
    expect(world.exec("zk-2", "zkCli.sh create /hello again").stderr).toBe("Node already exists: /hello\n"); // prettier-ignore
    for (const i of [0, 1, 2]) world.request("DELETE", `/api/v1/namespaces/default/pods/zk-${i}`);
    world.advance(120_000);
    expect(sh("zk-2", "zkCli.sh get /hello")).toContain("\nworld\n");
    expect(world.exec("zk-2", "zkCli.sh get /none").stderr).toBe("Node does not exist: /none\n");
  });
});
