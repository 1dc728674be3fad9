/** metadata, labels, selectors. k8s: apimachinery/pkg/api/validation/objectmeta.go, apis/meta/v1/validation */
import type { LabelSelector } from "kubernetes-types/meta/v1";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "../core/object.ts";
import { annotationBytesMax } from "../core/limits.ts";
import {
  type FieldError,
  at,
  child,
  forbiddenField,
  goQuote,
  invalid,
  required,
  tooLong,
} from "./field.ts";
import {
  type NameRule,
  byteLength,
  dns1123Label,
  immutableText,
  invalidEach,
  labelValue,
  nameRules,
  negativeText,
  qualifiedName,
} from "./names.ts";
import { equal } from "../core/equal.ts";

const standardFinalizers = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** k8s: ValidateNonnegativeField */
export function validateNonnegative(value: number | undefined, path: string): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(path, value, negativeText)] : [];
}

/** `field is immutable` unless both are semantically equal (unset equals empty). k8s: ValidateImmutableField */
export function validateImmutable(value: unknown, old: unknown, path: string): FieldError[] {
  return value === old || semanticEqual(value, old) ? [] : [invalid(path, value, immutableText)];
}

const emptyish = (v: unknown): boolean =>
  v === undefined ||
  v === null ||
  (typeof v === "object" && (Array.isArray(v) ? v.length === 0 : Object.keys(v).length === 0));

/** Equality in which nil and empty lists or maps are the same at any depth. k8s: equality.Semantic.DeepEqual */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b || equal(a, b)) return true;
  if (emptyish(a) && emptyish(b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => semanticEqual(item, b[i]));
  }
  const x = a as Record<string, unknown>;
  const y = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(x), ...Object.keys(y)]))
    if (!semanticEqual(x[key], y[key])) return false;
  return true;
}

/** k8s: ValidateLabelName */
export const validateLabelName = (name: string, path: string): FieldError[] =>
  invalidEach(path, name, qualifiedName(name));

/** k8s: ValidateLabels */
export function validateLabels(
  labels: Record<string, string> | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const m of qualifiedName(key)) errors.push(invalid(path, key, m));
    const value = labels[key] ?? "";
    for (const m of labelValue(value)) errors.push(invalid(path, value, m));
  }
  return errors;
}

/** k8s: ValidateAnnotations */
export function validateAnnotations(
  annotations: Record<string, string> | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key in annotations) {
    // Prefixes may be written in capitals here, unlike in labels.
    for (const m of qualifiedName(key.toLowerCase())) errors.push(invalid(path, key, m));
    bytes += byteLength(key) + byteLength(annotations[key] ?? "");
  }
  if (bytes > annotationBytesMax) errors.push(tooLong(path, annotationBytesMax));
  return errors;
}

