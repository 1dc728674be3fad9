/**
 * Whether what an APIService names can answer: its Service is looked at, then its server asked for its resources.
 * k8s: kube-aggregator/pkg/controllers/status/remote
 */
import type { EndpointSlice } from "../../kinds/endpoint-slice.ts";
import {
  remoteServerOf,
  type APIService,
  type APIServiceCondition,
} from "../../kinds/api-service.ts";
import type { Service } from "../../kinds/service/shape.ts";
import { rfc3339 } from "../../core/clock.ts";
import { goQuote } from "../../machinery/field.ts";
import type { Change } from "../../core/object.ts";
import type { Client, Controller, Due, Reader } from "../../ports/controller.ts";
import { remoteTable, type RemoteRecord } from "../../api/custom/remote-versions.ts";
import type { RemoteResource } from "../../api/discovery/resource.ts";
import { remoteResourcesMax } from "../../core/limits.ts";
import { equal } from "../../core/equal.ts";
import { runtimeContext } from "../../cri/runtime.ts";
import { addressOfService, askServer, takeAnswer } from "../../network/aggregated.ts";
import { dialProblem } from "../../network/proxy-answer.ts";
import { decodeUtf8 } from "../../runtime/bytes.ts";

const services = "apiservices.apiregistration.k8s.io";
/** k8s: remote_available_controller.go: of the client, of the queue's limiter, of the informers */
const patienceMs = 5_000;
const aggregator = { name: "system:kube-aggregator", groups: ["system:masters"] };
const retryMsMin = 5_000;
const retryMsLongest = 30_000;
const resyncMs = 300_000;

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

/** What is wrong with the Service itself. */
function problemOf(spec: APIService["spec"], reader: Reader): Verdict | undefined {
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
  return undefined;
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
    if (!object?.spec.service) {
      if (client.records.get(remoteTable, name)) client.records.delete(remoteTable, name);
      return undefined;
    }
    const problem = problemOf(object.spec, client);
    if (problem) {
      tell(object, { status: "False", ...problem }, client);
      return undefined;
    }
    return check(object, client);
  },
};

/** Asks, waits, judges: the moment of the next look. */
function check(object: APIService, client: Client): Due {
  const { name } = object.metadata;
  const { group = "", version } = object.spec;
  const record = client.records.get<RemoteRecord>(remoteTable, name) ?? {};
  const context = runtimeContext(client);
  const target = remoteServerOf(object.spec);
  const { port } = target;
  const path = `/apis/${group}/${version}`;
  const { asked, askedAtMs = client.now, ...rest } = record;
  if (asked === undefined) {
    const handle = askServer(context, target, { path, user: aggregator }, `apiservice ${name}`);
    if (handle !== undefined) {
      client.records.put(remoteTable, name, { ...rest, asked: handle, askedAtMs: client.now });
      return client.now + patienceMs;
    }
    return judge(object, rest, { problem: `no such host` }, client);
  }
  const result = takeAnswer(context, asked);
  if (!result && client.now < askedAtMs + patienceMs) return askedAtMs + patienceMs;
  const ip = addressOfService(context, target) ?? "";
  const url = `https://${ip}:${port}${path}`;
  const missing = `failing or missing response from ${url}`;
  if (!result)
    return judge(object, rest, { problem: `${missing}: Get "${url}": ${tooLong}` }, client);
  if ("error" in result) {
    const why = dialProblem(result.error, `${ip}:${port}`);
    return judge(object, rest, { problem: `${missing}: Get "${url}": ${why}` }, client);
  }
  const { status, body } = result.response;
  return status < 200 || status >= 300
    ? judge(object, rest, { problem: `${missing}: bad status from ${url}: ${status}` }, client)
    : judge(object, rest, { resources: resourcesOf(body) }, client);
}

const tooLong = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

function resourcesOf(body: string): readonly RemoteResource[] {
  try {
    const { resources } = JSON.parse(decodeUtf8(body)) as { resources?: RemoteResource[] };
    const named = (resources ?? []).filter((one) => typeof one?.name === "string");
    return named.slice(0, remoteResourcesMax);
  } catch {
    return [];
  }
}

function judge(
  object: APIService,
  record: RemoteRecord,
  found: { problem: string } | { resources: readonly RemoteResource[] },
  client: Client,
): Due {
  const { name } = object.metadata;
  if ("problem" in found) {
    const failures = (record.failures ?? 0) + 1;
    client.records.put(remoteTable, name, { ...record, failures });
    const reason = "FailedDiscoveryCheck";
    tell(object, { status: "False", reason, message: found.problem }, client);
    return client.now + Math.min(retryMsMin * 2 ** (failures - 1), retryMsLongest);
  }
  const same = equal(record.resources, found.resources);
  const resources = same ? (record.resources ?? []) : found.resources;
  client.records.put(remoteTable, name, { resources });
  tell(object, { status: "True", reason: "Passed", message: "all checks passed" }, client);
  // Nobody has to be woken for it.
  return { dueAtMs: client.now + resyncMs, lazy: true };
}

type Told = Verdict & { status: string };

/** k8s: SetAPIServiceCondition */
function tell(object: APIService, told: Told, client: Client): void {
  const conditions = object.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === "Available");
  if (
    before?.status === told.status &&
    before.reason === told.reason &&
    before.message === told.message
  )
    return;
  const since = before?.status === told.status ? before.lastTransitionTime : undefined;
  const condition: APIServiceCondition = {
    type: "Available",
    lastTransitionTime: since ?? rfc3339(client.now),
    ...told,
  };
  const next = before
    ? conditions.map((one) => (one === before ? condition : one))
    : [...conditions, condition];
  client.update<APIService>(services, { ...object, status: { conditions: next } }, "status");
}
