/**
 * Which devices claims have, and the slices that tell of devices: kept up to date change by change, and read at the first
 * Pod that asks. k8s: plugins/dynamicresources/allocateddevices.go
 */
import type { ResourceClaim, ResourceSlice } from "../../kinds/resource/shape.ts";
import type { Reader } from "../../ports/controller.ts";
import type { Consumed } from "./capacity.ts";
import { deviceId } from "./request-data.ts";
import { Slices } from "./pools.ts";

const claims = "resourceclaims.resource.k8s.io";

interface Held {
  id: string;
  /** Of one that is shared. */
  share?: Consumed;
}

/** Devices that a claim has; who looks after them has them beside. */
function devicesOf(claim: ResourceClaim | undefined): Held[] {
  const results = claim?.status?.allocation?.devices?.results ?? [];
  return results
    .filter(({ adminAccess }) => !adminAccess)
    .map(({ driver = "", pool = "", device = "", shareID, consumedCapacity = {} }) => ({
      id: deviceId(driver, pool, device),
      ...(shareID ? { share: consumedCapacity } : {}),
    }));
}

export class KnownDevices {
  #byClaim: Map<string, Held[]> | undefined;
  readonly #users = new Map<string, number>();
  readonly #shares = new Map<string, Consumed[]>();
  #slices: Slices | undefined;
  /** Claims that the scheduler wrote itself. */
  readonly #stale = new Set<string>();

  isAllocated(device: string, reader: Reader): boolean {
    this.#read(reader);
    return (this.#users.get(device) ?? 0) > 0;
  }
  sharesOf(device: string, reader: Reader): readonly Consumed[] {
    this.#read(reader);
    return this.#shares.get(device) ?? [];
  }

  #read(reader: Reader): void {
    if (this.#byClaim) return;
    this.#byClaim = new Map();
    for (const claim of reader.list<ResourceClaim>(claims))
      this.#set(`${claim.metadata.namespace}/${claim.metadata.name}`, claim);
  }

  syncClaim(namespace: string, name: string, reader: Reader): void {
    if (!this.#byClaim) return;
    this.#set(`${namespace}/${name}`, reader.get<ResourceClaim>(claims, namespace, name));
  }
  markStale(namespace: string, name: string): void {
    this.#stale.add(`${namespace}/${name}`);
  }
  /** What was written last counts, and what was taken back does not. */
  readAgain(reader: Reader): void {
    for (const key of this.#stale) {
      const slash = key.indexOf("/");
      this.syncClaim(key.slice(0, slash), key.slice(slash + 1), reader);
    }
    this.#stale.clear();
  }

  slices(reader: Reader): Slices {
    return (this.#slices ??= new Slices(
      reader.list<ResourceSlice>("resourceslices.resource.k8s.io"),
    ));
  }
  forgetSlices(): void {
    this.#slices = undefined;
  }

  #set(key: string, claim: ResourceClaim | undefined): void {
    const known = this.#byClaim!;
    for (const { id, share } of known.get(key) ?? []) {
      if (share) {
        const others = (this.#shares.get(id) ?? []).filter((other) => other !== share);
        this.#shares.set(id, others);
        continue;
      }
      const left = (this.#users.get(id) ?? 1) - 1;
      if (left > 0) this.#users.set(id, left);
      else this.#users.delete(id);
    }
    const devices = devicesOf(claim);
    if (devices.length > 0) known.set(key, devices);
    else known.delete(key);
    for (const { id, share } of devices)
      if (share) this.#shares.set(id, [...(this.#shares.get(id) ?? []), share]);
      else this.#users.set(id, (this.#users.get(id) ?? 0) + 1);
  }
}
