/**
 * What becomes of a container that is meant to run: a table of situations, first match wins.
 * k8s: pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, SyncPod, doBackOff
 */
import { goDuration } from "../machinery/duration.ts";
import { relistMs } from "../core/limits.ts";
import { isStarted } from "./container-status.ts";
import { pollHook } from "./hooks.ts";
import { ensureImages } from "./images.ts";
import { beginKill, stepKill } from "./kill.ts";
import { type ContainerRecord, type PodRecord, containerRecord } from "./record.ts";
import { backOffKey, backOffUntil, nextBackOff, shouldRestart } from "./restart.ts";
import {
  type Container,
  type ContainerKind,
  type PodSpec,
  isSidecar,
  podText,
} from "../kinds/pod/types.ts";
import { failPostStart, startContainer } from "./start.ts";
import { type Sync, containerEvent, requeueAt } from "./sync.ts";

interface Situation {
  sync: Sync;
  container: Container;
  kind: ContainerKind;
  record: ContainerRecord;
}

/** `busy`: the Pod's worker is taken up by this container, nothing behind it starts meanwhile. */
type Answer = "busy" | "idle";

interface Transition {
  situation: string;
  when(s: Situation): boolean;
  then(s: Situation): Answer;
}

/** What a back-off counts from: an instance the kubelet ended itself counts by the one before it. */
function endedSince({ record }: Situation): number | undefined {
  return record.restartsAtOnce ? record.last?.finishedAtMs : record.exit?.finishedAtMs;
}

/** That of the container as it is now. */
function ownBackOff({ record: { backOff }, container }: Situation): ContainerRecord["backOff"] {
  return backOff?.of === undefined || backOff.of === backOffKey(container) ? backOff : undefined;
}

function crashUntil(s: Situation): number | undefined {
  const since = endedSince(s);
  if (since === undefined) return undefined;
  return backOffUntil(ownBackOff(s), since, s.sync.now);
}

const transitions: readonly Transition[] = [
  {
    situation: "on its way out",
    when: ({ record }) => record.state === "running" && record.kill !== undefined,
    then: ({ sync, container, kind, record }) => {
      stepKill(sync, container, kind, record);
      return "idle";
    },
  },
  {
    situation: "postStart hook under way",
    when: ({ record }) => record.state === "running" && record.postStart !== undefined,
    then: ({ sync, container, kind, record }) => {
      const end = record.postStart && pollHook(sync, record.postStart);
      if (!end) return "busy";
      delete record.postStart;
      if (end !== "done") failPostStart(sync, container, kind, record);
      return "idle";
    },
  },
  {
    situation: "runs with an image the spec no longer names",
    when: ({ container, kind, record }) =>
      record.state === "running" && kind !== "ephemeral" && record.specImage !== container.image,
    then: ({ sync, container, kind, record }) => {
      beginKill(sync, container, kind, record, {
        message: `Container ${container.name} definition changed, will be restarted`,
        graceSeconds: sync.pod.spec.terminationGracePeriodSeconds ?? 30,
        restart: true,
      });
      return "idle";
    },
  },
  {
    situation: "runs",
    when: ({ record }) => record.state === "running",
    then: () => "idle",
  },
  {
    situation: "ended for good",
    when: ({ sync, container, kind, record }) =>
      record.state === "exited" &&
      !record.restartsAtOnce &&
      !shouldRestart(container, kind, sync.pod.spec, record.exit?.code ?? 0),
    then: ({ record }) => {
      delete record.waiting;
      return "idle";
    },
  },
  {
    situation: "waits for its next try",
    when: ({ sync, container, record }) =>
      !record.pull &&
      record.retryAtMs !== undefined &&
      sync.now < record.retryAtMs &&
      (record.retryImage === undefined || record.retryImage === container.image),
    then: ({ sync, record }) => {
      requeueAt(sync, record.retryAtMs);
      return "idle";
    },
  },
  {
    situation: "crash loop back-off",
    when: (s) => !s.record.pull && s.record.state === "exited" && crashUntil(s) !== undefined,
    then: (s) => {
      const { sync, container, kind, record } = s;
      const pod = podText(sync.pod, sync.record.uid);
      const message = `back-off ${goDuration(record.backOff?.ms ?? 0)} restarting failed container=${container.name} pod=${pod}`;
      containerEvent(
        sync,
        container,
        kind,
        "Warning",
        "BackOff",
        `Back-off restarting failed container ${container.name} in pod ${pod}`,
      );
      record.waiting = { reason: "CrashLoopBackOff", message };
      // From the next look on its own end counts, whoever caused it.
      delete record.restartsAtOnce;
      record.retryAtMs = crashUntil(s) ?? sync.now;
      if (container.image) record.retryImage = container.image;
      requeueAt(sync, record.retryAtMs);
      return "idle";
    },
  },
  {
    situation: "to be started",
    when: () => true,
    then: (s) => {
      const { sync, container, kind, record } = s;
      const since = endedSince(s);
      if (!record.pull && record.state === "exited" && since !== undefined) {
        record.backOff = nextBackOff(ownBackOff(s), since, sync.now, backOffKey(container));
      }
      delete record.retryAtMs;
      delete record.retryImage;
      const image = ensureImages(sync, container, kind, record);
      if (image) startContainer(sync, container, kind, record, image);
      else if (!record.pull) settleFailedRestart(s);
      if (record.retryAtMs !== undefined) record.retryImage = container.image;
      return record.pull || record.postStart ? "busy" : "idle";
    },
  },
];

