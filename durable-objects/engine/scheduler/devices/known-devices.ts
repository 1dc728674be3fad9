/**
 * Which devices claims have, and the slices that tell of devices: kept up to date change by change, and read at the first
 * Pod that asks. k8s: plugins/dynamicresources/allocateddevices.go
 */
import type { ResourceClaim, ResourceSlice } from "../../kinds/resource/shape.ts";
import type { Reader } from "../../ports/controller.ts";
import { deviceId } from "./request-data.ts";
import { Slices } from "./pools.ts";

const claims = "resourceclaims.resource.k8s.io";

/** Devices that nobody else may have; who looks after them has them beside. */
function devicesOf(claim: ResourceClaim | undefined): string[] {
  const results = claim?.status?.allocation?.devices?.results ?? [];
  return results
    .filter(({ adminAccess }) => !adminAccess)
    .map(({ driver = "", pool = "", device = "" }) => deviceId(driver, pool, device));
}

export class KnownDevices {
  #byClaim: Map<string, string[]> | undefined;
  readonly #users = new Map<string, number>();
  #slices: Slices | undefined;
  /** Claims that the scheduler wrote itself. */
  readonly #stale = new Set<string>();

  isAllocated(device: string, reader: Reader): boolean {
    if (!this.#byClaim) {
      this.#byClaim = new Map();
      for (const claim of reader.list<ResourceClaim>(claims))
        this.#set(`${claim.metadata.namespace}/${claim.metadata.name}`, claim);
    }
    return (this.#users.get(device) ?? 0) > 0;
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
    for (const device of known.get(key) ?? []) {
      const left = (this.#users.get(device) ?? 1) - 1;
      if (left > 0) this.#users.set(device, left);
      else this.#users.delete(device);
    }
    const devices = devicesOf(claim);
    if (devices.length > 0) known.set(key, devices);
    else known.delete(key);
    for (const device of devices) this.#users.set(device, (this.#users.get(device) ?? 0) + 1);
  }
}
