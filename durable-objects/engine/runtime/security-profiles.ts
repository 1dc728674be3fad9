/** Profiles of AppArmor and seccomp that a container names: whether its node has them. Error texts are containerd's. */
import { defaultAppArmor } from "../core/machine-facts.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import type { StartFailure } from "./runtime-port.ts";
import { isNodeFile } from "./volumes/node-files.ts";

/** k8s: pkg/kubelet/kubelet.go seccompProfileRoot */
const seccompFolder = "/var/lib/kubelet/seccomp";

const failed = (message: string): StartFailure => ({
  reason: "CreateContainerError",
  exitCode: 128,
  message,
});

/** Nobody can load a profile into a node's kernel here; a file of seccomp's can be put there. */
export function profileProblem(
  context: RuntimeContext,
  { profiles, pod }: ContainerSpec,
): StartFailure | undefined {
  if (!profiles) return undefined;
  const { appArmor, seccomp } = profiles;
  if (appArmor !== undefined && appArmor !== defaultAppArmor)
    return failed(
      `failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not found ${appArmor}`,
    );
  if (seccomp === undefined) return undefined;
  const path = `${seccompFolder}/${seccomp}`;
  if (isNodeFile(context, pod.node, path)) return undefined;
  return failed(
    `failed to create containerd container: cannot load seccomp profile "${path}": open ${path}: no such file or directory`,
  );
}
