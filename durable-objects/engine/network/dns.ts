/** Name service as a Pod has it: which server it asks, whether the way there is open, what the server says. */
import { cnameDepthMax, dnsForwardsMax } from "../core/limits.ts";
import type { Reader } from "../ports/controller.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import {
  type DnsAnswer,
  type DnsRecord,
  type DnsReply,
  clusterDomain,
} from "../runtime/net/network-port.ts";
import { clusterName, record, reverseName, type Found } from "./dns-names.ts";
import { hop } from "./hops.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import { isAddress } from "../machinery/ip.ts";
import {
  candidates,
  nodeNameserver,
  resolverOf,
  stubForwards,
  stubNameserver,
  type Resolver,
} from "../runtime/net/resolver.ts";
import { nodeOfKey } from "../runtime/machine-key.ts";
import { route, sourceOfPod } from "./route.ts";
import { siteNamed } from "../runtime/net/sites.ts";

type Type = DnsRecord["type"];

const timeout: DnsAnswer = { status: "TIMEOUT", records: [] };

/** The resolver of a Pod, or of a node; undefined: there is no such Pod. */
function resolverFor(context: RuntimeContext, podKey: string): Resolver | undefined {
  if (nodeOfKey(podKey) !== undefined)
    return { nameservers: [stubNameserver], searches: [], options: [] };
  const [namespace = "", podName = ""] = podKey.split("/");
  const pod = context.reader.get<Pod>("pods", namespace, podName);
  return pod && resolverOf(namespace, pod.spec);
}

/** One query of a Pod to a server (its first, when none is named), the name fully qualified. */
export function queryFrom(
  context: RuntimeContext,
  podKey: string,
  name: string,
  type: Type,
  server?: string,
  forwarded = 0,
): DnsAnswer {
  let asked = server ?? resolverFor(context, podKey)?.nameservers[0];
  if (asked === undefined) return timeout;
  if (asked === stubNameserver && nodeOfKey(podKey) !== undefined) asked = stubForwards(name);
  if (asked === nodeNameserver) return answer(context.reader, name, type, false);
  const { outcome } = route(context, sourceOfPod(context, podKey), asked, 53, "UDP");
  if (outcome.to === "site") return answer(context.reader, name, type, false);
  if (outcome.to !== "pod") return timeout;
  const said = podSays(context, outcome, name, type);
  if (said === "cluster") return answer(context.reader, name, type, true);
  if (said === undefined || !("forward" in said)) return said ?? timeout;
  if (forwarded === dnsForwardsMax) return { status: "SERVFAIL", records: [] };
  return queryFrom(context, outcome.pod, name, type, said.forward, forwarded + 1);
}

/** What a Pod's name server says; undefined: nobody answers there. */
function podSays(
  context: RuntimeContext,
  { pod, port }: { pod: string; port: number },
  name: string,
  type: Type,
): DnsReply | undefined {
  const [namespace = "", podName = ""] = pod.split("/");
  const { labels } = context.reader.get("pods", namespace, podName)?.metadata ?? {};
  if (namespace === "kube-system" && labels?.["k8s-app"] === "kube-dns") return "cluster";
  const kernel = PodKernel.load(context, pod);
  const listener = kernel?.pod.listeners[`udp/${port}`];
  const process = listener && kernel?.process(listener.process);
  if (!kernel || !listener || !process) return undefined;
  return kernel
    .program(process)
    .dns?.(kernel.sys(listener.process), process.state, { name, type, port });
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
  const resolver = resolverFor(context, podKey);
  if (!resolver) return "unknown";
  for (const full of candidates(resolver, name)) {
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
