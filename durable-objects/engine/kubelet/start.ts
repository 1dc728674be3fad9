/** Making and starting one instance of a container. k8s: pkg/kubelet/kuberuntime/kuberuntime_container.go */
import { trimEndOf } from "../core/trim.ts";
import { fnv32a } from "../core/random.ts";
import { configRetryMs, cpuUsPerContainerStart, relistMs } from "../core/limits.ts";
import type { StartFailure } from "../runtime/runtime-port.ts";
import type { ContainerSpec, Mount, PodSandbox } from "../runtime/container-spec.ts";
import { containerEnv, expandAll } from "./environment/environment.ts";
import { resolvePort } from "./probes/probe-calls.ts";
import { deviceEnv } from "./device-claims.ts";
import { startHook } from "./hooks.ts";
import type { ReadyImage } from "./images.ts";
import { beginKill } from "./kill.ts";
import { hostIP } from "./node-address.ts";
import { sysctlName } from "./sysctls.ts";
import { userSettings } from "./users.ts";
import type { ContainerRecord } from "./record.ts";
import { amountsOf, effectiveLimits } from "./resize/resources.ts";
import {
  type Container,
  type ContainerKind,
  type Pod,
  isSidecar,
  podText,
} from "../kinds/pod/types.ts";
import { type Sync, containerEvent, containerId, neverMs, requeueAt } from "./sync.ts";
import { containerMounts } from "./volumes/volumes.ts";

/** Linux: include/uapi/linux/utsname.h __NEW_UTS_LEN */
const fqdnMax = 64;

/** k8s: pkg/kubelet/kubelet_pods.go GeneratePodHostNameAndDomain, truncatePodHostnameIfNeeded */
function hostnameOf({ spec, metadata }: Pod): string {
  const name = spec.hostnameOverride ?? (spec.hostname || metadata.name);
  return name.length > 63 ? trimEndOf(name.slice(0, 63), "-.") : name;
}

/** Why the kernel cannot be told the Pod's whole name. k8s: pkg/kubelet/util GetNodenameForKernel */
export function hostnameProblem({ pod }: Sync): string | undefined {
  const { subdomain, setHostnameAsFQDN, hostNetwork } = pod.spec;
  if (!setHostnameAsFQDN || !subdomain || hostNetwork) return undefined;
  const name = `${hostnameOf(pod)}.${subdomain}.${pod.metadata.namespace ?? ""}.svc.cluster.local`;
  if (name.length <= fqdnMax) return undefined;
  return `failed to construct FQDN from pod hostname and cluster domain, FQDN ${name} is too long (${fqdnMax} characters is the max, ${name.length} characters requested)`;
}

function sandboxOf(sync: Sync): PodSandbox {
  const { pod, record } = sync;
  const spec = pod.spec;
  const hostNetwork = Boolean(spec.hostNetwork);
  const sysctls = spec.securityContext?.sysctls;
  return {
    key: sync.key,
    namespace: pod.metadata.namespace ?? "",
    name: pod.metadata.name,
    uid: record.uid,
    ip: record.ip ?? "",
    hostIP: hostIP(sync.node),
    node: sync.nodeName,
    hostname: hostNetwork ? sync.nodeName : hostnameOf(pod),
    ...(spec.subdomain && spec.hostnameOverride === undefined ? { subdomain: spec.subdomain } : {}),
    // One range of ids per Pod. k8s: pkg/kubelet/userns/userns_manager.go
    ...(spec.hostUsers === false ? { userBase: 65_536 * (1 + (fnv32a(record.uid) % 65_534)) } : {}),
    ...(spec.setHostnameAsFQDN ? { fqdn: true } : {}),
    ...(sysctls?.length
      ? { sysctls: Object.fromEntries(sysctls.map((s) => [sysctlName(s.name), s.value])) }
      : {}),
    hostNetwork,
    hostPID: Boolean(spec.hostPID),
    shareProcessNamespace: Boolean(spec.shareProcessNamespace),
    dnsPolicy: spec.dnsPolicy ?? "ClusterFirst",
    labels: pod.metadata.labels ?? {},
    ...(spec.hostAliases
      ? {
          hostAliases: spec.hostAliases.map((a) => ({
            ip: a.ip ?? "",
            hostnames: a.hostnames ?? [],
          })),
        }
      : {}),
  };
}

