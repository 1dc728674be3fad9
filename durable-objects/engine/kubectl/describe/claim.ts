/** What claims and templates of claims have in common. k8s: kubectl/pkg/describe printPersistentVolumeClaim */
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import { amount } from "./containers.ts";
import type { Meta, Out } from "./out.ts";

const classAnnotation = "volume.beta.kubernetes.io/storage-class";

/** By its beta annotation, or its field. */
export const classOf = (
  meta: Meta,
  spec: { storageClassName?: string } | undefined,
): string | undefined => meta.annotations?.[classAnnotation] ?? spec?.storageClassName;

const modes: Record<string, string> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

export const modesText = (given: readonly string[] = []): string =>
  Object.keys(modes)
    .filter((mode) => given.includes(mode))
    .map((mode) => modes[mode])
    .join(",");

/** Where the object is more than a template, `status` and `finalizers` are to be shown. */
export function writeClaim(
  out: Out,
  claim: PersistentVolumeClaim,
  whole?: { status: string },
): void {
  const meta = (claim.metadata ?? {}) as Meta;
  const { spec = {}, status = {} } = claim;
  const bound = Boolean(spec.volumeName);
  out.field("StorageClass", classOf(meta, spec));
  if (whole) out.field("Status", whole.status);
  out.field("Volume", spec.volumeName);
  out.labels("Labels", meta.labels);
  out.annotations("Annotations", meta.annotations);
  if (whole) out.field("Finalizers", meta.finalizers ?? []);
  out.field("Capacity", bound ? amount(status.capacity?.["storage"]) : "");
  out.field("Access Modes", bound ? modesText(status.accessModes) : "");
  if (spec.volumeMode) out.field("VolumeMode", spec.volumeMode);
  const { dataSource } = spec;
  if (!dataSource) return;
  out.write("DataSource:\n");
  if (dataSource.apiGroup !== undefined) out.field("APIGroup", dataSource.apiGroup, 1);
  out.field("Kind", dataSource.kind, 1);
  out.field("Name", dataSource.name, 1);
}
