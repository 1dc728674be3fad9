/** A VolumeAttributesClass stays until no volume and no claim names it. k8s: pkg/controller/volume/vacprotection */
import type { Change, KubeObject } from "../../core/object.ts";
import type { VolumeAttributesClass } from "../../kinds/storage/volume-attributes-class.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import { claims, volumes } from "../../kinds/storage/volume-binding.ts";
import type { Client, Controller } from "../../ports/controller.ts";

const classes = "volumeattributesclasses.storage.k8s.io";
const finalizer = "kubernetes.io/vac-protection";

function namesIn(object: KubeObject | undefined): string[] {
  // Both name one in their spec, a claim in its status too.
  const { spec, status } = (object ?? {}) as Partial<PersistentVolumeClaim>;
  return [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => name !== undefined && name !== "") as string[];
}

/** Those that it names no longer. */
function freed({ op, object, previous }: Change): string[] {
  const now = op === "delete" ? [] : namesIn(object);
  return namesIn(op === "delete" ? object : previous).filter((name) => !now.includes(name));
}

const isUsed = (client: Client, name: string): boolean =>
  [volumes, claims].some((resource) =>
    client.list(resource).some((object) => namesIn(object).includes(name)),
  );

export const attributesClassProtectionController: Controller = {
  name: "vac-protection",
  component: "volumeattributesclass-protection-controller",
  wakesOn: {
    [classes]: ({ op, name }) => (op === "delete" ? undefined : [name]),
    [claims]: freed,
    [volumes]: freed,
  },
  reconcile(name, client) {
    const found = client.get<VolumeAttributesClass>(classes, "", name);
    if (!found) return undefined;
    const { deletionTimestamp, finalizers = [] } = found.metadata;
    const has = finalizers.includes(finalizer);
    if (has !== (deletionTimestamp !== undefined)) return undefined;
    if (deletionTimestamp !== undefined && isUsed(client, name)) return undefined;
    const next = has ? finalizers.filter((one) => one !== finalizer) : [...finalizers, finalizer];
    client.update(classes, { ...found, metadata: { ...found.metadata, finalizers: next } });
    return undefined;
  },
};
