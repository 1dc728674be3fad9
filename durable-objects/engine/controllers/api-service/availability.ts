/**
 * Whether what an APIService names can answer. Nothing here asks an API server behind a Service, so none is ever said to be
 * available. k8s: kube-aggregator/pkg/controllers/status/remote
 */
import type { EndpointSlice } from "../../kinds/endpoint-slice.ts";
import type { APIService, APIServiceCondition } from "../../kinds/api-service.ts";
import type { Service } from "../../kinds/service/shape.ts";
import { rfc3339 } from "../../core/clock.ts";
import { goQuote } from "../../machinery/field.ts";
import type { Change } from "../../core/object.ts";
import type { Controller, Reader } from "../../ports/controller.ts";

const services = "apiservices.apiregistration.k8s.io";

/** Those that a Service, or a slice of it, matters to. */
function* about(namespace: string, name: string, reader: Reader): Iterable<string> {
  for (const { metadata, spec } of reader.list<APIService>(services))
    if (spec.service?.name === name && spec.service.namespace === namespace) yield metadata.name;
}

const ofSlice = ({ namespace, object }: Change, reader: Reader): Iterable<string> =>
  about(namespace, object.metadata.labels?.["kubernetes.io/service-name"] ?? "", reader);

interface Verdict {
  reason: string;
  message: string;
}

function problemOf(spec: APIService["spec"], reader: Reader): Verdict {
  const { namespace = "", name = "", port = 443 } = spec.service ?? {};
  const where = `service/${name} in ${goQuote(namespace)}`;
  const service = reader.get<Service>("services", namespace, name);
  if (!service) return { reason: "ServiceNotFound", message: `${where} is not present` };
  if (service.spec?.type === "ClusterIP") {
    const listens = service.spec.ports?.find((one) => one.port === port);
    if (!listens)
      return { reason: "ServicePortError", message: `${where} is not listening on port ${port}` };
    const slices = reader.byIndex<EndpointSlice>("slice.service", `${namespace}\0${name}`);
    if (slices.length === 0)
      return {
        reason: "EndpointsNotFound",
        message: `cannot find endpointslices for ${where}`,
      };
    const portName = listens.name ?? "";
    if (!slices.some((slice) => isActive(slice, portName)))
      return {
        reason: "MissingEndpoints",
        message: `endpointslices for ${where} have no addresses with port name ${goQuote(portName)}`,
      };
  }
  const url = `https://${service.spec?.clusterIP ?? name}:${port}/apis/${spec.group}/${spec.version}`;
  return {
    reason: "FailedDiscoveryCheck",
    message: `failing or missing response from ${url}: API servers behind Services are not simulated`,
  };
}

const isActive = ({ endpoints, ports }: EndpointSlice, portName: string): boolean =>
  (endpoints ?? []).some(({ conditions }) => conditions?.ready ?? true) &&
  (ports ?? []).some(({ name, port }) => name === portName && port !== undefined);

export const apiServiceController: Controller = {
  name: "apiservice",
  component: "kube-aggregator",
  wakesOn: {
    [services]: ({ op, name }) => (op === "delete" ? undefined : [name]),
    services: ({ namespace, name }, reader) => about(namespace, name, reader),
    "endpointslices.discovery.k8s.io": ofSlice,
  },
  reconcile(name, client) {
    const object = client.get<APIService>(services, "", name);
    if (!object?.spec.service) return undefined;
    const problem = problemOf(object.spec, client);
    const conditions = object.status?.conditions ?? [];
    const before = conditions.find(({ type }) => type === "Available");
    if (before?.reason === problem.reason && before.message === problem.message) return undefined;
    const condition: APIServiceCondition = {
      type: "Available",
      status: "False",
      lastTransitionTime:
        before?.status === "False"
          ? (before.lastTransitionTime ?? rfc3339(client.now))
          : rfc3339(client.now),
      ...problem,
    };
    const next = [...conditions.filter((one) => one !== before), condition];
    client.update<APIService>(services, { ...object, status: { conditions: next } }, "status");
    return undefined;
  },
};
