/** Versions in the order in which clients prefer them. k8s: apimachinery pkg/version/helpers.go CompareKubeAwareVersionStrings */

const ranks = ["alpha", "beta", ""];

/** `v2beta1` as stability, major and minor; undefined: another name. */
function partsOf(version: string): [rank: number, major: number, minor: number] | undefined {
  const [, major, stage = "", minor] =
    /^v([0-9]{1,10})(?:(alpha|beta)([0-9]{1,10}))?$/.exec(version) ?? [];
  return major === undefined
    ? undefined
    : [ranks.indexOf(stage), Number(major), Number(minor ?? 0)];
}

/** Negative where `a` comes first: v2, v1, v2beta1, v1alpha3, then other names from A to Z. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left && right) {
    for (const i of [0, 1, 2] as const) if (left[i] !== right[i]) return right[i] - left[i];
    return 0;
  }
  if (left || right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
