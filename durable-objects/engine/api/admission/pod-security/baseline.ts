/** Baseline, one row per check. k8s: pod-security-admission/policy/check_*.go */
import type { PodSpec } from "../../../kinds/pod/types.ts";
import {
  annotationText,
  containers,
  hasUserNamespace,
  listed,
  namesWhere,
  plural,
  quoted,
  setters,
  sorted,
  unless,
  type Any,
  type Check,
  type CheckPod,
} from "./check.ts";

const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const goodProfiles = ["RuntimeDefault", "Localhost"];

const appArmor: CheckPod = (spec, annotations) => {
  const values: string[] = [];
  const bad = (profile: { type?: string } | undefined): boolean => {
    if (!profile || goodProfiles.includes(profile.type ?? "")) return false;
    values.push(profile.type ?? "");
    return true;
  };
  const pod = bad(spec.securityContext?.appArmorProfile);
  const names = namesWhere(spec, (c) => bad(c.securityContext?.appArmorProfile));
  const found = Object.entries(annotations)
    .filter(([key]) => key.startsWith(appArmorPrefix))
    .filter(([, v]) => v !== "" && v !== "runtime/default" && !v.startsWith("localhost/"))
    .map(([key, value]) => annotationText(key, value))
    .sort();
  const all = [...sorted(values), ...found];
  const who = setters(pod, names);
  if (found.length > 0) who.push(plural("annotation", found.length));
  if (who.length === 0) return undefined;
  return {
    reason: plural("forbidden AppArmor profile", all.length),
    detail: `${who.join(" and ")} must not set AppArmor profile type to ${quoted(all)}`,
  };
};

const defaultCapabilities = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(
    " ",
  ),
);

