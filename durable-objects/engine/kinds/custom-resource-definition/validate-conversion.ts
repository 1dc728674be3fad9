/** How versions become each other. k8s: validateCustomResourceConversion */
import { child, forbiddenField, required, type FieldError } from "../../machinery/field.ts";
import { reviewVersionErrors, validateClient } from "../admission/client-config.ts";
import { unsupported } from "../checks.ts";
import type { Conversion } from "./types.ts";

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

function validateReviewVersions(versions: readonly string[], path: string): FieldError[] {
  return versions.length === 0 ? [required(path)] : reviewVersionErrors(versions, path);
}
