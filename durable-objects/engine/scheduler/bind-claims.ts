/** A Pod's claims get the devices of its node, and are kept for it. k8s: dynamicresources.go PreBind, bindClaim, PostFilter */
import { rfc3339 } from "../core/clock.ts";
import { claimFinalizer, isReservedFor } from "../kinds/pod/resource-claims.ts";
import type { AllocationResult, ResourceClaim } from "../kinds/resource/shape.ts";
import { StatusError } from "../machinery/status.ts";
import type { Client } from "../ports/controller.ts";
import { needsBinding } from "./devices/binding.ts";
import { create, note, remove } from "./devices/extended-claim.ts";
import { claimText } from "./devices/request-data.ts";
import type { DeviceState } from "./plugins/dynamic-resources.ts";
import type { Pod } from "./types.ts";

const resource = "resourceclaims.resource.k8s.io";

function change(
  client: Client,
  { metadata: { namespace = "", name } }: ResourceClaim,
  by: (claim: ResourceClaim) => ResourceClaim,
  subresource?: "status",
): void {
  client.modify<ResourceClaim>(resource, namespace, name, by, subresource);
}

const protectedClaim = (claim: ResourceClaim): ResourceClaim => {
  const finalizers = claim.metadata.finalizers ?? [];
  if (finalizers.includes(claimFinalizer)) return claim;
  return {
    ...claim,
    metadata: { ...claim.metadata, finalizers: [...finalizers, claimFinalizer] },
  };
};

/** Each share of a device gets a name, and a wait for devices begins. */
function named(client: Client, allocation: AllocationResult): AllocationResult {
  const { devices, ...rest } = allocation;
  const results = devices?.results?.map((one) =>
    one.shareID === undefined ? one : { ...one, shareID: client.uuid() },
  );
  const waits = needsBinding(allocation) ? { allocationTimestamp: rfc3339(client.now) } : {};
  return { devices: { ...devices, ...(results ? { results } : {}) }, ...rest, ...waits };
}

function bindClaim(
  client: Client,
  pod: Pod,
  claim: ResourceClaim,
  allocation: AllocationResult | undefined,
): void {
  if (allocation) change(client, claim, protectedClaim);
  const user = { resource: "pods", name: pod.metadata.name, uid: pod.metadata.uid ?? "" };
  const reserve = (current: ResourceClaim): ResourceClaim => ({
    ...current,
    status: {
      ...current.status,
      ...(allocation ? { allocation } : {}),
      reservedFor: [...(current.status?.reservedFor ?? []), user],
    },
  });
  change(client, claim, reserve, "status");
}

export const preBind = 'running PreBind plugin "DynamicResources"';

/** Undefined once all is done; else the text of what failed. */
export function bindClaims(
  pod: Pod,
  state: DeviceState,
  node: string,
  client: Client,
): string | undefined {
  const allocations = state.allocationsOn(node) ?? [];
  for (const claim of state.claims) {
    if (isReservedFor(pod, claim)) continue;
    const place = state.open.indexOf(claim);
    const found = place < 0 ? undefined : allocations[place];
    try {
      bindClaim(client, pod, claim, found && named(client, found));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const what = place < 0 ? "add reservation" : "add allocation and reservation";
      return `${preBind}: ${what} to claim ${claimText(claim)}: ${error.message}`;
    }
  }
  return undefined;
}

/** The claim for extended resources is made, gets its devices, and the Pod is told. Undefined once all is done. */
export function bindExtended(
  pod: Pod,
  state: DeviceState,
  node: string,
  client: Client,
): string | undefined {
  const found = state.extendedOn(node);
  if (!found) return undefined;
  let made: ResourceClaim | undefined;
  let what = `create claim for extended resources ${claimText(found.claim)}`;
  try {
    made = create(client, found.claim);
    what = `add allocation and reservation to claim ${claimText(made)}`;
    bindClaim(client, pod, made, named(client, found.allocation));
    what = `update pod ${claimText(pod)} ExtendedResourceClaimStatus`;
    note(client, pod, made, found.mappings);
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (made) remove(client, made);
    return `${preBind}: ${what}: ${error.message}`;
  }
}

/** Takes back what a claim has. */
export function deallocate(claim: ResourceClaim, client: Client): void {
  const free = (current: ResourceClaim): ResourceClaim => {
    const { allocation: _, reservedFor: __, devices: ___, ...status } = current.status ?? {};
    return { ...current, status };
  };
  change(client, claim, free, "status");
}
