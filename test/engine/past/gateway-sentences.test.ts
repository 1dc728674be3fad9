/** The timeline of Gateways and their routes. */
import { expect, test } from "vitest";
import {
  api,
  gatewayOf,
  GatewayWorld,
  http,
  routeOf,
} from "../controllers/gateway/gateway-world.ts";
import { serviceOf } from "../network/network-world.ts";

test("of Gateways and HTTPRoutes", () => {
  const world = new GatewayWorld();
  const after = world.engine.store.rv;
  world.create(
    gatewayOf("web", [http({ hostname: "a.test" })]),
    routeOf("r", { hostnames: ["b.test"], rules: [{ backendRefs: [{ name: "x", port: 80 }] }] }),
  );
  world.settle();
  const url = `${api}/namespaces/default/httproutes/r`;
  world.patch(url, { spec: { hostnames: ["a.test"] } });
  world.settle();
  world.create(serviceOf("x", { ports: [{ port: 80 }] }));
  world.settle();
  world.patch(`${api}/namespaces/default/gateways/web`, {
    spec: { addresses: [{ type: "Hostname", value: "a.test" }] },
  });
  world.settle();
  const page = world.engine.timeline({ after, limit: 500 });
  const texts = page.items
    .filter(({ name }) => ["web", "r"].includes(name))
    .map(({ text }) => text);
  expect(texts).toEqual([
    "kubernetes-admin created Gateway web",
    "the gateway-controller found Gateway web not programmed: an address is being assigned",
    "kubernetes-admin created HTTPRoute r",
    "the gateway-controller did not accept HTTPRoute r on Gateway web: hostnames b.test have nothing in common with a.test of the listeners",
    "the gateway-controller gave Gateway web the address 172.18.255.200",
    "kubernetes-admin updated spec.hostnames of HTTPRoute r",
    "the gateway-controller accepted HTTPRoute r on Gateway web",
    "the gateway-controller updated status.listeners of Gateway web",
    "the gateway-controller found what HTTPRoute r refers to, for Gateway web",
    "kubernetes-admin updated spec.addresses of Gateway web",
    "the gateway-controller took the address 172.18.255.200 from Gateway web",
  ]);
});
