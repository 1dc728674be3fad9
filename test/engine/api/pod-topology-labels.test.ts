import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const zone = "topology.kubernetes.io/zone";
const region = "topology.kubernetes.io/region";
const pod = (name: string, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "a", [zone]: "of-my-own" } },
  spec: { containers: [{ name: "c", image: "nginx" }], ...spec },
});

test("a Pod gets the zone and region of its node, when it is bound or names it", () => {
  const w = new World({ nodes: 1 });
  w.advance(1000);
  w.create(pod("before"));
  w.advance(2000);
  expect(w.pod("before").metadata.labels).toEqual({ app: "a", [zone]: "of-my-own" });
  w.patch("/api/v1/nodes/node-1", {
    metadata: { labels: { [zone]: "z1", [region]: "r1", x: "y" } },
  });
  w.create(pod("bound"), pod("named", { nodeName: "node-1" }));
  expect(w.pod("named").metadata.labels).toEqual({ app: "a", [zone]: "z1", [region]: "r1" });
  w.advance(2000);
  expect(w.pod("bound").metadata.labels).toEqual({ app: "a", [zone]: "z1", [region]: "r1" });
});
