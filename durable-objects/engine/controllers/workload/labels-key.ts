/**
 * A key for all Pods of the same labels. Where very many selectors follow Pods (a thousand Services, say), a change of a Pod wakes
 * this one key, and its reconcile wakes whose selector matches: once for all Pods alike, in a step of its own that is counted.
 */
const mark = "@labels/";

export interface LabelsOfPods {
  namespace: string;
  labels: Record<string, string>;
}

export const labelsKey = (
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
): string => `${mark}${namespace}/${JSON.stringify(labels ?? {})}`;

/** Undefined: the key of something else. */
export function labelsOfKey(key: string): LabelsOfPods | undefined {
  if (!key.startsWith(mark)) return undefined;
  const slash = key.indexOf("/", mark.length);
  return {
    namespace: key.slice(mark.length, slash),
    labels: JSON.parse(key.slice(slash + 1)) as Record<string, string>,
  };
}
