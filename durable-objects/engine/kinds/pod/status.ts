/** What a Pod's status says, as kubectl and the controllers read it. k8s: pkg/api/v1/pod/util.go, printers.go printPod */
import { ageOf } from "../../machinery/duration.ts";
import { parseTime } from "../../core/clock.ts";
import { type ContainerStatus, type PodCondition, type Pod, isSidecar } from "./types.ts";

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  for (const condition of pod.status?.conditions ?? [])
    if (condition.type === type) return condition;
  return undefined;
}

/** Succeeded or Failed: its containers will not run again. */
export function isPodTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}

/** Neither finished nor being deleted. k8s: controller.IsPodActive */
export const isPodActive = (pod: Pod): boolean =>
  !isPodTerminal(pod) && !pod.metadata.deletionTimestamp;

/** k8s: IsPodReady */
export const isPodReady = (pod: Pod): boolean => podCondition(pod, "Ready")?.status === "True";

/** Ready for at least `minReadySeconds`. `now` is virtual ms. k8s: IsPodAvailable */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = podCondition(pod, "Ready");
  if (ready?.status !== "True") return false;
  if (!minReadySeconds) return true;
  return availableAt(pod, minReadySeconds) <= now;
}

/** Virtual ms at which a ready Pod counts as available; Infinity while it is not ready. */
export function availableAt(pod: Pod, minReadySeconds: number): number {
  const ready = podCondition(pod, "Ready");
  if (ready?.status !== "True") return Number.POSITIVE_INFINITY;
  if (!minReadySeconds) return 0;
  const since = parseTime(ready.lastTransitionTime as string | undefined);
  return Number.isNaN(since) ? Number.POSITIVE_INFINITY : since + minReadySeconds * 1000;
}

/** The cells that need a walk over the container statuses. */
export interface PodSummary {
  ready: number;
  total: number;
  status: string;
  restarts: number;
  /** finishedAt of the newest earlier run among those counted. */
  lastRestart: string | undefined;
}

/** Restarts and the newest earlier end, gathered as one walks. */
class Restarts {
  count = 0;
  last: string | undefined;
  add(status: ContainerStatus): void {
    this.count += status.restartCount ?? 0;
    const finished = status.lastState?.terminated?.finishedAt as string | undefined;
    if (finished && (this.last === undefined || finished > this.last)) this.last = finished;
  }
}

/** Reason of a terminated container: its own, or how it ended. */
function endedAs(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

interface InitWalk {
  /** Set while initializing: what STATUS shows. */
  status: string | undefined;
  ready: number;
  all: Restarts;
  sidecars: Restarts;
}

function walkInit(pod: Pod): InitWalk {
  const walk: InitWalk = {
    status: undefined,
    ready: 0,
    all: new Restarts(),
    sidecars: new Restarts(),
  };
  const specs = pod.spec.initContainers ?? [];
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (let i = 0; i < statuses.length; i++) {
    const status = statuses[i] as ContainerStatus;
    const { terminated, waiting } = status.state ?? {};
    const sidecar = isSidecar(specs.find((c) => c.name === status.name));
    walk.all.add(status);
    if (sidecar) walk.sidecars.add(status);
    if (terminated && terminated.exitCode === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) walk.ready++;
      continue;
    }
    if (terminated) walk.status = `Init:${endedAs(terminated)}`;
    else if (waiting?.reason && waiting.reason !== "PodInitializing")
      walk.status = `Init:${waiting.reason}`;
    else walk.status = `Init:${i}/${specs.length}`;
    break;
  }
  return walk;
}

/** READY, STATUS and RESTARTS of `kubectl get pods`. k8s: printPod */
export function podSummary(pod: Pod): PodSummary {
  const phase = pod.status?.phase ?? "";
  let status = pod.status?.reason || phase;
  if (podCondition(pod, "PodScheduled")?.reason === "SchedulingGated") status = "SchedulingGated";
  const init = walkInit(pod);
  let ready = init.ready;
  let restarts = init.all;
  if (init.status !== undefined) status = init.status;
  if (init.status === undefined || podCondition(pod, "Initialized")?.status === "True") {
    restarts = init.sidecars;
    let running = false;
    let failure = "";
    const statuses = pod.status?.containerStatuses ?? [];
    for (let i = statuses.length - 1; i >= 0; i--) {
      const container = statuses[i] as ContainerStatus;
      const { waiting, terminated, running: runs } = container.state ?? {};
      restarts.add(container);
      if (waiting?.reason) status = waiting.reason;
      else if (terminated) {
        status = endedAs(terminated);
        if (terminated.exitCode !== 0) failure = status;
      } else if (container.ready && runs) {
        running = true;
        ready++;
      }
    }
    if (status === "Completed") {
      if (running && isPodReady(pod)) status = "Running";
      else if (failure) status = failure;
      else if (running) status = "NotReady";
    }
  }
  if (pod.metadata.deletionTimestamp) {
    if (pod.status?.reason === "NodeLost") status = "Unknown";
    else if (!isPodTerminal(pod)) status = "Terminating";
  }
  const sidecars = (pod.spec.initContainers ?? []).filter((container) =>
    isSidecar(container),
  ).length;
  return {
    ready,
    total: pod.spec.containers.length + sidecars,
    status,
    restarts: restarts.count,
    lastRestart: restarts.last,
  };
}

/** The STATUS column. */
export const podStatusText = (pod: Pod): string => podSummary(pod).status;

/** The RESTARTS column: `3`, or `3 (5m ago)`. */
export const restartsText = (summary: PodSummary, now: number): string =>
  summary.restarts > 0 && summary.lastRestart
    ? `${summary.restarts} (${ageOf(summary.lastRestart, now)} ago)`
    : String(summary.restarts);
