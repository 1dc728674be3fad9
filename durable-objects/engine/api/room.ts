/** How much a sandbox may hold. Who reaches it is told so, and can still delete. */
import type { KubeObject } from "../core/object.ts";
import type { Store } from "../core/store.ts";
import * as status from "./status.ts";

export interface Limits {
  objectsMax: number;
  stateBytesMax: number;
}

/** What a sandbox holds, and may hold. */
export interface Capacity {
  store: Store;
  limits: Limits;
  /** Bytes stored, told by the log. */
  bytesStored(): number;
}

/** Room for one object more? */
export function checkRoom(capacity: Capacity, resource: status.ResourceName, name: string): void {
  const { objectCount } = capacity.store;
  const { objectsMax } = capacity.limits;
  if (objectCount >= objectsMax) {
    const problem = `the sandbox holds ${objectCount} objects, its limit is ${objectsMax}`;
    throw status.forbidden(resource, name, problem);
  }
  checkBytes(capacity, resource, name);
}

/** In a full sandbox objects may only shrink. */
export function checkGrowth(
  capacity: Capacity,
  resource: status.ResourceName,
  current: KubeObject,
  object: KubeObject,
): void {
  if (capacity.bytesStored() <= capacity.limits.stateBytesMax) return;
  if (JSON.stringify(object).length <= JSON.stringify(current).length) return;
  checkBytes(capacity, resource, object.metadata.name);
}

function checkBytes(capacity: Capacity, resource: status.ResourceName, name: string): void {
  const bytes = capacity.bytesStored();
  const { stateBytesMax } = capacity.limits;
  if (bytes <= stateBytesMax) return;
  const problem = `the sandbox holds ${bytes} bytes, its limit is ${stateBytesMax}`;
  throw status.forbidden(resource, name, problem);
}
