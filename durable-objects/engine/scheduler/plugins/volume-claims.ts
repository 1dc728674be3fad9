/** Claims and volumes as the volume plugins read them. k8s: pkg/scheduler/framework/plugins/volumebinding */
import { value } from "../../machinery/quantity.ts";
import { labelSelector, type LabelSelector } from "../../machinery/selectors.ts";
import { claimNames, type Snapshot } from "../framework.ts";
import {
  byText,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
} from "../types.ts";
import { nodeTermMatches } from "../node-terms.ts";

export interface Claims {
  bound: PersistentVolumeClaim[];
  /** To be bound once a node is chosen. */
  delayed: PersistentVolumeClaim[];
  immediate: PersistentVolumeClaim[];
}

const bindCompleted = "pv.kubernetes.io/bind-completed";
export const selectedNode = "volume.kubernetes.io/selected-node";

export const claimsOf = (snapshot: Snapshot, pod: Pod): PersistentVolumeClaim[] =>
  claimNames(pod).flatMap(({ claim }) => {
    const namespace = pod.metadata.namespace ?? "";
    return (
      snapshot.reader.get<PersistentVolumeClaim>("persistentvolumeclaims", namespace, claim) ?? []
    );
  });

/** What is wrong with a Pod's claims, in upstream's words. k8s: podHasPVCs */
export function claimProblem(snapshot: Snapshot, pod: Pod): string | undefined {
  for (const { claim, ephemeral } of claimNames(pod)) {
    const pvc = snapshot.reader.get<PersistentVolumeClaim>(
      "persistentvolumeclaims",
      pod.metadata.namespace ?? "",
      claim,
    );
    if (!pvc) {
      return ephemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${claim}"`
        : `persistentvolumeclaim "${claim}" not found`;
    }
    if (pvc.status?.phase === "Lost") {
      return `persistentvolumeclaim "${claim}" bound to non-existent persistentvolume "${pvc.spec?.volumeName ?? ""}"`;
    }
    if (pvc.metadata.deletionTimestamp) return `persistentvolumeclaim "${claim}" is being deleted`;
    if (ephemeral && !pvc.metadata.ownerReferences?.some((o) => o.uid === pod.metadata.uid)) {
      return `PVC ${pvc.metadata.namespace}/${claim} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`;
    }
  }
  return undefined;
}

const className = (pvc: PersistentVolumeClaim): string =>
  pvc.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ??
  pvc.spec?.storageClassName ??
  "";

function classOf(snapshot: Snapshot, pvc: PersistentVolumeClaim): StorageClass | undefined {
  const name = className(pvc);
  return name ? snapshot.reader.get("storageclasses.storage.k8s.io", "", name) : undefined;
}

/** k8s: volumebinding/binder.go GetPodVolumeClaims */
export function sortClaims(snapshot: Snapshot, pod: Pod): Claims {
  const claims: Claims = { bound: [], delayed: [], immediate: [] };
  for (const pvc of claimsOf(snapshot, pod)) {
    if (pvc.spec?.volumeName && pvc.metadata.annotations?.[bindCompleted] !== undefined) {
      claims.bound.push(pvc);
    } else if (
      !pvc.spec?.volumeName &&
      classOf(snapshot, pvc)?.volumeBindingMode === "WaitForFirstConsumer"
    ) {
      claims.delayed.push(pvc);
    } else if (pvc.spec?.volumeName && pvc.status?.phase === "Bound") {
      claims.bound.push(pvc);
    } else {
      claims.immediate.push(pvc);
    }
  }
  return claims;
}

/** k8s: component-helpers/storage/volume CheckNodeAffinity */
export function volumeReaches(volume: PersistentVolume, node: Node): boolean {
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms;
  return !terms || terms.some((term) => nodeTermMatches(term, node));
}

