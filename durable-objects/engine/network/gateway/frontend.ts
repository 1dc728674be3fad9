/** Which clients a Gateway lets in where TLS ends. k8s: gateway-api apis/v1 FrontendTLSConfig */
import { list } from "../../kinds/gateway/lists.ts";
import type { Gateway } from "../../kinds/gateway/types.ts";
import { clientProblem } from "../../machinery/x509/certificate.ts";
import type { Reader } from "../../ports/controller.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import { authoritiesAt, type Authorities } from "./authorities.ts";

export interface Clients extends Authorities {
  /** They are let in as well who show nothing, or nothing that is good. */
  anyone: boolean;
}

/** What is asked of clients on a port; undefined: nothing. */
export function clientsOf(reader: Reader, gateway: Gateway, port: number): Clients | undefined {
  const { default: standard, perPort } = gateway.spec?.tls?.frontend ?? {};
  const own = list(perPort).find((one) => one.port === port);
  const validation = (own ? own.tls : standard)?.validation;
  if (!validation) return undefined;
  const from = { kind: "Gateway", namespace: gateway.metadata.namespace ?? "" };
  return {
    ...authoritiesAt(reader, list(validation.caCertificateRefs), {
      from,
      kindReason: "InvalidCACertificateKind",
    }),
    anyone: validation.mode === "AllowInsecureFallback",
  };
}

/** Why the handshake ends for a client; undefined: it goes on. */
export const turnedAway = (
  clients: Clients | undefined,
  { clientCertificate = "" }: HttpRequest,
  now: number,
): string | undefined =>
  clients && !clients.anyone ? clientProblem(clientCertificate, clients.roots, now) : undefined;
