/** What an update says that it is based on. */
import type { KubeObject } from "../../core/object.ts";
import { invalidObject } from "../../machinery/field.ts";
import * as status from "../../machinery/status.ts";
import type { Resource } from "../discovery/registry.ts";

/** Throws 409 where the object has changed since, or is another. k8s: registry/generic/registry/store.go Update */
export function checkPrecondition(
  resource: Resource,
  current: KubeObject,
  input: KubeObject,
): void {
  const name = current.metadata.name;
  const { resourceVersion } = input.metadata;
  // To upstream's versioner zero is none.
  const rv = resourceVersion === "0" ? "" : resourceVersion;
  if (rv && rv !== current.metadata.resourceVersion) throw status.modifiedConflict(resource, name);
  if (!rv && resource.hooks.allowUnconditionalUpdate === false) {
    throw invalidObject(resource.group, resource.kind, name, [
      {
        type: "FieldValueInvalid",
        field: "metadata.resourceVersion",
        message: "Invalid value: 0: must be specified for an update",
      },
    ]);
  }
  const uid = input.metadata.uid;
  if (uid && uid !== current.metadata.uid) {
    throw status.conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  }
}