function validateOwnerReference(owner: OwnerReference, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const version = (owner.apiVersion ?? "").split("/").pop() ?? "";
  if (!version)
    errors.push(
      invalid(child(path, "apiVersion"), owner.apiVersion ?? "", "version must not be empty"),
    );
  for (const key of ["kind", "name", "uid"] as const)
    if (!owner[key]) errors.push(invalid(child(path, key), owner[key] ?? "", "must not be empty"));
  if (owner.apiVersion === "v1" && owner.kind === "Event")
    errors.push(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"));
  return errors;
}

/** k8s: ValidateOwnerReferences */
export function validateOwnerReferences(
  owners: readonly OwnerReference[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let first = "";
  for (const owner of owners ?? []) {
    errors.push(...validateOwnerReference(owner, path));
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (first)
      errors.push(
        invalid(
          path,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`,
        ),
      );
    else first = name;
  }
  return errors;
}

/** Forms, then that the two deletion finalizers are not both set. k8s: ValidateFinalizers */
export function validateFinalizers(
  finalizers: readonly string[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const f of finalizers ?? []) errors.push(...validateLabelName(f, path));
  if (finalizers?.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.push(
      invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"),
    );
  return errors;
}

/** k8s: core/validation validateKubeFinalizerName */
export function validateKubeFinalizers(
  finalizers: readonly string[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  finalizers?.forEach((f, i) => {
    if (!f.includes("/") && !standardFinalizers.has(f))
      errors.push(
        invalid(
          at(path, i),
          f,
          "name is neither a standard finalizer name nor is it fully qualified",
        ),
      );
  });
  return errors;
}

function validateManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  entries?.forEach((entry, i) => {
    const p = at(path, i);
    if (entry.operation !== "Apply" && entry.operation !== "Update")
      errors.push(
        invalid(child(p, "operation"), entry.operation ?? "", "must be `Apply` or `Update`"),
      );
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1")
      errors.push(invalid(child(p, "fieldsType"), entry.fieldsType, "must be `FieldsV1`"));
    if (byteLength(entry.manager ?? "") > 128) errors.push(tooLong(child(p, "manager"), 128));
    if (byteLength(entry.subresource ?? "") > 256)
      errors.push(tooLong(child(p, "subresource"), 256));
  });
  return errors;
}

/** What create and update check alike, beyond name and namespace. What is still the same as before was checked then. */
function validateCommon(meta: ObjectMeta, path: string, old: ObjectMeta | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const { labels, annotations, ownerReferences, finalizers, managedFields } = meta;
  if (labels && labels !== old?.labels)
    errors.push(...validateLabels(labels, child(path, "labels")));
  if (annotations && annotations !== old?.annotations)
    errors.push(...validateAnnotations(annotations, child(path, "annotations")));
  if (ownerReferences && ownerReferences !== old?.ownerReferences)
    errors.push(...validateOwnerReferences(ownerReferences, child(path, "ownerReferences")));
  if (!old && finalizers) errors.push(...validateFinalizers(finalizers, child(path, "finalizers")));
  if (managedFields && managedFields !== old?.managedFields)
    errors.push(...validateManagedFields(managedFields, child(path, "managedFields")));
  return errors;
}

/**
 * metadata of a new object, its name already generated.
 * `rule` is a key of nameRules or a function of one's own. `plainFinalizers`: they need no domain. k8s: ValidateObjectMeta
 */
export function validateObjectMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  rule: keyof typeof nameRules | NameRule = "subdomain",
  path = "metadata",
  plainFinalizers = false,
): FieldError[] {
  const check = typeof rule === "function" ? rule : nameRules[rule];
  const errors: FieldError[] = [];
  if (!meta.name) errors.push(required(child(path, "name"), "name or generateName is required"));
  else
    for (const m of check(meta.name, false))
      errors.push(invalid(child(path, "name"), meta.name, m));
  if (namespaced) {
    if (!meta.namespace) errors.push(required(child(path, "namespace")));
    else
      for (const m of dns1123Label(meta.namespace))
        errors.push(invalid(child(path, "namespace"), meta.namespace, m));
  } else if (meta.namespace)
    errors.push(forbiddenField(child(path, "namespace"), "not allowed on this type"));
  errors.push(...validateNonnegative(meta.generation, child(path, "generation")));
  errors.push(...validateCommon(meta, path, undefined));
  if (!plainFinalizers)
    errors.push(...validateKubeFinalizers(meta.finalizers, child(path, "finalizers")));
  return errors;
}

const immutableMeta = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/** metadata of an update. k8s: ValidateObjectMetaUpdate */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  path = "metadata",
  plainFinalizers = false,
): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp && meta.finalizers) {
    const added = [...new Set(meta.finalizers)].filter((f) => !old.finalizers?.includes(f)).sort();
    if (added.length > 0)
      errors.push(
        forbiddenField(
          child(path, "finalizers"),
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map(goQuote).join(", ")}}`,
        ),
      );
  }
  if (!meta.resourceVersion)
    errors.push(
      invalid(
        child(path, "resourceVersion"),
        meta.resourceVersion ?? "",
        "must be specified for an update",
      ),
    );
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(
      invalid(child(path, "generation"), meta.generation ?? 0, "must not be decremented"),
    );
  for (const key of immutableMeta)
    if (meta[key] !== old[key])
      errors.push(...validateImmutable(meta[key] ?? null, old[key] ?? null, child(path, key)));
  errors.push(...validateCommon(meta, path, old));
  if (!plainFinalizers)
    errors.push(...validateKubeFinalizers(meta.finalizers, child(path, "finalizers")));
  return errors;
}

/** Labels, annotations and finalizers of a template's metadata. k8s: ValidateTemplateObjectMeta and ValidatePodTemplateSpec */
export function validateTemplateMeta(
  meta: Partial<ObjectMeta> | undefined,
  path: string,
): FieldError[] {
  if (!meta) return [];
  return [
    ...validateLabels(meta.labels, child(path, "labels")),
    ...validateAnnotations(meta.annotations, child(path, "annotations")),
  ];
}

interface SelectorRequirement {
  key?: string;
  operator?: string;
  values?: string[];
}

/** Whether the operators that all selectors have got as many values as they take; undefined for another operator. */
function validateValueCount(
  operator: string,
  values: readonly string[],
  path: string,
): FieldError[] | undefined {
  if (operator === "In" || operator === "NotIn") {
    return values.length > 0
      ? []
      : [required(path, "must be specified when `operator` is 'In' or 'NotIn'")];
  }
  if (operator !== "Exists" && operator !== "DoesNotExist") return undefined;
  return values.length === 0
    ? []
    : [forbiddenField(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
}

/**
 * One requirement of a selector. `others`: what a selector with more operators has to say of one; undefined: nothing, it is none.
 * k8s: ValidateLabelSelectorRequirement, core/validation ValidateNodeSelectorRequirement
 */
export function validateSelectorRequirement(
  requirement: SelectorRequirement,
  path: string,
  others?: (requirement: SelectorRequirement) => FieldError[] | undefined,
  anyValue = false,
): FieldError[] {
  const operator = requirement.operator ?? "";
  const values = requirement.values ?? [];
  const valuesPath = child(path, "values");
  return [
    ...(validateValueCount(operator, values, valuesPath) ??
      others?.(requirement) ?? [
        invalid(child(path, "operator"), operator, "not a valid selector operator"),
      ]),
    ...validateLabelName(requirement.key ?? "", child(path, "key")),
    ...(anyValue ? [] : values).flatMap((value, i) =>
      invalidEach(at(valuesPath, i), value, labelValue(value)),
    ),
  ];
}

/** k8s: ValidateLabelSelector */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: string,
): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, child(path, "matchLabels"));
  selector.matchExpressions?.forEach((requirement, i) =>
    errors.push(
      ...validateSelectorRequirement(requirement, at(child(path, "matchExpressions"), i)),
    ),
  );
  return errors;
}
