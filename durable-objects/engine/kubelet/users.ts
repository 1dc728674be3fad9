/** What a Pod says about the user of a container. k8s: pkg/kubelet/kuberuntime/security_context.go */
import type { UserSettings } from "../runtime/kernel/users.ts";
import type { Container, Pod } from "../kinds/pod/types.ts";

/** User and groups of a container: its own security context before its Pod's. */
export function userSettings(pod: Pod, container: Container): UserSettings {
  const own = container.securityContext;
  const shared = pod.spec.securityContext as
    | (Pod["spec"]["securityContext"] & { supplementalGroupsPolicy?: string })
    | undefined;
  const user = own?.runAsUser ?? shared?.runAsUser;
  const group = own?.runAsGroup ?? shared?.runAsGroup;
  const nonRoot = user === undefined && (own?.runAsNonRoot ?? shared?.runAsNonRoot);
  return {
    ...(nonRoot ? { nonRoot: true } : {}),
    ...(user === undefined ? {} : { runAsUser: user }),
    ...(group === undefined ? {} : { runAsGroup: group }),
    ...(shared?.fsGroup === undefined ? {} : { fsGroup: shared.fsGroup }),
    ...(shared?.supplementalGroups ? { supplementalGroups: shared.supplementalGroups } : {}),
    ...(shared?.supplementalGroupsPolicy === "Strict" ? { strictGroups: true } : {}),
  };
}
