/** Writes to pods/x/status. k8s: core/validation ValidatePodStatusUpdate */
import type { ContainerStatus, PodIP } from "kubernetes-types/core/v1";
import type { Container, PodObject } from "../../kinds/pod-types.ts";
import { type FieldError, forbiddenField, invalid } from "../field.ts";
import { parseIp, validateIpLegacy } from "./ip.ts";
import { validateImmutable } from "./metadata.ts";
import { dns1123Subdomain, invalidEach, qualifiedName } from "./names.ts";
import { validateAnnotationUpdates } from "./pod-update.ts";

const systemConditions = new Set(["PodScheduled", "Ready", "Initialized"]);

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
  if (ips === old || !ips) return errors;
  const known = old?.map((p) => p.ip ?? "") ?? [];
  ips.forEach(({ ip = "" }, i) => errors.push(...validateIpLegacy(`${path}[${i}]`, ip, known)));
  if (ips.length > 1) {
    const families = new Set(ips.map(({ ip = "" }) => parseIp(ip)?.family));
    if (families.size !== 2 || ips.length > 2)
      errors.push(invalid(path, ips, "may specify no more than one IP for each IP family"));
  }
  return errors;
}

/** k8s: ValidatePodStatusUpdate */
export function validatePodStatusUpdate(pod: PodObject, old: PodObject): FieldError[] {
  const errors = validateAnnotationUpdates(pod, old);
  const now = pod.status ?? {};
  const before = old.status ?? {};
  now.conditions?.forEach((condition, i) => {
    if (!systemConditions.has(condition.type))
      errors.push(
        ...invalidEach(
          `status.conditions[${i}].Type`,
          condition.type,
          qualifiedName(condition.type),
        ),
      );
  });
  if (pod.spec.nodeName !== old.spec.nodeName)
    errors.push(forbiddenField("status.nodeName", "may not be changed directly"));
  const nominated = now.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName) {
    errors.push(
      ...invalidEach("status.nominatedNodeName", nominated, dns1123Subdomain(nominated)),
    );
    if (old.spec.nodeName)
      errors.push(
        forbiddenField(
          "status.nominatedNodeName",
          "may not be set on pods that are already bound to a node",
        ),
      );
  }
  errors.push(...validateImmutable(now.qosClass, before.qosClass, "status.qosClass"));
  const { spec } = old;
  const everyoneMayRestart = [...spec.containers, ...(spec.initContainers ?? [])].some((c) =>
    c.restartPolicyRules?.some((r) => r.action === "RestartAllContainers"),
  );
  const from =
    (containers: readonly Container[] | undefined) =>
    (status: ContainerStatus): boolean => {
      const container = containers?.find((c) => c.name === status.name);
      if (everyoneMayRestart) return true;
      if (!container) return false;
      const code = status.state?.terminated?.exitCode ?? 0;
      return containerShouldRestart(container, spec.restartPolicy, code);
    };
  errors.push(
    ...validateTransitions(
      now.containerStatuses,
      before.containerStatuses,
      from(spec.containers),
      "status.containerStatuses",
    ),
    ...validateTransitions(
      now.initContainerStatuses,
      before.initContainerStatuses,
      from(spec.initContainers),
      "status.initContainerStatuses",
    ),
    ...validateTransitions(
      now.ephemeralContainerStatuses,
      before.ephemeralContainerStatuses,
      () => false,
      "status.ephemeralContainerStatuses",
    ),
    ...validateIps(now.podIPs, before.podIPs, "status.podIPs"),
  );
  const host = now.hostIPs as PodIP[] | undefined;
  if (host?.length && host !== before.hostIPs) {
    if (now.hostIP !== host[0]?.ip)
      errors.push(invalid("status.hostIPs[0].ip", host[0]?.ip ?? "", "must be equal to `hostIP`"));
    errors.push(...validateIps(host, before.hostIPs as PodIP[] | undefined, "status.hostIPs"));
  }
  return errors;
}
