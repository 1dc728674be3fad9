/** Which names a definition gets: those that no other of its group has. k8s: apiextensions-apiserver pkg/controller/status/naming_controller.go */
import { equal } from "../../core/equal.ts";
import { conditionOf, withCondition } from "../../kinds/custom-resource-definition/conditions.ts";
import {
  definitions,
  type CustomResourceDefinition,
  type DefinitionCondition,
  type DefinitionNames,
} from "../../kinds/custom-resource-definition/types.ts";
import { goQuote } from "../../machinery/field.ts";
import type { Reader } from "../../ports/controller.ts";

type Condition = Omit<DefinitionCondition, "lastTransitionTime">;

/** The definition with the names that it has now, and what they say of it; itself where nothing changes. */
export function withNames(
  definition: CustomResourceDefinition,
  reader: Reader,
): CustomResourceDefinition {
  const { spec, status } = definition;
  if (equal(spec.names, status?.acceptedNames)) return definition;
  const { names, condition } = accepted(definition, reader);
  const before = conditionOf(definition, "NamesAccepted");
  const same =
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message;
  if (same && equal(status?.acceptedNames, names)) return definition;
  const named = { ...definition, status: { ...status, acceptedNames: names } };
  const told = withCondition(named, condition, reader.now);
  return withCondition(told, established(definition, condition), reader.now);
}

function established(definition: CustomResourceDefinition, names: Condition): Condition {
  const before = conditionOf(definition, "Established");
  if (before?.status !== "True" && names.status === "True")
    return {
      type: "Established",
      status: "False",
      reason: "Installing",
      message: "the initial names have been accepted",
    };
  return (
    before ?? {
      type: "Established",
      status: "False",
      reason: "NotAccepted",
      message: "not all names are accepted",
    }
  );
}

/** Names of the group that are taken. */
function takenIn(group: string, reader: Reader): { resources: Set<string>; kinds: Set<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { spec, status } of reader.list<CustomResourceDefinition>(definitions)) {
    const names = status?.acceptedNames;
    if (spec.group !== group || !names) continue;
    for (const name of [names.plural, names.singular ?? "", ...(names.shortNames ?? [])])
      resources.add(name);
    kinds.add(names.kind).add(names.listKind ?? "");
  }
  return { resources, kinds };
}

function accepted(
  { spec, status }: CustomResourceDefinition,
  reader: Reader,
): { names: DefinitionNames; condition: Condition } {
  const wanted = spec.names;
  const had = status?.acceptedNames;
  const names: DefinitionNames = { ...(had ?? { plural: "", kind: "" }) };
  const { resources, kinds } = takenIn(spec.group, reader);
  let condition: Condition = {
    type: "NamesAccepted",
    status: "True",
    reason: "NoConflicts",
    message: "no conflicts found",
  };
  const refuse = (reason: string, message: string): void => {
    condition = { type: "NamesAccepted", status: "False", reason, message };
  };
  const inUse = (name: string): string => `${goQuote(name)} is already in use`;
  const take = (
    field: "plural" | "singular" | "kind" | "listKind",
    reason: string,
    taken: ReadonlySet<string>,
  ): void => {
    const name = wanted[field] ?? "";
    if (name !== (had?.[field] ?? "") && taken.has(name)) refuse(reason, inUse(name));
    else names[field] = name;
  };
  take("plural", "PluralConflict", resources);
  take("singular", "SingularConflict", resources);
  const own = new Set(had?.shortNames);
  const problems = [
    ...new Set((wanted.shortNames ?? []).filter((name) => !own.has(name) && resources.has(name))),
  ].map(inUse);
  if (problems.length > 0)
    refuse(
      "ShortNamesConflict",
      problems.length > 1 ? `[${problems.join(", ")}]` : (problems[0] as string),
    );
  else setList(names, "shortNames", wanted.shortNames);
  take("kind", "KindConflict", kinds);
  take("listKind", "ListKindConflict", kinds);
  setList(names, "categories", wanted.categories);
  return { names, condition };
}

function setList(
  names: DefinitionNames,
  field: "shortNames" | "categories",
  value: string[] | undefined,
): void {
  if (value) names[field] = value;
  else delete names[field];
}
