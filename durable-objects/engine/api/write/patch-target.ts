/** What a patch is read from and written to. */
import type { KubeObject } from "../../core/object.ts";
import type { StructRef } from "../../schema/types.ts";

/** What a patch works on, where it is not the stored object itself (scale). */
export interface PatchTarget {
  schema: StructRef;
  statusResets?: readonly string[] | undefined;
  apiVersion: string;
  kind: string;
  fromStored(object: KubeObject): KubeObject;
  /** `applied`: by server-side apply, whose managedFields are worked out and not the client's. */
  toStored(object: KubeObject, current: KubeObject, applied: boolean): KubeObject;
}
