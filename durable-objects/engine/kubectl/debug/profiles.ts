/** Debugging profiles: what they make of a Pod and its container. k8s: kubectl/pkg/cmd/debug/profiles.go */
import { lookup } from "../../core/lookup.ts";
import { Failure } from "../errors.ts";
import type { Flags } from "../flags.ts";
import type { PodContainer, PodObject } from "../pods.ts";

/** How it is debugged: by a container added to the Pod, a copy of it, or a Pod on a node. */
export type Style = "ephemeral" | "copy" | "node";

interface SecurityContext {
  privileged?: boolean;
  runAsUser?: number;
  runAsNonRoot?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  seccompProfile?: { type: string };
}

export const securityOf = (container: PodContainer): SecurityContext =>
  (container["securityContext"] ??= {}) as SecurityContext;

function add(container: PodContainer, ...names: string[]): void {
  const capabilities = (securityOf(container).capabilities ??= {});
  (capabilities.add ??= []).push(...names);
}

function mountRoot(pod: PodObject, container: PodContainer): void {
  const volumes = (pod.spec["volumes"] ??= []) as object[];
  volumes.push({ name: "host-root", hostPath: { path: "/" } });
  const mounts = (container["volumeMounts"] ??= []) as object[];
  mounts.push({ name: "host-root", mountPath: "/host" });
}

const hostNamespaces = (pod: PodObject): unknown =>
  Object.assign(pod.spec, { hostNetwork: true, hostPID: true, hostIPC: true });

const probes = [
  ["keep-liveness", "livenessProbe"],
  ["keep-readiness", "readinessProbe"],
  ["keep-startup", "startupProbe"],
] as const;

/** What a copy does without, and that its containers see each other. */
function copied(pod: PodObject, flags: Flags): void {
  const { metadata } = pod;
  if (metadata && !flags.bool("keep-labels")) delete metadata.labels;
  if (metadata && !flags.bool("keep-annotations")) delete metadata.annotations;
  for (const container of pod.spec.containers)
    for (const [flag, field] of probes) if (!flags.bool(flag)) delete container[field];
  if (!flags.bool("keep-init-containers")) delete pod.spec.initContainers;
  pod.spec["shareProcessNamespace"] ??= true;
}

type Profile = (pod: PodObject, container: PodContainer, style: Style, flags: Flags) => void;

const profiles: Record<string, Profile> = lookup({
  legacy(pod, container, style) {
    if (style === "copy") delete pod.metadata?.labels;
    if (style !== "node") return;
    mountRoot(pod, container);
    hostNamespaces(pod);
  },
  general(pod, container, style, flags) {
    if (style === "node") {
      mountRoot(pod, container);
      delete container["securityContext"];
      hostNamespaces(pod);
      return;
    }
    if (style === "copy") copied(pod, flags);
    add(container, "SYS_PTRACE");
  },
  baseline(pod, container, style, flags) {
    delete container["securityContext"];
    if (style === "copy") copied(pod, flags);
  },
  restricted(pod, container, style, flags) {
    container["securityContext"] = {
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      allowPrivilegeEscalation: false,
      seccompProfile: { type: "RuntimeDefault" },
    };
    if (style === "copy") copied(pod, flags);
  },
  netadmin(pod, container, style, flags) {
    add(container, "NET_ADMIN", "NET_RAW");
    if (style === "node") hostNamespaces(pod);
    if (style === "copy") copied(pod, flags);
  },
  sysadmin(pod, container, style, flags) {
    securityOf(container).privileged = true;
    if (style === "copy") copied(pod, flags);
    if (style !== "node") return;
    hostNamespaces(pod);
    mountRoot(pod, container);
  },
});

export function profileOf(name: string): Profile {
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (!found) throw new Failure(`unknown profile: ${name}`);
  return found;
}

/** Whether capabilities that a profile gives are lost on a Pod whose user is not root. k8s: debug.go displayWarning */
export function isPowerless(pod: PodObject, container: PodContainer): boolean {
  const user = (pod.spec["securityContext"] as SecurityContext | undefined)?.runAsUser;
  const own = container["securityContext"] as SecurityContext | undefined;
  if (!user || !own || own.runAsUser === 0) return false;
  return own.privileged === true || (own.capabilities?.add?.length ?? 0) > 0;
}
