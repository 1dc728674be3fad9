/** Writes to pods/x/status. k8s: core/validation ValidatePodStatusUpdate */
import type { PodIP } from "kubernetes-types/core/v1";
import { equal } from "../../../core/equal.ts";
import type { Container, ContainerStatus, Pod } from "../types.ts";
import { type FieldError, forbiddenField, invalid } from "../../../machinery/field.ts";
import { parseIp, validateIpLegacy } from "../../../machinery/ip.ts";
import { validateImmutable } from "../../../machinery/metadata.ts";
import { dns1123Subdomain, invalidEach, qualifiedName } from "../../../machinery/names.ts";
import { validateClaimStatus } from "./claim-status.ts";
import { validateAnnotationUpdates } from "./update.ts";

/** Types that need no look: upstream's system conditions, and others of its kubelet. */
const systemConditions = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
  "PodReadyToStartContainers",
]);

/** May a container that ended with `exitCode` run again? k8s: podutil.ContainerShouldRestart */
export function containerShouldRestart(
  container: Container | undefined,
  podPolicy: string | undefined,
  exitCode: number,
): boolean {
  for (const rule of container?.restartPolicyRules ?? []) {
    const listed = rule.exitCodes?.values?.includes(exitCode) ?? false;
    if (rule.exitCodes && (rule.exitCodes.operator === "In" ? listed : !listed)) return true;
  }
  const policy = container?.restartPolicy ?? podPolicy;
  if (policy === "OnFailure") return exitCode !== 0;
  return policy !== "Never";
}

function validateTransitions(
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  mayRestart: (status: ContainerStatus) => boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (now === old) return errors;
  old?.forEach((before, i) => {
    if (!before.state?.terminated) return;
    const after = now?.find((s) => s.name === before.name);
    if (after && !after.state?.terminated && !mayRestart(before))
      errors.push(
        forbiddenField(`${path}[${i}].state`, "may not be transitioned to non-terminated state"),
      );
  });
  return errors;
}

function validateIps(
  ips: readonly PodIP[] | undefined,
  old: readonly PodIP[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!ips || equal(ips, old)) return errors;
  const known = old?.map((p) => p.ip ?? "") ?? [];
  ips.forEach(({ ip = "" }, i) => errors.push(...validateIpLegacy(`${path}[${i}]`, ip, known)));
  if (ips.length > 1) {
    const families = new Set(ips.map(({ ip = "" }) => parseIp(ip)?.family));
    if (families.size !== 2 || ips.length > 2)
      errors.push(invalid(path, ips, "may specify no more than one IP for each IP family"));
  }
  return errors;
}

function validateConditions(pod: Pod): FieldError[] {
  return (pod.status?.conditions ?? []).flatMap(({ type }, i) =>
    systemConditions.has(type)
      ? []
      : invalidEach(`status.conditions[${i}].Type`, type, qualifiedName(type)),
  );
}

/** A node is nominated before binding only. */
function validateNodeNames(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  if (pod.spec.nodeName !== old.spec.nodeName)
    errors.push(forbiddenField("status.nodeName", "may not be changed directly"));
  const nominated = pod.status?.nominatedNodeName;
  if (!nominated || nominated === old.status?.nominatedNodeName) return errors;
  const path = "status.nominatedNodeName";
  errors.push(...invalidEach(path, nominated, dns1123Subdomain(nominated)));
  if (old.spec.nodeName)
    errors.push(forbiddenField(path, "may not be set on pods that are already bound to a node"));
  return errors;
}

const someEnded = (list: readonly ContainerStatus[] | undefined): boolean =>
  list?.some((status) => status.state?.terminated) ?? false;

/** Terminated containers stay so unless a policy or rule restarts them. */
function validateStates(pod: Pod, old: Pod): FieldError[] {
  const { spec, status } = old;
  const ended =
    someEnded(status?.containerStatuses) ||
    someEnded(status?.initContainerStatuses) ||
    someEnded(status?.ephemeralContainerStatuses);
  if (!ended) return [];
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const everyoneMayRestart = all.some((c) =>
    c.restartPolicyRules?.some((rule) => rule.action === "RestartAllContainers"),
  );
  const mayRestart =
    (containers: readonly Container[] | undefined) =>
    (status: ContainerStatus): boolean => {
      if (everyoneMayRestart) return true;
      const container = containers?.find((c) => c.name === status.name);
      const code = status.state?.terminated?.exitCode ?? 0;
      return container !== undefined && containerShouldRestart(container, spec.restartPolicy, code);
    };
  const lists = [
    ["containerStatuses", mayRestart(spec.containers)],
    ["initContainerStatuses", mayRestart(spec.initContainers)],
    ["ephemeralContainerStatuses", () => false],
  ] as const;
  return lists.flatMap(([key, may]) =>
    validateTransitions(pod.status?.[key], old.status?.[key], may, `status.${key}`),
  );
}

/** k8s: ValidatePodStatusUpdate */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const now = pod.status ?? {};
  const before = old.status ?? {};
  const errors = [
    ...validateAnnotationUpdates(pod, old),
    ...validateConditions(pod),
    ...validateNodeNames(pod, old),
    ...validateImmutable(now.qosClass, before.qosClass, "status.qosClass"),
    ...validateStates(pod, old),
    ...validateClaimStatus(pod, old),
    ...validateIps(now.podIPs, before.podIPs, "status.podIPs"),
  ];
  const hosts = now.hostIPs as PodIP[] | undefined;
  if (!hosts?.length || hosts === before.hostIPs) return errors;
  if (now.hostIP !== hosts[0]?.ip)
    errors.push(invalid("status.hostIPs[0].ip", hosts[0]?.ip ?? "", "must be equal to `hostIP`"));
  errors.push(...validateIps(hosts, before.hostIPs as PodIP[] | undefined, "status.hostIPs"));
  return errors;
}
