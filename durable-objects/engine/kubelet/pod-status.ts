/** From what the kubelet knows to the status the API shows. Pure; texts and order are upstream's. */
import {
  type Container,
  type ContainerStatus,
  type Pod,
  type PodCondition,
  type PodSpec,
  type PodStatus,
  type StateTerminated,
  isSidecar,
} from "../kinds/pod/types.ts";
import { restartingReason, shouldRestart } from "./restart.ts";

export type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

type ByName = Map<string, ContainerStatus>;
const byName = (statuses: readonly ContainerStatus[]): ByName =>
  new Map(statuses.map((s) => [s.name, s]));

const restarts = (
  container: Container,
  kind: "init" | "app",
  spec: PodSpec,
  { exitCode, reason }: StateTerminated,
): boolean => reason === restartingReason || shouldRestart(container, kind, spec, exitCode);

interface InitCount {
  pending: number;
  failedForGood: number;
}

function countInit(spec: PodSpec, statuses: ByName): InitCount {
  const count: InitCount = { pending: 0, failedForGood: 0 };
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container, "init")) continue;
    const status = statuses.get(container.name);
    const ended =
      status?.state?.terminated ?? (status?.state?.waiting && status.lastState?.terminated);
    if (!status || status.state?.running || !ended) count.pending++;
    else if (ended.exitCode !== 0 && !restarts(container, "init", spec, ended)) {
      count.failedForGood++;
    }
  }
  return count;
}

interface RunCount {
  pendingSidecars: number;
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  stoppedForGood: number;
  succeeded: number;
}

function countSidecars(spec: PodSpec, statuses: ByName, count: RunCount): void {
  for (const container of spec.initContainers ?? []) {
    if (!isSidecar(container, "init")) continue;
    const status = statuses.get(container.name);
    if (!status) count.unknown++;
    else if (status.state?.running) {
      count.running++;
      if (!status.started) count.pendingSidecars++;
    } else if (status.state?.waiting && !status.lastState?.terminated) {
      count.pendingSidecars++;
      count.waiting++;
    }
  }
}

function countApp(spec: PodSpec, statuses: ByName, count: RunCount): void {
  for (const container of spec.containers) {
    const status = statuses.get(container.name);
    const state = status?.state;
    if (state?.running) count.running++;
    else if (state?.terminated) {
      count.stopped++;
      const code = state.terminated.exitCode;
      if (!restarts(container, "app", spec, state.terminated)) count.stoppedForGood++;
      if (code === 0) count.succeeded++;
    } else if (state?.waiting && status?.lastState?.terminated) {
      count.stopped++;
      if (!restarts(container, "app", spec, status.lastState.terminated)) count.stoppedForGood++;
    } else if (state?.waiting) count.waiting++;
    else count.unknown++;
  }
}

/** k8s: pkg/kubelet/kubelet_pods.go getPhase. `terminal`: nothing will be restarted (deletion, eviction). */
export function getPhase(
  spec: PodSpec,
  statuses: readonly ContainerStatus[],
  terminal: boolean,
  initialised: boolean,
): Phase {
  const map = byName(statuses);
  const init = countInit(spec, map);
  if (init.failedForGood > 0) return "Failed";
  const n: RunCount = {
    pendingSidecars: 0,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    stoppedForGood: 0,
    succeeded: 0,
  };
  countSidecars(spec, map, n);
  countApp(spec, map, n);
  if (init.pending > 0 || (n.pendingSidecars > 0 && !initialised)) return "Pending";
  if (n.waiting > 0) return "Pending";
  if (n.running > 0 && n.unknown === 0) return "Running";
  if (n.stopped > 0 && n.unknown === 0) {
    if (!terminal && n.stopped !== n.stoppedForGood) return "Running";
    return n.stopped === n.succeeded ? "Succeeded" : "Failed";
  }
  return "Pending";
}

const list = (names: string[]): string => `[${names.join(" ")}]`;

interface Judged {
  status: "True" | "False";
  reason?: string;
  message?: string;
}

/** k8s: pkg/kubelet/status/generate.go GenerateContainersReadyCondition */
function containersReady(spec: PodSpec, statuses: ByName, phase: Phase): Judged {
  const unknown: string[] = [];
  const unready: string[] = [];
  const look = (name: string): void => {
    const status = statuses.get(name);
    if (!status) unknown.push(name);
    else if (!status.ready) unready.push(name);
  };
  for (const c of spec.initContainers ?? []) if (isSidecar(c, "init")) look(c.name);
  for (const c of spec.containers) look(c.name);
  if (phase === "Succeeded" && unknown.length === 0)
    return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const messages: string[] = [];
  if (unknown.length > 0) messages.push(`containers with unknown status: ${list(unknown)}`);
  if (unready.length > 0) messages.push(`containers with unready status: ${list(unready)}`);
  if (messages.length === 0) return { status: "True" };
  return { status: "False", reason: "ContainersNotReady", message: messages.join(", ") };
}

