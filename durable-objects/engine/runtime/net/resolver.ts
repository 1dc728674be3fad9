/** A Pod's resolver: whom it asks, and by which names. */
import type { Pod } from "../../kinds/pod/types.ts";
import { clusterDnsIp, clusterDomain } from "./network-port.ts";

/** Resolver settings of a Pod. k8s: pkg/kubelet/network/dns/dns.go GetPodDNS */
export interface Resolver {
  nameservers: string[];
  searches: string[];
  options: string[];
}

/** The name server of the network that the nodes are in. */
export const nodeNameserver = "192.168.0.2";
/** What programs on a node ask: its systemd-resolved, which sends names of the cluster to the cluster's DNS. */
export const stubNameserver = "127.0.0.53";

/** Whom systemd-resolved of a node asks for a full name. */
export const stubForwards = (name: string): string =>
  /(^|\.)cluster\.local\.?$/.test(name) ? clusterDnsIp : nodeNameserver;
/** glibc: MAXNS; k8s: pkg/apis/core/validation MaxDNSSearchPaths */
const nameserversMax = 3;
const searchesMax = 32;

type DnsSpec = Pick<Pod["spec"], "dnsPolicy" | "dnsConfig" | "hostNetwork">;

/** What stands in a Pod's resolv.conf, by its DNS policy and its own additions. k8s: pkg/kubelet/network/dns */
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
