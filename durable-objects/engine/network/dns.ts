/** Name service as a Pod has it: which server it asks, whether the way there is open, what the server says. */
import { assert } from "../core/assert.ts";
import { cnameDepthMax, dnsForwardsMax } from "../core/limits.ts";
import type { Reader } from "../ports/controller.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { RuntimeContext, Sys } from "../runtime/kernel/types.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import {
  type DnsAnswer,
  type DnsRecord,
  type DnsReply,
  clusterDomain,
} from "../runtime/net/network-port.ts";
import { addressOf, clusterName, record, reverseName, type Found } from "./dns-names.ts";
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
import { siteAt, siteNamed } from "../runtime/net/sites.ts";

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
  if (asked === nodeNameserver) return outsideSays(name, type);
  const { outcome } = route(context, sourceOfPod(context, podKey), asked, 53, "UDP");
  if (outcome.to === "site") return outsideSays(name, type);
  if (outcome.to !== "pod") return timeout;
  return serverSays({ context, server: outcome, type, forwarded }, name);
}

/** A question at a name server in a Pod. */
interface Question {
  context: RuntimeContext;
  server: { pod: string; port: number };
  type: Type;
  forwarded: number;
}

function serverSays(question: Question, name: string): DnsAnswer {
  const said = podSays(question, name);
  return said === undefined ? timeout : settled(question, name, said);
}

function settled(question: Question, name: string, said: DnsReply): DnsAnswer {
  if (said === "cluster") return clusterSays(question, name, undefined);
  if ("cluster" in said) return clusterSays(question, name, said.cluster);
  if (!("forward" in said)) return said;
  const { context, server, type, forwarded } = question;
  if (forwarded === dnsForwardsMax) return { status: "SERVFAIL", records: [] };
  return queryFrom(context, server.pod, name, type, said.forward, forwarded + 1);
}

/** The cluster's own records; `otherwise` answers for names that it does not know. Where an alias leads out of it the server asks itself. */
function clusterSays(question: Question, name: string, otherwise: DnsReply | undefined): DnsAnswer {
  const { context, type, forwarded } = question;
  const records: DnsRecord[] = [];
  let wanted = canonical(name);
  for (let depth = 0; depth < cnameDepthMax; depth++) {
    const found = ofCluster(context.reader, wanted, type);
    if (!found && records.length === 0)
      return otherwise ? settled(question, name, otherwise) : { status: "NXDOMAIN", records };
    if (!found) {
      if (forwarded === dnsForwardsMax) break;
      const rest = serverSays({ ...question, forwarded: forwarded + 1 }, wanted);
      // A CNAME that leads nowhere is still an answer of its own.
      return { status: rest.status, records: [...records, ...rest.records] };
    }
    records.push(...found);
    const alias = found.find((r) => r.type === "CNAME");
    if (!alias || type === "CNAME") return { status: "NOERROR", records };
    wanted = canonical(alias.data);
  }
  return { status: "SERVFAIL", records: [] };
}

const canonical = (name: string): string => name.toLowerCase().replace(/\.$/, "");

function ofCluster(reader: Reader, name: string, type: Type): Found {
  if (name === clusterDomain || name.endsWith(`.${clusterDomain}`))
    return clusterName(reader, name, type);
  return reverseName(reader, name)?.filter((r) => r.type === type);
}

/** What a Pod's name server says; undefined: nobody answers there. */
function podSays({ context, server: { pod, port }, type }: Question, name: string) {
  const kernel = PodKernel.view(context, pod);
  const listener = kernel?.pod.listeners[`udp/${port}`];
  const process = listener && kernel?.process(listener.process);
  if (!kernel || !listener || !process) return undefined;
  // Most answers need none of its files, and opening one changes the Pod.
  const sys = (): Sys => {
    const loaded = PodKernel.load(context, pod);
    assert(loaded, "a Pod that was just seen");
    return loaded.sys(listener.process);
  };
  return kernel.program(process).dns?.(sys, process.state, { name, type, port });
}

/** What a plain name server outside says. */
function outsideSays(asked: string, type: Type): DnsAnswer {
  const name = canonical(asked);
  const ip = addressOf(name);
  const site = ip === undefined ? siteNamed(name) : siteAt(ip);
  if (!site) return { status: "NXDOMAIN", records: [] };
  const records: DnsRecord[] = [];
  if (ip === undefined && type === "A") records.push(record(name, "A", site.ip));
  if (ip !== undefined && type === "PTR") records.push(record(name, "PTR", `${site.names[0]}.`));
  return { status: "NOERROR", records };
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
