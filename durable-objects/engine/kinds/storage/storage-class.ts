import { repeatedErrorsMax } from "../../core/limits.ts";
import type * as storage from "kubernetes-types/storage/v1";
import {
  duplicate,
  append,
  at,
  child,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateImmutable, validateLabelName } from "../../machinery/metadata.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { deprecatedNodeLabels } from "../node-labels.ts";
import { checkParameters, checkProvisioner } from "./parameters.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type StorageClass = Stored<storage.StorageClass>;

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

/** k8s: pkg/apis/storage/validation ValidateStorageClass */
function validate(storageClass: StorageClass): FieldError[] {
  const { provisioner = "", reclaimPolicy, volumeBindingMode } = storageClass;
  const errors = checkProvisioner("provisioner", provisioner);
  errors.push(...checkParameters(storageClass.parameters ?? {}, { allowEmpty: true }));
  if (reclaimPolicy && !["Delete", "Retain"].includes(reclaimPolicy)) {
    errors.push(notSupported("reclaimPolicy", reclaimPolicy, ["Delete", "Retain"]));
  }
  const modes = ["Immediate", "WaitForFirstConsumer"];
  if (volumeBindingMode === undefined) errors.push(required("volumeBindingMode"));
  else if (!modes.includes(volumeBindingMode)) {
    errors.push(notSupported("volumeBindingMode", volumeBindingMode, modes));
  }
  append(errors, checkTopologies(storageClass));
  return errors;
}

function checkTopologies(storageClass: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  const terms = storageClass.allowedTopologies ?? [];
  // Upstream starts with as many empty terms, which an empty one then equals.
  const before = new Map([["[]", terms.length]]);
  for (const [i, term] of terms.entries()) {
    const list = child(at("allowedTopologies", i), "matchLabelExpressions");
    const found: Record<string, string[]> = {};
    for (const [j, { key, values }] of (term.matchLabelExpressions ?? []).entries()) {
      const path = at(list, j);
      append(errors, checkTopologyValues(child(path, "values"), values ?? []));
      errors.push(...validateLabelName(key, child(path, "key")));
      if (Object.hasOwn(found, key)) errors.push(duplicate(child(path, "key"), key));
      found[key] = [...new Set(values)].sort();
    }
    const text = JSON.stringify(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
    const times = before.get(text) ?? 0;
    before.set(text, times + 1);
    for (let n = 0; n < times && errors.length < repeatedErrorsMax; n++)
      errors.push(duplicate(list, ""));
  }
  return errors;
}

/** k8s: core validation validateTopologySelectorLabelRequirement */
function checkTopologyValues(path: string, values: readonly string[]): FieldError[] {
  if (values.length === 0) return [required(path)];
  const seen = new Set<string>();
  return values.flatMap((value, i) => {
    if (seen.has(value)) return [duplicate(at(path, i), value)];
    seen.add(value);
    return [];
  });
}

/** k8s: pkg/api/storage/util.go GetWarningsForStorageClass */
function warnings(storageClass: StorageClass): string[] {
  const found: string[] = [];
  for (const [i, term] of (storageClass.allowedTopologies ?? []).entries()) {
    const list = child(at("allowedTopologies", i), "matchLabelExpressions");
    for (const [j, { key }] of (term.matchLabelExpressions ?? []).entries()) {
      const text = deprecatedNodeLabels[key];
      if (text) found.push(`${child(at(list, j), "key")}: ${text}`);
    }
  }
  return found;
}

const fixed = ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const;

export const StorageClass: Kind<StorageClass> = {
  resource: "storageclasses.storage.k8s.io",
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  schema: schemaNamed("storage/v1.StorageClass"),
  namespaced: false,
  hasGeneration: false,
  applyDefaults: (storageClass) => ({
    ...storageClass,
    reclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
    volumeBindingMode: storageClass.volumeBindingMode ?? "Immediate",
  }),
  validateCreate: validate,
  validateUpdate: (storageClass, old) => [
    ...validate(storageClass),
    ...fixed.flatMap((field) => validateImmutable(storageClass[field], old[field], field)),
  ],
  warnings,
  table: {
    columns: [
      nameColumn,
      column("Provisioner", "Who makes its volumes."),
      column("ReclaimPolicy", "What becomes of a volume that is released."),
      column("VolumeBindingMode", "When claims are bound."),
      column("AllowVolumeExpansion", "Whether claims may grow."),
      ageColumn,
    ],
    cells: (c, now) => [
      defaultAnnotations.some((a) => c.metadata.annotations?.[a] === "true")
        ? `${c.metadata.name} (default)`
        : c.metadata.name,
      c.provisioner ?? "",
      c.reclaimPolicy ?? "Delete",
      c.volumeBindingMode ?? "Immediate",
      c.allowVolumeExpansion ?? false,
      age(c, now),
    ],
  },
};
