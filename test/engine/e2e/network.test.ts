/** What upstream's end-to-end tests of SIG Network ask, beside what stands in test/engine/network. k8s: test/e2e/network */
import { expect, test } from "vitest";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";

const podOf = (name: string, node: string, container: object, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { nodeName: node, ...spec, containers: [{ name: "c", image: agnhost, ...container }] },
});

/** In the node's network, as the tests look at its table. */
const onNode = (name: string, node: string): object =>
  podOf(
    name,
    node,
    {
      image: "registry.k8s.io/build-image/distroless-iptables:v0.9.2",
      command: ["sleep", "600"],
      securityContext: { privileged: true },
    },
    { hostNetwork: true },
  );

const runner = (name: string, options: object): object => ({
  args: ["net", "--runner", name, "--options", JSON.stringify(options)],
});

const table = "/proc/net/nf_conntrack";

/** A client that keeps its end of a connection that the server has half-closed, through a port of the server's node. */
function closeWaitWorld(): { world: KubectlWorld; address: string } {
  const world = new KubectlWorld({ nodes: 2 }).begin();
  const address = world.get("/api/v1/nodes/node-2").status.addresses[0].address as string;
  const server = runner("nat-closewait-server", { LocalAddr: ":11302", PostFinTimeoutSeconds: 30 });
  world.create(
    onNode("table-1", "node-1"),
    onNode("table-2", "node-2"),
    podOf("plain", "node-1", { args: ["pause"] }),
    podOf("server", "node-2", {
      ...server,
      ports: [{ name: "tcp", containerPort: 11302, hostPort: 11302 }],
    }),
  );
  world.until(() => world.pod("server").status.phase === "Running");
  world.create(
    podOf(
      "client",
      "node-1",
      runner("nat-closewait-client", {
        RemoteAddr: `${address}:11302`,
        PostFinTimeoutSeconds: 300,
        LeakConnection: true,
      }),
      { restartPolicy: "Never" },
    ),
  );
  world.until(() => world.pod("client").status.phase === "Running");
  world.advance(2_000);
  return { world, address };
}

test("a half-closed connection is in CLOSE_WAIT in the tables of both nodes, for an hour", () => {
  const { world, address } = closeWaitWorld();
  const [client, server] = ["client", "server"].map((name) => world.pod(name).status.podIP);
  const look = (pod: string): string => {
    world.in = pod;
    return world.out(`grep -E 'dport=11302' ${table}`);
  };
  const line =
    /^ipv4 {5}2 tcp {6}6 (\d+) CLOSE_WAIT src=(\S+) dst=(\S+) sport=(\d+) dport=11302 src=(\S+) dst=(\S+) sport=11302 dport=(\d+) \[ASSURED\] mark=0 zone=0 use=2\n$/;
  const [, timeout, ...first] = line.exec(look("table-1")) ?? [];
  expect(3600 - Number(timeout)).toBeLessThan(10);
  expect(first.slice(0, 2)).toEqual([client, address]);
  // The node that has the port leads it to the Pod.
  const [, , from, to, , back] = line.exec(look("table-2")) ?? [];
  expect([from, to, back]).toEqual([client, address, server]);
  world.evict();
  world.advance(60_000);
  const [, later] = line.exec(look("table-1")) ?? [];
  expect(Number(timeout) - Number(later)).toBeGreaterThan(50);
  // A Pod's own network has no rules that would track anything.
  world.in = "plain";
  expect(world.out(`ls -l ${table}; cat ${table}`)).toMatch(
    /^-r--r----- .* \/proc\/net\/nf_conntrack\n$/,
  );
});

test("both ends see how far a half-closed connection is", () => {
  const { world } = closeWaitWorld();
  world.in = "client";
  const ip = world.pod("client").status.podIP as string;
  const of = (words: string): string[] => words.trim().split(/\s+/).slice(3);
  expect(of(world.out("netstat -tn | grep 11302"))[2]).toBe("CLOSE_WAIT");
  const [local] = of(world.out("netstat -tn | grep 11302"));
  world.in = "server";
  const port = `${world.pod("server").status.podIP}:11302`;
  expect(of(world.out("netstat -tn | grep ESTABLISHED; netstat -tn | grep 11302"))).toEqual([
    port,
    local,
    "FIN_WAIT2",
  ]);
  expect(local).toContain(`${ip}:`);
  world.advance(40_000);
  // The server has gone, and its container comes again.
  expect(world.pod("server").status.containerStatuses[0].restartCount).toBe(1);
  expect(world.out("netstat -tn | grep 11302 | grep -v LISTEN; true")).toBe("");
  world.in = "client";
  expect(of(world.out("netstat -tn | grep 11302"))[2]).toBe("CLOSE_WAIT");
  world.advance(300_000);
  expect(world.pod("client").status.phase).toBe("Succeeded");
  world.in = "toolbox";
  expect(world.out("kubectl logs client")).toContain("Server has half-closed the connection");
  world.in = "table-1";
  expect(world.out(`grep -c 11302 ${table}; true`)).toBe("0\n");
  expect([...world.engine.store.recordKeys("network")]).toEqual([]);
});

test.each([
  ["sh", agnhost],
  ["sh", "registry.k8s.io/e2e-test-images/glibc-dns-testing:2.0.0"],
  ["bash", "debian:12"],
  ["dash", "debian:12"],
])("%s of %s, as a container's first process, learns of what it substitutes", (shell, image) => {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  const command = [
    shell,
    "-c",
    'for i in `seq 1 3`; do test -n "$(getent hosts p)" && echo $i; sleep 1; done',
  ];
  world.create(podOf("p", "node-1", { image, command }, { restartPolicy: "Never" }));
  world.until(() => world.pod("p").status.phase !== "Pending");
  world.advance(10_000);
  expect(world.out("kubectl logs p")).toBe("1\n2\n3\n");
});

test("a server's packet out of the window is dropped: the connection stands", () => {
  const world = new KubectlWorld({ nodes: 2 }).begin();
  const image = "registry.k8s.io/e2e-test-images/regression-issue-74839:1.4";
  const env = [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }];
  const raw = { capabilities: { add: ["NET_RAW"] } };
  const without = { capabilities: { drop: ["ALL"] } };
  const loop = "while true; do sleep 2; nc boom 9000& done";
  world.create(
    podOf("boom", "node-1", { image, env, securityContext: raw }),
    podOf("barred", "node-1", { image, env, securityContext: without }, { restartPolicy: "Never" }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "boom" },
      spec: { selector: { app: "boom" }, ports: [{ port: 9000 }] },
    },
    podOf("client", "node-2", { command: ["sh", "-c", loop] }),
  );
  world.until(() => world.pod("client").status.phase === "Running");
  world.advance(10_000);
  const log = world.out("kubectl logs boom");
  const client = world.pod("client").status.podIP as string;
  expect(log).toContain("listen on 0.0.0.0:9000\n");
  expect(log).toMatch(
    new RegExp(
      `tcp packet: &\\{SrcPort:\\d+ DestPort:9000 .*\\}, flag: SYN , data: \\[\\], addr: ${client}\n`,
    ),
  );
  expect(log).toContain("connection established\n");
  expect(log).toContain("boom packet injected\n");
  expect(log).not.toContain("RST");
  expect(world.pod("barred").status.phase).toBe("Failed");
  expect(world.out("kubectl logs barred")).toContain("operation not permitted");
});
