/** One status update per moment, and only when something changed. k8s: kubelet_pods.go generateAPIPodStatus */
import { equal } from "../core/equal.ts";
import { rfc3339 } from "../core/clock.ts";
import { withDeviceHealth } from "./device-claims.ts";
import { containerStatuses } from "./container-status.ts";
import { hostIP } from "./node-address.ts";
import {
  type Phase,
  everStarted,
  getPhase,
  isOwned,
  podConditions,
  settlePhase,
} from "./pod-status.ts";
import { couldRestartAll } from "./restart-all.ts";
import type { ContainerRecord } from "./record.ts";
import { podResources, resizeConditions } from "./resize/status.ts";
import {
  type Container,
  type ContainerKind,
  type ContainerStatus,
  type Pod,
  type PodCondition,
  type PodStatus,
  isMirror,
} from "../kinds/pod/types.ts";
import type { Sync } from "./sync.ts";
import { countTerminations } from "./server/terminations.ts";
import { terminate } from "./terminal-status.ts";

/**
 * The kubelet ended a container so as to start it anew: upstream's worker kills, pulls and starts within one sync, and says
 * nothing until it is through. k8s: pkg/kubelet/kubelet.go SyncPod
 */
function isRestarting({ record: { containers } }: Sync): boolean {
  for (const name in containers) {
    const { restartsAtOnce, waiting } = containers[name] as ContainerRecord;
    if (restartsAtOnce && !waiting) return true;
  }
  return false;
}

/** Writes the Pod's status where it has changed. */
export function publish(sync: Sync): void {
  if (isRestarting(sync)) return;
  const status = buildStatus(sync);
  const old = sync.pod.status ?? {};
  if (!same(sync, old, status)) write(sync, status);
}

function write(sync: Sync, status: PodStatus): void {
  countTerminations(sync, sync.pod.status ?? {}, status);
  const updated = sync.client.modify<Pod>(
    "pods",
    sync.pod.metadata.namespace ?? "",
    sync.pod.metadata.name,
    (current) => ({ ...current, status }),
    "status",
  );
  if (updated) sync.pod = updated;
}

/**
 * Writes the status anew where somebody else has changed what the kubelet alone knows, be it that the Pod is over. k8s:
 * pkg/kubelet/status/status_manager.go needsReconcile
 */
export function correct(sync: Sync): void {
  if (isRestarting(sync)) return;
  const { pod, record } = sync;
  // What it says of its phase is not to be believed.
  const { reason: _reason, message: _message, phase: _phase, ...told } = pod.status ?? {};
  const runs = Object.values(record.containers).some(({ state }) => state === "running");
  const before: PodStatus = runs ? { ...told, phase: "Running" } : told;
  const status = buildStatus({ ...sync, pod: { ...pod, status: before } });
  if (!agrees(pod.status ?? {}, status)) write(sync, status);
}

/** Conditions count by what they say, whatever their order; those of others do not. k8s: isPodStatusByKubeletEqual */
function agrees(told: PodStatus, known: PodStatus): boolean {
  for (const condition of known.conditions ?? []) {
    if (!isOwned(condition.type)) continue;
    const other = told.conditions?.find(({ type }) => type === condition.type);
    if (
      other?.status !== condition.status ||
      other.reason !== condition.reason ||
      other.message !== condition.message
    )
      return false;
  }
  return equal({ ...told, conditions: [] }, { ...known, conditions: [] });
}

/**
 * A deleted Pod's status is not written for its new generation alone: the write would say nothing but that the
 * deletion was seen, and the next one, when its containers ended, says that too.
 */
function same(sync: Sync, old: PodStatus, status: PodStatus): boolean {
  if (equal(old, status)) return true;
  return (
    sync.pod.metadata.deletionTimestamp !== undefined && equal(timeless(old), timeless(status))
  );
}

