/** The scale subresource. k8s: pkg/registry/apps/deployment/storage/storage.go scaleFromDeployment */
import type { Scalable } from "../../kinds/workloads.ts";
import type { ResourceInfo } from "../../ports/controller.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../core/object.ts";
import type { TableOf } from "../../kinds/define.ts";
import { ageOf } from "../../machinery/duration.ts";
import { invalid, invalidObject } from "../../machinery/field.ts";
import type { PatchTarget } from "../write/patch-target.ts";
import type { Resource } from "../discovery/registry.ts";
import { parentManagedFields, scaleManagedFields } from "../managed-fields/scale.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** k8s: pkg/printers/internalversion/printers.go printScale */
export const scaleTable: TableOf<KubeObject> = {
  columns: [
    {
      name: "Name",
      type: "string",
      format: "name",
      description: "Name of the object.",
      priority: 0,
    },
    { name: "Desired", type: "integer", description: "Replicas asked for.", priority: 0 },
    { name: "Available", type: "integer", description: "Replicas there are.", priority: 0 },
    { name: "Age", type: "string", description: "Time since the object was created.", priority: 0 },
  ],
  cells: (object, now) => {
    const { metadata, spec, status } = object as Scale;
    const age = ageOf(metadata.creationTimestamp, now);
    return [metadata.name, spec?.replicas ?? 0, status?.replicas ?? 0, age];
  },
};

/** The Scale of an object, with the fields that Kubernetes leaves out at zero left out. */
export function scaleOf({ scale }: Pick<ResourceInfo, "scale">, object: KubeObject): Scale {
  const { spec, status } = object as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = scale?.selector(object) ?? "";
  const replicas = spec?.replicas ?? 0;
  const managedFields = scaleManagedFields(object.metadata.managedFields);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid,
      resourceVersion,
      creationTimestamp,
      ...(managedFields ? { managedFields } : {}),
    },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: status?.replicas ?? 0, ...(selector ? { selector } : {}) },
  };
}

/**
 * The object after a write of its scale. `owners`: managedFields that an apply worked out; those that other writes send
 * are passed over, as of every subresource. k8s: managedfields/internal/fieldmanager.go decodeLiveOrNew
 */
export function withScale(
  stored: KubeObject,
  scale: Scale,
  owners?: readonly ManagedFieldsEntry[],
): KubeObject {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    throw invalidObject("autoscaling", "Scale", stored.metadata.name, [
      invalid("spec.replicas", replicas, "must be greater than or equal to 0"),
    ]);
  }
  const metadata = { ...stored.metadata };
  const given = scale.metadata?.resourceVersion;
  if (given) metadata.resourceVersion = given;
  if (owners) {
    const managed = parentManagedFields(metadata.managedFields, owners, stored.apiVersion);
    if (managed) metadata.managedFields = managed;
  }
  return { ...stored, metadata, spec: { ...(stored as Scalable).spec, replicas } } as KubeObject;
}

/** How a patch of a Scale is read from and written to the scaled object. */
export function scalePatchTarget(resource: Resource): PatchTarget {
  return {
    schema: schemaNamed("autoscaling/v1.Scale"),
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    fromStored: (object) => scaleOf(resource, object),
    toStored: (scale, current, applied) =>
      withScale(current, scale as Scale, applied ? scale.metadata?.managedFields : undefined),
  };
}
