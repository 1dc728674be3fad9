/**
 * The provisioner of class `standard`: makes volumes for claims that ask for it, takes them away when they are released,
 * and lets them grow. k8s: sigs.k8s.io/sig-storage-lib-external-provisioner, external-resizer
 */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { provisionMs, volumeWorkMs } from "../../core/limits.ts";
import { removePersistentVolume } from "../../runtime/volumes/volumes.ts";
import { value } from "../../machinery/quantity.ts";
import type { Client, Controller } from "../../ports/controller.ts";
import { hostnameLabel } from "../../scheduler/types.ts";
import {
  bindCompleted,
  claims,
  classOf,
  isDelayed,
  provisionedBy,
  requested,
  selectedNode,
  simulated,
  storageProvisioner,
  volumes,
} from "../../kinds/storage/volume-binding.ts";

const source = { component: `${simulated}_podyard-provisioner` };
const resizer = { component: `external-resizer ${simulated}` };
const expander = { component: "volume_expand" };
/** A driver's name holds no slash. */
const driver = "simulated.podyard.dev";
/** Since when a key's work is under way, virtual ms. */
const workTable = "volume-work";

export const volumeProvisioner: Controller = {
  name: "volume-provisioner",
  wakesOn: {
    [claims]: (change) => [objectKey(change.namespace, change.name)],
    [volumes]: (change) => (change.op === "create" ? undefined : [change.name]),
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    if (!namespace) return syncVolume(client, key, client.get<PersistentVolume>(volumes, "", name));
    const claim = client.get<PersistentVolumeClaim>(claims, namespace, name);
    if (!claim || claim.metadata.deletionTimestamp) return finish(client, key);
    if (claim.metadata.annotations?.[storageProvisioner] !== simulated) return undefined;
    if (claim.metadata.annotations[bindCompleted] !== undefined) return resize(client, key, claim);
    return claim.spec?.volumeName ? finish(client, key) : provision(client, key, claim);
  },
};

/** The moment work begun at the first look is done; undefined: it is. `begin` runs once. */
function work(client: Client, key: string, ms: number, begin: () => void): number | undefined {
  const since = client.records.get<number>(workTable, key);
  if (since === undefined) {
    client.records.put(workTable, key, client.now);
    begin();
    return client.now + ms;
  }
  return client.now < since + ms ? since + ms : undefined;
}

function finish(client: Client, key: string): undefined {
  if (client.records.get(workTable, key) !== undefined) client.records.delete(workTable, key);
  return undefined;
}

/**
 * A volume of one node at a time is a folder of the node its first Pod was placed on, as kind's default class makes them.
 * k8s: github.com/rancher/local-path-provisioner provisioner.go provisionFor
 */
function heldTo(client: Client, claim: PersistentVolumeClaim): object {
  const node = claim.metadata.annotations?.[selectedNode];
  const oneNode = claim.spec?.accessModes?.every((mode) => mode.startsWith("ReadWriteOnce"));
  if (node === undefined || !oneNode) return {};
  const name = client.get("nodes", "", node)?.metadata.labels?.[hostnameLabel] ?? node;
  const here = { key: hostnameLabel, operator: "In", values: [name] };
  return { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } } };
}

function provision(client: Client, key: string, claim: PersistentVolumeClaim): number | undefined {
  const chosen = classOf(client, claim);
  if (chosen?.provisioner !== simulated || isDelayed(client, claim)) return finish(client, key);
  const due = work(client, key, provisionMs, () => {
    const text = `External provisioner is provisioning volume for claim "${key}"`;
    client.event(claim, "Normal", "Provisioning", text, source);
  });
  if (due !== undefined) return due;
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const volume = `pvc-${uid}`;
  if (!client.get(volumes, "", volume)) {
    client.create(volumes, {
      metadata: { name: volume, annotations: { [provisionedBy]: simulated } },
      spec: {
        accessModes: claim.spec?.accessModes,
        capacity: { storage: claim.spec?.resources?.requests?.["storage"] },
        claimRef: {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          name,
          namespace,
          resourceVersion,
          uid,
        },
        csi: { driver, volumeHandle: volume },
        ...heldTo(client, claim),
        ...(chosen.mountOptions ? { mountOptions: chosen.mountOptions } : {}),
        persistentVolumeReclaimPolicy: chosen.reclaimPolicy ?? "Delete",
        storageClassName: chosen.metadata.name,
        volumeMode: claim.spec?.volumeMode ?? "Filesystem",
      },
    });
  }
  const text = `Successfully provisioned volume ${volume}`;
  client.event(claim, "Normal", "ProvisioningSucceeded", text, source);
  return finish(client, key);
}

function syncVolume(
  client: Client,
  key: string,
  volume: PersistentVolume | undefined,
): number | undefined {
  const ours = volume?.metadata.annotations?.[provisionedBy] === simulated;
  const goes = volume?.spec?.persistentVolumeReclaimPolicy === "Delete";
  if (!volume || !ours || !goes || volume.status?.phase !== "Released") return finish(client, key);
  const due = work(client, key, volumeWorkMs, () => undefined);
  if (due !== undefined) return due;
  removePersistentVolume(client.records, volume.metadata.name);
  if (!volume.metadata.deletionTimestamp) client.delete(volumes, "", volume.metadata.name);
  return finish(client, key);
}

/** A bound claim that asks for more than it has. */
function resize(client: Client, key: string, claim: PersistentVolumeClaim): number | undefined {
  const name = claim.spec?.volumeName ?? "";
  const volume = client.get<PersistentVolume>(volumes, "", name);
  if (!volume || claim.status?.phase !== "Bound") return finish(client, key);
  if (requested(claim) <= value(claim.status.capacity?.["storage"])) return finish(client, key);
  const due = work(client, key, provisionMs, () => {
    const waits = "waiting for an external controller to expand this PVC";
    client.event(claim, "Normal", "ExternalExpanding", waits, expander);
    client.event(
      claim,
      "Normal",
      "Resizing",
      `External resizer is resizing volume ${name}`,
      resizer,
    );
  });
  if (due !== undefined) return due;
  const storage = claim.spec?.resources?.requests?.["storage"] ?? "0";
  client.modify<PersistentVolume>(volumes, "", name, (current) => ({
    ...current,
    spec: { ...current.spec, capacity: { ...current.spec?.capacity, storage } },
  }));
  const { namespace = "" } = claim.metadata;
  client.modify<PersistentVolumeClaim>(
    claims,
    namespace,
    claim.metadata.name,
    (current) => ({
      ...current,
      status: { ...current.status, capacity: { ...current.status?.capacity, storage } },
    }),
    "status",
  );
  client.event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded", resizer);
  return finish(client, key);
}
