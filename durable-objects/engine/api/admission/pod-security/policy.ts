/** What a namespace's labels ask of its Pods. k8s: pod-security-admission/api/helpers.go */
import { at, invalid, type FieldError } from "../../../machinery/field.ts";

export type Level = "privileged" | "baseline" | "restricted";

export interface LevelVersion {
  level: Level;
  /** Of 1.x; Infinity is `latest`. */
  minor: number;
}

export interface Policy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

const levels: readonly Level[] = ["privileged", "baseline", "restricted"];
const prefix = "pod-security.kubernetes.io/";

export const levelText = ({ level, minor }: LevelVersion): string =>
  `${level}:${minor === Infinity ? "latest" : `v1.${minor}`}`;

/** Below, equal or above. k8s: CompareLevels */
export const compareLevels = (a: Level, b: Level): number => levels.indexOf(a) - levels.indexOf(b);

const versionFormat = /^v1\.(0|[1-9]\d*)$/;

function versionOf(text: string): number | undefined {
  if (text === "latest") return Infinity;
  const minor = versionFormat.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

const privileged = (): LevelVersion => ({ level: "privileged", minor: Infinity });

/** What the labels say, and what is wrong with them: a bad level is taken as the strictest that enforces, and warns of nothing. */
export function policyOf(labels: Record<string, string> = {}): {
  policy: Policy;
  errors: FieldError[];
} {
  const policy: Policy = { enforce: privileged(), audit: privileged(), warn: privileged() };
  const errors: FieldError[] = [];
  for (const mode of ["enforce", "audit", "warn"] as const) {
    const level = labels[prefix + mode];
    if (level !== undefined) {
      const known = levels.includes(level as Level);
      policy[mode].level = known
        ? (level as Level)
        : mode === "enforce"
          ? "restricted"
          : "privileged";
      if (!known) errors.push(problem(mode, level, `must be one of ${levels.join(", ")}`));
    }
    const version = labels[`${prefix}${mode}-version`];
    if (version === undefined) continue;
    const minor = versionOf(version);
    policy[mode].minor = minor ?? Infinity;
    if (minor === undefined)
      errors.push(problem(`${mode}-version`, version, 'must be "latest" or "v1.x"'));
  }
  return { policy: withWarning(policy, labels, errors), errors };
}

const problem = (label: string, value: string, detail: string): FieldError =>
  invalid(at("metadata.labels", prefix + label), value, detail);

/** What is enforced on Pods is warned of where templates are written, unless the labels say otherwise. */
function withWarning(
  policy: Policy,
  labels: Record<string, string>,
  errors: readonly FieldError[],
): Policy {
  const enforced = labels[`${prefix}enforce`];
  const bad = errors.some(({ field }) => field === at("metadata.labels", `${prefix}enforce`));
  if (enforced === undefined || bad || labels[`${prefix}warn`] !== undefined) return policy;
  if (compareLevels(policy.enforce.level, policy.warn.level) <= 0) return policy;
  const given = labels[`${prefix}warn-version`] !== undefined;
  const minor = given ? policy.warn.minor : policy.enforce.minor;
  return { ...policy, warn: { level: policy.enforce.level, minor } };
}

export const samePolicy = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === b.level && a.minor === b.minor;
