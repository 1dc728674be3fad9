import { computed, type ReadonlySignal } from "@preact/signals";
import type { Sandbox } from "../api/sandboxes.ts";
import { clusterAt, type Cluster } from "../api/tables.ts";

/** The cluster that panels show: the living one, or as it was at the revision that is looked at. */
export const shownCluster = (
  sandbox: Sandbox,
  live: Cluster,
  moment: ReadonlySignal<number | undefined>,
): ReadonlySignal<Cluster> =>
  computed(() => (moment.value === undefined ? live : clusterAt(sandbox, moment.value)));
