/** What must hold of Gateways and routes: what is told of them, worked out once more from the objects, and who answers. */
import { shadowKey } from "../history.ts";
import { first, id } from "../invariants/pods.ts";
import type { Invariant, Seen } from "../invariants/seen.ts";
import type { Any, Simulation } from "../simulation.ts";
import { namespace } from "../operations/targets.ts";
import { gatewayId, routeId } from "./gateways.ts";

type Objects = ReadonlyMap<string, Any>;

const named = (objects: Objects, resource: string, name: string): Any | undefined =>
  objects.get(shadowKey(resource, { namespace, name }));

function* all(objects: Objects, resource: string): Iterable<Any> {
  for (const [key, object] of objects) if (key.startsWith(`${resource} `)) yield object;
}

const isServed = ({ spec }: Any): boolean => spec.gatewayClassName === "podyard";
const conditionOf = (conditions: Any[] | undefined, type: string): Any =>
  conditions?.find((one) => one.type === type) ?? {};

/** Whether a route takes requests of a listener; none of their names has a wildcard. */
const shares = ({ hostname }: Any, { spec }: Any): boolean =>
  !hostname || !spec.hostnames?.length || spec.hostnames.includes(hostname);

/** Listeners of a Gateway to which one reference attaches a route. */
const attachedBy = (gateway: Any, route: Any, ref: Any): Any[] =>
  gateway.spec.listeners.filter(
    (one: Any) => (!ref.sectionName || ref.sectionName === one.name) && shares(one, route),
  );

const refsTo = (route: Any, gateway: Any): Any[] =>
  route.spec.parentRefs.filter((ref: Any) => ref.name === gateway.metadata.name);

const isAttached = (route: Any, gateway: Any, listener: Any): boolean =>
  refsTo(route, gateway).some((ref) => attachedBy(gateway, route, ref).includes(listener));

const backendsOf = (route: Any): Any[] =>
  route.spec.rules.flatMap((rule: Any) => rule.backendRefs ?? []);

const resolves = (objects: Objects, { name, port }: Any): boolean =>
  named(objects, "services", name)?.spec.ports.some((one: Any) => one.port === port) ?? false;

function gatewayTold(objects: Objects, gateway: Any): string | undefined {
  const { status = {}, metadata, spec } = gateway;
  // What was said of one that went to another class stays until that class' controller says something else.
  if (!isServed(gateway)) return undefined;
  const accepted = conditionOf(status.conditions, "Accepted");
  const programmed = conditionOf(status.conditions, "Programmed");
  if (accepted.status !== "True" || programmed.status !== "True" || !status.addresses?.length)
    return `${id(gateway)}: ${JSON.stringify(status)}`;
  if (accepted.observedGeneration !== metadata.generation)
    return `${id(gateway)}: generation ${metadata.generation} unobserved`;
  return first(spec.listeners as Any[], (listener) => {
    const routes = [...all(objects, routeId)].filter((route) =>
      isAttached(route, gateway, listener),
    );
    const says = status.listeners?.find((one: Any) => one.name === listener.name)?.attachedRoutes;
    return says === routes.length
      ? undefined
      : `${id(gateway)} ${listener.name} says ${says} routes, there are ${routes.length}`;
  });
}

function routeTold(objects: Objects, route: Any): string | undefined {
  const parents: Any[] = route.status?.parents ?? [];
  const served = route.spec.parentRefs.filter((ref: Any) => {
    const gateway = named(objects, gatewayId, ref.name);
    return gateway && isServed(gateway);
  });
  if (parents.length !== served.length)
    return `${id(route)} has ${parents.length} parents, ${served.length} are served`;
  const resolved = backendsOf(route).every((ref) => resolves(objects, ref));
  return first(served as Any[], (ref) => {
    const gateway = named(objects, gatewayId, ref.name);
    const { conditions } = parents.find(
      ({ parentRef }) => parentRef.name === ref.name && parentRef.sectionName === ref.sectionName,
    ) ?? { conditions: [] };
    const attached = attachedBy(gateway, route, ref).length > 0;
    const says = ["Accepted", "ResolvedRefs"].map((type) => conditionOf(conditions, type).status);
    const are = [attached, resolved].map((yes) => (yes ? "True" : "False"));
    return `${says}` === `${are}`
      ? undefined
      : `${id(route)} at ${ref.name} says ${says} instead of ${are}`;
  });
}

/** Backends that may get a request, of all that its rules name. */
function candidates(objects: Objects, { name, port, host, path }: Seen["visit"]["visit"]): Any[] {
  const gateway = named(objects, gatewayId, name);
  if (!gateway) return [];
  const at = gateway.spec.listeners.filter(
    (one: Any) => one.port === port && (!one.hostname || one.hostname === host),
  );
  const [pathname = ""] = path.split("?");
  const matches = ({ matches: of }: Any): boolean =>
    of.some(
      ({ path: { value } }: Any) =>
        value === "/" || pathname === value || pathname.startsWith(`${value}/`),
    );
  return [...all(objects, routeId)]
    .filter((route) => at.some((listener: Any) => isAttached(route, gateway, listener)))
    .filter(({ spec }) => !spec.hostnames?.length || spec.hostnames.includes(host))
    .flatMap(({ spec }) => spec.rules.filter(matches))
    .flatMap((rule: Any) => rule.backendRefs ?? [])
    .filter(({ weight = 1 }: Any) => weight > 0);
}

/** Names of Pods that a Service has as ready; of those that go and still serve, where none is. */
function endpointsOf(objects: Objects, service: string): string[] {
  const endpoints = [...all(objects, "endpointslices.discovery.k8s.io")]
    .filter(({ kind, metadata }) => kind === "EndpointSlice" && metadata.namespace === namespace)
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service)
    .flatMap(({ endpoints: of }) => of ?? []);
  const isReady = ({ conditions }: Any): boolean => conditions.ready;
  const usable = endpoints.some(isReady)
    ? endpoints.filter(isReady)
    : endpoints.filter(({ conditions }: Any) => conditions.serving && conditions.terminating);
  return usable.map(({ targetRef }: Any) => targetRef?.name);
}

/** What speaks against an answer of a server's. */
function answersWrongly({ visit, status, body }: Seen["visit"]): string | undefined {
  if (status !== 200) return undefined;
  const objects = visit.then as Objects;
  const what = `${visit.name}:${visit.port} ${visit.host}${visit.path}`;
  const backends = candidates(objects, visit).map(({ name }) => name as string);
  if (backends.length === 0) return `${what} is answered, and no route leads anywhere`;
  const there = backends.flatMap((name) => endpointsOf(objects, name));
  if (there.length === 0) return `${what} is answered, and no endpoint of ${backends} is ready`;
  const who = /^Hostname: (\S+)/m.exec(body)?.[1];
  return who === undefined || there.includes(who)
    ? undefined
    : `${what} is answered by ${who}, ready are ${there}`;
}

export const gatewayInvariants: Invariant[] = [
  {
    name: "Gateways are told of as they are",
    when: "settled",
    check: (sim) =>
      first(all(sim.shadow, gatewayId), (gateway) => gatewayTold(sim.shadow, gateway)),
  },
  {
    name: "routes are told of as they are",
    when: "settled",
    check: (sim: Simulation) =>
      first(all(sim.shadow, routeId), (route) => routeTold(sim.shadow, route)),
  },
  {
    name: "a request through a Gateway gets to an endpoint that is there",
    when: "visit",
    check: (_sim, seen) => answersWrongly(seen),
  },
];
