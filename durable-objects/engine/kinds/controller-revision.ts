/** ControllerRevision. k8s: pkg/registry/apps/controllerrevision/strategy.go */
import { type FieldError, required } from "../machinery/field.ts";
import { validateImmutable, validateNonnegative } from "../machinery/metadata.ts";
import { type KubeObject, controllerOf } from "../core/object.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { schemaNamed } from "../schema/types.ts";

export interface ControllerRevision extends KubeObject {
  /** Any object, as the controller that owns the revision wants it. */
  data?: unknown;
  revision: number;
}

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required("data", "data is mandatory")];
  return typeof data === "object" && !Array.isArray(data)
    ? []
    : [required("data", "data must be a valid JSON object")];
}

/** `daemonset.apps/agent`: kind in lower case with its group. k8s: formatResourceName */
function controllerName(revision: ControllerRevision): string {
  const owner = controllerOf(revision);
  if (!owner) return "<none>";
  const slash = owner.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

export const ControllerRevision: Kind<ControllerRevision> = {
  resource: "controllerrevisions.apps",
  apiVersion: "apps/v1",
  kind: "ControllerRevision",
  schema: schemaNamed("apps/v1.ControllerRevision"),
  namespaced: true,
  hasGeneration: false,
  validateCreate: (revision) => [
    ...validateNonnegative(revision.revision, "revision"),
    ...validateData(revision.data),
  ],
  validateUpdate: (revision, old) => [
    ...validateNonnegative(revision.revision, "revision"),
    ...validateImmutable(revision.data, old.data, "data"),
  ],
  table: {
    columns: [
      nameColumn,
      column("Controller", "Object the revision belongs to."),
      column("Revision", "Number of the revision; grows."),
      ageColumn,
    ],
    cells: (revision, now) => [
      revision.metadata.name,
      controllerName(revision),
      revision.revision ?? 0,
      age(revision, now),
    ],
  },
};
