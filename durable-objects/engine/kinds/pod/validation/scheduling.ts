/** Where a Pod may run: affinity, tolerations, spread. k8s: core/validation validateAffinity, ValidateTolerations */
import type * as v1 from "kubernetes-types/core/v1";
import type { LabelSelector } from "kubernetes-types/meta/v1";
import {
  type FieldError,
  checkedOnce,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../../../machinery/field.ts";
import {
  validateLabelName,
  validateLabelSelector,
  validateSelectorRequirement,
} from "../../../machinery/metadata.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  invalidEach,
  labelValue,
  notPositiveText,
  unsupported,
} from "../../../machinery/names.ts";

/** Node selectors compare numbers too. k8s: ValidateNodeSelectorRequirement */
const validateNodeRequirement = (
  requirement: v1.NodeSelectorRequirement,
  anyValue: boolean,
  path: string,
): FieldError[] =>
  validateSelectorRequirement(
    requirement,
    path,
    ({ operator, values }) => {
      if (operator !== "Gt" && operator !== "Lt") return undefined;
      if (values?.length === 1) return [];
      const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      return [required(`${path}.values`, detail)];
    },
    anyValue,
  );

function validateFieldRequirement(
  requirement: v1.NodeSelectorRequirement,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const { operator, key = "", values = [] } = requirement;
  if (operator === "In" || operator === "NotIn") {
    if (values.length !== 1)
      errors.push(
        required(
          `${path}.values`,
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      );
  } else errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  if (key !== "metadata.name")
    errors.push(invalid(`${path}.key`, key, "not a valid field selector key"));
  else
    values.forEach((value, i) =>
      errors.push(...invalidEach(`${path}.values[${i}]`, value, dns1123Subdomain(value))),
    );
  return errors;
}

function validateNodeTerm(
  term: v1.NodeSelectorTerm,
  anyValue: boolean,
  path: string,
): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((r, i) =>
      validateNodeRequirement(r, anyValue, `${path}.matchExpressions[${i}]`),
    ),
    ...(term.matchFields ?? []).flatMap((r, i) =>
      validateFieldRequirement(r, `${path}.matchFields[${i}]`),
    ),
  ];
}

/** k8s: ValidateNodeSelector */
export function validateNodeSelector(
  selector: v1.NodeSelector,
  path: string,
  anyValue = false,
): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? [];
  const at = `${path}.nodeSelectorTerms`;
  if (terms.length === 0) return [required(at, "must have at least one node selector term")];
  return terms.flatMap((term, i) => validateNodeTerm(term, anyValue, `${at}[${i}]`));
}

const weightErrors = (weight: number, path: string): FieldError[] =>
  weight <= 0 || weight > 100
    ? [invalid(`${path}.weight`, weight, "must be in the range 1-100")]
    : [];

function validateNodeAffinity(affinity: v1.NodeAffinity, path: string): FieldError[] {
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const soft = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const softPath = `${path}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...(hard
      ? validateNodeSelector(hard, `${path}.requiredDuringSchedulingIgnoredDuringExecution`)
      : []),
    ...soft.flatMap((term, i) => [
      ...weightErrors(term.weight, `${softPath}[${i}]`),
      ...validateNodeTerm(term.preference, true, `${softPath}[${i}].preference`),
    ]),
  ];
}

/** k8s: ValidateMatchLabelKeysAndMismatchLabelKeys */
function validateLabelKeys(
  matchKeys: readonly string[],
  mismatchKeys: readonly string[],
  selector: LabelSelector | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = (keys: readonly string[], at: string): void => {
    if (keys.length === 0) return;
    if (!selector)
      errors.push(forbiddenField(at, "must not be specified when labelSelector is not set"));
    else keys.forEach((key, i) => errors.push(...validateLabelName(key, `${at}[${i}]`)));
  };
  names(matchKeys, `${path}.matchLabelKeys`);
  names(mismatchKeys, `${path}.mismatchLabelKeys`);
  const known = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    // The selector already carries what preparing made of matchLabelKeys, so only a second mention is wrong.
    if (matchKeys.includes(key) && known.has(key))
      errors.push(
        invalid(
          `${path}[${matchKeys.lastIndexOf(key)}]`,
          key,
          "exists in both matchLabelKeys and labelSelector",
        ),
      );
    known.add(key);
  }
  matchKeys.forEach((key, i) => {
    if (mismatchKeys.includes(key))
      errors.push(
        invalid(
          `${path}.matchLabelKeys[${i}]`,
          key,
          "exists in both matchLabelKeys and mismatchLabelKeys",
        ),
      );
  });
  return errors;
}

function validatePodTerm(term: v1.PodAffinityTerm, path: string): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
  ];
  for (const name of term.namespaces ?? [])
    errors.push(...invalidEach(`${path}.namespace`, name, dns1123Label(name)));
  errors.push(
    ...validateLabelKeys(
      term.matchLabelKeys ?? [],
      term.mismatchLabelKeys ?? [],
      term.labelSelector,
      path,
    ),
  );
  if (!term.topologyKey) errors.push(required(`${path}.topologyKey`, "can not be empty"));
  errors.push(...validateLabelName(term.topologyKey ?? "", `${path}.topologyKey`));
  return errors;
}

function validatePodTerms(
  affinity: v1.PodAffinity | v1.PodAntiAffinity,
  path: string,
): FieldError[] {
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const soft = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const hardPath = `${path}.requiredDuringSchedulingIgnoredDuringExecution`;
  const softPath = `${path}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...hard.flatMap((term, i) => validatePodTerm(term, `${hardPath}[${i}]`)),
    ...soft.flatMap((term, i) => [
      ...weightErrors(term.weight, `${softPath}[${i}]`),
      ...validatePodTerm(term.podAffinityTerm, `${softPath}[${i}].podAffinityTerm`),
    ]),
  ];
}

