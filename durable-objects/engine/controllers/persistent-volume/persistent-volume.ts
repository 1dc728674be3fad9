/**
 * Binds claims to volumes and says what becomes of volumes whose claim is gone. A key with a slash is a claim, one
 * without a volume. k8s: pkg/controller/volume/persistentvolume/pv_controller.go
 */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { boundAttributes, statusCapacity } from "./claim-status.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { removePersistentVolume } from "../../runtime/volumes/volumes.ts";
import type { Client, Controller, Reader, Waker } from "../../ports/controller.ts";
import {
  betaStorageProvisioner,
  bestVolume,
  bindCompleted,
  boundByController,
  claimClass,
  claims,
  claimsOfPod,
  classOf,
  defaultClassOf,
  isClassless,
  isDelayed,
  isMeantFor,
  mismatch,
  provisionedBy,
  storageProvisioner,
  volumes,
} from "../../kinds/storage/volume-binding.ts";

const source = { component: "persistentvolume-controller" };

const keyOf = (object: { metadata: { namespace?: string; name: string } }): string =>
  objectKey(object.metadata.namespace, object.metadata.name);

const wakeClaim: Waker = (change, reader) => {
  const keys = [objectKey(change.namespace, change.name)];
  for (const object of [change.object, change.previous] as (PersistentVolumeClaim | undefined)[]) {
    const name = object?.spec?.volumeName;
    if (name && !keys.includes(name)) keys.push(name);
  }
  if (change.op === "delete") {
    for (const volume of reader.list<PersistentVolume>(volumes)) {
      const ref = volume.spec?.claimRef;
      if (ref?.name === change.name && ref.namespace === change.namespace) keys.push(keyOf(volume));
    }
  }
  return keys;
};

/** Claims that have no volume yet. */
const waiting = (reader: Reader): PersistentVolumeClaim[] =>
  reader
    .list<PersistentVolumeClaim>(claims)
    .filter((c) => c.metadata.annotations?.[bindCompleted] === undefined);

const wakeVolume: Waker = (change, reader) => {
  const volume = change.object as PersistentVolume;
  const before = change.previous as PersistentVolume | undefined;
  const keys = new Set([change.name]);
  for (const ref of [volume.spec?.claimRef, before?.spec?.claimRef]) {
    if (ref?.name) keys.add(objectKey(ref.namespace, ref.name));
  }
  const free = (o: PersistentVolume | undefined): boolean => o?.status?.phase === "Available";
  if (change.op === "create" || (free(volume) && !free(before))) {
    for (const claim of waiting(reader)) keys.add(keyOf(claim));
  }
  return keys;
};

export const persistentVolumeController: Controller = {
  name: "persistentvolume-binder",
  component: source.component,
  wakesOn: {
    [claims]: wakeClaim,
    [volumes]: wakeVolume,
    "storageclasses.storage.k8s.io": (change, reader) =>
      change.op === "delete" ? undefined : waiting(reader).map(keyOf),
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    if (namespace) {
      const claim = client.get<PersistentVolumeClaim>(claims, namespace, name);
      if (claim) syncClaim(client, claim);
    } else {
      const volume = client.get<PersistentVolume>(volumes, "", name);
      if (volume) syncVolume(client, volume);
    }
    return undefined;
  },
};

// Claims

function syncClaim(client: Client, claim: PersistentVolumeClaim): void {
  if (claim.metadata.annotations?.[bindCompleted] !== undefined) syncBound(client, claim);
  else if (claim.spec?.volumeName) syncAsked(client, claim, claim.spec.volumeName);
  else syncUnbound(client, claim);
}

function setPhase(
  client: Client,
  claim: PersistentVolumeClaim,
  phase: string,
  volume?: PersistentVolume,
): boolean {
  const { namespace = "", name } = claim.metadata;
  const next = volume
    ? {
        phase,
        accessModes: volume.spec?.accessModes ?? [],
        capacity: statusCapacity(claim, volume),
        ...boundAttributes(claim, phase, volume),
      }
    : { phase };
  const same =
    claim.status?.phase === phase &&
    (!volume || JSON.stringify({ ...claim.status, ...next }) === JSON.stringify(claim.status));
  if (same) return false;
  client.modify<PersistentVolumeClaim>(
    claims,
    namespace,
    name,
    (current) => {
      if (volume) return { ...current, status: { ...current.status, ...next } };
      const { accessModes: _modes, capacity: _capacity, ...rest } = current.status ?? {};
      return {
        ...current,
        status: phase === "Lost" ? { ...current.status, phase } : { ...rest, phase },
      };
    },
    "status",
  );
  return claim.status?.phase !== phase;
}

