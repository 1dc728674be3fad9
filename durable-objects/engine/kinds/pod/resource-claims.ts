/** Which ResourceClaims a Pod uses. k8s: dynamic-resource-allocation/resourceclaim */
import type { ResourceClaim } from "../resource/shape.ts";
import type { Pod } from "./types.ts";

export type PodClaim = NonNullable<Pod["spec"]["resourceClaims"]>[number];
type ClaimStatus = NonNullable<NonNullable<Pod["status"]>["resourceClaimStatuses"]>[number];

export const claimStatusesOf = (pod: Pod): readonly ClaimStatus[] =>
  pod.status?.resourceClaimStatuses ?? [];

/** Its name, and whether it must be the Pod's own; `name` is undefined where none is needed. */
export interface ClaimName {
  name: string | undefined;
  own: boolean;
}

/** The claim behind one of a Pod's, or why it is not known yet. k8s: Name */
export function claimNameOf(pod: Pod, claim: PodClaim): ClaimName | { problem: string } {
  if (claim.resourceClaimName !== undefined) return { name: claim.resourceClaimName, own: false };
  const made = claimStatusesOf(pod).find((one) => one.name === claim.name);
  if (made) return { name: made.resourceClaimName, own: true };
  const { namespace = "", name } = pod.metadata;
  return { problem: `pod "${namespace}/${name}": ResourceClaim not created yet` };
}

/** Why a claim is none of the Pod's. k8s: IsForPod */
export function notForPod(pod: Pod, claim: ResourceClaim): string | undefined {
  const controller = claim.metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller?.uid === pod.metadata.uid) return undefined;
  const of = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
  return `ResourceClaim ${claim.metadata.namespace ?? ""}/${claim.metadata.name} was not created for Pod ${of} (Pod is not owner)`;
}

export const isReservedFor = (pod: Pod, { status }: ResourceClaim): boolean =>
  status?.reservedFor?.some(({ uid }) => uid === pod.metadata.uid) ?? false;

/** Names of all claims that a Pod is known to use. */
export function claimNamesOf(pod: Pod): string[] {
  const names: string[] = [];
  for (const claim of pod.spec?.resourceClaims ?? []) {
    const found = claimNameOf(pod, claim);
    if ("name" in found && found.name !== undefined) names.push(found.name);
  }
  return names;
}

/** The claim that the scheduler made for its extended resources, too. */
export function allClaimNamesOf(pod: Pod): string[] {
  const made = pod.status?.extendedResourceClaimStatus?.resourceClaimName;
  return made === undefined ? claimNamesOf(pod) : [...claimNamesOf(pod), made];
}

/** The claim keeps what it has until nobody uses it. k8s: api/resource/v1/types.go Finalizer */
export const claimFinalizer = "resource.kubernetes.io/delete-protection";

/** A claim without that finalizer; undefined: it has none. */
export function withoutFinalizer(claim: ResourceClaim): ResourceClaim | undefined {
  const { finalizers = [], ...metadata } = claim.metadata;
  const others = finalizers.filter((one) => one !== claimFinalizer);
  if (others.length === finalizers.length) return undefined;
  return { ...claim, metadata: { ...metadata, ...(others.length ? { finalizers: others } : {}) } };
}
