import type * as networking from "kubernetes-types/networking/v1";
import {
  at,
  child,
  goQuote,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { ipWarnings, validateIpLegacy } from "../../machinery/ip.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  portName,
  portNumber,
  wildcardSubdomain,
} from "../../machinery/names.ts";
import { age, ageColumn, column, loadBalancerAddresses, nameColumn } from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import { checkTypedReference } from "./ingress-class.ts";
import { familyOf } from "../ip-families.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type Ingress = Stored<networking.Ingress>;

const classAnnotation = "kubernetes.io/ingress.class";
const noIp = "must be a DNS name, not an IP address";

/** k8s: pkg/apis/networking/validation ValidateIngressSpec */
function validate(ingress: Ingress): FieldError[] {
  const { rules, tls, defaultBackend, ingressClassName } = ingress.spec ?? {};
  const errors: FieldError[] = [];
  if (!rules?.length && !defaultBackend) {
    const detail = "either `defaultBackend` or `rules` must be specified";
    errors.push(invalid("spec", rules, detail));
  }
  if (defaultBackend) errors.push(...checkBackend("spec.defaultBackend", defaultBackend));
  for (const [i, rule] of (rules ?? []).entries()) {
    errors.push(...checkRule(at("spec.rules", i), rule));
  }
  for (const [i, entry] of (tls ?? []).entries())
    errors.push(...checkTls(at("spec.tls", i), entry));
  if (ingressClassName !== undefined) {
    const rule = dns1123Subdomain(ingressClassName);
    errors.push(...invalidEach("spec.ingressClassName", ingressClassName, rule));
  }
  return errors;
}

function validateCreate(ingress: Ingress): FieldError[] {
  const errors = validate(ingress);
  const annotation = ingress.metadata.annotations?.[classAnnotation];
  const name = ingress.spec?.ingressClassName;
  if (annotation === undefined || name === undefined || annotation === name) return errors;
  const detail = "must match `ingressClassName` when both are specified";
  return [...errors, invalid(`annotations.${classAnnotation}`, annotation, detail)];
}

const checkHost = (path: string, host: string): FieldError[] =>
  invalidEach(path, host, host.includes("*") ? wildcardSubdomain(host) : dns1123Subdomain(host));

function checkTls(path: string, tls: networking.IngressTLS): FieldError[] {
  const errors = (tls.hosts ?? []).flatMap((host, i) =>
    checkHost(at(child(path, "hosts"), i), host),
  );
  const name = tls.secretName;
  if (name) errors.push(...invalidEach(child(path, "secretName"), name, dns1123Subdomain(name)));
  return errors;
}

function checkRule(path: string, rule: networking.IngressRule): FieldError[] {
  const errors: FieldError[] = [];
  const { host, http } = rule;
  const hostPath = child(path, "host");
  if (host) {
    if (familyOf(host)) errors.push(invalid(hostPath, host, noIp));
    errors.push(...checkHost(hostPath, host));
  }
  if (!http) return errors;
  const paths = child(child(path, "http"), "paths");
  if (!http.paths?.length) errors.push(required(paths));
  for (const [i, entry] of (http.paths ?? []).entries()) {
    errors.push(...checkPath(at(paths, i), entry));
  }
  return errors;
}

const badSequences = ["//", "/./", "/../", "%2f", "%2F"];
const badEndings = ["/..", "/."];
const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

/** k8s: validateHTTPIngressPath */
function checkPath(path: string, entry: networking.HTTPIngressPath): FieldError[] {
  const { path: text = "", pathType, backend } = entry;
  const textPath = child(path, "path");
  if (pathType === undefined) {
    return [required(child(path, "pathType"), "pathType must be specified")];
  }
  const errors: FieldError[] = [];
  const literal = pathType === "Exact" || pathType === "Prefix";
  const known = literal || pathType === "ImplementationSpecific";
  if (!known) errors.push(notSupported(child(path, "pathType"), pathType, pathTypes));
  if (known && (literal || text) && !text.startsWith("/")) {
    errors.push(invalid(textPath, text, "must be an absolute path"));
  }
  if (literal && text) {
    for (const bad of badSequences) {
      if (text.includes(bad)) errors.push(invalid(textPath, text, `must not contain '${bad}'`));
    }
    for (const bad of badEndings) {
      if (text.endsWith(bad)) errors.push(invalid(textPath, text, `cannot end with '${bad}'`));
    }
  }
  return [...errors, ...checkBackend(child(path, "backend"), backend ?? {})];
}

