/** How much a sandbox may hold. Beyond it writes fail with an error that names the limit, deletes still work. */
import {
  eventRoomShare,
  limitRangesPerNamespaceMax,
  objectBytesMax,
  quotasPerNamespaceMax,
} from "../../core/limits.ts";
import { byteLength } from "../../machinery/names.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Store } from "../../core/store.ts";
import * as status from "../../machinery/status.ts";

export interface Limits {
  objectsMax: number;
  stateBytesMax: number;
  objectsBytesMax: number;
}

/** What a sandbox holds, and may hold. */
export interface Capacity {
  store: Store;
  limits: Limits;
  /** Bytes stored, and of objects alone, told by the log. */
  bytesStored(): number;
  objectBytes(): number;
}

const perNamespaceMax: Record<string, number> = {
  resourcequotas: quotasPerNamespaceMax,
  limitranges: limitRangesPerNamespaceMax,
};

/** Room for one object more? */
export function checkCapacity(
  capacity: Capacity,
  resource: status.ResourceName & { id: string },
  namespace: string,
  name: string,
): void {
  const most = perNamespaceMax[resource.id];
  const count = most === undefined ? 0 : capacity.store.count(resource.id, namespace);
  if (most !== undefined && count >= most) {
    const problem = `the namespace holds ${count} ${resource.plural}, its limit is ${most}`;
    throw status.forbidden(resource, name, problem);
  }
  const { objectCount } = capacity.store;
  const { objectsMax } = capacity.limits;
  if (objectCount >= objectsMax) {
    const problem = `the sandbox holds ${objectCount} objects, its limit is ${objectsMax}`;
    throw status.forbidden(resource, name, problem);
  }
  checkBytes(capacity, resource, name);
}

/** k8s: etcd/server/etcdserver/errors ErrRequestTooLarge, which the API server passes on as it is */
export function checkSize(object: KubeObject): void {
  const text = JSON.stringify(object);
  if (text.length * 3 > objectBytesMax && byteLength(text) > objectBytesMax) {
    throw status.plainError("etcdserver: request is too large");
  }
}

/** A full sandbox still takes Events, up to a quarter more; those beyond are dropped, as upstream's recorder drops them. */
export function hasCapacityForEvent({ store, limits, objectBytes }: Capacity): boolean {
  const most = limits.objectsMax * eventRoomShare;
  return store.objectCount < most && objectBytes() < limits.objectsBytesMax * eventRoomShare;
}

/** No object grows beyond its limit; in a full sandbox they may only shrink. */
export function checkGrowth(
  capacity: Capacity,
  resource: status.ResourceName,
  current: KubeObject,
  object: KubeObject,
): void {
  checkSize(object);
  const { stateBytesMax, objectsBytesMax } = capacity.limits;
  if (capacity.bytesStored() <= stateBytesMax && capacity.objectBytes() <= objectsBytesMax) return;
  if (JSON.stringify(object).length <= JSON.stringify(current).length) return;
  checkBytes(capacity, resource, object.metadata.name);
}

function checkBytes(capacity: Capacity, resource: status.ResourceName, name: string): void {
  const bytes = capacity.bytesStored();
  const ofObjects = capacity.objectBytes();
  const { stateBytesMax, objectsBytesMax } = capacity.limits;
  if (bytes <= stateBytesMax && ofObjects <= objectsBytesMax) return;
  const problem =
    bytes > stateBytesMax
      ? `the sandbox holds ${bytes} bytes, its limit is ${stateBytesMax}`
      : `the sandbox's objects have ${ofObjects} bytes, their limit is ${objectsBytesMax}`;
  throw status.forbidden(resource, name, problem);
}
