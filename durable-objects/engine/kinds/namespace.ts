import type * as core from "kubernetes-types/core/v1";
import { at, invalid, type FieldError } from "../machinery/field.ts";
import { qualifiedName, invalidEach } from "../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import { allMetadata, type Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type Namespace = Stored<core.Namespace>;

const kubernetesFinalizer = "kubernetes";
const standardFinalizers = [kubernetesFinalizer, "orphan", "foregroundDeletion"];

/** Ordinary updates name the list, the finalize subresource its items. k8s: core validation validateFinalizerName */
function checkFinalizer(path: string, name: string): FieldError[] {
  const errors = invalidEach(path, name, qualifiedName(name));
  if (!name.includes("/") && !standardFinalizers.includes(name)) {
    const detail = "name is neither a standard finalizer name nor is it fully qualified";
    errors.push(invalid(path, name, detail));
  }
  return errors;
}

const finalizersOf = (namespace: Namespace): string[] => namespace.spec?.finalizers ?? [];

const checkFinalizers = (namespace: Namespace): FieldError[] =>
  finalizersOf(namespace).flatMap((name) => checkFinalizer("spec.finalizers", name));

/** k8s: core validation ValidateNamespaceStatusUpdate */
function checkPhase(namespace: Namespace): FieldError[] {
  const deleted = namespace.metadata.deletionTimestamp !== undefined;
  const wanted = deleted ? "Terminating" : "Active";
  const phase = namespace.status?.phase ?? "";
  if (phase === wanted) return [];
  const detail = `may only be '${wanted}' if \`deletionTimestamp\` is ${deleted ? "not " : ""}empty`;
  return [invalid("status.Phase", phase, detail)];
}

export const Namespace: Kind<Namespace> = {
  resource: "namespaces",
  apiVersion: "v1",
  kind: "Namespace",
  schema: schemaNamed("core/v1.Namespace"),
  namespaced: false,
  nameRule: "label",
  hasGeneration: false,
  statusWritesMetadata: allMetadata,
  applyDefaults(namespace) {
    const { name, labels } = namespace.metadata;
    const next: Namespace = {
      ...namespace,
      status: { ...namespace.status, phase: namespace.status?.phase || "Active" },
    };
    if (!name || labels?.["kubernetes.io/metadata.name"] === name) return next;
    const named = { ...labels, "kubernetes.io/metadata.name": name };
    return { ...next, metadata: { ...namespace.metadata, labels: named } };
  },
  prepareForCreate(namespace) {
    const given = finalizersOf(namespace);
    const finalizers = given.includes(kubernetesFinalizer)
      ? given
      : [...given, kubernetesFinalizer];
    return { ...namespace, spec: { ...namespace.spec, finalizers }, status: { phase: "Active" } };
  },
  prepareForUpdate(namespace, old, context) {
    if (context.subresource) return namespace;
    return { ...namespace, spec: { ...namespace.spec, finalizers: finalizersOf(old) } };
  },
  validateCreate: checkFinalizers,
  validateUpdate(namespace, _old, context) {
    if (context.subresource !== "finalize") return checkFinalizers(namespace);
    return finalizersOf(namespace).flatMap((name, i) =>
      checkFinalizer(at("spec.finalizers", i), name),
    );
  },
  validateStatusUpdate: checkPhase,
  hasSpecFinalizers: (namespace) => finalizersOf(namespace).length > 0,
  markDeleted: (namespace) => ({
    ...namespace,
    status: { ...namespace.status, phase: "Terminating" },
  }),
  fields: (namespace) => ({
    "status.phase": namespace.status?.phase ?? "",
    name: namespace.metadata.name,
  }),
  table: {
    columns: [nameColumn, column("Status", "Active, or Terminating while it empties."), ageColumn],
    cells: (namespace, now) => [
      namespace.metadata.name,
      namespace.status?.phase ?? "",
      age(namespace, now),
    ],
  },
};
