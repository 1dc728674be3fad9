/** Containers of a Pod beside what the kubelet remembers of each, and their last words. */
import { objectKey } from "../core/object.ts";
import { loadRecord, type ContainerRecord, type PodRecord } from "../kubelet/record.ts";
import { isReady } from "../kubelet/container-status.ts";
import {
  podContainers,
  type Container,
  type ContainerKind,
  type ContainerStatus,
  type Pod,
} from "../kinds/pod/types.ts";
import { readLog } from "../runtime/runtime.ts";
import type { Evidence } from "../kinds/podyard/explanation.ts";
import { about, seconds, type Scope } from "./situation.ts";

export interface ContainerView {
  container: Container;
  kind: ContainerKind;
  status: ContainerStatus | undefined;
  record: ContainerRecord;
  /** `spec.containers[1]` */
  path: string;
}

export const keyOf = (pod: Pod): string => objectKey(pod.metadata.namespace, pod.metadata.name);

export const recordOf = ({ client }: Scope, pod: Pod): PodRecord | undefined =>
  loadRecord(client.records, keyOf(pod))?.record;

/** In start order; those that nobody has looked at yet have an empty record. */
export function containersOf(scope: Scope, pod: Pod): ContainerView[] {
  const record = recordOf(scope, pod);
  const counts: Record<ContainerKind, number> = { init: 0, app: 0, ephemeral: 0 };
  const lists = { init: "initContainers", app: "containers", ephemeral: "ephemeralContainers" };
  const { initContainerStatuses, containerStatuses } = pod.status ?? {};
  return podContainers(pod.spec)
    .map(({ container, kind }) => ({
      container,
      kind,
      status: [...(initContainerStatuses ?? []), ...(containerStatuses ?? [])].find(
        ({ name }) => name === container.name,
      ),
      record: record?.containers[container.name] ?? { state: "waiting" as const, restarts: 0 },
      path: `spec.${lists[kind]}[${counts[kind]++}]`,
    }))
    .filter(({ kind }) => kind !== "ephemeral");
}

export const lacksReadiness = (view: ContainerView): boolean =>
  !isReady(view.container, view.kind, view.record);

/** Its next try: `in 20s`; "" where none is due. */
export function nextTry({ now }: Scope, { record }: ContainerView): string {
  const at = record.retryAtMs;
  return at === undefined || at === Number.MAX_SAFE_INTEGER ? "" : `in ${seconds(at - now)}`;
}

/** The last lines of a container's log, of the instance that ended last. */
export function lastLines(
  scope: Scope,
  pod: Pod,
  { container, record }: ContainerView,
  count = 3,
): Evidence[] {
  const { namespace = "", name } = pod.metadata;
  if (!scope.mayRead("pods", namespace, name, "log")) return [];
  const previous = record.state === "running" && record.last !== undefined;
  const read = readLog(scope.context, keyOf(pod), container.name, { previous, tail: count });
  const lines = (read?.text ?? "").split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) =>
    about(pod, `log of ${container.name}: ${line}`, { line: line.slice(0, 400) }),
  );
}
