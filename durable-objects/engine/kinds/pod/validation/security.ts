/** Security contexts of Pods and containers. k8s: core/validation ValidateSecurityContext, validatePodSpecSecurityContext */
import type { AppArmorProfile, SeccompProfile, SecurityContext } from "kubernetes-types/core/v1";
import { type PodSpec, containersOf } from "../types.ts";
import {
  type FieldError,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../machinery/field.ts";
import { byteLength, invalidEach, unsupported, userOrGroupId } from "../../../machinery/names.ts";
import { validateDescendingPath } from "../../../machinery/container-paths.ts";

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

function validateSeccomp(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (!profile) return [];
  const errors: FieldError[] = [];
  if (!profile.type)
    errors.push(required(`${path}.type`, "type is required when seccompProfile is set"));
  else if (!profileTypes.includes(profile.type))
    errors.push(unsupported(`${path}.type`, profile.type, profileTypes));
  const local = profile.localhostProfile;
  const at = `${path}.localhostProfile`;
  if (profile.type === "Localhost") {
    if (local === undefined)
      errors.push(required(at, "must be set when seccomp type is Localhost"));
    else errors.push(...validateDescendingPath(local, at));
  } else if (local !== undefined)
    errors.push(invalid(at, profile, "can only be set when seccomp type is Localhost"));
  return errors;
}

function validateAppArmor(profile: AppArmorProfile | undefined, path: string): FieldError[] {
  if (!profile) return [];
  const at = `${path}.localhostProfile`;
  const local = profile.localhostProfile;
  if (!profile.type)
    return [required(`${path}.type`, "type is required when appArmorProfile is set")];
  if (!profileTypes.includes(profile.type))
    return [unsupported(`${path}.type`, profile.type, profileTypes)];
  if (profile.type !== "Localhost")
    return local === undefined
      ? []
      : [invalid(at, local, "can only be set when AppArmor type is Localhost")];
  if (!local) return [required(at, "must be set when AppArmor type is Localhost")];
  const errors: FieldError[] = [];
  if (local.trim() !== local) errors.push(invalid(at, local, "must not be padded with whitespace"));
  if (byteLength(local) > 4095) errors.push(tooLong(at, 4095));
  return errors;
}

const ids = (
  context: { runAsUser?: number; runAsGroup?: number },
  keys: readonly ("runAsUser" | "runAsGroup")[],
  path: string,
): FieldError[] =>
  keys.flatMap((key) => {
    const id = context[key];
    return id === undefined ? [] : invalidEach(`${path}.${key}`, id, userOrGroupId(id));
  });

/** A container's. k8s: ValidateSecurityContext */
export function validateSecurityContext(
  context: SecurityContext,
  path: string,
  hostUsers: boolean,
): FieldError[] {
  const errors = ids(context, ["runAsUser", "runAsGroup"], path);
  const { procMount } = context;
  if (procMount !== undefined) {
    if (procMount !== "Default" && procMount !== "Unmasked")
      errors.push(unsupported(`${path}.procMount`, procMount, ["Default", "Unmasked"]));
    if (hostUsers && procMount === "Unmasked")
      errors.push(
        invalid(`${path}.procMount`, procMount, "`hostUsers` must be false to use `Unmasked`"),
      );
  }
  errors.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged)
      errors.push(
        invalid(
          path,
          context,
          "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ),
      );
    for (const capability of context.capabilities?.add ?? [])
      if (capability === "CAP_SYS_ADMIN")
        errors.push(
          invalid(
            path,
            context,
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
          ),
        );
  }
  errors.push(...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`));
  return errors;
}

const sysctlRegex = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlText =
  "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

function validateSysctls(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  spec.securityContext?.sysctls?.forEach(({ name }, i) => {
    const at = `${path}[${i}].name`;
    if (!name) errors.push(required(at));
    else if (name.length > 253 || !sysctlRegex.test(name))
      errors.push(invalid(at, name, sysctlText));
    else if (names.has(name)) errors.push(duplicate(at, name));
    const dotted = name.replaceAll("/", ".");
    if (spec.hostNetwork && dotted.startsWith("net."))
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.hostIPC && /^(kernel\.shm|kernel\.msg|kernel\.sem$|fs\.mqueue\.)/.test(dotted))
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    names.add(name);
  });
  return errors;
}

/** A Pod's. k8s: validatePodSpecSecurityContext */
export function validatePodSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const context = spec.securityContext;
  if (!context) return [];
  const errors: FieldError[] = [];
  if (context.fsGroup !== undefined)
    errors.push(...invalidEach(`${path}.fsGroup`, context.fsGroup, userOrGroupId(context.fsGroup)));
  errors.push(...ids(context, ["runAsUser", "runAsGroup"], path));
  context.supplementalGroups?.forEach((id, i) =>
    errors.push(...invalidEach(`${path}.supplementalGroups[${i}]`, id, userOrGroupId(id))),
  );
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalid(
        `${path}.shareProcessNamespace`,
        true,
        "ShareProcessNamespace and HostPID cannot both be enabled",
      ),
    );
  if (context.sysctls?.length) errors.push(...validateSysctls(spec, `${path}.sysctls`));
  const choices: [string | undefined, string, string[]][] = [
    [context.fsGroupChangePolicy, "fsGroupChangePolicy", ["Always", "OnRootMismatch"]],
    [context.supplementalGroupsPolicy, "supplementalGroupsPolicy", ["Merge", "Strict"]],
    [context.seLinuxChangePolicy, "seLinuxChangePolicy", ["MountOption", "Recursive"]],
  ];
  const chosen = choices.map(([value, key, supported]) =>
    value === undefined || supported.includes(value)
      ? []
      : [notSupported(`${path}.${key}`, value, supported)],
  );
  errors.push(...(chosen[0] ?? []));
  errors.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  errors.push(...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`));
  errors.push(...(chosen[1] ?? []), ...(chosen[2] ?? []));
  return errors;
}

