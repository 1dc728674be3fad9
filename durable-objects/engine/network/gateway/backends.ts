/** What a route's references to backends mean. k8s: gateway-api apis/v1 BackendObjectReference */
import {
  isServiceReference,
  type BackendReference,
  type HTTPRoute,
  type RouteFilter,
} from "../../kinds/gateway/types.ts";
import { backendsOf } from "../../kinds/gateway/indices.ts";
import { list } from "../../kinds/gateway/lists.ts";
import type { Service, ServicePort } from "../../kinds/service/shape.ts";
import type { Reader } from "../../ports/controller.ts";
import type { RuntimeContext } from "../../runtime/kernel/types.ts";
import { draw, endpointsOf, type Endpoint } from "../services.ts";
import { grantProblem } from "./grants.ts";
import type { Problem } from "./problem.ts";

export type Backend = { service: Service; port: ServicePort };

const isProblem = (value: Backend | Problem): value is Problem => "reason" in value;

/** The Service and port, or why there are none. */
export function backendOf(
  reader: Reader,
  { metadata }: HTTPRoute,
  ref: BackendReference,
): Backend | Problem {
  const own = metadata.namespace ?? "";
  const namespace = ref.namespace ?? own;
  if (!isServiceReference(ref))
    return {
      reason: "InvalidKind",
      message: `backends are Services, not ${ref.group ?? ""}/${ref.kind ?? ""}`,
    };
  const to = { kind: "Service" as const, namespace, name: ref.name };
  const refused = grantProblem(reader, { from: { kind: "HTTPRoute", namespace: own }, to });
  if (refused) return refused;
  const service = reader.get<Service>("services", namespace, ref.name);
  const missing = (message: string): Problem => ({ reason: "BackendNotFound", message });
  if (!service) return missing(`Service ${namespace}/${ref.name} does not exist`);
  const port = service.spec?.ports?.find((one) => one.port === ref.port);
  if (!port) return missing(`Service ${namespace}/${ref.name} has no port ${ref.port ?? "given"}`);
  if (port.appProtocol === "kubernetes.io/h2c")
    return {
      reason: "UnsupportedProtocol",
      message: `Service ${namespace}/${ref.name} port ${ref.port}: protocol kubernetes.io/h2c is not supported`,
    };
  return { service, port };
}

/** Filters of all rules and backends. */
const filtersOf = ({ spec }: HTTPRoute): RouteFilter[] =>
  list(spec?.rules).flatMap((rule) => [
    ...list(rule.filters),
    ...list(rule.backendRefs).flatMap((ref) => list(ref.filters)),
  ]);

/** The first reference of a route that leads nowhere. */
export function unresolved(reader: Reader, route: HTTPRoute): Problem | undefined {
  if (filtersOf(route).some(({ type }) => type === "ExtensionRef"))
    return { reason: "InvalidKind", message: "filters of type ExtensionRef are not supported" };
  for (const ref of backendsOf(route)) {
    const found = backendOf(reader, route, ref);
    if (isProblem(found)) return found;
  }
  return undefined;
}

/** An endpoint of a Service, headless ones too: the data plane goes past kube-proxy. */
export function endpointOf(
  context: RuntimeContext,
  { service, port }: Backend,
): { endpoint: Endpoint; of: number } | undefined {
  const all = endpointsOf(context.reader, service, port);
  const ready = all.filter((one) => one.ready);
  const usable = ready.length > 0 ? ready : all.filter((one) => one.lame);
  const endpoint = usable[Math.floor(draw(context) * usable.length)];
  return endpoint && { endpoint, of: usable.length };
}

/** One of several by their weights; undefined: none has any. */
export function weighted<T extends { weight?: number }>(
  context: RuntimeContext,
  all: readonly T[],
): T | undefined {
  const weightOf = ({ weight = 1 }: T): number => weight;
  const sum = all.reduce((total, one) => total + weightOf(one), 0);
  if (sum <= 0) return undefined;
  let left = all.length === 1 ? 0 : draw(context) * sum;
  return all.find((one) => (left -= weightOf(one)) < 0);
}
