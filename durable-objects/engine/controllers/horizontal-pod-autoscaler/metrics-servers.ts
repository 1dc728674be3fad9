/**
 * Values of metrics that API servers behind Services know: custom.metrics.k8s.io and external.metrics.k8s.io. Asking takes virtual
 * time, so that a look asks first and goes on when all is answered. k8s: k8s.io/metrics/pkg/client, podautoscaler/metrics/client.go
 */
import { proxyTimeoutMs } from "../../core/limits.ts";
import { runtimeContext } from "../../cri/runtime.ts";
import { remoteServerOf, type APIService } from "../../kinds/api-service.ts";
import type { Hpa, MetricSpec } from "../../kinds/horizontal-pod-autoscaler/shape.ts";
import { goQuote } from "../../machinery/field.ts";
import { milliValue } from "../../machinery/quantity.ts";
import { labelSelector, type LabelSelector } from "../../machinery/selectors.ts";
import { askServer, takeAnswer } from "../../network/aggregated.ts";
import type { ExchangeResult } from "../../network/exchange-record.ts";
import type { Client, Reader } from "../../ports/controller.ts";
import { decodeUtf8 } from "../../runtime/bytes.ts";

/** A value of a metric; of a Pod's, `name` is the Pod. */
export interface MetricValue {
  name: string;
  /** Milli units. */
  value: number;
}

/** Values, or why there are none, in the client's words. */
export type Answered = { values: MetricValue[] } | { error: string };

/** A look that waits for answers. */
export interface Asking {
  atMs: number;
  /** The metrics that it is about. */
  of: readonly MetricSpec[];
  /** One for each metric of the spec; null: it is nobody's to ask. */
  metrics: (Answered | { handle: string; what: string } | null)[];
}

const custom = "custom.metrics.k8s.io";
const external = "external.metrics.k8s.io";
/** k8s: metrics/pkg/client/custom_metrics/converter.go MetricVersions */
const customVersions = ["v1beta2", "v1beta1"];

/** What serves a group at a version, by its APIService. */
const serversOf = (reader: Reader, group: string): APIService[] =>
  reader
    .list<APIService>("apiservices.apiregistration.k8s.io")
    .filter(({ spec }) => spec.group === group && spec.service)
    .sort((a, b) => b.spec.versionPriority - a.spec.versionPriority);

/** What is asked for: a path below `/apis`, and how a failure names it. */
interface Question {
  server: APIService | undefined;
  path: string;
  query: [name: string, value: string][];
  what: string;
}

/** k8s: custom_metrics/discovery.go chooseVersion */
function customServer(reader: Reader): APIService | string {
  const all = serversOf(reader, custom);
  if (all.length === 0) return `no custom metrics API (${custom}) registered`;
  const known = all.find(({ spec }) => customVersions.includes(spec.version));
  return known ?? "no known available metric versions found";
}

const selectorOf = (selector: LabelSelector | undefined): string =>
  labelSelector(selector).toString();

/** The question that a metric of an autoscaler asks; a text: why it cannot be asked; undefined: it asks none. */
function questionOf(
  client: Client,
  namespace: string,
  pods: string,
  spec: MetricSpec,
): Question | string | undefined {
  if (spec.type === "External" && spec.external) {
    const { name, selector } = spec.external.metric;
    return {
      server: serversOf(client, external).find((one) => one.spec.version === "v1beta1"),
      path: `${external}/v1beta1/namespaces/${namespace}/${name}`,
      query: [["labelSelector", selectorOf(selector)]],
      what: `${name}.${external}`,
    };
  }
  const { metric } = spec.pods ?? spec.object ?? {};
  if (!metric) return undefined;
  const server = customServer(client);
  if (typeof server === "string") return server;
  const base = `${custom}/${server.spec.version}/namespaces/${namespace}`;
  const metricLabelSelector = selectorOf(metric.selector);
  if (spec.pods)
    return {
      server,
      path: `${base}/pods/*/${metric.name}`,
      query: [
        ["labelSelector", pods],
        ["metricLabelSelector", metricLabelSelector],
      ],
      what: `pods.${custom} *`,
    };
  const { kind = "", name = "", apiVersion = "" } = spec.object?.describedObject ?? {};
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const query: Question["query"] = [["metricLabelSelector", metricLabelSelector]];
  if (kind === "Namespace" && group === "")
    return {
      server,
      path: `${base}/metrics/${metric.name}`,
      query,
      what: `metrics.${custom} ${metric.name}`,
    };
  const resource = client.resources.ofGroupKind(group, kind)?.id;
  if (resource === undefined)
    return `unable to map kind ${group ? `${kind}.${group}` : kind} to resource: no matches for kind ${goQuote(kind)} in group ${goQuote(group)}`;
  return {
    server,
    path: `${base}/${resource}/${name}/${metric.name}`,
    query,
    what: `${resource}.${custom} ${name}`,
  };
}

