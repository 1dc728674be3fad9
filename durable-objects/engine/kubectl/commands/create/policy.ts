/** kubectl create namespace, quota, poddisruptionbudget, priorityclass. k8s: kubectl/pkg/cmd/create */
import { quantityError, canonicalQuantity } from "../../../machinery/quantity.ts";
import { parseLabelSelector } from "../../../machinery/selectors.ts";
import type { Command, Kubectl } from "../../command.ts";
import { Failure } from "../../errors.ts";
import { generator, type Generated } from "../../mutate/generate.ts";
import type { Work } from "../../work.ts";

// eslint-disable-next-line require-yield
function* namespace(k: Kubectl, name: string): Work<Generated> {
  if (name === "") k.fail("name must be specified");
  return {
    plural: "namespaces",
    clusterScoped: true,
    object: { kind: "Namespace", apiVersion: "v1", metadata: { name }, spec: {}, status: {} },
  };
}

/** `cpu=1,memory=1Gi`; what is wrong with it is told in the words that `expected` begins. */
export function resourceList(text: string, expected: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const statement of text.split(",")) {
    const parts = statement.split("=");
    if (parts.length !== 2)
      throw new Failure(`${expected} ${statement}, expected <resource>=<value>`);
    const [name = "", value = ""] = parts;
    const problem = quantityError(value);
    if (problem) throw new Failure(problem);
    out[name] = canonicalQuantity(value) ?? value;
  }
  return out;
}

// eslint-disable-next-line require-yield
function* quota(k: Kubectl, name: string): Work<Generated> {
  if (name === "") k.fail("name must be specified");
  const hard = k.flags.string("hard");
  const scopes = k.flags.string("scopes");
  const limits = hard ? { hard: resourceList(hard, "Invalid argument syntax") } : {};
  const list = scopes ? scopes.split(",") : [];
  if (list.includes("")) k.fail('invalid resource quota scope ""');
  const spec = { ...limits, ...(list.length ? { scopes: list } : {}) };
  return {
    plural: "resourcequotas",
    failure: "failed to create quota: ",
    object: { kind: "ResourceQuota", apiVersion: "v1", metadata: { name }, spec, status: {} },
  };
}

/** intstr.Parse */
export const intOrString = (text: string): number | string =>
  /^[+-]?\d+$/.test(text) && Math.abs(Number(text)) < 2 ** 31 ? Number(text) : text;

const operators: Record<string, string> = {
  in: "In",
  notin: "NotIn",
  exists: "Exists",
  "!": "DoesNotExist",
};

/** A selector's text as a LabelSelector. k8s: apimachinery/pkg/apis/meta/v1/helpers.go ParseToLabelSelector */
export function labelSelectorOf(text: string): Record<string, unknown> {
  let parsed: ReturnType<typeof parseLabelSelector>;
  try {
    parsed = parseLabelSelector(text);
  } catch (error) {
    throw new Failure(
      `couldn't parse the selector string "${text}": ${error instanceof Error ? error.message : ""}`,
    );
  }
  const matchLabels: Record<string, string> = {};
  const matchExpressions: Record<string, unknown>[] = [];
  for (const { key, operator, values } of parsed.requirements) {
    if (operator === "=" || operator === "==") matchLabels[key] = [...values][0] ?? "";
    else if (operator === "gt" || operator === "lt" || operator === "!=") {
      if (operator !== "!=") throw new Failure(`"${operator}" isn't supported in label selectors`);
      matchExpressions.push({ key, operator: "NotIn", values: [...values] });
    } else {
      const expression: Record<string, unknown> = { key, operator: operators[operator] };
      if (operator === "in" || operator === "notin") expression["values"] = [...values];
      matchExpressions.push(expression);
    }
  }
  return {
    ...(Object.keys(matchLabels).length ? { matchLabels } : {}),
    ...(matchExpressions.length ? { matchExpressions } : {}),
  };
}

// eslint-disable-next-line require-yield
function* budget(k: Kubectl, name: string): Work<Generated> {
  const { flags } = k;
  const selector = flags.string("selector");
  const min = flags.string("min-available");
  const max = flags.string("max-unavailable");
  if (name === "") k.fail("name must be specified");
  if (selector === "") k.fail("a selector must be specified");
  if (max === "" && min === "") k.fail("one of min-available or max-unavailable must be specified");
  if (max !== "" && min !== "")
    k.fail("min-available and max-unavailable cannot be both specified");
  for (const [flag, value] of [
    ["min-available", min],
    ["max-unavailable", max],
  ])
    if (value && !/^[0-9]+%?$/.test(value)) k.fail(`invalid format specified for ${flag}`);
  const meant = labelSelectorOf(selector);
  const spec = min
    ? { minAvailable: intOrString(min), selector: meant }
    : { selector: meant, maxUnavailable: intOrString(max) };
  const status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  return {
    plural: "poddisruptionbudgets",
    failure: "failed to create poddisruptionbudgets: ",
    object: {
      kind: "PodDisruptionBudget",
      apiVersion: "policy/v1",
      metadata: { name },
      spec,
      status,
    },
  };
}

// eslint-disable-next-line require-yield
function* priorityClass(k: Kubectl, name: string): Work<Generated> {
  const { flags } = k;
  const description = flags.string("description");
  return {
    plural: "priorityclasses",
    clusterScoped: true,
    failure: "failed to create priorityclass: ",
    object: {
      kind: "PriorityClass",
      apiVersion: "scheduling.k8s.io/v1",
      metadata: { name },
      value: flags.int("value"),
      ...(flags.bool("global-default") ? { globalDefault: true } : {}),
      ...(description ? { description } : {}),
      preemptionPolicy: flags.string("preemption-policy"),
    },
  };
}

export const createPolicies: readonly Command[] = [
  generator("namespace", namespace),
  generator("quota", quota),
  generator("poddisruptionbudget", budget),
  generator("priorityclass", priorityClass),
];
