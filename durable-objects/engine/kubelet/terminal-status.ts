/** What a Pod's last status says of containers that never ran. k8s: pkg/kubelet/status/status_manager.go TerminatePod */
import {
  type ContainerStatus,
  type Pod,
  type PodStatus,
  isMirror,
  isSidecar,
} from "../kinds/pod/types.ts";

const succeeded = (state: ContainerStatus["state"]): boolean => state?.terminated?.exitCode === 0;

const neverStarted = ({ state, lastState }: ContainerStatus): boolean =>
  state?.waiting !== undefined && !lastState?.terminated;

/** Whether its containers had their turn. k8s: hasPodInitialized */
function isInitialized(
  { spec }: Pod,
  { initContainerStatuses, containerStatuses }: PodStatus,
): boolean {
  if (!spec.initContainers?.length) return true;
  if (containerStatuses?.some((status) => !neverStarted(status))) return true;
  const last = initContainerStatuses?.at(-1);
  const container = spec.initContainers.find(({ name }) => name === last?.name);
  if (!last || !container) return false;
  if (isSidecar(container, "init"))
    return last.state?.running !== undefined && last.started === true;
  return succeeded(last.state) || succeeded(last.lastState);
}

/** All before the last that began; at least the first. k8s: initializedContainers */
function begun(statuses: ContainerStatus[] = []): ContainerStatus[] {
  const last = statuses.findLastIndex((status) => !neverStarted(status));
  return statuses.slice(0, Math.max(last, 0) + 1);
}

function markUnknown(status: ContainerStatus): void {
  if (status.state?.terminated) return;
  status.state = {
    terminated: {
      exitCode: 137,
      reason: "ContainerStatusUnknown",
      message: "The container could not be located when the pod was terminated",
      startedAt: null,
      finishedAt: null,
    },
  };
}

/** Nothing of the Pod runs any more: changes its status so that its containers and its phase are terminal ones. */
export function terminate(pod: Pod, status: PodStatus): void {
  const marked = [
    ...(isInitialized(pod, status) ? (status.containerStatuses ?? []) : []),
    ...begun(status.initContainerStatuses),
  ];
  for (const one of marked) markUnknown(one);
  if (isMirror(pod)) return;
  if (status.phase !== "Succeeded") status.phase = "Failed";
}
