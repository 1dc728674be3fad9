/** Container statuses as 1.36 fills them. k8s: pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses */
import { rfc3339 } from "../core/clock.ts";
import type { ContainerRecord, ExitRecord, PodRecord } from "./record.ts";
import {
  type Container,
  type ContainerKind,
  type ContainerState,
  type ContainerStatus,
  type ContainerUser,
  type Pod,
  type StateTerminated,
  isSidecar,
} from "../kinds/pod/types.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import { userSettings } from "./users.ts";

const prefix = "containerd://";

function terminated(exit: ExitRecord): StateTerminated {
  return {
    exitCode: exit.code,
    reason: exit.reason,
    ...(exit.message ? { message: exit.message } : {}),
    startedAt: exit.startedAtMs > 0 ? rfc3339(exit.startedAtMs) : "1970-01-01T00:00:00Z",
    finishedAt: rfc3339(exit.finishedAtMs),
    containerID: prefix + exit.id,
  };
}

/** Whether its process runs as far as the API is told: a postStart hook under way or failed hides it. */
export function showsRunning(record: ContainerRecord): boolean {
  return record.state === "running" && !record.postStart && !record.waiting;
}

/** k8s: prober_manager.go isContainerStarted */
export function isStarted(container: Container, record: ContainerRecord): boolean {
  if (!showsRunning(record)) return false;
  return !container.startupProbe || record.probes?.startup?.ok === true;
}

/** k8s: prober_manager.go UpdatePodStatus */
export function isReady(
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
): boolean {
  if (kind === "ephemeral") return false;
  if (kind === "init" && !isSidecar(container, kind)) {
    return record.state === "exited" && record.exit?.code === 0;
  }
  if (!isStarted(container, record)) return false;
  return !container.readinessProbe || record.probes?.readiness?.ok === true;
}

function stateOf(record: ContainerRecord, idle: string): ContainerState {
  if (showsRunning(record)) return { running: { startedAt: rfc3339(record.startedAtMs ?? 0) } };
  if (record.waiting) {
    const { reason, message } = record.waiting;
    return { waiting: { reason, ...(message ? { message } : {}) } };
  }
  if (record.state === "exited" && record.exit) return { terminated: terminated(record.exit) };
  return { waiting: { reason: idle } };
}

function lastStateOf(record: ContainerRecord): ContainerState {
  const hidden = record.state === "exited" && record.waiting ? record.exit : undefined;
  const last = hidden ?? record.last;
  return last ? { terminated: terminated(last) } : {};
}

const mountsMemo = new WeakMap<object, NonNullable<ContainerStatus["volumeMounts"]>>();

/** The same for all statuses of a container. */
function mountsOf({ volumeMounts }: Container): ContainerStatus["volumeMounts"] {
  if (!volumeMounts?.length) return undefined;
  let mounts = mountsMemo.get(volumeMounts);
  if (!mounts) {
    mounts = volumeMounts.map((mount) => ({
      name: mount.name,
      mountPath: mount.mountPath,
      ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: "Disabled" } : {}),
    }));
    mountsMemo.set(volumeMounts, mounts);
  }
  return mounts;
}

type Identity = NonNullable<Runtime["identity"]>;

const usersMemo = new WeakMap<object, ContainerUser>();

function userOf(
  pod: Pod,
  container: Container,
  identity: Identity | undefined,
): ContainerUser | undefined {
  const who = identity?.(container.image ?? "", userSettings(pod, container));
  if (!who) return undefined;
  let user = usersMemo.get(who);
  if (!user) {
    const supplementalGroups = [...who.groups].sort((a, b) => a - b);
    user = { linux: { uid: who.uid, gid: who.gid, supplementalGroups } };
    usersMemo.set(who, user);
  }
  return user;
}

/** Written out field by field: this runs for every container at every look, and spreading costs a multiple. */
function statusOf(
  pod: Pod,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  identity: Identity | undefined,
): ContainerStatus {
  const idle = pod.spec.initContainers?.length ? "PodInitializing" : "ContainerCreating";
  const made = record.id !== undefined;
  const status: ContainerStatus = {
    name: container.name,
    state: stateOf(record, idle),
    lastState: lastStateOf(record),
    ready: isReady(container, kind, record),
    restartCount: record.restarts,
    image: (made ? record.image : undefined) ?? container.image ?? "",
    imageID: (made ? record.imageID : undefined) ?? "",
  };
  if (made) status.containerID = prefix + record.id;
  if (kind !== "ephemeral") status.started = isStarted(container, record);
  const requests = container.resources?.requests;
  if (made && requests) status.allocatedResources = requests;
  if (made) status.resources = record.runsWith ?? container.resources ?? {};
  const mounts = mountsOf(container);
  if (mounts) status.volumeMounts = mounts;
  const user = made ? userOf(pod, container, identity) : undefined;
  if (user) status.user = user;
  const stopSignal = made ? container.lifecycle?.stopSignal : undefined;
  if (stopSignal) status.stopSignal = stopSignal;
  return status;
}

const untouched: ContainerRecord = { state: "waiting", restarts: 0 };

/** Statuses of one of the three lists; app and ephemeral ones sorted by name, init in start order. */
export function containerStatuses(
  pod: Pod,
  containers: readonly Container[] | undefined,
  kind: ContainerKind,
  record: PodRecord,
  identity?: Identity,
): ContainerStatus[] {
  const statuses = (containers ?? []).map((container) =>
    statusOf(pod, container, kind, record.containers[container.name] ?? untouched, identity),
  );
  if (kind !== "init") statuses.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return statuses;
}
