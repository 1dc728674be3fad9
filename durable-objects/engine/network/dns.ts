/** Name service as a Pod has it: which server it asks, whether the way there is open, what the server says. */
import type { Reader } from "../controllers/define.ts";
import type { Pod } from "../kubelet/shapes.ts";
import type { RuntimeContext } from "../runtime/define.ts";
import { clusterDnsIp, type DnsAnswer, type DnsRecord } from "../runtime/network-port.ts";
import { clusterDomain, clusterName, record, reverseName, type Found } from "./dns-names.ts";
import { hop, type Hop } from "./hops.ts";
import { isAddress } from "./addresses.ts";
import { route, sourceOfPod } from "./route.ts";
import { siteNamed } from "./sites.ts";

type Type = DnsRecord["type"];

const cnameDepthMax = 8;

/** Resolver settings of a Pod. k8s: pkg/kubelet/network/dns/dns.go GetPodDNS */
export interface Resolver {
  nameservers: string[];
  searches: string[];
  options: string[];
}

/** The nodes' own name server. */
export const nodeNameserver = "192.168.0.2";
const nameserversMax = 3;
const searchesMax = 32;

type DnsSpec = Pick<Pod["spec"], "dnsPolicy" | "dnsConfig" | "hostNetwork">;

export function resolverOf(namespace: string, spec: DnsSpec): Resolver {
  const policy = spec.dnsPolicy ?? "ClusterFirst";
  const cluster =
    policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !spec.hostNetwork);
  const base: Resolver = cluster
    ? {
        nameservers: [clusterDnsIp],
        searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain],
        options: ["ndots:5"],
      }
    : { nameservers: policy === "None" ? [] : [nodeNameserver], searches: [], options: [] };
  const given = spec.dnsConfig;
  if (!given) return base;
  const options = new Map(base.options.map((text) => [text.split(":")[0] as string, text]));
  for (const { name = "", value } of given.options ?? []) {
    options.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  const unique = (list: string[]): string[] => [...new Set(list)];
  return {
    nameservers: unique([...base.nameservers, ...(given.nameservers ?? [])]).slice(
      0,
      nameserversMax,
    ),
    searches: unique([...base.searches, ...(given.searches ?? [])]).slice(0, searchesMax),
    options: [...options.values()],
  };
}

/** The file /etc/resolv.conf. */
export function resolvConf({ nameservers, searches, options }: Resolver): string {
  return (
    (searches.length ? `search ${searches.join(" ")}\n` : "") +
    nameservers.map((ip) => `nameserver ${ip}\n`).join("") +
    (options.length ? `options ${options.join(" ")}\n` : "")
  );
}

/** Full names to try for a name, in the resolver's order. `web.` is taken as it is. */
export function candidates(resolver: Resolver, name: string): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const ndots = Number(resolver.options.find((o) => o.startsWith("ndots:"))?.slice(6) ?? 1);
  const searched = resolver.searches.map((domain) => `${name}.${domain}`);
  return name.split(".").length - 1 >= ndots ? [name, ...searched] : [...searched, name];
}

const timeout: DnsAnswer = { status: "TIMEOUT", records: [] };

/** One query of a Pod to a server (its first, when none is named), the name fully qualified. */
export function queryFrom(
  context: RuntimeContext,
  podKey: string,
  name: string,
  type: Type,
  server?: string,
): DnsAnswer {
  const [namespace = "", podName = ""] = podKey.split("/");
  const pod = context.reader.get<Pod>("pods", namespace, podName);
  const asked = server ?? (pod ? resolverOf(namespace, pod.spec).nameservers[0] : undefined);
  if (asked === undefined) return timeout;
  if (asked === nodeNameserver) return answer(context.reader, name, type, false);
  const { outcome } = route(context, sourceOfPod(context, podKey), asked, 53, "UDP");
  if (outcome.to === "site") return answer(context.reader, name, type, false);
  if (outcome.to !== "pod") return timeout;
  const [home = "", server1 = ""] = outcome.pod.split("/");
  const labels = context.reader.get("pods", home, server1)?.metadata.labels;
  return labels?.["k8s-app"] === "kube-dns" ? answer(context.reader, name, type, true) : timeout;
}

/** What CoreDNS (or, `cluster` false, a plain name server outside) says. */
export function answer(reader: Reader, name: string, type: Type, cluster: boolean): DnsAnswer {
  const records: DnsRecord[] = [];
  let wanted = name.toLowerCase().replace(/\.$/, "");
  for (let depth = 0; depth < cnameDepthMax; depth++) {
    const found = lookUp(reader, wanted, type, cluster);
    // A CNAME that leads nowhere is still an answer of its own.
    if (!found) return { status: "NXDOMAIN", records };
    records.push(...found);
    const alias = found.find((r) => r.type === "CNAME");
    if (!alias || type === "CNAME") return { status: "NOERROR", records };
    wanted = alias.data.replace(/\.$/, "").toLowerCase();
  }
  return { status: "SERVFAIL", records: [] };
}

function lookUp(reader: Reader, name: string, type: Type, cluster: boolean): Found {
  if (cluster && (name === clusterDomain || name.endsWith(`.${clusterDomain}`))) {
    return clusterName(reader, name, type);
  }
  if (cluster && name.endsWith(".in-addr.arpa")) {
    return reverseName(reader, name)?.filter((r) => r.type === type);
  }
  const site = siteNamed(name);
  if (!site) return undefined;
  return type === "A" ? [record(name, "A", site.ip)] : [];
}

/** The addresses of a name as a Pod's resolver finds them: search list, then the name itself. */
export function resolve(
  context: RuntimeContext,
  podKey: string,
  name: string,
  hops: Hop[] = [],
): { ips: string[]; name: string } | "unknown" | "timeout" {
  if (isAddress(name)) return { ips: [name], name };
  const [namespace = "", podName = ""] = podKey.split("/");
  const pod = context.reader.get<Pod>("pods", namespace, podName);
  if (!pod) return "unknown";
  for (const full of candidates(resolverOf(namespace, pod.spec), name)) {
    const { status, records } = queryFrom(context, podKey, full, "A");
    if (status === "TIMEOUT") {
      hops.push(hop("dns", full, "no answer", { failed: true }));
      return "timeout";
    }
    const ips = records.filter((r) => r.type === "A").map((r) => r.data);
    if (ips.length === 0) continue;
    hops.push(hop("dns", full, ips.join(", "), { ip: ips[0] }));
    return { ips, name: full };
  }
  hops.push(hop("dns", name, "no such name", { failed: true }));
  return "unknown";
}
