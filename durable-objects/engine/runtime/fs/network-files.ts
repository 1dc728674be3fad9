/** /etc/hosts, /etc/hostname and /etc/resolv.conf as the kubelet writes them. */
import type { Pod } from "../../kinds/pod/types.ts";
import { resolvConf, resolverOf } from "../net/resolver.ts";
import type { Container } from "../kernel/types.ts";
import { hostTree } from "../volumes/node-files.ts";

function hostsOfNode({ kernel }: Container): string {
  const tree = hostTree(kernel.context, kernel.pod.pod.node, () => kernel.now);
  const id = tree.find("/etc/hosts");
  return id === undefined ? "" : tree.read(id, 0, tree.size(id));
}

/** k8s: pkg/kubelet/kubelet_pods.go hostsEntriesFromHostAliases */
function aliases({ kernel }: Container): string {
  const { hostAliases } = kernel.pod.pod;
  if (!hostAliases?.length) return "";
  const lines = hostAliases.map(({ ip, hostnames }) => `${ip}\t${hostnames.join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}

/** k8s: pkg/kubelet/kubelet_pods.go managedHostsFileContent, nodeHostsFileContent */
function hosts(container: Container): string {
  const { pod } = container.kernel.pod;
  const domain = pod.subdomain
    ? `${pod.hostname}.${pod.subdomain}.${pod.namespace}.svc.cluster.local\t`
    : "";
  if (pod.hostNetwork)
    return `# Kubernetes-managed hosts file (host network).\n${hostsOfNode(container)}${aliases(container)}`;
  let text =
    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  text +=
    "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";
  text += `${pod.ip}\t${domain}${pod.hostname}\n`;
  return `${text}${aliases(container)}`;
}

/** k8s: pkg/kubelet/network/dns/dns.go */
function resolverFile(container: Container): string {
  const { context, pod } = container.kernel;
  const { namespace, name, dnsPolicy, hostNetwork } = pod.pod;
  // Only the Pod's object holds its dnsConfig.
  const spec = context.reader.get<Pod>("pods", namespace, name)?.spec;
  return resolvConf(resolverOf(namespace, spec ?? { dnsPolicy, hostNetwork }));
}

/** Content of /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. */
export function networkFile(name: string, container: Container): string {
  if (name === "hosts") return hosts(container);
  if (name === "hostname") return `${container.hostname}\n`;
  return name === "resolv.conf" ? resolverFile(container) : "";
}
