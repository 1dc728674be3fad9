/** Mounts and block devices of a container. k8s: core/validation ValidateVolumeMounts, ValidateVolumeDevices */
import type { VolumeDevice, VolumeMount } from "kubernetes-types/core/v1";
import type { Container, EphemeralContainer, Volume } from "../types.ts";
import {
  type FieldError,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
} from "../../../machinery/field.ts";
import { validateDescendingPath, validateNoBacksteps } from "../../../machinery/container-paths.ts";

const propagations = ["Bidirectional", "HostToContainer", "None"];

function validatePropagation(mount: VolumeMount, privileged: boolean, path: string): FieldError[] {
  const mode = mount.mountPropagation;
  if (mode === undefined) return [];
  const errors = propagations.includes(mode) ? [] : [notSupported(path, mode, propagations)];
  if (mode === "Bidirectional" && !privileged)
    errors.push(
      forbiddenField(
        path,
        "Bidirectional mount propagation is available only to privileged containers",
      ),
    );
  return errors;
}

function validateRecursiveReadOnly(mount: VolumeMount, path: string): FieldError[] {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === "Disabled") return [];
  if (mode !== "Enabled" && mode !== "IfPossible")
    return [notSupported(path, mode, ["Disabled", "Enabled", "IfPossible"])];
  const errors: FieldError[] = [];
  if (!mount.readOnly)
    errors.push(forbiddenField(path, "may only be specified when readOnly is true"));
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== "None")
    errors.push(
      forbiddenField(path, "may only be specified when mountPropagation is None or not specified"),
    );
  return errors;
}

/** k8s: ValidateVolumeMounts */
export function validateMounts(
  container: Container | EphemeralContainer,
  volumes: ReadonlyMap<string, Volume>,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const devices = container.volumeDevices ?? [];
  const privileged = container.securityContext?.privileged === true;
  const seen = new Set<string>();
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}[${i}]`;
    const { name = "", mountPath = "", subPath, subPathExpr } = mount;
    if (!name) errors.push(required(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFoundField(`${at}.name`, name));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (seen.has(mountPath)) errors.push(invalid(`${at}.mountPath`, mountPath, "must be unique"));
    seen.add(mountPath);
    if (devices.some((d) => d.name === name))
      errors.push(invalid(`${at}.name`, name, "must not already exist in volumeDevices"));
    if (devices.some((d) => d.devicePath === mountPath))
      errors.push(
        invalid(`${at}.mountPath`, mountPath, "must not already exist as a path in volumeDevices"),
      );
    // From here on upstream leaves the index out of the path.
    if (subPath) errors.push(...validateDescendingPath(subPath, `${path}.subPath`));
    if (subPathExpr) {
      if (subPath)
        errors.push(
          invalid(
            `${at}.subPathExpr`,
            subPathExpr,
            "subPathExpr and subPath are mutually exclusive",
          ),
        );
      errors.push(...validateDescendingPath(subPathExpr, `${path}.subPathExpr`));
    }
    if (mount.mountPropagation !== undefined)
      errors.push(...validatePropagation(mount, privileged, `${path}.mountPropagation`));
    if (mount.recursiveReadOnly !== undefined)
      errors.push(...validateRecursiveReadOnly(mount, `${path}.recursiveReadOnly`));
  });
  return errors;
}

/** k8s: ValidateVolumeDevices */
export function validateDevices(
  devices: readonly VolumeDevice[],
  mounts: readonly VolumeMount[],
  volumes: ReadonlyMap<string, Volume>,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  devices.forEach(({ name = "", devicePath = "" }, i) => {
    const at = `${path}[${i}]`;
    const volume = volumes.get(name);
    if (!name) errors.push(required(`${at}.name`));
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, "must be unique"));
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(
        invalid(
          `${at}.name`,
          name,
          "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
        ),
      );
    if (!volume) errors.push(notFoundField(`${at}.name`, name));
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    if (paths.has(devicePath))
      errors.push(invalid(`${at}.devicePath`, devicePath, "must be unique"));
    if (validateNoBacksteps(devicePath, at).length > 0)
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mounts.some((m) => m.name === name))
      errors.push(invalid(`${at}.name`, name, "must not already exist in volumeMounts"));
    if (mounts.some((m) => m.mountPath === devicePath))
      errors.push(
        invalid(`${at}.devicePath`, devicePath, "must not already exist as a path in volumeMounts"),
      );
    if (name) names.add(name);
  });
  return errors;
}
