/** A definition in upstream's words. k8s: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go */
import { equal } from "../../../core/equal.ts";
import { at, child, invalid, required, type FieldError } from "../../../machinery/field.ts";
import { validateImmutable } from "../../../machinery/metadata.ts";
import { dns1035Label, dns1123Subdomain } from "../../../machinery/names.ts";
import { schemaPatterns, type Patterns } from "../../../schema/structural/patterns.ts";
import { unsupported } from "../../checks.ts";
import type { WriteContext } from "../../define.ts";
import { approvalOf, isProtected, isTrue } from "../conditions.ts";
import { internalForm, internalText, type InternalSpec } from "../internal-form.ts";
import {
  approvalAnnotation,
  type CustomResourceDefinition,
  type DefinitionNames,
  type DefinitionVersion,
  type PrinterColumn,
} from "../types.ts";
import { validateBundle, validateConversion } from "./conversion.ts";
import { validateSchema } from "./schema.ts";
import { validateRoom, validateSizes } from "./room.ts";
import { validateSelectableFields } from "./fields.ts";
import { validateSubresources } from "./subresources.ts";

export function validateDefinition(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  context: WriteContext,
): FieldError[] {
  const { spec, status, metadata } = definition;
  const errors: FieldError[] = [];
  errors.push(...validateRoom(definition, old, context));
  if (!old && metadata.name !== `${spec.names.plural}.${spec.group}`)
    errors.push(
      invalid("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group'),
    );
  errors.push(...validateSpec(definition));
  errors.push(...validateBundle(spec.conversion, old));
  if (old) errors.push(...validateUnchanged(definition, old));
  errors.push(...validateNames(status?.acceptedNames, "status.acceptedNames"));
  errors.push(...validateStoredVersions(definition));
  errors.push(...validateApproval(definition, old));
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields)
    errors.push(
      invalid(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    );
  return errors;
}

export const validateDefinitionStatus = ({ status }: CustomResourceDefinition): FieldError[] =>
  validateNames(status?.acceptedNames, "status.acceptedNames");

function validateSpec({ spec }: CustomResourceDefinition): FieldError[] {
  const patterns = schemaPatterns();
  const errors = [...validateGroup(spec.group), ...validateScope(spec.scope)];
  const versions = spec.versions ?? [];
  const form = internalForm(spec);
  const sizes = validateSizes(versions);
  if (sizes.length > 0) return [...errors, ...sizes];
  if (!form.schema?.openAPIV3Schema)
    form.versions.forEach(({ schema }, i) => {
      if (!schema?.openAPIV3Schema)
        errors.push(required(`${at("spec.versions", i)}.schema.openAPIV3Schema`));
    });
  const seen = new Set(versions.map(({ name }) => name));
  form.versions.forEach((version, i) =>
    errors.push(...validateVersion(version, form, at("spec.versions", i), patterns)),
  );
  const all = internalText(form.versions);
  const about = (text: string): FieldError => ({
    type: "FieldValueInvalid",
    field: "spec.versions",
    message: `Invalid value: ${all}: ${text}`,
  });
  if (seen.size !== versions.length) errors.push(about("must contain unique version names"));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(about("must have exactly one version marked as storage version"));
  for (const name of ["plural", "singular", "kind", "listKind"] as const)
    if (!spec.names[name]) errors.push(required(`spec.names.${name}`));
  errors.push(...validateNames(spec.names, "spec.names"));
  const hasStatus = versions.some(({ subresources }) => subresources?.status);
  errors.push(...validateSchema(form.schema, hasStatus, "spec.validation", patterns));
  errors.push(...validateSubresources(form.subresources, "spec.subresources"));
  form.columns?.forEach((column, i) =>
    errors.push(...validateColumn(column, at("spec.additionalPrinterColumns", i))),
  );
  errors.push(
    ...validateSelectableFields(form.selectableFields, form.schema?.openAPIV3Schema, "spec"),
  );
  return [...errors, ...validateConversion(spec.conversion, "spec.conversion")];
}

function validateGroup(group: string): FieldError[] {
  if (!group) return [required("spec.group")];
  const problems = dns1123Subdomain(group);
  if (problems.length > 0) return [invalid("spec.group", group, problems.join(","))];
  return group.includes(".")
    ? []
    : [invalid("spec.group", group, "should be a domain with at least one dot")];
}

const scopes = ["Cluster", "Namespaced"];

function validateScope(scope: string): FieldError[] {
  if (!scope) return [required("spec.scope")];
  return scopes.includes(scope) ? [] : [unsupported("spec.scope", scope, scopes)];
}

function validateVersion(
  version: DefinitionVersion,
  form: InternalSpec,
  path: string,
  patterns: Patterns,
): FieldError[] {
  const errors: FieldError[] = [];
  const problems = dns1035Label(version.name ?? "");
  if (problems.length > 0)
    errors.push(invalid(child(path, "name"), version.name ?? "", problems.join(",")));
  for (const text of deprecationProblems(version))
    errors.push(
      invalid(child(path, "deprecationWarning"), version.deprecationWarning ?? null, text),
    );
  const hasStatus = Boolean((version.subresources ?? form.subresources)?.status);
  errors.push(...validateSchema(version.schema, hasStatus, child(path, "schema"), patterns));
  errors.push(...validateSubresources(version.subresources, child(path, "subresources")));
  version.additionalPrinterColumns?.forEach((column, i) =>
    errors.push(...validateColumn(column, at(child(path, "additionalPrinterColumns"), i))),
  );
  const schema = version.schema?.openAPIV3Schema;
  return [...errors, ...validateSelectableFields(version.selectableFields, schema, path)];
}

/** k8s: validateDeprecationWarning */
function deprecationProblems({
  deprecated,
  deprecationWarning: text,
}: DefinitionVersion): string[] {
  if (text === undefined) return [];
  if (!deprecated) return ["can only be set for deprecated versions"];
  const problems: string[] = [];
  if (text.length > 256) problems.push("must be <= 256 characters long");
  if (text.length === 0) problems.push("must not be an empty string");
  const bad = [...text].findIndex((c) => c !== " " && /[\p{C}\p{Z}]/u.test(c));
  if (bad >= 0)
    problems.push(
      `must only contain printable UTF-8 characters; non-printable character found at index ${bad}`,
    );
  return problems;
}

function validateNames(names: DefinitionNames | undefined, path: string): FieldError[] {
  if (!names) return [];
  const errors: FieldError[] = [];
  const check = (name: string, value: string | undefined, before = ""): void => {
    const problems = value ? dns1035Label(before ? value.toLowerCase() : value) : [];
    if (problems.length > 0)
      errors.push(invalid(child(path, name), value, before + problems.join(",")));
  };
  const mixed = "may have mixed case, but should otherwise match: ";
  check("plural", names.plural);
  check("singular", names.singular);
  check("kind", names.kind, mixed);
  check("listKind", names.listKind, mixed);
  const each = (name: "shortNames" | "categories"): void =>
    names[name]?.forEach((value, i) => {
      const problems = dns1035Label(value);
      if (problems.length > 0)
        errors.push(invalid(at(child(path, name), i), value, problems.join(",")));
    });
  each("shortNames");
  if (names.kind && names.kind === names.listKind)
    errors.push(
      invalid(child(path, "listKind"), names.listKind, "kind and listKind may not be the same"),
    );
  each("categories");
  return errors;
}

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = [
  "byte",
  "date",
  "date-time",
  "double",
  "float",
  "int32",
  "int64",
  "password",
];

function validateColumn(column: PrinterColumn, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!column.name) errors.push(required(child(path, "name")));
  const types = `must be one of ${columnTypes.join(",")}`;
  if (!column.type) errors.push(required(child(path, "type"), types));
  else if (!columnTypes.includes(column.type))
    errors.push(invalid(child(path, "type"), column.type, types));
  if (column.format && !columnFormats.includes(column.format))
    errors.push(
      invalid(child(path, "format"), column.format, `must be one of ${columnFormats.join(",")}`),
    );
  const place = child(path, "JSONPath");
  if (!column.jsonPath) errors.push(required(place));
  else if (!column.jsonPath.startsWith("."))
    errors.push(invalid(place, column.jsonPath, "must be a simple json path starting with ."));
  return errors;
}

