/**
 * A Trace sends one HTTP request through the cluster's network and keeps the way it took: name, Service, endpoint, node,
 * Pod, container, and where it ended. Made once, answered in its status (controllers/trace.ts).
 */
import { invalid, required, type FieldError } from "../../machinery/field.ts";
import { equal } from "../../core/equal.ts";
import type { KubeObject } from "../../core/object.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { kindOf, listOf, objectOf, scalar, type OwnField } from "../../schema/own-types.ts";

/** One station of a request. */
export interface Hop {
  kind:
    | "source"
    | "dns"
    | "service"
    | "endpoint"
    | "policy"
    | "node"
    | "pod"
    | "container"
    | "site"
    | "ingress"
    | "gateway";
  /** `default/web`, `node-1`, `web.default.svc.cluster.local`. */
  name: string;
  ip?: string;
  port?: number;
  /** What happened there. */
  detail: string;
  /** The way ended here. */
  failed?: true;
}

export interface Trace extends KubeObject {
  spec?: {
    /** Pod of this namespace that sends the request; without it a client outside the cluster does. */
    from?: string;
    /** `http://web`, `https://10.244.1.2:8443/path?x=1` */
    url?: string;
    method?: string;
  };
  status?: {
    phase?: "Running" | "Done";
    /** HTTP status; absent: no answer came. */
    code?: number;
    /** `refused`, `timeout`, `unreachable`, `reset`, `unknown` (no such name), `tls`, `malformed`. */
    error?: string;
    /** The body's beginning. */
    body?: string;
    tookMs?: number;
    hops?: Hop[];
  };
}

export const traces = "traces.podyard.dev";
const methods = /^[A-Z]{3,7}$/;

/** Scheme, host, port and path of an address. */
export function urlParts(
  url: string,
): { https: boolean; host: string; port?: number; path: string } | undefined {
  const parts = /^(https?):\/\/([a-z0-9._-]+)(?::(\d{1,5}))?([/?][^#\s]*)?$/i.exec(url);
  if (!parts) return undefined;
  const [, scheme = "", host = "", port, path = "/"] = parts;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined;
  return {
    https: scheme.toLowerCase() === "https",
    host: host.toLowerCase(),
    ...(port === undefined ? {} : { port: Number(port) }),
    path: path.startsWith("/") ? path : `/${path}`,
  };
}

function validate({ spec }: Trace): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec?.url) errors.push(required("spec.url"));
  else if (!urlParts(spec.url)) {
    errors.push(invalid("spec.url", spec.url, "must be an http or https URL"));
  }
  if (spec?.method !== undefined && !methods.test(spec.method)) {
    errors.push(invalid("spec.method", spec.method, "must be an HTTP method in capitals"));
  }
  return errors;
}

const text = (description: string): OwnField => ({
  type: scalar("string"),
  omitEmpty: true,
  description,
});
const count = (description: string): OwnField => ({
  type: scalar("int64"),
  omitEmpty: true,
  description,
});

const hop = objectOf("podyard.dev/v1.TraceHop", {
  kind: text(
    "What it came through: source, dns, service, endpoint, policy, node, pod, container, site, ingress or gateway.",
  ),
  name: text("Its name."),
  ip: text("Its address."),
  port: count("Its port."),
  detail: text("What was decided there."),
  failed: { type: scalar("bool"), omitEmpty: true, description: "The request ended there." },
});

const spec = objectOf("podyard.dev/v1.TraceSpec", {
  from: text("Pod of the Trace's namespace that asks. Empty: somebody outside the cluster."),
  url: text("Address of the request."),
  method: text("Method of the request. Defaults to GET."),
});

const status = objectOf("podyard.dev/v1.TraceStatus", {
  phase: text("Running until the answer is there, then Done."),
  code: count("Status code of the answer."),
  error: text(
    "Why there is no answer: refused, timeout, unreachable, reset, unknown (no such name), tls or malformed.",
  ),
  body: text("Beginning of the answer's body."),
  tookMs: count("Virtual milliseconds from the request to the answer."),
  hops: { type: listOf(hop), description: "The way of the request, in order." },
});

const schema = kindOf(
  "podyard.dev/v1.Trace",
  {
    spec: { type: spec, present: true, description: "The request." },
    status: { type: status, present: true, description: "The answer, and the way to it." },
  },
  "Trace is one HTTP request through the simulated network, with the way it takes: DNS, Service, endpoint, node, Pod, container.",
);

export const Trace: Kind<Trace> = {
  resource: traces,
  apiVersion: "podyard.dev/v1",
  kind: "Trace",
  schema,
  namespaced: true,
  hasGeneration: true,
  discovery: { singular: "trace", shortNames: [], categories: ["podyard"], status: true },
  applyDefaults: (trace) =>
    trace.spec?.method ? trace : { ...trace, spec: { ...trace.spec, method: "GET" } },
  prepareForCreate: (trace) => ({ ...trace, status: {} }),
  validateCreate: validate,
  validateUpdate: (trace, old) =>
    equal(trace.spec, old.spec) ? [] : [invalid("spec", trace.spec, "field is immutable")],
  table: {
    columns: [
      nameColumn,
      column("From", "Who asks."),
      column("URL", "What is asked for."),
      column("Result", "HTTP status, or why there is none."),
      column("Hops", "How many stations the way had.", "integer"),
      ageColumn,
    ],
    cells: (trace, now) => [
      trace.metadata.name,
      trace.spec?.from ?? "<outside>",
      trace.spec?.url ?? "",
      trace.status?.error ?? String(trace.status?.code ?? trace.status?.phase ?? "Running"),
      trace.status?.hops?.length ?? 0,
      age(trace, now),
    ],
  },
};
