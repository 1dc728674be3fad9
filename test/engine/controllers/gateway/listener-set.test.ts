import { expect, test } from "vitest";
import { expectSaid } from "../../explanations/asking.ts";
import { told } from "../../network/network-world.ts";
import { certificate } from "./certificate.ts";
import { api, gatewayOf, GatewayWorld, grant, http, routeOf, words } from "./gateway-world.ts";

/** ListenerSets: whose listeners a Gateway takes, who comes first, and which routes they have. */

const setOf = (name: string, listeners: object[], namespace = "default"): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "ListenerSet",
  metadata: { name, namespace },
  spec: { parentRef: { name: "web", namespace: "default" }, listeners },
});

const allowing = (from: string, selector?: object): object => ({
  allowedListeners: { namespaces: { from, ...(selector ? { selector } : {}) } },
});

const named = (name: string, more: object = {}): object =>
  http({ name, hostname: `${name}.test`, ...more });

// oxlint-disable-next-line no-explicit-any
const setIn = (world: GatewayWorld, name: string, namespace = "default"): any =>
  world.get(`${api}/namespaces/${namespace}/listenersets/${name}`);

const said = (world: GatewayWorld, name: string, namespace?: string): string[] =>
  words(setIn(world, name, namespace).status.conditions);

interface Entry {
  name: string;
  attachedRoutes: number;
  conditions: { type: string; status: string; reason: string }[];
}

const entry = (world: GatewayWorld, set: string, name: string): [number, ...string[]] => {
  const all = setIn(world, set).status.listeners as Entry[];
  const { attachedRoutes, conditions } = all.find((one) => one.name === name)!;
  return [attachedRoutes, ...words(conditions)];
};

const well = [
  "Accepted True Accepted",
  "Programmed True Programmed",
  "ResolvedRefs True ResolvedRefs",
  "Conflicted False NoConflicts",
];

const who = (world: GatewayWorld, host: string, path = "/"): string =>
  told(world.ask("outside", { host: world.address(), path, headers: { host } }));

const setRef = (name: string, more: object = {}): object => ({
  group: "gateway.networking.k8s.io",
  kind: "ListenerSet",
  name,
  ...more,
});

const rules = [{ backendRefs: [{ name: "a", port: 80 }] }];

test("N9 a Gateway takes ListenerSets of the namespaces that it allows, and none unless it says so", () => {
  const world = new GatewayWorld();
  const namespace = (name: string, labels: object): object => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels },
  });
  world.create(
    namespace("apps", { team: "apps" }),
    gatewayOf("web", [named("own")]),
    setOf("near", [named("near")]),
    setOf("far", [named("far")], "apps"),
  );
  world.settle();
  const refused = ["Accepted False NotAllowed", "Programmed False NotAllowed"];
  const taken = ["Accepted True Accepted", "Programmed True Programmed"];
  const state = (): string[][] => [said(world, "near"), said(world, "far", "apps")];
  const attached = (): number | undefined => world.gateway("web").status.attachedListenerSets;
  expect(state()).toEqual([refused, refused]);
  expectSaid(world, "listenerset/near", [
    "is not taken by Gateway default/web, which allows no ListenerSets",
  ]);
  expect(attached()).toBe(0);
  const allow = (spec: object): void => {
    world.patch(`${api}/namespaces/default/gateways/web`, { spec });
    world.settle();
  };
  allow(allowing("Same"));
  expect(state()).toEqual([taken, refused]);
  expect(attached()).toBe(1);
  expect(entry(world, "near", "near")).toEqual([0, ...well]);
  allow(allowing("Selector", { matchLabels: { team: "apps" } }));
  expect(state()).toEqual([refused, taken]);
  allow({ allowedListeners: { namespaces: { from: "All", selector: null } } });
  expect(state()).toEqual([taken, taken]);
  expect(attached()).toBe(2);
  world.delete(`${api}/namespaces/default/listenersets/near`);
  world.settle();
  expect(attached()).toBe(1);
  expect(world.gateway("web").status.listeners).toHaveLength(1);
});

