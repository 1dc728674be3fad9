/** The names of Services and Pods under cluster.local, as CoreDNS answers them. k8s: dns/docs/specification.md 1.1.0 */
import type { Reader } from "../ports/controller.ts";
import type { Service, ServicePort } from "../kinds/service/shape.ts";
import { clusterDomain, type DnsRecord } from "../runtime/net/network-port.ts";
import { ownerOf } from "./addresses.ts";
import { endpointsOf, type Endpoint } from "./services.ts";

export const ttlSeconds = 30;

type Type = DnsRecord["type"];

/** undefined: there is no such name. */
export type Found = DnsRecord[] | undefined;

export const record = (name: string, type: Type, data: string): DnsRecord => ({
  name: `${name}.`,
  type,
  ttlSeconds,
  data,
});

const addressType = (ip: string): Type => (ip.includes(":") ? "AAAA" : "A");

const addresses = (name: string, ips: readonly string[], type: Type): DnsRecord[] =>
  ips.filter((ip) => addressType(ip) === type).map((ip) => record(name, type, ip));

const isHeadless = ({ spec }: Service): boolean => spec?.clusterIP === "None";

/** What an endpoint of a headless Service is called: its host name, else its address with dashes. */
export const endpointName = ({ hostname, ip }: Endpoint): string =>
  hostname ?? ip.replace(/[.:]/g, "-");

/** `name` is fully qualified without its last dot, lower case, and ends in the cluster's domain. */
export function clusterName(reader: Reader, name: string, type: Type): Found {
  const labels = name
    .slice(0, -clusterDomain.length - 1)
    .split(".")
    .filter(Boolean);
  const kind = labels.pop();
  if (kind === undefined) return apex(name, type);
  if (kind === "dns" && labels.length === 1 && labels[0] === "ns") {
    return addresses(name, ["10.96.0.10"], type);
  }
  const namespace = labels.pop();
  if (kind !== "svc" && kind !== "pod") return undefined;
  if (namespace === undefined) return [];
  if (!reader.get("namespaces", "", namespace)) return undefined;
  if (labels.length === 0) return [];
  return kind === "pod"
    ? podName(name, labels, type)
    : serviceName(reader, name, namespace, labels, type);
}

const apex = (name: string, type: Type): DnsRecord[] =>
  type === "NS" ? [record(name, "NS", `ns.dns.${clusterDomain}.`)] : [];

/** CoreDNS' `pods insecure`: the address is in the name, nobody checks it. */
function podName(name: string, labels: string[], type: Type): Found {
  const text = labels.length === 1 ? (labels[0] as string) : "";
  return /^\d+-\d+-\d+-\d+$/.test(text)
    ? addresses(name, [text.replaceAll("-", ".")], type)
    : undefined;
}

function serviceName(
  reader: Reader,
  name: string,
  namespace: string,
  labels: string[],
  type: Type,
): Found {
  const service = reader.get<Service>("services", namespace, labels.pop() as string);
  if (!service) return undefined;
  if (service.spec?.type === "ExternalName") {
    if (labels.length > 0) return undefined;
    return [record(name, "CNAME", `${service.spec.externalName?.replace(/\.$/, "")}.`)];
  }
  if (labels.length === 0) return ofService(reader, service, name, type);
  if (labels.length === 2 && labels[0]?.startsWith("_") && labels[1]?.startsWith("_")) {
    return ofPort(reader, service, name, labels as [string, string], type);
  }
  if (labels.length !== 1 || !isHeadless(service)) return undefined;
  const ips = readyOf(reader, service, undefined).filter((e) => endpointName(e) === labels[0]);
  return ips.length === 0
    ? undefined
    : addresses(
        name,
        ips.map((e) => e.ip),
        type,
      );
}

const readyOf = (reader: Reader, service: Service, port: ServicePort | undefined): Endpoint[] =>
  endpointsOf(reader, service, port).filter((e) => e.ready);

function ofService(reader: Reader, service: Service, name: string, type: Type): Found {
  if (type === "SRV") return srv(reader, service, name, service.spec?.ports ?? []);
  if (!isHeadless(service)) return addresses(name, service.spec?.clusterIPs ?? [], type);
  const ready = readyOf(reader, service, undefined);
  // A headless Service nobody is behind has no name.
  return ready.length === 0
    ? undefined
    : addresses(
        name,
        ready.map((e) => e.ip),
        type,
      );
}

function ofPort(
  reader: Reader,
  service: Service,
  name: string,
  [port, protocol]: [string, string],
  type: Type,
): Found {
  const matching = (service.spec?.ports ?? []).filter(
    (p) => `_${p.name ?? ""}` === port && `_${(p.protocol ?? "TCP").toLowerCase()}` === protocol,
  );
  if (matching.length === 0) return undefined;
  if (type === "SRV") return srv(reader, service, name, matching);
  if (!isHeadless(service)) return addresses(name, service.spec?.clusterIPs ?? [], type);
  return addresses(
    name,
    readyOf(reader, service, matching[0]).map((e) => e.ip),
    type,
  );
}

/** Priority 0; the weights of one answer share 100. */
function srv(reader: Reader, service: Service, name: string, ports: readonly ServicePort[]): Found {
  const home = `${service.metadata.name}.${service.metadata.namespace}.svc.${clusterDomain}.`;
  const targets = ports.flatMap((port) =>
    isHeadless(service)
      ? readyOf(reader, service, port).map((e) => ({
          port: e.port,
          host: `${endpointName(e)}.${home}`,
        }))
      : [{ port: port.port as number, host: home }],
  );
  if (targets.length === 0) return undefined;
  const weight = Math.floor(100 / targets.length);
  return targets.map(({ port, host }) => record(name, "SRV", `0 ${weight} ${port} ${host}`));
}

/** The address that a name of in-addr.arpa is about. */
export function addressOf(name: string): string | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  return parts?.slice(1, 5).reverse().join(".");
}

/** `1.0.96.10.in-addr.arpa`: Services by their address, endpoints of headless Services by theirs. */
export function reverseName(reader: Reader, name: string): Found {
  const ip = addressOf(name);
  if (ip === undefined) return undefined;
  const owner = ownerOf(reader, ip);
  const names: string[] = [];
  if (owner.kind === "service" && !owner.external) names.push(serviceDomain(owner.service));
  if (owner.kind === "pod") {
    const namespace = owner.pod.metadata.namespace ?? "";
    for (const service of reader.list<Service>("services", namespace)) {
      if (service.spec?.type === "ExternalName") continue;
      const endpoint = readyOf(reader, service, undefined).find((e) => e.ip === ip);
      if (endpoint && (isHeadless(service) || endpoint.hostname)) {
        names.push(`${endpointName(endpoint)}.${serviceDomain(service)}`);
      }
    }
  }
  return names.length === 0 ? undefined : names.map((target) => record(name, "PTR", target));
}

const serviceDomain = ({ metadata }: Service): string =>
  `${metadata.name}.${metadata.namespace}.svc.${clusterDomain}.`;