/** k8s: validateIngressBackend */
function checkBackend(path: string, backend: networking.IngressBackend): FieldError[] {
  const { resource, service } = backend;
  if (resource && service) {
    return [invalid(path, "", "cannot set both resource and service backends")];
  }
  if (resource) return checkTypedReference(child(path, "resource"), resource);
  if (!service) return [invalid(path, "", "resource or service backend is required")];
  const servicePath = child(path, "service");
  const namePath = child(servicePath, "name");
  const errors: FieldError[] = service.name
    ? invalidEach(namePath, service.name, dns1123Label(service.name))
    : [required(namePath)];
  const { name = "", number = 0 } = service.port ?? {};
  const portPath = child(servicePath, "port");
  if (name && number) errors.push(invalid(path, "", "cannot set both port name & port number"));
  else if (name) errors.push(...invalidEach(child(portPath, "name"), name, portName(name)));
  else if (number) {
    errors.push(...invalidEach(child(portPath, "number"), number, portNumber(number)));
  } else errors.push(required(path, "port name or number is required"));
  return errors;
}

/** k8s: ValidateIngressLoadBalancerStatus */
function validateStatus(ingress: Ingress, old: Ingress): FieldError[] {
  const entries = ingress.status?.loadBalancer?.ingress ?? [];
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap((i) => (i.ip ? [i.ip] : []));
  return entries.flatMap(({ ip, hostname }, i) => {
    const path = at("status.loadBalancer.ingress", i);
    const hostPath = child(path, "hostname");
    return [
      ...(ip ? validateIpLegacy(child(path, "ip"), ip, known) : []),
      ...(hostname ? invalidEach(hostPath, hostname, dns1123Subdomain(hostname)) : []),
      ...(hostname && familyOf(hostname) ? [invalid(hostPath, hostname, noIp)] : []),
    ];
  });
}

/** k8s: pkg/printers/internalversion/printers.go formatHosts */
const shownMax = 3;

/** k8s: printers.go formatHosts */
function hostsText(ingress: Ingress): string {
  const rules = ingress.spec?.rules ?? [];
  const hosts: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (hosts.length === shownMax) more = true;
    if (!more && host) hosts.push(host);
  }
  if (hosts.length === 0) return "*";
  return more ? `${hosts.join(",")} + ${rules.length - shownMax} more...` : hosts.join(",");
}

export const Ingress: Kind<Ingress> = {
  resource: "ingresses.networking.k8s.io",
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  schema: schemaNamed("networking/v1.Ingress"),
  namespaced: true,
  hasGeneration: true,
  statusWritesMetadata: allMetadata,
  prepareForCreate: (ingress) => ({ ...ingress, status: { loadBalancer: {} } }),
  validateCreate,
  validateUpdate: (ingress) => validate(ingress),
  validateStatusUpdate: validateStatus,
  warnings(ingress, old) {
    if (old) {
      const entries = ingress.status?.loadBalancer?.ingress ?? [];
      return entries.flatMap(({ ip }, i) =>
        ip ? ipWarnings(at("status.loadBalancer.ingress", i), ip) : [],
      );
    }
    const annotated = ingress.metadata.annotations?.[classAnnotation] !== undefined;
    return annotated && ingress.spec?.ingressClassName === undefined
      ? [
          `annotation ${goQuote(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`,
        ]
      : [];
  },
  table: {
    columns: [
      nameColumn,
      column("Class", "Its IngressClass."),
      column("Hosts", "Host names it answers for."),
      column("Address", "Addresses it is reached at."),
      column("Ports", "Ports it is served on."),
      ageColumn,
    ],
    cells: (ingress, now) => [
      ingress.metadata.name,
      ingress.spec?.ingressClassName ?? "<none>",
      hostsText(ingress),
      loadBalancerAddresses(ingress.status?.loadBalancer?.ingress),
      ingress.spec?.tls?.length ? "80, 443" : "80",
      age(ingress, now),
    ],
  },
};
