/** A label selector as Go prints the struct. k8s: apimachinery/pkg/apis/meta/v1 LabelSelector.String */
import type { LabelSelector } from "../../machinery/selectors.ts";

export function labelSelectorText({ matchLabels, matchExpressions }: LabelSelector): string {
  const labels = Object.entries(matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],}`,
  );
  const list = expressions.map((one) => `${one},`).join("");
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:[]LabelSelectorRequirement{${list}},}`;
}