/** With hostUsers: false the Pod has its own user namespace. k8s: validateHostUsers */
export function validateHostUsers(spec: PodSpec, path: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const text = "when `hostUsers` is false";
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbiddenField(`${path}.hostNetwork`, text));
  if (spec.hostPID) errors.push(forbiddenField(`${path}.HostPID`, text));
  if (spec.hostIPC) errors.push(forbiddenField(`${path}.HostIPC`, text));
  for (const [container, at] of containersOf(spec, path))
    if (container.volumeDevices?.length) errors.push(forbiddenField(`${at}.volumeDevices`, text));
  return errors;
}

const linuxOnlyPod = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const;
const linuxOnlyContainer = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

/** spec.os and what it forbids. k8s: validateOS, validateLinux, validateWindows */
export function validateOs(spec: PodSpec, path: string): FieldError[] {
  const name = spec.os?.name;
  if (!spec.os) return [];
  if (!name) return [required(`${path}.os.name`)];
  if (name !== "linux" && name !== "windows")
    return [notSupported(`${path}.os`, name, ["linux", "windows"])];
  const errors: FieldError[] = [];
  const forbid = (at: string, text: string): void => void errors.push(forbiddenField(at, text));
  if (name === "linux") {
    const text = "windows options cannot be set for a linux pod";
    if (spec.securityContext?.windowsOptions)
      forbid(`${path}.securityContext.windowsOptions`, text);
    for (const [container, at] of containersOf(spec, path))
      if (container.securityContext?.windowsOptions)
        forbid(`${at}.securityContext.windowsOptions`, text);
    return errors;
  }
  const text = "cannot be set for a windows pod";
  for (const key of ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"] as const)
    if (spec[key] !== undefined && spec[key] !== (key === "hostUsers" ? undefined : false))
      forbid(`${path}.${key}`, text);
  for (const key of linuxOnlyPod)
    if (spec.securityContext?.[key] !== undefined) forbid(`${path}.securityContext.${key}`, text);
  for (const [container, at] of containersOf(spec, path))
    for (const key of linuxOnlyContainer)
      if (container.securityContext?.[key] !== undefined)
        forbid(`${at}.securityContext.${key}`, text);
  return errors;
}
