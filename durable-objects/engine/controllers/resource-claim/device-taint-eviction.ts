/**
 * Pods leave devices that have a NoExecute taint: at once, after the time that their request tolerates it, or never. One key per
 * Pod. k8s: pkg/controller/devicetainteviction/device_taint_eviction.go
 */
import { parseTime } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey, type Change, type KubeObject } from "../../core/object.ts";
import { claimNamesOf, isReservedFor } from "../../kinds/pod/resource-claims.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type {
  Device,
  DeviceTaint,
  ResourceClaim,
  ResourceSlice,
} from "../../kinds/resource/shape.ts";
import type { Client, Controller, Reader } from "../../ports/controller.ts";
import { toleratesDeviceTaint } from "../../scheduler/devices/request-data.ts";
import { deleteWithCondition } from "../disruption/disruption-target.ts";

const claims = "resourceclaims.resource.k8s.io";
const slices = "resourceslices.resource.k8s.io";
/** Pods that are to go later, by key: their uid. */
const table = "device-taint-eviction";
const source = { component: "device-taint-eviction" };

const executing = ({ taints = [] }: Device): DeviceTaint[] =>
  taints.filter(({ effect }) => effect === "NoExecute");

const taintsOf = (slice: KubeObject | undefined): object[] =>
  ((slice as ResourceSlice | undefined)?.spec?.devices ?? []).flatMap((device) =>
    executing(device).map((taint) => ({ device: device.name, ...taint })),
  );

/** Pods whose claims have something of a slice's pool. */
function* usersOf({ object, previous }: Change, reader: Reader): Iterable<string> {
  if (equal(taintsOf(object), taintsOf(previous))) return;
  const { driver, pool } = (object as ResourceSlice).spec ?? {};
  for (const claim of reader.list<ResourceClaim>(claims)) {
    const results = claim.status?.allocation?.devices?.results ?? [];
    if (results.some((one) => one.driver === driver && one.pool === pool?.name))
      yield* podsOf(claim);
  }
}

const podsOf = ({ metadata, status }: ResourceClaim): string[] =>
  (status?.reservedFor ?? []).flatMap(({ apiGroup, resource, name = "" }) =>
    !apiGroup && resource === "pods" ? [objectKey(metadata.namespace, name)] : [],
  );

export const deviceTaintEvictionController: Controller = {
  name: "devicetainteviction",
  component: "device-taint-eviction-controller",
  wakesOn: {
    [slices]: usersOf,
    [claims]: ({ object, previous }) => {
      const [claim, before] = [object, previous] as [ResourceClaim, ResourceClaim | undefined];
      const same = equal(claim.status?.reservedFor, before?.status?.reservedFor);
      return same ? undefined : podsOf(claim);
    },
    pods: ({ op, namespace, name, object }) =>
      op === "delete" && (object as Pod).spec?.resourceClaims
        ? [objectKey(namespace, name)]
        : undefined,
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const pod = client.get<Pod>("pods", namespace, name);
    const marked = client.records.get<string>(table, key);
    if (marked !== undefined && marked !== pod?.metadata.uid) client.records.delete(table, key);
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined;
    const dueMs = evictionMs(pod, client);
    if (dueMs === undefined) {
      if (marked === pod.metadata.uid) {
        client.records.delete(table, key);
        tell(client, pod, "Cancelling deletion");
      }
      return undefined;
    }
    if (dueMs > client.now) {
      client.records.put(table, key, pod.metadata.uid);
      return dueMs;
    }
    client.records.delete(table, key);
    evict(client, pod);
    return undefined;
  },
};

/** When the Pod must go; undefined: it may stay. */
function evictionMs(pod: Pod, reader: Reader): number | undefined {
  const namespace = pod.metadata.namespace ?? "";
  let due: number | undefined;
  for (const name of claimNamesOf(pod)) {
    const claim = reader.get<ResourceClaim>(claims, namespace, name);
    if (!claim || !isReservedFor(pod, claim)) continue;
    for (const result of claim.status?.allocation?.devices?.results ?? []) {
      const device = deviceOf(result, reader);
      for (const taint of device ? executing(device) : []) {
        const tolerated = (result.tolerations ?? []).filter((one) =>
          toleratesDeviceTaint(one, taint),
        );
        const since = taint.timeAdded === undefined ? reader.now : parseTime(taint.timeAdded);
        const seconds = tolerated.flatMap((one) => one.tolerationSeconds ?? []);
        if (tolerated.length > 0 && seconds.length === 0) continue;
        const at = since + Math.max(0, Math.min(...(seconds.length > 0 ? seconds : [0]))) * 1000;
        due = Math.min(due ?? at, at);
      }
    }
  }
  return due;
}

type Result = NonNullable<
  NonNullable<NonNullable<NonNullable<ResourceClaim["status"]>["allocation"]>["devices"]>["results"]
>[number];

/** As the newest generation of its pool has it. */
function deviceOf({ driver, pool, device }: Result, reader: Reader): Device | undefined {
  let newest = -1;
  let found: Device | undefined;
  for (const { spec } of reader.list<ResourceSlice>(slices)) {
    if (spec?.driver !== driver || spec?.pool?.name !== pool) continue;
    const generation = spec?.pool?.generation ?? 0;
    const known = spec?.devices?.find((one) => one.name === device);
    if (known && generation > newest) [newest, found] = [generation, known];
  }
  return found;
}

const tell = (client: Client, pod: Pod, text: string): void =>
  client.event(pod, "Normal", "DeviceTaintManagerEviction", text, source);

function evict(client: Client, pod: Pod): void {
  tell(client, pod, "Marking for deletion");
  const why = {
    reason: "DeletionByDeviceTaintManager",
    message: "Device Taint manager: deleting due to NoExecute taint",
  };
  deleteWithCondition(client, pod, why, { preconditions: { uid: pod.metadata.uid } });
}
