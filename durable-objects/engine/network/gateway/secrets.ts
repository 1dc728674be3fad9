/** Secrets with certificates: those that listeners show to clients, and that Gateways show to backends. */
import { list } from "../../kinds/gateway/lists.ts";
import type { Gateway, Listener, ListenerSet, ObjectReference } from "../../kinds/gateway/types.ts";
import type { Secret } from "../../kinds/secret.ts";
import { fromBase64 } from "../../machinery/base64.ts";
import type { Reader } from "../../ports/controller.ts";
import { binaryOf } from "../../runtime/bytes.ts";
import { certificateError } from "./certificates.ts";
import { grantProblem } from "./grants.ts";
import type { Problem } from "./problem.ts";

export function certificateProblem(
  reader: Reader,
  owner: Gateway | ListenerSet,
  { protocol, tls }: Listener,
): Problem | undefined {
  if (protocol !== "HTTPS") return undefined;
  const refs = list(tls?.certificateRefs);
  const invalid = (message: string): Problem => ({ reason: "InvalidCertificateRef", message });
  if (refs.length === 0) return invalid("an HTTPS listener needs a certificate");
  for (const ref of refs) {
    const problem = secretProblem(reader, owner, ref);
    if (problem) return typeof problem === "string" ? invalid(problem) : problem;
  }
  return undefined;
}

function secretProblem(
  reader: Reader,
  { kind = "Gateway", metadata }: Gateway | ListenerSet,
  ref: ObjectReference,
): string | Problem | undefined {
  const own = metadata.namespace ?? "";
  const namespace = ref.namespace ?? own;
  if ((ref.group ?? "") !== "" || (ref.kind ?? "Secret") !== "Secret")
    return `certificates are Secrets, not ${ref.group ?? ""}/${ref.kind}`;
  const to = { kind: "Secret" as const, namespace, name: ref.name };
  const refused = grantProblem(reader, { from: { kind, namespace: own }, to });
  if (refused) return refused;
  const secret = reader.get<Secret>("secrets", namespace, ref.name);
  if (!secret) return `Secret ${namespace}/${ref.name} does not exist`;
  const problem = certificateError(secret);
  return problem === undefined ? undefined : `Secret ${namespace}/${ref.name}: ${problem}`;
}

/** What a listener shows to clients (PEM): of several certificates, the first. */
export function shownToClients(
  reader: Reader,
  owner: Gateway | ListenerSet,
  { tls }: Listener,
): string {
  const [ref] = list(tls?.certificateRefs);
  if (!ref) return "";
  const namespace = ref.namespace ?? owner.metadata.namespace ?? "";
  return certificateOf(reader.get<Secret>("secrets", namespace, ref.name));
}

const certificateOf = (secret: Secret | undefined): string =>
  binaryOf(fromBase64(secret?.data?.["tls.crt"] ?? ""));

/** What a Gateway shows of itself to backends over TLS (PEM), or why it cannot; undefined: nothing. */
export function shownToBackends(
  reader: Reader,
  gateway: Gateway,
): { pem: string } | { problem: Problem } | undefined {
  const ref = gateway.spec?.tls?.backend?.clientCertificateRef;
  if (!ref) return undefined;
  const problem = secretProblem(reader, gateway, ref);
  if (problem)
    return {
      problem:
        typeof problem === "string"
          ? { reason: "InvalidClientCertificateRef", message: problem }
          : problem,
    };
  const namespace = ref.namespace ?? gateway.metadata.namespace ?? "";
  return { pem: certificateOf(reader.get<Secret>("secrets", namespace, ref.name)) };
}
