/** /etc/hosts, /etc/hostname and /etc/resolv.conf as the kubelet writes them. */
import type { Pod } from "../../kubelet/shapes.ts";
import { resolvConf, resolverOf } from "../../network/dns.ts";
import type { Container } from "../container.ts";

/** k8s: pkg/kubelet/kubelet_pods.go managedHostsFileContent */
function hosts(container: Container): string {
  const { pod } = container.kernel.pod;
  const domain = pod.subdomain
    ? `${pod.hostname}.${pod.subdomain}.${pod.namespace}.svc.cluster.local\t`
    : "";
  let text =
    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  text +=
    "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";
  text += `${pod.ip}\t${domain}${container.hostname}\n`;
  if (pod.hostAliases?.length) {
    text += "\n# Entries added by HostAliases.\n";
    for (const alias of pod.hostAliases) text += `${alias.ip}\t${alias.hostnames.join("\t")}\n`;
  }
  return text;
}

/** k8s: pkg/kubelet/network/dns/dns.go */
function resolverFile(container: Container): string {
  const { context, pod } = container.kernel;
  const { namespace, name, dnsPolicy, hostNetwork } = pod.pod;
  // Only the Pod's object holds its dnsConfig.
  const spec = context.reader.get<Pod>("pods", namespace, name)?.spec;
  return resolvConf(resolverOf(namespace, spec ?? { dnsPolicy, hostNetwork }));
}

export function networkFile(name: string, container: Container): string {
  if (name === "hosts") return hosts(container);
  if (name === "hostname") return `${container.hostname}\n`;
  return name === "resolv.conf" ? resolverFile(container) : "";
}
