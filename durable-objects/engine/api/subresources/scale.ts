/** The scale subresource. k8s: pkg/registry/apps/deployment/storage/storage.go scaleFromDeployment */
import type { ResourceInfo } from "../../ports/controller.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../core/object.ts";
import type { TableOf } from "../../kinds/define.ts";
import { ageOf } from "../../machinery/duration.ts";
import { invalid, invalidObject } from "../../machinery/field.ts";
import type { PatchTarget } from "../write/patch-target.ts";
import type { Resource } from "../discovery/registry.ts";
import { parentManagedFields, scaleManagedFields } from "../managed-fields/scale.ts";
import { schemaNamed } from "../../schema/types.ts";
import { goFormat, goType, isObject } from "../../schema/patch/go-value.ts";
import { badRequest, plainError, type StatusError } from "../../machinery/status.ts";

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

const usualPaths = { spec: ["spec", "replicas"], status: ["status", "replicas"] };

/** Undefined: nothing stands there. Throws 500 for what is no number. k8s: unstructured NestedInt64 */
export function numberAt(object: KubeObject, path: readonly string[]): number | undefined {
  let value: unknown = object;
  path.forEach((name, i) => {
    if (value === undefined) return;
    if (!isObject(value)) throw accessor(path.slice(0, i), value, "map[string]interface {}");
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  });
  if (value === undefined || typeof value === "number") return value;
  throw accessor(path, value, "int64");
}

const accessor = (path: readonly string[], value: unknown, wanted: string): StatusError =>
  plainError(
    `.${path.join(".")} accessor error: ${goFormat(value)} is of the type ${goType(value)}, expected ${wanted}`,
  );

/** The object with a number at a path. */
function withNumber(object: unknown, [name, ...rest]: readonly string[], n: number): unknown {
  if (name === undefined) return n;
  const given = isObject(object) ? object : {};
  return { ...given, [name]: withNumber(given[name], rest, n) };
}

type Scaled = Pick<ResourceInfo, "scale">;

/** How many replicas an object wants. */
export const replicasOf = ({ scale }: Scaled, object: KubeObject): number =>
  numberAt(object, (scale?.paths ?? usualPaths).spec) ?? 0;

/** The object with another number of replicas. */
export const resized = ({ scale }: Scaled, object: KubeObject, replicas: number): KubeObject =>
  withNumber(object, (scale?.paths ?? usualPaths).spec, replicas) as KubeObject;

/** The Scale of an object, with the fields that Kubernetes leaves out at zero left out. */
export function scaleOf({ scale }: Scaled, object: KubeObject): Scale {
  const paths = scale?.paths ?? usualPaths;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = scale?.selector(object) ?? "";
  const replicas = numberAt(object, paths.spec) ?? 0;
  const managedFields = scaleManagedFields(object.metadata.managedFields, paths.spec);
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
    status: { replicas: numberAt(object, paths.status) ?? 0, ...(selector ? { selector } : {}) },
  };
}

/**
 * The object after a write of its scale. `owners`: managedFields that an apply worked out; those that other writes send
 * are passed over, as of every subresource. k8s: managedfields/internal/fieldmanager.go decodeLiveOrNew
 */
export function withScale(
  { scale: hook, hooks }: Resource,
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
  const { spec: path } = hook?.paths ?? usualPaths;
  if (hooks.custom && scale.spec?.replicas === undefined && numberAt(stored, path) === undefined)
    throw badRequest(`the spec replicas field "${`.${path.join(".")}`}" cannot be empty`);
  const metadata = { ...stored.metadata };
  const given = scale.metadata?.resourceVersion;
  if (given) metadata.resourceVersion = given;
  if (owners) {
    const managed = parentManagedFields(metadata.managedFields, owners, stored.apiVersion, path);
    if (managed) metadata.managedFields = managed;
  }
  return resized({ scale: hook }, { ...stored, metadata }, replicas);
}

/** How a patch of a Scale is read from and written to the scaled object. */
export function scalePatchTarget(resource: Resource): PatchTarget {
  return {
    schema: schemaNamed("autoscaling/v1.Scale"),
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    fromStored: (object) => scaleOf(resource, object),
    toStored: (scale, current, applied) =>
      withScale(
        resource,
        current,
        scale as Scale,
        applied ? scale.metadata?.managedFields : undefined,
      ),
  };
}