const capabilities: CheckPod = (spec) => {
  const added = (c: Any): string[] =>
    (c.securityContext?.capabilities?.add ?? []).filter((one) => !defaultCapabilities.has(one));
  const names = namesWhere(spec, (c) => added(c).length > 0);
  if (names.length === 0) return undefined;
  const all = sorted(containers(spec).flatMap(added));
  return {
    reason: "non-default capabilities",
    detail: `${listed("container", names)} must not include ${quoted(all)} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: CheckPod = (spec) => {
  const fields = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field]);
  if (fields.length === 0) return undefined;
  return {
    reason: "host namespaces",
    detail: fields.map((field) => `${field}=true`).join(", "),
  };
};

const hostPaths: CheckPod = (spec) => {
  const names = (spec.volumes ?? []).flatMap(({ hostPath, name }) =>
    hostPath ? [name ?? ""] : [],
  );
  return names.length > 0
    ? { reason: "hostPath volumes", detail: listed("volume", names) }
    : undefined;
};

const hostPorts: CheckPod = (spec) => {
  const ports = (c: Any): string[] =>
    (c.ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
  const names = namesWhere(spec, (c) => ports(c).length > 0);
  if (names.length === 0) return undefined;
  const all = sorted(containers(spec).flatMap(ports));
  return {
    reason: "hostPort",
    detail: `${listed("container", names)} ${plural("uses", names.length, "use")} ${plural("hostPort", all.length)} ${all.join(", ")}`,
  };
};

type Handler = { httpGet?: { host?: string }; tcpSocket?: { host?: string } } | undefined;

function hostsOf(c: Any): string[] {
  const handlers = [
    c.livenessProbe,
    c.readinessProbe,
    c.startupProbe,
    c.lifecycle?.postStart,
    c.lifecycle?.preStop,
  ] as Handler[];
  return handlers
    .flatMap((one) => [one?.httpGet?.host ?? "", one?.tcpSocket?.host ?? ""])
    .filter((host) => host !== "");
}

const hostProbes: CheckPod = (spec) => {
  const names = sorted(namesWhere(spec, (c) => hostsOf(c).length > 0));
  if (names.length === 0) return undefined;
  const hosts = sorted(containers(spec).flatMap(hostsOf));
  return {
    reason: "probe or lifecycle host",
    detail: `${listed("container", names)} ${plural("uses", names.length, "use")} ${plural("probe or lifecycle host", hosts.length)} ${quoted(hosts)}`,
  };
};

const privileged: CheckPod = (spec) => {
  const names = namesWhere(spec, (c) => c.securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  const detail = `${listed("container", names)} must not set securityContext.privileged=true`;
  return { reason: "privileged", detail };
};

export const procMount: CheckPod = (spec) => {
  const type = (c: Any): string => c.securityContext?.procMount ?? "Default";
  const names = namesWhere(spec, (c) => type(c) !== "Default");
  if (names.length === 0) return undefined;
  const types = sorted(containers(spec).map(type)).filter((one) => one !== "Default");
  return {
    reason: "procMount",
    detail: `${listed("container", names)} must not set securityContext.procMount to ${quoted(types)}`,
  };
};

interface SELinux {
  type?: string;
  user?: string;
  role?: string;
}

const seLinux =
  (more: readonly string[]): CheckPod =>
  (spec) => {
    const allowed = ["", "container_t", "container_init_t", "container_kvm_t", ...more];
    const types: string[] = [];
    const set = new Set<string>();
    const bad = (options: SELinux | undefined): boolean => {
      if (!options) return false;
      const { type = "", user, role } = options;
      if (!allowed.includes(type)) types.push(type);
      if (user) set.add("user");
      if (role) set.add("role");
      return !allowed.includes(type) || Boolean(user) || Boolean(role);
    };
    const pod = bad(spec.securityContext?.seLinuxOptions);
    const names = namesWhere(spec, (c) => bad(c.securityContext?.seLinuxOptions));
    const who = setters(pod, names);
    if (who.length === 0) return undefined;
    const what = sorted(types);
    const data = what.length > 0 ? [`${plural("type", what.length)} ${quoted(what)}`] : [];
    for (const field of ["user", "role"]) if (set.has(field)) data.push(`${field} may not be set`);
    return {
      reason: "seLinuxOptions",
      detail: `${who.join(" and ")} set forbidden securityContext.seLinuxOptions: ${data.join("; ")}`,
    };
  };

const seccompPod = "seccomp.security.alpha.kubernetes.io/pod";
const seccompContainer = "container.seccomp.security.alpha.kubernetes.io/";

/** Before there was a field for it. */
const seccompAnnotations: CheckPod = (spec, annotations) => {
  const keys = [seccompPod, ...containers(spec).map(({ name }) => seccompContainer + name)];
  const bad = keys.flatMap((key) => {
    const value = annotations[key];
    const good =
      value === undefined ||
      value === "runtime/default" ||
      value === "docker/default" ||
      value.startsWith("localhost/");
    return good ? [] : [annotationText(key, value)];
  });
  const found = sorted(bad);
  if (found.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `forbidden ${plural("annotation", found.length)} ${found.join(", ")}`,
  };
};

/** What is set to a profile that is not allowed; also of restricted. */
export const seccomp: CheckPod = (spec) => {
  const values: string[] = [];
  const bad = (profile: { type?: string } | undefined): boolean => {
    if (!profile || goodProfiles.includes(profile.type ?? "")) return false;
    values.push(profile.type ?? "");
    return true;
  };
  const pod = bad(spec.securityContext?.seccompProfile);
  const who = setters(
    pod,
    namesWhere(spec, (c) => bad(c.securityContext?.seccompProfile)),
  );
  if (who.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `${who.join(" and ")} must not set securityContext.seccompProfile.type to ${quoted(sorted(values))}`,
  };
};

const safeSysctls: readonly (readonly [minor: number, names: string])[] = [
  [
    0,
    "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start",
  ],
  [27, "net.ipv4.ip_local_reserved_ports"],
  [
    29,
    "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes",
  ],
  [32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"],
];

const sysctls =
  (minor: number): CheckPod =>
  (spec) => {
    const safe = new Set(
      safeSysctls.flatMap(([since, names]) => (since <= minor ? names.split(" ") : [])),
    );
    const bad = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !safe.has(name));
    return bad.length > 0 ? { reason: "forbidden sysctls", detail: bad.join(", ") } : undefined;
  };

type Windows = { windowsOptions?: { hostProcess?: boolean } } | undefined;

const hostProcess: CheckPod = (spec) => {
  const bad = (context: unknown): boolean =>
    (context as Windows)?.windowsOptions?.hostProcess === true;
  const who = setters(
    bad((spec as PodSpec).securityContext),
    namesWhere(spec, (c) => bad(c.securityContext)),
  );
  if (who.length === 0) return undefined;
  const detail = `${who.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true`;
  return { reason: "hostProcess", detail };
};

const from = (
  id: string,
  ...versions: readonly (readonly [minor: number, check: CheckPod])[]
): Check => ({ id, level: "baseline", versions });

export const baseline: readonly Check[] = [
  from("appArmorProfile", [0, appArmor]),
  from("capabilities_baseline", [0, capabilities]),
  from("hostNamespaces", [0, hostNamespaces]),
  from("hostPathVolumes", [0, hostPaths]),
  from("hostPorts", [0, hostPorts]),
  from("hostProbesAndHostLifecycle", [34, hostProbes]),
  from("privileged", [0, privileged]),
  from("procMount", [0, procMount], [35, unless(hasUserNamespace, procMount)]),
  from("seLinuxOptions", [0, seLinux([])], [31, seLinux(["container_engine_t"])]),
  from("seccompProfile_baseline", [0, seccompAnnotations], [19, seccomp]),
  from("sysctls", [0, sysctls(0)], [27, sysctls(27)], [29, sysctls(29)], [32, sysctls(32)]),
  from("windowsHostProcess", [0, hostProcess]),
];
