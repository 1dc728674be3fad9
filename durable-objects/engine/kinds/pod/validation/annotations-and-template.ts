/** Pods and Pod templates beyond their spec. k8s: core/validation ValidatePodCreate, ValidatePodTemplateSpec */
import type { AppArmorProfile, SeccompProfile } from "kubernetes-types/core/v1";
import { type Pod, type PodSpec, type PodTemplateSpec, containersOf } from "../types.ts";
import { append, type FieldError, forbiddenField, invalid } from "../../../machinery/field.ts";
import { validateTemplateMeta } from "../../../machinery/metadata.ts";
import { validateImageSpace } from "./containers.ts";
import { validatePodSpec } from "./spec.ts";
import { validateDescendingPath } from "../../../machinery/container-paths.ts";

export const mirrorAnnotation = "kubernetes.io/config.mirror";
export const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const seccompPod = "seccomp.security.alpha.kubernetes.io/pod";
const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/";
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";

type Annotations = Record<string, string> | undefined;

function validateSeccompText(profile: string, path: string): FieldError[] {
  if (["runtime/default", "docker/default", "unconfined"].includes(profile)) return [];
  if (profile.startsWith("localhost/"))
    return validateDescendingPath(profile.slice("localhost/".length), path);
  return [invalid(path, profile, "must be a valid seccomp profile")];
}

function validateAppArmorText(
  key: string,
  profile: string,
  spec: PodSpec,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = key.slice(appArmorPrefix.length);
  if (![...containersOf(spec, "")].some(([c]) => c.name === name))
    errors.push(invalid(at, name, "container not found"));
  if (!/^(|runtime\/default|unconfined|localhost\/.*)$/s.test(profile))
    errors.push(invalid(at, profile, `invalid AppArmor profile name: "${profile}"`));
  return errors;
}

/** k8s: ValidatePodSpecificAnnotations */
export function validatePodAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  path: string,
): FieldError[] {
  if (!annotations) return [];
  const errors: FieldError[] = [];
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName)
    errors.push(
      invalid(
        `${path}[${mirrorAnnotation}]`,
        mirror,
        "must set spec.nodeName if mirror pod annotation is set",
      ),
    );
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost))
    errors.push(invalid(`${path}[${deletionCost}]`, cost, "must be a 32bit integer"));
  for (const key in annotations) {
    const value = annotations[key] ?? "";
    if (key === seccompPod || key.startsWith(seccompPrefix))
      errors.push(...validateSeccompText(value, `${path}.${key}`));
    if (key.startsWith(appArmorPrefix))
      errors.push(...validateAppArmorText(key, value, spec, `${path}[${key}]`));
  }
  return errors;
}

/** Go's ParseInt and no leading plus or zeros. k8s: helper.GetDeletionCostFromPodAnnotations */
function isInt32(text: string): boolean {
  const n = Number(text);
  return /^(0|-?[1-9][0-9]*)$/.test(text) && n >= -(2 ** 31) && n < 2 ** 31;
}

/** An old annotation and the new field about one container must agree. */
function validateProfileMatch(
  what: "seccomp" | "apparmor",
  annotation: string,
  profile: SeccompProfile | AppArmorProfile,
  path: string,
): FieldError[] {
  const type = [forbiddenField(`${path}.type`, `${what} type in annotation and field must match`)];
  switch (profile.type) {
    case "Unconfined":
      return annotation === "unconfined" ? [] : type;
    case "RuntimeDefault":
      return annotation === "runtime/default" ||
        (what === "seccomp" && annotation === "docker/default")
        ? []
        : type;
    case "Localhost":
      if (!annotation.startsWith("localhost/")) return type;
      return annotation.slice("localhost/".length) === profile.localhostProfile
        ? []
        : [
            forbiddenField(
              `${path}.localhostProfile`,
              `${what} profile in annotation and field must match`,
            ),
          ];
    default:
      return [];
  }
}

