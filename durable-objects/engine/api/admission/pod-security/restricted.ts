/** Restricted: what it asks beyond baseline, one row per check. k8s: pod-security-admission/policy/check_*.go */
import type { Volume } from "../../../kinds/pod/types.ts";
import { procMount, seccomp } from "./baseline.ts";
import {
  hasUserNamespace,
  isWindows,
  listed,
  namesWhere,
  containers,
  plural,
  quoted,
  setters,
  sorted,
  unless,
  type Any,
  type Check,
  type CheckPod,
} from "./check.ts";

const escalation: CheckPod = (spec) => {
  const names = namesWhere(spec, (c) => c.securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return {
    reason: "allowPrivilegeEscalation != false",
    detail: `${listed("container", names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const capabilities: CheckPod = (spec) => {
  const added = (c: Any): string[] =>
    (c.securityContext?.capabilities?.add ?? []).filter((one) => one !== "NET_BIND_SERVICE");
  const keeping = namesWhere(spec, (c) => !c.securityContext?.capabilities?.drop?.includes("ALL"));
  const adding = namesWhere(spec, (c) => added(c).length > 0);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(
      `${listed("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`,
    );
  if (adding.length > 0)
    details.push(
      `${listed("container", adding)} must not include ${quoted(sorted(containers(spec).flatMap(added)))} in securityContext.capabilities.add`,
    );
  if (details.length === 0) return undefined;
  return { reason: "unrestricted capabilities", detail: details.join("; ") };
};

const goodVolumes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const badVolumes =
  "hostPath gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs rbd flexVolume cinder cephfs flocker fc azureFile vsphereVolume quobyte azureDisk portworxVolume photonPersistentDisk scaleIO storageos".split(
    " ",
  );

const volumes: CheckPod = (spec) => {
  const has = (volume: Volume, type: string): boolean =>
    (volume as unknown as Record<string, unknown>)[type] !== undefined;
  const bad = (spec.volumes ?? []).filter((one) => !goodVolumes.some((type) => has(one, type)));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((one) => badVolumes.find((type) => has(one, type)) ?? "unknown"));
  const names = bad.map(({ name }) => name ?? "");
  return {
    reason: "restricted volume types",
    detail: `${listed("volume", names)} ${plural("uses", names.length, "use")} ${plural("restricted volume type", types.length)} ${quoted(types)}`,
  };
};

const nonRoot: CheckPod = (spec) => {
  const reason = "runAsNonRoot != true";
  const own = spec.securityContext?.runAsNonRoot;
  const who = setters(
    own === false,
    namesWhere(spec, (c) => c.securityContext?.runAsNonRoot === false),
  );
  if (who.length > 0) {
    const detail = `${who.join(" and ")} must not set securityContext.runAsNonRoot=false`;
    return { reason, detail };
  }
  if (own === true) return undefined;
  const names = namesWhere(spec, (c) => c.securityContext?.runAsNonRoot === undefined);
  if (names.length === 0) return undefined;
  const detail = `pod or ${listed("container", names)} must set securityContext.runAsNonRoot=true`;
  return { reason, detail };
};

const user: CheckPod = (spec) => {
  const who = setters(
    spec.securityContext?.runAsUser === 0,
    namesWhere(spec, (c) => c.securityContext?.runAsUser === 0),
  );
  if (who.length === 0) return undefined;
  return { reason: "runAsUser=0", detail: `${who.join(" and ")} must not set runAsUser=0` };
};

const profile: CheckPod = (spec, annotations) => {
  const bad = seccomp(spec, annotations);
  if (bad) return bad;
  if (spec.securityContext?.seccompProfile) return undefined;
  const names = namesWhere(spec, (c) => c.securityContext?.seccompProfile === undefined);
  if (names.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `pod or ${listed("container", names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

const from = (
  id: string,
  versions: readonly (readonly [minor: number, check: CheckPod])[],
  overrides?: string,
): Check => ({ id, level: "restricted", versions, ...(overrides ? { overrides } : {}) });

export const restricted: readonly Check[] = [
  from("allowPrivilegeEscalation", [
    [8, escalation],
    [25, unless(isWindows, escalation)],
  ]),
  from(
    "capabilities_restricted",
    [
      [22, capabilities],
      [25, unless(isWindows, capabilities)],
    ],
    "capabilities_baseline",
  ),
  from("procMount_restricted", [[35, procMount]], "procMount"),
  from("restrictedVolumes", [[0, volumes]], "hostPathVolumes"),
  from("runAsNonRoot", [
    [0, nonRoot],
    [35, unless(hasUserNamespace, nonRoot)],
  ]),
  from("runAsUser", [
    [23, user],
    [35, unless(hasUserNamespace, user)],
  ]),
  from(
    "seccompProfile_restricted",
    [
      [19, profile],
      [25, unless(isWindows, profile)],
    ],
    "seccompProfile_baseline",
  ),
];
