/** Terms of node selectors. k8s: component-helpers/scheduling/corev1/nodeaffinity */
import { lookup } from "../core/lookup.ts";
import { requirementMatches, type Operator } from "../machinery/selectors.ts";
import type { Node, NodeSelectorTerm } from "./types.ts";

const operators: Record<string, Operator> = lookup({
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
});

type NodeRequirement = { key: string; operator: string; values?: string[] };

function allMatch(
  requirements: readonly NodeRequirement[] | undefined,
  labels: Record<string, string> | undefined,
): boolean {
  for (const { key, operator, values } of requirements ?? []) {
    const known = operators[operator];
    if (!known || !requirementMatches({ key, operator: known, values: values ?? [] }, labels)) {
      return false;
    }
  }
  return true;
}

/** An empty term matches nothing. k8s: component-helpers nodeaffinity nodeSelectorTerm.match */
export function nodeTermMatches(term: NodeSelectorTerm, node: Node): boolean {
  if (!term.matchExpressions?.length && !term.matchFields?.length) return false;
  return (
    allMatch(term.matchExpressions, node.metadata.labels) &&
    (!term.matchFields?.length ||
      allMatch(term.matchFields, { "metadata.name": node.metadata.name }))
  );
}
