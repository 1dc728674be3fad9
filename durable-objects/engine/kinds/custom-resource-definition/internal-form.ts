/**
 * What upstream validates: what all versions have alike stands once, beside them, and errors name it there.
 * k8s: apiextensions/v1 conversion.go
 */
import { equal } from "../../core/equal.ts";
import { goJson } from "../../schema/patch/go-value.ts";
import type { DefinitionSpec, DefinitionVersion } from "./types.ts";

export interface InternalSpec {
  versions: DefinitionVersion[];
  schema: DefinitionVersion["schema"];
  subresources: DefinitionVersion["subresources"];
  columns: DefinitionVersion["additionalPrinterColumns"];
  selectableFields: DefinitionVersion["selectableFields"];
}

const shared = ["schema", "subresources", "additionalPrinterColumns", "selectableFields"] as const;

export function internalForm({ versions = [] }: DefinitionSpec): InternalSpec {
  const [first] = versions;
  const alike = shared.filter((name) =>
    versions.every((version) => equal(version[name], first?.[name])),
  );
  const rest = versions.map((version) => {
    const out = { ...version };
    for (const name of alike) delete out[name];
    return out;
  });
  const common = <K extends (typeof shared)[number]>(name: K): DefinitionVersion[K] | undefined =>
    alike.includes(name) ? first?.[name] : undefined;
  return {
    versions: rest,
    schema: common("schema"),
    subresources: common("subresources"),
    columns: common("additionalPrinterColumns"),
    selectableFields: common("selectableFields"),
  };
}

/** Versions as Go prints its internal type, which has no names for JSON. */
export const internalText = (versions: readonly DefinitionVersion[]): string =>
  goJsonInOrder(
    versions.map((version) => [
      ["Name", version.name ?? ""],
      ["Served", version.served ?? false],
      ["Storage", version.storage ?? false],
      ["Deprecated", version.deprecated ?? false],
      ["DeprecationWarning", version.deprecationWarning ?? null],
      ["Schema", version.schema ?? null],
      ["Subresources", version.subresources ?? null],
      ["AdditionalPrinterColumns", version.additionalPrinterColumns ?? null],
      ["SelectableFields", version.selectableFields ?? null],
    ]),
  );

const goJsonInOrder = (rows: [string, unknown][][]): string =>
  rows.length
    ? `[${rows.map((row) => `{${row.map(([name, value]) => `"${name}":${goJson(value)}`).join()}}`).join()}]`
    : "null";
