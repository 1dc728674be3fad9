/**
 * Makes the claims that Pods' templates ask for, forgets users that are gone, and lets go of devices that nobody uses.
 * Keys: `pod:NAMESPACE/NAME`, `claim:NAMESPACE/NAME`. k8s: pkg/controller/resourceclaim/controller.go
 */
import { objectKey, splitKey, type Change } from "../../core/object.ts";
import {
  allClaimNamesOf,
  claimFinalizer,
  withoutFinalizer,
  claimNameOf,
  claimNamesOf,
  isReservedFor,
  notForPod,
} from "../../kinds/pod/resource-claims.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { ResourceClaim } from "../../kinds/resource/shape.ts";
import type { Client, Controller, Due, Reader } from "../../ports/controller.ts";
import { isDone, makeClaims } from "./pod-claims.ts";

const claims = "resourceclaims.resource.k8s.io";
const podPrefix = "pod:";
const claimPrefix = "claim:";

export const resourceClaimController: Controller = {
  name: "resourceclaim",
  component: "resource-claim-controller",
  wakesOn: {
    pods: (change, reader) => wokenByPod(change, reader),
    [claims]: (change, reader) => wokenByClaim(change, reader),
  },
  reconcile(key, client) {
    return key.startsWith(podPrefix)
      ? syncPod(key.slice(podPrefix.length), client)
      : syncClaim(key.slice(claimPrefix.length), client);
  },
};

function wokenByPod({ op, object }: Change, reader: Reader): string[] | undefined {
  const pod = object as Pod;
  if (!pod.spec?.resourceClaims?.length && !pod.status?.extendedResourceClaimStatus)
    return undefined;
  const { namespace = "", name } = pod.metadata;
  if (op === "delete" || isDone(pod))
    return allClaimNamesOf(pod).map((claim) => `${claimPrefix}${namespace}/${claim}`);
  return needsWork(pod, reader) ? [`${podPrefix}${namespace}/${name}`] : undefined;
}

/** k8s: podNeedsWork */
function needsWork(pod: Pod, reader: Reader): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  for (const one of pod.spec.resourceClaims ?? []) {
    const named = claimNameOf(pod, one);
    if ("problem" in named) return true;
    // Whatever one claim waits for, others may want work.
    if (named.name === undefined) continue;
    const claim = reader.get<ResourceClaim>(claims, pod.metadata.namespace ?? "", named.name);
    if (!claim && one.resourceClaimTemplateName !== undefined) return true;
    if (!claim || (named.own && notForPod(pod, claim) !== undefined)) continue;
    if (pod.spec.nodeName && claim.status?.allocation && !isReservedFor(pod, claim)) return true;
  }
  return false;
}

function wokenByClaim({ op, namespace, name }: Change, reader: Reader): string[] {
  const keys = op === "delete" ? [] : [`${claimPrefix}${namespace}/${name}`];
  for (const pod of reader.byIndex<Pod>("pod.resourceClaim", `${namespace}\0${name}`))
    if (!isDone(pod) && needsWork(pod, reader))
      keys.push(podPrefix + objectKey(pod.metadata.namespace, pod.metadata.name));
  return keys;
}

function syncPod(key: string, client: Client): Due {
  const { namespace, name } = splitKey(key);
  const pod = client.get<Pod>("pods", namespace, name);
  if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const made = makeClaims(pod, client);
  if (made === "failed") return { retry: true };
  if (!pod.spec.nodeName) return undefined;
  // Who came to its node past the scheduler uses what is there all the same.
  const current = client.get<Pod>("pods", namespace, name) ?? pod;
  for (const one of claimNamesOf(current)) {
    const claim = client.get<ResourceClaim>(claims, namespace, one);
    if (!claim) return undefined;
    if (!claim.status?.allocation || isReservedFor(pod, claim)) continue;
    // Refused for a claim that goes; the next one of its name wakes the Pod again.
    if (claim.metadata.deletionTimestamp !== undefined) continue;
    const user = { resource: "pods", name, uid: pod.metadata.uid ?? "" };
    const reserve = (was: ResourceClaim): ResourceClaim => ({
      ...was,
      status: { ...was.status, reservedFor: [...(was.status?.reservedFor ?? []), user] },
    });
    client.modify<ResourceClaim>(claims, namespace, one, reserve, "status");
  }
  return undefined;
}

/** Whether a user of a claim is still to be reckoned with. */
function isUser(client: Client, namespace: string, name: string, uid: string): boolean {
  const pod = client.get<Pod>("pods", namespace, name);
  return pod !== undefined && pod.metadata.uid === uid && !isDone(pod);
}

function syncClaim(key: string, client: Client): Due {
  const { namespace, name } = splitKey(key);
  const claim = client.get<ResourceClaim>(claims, namespace, name);
  if (!claim) return undefined;
  const users = claim.status?.reservedFor ?? [];
  const valid = users.filter(
    ({ apiGroup, resource, name: pod = "", uid = "" }) =>
      apiGroup || resource !== "pods" || isUser(client, namespace, pod, uid),
  );
  const goes = claim.metadata.deletionTimestamp !== undefined;
  if (valid.length < users.length) {
    release(client, claim, valid);
  } else if (goes && users.length === 0 && isProtected(claim)) {
    if (claim.status?.allocation) release(client, claim, []);
    else unprotect(client, claim);
  }
  if (valid.length === 0) removeIfUnused(client, namespace, name);
  return undefined;
}

const isProtected = ({ metadata }: ResourceClaim): boolean =>
  metadata.finalizers?.includes(claimFinalizer) ?? false;

/** Keeps the given users; without any the devices go, and the finalizer with them. */
function release(
  client: Client,
  { metadata: { namespace = "", name } }: ResourceClaim,
  valid: NonNullable<ResourceClaim["status"]>["reservedFor"] & object,
): void {
  const keep = (was: ResourceClaim): ResourceClaim => {
    const { reservedFor: _, ...status } = was.status ?? {};
    if (valid.length > 0) return { ...was, status: { ...status, reservedFor: valid } };
    if (isProtected(was)) delete status.allocation;
    return { ...was, status };
  };
  const kept = client.modify<ResourceClaim>(claims, namespace, name, keep, "status");
  if (kept && !kept.status?.allocation && isProtected(kept)) unprotect(client, kept);
}

function unprotect(client: Client, { metadata: { namespace = "", name } }: ResourceClaim): void {
  client.modify<ResourceClaim>(claims, namespace, name, withoutFinalizer);
}

/** A claim that was made for a Pod which will not run any more. */
function removeIfUnused(client: Client, namespace: string, name: string): void {
  const claim = client.get<ResourceClaim>(claims, namespace, name);
  if (!claim || claim.metadata.deletionTimestamp !== undefined) return;
  const owner = claim.metadata.ownerReferences?.find(
    (one) => one.controller && one.apiVersion === "v1" && one.kind === "Pod",
  );
  const pod = owner && client.get<Pod>("pods", namespace, owner.name);
  if (!pod || (pod.metadata.uid === owner.uid && !isDone(pod))) return;
  client.delete(claims, namespace, name);
}
