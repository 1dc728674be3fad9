/** The texts of a rule. */
import { child, invalid, notSupported, required, type FieldError } from "../../machinery/field.ts";
import type { Rule } from "../schema.ts";

const reasons = [
  "FieldValueRequired",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueDuplicate",
];

const hasNewline = (text: string): boolean => /[\n\r]/.test(text);

/** What can be said of a rule without compiling it. k8s: ValidateCustomResourceDefinitionOpenAPISchema */
export function checkRuleTexts(rule: Rule, path: string): FieldError[] {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const [text, words] = [(rule.rule ?? "").trim(), message.trim()];
  const errors: FieldError[] = [];
  const place = child(path, "message");
  if (text === "") errors.push(required(child(path, "rule"), "rule is not specified"));
  else if (message && !words) {
    errors.push(invalid(place, message, "must be non-empty if specified"));
  } else if (hasNewline(words)) {
    errors.push(invalid(place, message, "must not contain line breaks"));
  } else if (hasNewline(text) && !words) {
    errors.push(required(place, "message must be specified if rule contains line breaks"));
  }
  if (messageExpression && !messageExpression.trim()) {
    const detail = "messageExpression must be non-empty if specified";
    errors.push(required(child(path, "messageExpression"), detail));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(child(path, "reason"), reason, reasons));
  }
  if (!fieldPath) return errors;
  const wrong = (detail: string): void => {
    errors.push(invalid(child(path, "fieldPath"), fieldPath, detail));
  };
  if (!fieldPath.trim()) wrong("must be non-empty if specified");
  if (hasNewline(fieldPath)) wrong("must not contain line breaks");
  return errors;
}