/** k8s: validateSeccompAnnotationsAndFields, validateAppArmorAnnotationsAndFieldsMatchOnCreate */
export function validateProfiles(
  annotations: Annotations,
  spec: PodSpec,
  path: string,
): FieldError[] {
  if (!annotations) return [];
  const errors: FieldError[] = [];
  const own = spec.securityContext;
  const text = annotations[seccompPod];
  if (own?.seccompProfile && text !== undefined)
    errors.push(
      ...validateProfileMatch(
        "seccomp",
        text,
        own.seccompProfile,
        `${path}.securityContext.seccompProfile`,
      ),
    );
  for (const [{ name, securityContext }, at] of containersOf(spec, path)) {
    const seccomp = annotations[seccompPrefix + name];
    if (seccomp !== undefined && securityContext?.seccompProfile)
      errors.push(
        ...validateProfileMatch(
          "seccomp",
          seccomp,
          securityContext.seccompProfile,
          `${at}.securityContext.seccompProfile`,
        ),
      );
    const profile = securityContext?.appArmorProfile ?? own?.appArmorProfile;
    const armor = annotations[appArmorPrefix + name];
    if (armor !== undefined && profile && spec.os?.name !== "windows")
      errors.push(
        ...validateProfileMatch(
          "apparmor",
          armor,
          profile,
          `${at}.securityContext.appArmorProfile`,
        ),
      );
  }
  return errors;
}

/** Spec and annotations of a Pod, on create and update alike (metadata is checked by the caller). k8s: validatePodMetadataAndSpec */
export function validatePodParts(pod: Pod): FieldError[] {
  const { spec, metadata } = pod;
  const errors = validatePodAnnotations(metadata.annotations, spec, "metadata.annotations");
  errors.push(
    ...validatePodSpec(spec, "spec", {
      resourceIsPod: true,
      podName: metadata.name,
      mirror: metadata.annotations?.[mirrorAnnotation] !== undefined,
    }),
  );
  if (!spec.serviceAccountName)
    spec.volumes?.forEach((volume, v) =>
      volume.projected?.sources?.forEach((source, s) => {
        if (source.serviceAccountToken)
          errors.push(
            forbiddenField(
              `spec.volumes[${v}].projected.sources[${s}].serviceAccountToken`,
              "must not be specified when serviceAccountName is not set",
            ),
          );
      }),
    );
  for (const list of ["containers", "initContainers"] as const)
    spec[list]?.forEach((container, i) =>
      errors.push(...validateImageSpace(container, `spec.${list}[${i}]`)),
    );
  return errors;
}

/** k8s: ValidatePodCreate */
export function validatePodCreate(pod: Pod): FieldError[] {
  const errors = validatePodParts(pod);
  const { spec, metadata } = pod;
  if (spec.ephemeralContainers?.length)
    errors.push(forbiddenField("spec.ephemeralContainers", "cannot be set on create"));
  if (spec.nodeName && spec.schedulingGates?.length)
    errors.push(
      forbiddenField("spec.nodeName", "cannot be set until all schedulingGates have been cleared"),
    );
  errors.push(...validateProfiles(metadata.annotations, spec, "spec"));
  return errors;
}

/** k8s: ValidatePodTemplateSpec */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const annotations = template.metadata?.annotations;
  const { spec } = template;
  // Upstream leaves `metadata` out of these paths.
  const errors = validateTemplateMeta(template.metadata, path);
  errors.push(...validatePodAnnotations(annotations, spec, `${path}.annotations`));
  append(errors, validatePodSpec(spec, `${path}.spec`, { resourceIsPod: false }));
  errors.push(...validateProfiles(annotations, spec, `${path}.spec`));
  if (spec.ephemeralContainers?.length)
    errors.push(
      forbiddenField(
        `${path}.spec.ephemeralContainers`,
        "ephemeral containers not allowed in pod template",
      ),
    );
  return errors;
}
