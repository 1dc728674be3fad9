/** Bounds of Podyard's own on definitions: what each asks of requests, and of discovery and documents for all. */
import {
  definitionsMax,
  definitionVersionsMax,
  printerColumnsMax,
  schemaDepthMax,
  schemaNodesMax,
} from "../../../core/limits.ts";
import { at, child, forbiddenField, type FieldError } from "../../../machinery/field.ts";
import { schemasIn } from "../../../schema/structural/json-schema.ts";
import type { WriteContext } from "../../define.ts";
import { definitions, type CustomResourceDefinition, type DefinitionVersion } from "../types.ts";

/** Each definition is looked at by every request of discovery, and each of its versions. */
export function validateRoom(
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  { reader }: WriteContext,
): FieldError[] {
  if (!old && reader.count(definitions) >= definitionsMax)
    return [forbiddenField("metadata.name", `at most ${definitionsMax} CustomResourceDefinitions`)];
  if (spec.versions.length <= (old?.spec.versions.length ?? 1)) return [];
  let versions = spec.versions.length;
  for (const other of reader.list<CustomResourceDefinition>(definitions))
    if (other.metadata.name !== metadata.name) versions += other.spec.versions.length;
  if (versions <= definitionVersionsMax) return [];
  const why = `at most ${definitionVersionsMax} versions of all CustomResourceDefinitions`;
  return [forbiddenField("spec.versions", why)];
}

/** A version's schema is a part of each write and of the OpenAPI documents, its columns of each row. */
export function validateSizes(versions: readonly DefinitionVersion[]): FieldError[] {
  return versions.flatMap((version, i) => validateSize(version, at("spec.versions", i)));
}

function validateSize(version: DefinitionVersion, path: string): FieldError[] {
  const { additionalPrinterColumns: columns = [], schema } = version;
  if (columns.length > printerColumnsMax) {
    const why = `at most ${printerColumnsMax} columns`;
    return [forbiddenField(child(path, "additionalPrinterColumns"), why)];
  }
  let nodes = 0;
  for (const _ of schemasIn(schema?.openAPIV3Schema)) nodes++;
  if (nodes > schemaNodesMax)
    return [
      forbiddenField(child(path, "schema"), `at most ${schemaNodesMax} schemas in one version`),
    ];
  return depthOf(schema?.openAPIV3Schema) > schemaDepthMax
    ? [forbiddenField(child(path, "schema"), `schemas at most ${schemaDepthMax} deep`)]
    : [];
}

function depthOf(value: unknown): number {
  let level: unknown[] = [value];
  let depth = 0;
  for (; level.length > 0; depth++)
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
  return depth;
}
