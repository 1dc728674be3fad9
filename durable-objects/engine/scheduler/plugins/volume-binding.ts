/** Volumes decide where a Pod can run. k8s: plugins/volumebinding, volumerestrictions, volumezone */
import {
  rejected,
  rejectedForGood,
  type FilterPlugin,
  type PluginState,
  type Rejection,
  type Snapshot,
} from "../framework.ts";
import type { NodeInfo, PodInfo } from "../node-info.ts";
import { zoneLabel, type PersistentVolume } from "../types.ts";
import {
  claimProblem,
  claimsOf,
  planVolumes,
  sortClaims,
  volumeReaches,
  type Claims,
} from "./volume-claims.ts";

const noVolume = "node(s) didn't find available persistent volumes to bind";
const outOfReach = "node(s) didn't match PersistentVolume's node affinity";
const volumeGone = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
const otherZone = rejectedForGood("node(s) had no available volume zone");
const heldAlone = rejected(
  "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
);

export const usesClaims = ({ pod }: PodInfo): boolean =>
  pod.spec.volumes?.some((v) => v.persistentVolumeClaim || v.ephemeral) ?? false;

/** Who uses, anywhere in the cluster, what the Pod would have to have to itself. */
class AloneState implements PluginState {
  readonly #namespace: string | undefined;
  readonly #claims: ReadonlySet<string>;
  users = 0;

  constructor(namespace: string | undefined, claims: ReadonlySet<string>) {
    this.#namespace = namespace;
    this.#claims = claims;
  }
  change({ pod }: PodInfo, _node: NodeInfo, by: 1 | -1): void {
    if (pod.metadata.namespace !== this.#namespace) return;
    for (const { persistentVolumeClaim: used } of pod.spec.volumes ?? []) {
      if (used && this.#claims.has(used.claimName)) this.users += by;
    }
  }
  clone(): AloneState {
    const copy = new AloneState(this.#namespace, this.#claims);
    copy.users = this.users;
    return copy;
  }
}

/** k8s: volumerestrictions: ReadWriteOncePod */
export const volumeRestrictions: FilterPlugin = {
  name: "VolumeRestrictions",
  prepare(info, snapshot) {
    if (!usesClaims(info)) return { skip: true };
    const alone = claimsOf(snapshot, info.pod).filter((pvc) =>
      pvc.spec?.accessModes?.includes("ReadWriteOncePod"),
    );
    if (!alone.length) return { skip: true };
    const names = new Set(alone.map((pvc) => pvc.metadata.name));
    const state = new AloneState(info.pod.metadata.namespace, names);
    for (const node of snapshot.nodes) {
      for (const other of node.pods.values()) state.change(other, node, 1);
    }
    return { state };
  },
  filter: (_pod, _node, state) => ((state as AloneState).users > 0 ? heldAlone : undefined),
};

interface BindingState extends PluginState {
  claims: Claims;
  snapshot: Snapshot;
}

function volumeFits({ node }: NodeInfo, { claims, snapshot }: BindingState): Rejection | undefined {
  const reasons: string[] = [];
  for (const pvc of claims.bound) {
    const pv = snapshot.reader.get<PersistentVolume>(
      "persistentvolumes",
      "",
      pvc.spec?.volumeName ?? "",
    );
    if (!pv) return rejectedForGood(volumeGone);
    if (!volumeReaches(pv, node) && !reasons.includes(outOfReach)) reasons.push(outOfReach);
  }
  if (claims.delayed.length && !planVolumes(snapshot, claims.delayed, node)) reasons.push(noVolume);
  return reasons.length ? rejectedForGood(...reasons) : undefined;
}

export const volumeBinding: FilterPlugin = {
  name: "VolumeBinding",
  prepare(info, snapshot) {
    if (!usesClaims(info)) return { skip: true };
    const problem = claimProblem(snapshot, info.pod);
    if (problem) return { rejection: rejectedForGood(problem) };
    const claims = sortClaims(snapshot, info.pod);
    if (claims.immediate.length) {
      return { rejection: rejectedForGood("pod has unbound immediate PersistentVolumeClaims") };
    }
    const state: BindingState = { claims, snapshot };
    return { state };
  },
  filter: (_pod, node, state) => volumeFits(node, state as BindingState),
};

const zoneLabels = [
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  zoneLabel,
  "topology.kubernetes.io/region",
];

/** k8s: volumezone: a volume's zone labels, several zones joined by `__` */
export const volumeZone: FilterPlugin = {
  name: "VolumeZone",
  prepare(info, snapshot) {
    if (!usesClaims(info)) return { skip: true };
    const claims = sortClaims(snapshot, info.pod);
    const state: BindingState = { claims, snapshot };
    return claims.bound.length ? { state } : { skip: true };
  },
  filter(_pod, { node }, given) {
    const { claims, snapshot } = given as BindingState;
    const labels = node.metadata.labels ?? {};
    if (!zoneLabels.some((label) => labels[label] !== undefined)) return undefined;
    for (const pvc of claims.bound) {
      const name = pvc.spec?.volumeName ?? "";
      const pv = snapshot.reader.get<PersistentVolume>("persistentvolumes", "", name);
      for (const label of zoneLabels) {
        const zones = pv?.metadata.labels?.[label];
        if (zones !== undefined && !zones.split("__").includes(labels[label] ?? "")) {
          return otherZone;
        }
      }
    }
    return undefined;
  },
};
