import type { Pod } from "../../durable-objects/engine/kinds/pod/pod.ts";
import { podCondition, podSummary } from "../../durable-objects/engine/kinds/pod/status.ts";
import type { ContainerStatus } from "../../durable-objects/engine/kinds/pod/types.ts";

/** How a Pod is doing, as the picture draws and says it. */

export type Shape =
  | "waiting"
  | "creating"
  | "blocked"
  | "running"
  | "ready"
  | "crash"
  | "terminating"
  | "completed"
  | "failed";

export interface PodState {
  shape: Shape;
  /** What the shape means. */
  word: string;
  /** STATUS of `kubectl get pods`. */
  status: string;
  /** One sentence of the component that decided; "" where there is none. */
  reason: string;
  restarts: number;
  /** Ready containers of all: `1/2`. */
  ready: string;
  /** Part of the way to running, 0 to 1: steps that are done. */
  done?: number;
  /** `1/2`: init containers that have ended, while they run. */
  init?: string;
  /** What an arc counts, in virtual ms: to the next try, or to the end of the grace period. */
  span?: { fromMs: number; toMs: number };
}

export const words: Record<Shape, string> = {
  waiting: "waiting for a node",
  creating: "starting",
  blocked: "cannot start",
  running: "not ready",
  ready: "ready",
  crash: "crash back-off",
  terminating: "terminating",
  completed: "completed",
  failed: "failed",
};

export function podState(pod: Pod): PodState {
  const { status, ready, total, restarts } = podSummary(pod);
  const said = shapeOf(pod);
  return {
    reason: "",
    ...said,
    word: said.word ?? words[said.shape],
    status,
    restarts,
    ready: `${ready}/${total}`,
  };
}

type Said = Pick<PodState, "shape" | "done" | "init" | "span"> & { word?: string; reason?: string };

function shapeOf(pod: Pod): Said {
  const { phase } = pod.status ?? {};
  if (phase === "Succeeded") return { shape: "completed" };
  if (phase === "Failed") return { shape: "failed", reason: whyFailed(pod) };
  if (pod.metadata.deletionTimestamp) return terminating(pod);
  if (!pod.spec.nodeName) return waiting(pod);
  const crash = statusesOf(pod).find(({ state }) => state?.waiting?.reason === "CrashLoopBackOff");
  if (crash) return crashed(crash);
  const blocked = statusesOf(pod).find(({ state }) => isBlocked(state?.waiting?.reason));
  if (blocked) {
    return { shape: "blocked", reason: sentence(blocked.state?.waiting), done: doneOf(pod) };
  }
  if (phase !== "Running") return starting(pod);
  const ready = podCondition(pod, "Ready");
  if (ready?.status === "True") return { shape: "ready" };
  return { shape: "running", reason: ready?.message || ready?.reason || "" };
}

const statusesOf = ({ status }: Pod): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const isBlocked = (reason: string | undefined): boolean =>
  reason !== undefined && !["ContainerCreating", "PodInitializing"].includes(reason);

const sentence = (said: { reason?: string; message?: string } | undefined): string =>
  [said?.reason, said?.message].filter(Boolean).join(": ");

function waiting(pod: Pod): Said {
  const condition = podCondition(pod, "PodScheduled");
  if (condition?.reason === "SchedulingGated") {
    return { shape: "waiting", word: "held by a scheduling gate", reason: condition.message ?? "" };
  }
  return { shape: "waiting", reason: schedulersReason(condition?.message ?? "") };
}

/**
 * `Insufficient cpu (3 of 4 nodes)` of `0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu.
 * preemption: ...`: of several reasons the one that keeps most nodes away, of equal ones the first.
 */
export function schedulersReason(message: string): string {
  const total = /^0\/(\d+) nodes are available: /.exec(message);
  if (!total) return message;
  const reasons = message
    .slice(total[0].length)
    .split(/\. (?:preemption|no new claims)/)[0]!
    .replace(/\.$/, "")
    .split(/, (?=\d+ )/);
  const countOf = (reason: string): number => Number.parseInt(reason, 10) || 0;
  const most = Math.max(...reasons.map(countOf));
  const first = reasons.find((reason) => countOf(reason) === most)!;
  return most === 0
    ? first
    : `${first.replace(/^\d+ (node\(s\) )?/, "")} (${most} of ${total[1]} nodes)`;
}

function starting(pod: Pod): Said {
  const inits = pod.status?.initContainerStatuses ?? [];
  const ended = inits.filter(hasStarted).length;
  const done = doneOf(pod);
  if (ended < inits.length) {
    const init = `${ended}/${inits.length}`;
    return { shape: "creating", word: `starting, init ${init}`, done, init };
  }
  return { shape: "creating", done };
}

const hasStarted = ({ started, state }: ContainerStatus): boolean =>
  started === true || state?.terminated?.exitCode === 0;

/** Of: a node, a sandbox (its network), every container. */
function doneOf(pod: Pod): number {
  const statuses = statusesOf(pod);
  const count = pod.spec.containers.length + (pod.spec.initContainers?.length ?? 0);
  const sandbox = podCondition(pod, "PodReadyToStartContainers")?.status === "True" ? 1 : 0;
  return (1 + sandbox + statuses.filter(hasStarted).length) / (2 + count);
}

function crashed({ name, restartCount, state, lastState }: ContainerStatus): Said {
  const { exitCode, reason, finishedAt } = lastState?.terminated ?? {};
  const how = exitCode === undefined ? "" : `, last with exit code ${exitCode} (${reason})`;
  const fromMs = Date.parse(finishedAt ?? "");
  const backOffMs = durationMs(/back-off (\S+) /.exec(state?.waiting?.message ?? "")?.[1] ?? "");
  return {
    shape: "crash",
    reason: `container ${name} ended ${restartCount + 1} times${how}`,
    ...(fromMs > 0 && backOffMs > 0 && { span: { fromMs, toMs: fromMs + backOffMs } }),
  };
}

const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `2m40s` as Go writes it, in ms; 0: it is none. */
export function durationMs(text: string): number {
  let ms = 0;
  for (const part of text.split(/(?<=[a-z])(?=\d)/)) {
    const [, number, unit = ""] = /^([\d.]+)([a-z]+)$/.exec(part) ?? [];
    ms += Number(number) * (unitMs[unit] ?? 0) || 0;
  }
  return ms;
}

function terminating(pod: Pod): Said {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = pod.metadata;
  const toMs = Date.parse(deletionTimestamp!);
  return {
    shape: "terminating",
    span: { fromMs: toMs - deletionGracePeriodSeconds * 1000, toMs },
    reason: finalizers.length > 0 ? `held by the finalizer ${finalizers[0]}` : "",
  };
}

function whyFailed(pod: Pod): string {
  const { reason, message } = pod.status ?? {};
  if (reason) return sentence(pod.status);
  const ended = statusesOf(pod).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (!ended) return message ?? "";
  return `container ${ended.name} ended with exit code ${ended.state!.terminated!.exitCode}`;
}

/** How much of a span has passed, 0 to 1; without a clock all of it is still to come. */
export function passed(
  span: { fromMs: number; toMs: number } | undefined,
  nowMs: number | undefined,
): number {
  if (!span || nowMs === undefined || span.toMs <= span.fromMs) return 0;
  return Math.min(1, Math.max(0, (nowMs - span.fromMs) / (span.toMs - span.fromMs)));
}