/** k8s: validateAffinity */
export function validateAffinity(affinity: v1.Affinity, path: string): FieldError[] {
  return [
    ...(affinity.nodeAffinity
      ? validateNodeAffinity(affinity.nodeAffinity, `${path}.nodeAffinity`)
      : []),
    ...(affinity.podAffinity ? validatePodTerms(affinity.podAffinity, `${path}.podAffinity`) : []),
    ...(affinity.podAntiAffinity
      ? validatePodTerms(affinity.podAntiAffinity, `${path}.podAntiAffinity`)
      : []),
  ];
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** k8s: validateTaintEffect */
export const validateTaintEffect = (effect: string | undefined, path: string): FieldError[] =>
  effects.includes(effect ?? "") ? [] : [unsupported(path, effect ?? "", effects)];

const validateToleration = checkedOnce((toleration: v1.Toleration, path: string): FieldError[] => {
  const errors: FieldError[] = [];
  const { key = "", operator = "", value = "", effect = "" } = toleration;
  if (key) errors.push(...validateLabelName(key, `${path}.key`));
  if (!key && operator !== "Exists")
    errors.push(
      invalid(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute")
    errors.push(
      invalid(
        `${path}.effect`,
        effect,
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    );
  if (operator === "" || operator === "Equal") {
    const messages = labelValue(value);
    if (messages.length > 0) errors.push(invalid(`${path}.operator`, value, messages.join(";")));
  } else if (operator === "Exists") {
    if (value)
      errors.push(
        invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"),
      );
  } else {
    // Lt and Gt exist behind a gate that is off in 1.36; upstream then names them all the same.
    const gated = operator === ("Lt" as string) || operator === ("Gt" as string);
    const supported = gated ? ["Equal", "Exists", "Lt", "Gt"] : ["Equal", "Exists"];
    errors.push(unsupported(`${path}.operator`, operator, supported));
  }
  if (effect) errors.push(...validateTaintEffect(effect, `${path}.effect`));
  return errors;
});

/** k8s: ValidateTolerations */
export const validateTolerations = (
  tolerations: readonly v1.Toleration[],
  path: string,
): FieldError[] => tolerations.flatMap((t, i) => validateToleration(t, `${path}[${i}]`));

const positive = (value: number, path: string): FieldError[] =>
  value <= 0 ? [invalid(path, value, notPositiveText)] : [];

/** k8s: validateTopologySpreadConstraints */
export function validateSpreadConstraints(
  constraints: readonly v1.TopologySpreadConstraint[],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const pairOf = (c: v1.TopologySpreadConstraint): string =>
    JSON.stringify([c.topologyKey, c.whenUnsatisfiable]);
  const last = new Map(constraints.map((c, i) => [pairOf(c), i]));
  constraints.forEach((c, i) => {
    const at = `${path}[${i}]`;
    const when = c.whenUnsatisfiable ?? "";
    errors.push(...positive(c.maxSkew ?? 0, `${at}.maxSkew`));
    if (!c.topologyKey) errors.push(required(`${at}.topologyKey`, "can not be empty"));
    if (when !== "DoNotSchedule" && when !== "ScheduleAnyway")
      errors.push(
        notSupported(`${at}.whenUnsatisfiable`, when, ["DoNotSchedule", "ScheduleAnyway"]),
      );
    if (last.get(pairOf(c)) !== i)
      errors.push(
        duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${c.topologyKey}, ${when}}`),
      );
    if (c.minDomains !== undefined) {
      errors.push(...positive(c.minDomains, `${at}.minDomains`));
      if (when !== "DoNotSchedule")
        errors.push(
          invalid(
            `${at}.minDomains`,
            c.minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${when}`,
          ),
        );
    }
    for (const key of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const)
      if (c[key] !== undefined && c[key] !== "Honor" && c[key] !== "Ignore")
        errors.push(notSupported(`${at}.${key}`, c[key], ["Honor", "Ignore"]));
    errors.push(...validateLabelKeys(c.matchLabelKeys ?? [], [], c.labelSelector, at));
    errors.push(...validateLabelSelector(c.labelSelector, `${at}.labelSelector`));
  });
  return errors;
}
