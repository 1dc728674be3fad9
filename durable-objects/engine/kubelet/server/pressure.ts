/**
 * Pressure stall information, as far as a simulated kernel has any: tasks wait for CPU where a limit throttles them; nothing waits
 * for memory or for a disk. What is known is the present, so that a container counts as throttled from its start on or not at all.
 * k8s: kubelet/pkg/apis/stats/v1alpha1 PSIStats
 */
import { milliValue } from "../../machinery/quantity.ts";
import type { MeasuredContainer, MeasuredNode } from "./measured.ts";

/** Which shares of the time some tasks, and all of them, have waited, and for how long that has been so. */
export interface Pressure {
  some: number;
  full: number;
  seconds: number;
}

const none: Pressure = { some: 0, full: 0, seconds: 0 };

/** A container's, of the CPU: as many threads as reach its limit use up what they may early in each period, and then wait. */
export function cpuPressure(
  { container, cpuMilli, startedAtMs }: MeasuredContainer,
  nowMs: number,
): Pressure {
  const limit = milliValue(container.resources?.limits?.["cpu"]);
  if (limit === 0 || cpuMilli < limit * 0.99) return none;
  const share = 1 - limit / (1000 * (Math.floor(limit / 1000) + 1));
  return { some: share, full: share, seconds: Math.max(nowMs - startedAtMs, 0) / 1000 };
}

/** Of all containers of a group: somebody waits while one does, everybody only while all do. */
export function together(all: readonly Pressure[]): Pressure {
  const [worst = none] = all.toSorted((a, b) => b.some - a.some);
  return { ...worst, full: all.length === 0 ? 0 : Math.min(...all.map(({ full }) => full)) };
}

/** Of a whole machine's CPUs, of which the kernel knows no time in which nothing at all runs. */
export const ofNode = (node: MeasuredNode): Pressure => ({
  ...together(
    node.pods.flatMap(({ containers }) => containers.map((one) => cpuPressure(one, node.nowMs))),
  ),
  full: 0,
});

/** kernel: kernel/sched/psi.c calc_avgs: averages that forget with time. */
const average = (share: number, seconds: number, window: number): number =>
  Math.round(100 * 100 * share * (1 - Math.exp(-seconds / window))) / 100;

const dataOf = (share: number, seconds: number) => ({
  total: Math.round(share * seconds * 1e9),
  avg10: average(share, seconds, 10),
  avg60: average(share, seconds, 60),
  avg300: average(share, seconds, 300),
});

/** As the kubelet tells it. */
export const psiOf = ({ some, full, seconds }: Pressure = none) => ({
  full: dataOf(full, seconds),
  some: dataOf(some, seconds),
});
