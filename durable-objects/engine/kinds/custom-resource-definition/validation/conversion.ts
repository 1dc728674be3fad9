/** How versions become each other. k8s: validateCustomResourceConversion */
import {
  child,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../../machinery/field.ts";
import { reviewVersionErrors, validateClient } from "../../admission/client-config.ts";
import { unsupported } from "../../checks.ts";
import { bundleProblem } from "../../../machinery/x509/bundle.ts";
import { isTrue } from "../conditions.ts";
import type { Conversion, CustomResourceDefinition } from "../types.ts";

const strategies = ["None", "Webhook"];

export function validateConversion(conversion: Conversion | undefined, path: string): FieldError[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(child(path, "strategy")));
  else if (!strategies.includes(strategy))
    errors.push(unsupported(child(path, "strategy"), strategy, strategies));
  const configPath = child(path, "webhookClientConfig");
  const versionsPath = child(path, "conversionReviewVersions");
  const reviewVersions = webhook?.conversionReviewVersions ?? [];
  if (strategy !== "Webhook") {
    const text = "should not be set when strategy is not set to Webhook";
    if (webhook?.clientConfig) errors.push(forbiddenField(configPath, text));
    if (reviewVersions.length > 0) errors.push(forbiddenField(versionsPath, text));
    return errors;
  }
  if (webhook?.clientConfig) errors.push(...validateClient(webhook.clientConfig, configPath));
  else errors.push(required(configPath, "required when strategy is set to Webhook"));
  return [...errors, ...validateReviewVersions(reviewVersions, versionsPath)];
}

/** Before it is established, and where the one before was no better, a definition may have a bundle that nobody can read. k8s: allowInvalidCABundle */
export function validateBundle(
  conversion: Conversion | undefined,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const { caBundle } = conversion?.webhook?.clientConfig ?? {};
  const before = old?.spec.conversion?.webhook?.clientConfig?.caBundle;
  if (conversion?.strategy !== "Webhook" || !old || !isTrue(old, "Established")) return [];
  const problem = bundleProblem(before) === undefined ? bundleProblem(caBundle) : undefined;
  const path = "spec.conversion.webhookClientConfig.caBundle";
  return problem === undefined ? [] : [invalid(path, caBundle, problem)];
}

function validateReviewVersions(versions: readonly string[], path: string): FieldError[] {
  return versions.length === 0 ? [required(path)] : reviewVersionErrors(versions, path);
}