test("a Gateway's own listeners come before those of ListenerSets, older ones before younger", () => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("web", [named("own")], allowing("Same")),
    setOf("z-old", [named("own"), { name: "tcp", port: 80, protocol: "TCP" }, named("first")]),
  );
  world.advance(2_000);
  world.create(
    setOf("a-new", [named("first"), named("second")]),
    setOf("b-none", [{ name: "tcp", port: 80, protocol: "TCP" }]),
  );
  world.settle();
  expect(world.listener("web", "own").words).toEqual(well);
  const conflicted = (reason: string): string[] => [
    `Accepted False ${reason}`,
    `Programmed False ${reason}`,
    "ResolvedRefs True ResolvedRefs",
    `Conflicted True ${reason}`,
  ];
  expect(entry(world, "z-old", "own")).toEqual([0, ...conflicted("HostnameConflict")]);
  expect(entry(world, "z-old", "first")).toEqual([0, ...well]);
  expect(entry(world, "a-new", "first")).toEqual([0, ...conflicted("HostnameConflict")]);
  expect(entry(world, "a-new", "second")).toEqual([0, ...well]);
  expect(entry(world, "b-none", "tcp")).toEqual([0, ...conflicted("ProtocolConflict")]);
  const partly = ["Accepted True ListenersNotValid", "Programmed True Programmed"];
  expect([said(world, "z-old"), said(world, "a-new")]).toEqual([partly, partly]);
  expect(said(world, "b-none")).toEqual([
    "Accepted False ListenersNotValid",
    "Programmed False ListenersNotValid",
  ]);
  expect(world.gateway("web").status.attachedListenerSets).toBe(2);
  expectSaid(world, "listenerset/a-new", ["its listener first on port 80", "HostnameConflict"]);
  // The port goes to the next one.
  world.delete(`${api}/namespaces/default/listenersets/z-old`);
  world.settle();
  expect(entry(world, "a-new", "first")).toEqual([0, ...well]);
});

test("N9 routes have the listeners of the Gateway or of the ListenerSet that they name", () => {
  const world = new GatewayWorld();
  world.serve("a");
  world.create(
    gatewayOf("web", [named("own")], allowing("Same")),
    setOf("more", [named("one"), named("two", { port: 8080 })]),
    routeOf("to-gateway", { rules }),
    routeOf("to-set", { rules, parentRefs: [setRef("more")] }),
    routeOf("to-one", { rules, parentRefs: [setRef("more", { sectionName: "one" })] }),
    routeOf("astray", { rules, parentRefs: [{ name: "web", sectionName: "one" }] }),
    routeOf("nowhere", { rules, parentRefs: [setRef("absent")] }),
  );
  world.settle();
  expect(world.parent("to-gateway")[0]).toBe("Accepted True Accepted");
  expect(world.parent("to-set")[0]).toBe("Accepted True Accepted");
  expect(world.parent("astray")[0]).toBe("Accepted False NoMatchingParent");
  expect(world.route("nowhere").status?.parents ?? []).toEqual([]);
  expectSaid(world, "httproute/nowhere", ["its parent, ListenerSet default/absent"]);
  expect(world.listener("web", "own").attached).toBe(1);
  expect(entry(world, "more", "one")[0]).toBe(2);
  expect(entry(world, "more", "two")[0]).toBe(1);
  expect(who(world, "own.test")).toBe("200 a");
  expect(who(world, "one.test")).toBe("200 a");
  expect(who(world, "two.test")).toMatch(/^404 /);
  world.delete(`${api}/namespaces/default/listenersets/more`);
  world.settle();
  expect(who(world, "one.test")).toMatch(/^404 /);
  expect(world.route("to-set").status.parents).toEqual([]);
});

test("namespaces of routes and certificates are counted from the ListenerSet", () => {
  const world = new GatewayWorld();
  const secure = http({
    name: "secure",
    port: 443,
    protocol: "HTTPS",
    tls: { certificateRefs: [{ name: "cert", namespace: "default" }] },
  });
  world.create(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "apps" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "cert", namespace: "default" },
      type: "kubernetes.io/tls",
      data: certificate,
    },
    gatewayOf("web", [named("own")], allowing("All")),
    setOf("more", [named("one")], "apps"),
    setOf("tls", [secure], "apps"),
    routeOf("here", { rules, parentRefs: [setRef("more", { namespace: "apps" })] }),
    routeOf("there", { rules, parentRefs: [setRef("more")] }, "apps"),
  );
  world.settle();
  expect(world.parent("here")[0]).toBe("Accepted False NotAllowedByListeners");
  expect(world.parent("there", "apps")[0]).toBe("Accepted True Accepted");
  expect(said(world, "tls", "apps")).toEqual([
    "Accepted False ListenersNotValid",
    "Programmed False ListenersNotValid",
  ]);
  world.create(grant("default", "ListenerSet", "Secret", "apps"));
  world.settle();
  expect(said(world, "tls", "apps")).toEqual([
    "Accepted True Accepted",
    "Programmed True Programmed",
  ]);
});
