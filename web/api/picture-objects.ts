import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type { Deployment } from "../../durable-objects/engine/kinds/deployment.ts";
import type { EndpointSlice } from "../../durable-objects/engine/kinds/endpoint-slice.ts";
import type { Node } from "../../durable-objects/engine/kinds/node.ts";
import type { Trace } from "../../durable-objects/engine/kinds/podyard/trace.ts";
import type { Pod } from "../../durable-objects/engine/kinds/pod/pod.ts";
import type { ReplicaSet } from "../../durable-objects/engine/kinds/replica-set.ts";
import type { Service } from "../../durable-objects/engine/kinds/service/service.ts";
import { ask, messageOf } from "./client.ts";
import { FollowedList, type Cluster, type Shown } from "./tables.ts";

/** Objects of a cluster by kind, as the picture needs them, that keep up with it. */
export interface Objects {
  nodes: Node[];
  pods: Pod[];
  deployments: Deployment[];
  replicaSets: ReplicaSet[];
  services: Service[];
  slices: EndpointSlice[];
  traces: Trace[];
}

const paths: Record<keyof Objects, string> = {
  nodes: "/api/v1/nodes",
  pods: "/api/v1/pods",
  deployments: "/apis/apps/v1/deployments",
  replicaSets: "/apis/apps/v1/replicasets",
  services: "/api/v1/services",
  slices: "/apis/discovery.k8s.io/v1/endpointslices",
  traces: "/apis/podyard.dev/v1/traces",
};

async function listObjects(
  { base, key }: Cluster,
  path: string,
  signal?: AbortSignal,
): Promise<KubeObject[]> {
  const response = await ask(`${base}${path}`, { key, ...(signal && { signal }) });
  return ((await response.json()) as { items: KubeObject[] | null }).items ?? [];
}

/**
 * Lists every kind, and again what has changed, at most once a second each. It shows only when all kinds are there, and
 * several answers at once as one. Of a cluster that does not change it lists each once. Returns what ends it.
 */
export function followObjects(cluster: Cluster, shown: Shown<Objects>): () => void {
  const seen: Partial<Record<keyof Objects, KubeObject[]>> = {};
  const troubles = new Map<string, string>();
  const names = Object.keys(paths) as (keyof Objects)[];
  let ended = false;
  let told = false;
  const tell = (): void => {
    if (told || names.some((name) => !seen[name])) return;
    told = true;
    queueMicrotask(() => {
      told = false;
      if (!ended) shown.show({ ...seen } as unknown as Objects);
    });
  };
  const trouble = (name: keyof Objects, message: string | undefined): void => {
    // Without requests the picture is whole.
    if (name === "traces") {
      seen.traces ??= [];
      return tell();
    }
    if (message === undefined) troubles.delete(name);
    else troubles.set(name, message);
    if (!ended) shown.trouble(troubles.values().next().value);
  };
  const ends = names.map((name) => {
    const of: Shown<KubeObject[]> = {
      show(list) {
        seen[name] = list;
        tell();
      },
      trouble: (message) => trouble(name, message),
    };
    return follow(cluster, paths[name], of);
  });
  return () => {
    ended = true;
    for (const end of ends) end();
  };
}

function follow(cluster: Cluster, path: string, shown: Shown<KubeObject[]>): () => void {
  const { changes } = cluster;
  if (changes) {
    const followed = new FollowedList({ ...cluster, changes }, path, shown, listObjects);
    return () => followed.end();
  }
  const stop = new AbortController();
  listObjects(cluster, path, stop.signal).then(
    (list) => shown.show(list),
    (error: unknown) => stop.signal.aborted || shown.trouble(messageOf(error)),
  );
  return () => stop.abort();
}
