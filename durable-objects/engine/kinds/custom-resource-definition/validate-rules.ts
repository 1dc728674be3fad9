/** What can be said of a rule without compiling it. k8s: ValidateCustomResourceDefinitionOpenAPISchema */
import { at, child, invalid, required, type FieldError } from "../../machinery/field.ts";
import type { JsonSchema, ValidationRule } from "../../schema/structural/json-schema.ts";
import { unsupported } from "../checks.ts";

const reasons = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
];

const hasNewlines = (text: string): boolean => /[\n\r]/.test(text);

export const validateRuleTexts = (schema: JsonSchema, path: string): FieldError[] =>
  (schema["x-kubernetes-validations"] ?? []).flatMap((rule, i) =>
    validateRule(rule, at(child(path, "x-kubernetes-validations"), i)),
  );

function validateRule(rule: ValidationRule, path: string): FieldError[] {
  const { message = "", messageExpression = "", fieldPath = "", reason } = rule;
  const errors: FieldError[] = [];
  const text = (rule.rule ?? "").trim();
  if (text === "") errors.push(required(child(path, "rule"), "rule is not specified"));
  else if (message && message.trim() === "")
    errors.push(invalid(child(path, "message"), message, "must be non-empty if specified"));
  else if (hasNewlines(message.trim()))
    errors.push(invalid(child(path, "message"), message, "must not contain line breaks"));
  else if (hasNewlines(text) && message.trim() === "")
    errors.push(
      required(child(path, "message"), "message must be specified if rule contains line breaks"),
    );
  if (messageExpression && messageExpression.trim() === "")
    errors.push(
      required(
        child(path, "messageExpression"),
        "messageExpression must be non-empty if specified",
      ),
    );
  if (reason !== undefined && !reasons.includes(reason))
    errors.push(unsupported(child(path, "reason"), reason, reasons));
  if (fieldPath && fieldPath.trim() === "")
    errors.push(invalid(child(path, "fieldPath"), fieldPath, "must be non-empty if specified"));
  if (hasNewlines(fieldPath))
    errors.push(invalid(child(path, "fieldPath"), fieldPath, "must not contain line breaks"));
  return errors;
}