const timeless = (status: PodStatus): unknown => ({
  ...status,
  observedGeneration: 0,
  conditions: (status.conditions ?? []).map((c: PodCondition) => ({ ...c, observedGeneration: 0 })),
});

function phaseOf(sync: Sync, statuses: readonly ContainerStatus[]): Phase {
  const { pod, record } = sync;
  const started = statuses.some(
    (s) => everStarted(s) && pod.spec.containers.some((c) => c.name === s.name),
  );
  const running = Object.values(record.containers).some((c) => c.state === "running");
  const ending = record.dying !== undefined;
  const old = (pod.status?.phase ?? "Pending") as Phase;
  let phase = getPhase(
    pod.spec,
    statuses,
    ending && record.done === true && !isMirror(pod),
    started,
  );
  if (record.verdict && record.done) phase = "Failed";
  // No finished phase while anything still runs, or is about to run again.
  if ((running || record.restartingAll) && (phase === "Failed" || phase === "Succeeded"))
    phase = old;
  return settlePhase(phase, pod.status);
}

function buildStatus(sync: Sync): PodStatus {
  const { pod, record } = sync;
  const old = pod.status ?? {};
  const nowText = rfc3339(sync.now);
  const { identity } = sync.runtime;
  const statusesOf = (list: Container[] | undefined, kind: ContainerKind): ContainerStatus[] =>
    containerStatuses(pod, list, kind, record, identity);
  const init = statusesOf(pod.spec.initContainers, "init");
  const app = withDeviceHealth(pod, record, statusesOf(pod.spec.containers, "app"));
  const ephemeral = statusesOf(pod.spec.ephemeralContainers, "ephemeral");
  const statuses = [...init, ...app];
  const phase = phaseOf(sync, statuses);
  const verdict = record.done ? record.verdict : undefined;
  const address = hostIP(sync.node);
  const ip = record.ip ?? (pod.spec.hostNetwork ? address : old.podIP);
  const generation = pod.metadata.generation;
  const rejected = verdict !== undefined && Object.keys(record.containers).length === 0;
  const conditions = podConditions({
    pod,
    phase,
    statuses,
    sandbox: record.sandbox,
    ...(couldRestartAll(pod.spec)
      ? { restartingAll: !record.done && record.restartingAll === true }
      : {}),
    resize: record.done ? [] : resizeConditions(record),
    ...(record.verdict?.condition ? { disruption: record.verdict.condition } : {}),
    nowText,
  });
  const reason = verdict?.reason ?? (phase === old.phase ? old.reason : undefined);
  const message = verdict?.message ?? (phase === old.phase ? old.message : undefined);
  // Field by field, as every look at every Pod comes this way.
  const status: PodStatus = {};
  if (generation !== undefined) status.observedGeneration = generation;
  status.phase = phase;
  status.conditions = conditions;
  if (message) status.message = message;
  if (reason) status.reason = reason;
  if (old.nominatedNodeName) status.nominatedNodeName = old.nominatedNodeName;
  status.hostIP = address;
  status.hostIPs = [{ ip: address }];
  if (ip) {
    status.podIP = ip;
    status.podIPs = [{ ip }];
  }
  status.startTime = old.startTime ?? rfc3339(record.startedAtMs);
  if (!rejected) {
    if (init.length > 0) status.initContainerStatuses = init;
    status.containerStatuses = app;
    if (ephemeral.length > 0) status.ephemeralContainerStatuses = ephemeral;
  }
  if (old.qosClass) status.qosClass = old.qosClass;
  // They are the claim controller's. k8s: pkg/kubelet/status/status_manager.go mergePodStatus
  if (old.resourceClaimStatuses) status.resourceClaimStatuses = old.resourceClaimStatuses;
  if (old.extendedResourceClaimStatus)
    status.extendedResourceClaimStatus = old.extendedResourceClaimStatus;
  if (record.done) terminate(pod, status);
  return Object.assign(status, podResources(pod.spec, record));
}