function validateUnchanged(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const errors: FieldError[] = [];
  if (isTrue(old, "Established")) {
    errors.push(...validateImmutable(spec.scope, old.spec.scope, "spec.scope"));
    errors.push(...validateImmutable(spec.names.kind, old.spec.names.kind, "spec.names.kind"));
  }
  errors.push(...validateImmutable(spec.group, old.spec.group, "spec.group"));
  errors.push(...validateImmutable(spec.names.plural, old.spec.names.plural, "spec.names.plural"));
  return errors;
}

function validateStoredVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = "status.storedVersions";
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(path, null, "must have at least one stored version")];
  const errors: FieldError[] = [];
  for (const { name, storage } of spec.versions)
    if (storage && !stored.includes(name))
      errors.push(invalid(path, stored, `must have the storage version ${name}`));
  stored.forEach((name, i) => {
    if (!spec.versions.some((version) => version.name === name))
      errors.push(
        invalid(
          at(path, i),
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      );
  });
  return errors;
}

function validateApproval(
  { spec, metadata }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  if (!isProtected(spec.group)) return [];
  const { state, reason } = approvalOf(metadata.annotations);
  if (old && equal(approvalOf(old.metadata.annotations).state, state)) return [];
  const path = at("metadata.annotations", approvalAnnotation);
  if (state === "missing") return [required(path, reason)];
  return state === "invalid"
    ? [invalid(path, metadata.annotations?.[approvalAnnotation] ?? "", reason)]
    : [];
}
