/** Selectors of objects, as a query of the API has them. */

interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** Of a workload, or a Service's plain map. */
export type Selector = LabelSelector | Record<string, string>;

const isLabelSelector = (selector: Selector): selector is LabelSelector =>
  typeof selector["matchLabels"] === "object" || Array.isArray(selector["matchExpressions"]);

/** Undefined: it selects nothing. */
export function labelSelectorOf(selector: Selector | undefined): string | undefined {
  if (!selector) return undefined;
  const { matchLabels = {}, matchExpressions = [] } = isLabelSelector(selector)
    ? selector
    : { matchLabels: selector as Record<string, string> };
  const terms = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === "Exists") return key;
      if (operator === "DoesNotExist") return `!${key}`;
      return `${key} ${operator === "In" ? "in" : "notin"} (${values.join(",")})`;
    }),
  ];
  return terms.length === 0 ? undefined : terms.join(",");
}

/** Whether labels fit a Service's or a workload's selector of plain labels. */
export const fits = (
  labels: Record<string, string> | undefined,
  wanted: Record<string, string>,
): boolean => Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
