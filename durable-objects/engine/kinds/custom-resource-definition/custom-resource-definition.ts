/** A kind that users bring. What it is made into: api/custom; its conditions and its end: controllers/custom-resource-definition. */
import type { WriteContext, Kind } from "../define.ts";
import { schemaNamed } from "../../schema/types.ts";
import { schemasIn } from "../../schema/structural/json-schema.ts";
import { goQuote } from "../../machinery/field.ts";
import { formatRecognized } from "../../schema/structural/scalars.ts";
import { withCondition } from "./conditions.ts";
import { normalized } from "./normalize.ts";
import {
  cleanupFinalizer,
  definitions,
  type CustomResourceDefinition,
  type DefinitionSpec,
} from "./types.ts";
import {
  validateDefinition,
  validateDefinitionStatus,
} from "./validation/custom-resource-definition.ts";

const noNames = { plural: "", kind: "" };

/** What is missing is empty, as in Go, and then refused. */
const noSpec: DefinitionSpec = { group: "", scope: "", names: noNames, versions: [] };

/** k8s: apiextensions/v1 defaults.go */
function withDefaults(definition: CustomResourceDefinition): CustomResourceDefinition {
  const spec = normalized({ ...noSpec, ...definition.spec });
  const { names, versions } = spec;
  const kind = names.kind ?? "";
  const named = {
    ...noNames,
    ...names,
    ...(names.singular ? {} : { singular: kind.toLowerCase() }),
    ...(names.listKind || !kind ? {} : { listKind: `${kind}List` }),
  };
  const storage = versions.find((version) => version.storage)?.name;
  const { status } = definition;
  const stored = status?.storedVersions?.length ? status.storedVersions : storage ? [storage] : [];
  return {
    ...definition,
    spec: { ...spec, names: named, conversion: spec.conversion ?? { strategy: "None" } },
    status: { ...status, storedVersions: stored },
  };
}

/** The version that is written from now on is one that may be stored. k8s: customresourcedefinition/strategy.go */
function withStoredVersion(definition: CustomResourceDefinition): CustomResourceDefinition {
  const storage = definition.spec.versions.find((version) => version.storage)?.name;
  const stored = definition.status?.storedVersions ?? [];
  if (storage === undefined || stored.includes(storage)) return definition;
  const status = { ...definition.status, storedVersions: [...stored, storage] };
  return { ...definition, status };
}

/** Formats that are not checked, each once for every schema that names it. */
function unrecognizedFormats({ spec }: CustomResourceDefinition): string[] {
  return spec.versions.flatMap(({ schema }) =>
    [...schemasIn(schema?.openAPIV3Schema)].flatMap((one) =>
      formatRecognized(one) ? [] : [one.format as string],
    ),
  );
}

export const CustomResourceDefinitionKind: Kind<CustomResourceDefinition> = {
  resource: definitions,
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  schema: schemaNamed("apiextensions/v1.CustomResourceDefinition"),
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  plainFinalizers: true,
  statusWritesMetadata: ["labels", "annotations", "finalizers"],
  emptyAsNull: [["status", "conditions"]],
  deletionFinalizer: cleanupFinalizer,
  applyDefaults: withDefaults,
  prepareForCreate: (definition) =>
    withStoredVersion({ ...definition, status: { acceptedNames: noNames, storedVersions: [] } }),
  prepareForUpdate: (definition, _old, { subresource }: WriteContext) =>
    subresource === "status" ? definition : withStoredVersion(definition),
  validateCreate: (definition, context) => validateDefinition(definition, undefined, context),
  validateUpdate: validateDefinition,
  validateStatusUpdate: validateDefinitionStatus,
  warnings: (definition, old) => {
    const known = new Set(old ? unrecognizedFormats(old) : []);
    return unrecognizedFormats(definition)
      .filter((format) => !known.has(format))
      .map((format) => `unrecognized format ${goQuote(format)}`);
  },
  markDeleted: (definition, now) =>
    withCondition(
      definition,
      {
        type: "Terminating",
        status: "True",
        reason: "InstanceDeletionPending",
        message:
          "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      },
      now,
    ),
};