/** Without its new image, what the policy would not restart stays as it ended. */
function settleFailedRestart({ sync, container, kind, record }: Situation): void {
  if (
    !record.restartsAtOnce ||
    shouldRestart(container, kind, sync.pod.spec, record.exit?.code ?? 0)
  )
    return;
  delete record.restartsAtOnce;
  delete record.waiting;
  delete record.retryAtMs;
}

function drive(sync: Sync, container: Container, kind: ContainerKind): Answer {
  const record = containerRecord(sync.record, container.name);
  const s: Situation = { sync, container, kind, record };
  for (const transition of transitions) if (transition.when(s)) return transition.then(s);
  return "idle";
}

/** Once an app container was ever made, initialisation lies behind the Pod. */
export function initialised(spec: PodSpec, record: PodRecord): boolean {
  return spec.containers.some((c) => record.containers[c.name]?.id !== undefined);
}

/** An init container that failed and will not be tried again. */
export function initFailed(spec: PodSpec, record: PodRecord): boolean {
  return (spec.initContainers ?? []).some((container) => {
    const c = record.containers[container.name];
    if (c?.state !== "exited" || isSidecar(container, "init")) return false;
    const code = c.exit?.code ?? 0;
    return code !== 0 && !shouldRestart(container, "init", spec, code);
  });
}

/** Every app container ended and none will be restarted. */
export function finished(spec: PodSpec, record: PodRecord): boolean {
  return spec.containers.every((container) => {
    const c = record.containers[container.name];
    if (c?.state !== "exited" || c.restartsAtOnce) return false;
    return !shouldRestart(container, "app", spec, c.exit?.code ?? 0);
  });
}

/** Init containers in order; true when the app may start. */
function runInit(sync: Sync, init: readonly Container[]): boolean {
  for (const container of init) {
    const record = containerRecord(sync.record, container.name);
    const sidecar = isSidecar(container, "init");
    if (!sidecar && record.state === "exited" && record.exit?.code === 0) continue;
    drive(sync, container, "init");
    if (!sidecar || !isStarted(container, record)) return false;
  }
  return true;
}

/** Starts what is to be started now, in upstream's order. */
export function runLifecycle(sync: Sync): void {
  const { spec } = sync.pod;
  for (const container of spec.ephemeralContainers ?? []) drive(sync, container, "ephemeral");
  const init = spec.initContainers ?? [];
  if (initialised(spec, sync.record)) {
    for (const container of init) {
      if (isSidecar(container, "init")) drive(sync, container, "init");
    }
  } else if (!runInit(sync, init)) return;
  let busy = false;
  for (const container of spec.containers) {
    const started = sync.record.containers[container.name]?.state === "running";
    if (busy && !started) continue;
    if (drive(sync, container, "app") === "busy") busy = true;
  }
}

/** Notes the end of an instance; when it is looked at again follows from why it ended. */
export function noteExit(sync: Sync, record: ContainerRecord): void {
  const restart = record.kill?.restart === true;
  record.state = "exited";
  delete record.kill;
  delete record.probes;
  delete record.postStart;
  if (restart) {
    record.restartsAtOnce = true;
    return;
  }
  record.retryAtMs = sync.now + relistMs;
}
