/** How Gateways speak TLS to backends: BackendTLSPolicies. k8s: gateway-api apis/v1 BackendTLSPolicySpec */
import { parseTime } from "../../core/clock.ts";
import { list } from "../../kinds/gateway/lists.ts";
import {
  backendTlsPolicies,
  isServiceReference,
  type BackendTlsPolicy,
  type Gateway,
  type PolicyTarget,
} from "../../kinds/gateway/types.ts";
import type { Reader } from "../../ports/controller.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import { objectKeyOf } from "../addresses.ts";
import { authoritiesAt, type Authorities } from "./authorities.ts";
import type { Backend } from "./backends.ts";
import type { Problem } from "./problem.ts";
import { shownToBackends } from "./secrets.ts";

/** Policies about a Service, those first that take precedence. */
export function policiesFor(reader: Reader, service: string): BackendTlsPolicy[] {
  if (!reader.resources.stored(backendTlsPolicies)) return [];
  const born = ({ metadata }: BackendTlsPolicy): number => parseTime(metadata.creationTimestamp);
  return reader
    .byIndex<BackendTlsPolicy>("backend-tls.target", service)
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .sort((a, b) => born(a) - born(b) || (objectKeyOf(a) < objectKeyOf(b) ? -1 : 1));
}

/** What a policy targets of a Service, which is of its own namespace. */
export const targetsOf = ({ spec }: BackendTlsPolicy): PolicyTarget[] =>
  list(spec?.targetRefs).filter(isServiceReference);

const hasTarget = (policy: BackendTlsPolicy, name: string, section: string | undefined): boolean =>
  targetsOf(policy).some((ref) => ref.name === name && (ref.sectionName || undefined) === section);

/** Another policy that has a target of this one before it. */
export function conflictOf(reader: Reader, policy: BackendTlsPolicy): BackendTlsPolicy | undefined {
  for (const { name, sectionName } of targetsOf(policy)) {
    const first = policiesFor(reader, `${policy.metadata.namespace}/${name}`).find((one) =>
      hasTarget(one, name, sectionName || undefined),
    );
    if (first && objectKeyOf(first) !== objectKeyOf(policy)) return first;
  }
  return undefined;
}

/** Whom a policy trusts. */
export function authoritiesOf(reader: Reader, { spec, metadata }: BackendTlsPolicy): Authorities {
  const { wellKnownCACertificates, caCertificateRefs } = spec?.validation ?? {};
  if (wellKnownCACertificates)
    return {
      roots: "",
      unaccepted: {
        reason: "Invalid",
        message: `wellKnownCACertificates ${wellKnownCACertificates} is not supported: name a ConfigMap in caCertificateRefs`,
      },
    };
  const namespace = metadata.namespace ?? "";
  const local = list(caCertificateRefs).map((ref) => ({ ...ref, namespace }));
  const from = { kind: "BackendTLSPolicy", namespace };
  return authoritiesAt(reader, local, { from, kindReason: "InvalidKind" });
}

type Secured = Pick<HttpRequest, "https" | "trust" | "serverName" | "clientCertificate">;

/** How a Gateway speaks to a backend; without a policy for its port, in plain text. */
export function secured(
  reader: Reader,
  gateway: Gateway,
  { service, port }: Backend,
): Secured | Problem {
  const { name } = service.metadata;
  const all = policiesFor(reader, objectKeyOf(service));
  const policy =
    (port.name ? all.find((one) => hasTarget(one, name, port.name)) : undefined) ??
    all.find((one) => hasTarget(one, name, undefined));
  if (!policy) return {};
  const { roots, unaccepted } = authoritiesOf(reader, policy);
  if (unaccepted)
    return {
      ...unaccepted,
      message: `BackendTLSPolicy ${objectKeyOf(policy)}: ${unaccepted.message}`,
    };
  const shown = shownToBackends(reader, gateway);
  if (shown && "problem" in shown)
    return {
      ...shown.problem,
      message: `Gateway ${objectKeyOf(gateway)}: ${shown.problem.message}`,
    };
  const { hostname = "", subjectAltNames } = policy.spec?.validation ?? {};
  const names = list(subjectAltNames).flatMap(({ hostname: dns, uri }) => dns ?? uri ?? []);
  return {
    https: true,
    serverName: hostname,
    ...(shown ? { clientCertificate: shown.pem } : {}),
    trust: { host: hostname, roots, ...(names.length > 0 ? { names } : {}) },
  };
}
