/** Which tags exist: version ranges by series, variants, and moving names. */

export interface TagRule {
  /** Highest minor version of each major one; a major that is not named does not exist. */
  series: Record<number, number>;
  /** What `latest` is: `1.29.3`. */
  latest: string;
  /** Other names and the version they stand for: `stable`. */
  names?: Record<string, string>;
  /** Variants that may follow, `-alpine`, or stand alone. */
  variants?: RegExp;
  /** Highest patch number; 40 unless told. */
  patchMax?: number;
}

/** The full version a tag stands for: `1.29` is `1.29.3`; nothing when the range does not hold it. */
export function resolveVersion(rule: TagRule, tag: string): string | undefined {
  const split = /^v?(\d+(?:\.\d+){0,2})?(?:-?([a-z][\w.-]*)|-(\d+))?$/.exec(tag);
  const known = (name: string): string | undefined =>
    rule.names && Object.hasOwn(rule.names, name) ? rule.names[name] : undefined;
  const named = known(tag) ?? (tag === "latest" ? rule.latest : undefined);
  if (named) return named;
  if (!split) return undefined;
  const [, number, variant = split[3]] = split;
  const alone = variant !== undefined && number === undefined ? known(variant) : undefined;
  if (alone) return alone;
  if (variant !== undefined && !rule.variants?.test(variant)) return undefined;
  if (number === undefined) return variant === undefined ? undefined : rule.latest;
  const [major = 0, minor, patch] = number.split(".").map(Number);
  const most = rule.series[major];
  if (most === undefined || (minor ?? 0) > most || (patch ?? 0) > (rule.patchMax ?? 40))
    return undefined;
  const newest = rule.latest.split(".").map(Number);
  const same = newest[0] === major && (minor ?? most) === newest[1];
  return `${major}.${minor ?? most}.${patch ?? (same ? (newest[2] ?? 0) : 2)}`;
}

/** `1.9.2` < `1.10.0`. */
export function atLeast(version: string, least: string): boolean {
  const a = version.split(".").map(Number);
  const b = least.split(".").map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
