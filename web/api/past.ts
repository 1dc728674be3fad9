import { differencesOf, type Difference, type Thing } from "../time/compare.ts";
import { ApiError, askJson, messageOf } from "./client.ts";
import { resourcesOf, type Resource } from "./discovery.ts";
import type { Sandbox } from "./sandboxes.ts";
import { clusterAt, clusterOf, type Cluster } from "./tables.ts";
import { readTimeline, type TimelineRow } from "./timeline.ts";

/** A sandbox as it was: to look at, to compare with now, to go back to. */

export interface Undone {
  to: number;
  revision: number;
  created: number;
  updated: number;
  deleted: number;
  /** In a sentence each, what could not be taken back. */
  left: string[];
}

export const undoTo = ({ id, key }: Sandbox, to: number): Promise<Undone> =>
  askJson(`/api/sandboxes/${id}/undo`, { method: "POST", body: { to }, key });

const pagesMax = 8;
const pageRows = 500;

/** What happened since, as far as eight pages tell it. */
export async function rowsSince(
  sandbox: Sandbox,
  revision: number,
): Promise<{ rows: TimelineRow[]; whole: boolean }> {
  const rows: TimelineRow[] = [];
  let after = revision;
  for (let page = 0; page < pagesMax; page++) {
    const { items, revision: told } = await readTimeline(sandbox, { after, limit: pageRows });
    rows.push(...items);
    if (items.length < pageRows) return { rows, whole: true };
    after = told;
  }
  return { rows, whole: false };
}

/** They tell of what happens, or beat: nothing that one looks for between two moments. */
const passing = new Set([
  "events",
  "events.events.k8s.io",
  "leases.coordination.k8s.io",
  "clocks.podyard.dev",
  "traces.podyard.dev",
]);

export interface Comparison {
  differences: Difference[];
  /** Why a resource is not among them, in a sentence each. */
  left: string[];
}

/** The objects of the resources that anything happened to since, then and now. */
export async function compareWithNow(sandbox: Sandbox, revision: number): Promise<Comparison> {
  const live = clusterOf(sandbox);
  const [{ rows, whole }, resources] = await Promise.all([
    rowsSince(sandbox, revision),
    resourcesOf(live),
  ]);
  const named = whole ? [...new Set(rows.map(({ resource }) => resource))] : [...resources.keys()];
  const listed = named
    .filter((id) => !passing.has(id))
    .flatMap((id) => resources.get(id) ?? [])
    .filter(({ verbs }) => verbs.includes("list") && verbs.includes("watch"));
  const compared: Comparison = { differences: [], left: [] };
  for (const resource of listed) {
    try {
      const [before, after] = await Promise.all([
        list(clusterAt(sandbox, revision), resource),
        list(live, resource),
      ]);
      compared.differences.push(...differencesOf(resource.id, resource.kind, before, after));
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404].includes(error.status)) throw error;
      compared.left.push(messageOf(error));
    }
  }
  return compared;
}

async function list({ base, key }: Cluster, { path }: Resource): Promise<Thing[]> {
  return (await askJson<{ items: Thing[] }>(`${base}${path}`, { key })).items;
}