function syncUnbound(client: Client, claim: PersistentVolumeClaim): void {
  if (isClassless(claim)) {
    const chosen = defaultClassOf(client);
    if (chosen) {
      const { namespace = "", name } = claim.metadata;
      client.modify<PersistentVolumeClaim>(claims, namespace, name, (current) => ({
        ...current,
        spec: { ...current.spec, storageClassName: chosen.metadata.name },
      }));
      return;
    }
  }
  const delayed = isDelayed(client, claim);
  const volume = bestVolume(client, claim, delayed);
  if (volume) return bind(client, claim, volume);
  if (delayed) sayWaiting(client, claim);
  else if (claimClass(claim)) return provision(client, claim);
  else {
    const text = "no persistent volumes available for this claim and no storage class is set";
    client.event(claim, "Normal", "FailedBinding", text, source);
  }
  setPhase(client, claim, "Pending");
}

/** k8s: emitEventForUnboundDelayBindingClaim */
function sayWaiting(client: Client, claim: PersistentVolumeClaim): void {
  const { namespace = "", name } = claim.metadata;
  const pods = client
    .byIndex<Pod>("pod.node", "")
    .filter((pod) => pod.metadata.namespace === namespace && claimsOfPod(pod).includes(name))
    .map((pod) => pod.metadata.name);
  if (pods.length === 0) {
    const text = "waiting for first consumer to be created before binding";
    client.event(claim, "Normal", "WaitForFirstConsumer", text, source);
    return;
  }
  const text = `waiting for ${pods.length > 1 ? "pods" : "pod"} ${pods.join(",")} to be scheduled`;
  client.event(claim, "Normal", "WaitForPodScheduled", text, source);
}

/** k8s: provisionClaim, provisionClaimOperationExternal, setClaimProvisioner */
function provision(client: Client, claim: PersistentVolumeClaim): void {
  const chosen = classOf(client, claim);
  if (!chosen) {
    const text = `storageclass.storage.k8s.io "${claimClass(claim)}" not found`;
    client.event(claim, "Warning", "ProvisioningFailed", text, source);
    setPhase(client, claim, "Pending");
    return;
  }
  const provisioner = chosen.provisioner ?? "";
  if (provisioner.startsWith("kubernetes.io/")) {
    const text = `no volume plugin matched name: ${provisioner}`;
    client.event(claim, "Warning", "ProvisioningFailed", text, source);
    setPhase(client, claim, "Pending");
    return;
  }
  const { namespace = "", name } = claim.metadata;
  client.modify<PersistentVolumeClaim>(claims, namespace, name, (current) => {
    if (current.metadata.annotations?.[storageProvisioner] === provisioner) return undefined;
    const annotations = {
      ...current.metadata.annotations,
      [betaStorageProvisioner]: provisioner,
      [storageProvisioner]: provisioner,
    };
    return { ...current, metadata: { ...current.metadata, annotations } };
  });
  const text = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  client.event(claim, "Normal", "ExternalProvisioning", text, source);
  setPhase(client, claim, "Pending");
}

/** A claim that names its volume itself. */
function syncAsked(client: Client, claim: PersistentVolumeClaim, volumeName: string): void {
  const volume = client.get<PersistentVolume>(volumes, "", volumeName);
  if (!volume) {
    setPhase(client, claim, "Pending");
    return;
  }
  if (!volume.spec?.claimRef) {
    const why = mismatch(volume, claim);
    if (why === undefined) return bind(client, claim, volume);
    const text = `Cannot bind to requested volume "${volumeName}": ${why}`;
    client.event(claim, "Warning", "VolumeMismatch", text, source);
  } else if (isMeantFor(volume, claim)) {
    return bind(client, claim, volume);
  } else if (claim.metadata.annotations?.[boundByController] === undefined) {
    const text = `volume "${volumeName}" already bound to a different claim.`;
    client.event(claim, "Warning", "FailedBinding", text, source);
  }
  setPhase(client, claim, "Pending");
}

function syncBound(client: Client, claim: PersistentVolumeClaim): void {
  const volumeName = claim.spec?.volumeName ?? "";
  const lost = (reason: string, text: string): void => {
    if (setPhase(client, claim, "Lost")) client.event(claim, "Warning", reason, text, source);
  };
  if (!volumeName) {
    return lost(
      "ClaimLost",
      "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
    );
  }
  const volume = client.get<PersistentVolume>(volumes, "", volumeName);
  if (!volume) {
    return lost(
      "ClaimLost",
      "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
    );
  }
  const uid = volume.spec?.claimRef?.uid;
  if (!volume.spec?.claimRef || uid === claim.metadata.uid) return bind(client, claim, volume);
  lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
}

