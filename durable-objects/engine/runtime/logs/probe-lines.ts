/**
 * What a server logs of probes that are left alone because their answer cannot change (kubelet/probes/worker.ts): the line the
 * last real request made, again at each period. Written down only when something else is (repeats.ts).
 */
import { probeLineAgeMsMax } from "../../core/limits.ts";
import type { ProbeHits } from "../runtime-port.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import { PodKernel } from "../kernel/kernel.ts";
import { timeless } from "./repeats.ts";
import type { LogRepeat, PodRecord } from "../kernel/state.ts";

/** The probe's hits go on by themselves. */
export function startProbeHits(context: RuntimeContext, podKey: string, hits: ProbeHits): void {
  const kernel = PodKernel.load(context, podKey);
  const listener = kernel?.pod.listeners[`tcp/${hits.port}`];
  const container = listener && kernel?.process(listener.process)?.container;
  if (!kernel || container === undefined) return;
  const words = `"GET ${hits.path} HTTP/`;
  const lines = kernel.logs
    .recent(container, context.now - probeLineAgeMsMax)
    .filter(({ text, whole }) => whole && text.includes(words));
  const repeats: LogRepeat[] = [];
  for (const stream of [1, 2] as const) {
    const line = lines.findLast((known) => known.stream === stream);
    if (!line) continue;
    repeats.push({
      nextAtMs: hits.nextMs,
      everyMs: hits.periodMs,
      stream,
      text: timeless(line.text, line.ms),
      count: 0,
      probe: hits.probe,
    });
  }
  if (repeats.length === 0) return;
  const record = kernel.logs.recordOf(container);
  record.repeats = [
    ...(record.repeats ?? []).filter(({ probe }) => probe !== hits.probe),
    ...repeats,
  ];
  kernel.touch();
  kernel.save();
}

/** The probe asks again itself, or no more. */
export function stopProbeHits(context: RuntimeContext, podKey: string, probe: string): void {
  const pod = context.records.get<PodRecord>("runtime", podKey);
  const holds = Object.values(pod?.logs ?? {}).some((list) =>
    list.some(({ repeats }) => repeats?.some((repeat) => repeat.probe === probe)),
  );
  if (!holds) return;
  const kernel = PodKernel.load(context, podKey);
  kernel?.logs.stopRepeats(probe);
  kernel?.touch();
  kernel?.save();
}