/** The smallest free volume that does for a claim on a node. k8s: component-helpers FindMatchingVolume */
function freeVolume(
  snapshot: Snapshot,
  pvc: PersistentVolumeClaim,
  node: Node,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  const wanted = value(pvc.spec?.resources?.requests?.storage as string | undefined);
  const selector = pvc.spec?.selector && labelSelector(pvc.spec.selector as LabelSelector);
  const fit = snapshot.reader.list<PersistentVolume>("persistentvolumes").filter((pv) => {
    const spec = pv.spec;
    if (!spec || pv.metadata.deletionTimestamp || taken.has(pv.metadata.name)) return false;
    if ((spec.volumeMode ?? "Filesystem") !== (pvc.spec?.volumeMode ?? "Filesystem")) return false;
    if (value(spec.capacity?.storage as string | undefined) < wanted) return false;
    if (!pvc.spec?.accessModes?.every((mode) => spec.accessModes?.includes(mode))) return false;
    const claim = spec.claimRef;
    if (claim) {
      const same = claim.name === pvc.metadata.name && claim.namespace === pvc.metadata.namespace;
      return same && (!claim.uid || claim.uid === pvc.metadata.uid) && volumeReaches(pv, node);
    }
    if ((pv.status?.phase ?? "Available") !== "Available") return false;
    if ((spec.storageClassName ?? "") !== className(pvc)) return false;
    if (selector && !selector.matches(pv.metadata.labels)) return false;
    return volumeReaches(pv, node);
  });
  const size = (pv: PersistentVolume) => value(pv.spec?.capacity?.storage as string | undefined);
  const claimed = (pv: PersistentVolume) => (pv.spec?.claimRef ? 0 : 1);
  fit.sort(
    (a, b) =>
      claimed(a) - claimed(b) || size(a) - size(b) || byText(a.metadata.name, b.metadata.name),
  );
  return fit[0];
}

interface TopologyTerm {
  matchLabelExpressions?: { key: string; values: string[] }[];
}

/** Whether a class can make a volume for a node. k8s: binder.go checkVolumeProvisions */
function provisionable(snapshot: Snapshot, pvc: PersistentVolumeClaim, node: Node): boolean {
  const chosen = classOf(snapshot, pvc);
  if (!chosen?.provisioner || chosen.provisioner === "kubernetes.io/no-provisioner") return false;
  const topologies = chosen.allowedTopologies as TopologyTerm[] | undefined;
  if (!topologies?.length) return true;
  return topologies.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) =>
      values.includes(node.metadata.labels?.[key] ?? ""),
    ),
  );
}

export interface VolumePlan {
  /** Claims that get a volume which is there. */
  matched: { pvc: PersistentVolumeClaim; pv: PersistentVolume }[];
  /** Claims for which one must be made. */
  provisioned: PersistentVolumeClaim[];
}

/** How a node could serve the claims that wait for one; undefined: it cannot. k8s: binder.go FindPodVolumes */
export function planVolumes(
  snapshot: Snapshot,
  delayed: readonly PersistentVolumeClaim[],
  node: Node,
): VolumePlan | undefined {
  const plan: VolumePlan = { matched: [], provisioned: [] };
  const taken = new Set<string>();
  const bySize = [...delayed].sort(
    (a, b) =>
      value(a.spec?.resources?.requests?.storage as string | undefined) -
      value(b.spec?.resources?.requests?.storage as string | undefined),
  );
  for (const pvc of bySize) {
    const chosen = pvc.metadata.annotations?.[selectedNode];
    if (chosen !== undefined && chosen !== node.metadata.name) return undefined;
    const pv = chosen === undefined ? freeVolume(snapshot, pvc, node, taken) : undefined;
    if (pv) {
      taken.add(pv.metadata.name);
      plan.matched.push({ pvc, pv });
    } else if (provisionable(snapshot, pvc, node)) {
      plan.provisioned.push(pvc);
    } else {
      return undefined;
    }
  }
  return plan;
}
