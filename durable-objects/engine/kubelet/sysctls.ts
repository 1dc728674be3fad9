/** Sysctls a Pod may set without a node that allows more. k8s: pkg/kubelet/sysctl/safe_sysctls.go, allowlist.go */
import type { PodSpec } from "../kinds/pod/types.ts";

const safe = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
]);

/** With dots, whichever separator it was written with. k8s: component-helpers/node/util/sysctl NormalizeName */
export function sysctlName(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== "/") return name;
  return name.replace(/[./]/g, (c) => (c === "/" ? "." : "/"));
}

/** What is wrong with the first sysctl that the kubelet does not allow; undefined: nothing. */
export function forbiddenSysctl(spec: PodSpec): string | undefined {
  for (const { name: given } of spec.securityContext?.sysctls ?? []) {
    const name = sysctlName(given);
    let problem = safe.has(name) ? undefined : "not allowlisted";
    if (!problem && name.startsWith("kernel.") && spec.hostIPC)
      problem = "not allowed with host ipc enabled";
    if (!problem && name.startsWith("net.") && spec.hostNetwork)
      problem = "not allowed with host net enabled";
    if (problem) return `forbidden sysctl: "${name}" ${problem}`;
  }
  return undefined;
}