/** k8s: pkg/kubelet/status/generate.go GeneratePodReadyCondition */
function podReady(spec: PodSpec, others: readonly PodCondition[], ready: Judged): Judged {
  if (ready.status !== "True") return ready;
  const messages: string[] = [];
  for (const gate of spec.readinessGates ?? []) {
    const condition = others.find((c) => c.type === gate.conditionType);
    if (!condition) {
      messages.push(
        `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`,
      );
    } else if (condition.status !== "True") {
      messages.push(
        `the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`,
      );
    }
  }
  if (messages.length === 0) return { status: "True" };
  return { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

/** k8s: pkg/kubelet/status/generate.go GeneratePodInitializedCondition */
function podInitialized(
  spec: PodSpec,
  statuses: ByName,
  phase: Phase,
  old: PodCondition | undefined,
): Judged {
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of spec.initContainers ?? []) {
    const status = statuses.get(container.name);
    if (!status) unknown.push(container.name);
    else if (!(isSidecar(container, "init") ? status.started : status.ready)) {
      incomplete.push(container.name);
    }
  }
  if (phase === "Succeeded" && unknown.length === 0)
    return { status: "True", reason: "PodCompleted" };
  if (spec.containers.some((c) => everStarted(statuses.get(c.name)))) return { status: "True" };
  const messages: string[] = [];
  if (unknown.length > 0) messages.push(`containers with unknown status: ${list(unknown)}`);
  if (incomplete.length > 0)
    messages.push(`containers with incomplete status: ${list(incomplete)}`);
  // Once initialised, a Pod stays so, though its init containers may run again.
  if (messages.length === 0 || old?.status === "True") return { status: "True" };
  return { status: "False", reason: "ContainersNotInitialized", message: messages.join(", ") };
}

/** k8s: pkg/kubelet/container/helpers.go HasAnyRegularContainerStarted */
export function everStarted(status: ContainerStatus | undefined): boolean {
  if (!status) return false;
  return Boolean(status.state?.running || status.state?.terminated || status.lastState?.terminated);
}

/** Condition types the kubelet owns; all others of a Pod are kept as they are, in front. */
const owned = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
  "PodReadyToStartContainers",
  "PodResizePending",
  "PodResizeInProgress",
  "AllContainersRestarting",
]);

/** Whether a condition is the kubelet's alone. k8s: pkg/kubelet/types/pod_status.go PodConditionByKubelet */
export const isOwned = (type: string): boolean => owned.has(type);

export interface ConditionInput {
  pod: Pod;
  phase: Phase;
  /** Init and app statuses. */
  statuses: readonly ContainerStatus[];
  sandbox: boolean;
  /** Set once when the kubelet itself ended the Pod. */
  disruption?: { reason: string; message: string };
  /** Of a resize that waits or is under way. */
  resize: readonly PodCondition[];
  /** Whether all containers start anew just now; undefined: no rule can make them. */
  restartingAll?: boolean;
  nowText: string;
}

/** k8s: pkg/kubelet/status/generate.go GenerateAllContainersRestartingCondition */
function restarting({ pod, phase, restartingAll, nowText }: ConditionInput): PodCondition[] {
  if (restartingAll === undefined) return [];
  const type = "AllContainersRestarting";
  const before = pod.status?.conditions?.find((c) => c.type === type);
  const status = restartingAll ? "True" : "False";
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  const ended = { Succeeded: "PodCompleted", Failed: "PodFailed" }[phase as string];
  const reason = ended ?? (restartingAll ? "RestartAllContainersStarted" : undefined);
  return [
    {
      type,
      status,
      lastProbeTime: null,
      lastTransitionTime: since ?? nowText,
      ...(reason ? { reason } : {}),
      ...(restartingAll ? { message: "container exited with restart policy rule" } : {}),
    },
  ];
}

/** All conditions in upstream's order, each keeping its transition time while its status stays. */
export function podConditions(input: ConditionInput): PodCondition[] {
  const { pod, phase, nowText } = input;
  const statuses = byName(input.statuses);
  const old = pod.status?.conditions ?? [];
  const others = old.filter((c) => !isOwned(c.type));
  const generation = pod.metadata.generation;
  const stamp = (type: string, judged: Judged): PodCondition => {
    const before = old.find((c) => c.type === type);
    // Field by field: five of them at every look.
    const condition = { type } as PodCondition;
    if (generation !== undefined) condition.observedGeneration = generation;
    condition.status = judged.status;
    condition.lastProbeTime = null;
    condition.lastTransitionTime =
      before?.status === judged.status ? (before.lastTransitionTime ?? nowText) : nowText;
    if (judged.reason) condition.reason = judged.reason;
    if (judged.message) condition.message = judged.message;
    return condition;
  };
  if (input.disruption && !others.some((c) => c.type === "DisruptionTarget")) {
    others.push(stamp("DisruptionTarget", { status: "True", ...input.disruption }));
  }
  const ready = containersReady(pod.spec, statuses, phase);
  return [
    ...others,
    ...input.resize,
    stamp("PodReadyToStartContainers", { status: input.sandbox ? "True" : "False" }),
    stamp(
      "Initialized",
      podInitialized(
        pod.spec,
        statuses,
        phase,
        old.find((c) => c.type === "Initialized"),
      ),
    ),
    stamp("Ready", podReady(pod.spec, others, ready)),
    stamp("ContainersReady", ready),
    stamp("PodScheduled", { status: "True" }),
    ...restarting(input),
  ];
}

/** k8s: generateAPIPodStatus: a finished phase is never left again. */
export function settlePhase(phase: Phase, before: PodStatus | undefined): Phase {
  const old = before?.phase;
  return old === "Succeeded" || old === "Failed" ? old : phase;
}
