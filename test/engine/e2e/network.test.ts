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
