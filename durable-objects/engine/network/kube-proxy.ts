/** What kube-proxy answers on its node: its own health, and that of Services behind a load balancer. k8s: pkg/proxy/healthcheck */
import type { Reader } from "../ports/controller.ts";
import { rfc3339Nano } from "../core/clock.ts";
import type { Service } from "../kinds/service/shape.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import { hostPods } from "./addresses.ts";
import { endpointsOf } from "./services.ts";

const healthPort = 10_256;
const statusPort = 10_249;
const toBeDeleted = "ToBeDeletedByClusterAutoscaler";

const isKubeProxy = ({ metadata }: Pod): boolean =>
  metadata.namespace === "kube-system" && metadata.labels?.["k8s-app"] === "kube-proxy";

type Answer = (request: HttpRequest) => HttpResponse;

const json = (
  status: number,
  body: string,
  headers: Record<string, string> = {},
): HttpResponse => ({
  status,
  headers: {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    ...headers,
  },
  body,
});

const text = (status: number, body: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  body,
});

const notFound = text(404, "404 page not found\n");

/**
 * Who answers on a port of a node's address; undefined: kube-proxy does not listen there. `local`: asked from the node's
 * own network, where it shows its mode and metrics as well.
 */
export function kubeProxyAt(
  reader: Reader,
  node: string,
  port: number,
  local: boolean,
): Answer | undefined {
  if (!hostPods(reader, node).some(isKubeProxy)) return undefined;
  if (port === healthPort) return (request) => health(reader, node, request);
  if (port === statusPort) return local ? status : undefined;
  const service = reader
    .byIndex<Service>("service.nodePort", String(port))
    .find(({ spec }) => spec?.healthCheckNodePort === port);
  return service && (() => serviceHealth(reader, node, service));
}

function health(reader: Reader, node: string, { path }: HttpRequest): HttpResponse {
  const [what] = path.split("?");
  if (what !== "/healthz" && what !== "/livez") return notFound;
  const now = rfc3339Nano(reader.now);
  const times = { lastUpdated: now, currentTime: now };
  const healthy = { healthy: true, status: { IPv4: { lastUpdated: now, healthy: true } } };
  if (what === "/livez") return json(200, JSON.stringify({ ...times, ...healthy }));
  const object = reader.get<Node>("nodes", "", node);
  const nodeEligible =
    object !== undefined &&
    !object.metadata.deletionTimestamp &&
    !object.spec?.taints?.some(({ key }) => key === toBeDeleted);
  return json(nodeEligible ? 200 : 503, JSON.stringify({ ...times, nodeEligible, ...healthy }));
}

/** k8s: cmd/kube-proxy/app/server.go serveMetrics */
function status({ path }: HttpRequest): HttpResponse {
  const [what] = path.split("?");
  if (what === "/proxyMode") return text(200, "iptables");
  return what === "/healthz" ? text(200, "ok") : notFound;
}

/** Whether this node has ready endpoints of a Service. k8s: service_health.go hcHandler */
function serviceHealth(reader: Reader, node: string, service: Service): HttpResponse {
  const local = new Set<string>();
  for (const port of service.spec?.ports ?? [])
    for (const endpoint of endpointsOf(reader, service, port))
      if (endpoint.ready && endpoint.node === node) local.add(endpoint.ip);
  const { namespace, name } = service.metadata;
  const body = [
    "{",
    '\t"service": {',
    `\t\t"namespace": ${JSON.stringify(namespace)},`,
    `\t\t"name": ${JSON.stringify(name)}`,
    "\t},",
    `\t"localEndpoints": ${local.size},`,
    '\t"serviceProxyHealthy": true',
    "}",
  ].join("\n");
  return json(local.size > 0 ? 200 : 503, body, {
    "x-load-balancing-endpoint-weight": String(local.size),
  });
}