/** Both sides name each other, then both are Bound. k8s: pv_controller.go bind */
function bind(client: Client, claim: PersistentVolumeClaim, volume: PersistentVolume): void {
  const { namespace = "", name, uid } = claim.metadata;
  const reserved = client.modify<PersistentVolume>(volumes, "", volume.metadata.name, (current) => {
    if (current.spec?.claimRef?.uid === uid) return undefined;
    const annotations = isMeantFor(current, claim)
      ? current.metadata.annotations
      : { ...current.metadata.annotations, [boundByController]: "yes" };
    const { resourceVersion } = claim.metadata;
    const claimRef = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      name,
      namespace,
      resourceVersion,
      uid,
    };
    return {
      ...current,
      metadata: { ...current.metadata, ...(annotations ? { annotations } : {}) },
      spec: { ...current.spec, claimRef },
    };
  });
  if (!reserved) return;
  setVolumePhase(client, reserved, "Bound");
  const named = client.modify<PersistentVolumeClaim>(claims, namespace, name, (current) => {
    const known = current.metadata.annotations;
    const own = current.spec?.volumeName === volume.metadata.name;
    if (own && known?.[bindCompleted] !== undefined) return undefined;
    const annotations = {
      ...known,
      [bindCompleted]: "yes",
      ...(own ? {} : { [boundByController]: "yes" }),
    };
    return {
      ...current,
      metadata: { ...current.metadata, annotations },
      spec: { ...current.spec, volumeName: volume.metadata.name },
    };
  });
  if (named) setPhase(client, named, "Bound", reserved);
}

// Volumes

function setVolumePhase(
  client: Client,
  volume: PersistentVolume,
  phase: string,
  message?: string,
): boolean {
  const { phase: now, message: said } = volume.status ?? {};
  if (now === phase && (said ?? "") === (message ?? "")) return false;
  client.modify<PersistentVolume>(
    volumes,
    "",
    volume.metadata.name,
    (current) => {
      const { message: _old, reason: _reason, ...rest } = current.status ?? {};
      return { ...current, status: { ...rest, phase, ...(message ? { message } : {}) } };
    },
    "status",
  );
  return true;
}

function syncVolume(client: Client, volume: PersistentVolume): void {
  const ref = volume.spec?.claimRef;
  if (!ref?.uid) {
    setVolumePhase(client, volume, "Available");
    return;
  }
  const named = client.get<PersistentVolumeClaim>(claims, ref.namespace ?? "", ref.name ?? "");
  const claim = named?.metadata.uid === ref.uid ? named : undefined;
  if (!claim) return release(client, volume);
  // The claim's own turn finishes what was begun.
  if (!claim.spec?.volumeName) return;
  if (claim.spec.volumeName === volume.metadata.name) {
    setVolumePhase(client, volume, "Bound");
    return;
  }
  const dynamic = volume.metadata.annotations?.[provisionedBy] !== undefined;
  if (dynamic && volume.spec?.persistentVolumeReclaimPolicy === "Delete") release(client, volume);
  else unbind(client, volume);
}

/** k8s: unbindVolume */
function unbind(client: Client, volume: PersistentVolume): void {
  const freed = client.modify<PersistentVolume>(volumes, "", volume.metadata.name, (current) => {
    const { claimRef, ...spec } = current.spec ?? {};
    const { [boundByController]: byUs, ...annotations } = current.metadata.annotations ?? {};
    if (byUs !== undefined)
      return { ...current, metadata: { ...current.metadata, annotations }, spec };
    const { uid: _uid, resourceVersion: _rv, ...kept } = claimRef ?? {};
    return { ...current, spec: { ...spec, claimRef: kept } };
  });
  if (freed) setVolumePhase(client, freed, "Available");
}

function release(client: Client, volume: PersistentVolume): void {
  const phase = volume.status?.phase;
  if (phase !== "Released" && phase !== "Failed") {
    setVolumePhase(client, volume, "Released");
    return;
  }
  if (phase === "Failed") return;
  const policy = volume.spec?.persistentVolumeReclaimPolicy;
  if (policy === "Delete") deleteVolume(client, volume);
  else if (policy === "Recycle") recycle(client, volume);
}

/** Volumes of external provisioners are theirs to delete. k8s: findDeletablePlugin, doDeleteVolume */
function deleteVolume(client: Client, volume: PersistentVolume): void {
  const { name, annotations } = volume.metadata;
  if (annotations?.[provisionedBy] && !annotations[provisionedBy].startsWith("kubernetes.io/"))
    return;
  const path = volume.spec?.hostPath?.path;
  let failure: string | undefined;
  if (path === undefined) {
    failure = `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`;
  } else if (!/^\/tmp\/.+/.test(path)) {
    failure = `host_path deleter only supports /tmp/.+ but received provided ${path}`;
  }
  if (failure === undefined) {
    removePersistentVolume(client.records, name);
    client.delete(volumes, "", name);
    return;
  }
  setVolumePhase(client, volume, "Failed", failure);
  client.event(volume, "Warning", "VolumeFailedDelete", failure, source);
}

function recycle(client: Client, volume: PersistentVolume): void {
  removePersistentVolume(client.records, volume.metadata.name);
  client.event(volume, "Normal", "VolumeRecycled", "Volume recycled", source);
  unbind(client, volume);
}
