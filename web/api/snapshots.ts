import { ask, askJson } from "./client.ts";
import { mayBeKnown } from "./me.ts";
import type { Sandbox } from "./sandboxes.ts";

/** Frozen moments of sandboxes, opened by whoever has their id. */

export interface Snapshot {
  id: string;
  title: string;
  url: string;
  revision: number;
  /** RFC 3339: the cluster's own time. */
  virtualTime: string;
  bytes: number;
  nodes: number;
  pods: number;
  secretsLeftOut: boolean;
  forks: number;
  createdAt: string;
  thumbnail: string;
}

export const readSnapshot = (id: string): Promise<Snapshot> => askJson(`/api/snapshots/${id}`);

/** One's own, newest first. */
export const listSnapshots = async (): Promise<Snapshot[]> =>
  (await askJson<{ snapshots: Snapshot[] }>("/api/snapshots?limit=100")).snapshots;

export const ownsSnapshot = async (id: string): Promise<boolean> =>
  mayBeKnown() && (await listSnapshots()).some((one) => one.id === id);

export const takeSnapshot = (
  { id, key }: Sandbox,
  body: { title?: string; secrets: boolean },
): Promise<Snapshot> => askJson(`/api/sandboxes/${id}/snapshots`, { method: "POST", body, key });

export const withdrawSnapshot = (id: string): Promise<unknown> =>
  ask(`/api/snapshots/${id}`, { method: "DELETE" });

/** The base of its Kubernetes API. */
export const kubeOf = (id: string): string => `/api/snapshots/${id}/kube`;