const account = "system:serviceaccount:kube-system:horizontal-pod-autoscaler";
const asker = {
  name: account,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
};

/** Asks for all metrics of an autoscaler that others serve; who waits is woken by `note`. */
export function ask(client: Client, hpa: Hpa, selector: string, note: string): Asking {
  const { namespace = "" } = hpa.metadata;
  const metrics = (hpa.spec?.metrics ?? []).map((spec): Asking["metrics"][number] => {
    const question = questionOf(client, namespace, selector, spec);
    if (question === undefined) return null;
    if (typeof question === "string") return { error: question };
    const { server, path, query, what } = question;
    if (!server) return { error: failureText(404, what, "") };
    const available = server.status?.conditions?.find(({ type }) => type === "Available");
    const text = query
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");
    const handle =
      available?.status === "True"
        ? askServer(
            runtimeContext(client),
            remoteServerOf(server.spec),
            { path: `/apis/${path}${text ? `?${text}` : ""}`, user: asker },
            note,
          )
        : undefined;
    return handle === undefined ? { error: failureText(503, what, "") } : { handle, what };
  });
  return { atMs: client.now, of: hpa.spec?.metrics ?? [], metrics };
}

/** What has been answered by now; whether anything is left to wait for. */
export function heard(client: Client, asking: Asking): { asking: Asking; waits: boolean } {
  let waits = false;
  const late = client.now >= asking.atMs + proxyTimeoutMs;
  const metrics = asking.metrics.map((one): Asking["metrics"][number] => {
    if (!one || !("handle" in one)) return one;
    const result = takeAnswer(runtimeContext(client), one.handle);
    if (result) return answerOf(result, one.what);
    if (late) return { error: failureText(504, one.what, "") };
    waits = true;
    return one;
  });
  return { asking: { ...asking, metrics }, waits };
}

/** k8s: apimachinery/pkg/api/errors NewGenericServerResponse */
function failureText(status: number, what: string, said: string): string {
  const texts: Record<number, string> = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    403: said,
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    406: said,
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
  };
  const unknown =
    status >= 500
      ? `an error on the server (${goQuote(said)}) has prevented the request from succeeding`
      : `the server responded with the status code ${status} but did not return more information`;
  return `${texts[status] ?? unknown} (get ${what})`;
}

interface Body {
  kind?: string;
  message?: string;
  items?: { describedObject?: { name?: string }; value?: string }[];
}

function answerOf(result: ExchangeResult, what: string): Answered {
  // The aggregator says it so of whatever keeps it from its server.
  if ("error" in result) return { error: failureText(503, what, "") };
  const { status, body } = result.response;
  const text = decodeUtf8(body);
  let read: Body | undefined;
  try {
    read = JSON.parse(text) as Body;
  } catch {
    read = undefined;
  }
  if (status < 200 || status > 206) {
    const isStatus = read?.kind === "Status" && typeof read.message === "string";
    return { error: isStatus ? (read?.message ?? "") : failureText(status, what, text.trim()) };
  }
  try {
    const items = read?.items ?? [];
    const values = items.map(({ describedObject, value }) => ({
      name: describedObject?.name ?? "",
      value: milliValue(String(value ?? "0")),
    }));
    return { values };
  } catch {
    return {
      error:
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    };
  }
}
