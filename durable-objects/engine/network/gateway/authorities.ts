/** ConfigMaps with certificates of authorities that a Gateway trusts. k8s: gateway-api apis/v1 CACertificateRefs */
import type { ConfigMap } from "../../kinds/config-map.ts";
import { isConfigMapReference, type ObjectReference } from "../../kinds/gateway/types.ts";
import { certificatesOf } from "../../machinery/x509/certificate.ts";
import type { Reader } from "../../ports/controller.ts";
import { grantProblem, type Reference } from "./grants.ts";
import type { Problem } from "./problem.ts";

export interface Authorities {
  /** PEM. */
  roots: string;
  /** Why nobody can be trusted. */
  unaccepted?: Problem;
  /** The first reference that leads nowhere. */
  unresolved?: Problem;
}

interface Trusting {
  from: Reference["from"];
  /** Reason for references to something else than ConfigMaps. */
  kindReason: string;
}

export function authoritiesAt(
  reader: Reader,
  refs: readonly ObjectReference[],
  trusting: Trusting,
): Authorities {
  const found = refs.map((ref) => authorityAt(reader, ref, trusting));
  const roots = found.filter((one) => typeof one === "string");
  const unresolved = found.find((one) => typeof one !== "string");
  const unaccepted = {
    reason: "NoValidCACertificate",
    message: unresolved?.message ?? "no authority is named",
  };
  return {
    roots: roots.join("\n"),
    ...(unresolved ? { unresolved } : {}),
    ...(roots.length === 0 ? { unaccepted } : {}),
  };
}

function authorityAt(
  reader: Reader,
  ref: ObjectReference,
  { from, kindReason }: Trusting,
): string | Problem {
  if (!isConfigMapReference(ref))
    return {
      reason: kindReason,
      message: `authorities are ConfigMaps, not ${ref.group ?? ""}/${ref.kind ?? ""}`,
    };
  const namespace = ref.namespace ?? from.namespace;
  const name = `ConfigMap ${namespace}/${ref.name}`;
  const to = { kind: "ConfigMap" as const, namespace, name: ref.name };
  const refused = grantProblem(reader, { from, to }, name);
  if (refused) return refused;
  const invalid = (why: string): Problem => ({
    reason: "InvalidCACertificateRef",
    message: `${name} ${why}`,
  });
  const map = reader.get<ConfigMap>("configmaps", namespace, ref.name);
  if (!map) return invalid("does not exist");
  const text = map.data?.["ca.crt"];
  if (!text) return invalid("has no ca.crt");
  return certificatesOf(text).length > 0 ? text : invalid("has no certificate in ca.crt");
}
