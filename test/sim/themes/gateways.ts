/** The Gateway API: Gateways, routes, and requests from outside that go through them. */
import {
  definitions,
  gatewayOf,
  http,
  routeOf,
} from "../../engine/controllers/gateway/gateway-world.ts";
import type { Chance } from "../chance.ts";
import type { Any, Simulation } from "../simulation.ts";
import { namespace, path, type OperationRow } from "../operations/targets.ts";
import { apps } from "../templates.ts";
import { applied, type Theme } from "./theme.ts";

export const gatewayId = "gateways.gateway.networking.k8s.io";
export const routeId = "httproutes.gateway.networking.k8s.io";
const api = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}`;

export const hosts = ["a.test", "b.test"];

/** Each is of a port, or of a name at the first. */
const listeners = [
  http(),
  http({ name: "alt", port: 8080 }),
  http({ name: "named", hostname: "a.test" }),
];

const gatewayName = (chance: Chance): string => (chance.in100(75) ? "gw-0" : "gw-1");

function gateway(chance: Chance): object {
  const some = listeners.filter(() => chance.in100(75));
  const more = chance.in100(15) ? { gatewayClassName: "other" } : {};
  return placed(gatewayOf(gatewayName(chance), some.length > 0 ? some : listeners, more));
}

/** Made for another namespace. */
const placed = ({ metadata, ...rest }: Any): object => ({
  ...rest,
  metadata: { ...metadata, namespace },
});

function route(chance: Chance): object {
  const parent = (name: string): object => ({
    name,
    ...(chance.in100(25) ? { sectionName: chance.pick(["http", "alt", "named"]) } : {}),
  });
  const both = chance.in100(25);
  const parentRefs = both ? [parent("gw-0"), parent("gw-1")] : [parent(gatewayName(chance))];
  const backend = (): object => ({
    name: `svc-${chance.pick(apps)}-${chance.in100(80) ? 0 : 1}`,
    port: 80,
    weight: chance.pick([1, 1, 3, 0]),
  });
  const rules = Array.from({ length: 1 + chance.below(2) }, () => ({
    matches: [{ path: { type: "PathPrefix", value: chance.pick(["/", "/x"]) } }],
    backendRefs: Array.from({ length: chance.pick([1, 1, 2]) }, backend),
  }));
  const hostnames = hosts.filter(() => chance.in100(25));
  const spec = { parentRefs, ...(hostnames.length > 0 ? { hostnames } : {}), rules };
  return routeOf(`r-${chance.below(3)}`, spec, namespace);
}

/** Servers that say who they are, behind a Service. */
function serve(sim: Simulation, { app, replicas, probed }: Any): void {
  const labels = { app, of: `who-${app}` };
  const container = {
    name: "main",
    image: "traefik/whoami:v1.10",
    ports: [{ containerPort: 80 }],
    ...(probed
      ? { readinessProbe: { httpGet: { path: "/", port: 80 }, initialDelaySeconds: 10 } }
      : {}),
  };
  const spec = {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
  };
  const metadata = { name: `who-${app}` };
  applied(sim, `${path("deployments")}/who-${app}`, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec,
  });
  const service = { name: `svc-${app}-0` };
  const ports = [{ port: 80, targetPort: 80 }];
  applied(sim, `${path("services")}/svc-${app}-0`, {
    apiVersion: "v1",
    kind: "Service",
    metadata: service,
    spec: { selector: { app }, ports },
  });
}

const urlOf = ({ kind, metadata }: Any): string =>
  `${api}/${kind === "Gateway" ? "gateways" : "httproutes"}/${metadata.name}`;

const operations: OperationRow[] = [
  {
    what: "make a gateway",
    weight: 5,
    make: (chance) => ({ manifest: gateway(chance) }),
    run: (sim, { manifest }) => applied(sim, urlOf(manifest), manifest),
  },
  {
    what: "make a route",
    weight: 8,
    make: (chance) => ({ manifest: route(chance) }),
    run: (sim, { manifest }) => applied(sim, urlOf(manifest), manifest),
  },
  {
    what: "serve by name",
    weight: 5,
    make: (chance) => ({
      app: chance.pick(apps),
      replicas: chance.pick([0, 1, 2, 3]),
      probed: chance.in100(50),
    }),
    run: serve,
  },
  {
    what: "delete a gateway or a route",
    weight: 3,
    make: (chance) => ({
      of: chance.pick(["gateways", "httproutes", "httproutes"]),
      at: chance.below(3),
    }),
    run: (sim, { of, at }) =>
      void sim.request("DELETE", `${api}/${of}/${of === "gateways" ? "gw" : "r"}-${at}`),
  },
  {
    what: "ask a gateway",
    weight: 14,
    make: (chance) => ({
      name: gatewayName(chance),
      port: chance.pick([80, 80, 8080]),
      host: chance.pick([...hosts, "c.test"]),
      path: chance.pick(["/", "/x", "/x/y?wait=1s"]),
    }),
    run: (sim, { name, port, host, path: at }) => sim.visits.ask({ name, port, host, path: at }),
  },
];

export const gateways: Theme = {
  name: "gateways",
  weight: 2,
  births: 1,
  prepare: (world) => {
    world.create(...definitions);
    world.advance(10_000);
  },
  operations,
  share: 50,
};
