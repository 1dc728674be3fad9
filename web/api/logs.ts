import type { ObjectRef } from "../desk/desk.ts";
import { ask, askJson } from "./client.ts";
import { linesOf } from "./lines.ts";
import { labelSelectorOf, type Selector } from "./selector.ts";
import type { Cluster } from "./tables.ts";

/** Logs of containers, of one Pod or of all that a workload or a Service selects. */

export interface LogSource {
  /** Path of the Pod below the cluster's base. */
  path: string;
  pod: string;
  container: string;
  /** A container that was started anew has a new log. */
  restarts: number;
}

interface WirePod {
  metadata: { name: string; namespace: string };
  spec: { containers: { name: string }[]; initContainers?: { name: string }[] };
  status?: Record<
    "containerStatuses" | "initContainerStatuses",
    { name: string; restartCount: number }[] | undefined
  >;
}

export const sourcesMax = 20;

/** Whether an object has logs, or selects what has. */
export const hasLogs = (object: ObjectRef): boolean =>
  object.resource === "pods" || selecting.has(object.resource);

const selecting = new Set([
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "replicationcontrollers",
  "services",
]);

/** Containers of an object's Pods; of one Pod those that begin first at the end. Throws ApiError. */
export async function logSources(cluster: Cluster, object: ObjectRef): Promise<LogSource[]> {
  const pods = await podsOf(cluster, object);
  return pods.flatMap(sourcesOf).slice(0, sourcesMax);
}

async function podsOf({ base, key }: Cluster, object: ObjectRef): Promise<WirePod[]> {
  const one = await askJson<WirePod & { spec: { selector?: Selector } }>(`${base}${object.path}`, {
    key,
  });
  if (object.resource === "pods") return [one];
  const selector = labelSelectorOf(one.spec.selector);
  if (selector === undefined) return [];
  const path = `/api/v1/namespaces/${object.namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  return (await askJson<{ items: WirePod[] }>(`${base}${path}`, { key })).items;
}

function sourcesOf({ metadata: { name, namespace }, spec, status }: WirePod): LogSource[] {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return [...spec.containers, ...(spec.initContainers ?? [])].map((container) => ({
    path: `/api/v1/namespaces/${namespace}/pods/${name}`,
    pod: name,
    container: container.name,
    restarts: statuses.find((one) => one.name === container.name)?.restartCount ?? 0,
  }));
}

const tailLines = 500;

/** A container's log, line by line, until `signal` or its end. Throws ApiError. */
export async function followLog(
  { base, key }: Cluster,
  { path, container }: LogSource,
  previous: boolean,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ container, tailLines: String(tailLines) });
  query.set(previous ? "previous" : "follow", "true");
  const response = await ask(`${base}${path}/log?${query}`, { key, signal });
  if (!response.body) return;
  for await (const line of linesOf(response.body)) {
    if (signal.aborted) return;
    tell(line);
  }
}
