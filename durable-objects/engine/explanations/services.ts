/** Services that nobody answers for, and Ingresses that lead nowhere. */
import type { Ingress } from "../kinds/networking/ingress.ts";
import type { IngressClass } from "../kinds/networking/ingress-class.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Service, ServicePort } from "../kinds/service/shape.ts";
import { runtime } from "../cri/runtime.ts";
import { isReady } from "../controllers/workload/pods.ts";
import { portsOf } from "../controllers/endpoints/service-pods.ts";
import { endpointsOf } from "../network/services.ts";
import { isServed } from "../network/ingress.ts";
import { keyOf } from "./containers.ts";
import { grouped } from "./workloads.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  near,
  pairs,
  plural,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const selectorOf = (service: Service): Record<string, string> | undefined => {
  const { selector, type } = service.spec ?? {};
  return type === "ExternalName" || !selector || Object.keys(selector).length === 0
    ? undefined
    : selector;
};

const podsBehind = ({ client }: Scope, service: Service, selector: Record<string, string>): Pod[] =>
  [...client.podsMatching<Pod>(service.metadata.namespace ?? "", selector)].filter(
    ({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed",
  );

/** The selector with what a Pod has instead. */
const labelsOf = (
  selector: Record<string, string>,
  pod: Pod | undefined,
): Record<string, string> => {
  const labels = pod?.metadata.labels ?? {};
  const keys = Object.keys(selector).filter((key) => labels[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, labels[key] as string]));
};

function selectsNothing(scope: Scope, service: Service): Found | undefined {
  const selector = selectorOf(service);
  if (!selector || podsBehind(scope, service, selector).length > 0) return undefined;
  const namespace = service.metadata.namespace ?? "";
  const missing = (pod: Pod): string[] =>
    Object.keys(selector).filter((key) => pod.metadata.labels?.[key] !== selector[key]);
  const pods = scope.client
    .list<Pod>("pods", namespace)
    .filter(({ metadata }) => scope.mayRead("pods", namespace, metadata.name));
  const score = (pod: Pod): number => {
    const lacks = missing(pod);
    const nearly = lacks.some(
      (key) => near(selector[key] ?? "", [pod.metadata.labels?.[key] ?? ""]).length > 0,
    );
    return lacks.length - (nearly ? 0.5 : 0);
  };
  const sorted = pods.filter((pod) => pod.metadata.labels).sort((a, b) => score(a) - score(b));
  const nearest = sorted[0];
  const best = nearest && score(nearest) < Object.keys(selector).length ? nearest : undefined;
  const lacks = best ? missing(best) : [];
  const has = (key: string): string => {
    const value = best?.metadata.labels?.[key];
    return value === undefined ? `no label ${key}` : `${key}=${value}`;
  };
  const hint = best
    ? `; the nearest is ${nameOf(best)}, ${plural(lacks.length, "label")} apart: it has ${listed(lacks.map(has))}`
    : "";
  const right = labelsOf(selector, best);
  return {
    sentence: `${nameOf(service)} has 0 endpoints: its selector ${pairs(selector)} matches 0 of the ${plural(pods.length, "Pod")} of ${namespace}${hint}.`,
    evidence: [
      about(service, `selects ${pairs(selector)}`, { field: "spec.selector" }),
      ...(best
        ? [
            about(best, `has the labels ${pairs(best.metadata.labels)}`, {
              field: "metadata.labels",
            }),
          ]
        : []),
    ],
    mend: [
      mend(
        "Change the selector",
        `kubectl set selector service ${service.metadata.name} ${pairs(Object.keys(right).length ? right : selector)}${inNamespace(service)}`,
      ),
      ...(best
        ? [
            mend(
              "Or relabel the Pods",
              `kubectl label pod ${best.metadata.name} ${lacks.map((key) => `${key}=${selector[key]}`).join(" ")} --overwrite${inNamespace(service)}`,
            ),
          ]
        : []),
    ],
    decidedBy: "endpointslice-controller",
    reason: "selector matches nothing",
  };
}

function noneReady(scope: Scope, service: Service): Found | undefined {
  const selector = selectorOf(service);
  if (!selector || service.spec?.publishNotReadyAddresses) return undefined;
  const pods = podsBehind(scope, service, selector);
  const ready = pods.filter(isReady).length;
  if (ready > 0 || pods.length === 0) return undefined;
  const why = grouped(scope, service, pods);
  if (!why) return undefined;
  return {
    ...why,
    sentence: `${nameOf(service)} has 0 ready endpoints: none of the ${plural(pods.length, "Pod")} that it selects is ready. ${why.sentence}`,
    evidence: [
      about(service, `selects ${pairs(selector)}`, { field: "spec.selector" }),
      ...why.evidence,
    ],
    reason: "no Pod is ready",
  };
}

/** Ports that the containers name. */
const portNames = (pod: Pod): string[] =>
  pod.spec.containers.flatMap((c) => (c.ports ?? []).flatMap(({ name }) => name ?? []));

function wrongPort(scope: Scope, service: Service): Found | undefined {
  const selector = selectorOf(service);
  const pod = selector && podsBehind(scope, service, selector).find(isReady);
  if (!pod) return undefined;
  for (const [i, port] of (service.spec?.ports ?? []).entries()) {
    const target = port.targetPort ?? port.port;
    const found = portsOf(service, pod).find(({ name }) => name === (port.name ?? ""));
    if (!found) return unnamed(service, pod, port, i);
    if ((port.protocol ?? "TCP") !== "TCP") continue;
    if (runtime.listening(scope.context, keyOf(pod), found.port)) continue;
    const declared = pod.spec.containers.flatMap((c) =>
      (c.ports ?? []).map(({ containerPort }) => containerPort),
    );
    const open = candidates(declared).filter((one) =>
      runtime.listening(scope.context, keyOf(pod), one),
    );
    const better = open[0] ?? declared[0] ?? 80;
    return {
      sentence: `${nameOf(service)} port ${port.port} leads to port ${found.port} of its Pods (targetPort ${String(target)}), where nobody listens, so connections are refused; ${open.length ? `${nameOf(pod)} listens on ${listed(open.map(String))}` : `its containers declare ${listed(declared.map(String)) || "no port"}`}.`,
      evidence: [
        about(service, `targetPort ${String(target)}`, { field: `spec.ports[${i}].targetPort` }),
        about(pod, `containers declare ${listed(declared.map(String)) || "no port"}`, {
          field: "spec.containers[0].ports",
        }),
        about(pod, `nothing listens on ${found.port}`),
      ],
      mend: [patchPort(service, i, better)],
      decidedBy: "kube-proxy",
      reason: "targetPort",
    };
  }
  return undefined;
}

const usualPorts = [80, 8080, 443, 3000, 5000, 8000, 8443, 9090, 5432, 3306, 6379, 8081];
const candidates = (declared: readonly number[]): number[] => [
  ...new Set([...declared, ...usualPorts]),
];

const patchPort = (service: Service, index: number, port: number | string) =>
  mend(
    "Set the targetPort to it",
    `kubectl patch service ${service.metadata.name}${inNamespace(service)} --type=json -p '[{"op":"replace","path":"/spec/ports/${index}/targetPort","value":${JSON.stringify(port)}}]'`,
  );

function unnamed(service: Service, pod: Pod, port: ServicePort, index: number): Found {
  const names = portNames(pod);
  return {
    sentence: `${nameOf(service)} port ${port.port} leads to the port named ${String(port.targetPort)}, and ${nameOf(pod)} has none of that name (it has ${listed(names) || "0 named ports"}), so it has 0 endpoints.`,
    evidence: [
      about(service, `targetPort ${String(port.targetPort)}`, {
        field: `spec.ports[${index}].targetPort`,
      }),
      about(pod, `names of its ports: ${listed(names) || "none"}`, {
        field: "spec.containers[0].ports",
      }),
    ],
    mend: [
      patchPort(
        service,
        index,
        names[0] ?? pod.spec.containers[0]?.ports?.[0]?.containerPort ?? 80,
      ),
    ],
    decidedBy: "endpointslice-controller",
    reason: "targetPort",
  };
}

function unserved(scope: Scope, ingress: Ingress): Found | undefined {
  if (isServed(scope.client, ingress)) return undefined;
  const name = ingress.spec?.ingressClassName;
  const known = scope.client
    .list<IngressClass>("ingressclasses.networking.k8s.io")
    .map(({ metadata }) => metadata.name);
  return {
    sentence: `${nameOf(ingress)} is served by nobody, so requests get 404: ${name === undefined ? "it names no class, and none is the default" : `there is no controller for its class ${name}`} (classes: ${listed(known) || "0"}; ${known.length === 0 ? "nginx" : (known[0] ?? "")} would be served).`,
    evidence: [
      about(ingress, name === undefined ? "no ingressClassName" : `ingressClassName ${name}`, {
        field: "spec.ingressClassName",
      }),
    ],
    mend: [
      mend(
        "Name a class that is served",
        `kubectl patch ingress ${ingress.metadata.name}${inNamespace(ingress)} --type=merge -p '{"spec":{"ingressClassName":"${known[0] ?? "nginx"}"}}'`,
      ),
    ],
    decidedBy: "ingress controller",
    reason: "class",
  };
}

function backends(scope: Scope, ingress: Ingress): Found | undefined {
  const namespace = ingress.metadata.namespace ?? "";
  const rules = (ingress.spec?.rules ?? []).flatMap((rule, i) =>
    (rule.http?.paths ?? []).map((path, j) => ({
      text: `${rule.host ?? "*"}${path.path ?? "/"}`,
      backend: path.backend,
      field: `spec.rules[${i}].http.paths[${j}].backend`,
    })),
  );
  for (const { text, backend, field } of rules) {
    const { name = "", port } = backend.service ?? {};
    if (!name || !scope.mayRead("services", namespace, name)) continue;
    const service = scope.client.get<Service>("services", namespace, name);
    const rule = about(ingress, `rule ${text} -> ${name}:${port?.number ?? port?.name ?? ""}`, {
      field,
    });
    const edit = mend(
      "Change the rule",
      `kubectl edit ingress ${ingress.metadata.name}${inNamespace(ingress)}`,
    );
    const base = { decidedBy: "ingress controller", reason: `backend ${name}` };
    if (!service) {
      const others = near(
        name,
        scope.client
          .list("services", namespace)
          .map(({ metadata }) => metadata.name)
          .filter((other) => scope.mayRead("services", namespace, other)),
      );
      return {
        ...base,
        sentence: `${nameOf(ingress)}: the rule ${text} matches and is answered 503, since its backend, Service ${name}, does not exist${others.length ? ` (there is ${listed(others)})` : ""}.`,
        evidence: [rule],
        mend: [edit],
      };
    }
    const target = service.spec?.ports?.find((p) =>
      port?.name ? p.name === port.name : p.port === port?.number,
    );
    if (!target) {
      const ports = (service.spec?.ports ?? []).map((p) => String(p.port));
      return {
        ...base,
        sentence: `${nameOf(ingress)}: the rule ${text} is answered 503, since Service ${name} has no port ${port?.number ?? port?.name ?? ""} (it has ${listed(ports)}).`,
        evidence: [rule, about(service, `ports ${listed(ports)}`, { field: "spec.ports" })],
        mend: [edit],
      };
    }
    const why = scope.ask("services", service);
    const ready = endpointsOf(scope.client, service, target).filter((e) => e.ready).length;
    if (why)
      return {
        ...why,
        sentence: `${nameOf(ingress)}: the rule ${text} leads to Service ${name} with ${plural(ready, "ready endpoint")}, so requests get 503. ${why.sentence}`,
        evidence: [rule, ...why.evidence],
      };
  }
  return undefined;
}

/** Rows about Services and Ingresses. */
export const services: Situation[] = [
  { name: "selector matches nothing", of: ["services"], find: selectsNothing },
  { name: "no Pod is ready", of: ["services"], find: noneReady },
  { name: "targetPort", of: ["services"], find: wrongPort },
  { name: "class is not served", of: ["ingresses.networking.k8s.io"], find: unserved },
  { name: "backend", of: ["ingresses.networking.k8s.io"], find: backends },
];