/** k8s: kuberuntime/security_context.go verifyRunAsNonRoot */
function nonRootProblem(sync: Sync, container: Container): string | undefined {
  const own = container.securityContext;
  const shared = sync.pod.spec.securityContext;
  if (!(own?.runAsNonRoot ?? shared?.runAsNonRoot)) return undefined;
  const user = own?.runAsUser ?? shared?.runAsUser;
  const who = `(pod: "${podText(sync.pod, sync.record.uid)}", container: ${container.name})`;
  if (user === 0) return `container's runAsUser breaks non-root policy ${who}`;
  if (user !== undefined) return undefined;
  const imageUser = sync.runtime.imageUser?.(container.image ?? "", true) ?? "0";
  if (!/^[0-9]+$/.test(imageUser)) {
    return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${who}`;
  }
  if (Number(imageUser) !== 0) return undefined;
  return `container has runAsNonRoot and image will run as root ${who}`;
}

/** The name of a profile that is the node's own. */
const onNode = (profile?: { type: string; localhostProfile?: string }): string | undefined =>
  profile?.type === "Localhost" ? profile.localhostProfile : undefined;

function specOf(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  env: { name: string; value: string }[],
  mounts: Mount[],
): ContainerSpec {
  const pod: Pod = sync.pod;
  const own = container.securityContext;
  const shared = pod.spec.securityContext;
  const limits = amountsOf(effectiveLimits(container.resources, pod.spec.resources).limits);
  const command = expandAll(container.command, env);
  const args = expandAll(container.args, env);
  const { targetContainerName: targetContainer } = container as { targetContainerName?: string };
  const profile = own?.seccompProfile ?? shared?.seccompProfile;
  // Field by field, in the order of its record.
  const spec: Partial<ContainerSpec> = {
    id: record.id ?? "",
    pod: sandboxOf(sync),
    name: container.name,
    // A sidecar goes on as the containers of the Pod do.
    kind: isSidecar(container, kind) ? "app" : kind,
  };
  if (targetContainer) spec.targetContainer = targetContainer;
  spec.restartCount = record.restarts;
  spec.image = container.image ?? "";
  if (command?.length) spec.command = command;
  if (args?.length) spec.args = args;
  if (container.workingDir) spec.workingDir = container.workingDir;
  spec.env = env;
  spec.tty = Boolean(container.tty);
  spec.stdin = Boolean(container.stdin);
  spec.stdinOnce = Boolean(container.stdinOnce);
  Object.assign(spec, userSettings(pod, container));
  spec.readOnlyRootFilesystem = Boolean(own?.readOnlyRootFilesystem);
  spec.privileged = Boolean(own?.privileged);
  spec.noNewPrivileges = own?.allowPrivilegeEscalation === false;
  spec.seccomp = !own?.privileged && !["Unconfined", undefined].includes(profile?.type);
  const armor = own?.appArmorProfile ?? shared?.appArmorProfile;
  const profiles = { appArmor: onNode(armor), seccomp: onNode(profile) };
  if (profiles.appArmor ?? profiles.seccomp) spec.profiles = profiles;
  spec.unconfined = armor?.type === "Unconfined";
  spec.capabilities = { add: own?.capabilities?.add ?? [], drop: own?.capabilities?.drop ?? [] };
  spec.mounts = mounts;
  Object.assign(spec, limits);
  spec.terminationMessagePath = container.terminationMessagePath ?? "/dev/termination-log";
  spec.ports = portsOf(container, pod.spec.containers);
  return spec as ContainerSpec;
}

/** Hosts of probes that mean the node, and so a Pod in its network. */
const loopback = new Set(["localhost", "127.0.0.1", "::1"]);

/** Ports that a container declares, and those that its probes and hooks ask where no other container declares them. */
function portsOf(container: Container, all: readonly Container[]): ContainerSpec["ports"] {
  const isOthers = (port: number): boolean =>
    all.some(
      (one) => one.name !== container.name && one.ports?.some((p) => p.containerPort === port),
    );
  const ports: ContainerSpec["ports"] = (container.ports ?? []).map((p) => ({
    containerPort: p.containerPort,
    protocol: p.protocol ?? "TCP",
    ...(p.name ? { name: p.name } : {}),
  }));
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const asking = [livenessProbe, readinessProbe, startupProbe];
  for (const one of [...asking, lifecycle?.postStart, lifecycle?.preStop]) {
    const grpc = (one as { grpc?: { port: number } } | undefined)?.grpc;
    const target = (one?.httpGet ?? one?.tcpSocket ?? grpc)?.port;
    const host = one?.httpGet?.host ?? one?.tcpSocket?.host;
    if (target === undefined || (host && !loopback.has(host))) continue;
    const port = resolvePort(container, target as number | string);
    if (typeof port !== "number") continue;
    let known = ports.find((p) => p.containerPort === port && p.protocol === "TCP");
    if (!known && isOthers(port)) continue;
    if (!known) ports.push((known = { containerPort: port, protocol: "TCP" }));
    if (one?.httpGet?.scheme === "HTTPS") known.tls = true;
    else if (one?.httpGet && (/443$/.test(String(port)) || known.name?.includes("https")))
      known.tls = false;
  }
  return ports;
}

/** Not startable as things stand: says so, and looks again on the error grid (sooner when an input changes). */
function failConfig(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  reason: string,
  message: string,
): void {
  containerEvent(sync, container, kind, "Warning", "Failed", `Error: ${message}`);
  record.waiting = { reason, message };
  record.retryAtMs = sync.now + configRetryMs;
  requeueAt(sync, record.retryAtMs);
}

/** Starts the next instance; the image is present. */
export function startContainer(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  image: ReadyImage,
): void {
  const declared = containerEnv(sync.client, container, {
    pod: sync.pod,
    podIP: sync.record.ip ?? "",
    hostIP: hostIP(sync.node),
    node: sync.node,
    volumeText: (volume, path) =>
      sync.runtime.volumeText?.(sync.context, sync.record.uid, volume, path),
  });
  const devices = deviceEnv(sync, container);
  const made =
    "env" in declared && "env" in devices && devices.env.length > 0
      ? { env: [...declared.env, ...devices.env] }
      : declared;
  const problem = "error" in made ? made.error : nonRootProblem(sync, container);
  const mounted =
    "error" in made ? made : containerMounts(sync.client, sync.pod, container, sync.node, made.env);
  if ("error" in made || "error" in mounted || problem !== undefined) {
    const text = "error" in mounted ? mounted.error : (problem ?? "");
    failConfig(sync, container, kind, record, "CreateContainerConfigError", text);
    return;
  }
  if ("error" in devices) {
    failConfig(sync, container, kind, record, "CreateContainerError", devices.error);
    return;
  }
  sync.client.spend?.(cpuUsPerContainerStart);
  const before = { ...record };
  if (record.id !== undefined) record.restarts += 1;
  record.id = containerId(sync.client);
  const spec = specOf(sync, container, kind, record, made.env, mounted.mounts);
  const failure = sync.runtime.start(sync.context, spec);
  if (failure && failure.reason !== "RunContainerError") {
    record.id = before.id;
    record.restarts = before.restarts;
    failConfig(sync, container, kind, record, failure.reason, failure.message);
    return;
  }
  containerEvent(sync, container, kind, "Normal", "Created", "Container created");
  supersede(sync, record, before);
  record.specImage = container.image;
  record.image = image.reference;
  record.imageID = image.imageID;
  if (failure) {
    failStart(sync, container, kind, record, failure);
    return;
  }
  record.state = "running";
  record.startedAtMs = sync.now;
  containerEvent(sync, container, kind, "Normal", "Started", "Container started");
  beginPostStart(sync, container, kind, record);
}

/** The new instance takes the old one's place; only the last two can be asked about. */
function supersede(sync: Sync, record: ContainerRecord, before: ContainerRecord): void {
  if (before.exit) record.last = before.exit;
  if (before.last) sync.runtime.remove(sync.context, sync.key, before.last.id);
  delete record.exit;
  delete record.waiting;
  delete record.retryAtMs;
  delete record.retryImage;
  delete record.probes;
  delete record.restartsAtOnce;
  delete record.runsWith;
}

function failStart(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  failure: StartFailure,
): void {
  containerEvent(sync, container, kind, "Warning", "Failed", `Error: ${failure.message}`);
  record.state = "exited";
  record.exit = {
    id: record.id ?? "",
    code: failure.exitCode,
    reason: "StartError",
    message: failure.message,
    startedAtMs: 0,
    finishedAtMs: sync.now,
  };
  record.waiting = { reason: failure.reason, message: failure.message };
  record.retryAtMs = sync.now + relistMs;
  requeueAt(sync, record.retryAtMs);
}

function beginPostStart(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
): void {
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  const call = startHook(sync, container, record, hook, neverMs);
  if (call === "failed") failPostStart(sync, container, kind, record);
  else if (call !== "done") record.postStart = call;
}

/** k8s: kuberuntime_container.go startContainer, step 4 */
export function failPostStart(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
): void {
  delete record.postStart;
  containerEvent(sync, container, kind, "Warning", "FailedPostStartHook", "PostStartHook failed");
  record.waiting = { reason: "PostStartHookError", message: "PostStartHook failed" };
  beginKill(sync, container, kind, record, {
    message: "FailedPostStartHook",
    graceSeconds: sync.pod.spec.terminationGracePeriodSeconds ?? 30,
    restart: false,
  });
}
