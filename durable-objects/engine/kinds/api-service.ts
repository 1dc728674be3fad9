/** k8s: kube-aggregator/pkg/registry/apiservice, apis/apiregistration/validation */
import { rfc3339 } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import { decodeUtf8 } from "../core/utf8.ts";
import { fromBase64 } from "../machinery/base64.ts";
import {
  at,
  child,
  goQuote,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../machinery/field.ts";
import {
  dns1035Label,
  dns1123Subdomain,
  invalidEach,
  pathSegmentName,
  portNumber,
} from "../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import { base64Length } from "./checks.ts";
import type { Kind } from "./define.ts";
import { schemaNamed } from "../schema/types.ts";

export interface APIServiceCondition {
  type: string;
  status: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export interface APIService extends KubeObject {
  spec: {
    group?: string;
    version: string;
    groupPriorityMinimum: number;
    versionPriority: number;
    insecureSkipTLSVerify?: boolean;
    caBundle?: string;
    service?: { namespace?: string; name?: string; port?: number };
  };
  status?: { conditions?: APIServiceCondition[] };
}

/** A server that clients are sent on to, and by whom it must be vouched for: authorities (PEM). Undefined: whoever it is. */
export interface RemoteServer {
  namespace: string;
  name: string;
  port: number;
  roots?: string;
}

export function remoteServerOf({ service, ...spec }: APIService["spec"]): RemoteServer {
  const { namespace = "", name = "", port = defaultPort } = service ?? {};
  const server = { namespace, name, port };
  if (spec.insecureSkipTLSVerify) return server;
  return { ...server, roots: decodeUtf8(fromBase64(spec.caBundle ?? "")) };
}

/** k8s: apis/apiregistration/validation ValidateAPIService */
const groupPriorityMax = 20_000;
const versionPriorityMax = 1000;
const defaultPort = 443;

/** What is served by the API server itself is available. k8s: NewLocalAvailableAPIServiceCondition */
export const localCondition = (now: string): APIServiceCondition => ({
  type: "Available",
  status: "True",
  lastTransitionTime: now,
  reason: "Local",
  message: "Local APIServices are always available",
});

function checkName(name: string, version: string, group: string): FieldError[] {
  if (pathSegmentName(name).length > 0) return [];
  const wanted = `${version}.${group}`;
  if (name === wanted) return [];
  const detail = `must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`;
  return [invalid("metadata.name", name, detail)];
}

function validate({ metadata, spec }: APIService): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0 } = spec ?? {};
  const errors = checkName(metadata.name, version, group);
  if (!group && version !== "v1") {
    const detail = "only v1 may have an empty group and it better be legacy kube";
    errors.push(required("spec.group", detail));
  }
  if (group) errors.push(...invalidEach("spec.group", group, dns1123Subdomain(group)));
  errors.push(...invalidEach("spec.version", version, dns1035Label(version)));
  const positive = (field: string, value: number, max: number): void => {
    if (value > 0 && value <= max) return;
    errors.push(invalid(child("spec", field), value, `must be positive and less than ${max}`));
  };
  positive("groupPriorityMinimum", groupPriorityMinimum, groupPriorityMax);
  positive("versionPriority", versionPriority, versionPriorityMax);
  return [...errors, ...checkService(spec ?? ({} as APIService["spec"]))];
}

function checkService({
  service,
  caBundle,
  insecureSkipTLSVerify,
}: APIService["spec"]): FieldError[] {
  const errors: FieldError[] = [];
  const skipPath = "spec.insecureSkipTLSVerify";
  if (!service) {
    if (caBundle) {
      const bytes = `${base64Length(caBundle)} bytes`;
      errors.push(invalid("spec.caBundle", bytes, "local APIServices may not have a caBundle"));
    }
    if (insecureSkipTLSVerify)
      errors.push(invalid(skipPath, true, "local APIServices may not have insecureSkipTLSVerify"));
    return errors;
  }
  if (!service.namespace) errors.push(required("spec.service.namespace"));
  if (!service.name) errors.push(required("spec.service.name"));
  const port = service.port ?? 0;
  const problems = portNumber(port);
  if (problems.length > 0)
    errors.push(invalid("spec.service.port", port, `port is not valid: ${problems.join(", ")}`));
  if (insecureSkipTLSVerify && caBundle)
    errors.push(invalid(skipPath, true, "may not be true if caBundle is present"));
  return errors;
}

const statuses = ["True", "False", "Unknown"];

function validateStatus({ status }: APIService): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, i) =>
    statuses.includes(condition.status)
      ? []
      : [notSupported(child(at("status.conditions", i), "status"), condition.status, statuses)],
  );
}

function availability({ status }: APIService): string {
  const found = status?.conditions?.find(({ type }) => type === "Available");
  if (!found) return "Unknown";
  return found.status === "True" || !found.reason
    ? found.status
    : `${found.status} (${found.reason})`;
}

export const APIService: Kind<APIService> = {
  resource: "apiservices.apiregistration.k8s.io",
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  schema: schemaNamed("apiregistration/v1.APIService"),
  namespaced: false,
  nameRule: "path-segment",
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  applyDefaults: (object) => {
    const { service } = object.spec ?? {};
    if (!service || service.port !== undefined) return object;
    return { ...object, spec: { ...object.spec, service: { ...service, port: defaultPort } } };
  },
  prepareForCreate: (object, { now }) => ({
    ...object,
    status: object.spec?.service ? {} : { conditions: [localCondition(rfc3339(now))] },
  }),
  validateCreate: validate,
  validateUpdate: validate,
  validateStatusUpdate: validateStatus,
  table: {
    columns: [
      nameColumn,
      column("Service", "The reference to the service that hosts this API endpoint."),
      column("Available", "Whether this service is available."),
      ageColumn,
    ],
    cells: (object, now) => {
      const { service } = object.spec;
      return [
        object.metadata.name,
        service ? `${service.namespace}/${service.name}` : "Local",
        availability(object),
        age(object, now),
      ];
    },
  },
};
