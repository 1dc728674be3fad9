/**
 * Claims of a StatefulSet's Pods, and who owns them.
 * k8s: pkg/controller/statefulset/stateful_pod_control.go, stateful_set_utils.go
 */
import type { KubeObject, OwnerReference } from "../../core/object.ts";
import type { StatefulSet } from "../../kinds/stateful-set/shape.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client } from "../../ports/controller.ts";
import { newControllerRef } from "../workload/controller-ref.ts";
import { claimsOf, inRange, podName } from "./identity.ts";

const claims = "persistentvolumeclaims";
export const component = "statefulset-controller";

/** A Pod, or the name of one that is not there yet. */
export type PodLike = Pick<KubeObject, "apiVersion" | "kind" | "metadata">;

/** What a Pod that does not exist is compared as. */
export const absentPod = (set: StatefulSet, ordinal: number): PodLike =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: podName(set, ordinal), uid: "" },
  }) as PodLike;

const namesOf = (ref: OwnerReference, object: PodLike): boolean =>
  ref.apiVersion === object.apiVersion &&
  ref.kind === object.kind &&
  ref.name === object.metadata.name;

/** Of an earlier object of that name. k8s: hasStaleOwnerRef */
const isStale = (refs: readonly OwnerReference[], object: PodLike): boolean =>
  refs.find((ref) => namesOf(ref, object))?.uid !== undefined &&
  refs.find((ref) => namesOf(ref, object))?.uid !== object.metadata.uid;

const has = (refs: readonly OwnerReference[], { metadata }: PodLike): boolean =>
  refs.some(({ uid }) => uid === metadata.uid);

/** k8s: hasUnexpectedController */
function isElsewhere(refs: readonly OwnerReference[], set: StatefulSet, pod: PodLike): boolean {
  const { whenScaled, whenDeleted } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled !== "Delete" && whenDeleted !== "Delete") return false;
  return refs.some((ref) => {
    const ours = [set, pod].find((object) => namesOf(ref, object));
    return ours ? ref.uid !== ours.metadata.uid : ref.controller === true;
  });
}

/** Which of set and Pod owns the claim of an ordinal. k8s: updateClaimOwnerRefForSetAndPod */
function wantedOwner(set: StatefulSet, pod: PodLike, ordinal: number): PodLike | undefined {
  const { whenScaled, whenDeleted } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled === "Delete" && !inRange(set, ordinal)) return pod;
  return whenDeleted === "Delete" ? set : undefined;
}

/** The references as the policy wants them; undefined: leave them. k8s: isClaimOwnerUpToDate */
function wantedRefs(
  set: StatefulSet,
  pod: PodLike,
  ordinal: number,
  refs: readonly OwnerReference[],
): OwnerReference[] | undefined {
  if (isStale(refs, set) || isStale(refs, pod)) return undefined;
  const others = refs.filter((ref) => !namesOf(ref, set) && !namesOf(ref, pod));
  if (isElsewhere(refs, set, pod)) return others.length === refs.length ? undefined : others;
  const owner = wantedOwner(set, pod, ordinal);
  const loose = refs.some((ref) =>
    namesOf(ref, set) || namesOf(ref, pod) ? !ref.controller : false,
  );
  const right = [set, pod].every((object) => has(refs, object) === (object === owner));
  if (right && !loose) return undefined;
  return owner ? [...others, newControllerRef(owner as KubeObject)] : others;
}

/** k8s: ClaimsMatchRetentionPolicy, UpdatePodClaimForRetentionPolicy */
export function keepRetention(
  client: Client,
  set: StatefulSet,
  pod: PodLike,
  ordinal: number,
): void {
  for (const { metadata } of claimsOf(set, ordinal)) {
    client.modify<PersistentVolumeClaim>(
      claims,
      set.metadata.namespace ?? "",
      metadata.name,
      (claim) => {
        const refs = wantedRefs(set, pod, ordinal, claim.metadata.ownerReferences ?? []);
        return refs && { ...claim, metadata: { ...claim.metadata, ownerReferences: refs } };
      },
    );
  }
}

/** A claim that is about to go with an earlier Pod of the name. k8s: PodClaimIsStale */
export function claimIsStale(client: Client, set: StatefulSet, ordinal: number): boolean {
  if (set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled !== "Delete") return false;
  const { namespace = "" } = set.metadata;
  const pod = absentPod(set, ordinal);
  return claimsOf(set, ordinal).some(({ metadata: { name } }) =>
    isStale(
      client.get<PersistentVolumeClaim>(claims, namespace, name)?.metadata.ownerReferences ?? [],
      pod,
    ),
  );
}

/** As Go prints an aggregate of errors. */
const together = (errors: readonly string[]): string =>
  errors.length === 1 ? (errors[0] ?? "") : `[${errors.join(", ")}]`;

/** Makes those that are missing. Returns the text of what went wrong. k8s: createPersistentVolumeClaims */
export function createClaims(
  client: Client,
  set: StatefulSet,
  ordinal: number,
): string | undefined {
  const { namespace = "", name: setName } = set.metadata;
  const pod = podName(set, ordinal);
  const errors: string[] = [];
  for (const claim of claimsOf(set, ordinal)) {
    const { name } = claim.metadata;
    const there = client.get<PersistentVolumeClaim>(claims, namespace, name);
    if (there?.metadata.deletionTimestamp) errors.push(`pvc ${name} is being deleted`);
    if (there) continue;
    try {
      client.create<PersistentVolumeClaim>(claims, claim);
      const message = `create Claim ${name} Pod ${pod} in StatefulSet ${setName} success`;
      client.event(set, "Normal", "SuccessfulCreate", message, { component });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      errors.push(`failed to create PVC ${name}: ${error.message}`);
      const message = `create Claim ${name} for Pod ${pod} in StatefulSet ${setName} failed error: ${error.message}`;
      client.event(set, "Warning", "FailedCreate", message, { component });
    }
  }
  return errors.length ? together(errors) : undefined;
}
