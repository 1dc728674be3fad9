import { describe, expect, test } from "vitest";
import { gatewayListenersMax } from "../../../durable-objects/engine/core/limits.ts";
import {
  api,
  gatewayOf,
  GatewayWorld,
  http,
  routeOf,
  words,
} from "../controllers/gateway/gateway-world.ts";
import { serviceOf } from "./network-world.ts";

/** What routes and Gateways may ask of one request, and of the network. */

const many = <T>(n: number, of: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => of(i));

/** A Service whose only endpoint is the Gateway itself. */
function circle(world: GatewayWorld): void {
  world.advance(5_000);
  world.create(serviceOf("circle", { ports: [{ port: 80 }] }), {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "circle", labels: { "kubernetes.io/service-name": "circle" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [world.address()], conditions: { ready: true } }],
    ports: [{ port: 80, protocol: "TCP" }],
  });
}

describe("a Gateway that is its own backend", () => {
  const backendRefs = [{ name: "circle", port: 80 }];

  test("ends a request that comes round again and again", () => {
    const world = new GatewayWorld();
    world.create(gatewayOf("web", [http()]), routeOf("r", { rules: [{ backendRefs }] }));
    circle(world);
    expect(world.ask("outside", { host: world.address() })).toMatchObject({
      response: { status: 431 },
      tookMs: 0,
    });
  });

  test("makes no copies of copies without end", () => {
    const world = new GatewayWorld();
    const filters = many(16, () => ({
      type: "RequestMirror",
      requestMirror: { backendRef: { name: "circle", port: 80 } },
    }));
    world.create(gatewayOf("web", [http()]), routeOf("r", { rules: [{ filters, backendRefs }] }));
    circle(world);
    const { response } = world.ask("outside", { host: world.address() }) as any;
    expect([431, 503]).toContain(response.status);
  });
});

test("patterns that are too large are told of, and not compiled", () => {
  const world = new GatewayWorld();
  const path = { type: "RegularExpression", value: "/(a{1000}){100}" };
  world.create(gatewayOf("web", [http()]), routeOf("r", { rules: [{ matches: [{ path }] }] }));
  world.advance(1_000);
  const [parent] = world.get(`${api}/namespaces/default/httproutes/r`).status.parents;
  expect(words(parent.conditions)[0]).toBe("Accepted False UnsupportedValue");
});

test("ListenerSets beyond a Gateway's room are not taken", () => {
  const world = new GatewayWorld();
  const allowedListeners = { namespaces: { from: "Same" } };
  world.create(gatewayOf("web", [http()], { allowedListeners }));
  const setOf = (i: number): object => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "ListenerSet",
    metadata: { name: `set-${i}` },
    spec: {
      parentRef: { name: "web" },
      listeners: many(64, (k) => http({ name: `l${k}`, port: 1_000 + k, hostname: `h${i}.test` })),
    },
  });
  const room = gatewayListenersMax / 64;
  for (let i = 0; i < room + 1; i++) {
    world.create(setOf(i));
    world.advance(1_000);
  }
  const told = (i: number) =>
    words(world.get(`${api}/namespaces/default/listenersets/set-${i}`).status.conditions)[0];
  expect(told(room - 2)).toBe("Accepted True Accepted");
  expect(told(room)).toBe("Accepted False ListenersNotValid");
});
