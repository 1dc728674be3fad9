/** Conditions of a definition. k8s: apiextensions-apiserver pkg/apihelpers/helpers.go */
import { rfc3339 } from "../../core/clock.ts";
import { goQuote } from "../../machinery/field.ts";
import {
  approvalAnnotation,
  type CustomResourceDefinition,
  type DefinitionCondition,
} from "./types.ts";

export const conditionOf = (
  { status }: CustomResourceDefinition,
  type: string,
): DefinitionCondition | undefined => status?.conditions?.find((one) => one.type === type);

export const isTrue = (definition: CustomResourceDefinition, type: string): boolean =>
  conditionOf(definition, type)?.status === "True";

/** With the condition in place of the one of its type; its moment moves only where its status does. */
export function withCondition(
  definition: CustomResourceDefinition,
  condition: Omit<DefinitionCondition, "lastTransitionTime">,
  now: number,
): CustomResourceDefinition {
  const all = definition.status?.conditions ?? [];
  const before = conditionOf(definition, condition.type);
  const { type, status, reason, message } = condition;
  const lastTransitionTime =
    before?.status === status && before.lastTransitionTime
      ? before.lastTransitionTime
      : rfc3339(now);
  const next: DefinitionCondition = {
    type,
    status,
    lastTransitionTime,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  };
  const conditions = before ? all.map((one) => (one === before ? next : one)) : [...all, next];
  return { ...definition, status: { ...definition.status, conditions } };
}

export function withoutCondition(
  definition: CustomResourceDefinition,
  type: string,
): CustomResourceDefinition {
  const conditions = (definition.status?.conditions ?? []).filter((one) => one.type !== type);
  return { ...definition, status: { ...definition.status, conditions } };
}

/** Groups that are the Kubernetes community's own. */
export const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

export type Approval = "missing" | "bypassed" | "approved" | "invalid";

/** What the annotation says, and why. k8s: GetAPIApprovalState */
export function approvalOf(annotations: Record<string, string> | undefined): {
  state: Approval;
  reason: string;
} {
  const text = annotations?.[approvalAnnotation] ?? "";
  const name = goQuote(approvalAnnotation);
  const see = "see https://github.com/kubernetes/enhancements/pull/1111";
  if (text === "")
    return {
      state: "missing",
      reason: `protected groups must have approval annotation ${name}, ${see}`,
    };
  if (text.startsWith("unapproved"))
    return { state: "bypassed", reason: `not approved: ${goQuote(text)}` };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#\s]+/.test(text))
    return { state: "approved", reason: `approved in ${text}` };
  return {
    state: "invalid",
    reason: `protected groups must have approval annotation ${name} with either a URL or a reason starting with "unapproved", ${see}`,
  };
}
