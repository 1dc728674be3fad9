import { expect, test } from "vitest";
import { gatewayOf, GatewayWorld, http, routeOf } from "../controllers/gateway/gateway-world.ts";
import { serviceOf } from "../network/network-world.ts";
import { expectSaid, restsOn } from "./asking.ts";

/** Why a Gateway is not programmed, and why a route gets no requests. */

const to = (name: string, port = 80): object => ({
  rules: [{ backendRefs: [{ name, port }] }],
});

test("Gateways that serve nothing say which listener, class or address it is", () => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("lost", [http()], { gatewayClassName: "podyrad" }),
    gatewayOf("tls", [
      http(),
      { name: "s", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "cert" }] } },
    ]),
    gatewayOf("named", [http()], { addresses: [{ type: "Hostname", value: "a.b" }] }),
    gatewayOf("outside", [http()], { addresses: [{ type: "IPAddress", value: "10.0.0.1" }] }),
    gatewayOf("good", [http()]),
  );
  world.settle(20_000);
  expectSaid(world, "gateway/lost", [
    "served by nobody: there is no GatewayClass podyrad",
    "classes that are served: podyard",
    `kubectl patch gateway lost --type=merge -p '{"spec":{"gatewayClassName":"podyard"}}'`,
  ]);
  expectSaid(world, "gateway/tls", [
    "its listener s on port 443 is not programmed",
    "Secret default/cert does not exist (InvalidCertificateRef)",
    "1 of 2 listeners are programmed",
    "kubectl edit gateway tls",
  ]);
  expect(restsOn(world, "gateway/tls")).toEqual(["Gateway/tls spec.listeners[1]"]);
  expectSaid(world, "gateway/named", ["addresses of type Hostname are not supported"]);
  expectSaid(world, "gateway/outside", ["address 10.0.0.1 is not one of the pool"]);
  expectSaid(world, "gateway/good", ["All is well with Gateway default/good"]);
});

test("routes that no Gateway takes say which listeners there are", () => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("web", [http({ hostname: "*.example.com" })]),
    serviceOf("a", { clusterIP: "None", ports: [{ port: 80 }] }),
    routeOf("orphan", { ...to("a"), parentRefs: [{ name: "wbe" }] }),
    routeOf("port", { ...to("a"), parentRefs: [{ name: "web", port: 8080 }] }),
    routeOf("host", { ...to("a"), hostnames: ["shop.test"] }),
  );
  world.settle();
  expectSaid(world, "httproute/orphan", [
    "its parent, Gateway default/wbe, does not exist",
    "Gateways: default/web",
    "kubectl edit httproute orphan",
  ]);
  expectSaid(world, "httproute/port", [
    "is not accepted by Gateway default/web, so its requests get 404",
    "no listener of port 8080 (NoMatchingParent)",
    "http (port 80, *.example.com)",
  ]);
  expectSaid(world, "httproute/host", [
    "hostnames shop.test have nothing in common with *.example.com",
    "kubectl edit gateway web",
  ]);
});

test("routes that lead nowhere say which backend, and what else there is", () => {
  const world = new GatewayWorld();
  world.serve("good");
  world.create(
    gatewayOf("web", [http()]),
    serviceOf("empty", { selector: { app: "godo" }, ports: [{ port: 80 }] }),
    routeOf("missing", to("goood")),
    routeOf("port", to("good", 8080)),
    routeOf("empty", { ...to("empty"), hostnames: ["empty.test"] }),
    routeOf("well", to("good")),
  );
  world.settle();
  expectSaid(world, "httproute/missing", [
    "requests that its backend goood:80 would get are answered 500",
    "Service default/goood does not exist (there is good) (BackendNotFound)",
  ]);
  expectSaid(world, "httproute/port", ["Service default/good has no port 8080 (it has 80)"]);
  expectSaid(world, "httproute/empty", [
    "leads to Service empty with 0 ready endpoints, so requests get 503",
    "kubectl set selector service empty app=good",
  ]);
  expectSaid(world, "httproute/well", ["All is well with HTTPRoute default/well"]);
  world.create({
    apiVersion: "podyard.dev/v1",
    kind: "Trace",
    metadata: { name: "late", namespace: "default" },
    spec: { url: `http://${world.address()}:81/` },
  });
  world.settle();
  expectSaid(world, "trace/late", ["(refused)", "gateway default/web", "no listener on port 81"]);
});
