/** Paths of a Pod's spec that no node takes. The API sets them no limit; a kernel does. */
import { pathBytesMax, pathDepthMax, shownPathCharactersMax } from "../../core/limits.ts";
import type { StartFailure } from "../runtime-port.ts";
import type { ContainerSpec } from "../container-spec.ts";

/** Whether the kernel answers ENAMETOOLONG; reads no more of the path than decides it. */
export function isTooLong(path: string): boolean {
  if (path.length >= pathBytesMax) return true;
  return path.split("/").filter(Boolean).length > pathDepthMax;
}

const shown = (path: string): string =>
  path.length > shownPathCharactersMax ? `${path.slice(0, shownPathCharactersMax)}...` : path;

const inInit = (message: string): string =>
  `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${message}: file name too long: unknown`;

/** Why a container cannot start for the length of its paths. */
export function pathProblem(spec: ContainerSpec): StartFailure | undefined {
  const fails = (reason: StartFailure["reason"], message: string): StartFailure => ({
    reason,
    exitCode: 128,
    message,
  });
  for (const { volume = "", source, subPath = "", mountPath } of spec.mounts) {
    if (isTooLong(subPath))
      return fails(
        "CreateContainerConfigError",
        `failed to create subPath directory for volumeMount "${volume}" of container "${spec.name}"`,
      );
    if (isTooLong(source)) {
      const path = shown(source.replace(/^host\/[^/]*/, ""));
      return fails(
        "CreateContainerError",
        `failed to generate container "${spec.id}" spec: failed to generate spec: failed to mkdir "${path}": mkdir ${path}: file name too long`,
      );
    }
    if (isTooLong(mountPath)) {
      const at = shown(mountPath);
      return fails(
        "RunContainerError",
        inInit(
          `error mounting "${shown(source)}" to rootfs at "${at}": create mountpoint for ${at} mount`,
        ),
      );
    }
  }
  const { workingDir = "" } = spec;
  return isTooLong(workingDir)
    ? fails("RunContainerError", inInit(`mkdir ${shown(workingDir)}`))
    : undefined;
}
