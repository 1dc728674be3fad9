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
